"""How large a text can be in its box: as large as its style allows, never cut, refused below the smallest size."""

import math
from typing import NamedTuple

from labels import face
from labels.content import LabelError
from labels.face import Setting
from labels.template import Box, Style

LONGEST = 1000  # characters: more is on no label, and is not measured first


class Fitted(NamedTuple):
    """Text broken into rows, and the em in millimetres at which all of it is within its box."""

    rows: tuple[str, ...]
    size: float


def fit(text: str, box: Box, style: Style, *, field: str) -> Fitted:
    """Break `text` at spaces into as many rows as make it largest.

    Raises LabelError for a character that the face lacks, for no text, and for text that is too long for the box.
    """
    if len(text) > LONGEST:
        raise _too_long(text, style, field)
    face.refuse_unprintable(text, field=field, bold=style.bold)
    if not text.strip():
        raise LabelError(f"The label's {field} is empty, expected text.")
    how = face.setting(text, bold=style.bold)
    if how.width(text) * style.smallest > style.rows * box.width:
        raise _too_long(text, style, field)
    best = max((_set(text, how, box, style, rows) for rows in range(1, style.rows + 1)), key=lambda one: one.size)
    if best.size < style.smallest:
        raise _too_long(text, style, field)
    return best


def _too_long(text: str, style: Style, field: str) -> LabelError:
    return LabelError(
        f"The label's {field} has {len(text)} characters, more than its place holds at the smallest size of "
        f"{style.smallest:g} mm ({style.smallest * 72 / 25.4:.1f} pt); expected less: shorten it or use a larger label."
    )


def _set(text: str, how: Setting, box: Box, style: Style, rows: int) -> Fitted:
    broken = _broken(text, rows, how)
    wide = max(how.width(row) for row in broken)
    up, down = how.extent(text)
    high = up + down + (len(broken) - 1) * face.LEADING
    size = min(style.largest, box.width / wide, box.height / high)
    return Fitted(broken, math.floor(size * 100 + 1e-9) / 100)


def _broken(text: str, rows: int, how: Setting) -> tuple[str, ...]:
    """The text in at most `rows` rows, with the widest of them as narrow as words allow."""
    low, high = 0.0, how.width(text)
    best: tuple[str, ...] = (text,)
    for _ in range(20 if rows > 1 else 0):
        middle = (low + high) / 2
        tried = _filled(text.split(" "), middle, how)
        if len(tried) <= rows and all(how.width(row) <= middle for row in tried):
            best, high = tried, middle
        else:
            low = middle
    return best


def _filled(words: list[str], limit: float, how: Setting) -> tuple[str, ...]:
    """Rows of words, each no wider than `limit` unless one word alone is."""
    rows = [words[0]]
    for word in words[1:]:
        longer = f"{rows[-1]} {word}"
        if how.width(longer) <= limit:
            rows[-1] = longer
        else:
            rows.append(word)
    return tuple(rows)
