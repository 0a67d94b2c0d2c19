"""The layout: where every text, bar and module of a label is, in millimetres. Every form of it is drawn from this."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from labels import face
from labels.content import LabelContent, LabelError, refuse_unfit
from labels.face import Setting
from labels.fit import Fitted, fit
from labels.symbol import Symbol, encode
from labels.template import Box, Slot, Stack, Style, Table, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of text: the pen starts at `left` on the `baseline`; `size` is the em. All in millimetres."""

    text: str
    left: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of one field, or a sign: all its ink is inside `box`; white when it stands on a bar."""

    field: str
    box: Box
    rows: tuple[Row, ...]
    how: Setting
    white: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A label, computed once: `bars` are filled black, `frames` are outlined, then texts and symbols are drawn."""

    name: str
    width: float
    height: float
    symbols: tuple[Symbol, ...]
    bars: tuple[Box, ...]
    frames: tuple[Box, ...]
    texts: tuple[Text, ...]

    @property
    def symbol(self) -> Symbol:
        """Return the symbol that says the label's code."""
        return self.symbols[0]


@dataclass(frozen=True, slots=True)
class _Said:
    """A text on its way to its place."""

    field: str
    text: str
    box: Box
    style: Style


FRAME = 0.4  # thickness of an outline in millimetres
SIGNS = {"biohazard": "\N{BIOHAZARD SIGN}"}  # drawn with the outline that DejaVu Sans has for it


def lay_out(content: LabelContent, template: Template) -> Layout:
    """Return where everything that `content` says is on a label of `template`.

    Raises LabelError when something would be missing, cut, too small to read or not printable as itself.
    """
    refuse_unfit(content)
    said = [*_slots(content, template), *_statements(content, template.statements), *_lines(content, template.lines)]
    return Layout(
        name=template.name, width=template.width, height=template.height,
        symbols=tuple(encode(getattr(content, mark.says), mark, on=template.name) for mark in template.marks),
        bars=(*template.rules, *(one.box for one in said if one.style.look == "bar")),
        frames=tuple(one.box for one in said if one.style.look == "framed"),
        texts=tuple(_placed(one) for one in said),
    )  # fmt: skip


def _slots(content: LabelContent, template: Template) -> Iterator[_Said]:
    for slot in template.slots:
        text = _text(content, slot)
        if text is not None:
            yield _Said(slot.says, text, slot.box, slot.style)


def _text(content: LabelContent, slot: Slot) -> str | None:
    value: str | None = getattr(content, slot.says)
    return value and unicodedata.normalize("NFC", value)


def _statements(content: LabelContent, stack: Stack) -> Iterator[_Said]:
    said = content.statements[: stack.most]
    others = len(said) - 1
    gap, first, style = stack.of(others)
    room = stack.box.height - others * gap
    lead = room * first if others else room
    signs = (*content.symbols, *[""] * len(said))
    first_box = Box(stack.box.left, stack.box.top, stack.box.width, lead)
    yield from _signed("statement 1", said[0], signs[0], first_box, stack.lead)
    high = (room - lead) / others if others else 0.0
    top = stack.box.top + lead + gap
    rest = [
        one
        for number, text in enumerate(said[1:])
        for one in _signed(f"statement {number + 2}", text, signs[number + 1],
                           Box(stack.box.left, top + number * (high + gap), stack.box.width, high), style)
    ]  # fmt: skip
    yield from (one for one in rest if one.field.startswith("sign "))
    yield from _even([one for one in rest if not one.field.startswith("sign ")])


def _signed(field: str, text: str, sign: str, box: Box, style: Style) -> Iterator[_Said]:
    """Return a statement, and its sign at both ends of its place where it has one."""
    if not sign:
        yield _Said(field, unicodedata.normalize("NFC", text), box, style)
        return
    if sign not in SIGNS:
        raise LabelError(f"The label's {field} has the sign {sign!r}, expected one of {', '.join(SIGNS)}.")
    side = min(box.height, box.width / 4)
    wide = face.setting(text, bold=style.bold).width(text) * min(style.largest, box.height) + 2 * style.padding + 1
    wide = min(wide, box.width - 2 * side)
    inner = Box(box.left + (box.width - wide) / 2, box.top, wide, box.height)
    drawn = replace(style, largest=box.height * 2, rows=1, align="centre", look="plain", bold=False, padding=0.05)
    for end, left in (("left", inner.left - side), ("right", inner.right)):
        yield _Said(f"sign at the {end} of {field}", SIGNS[sign], Box(left, box.top, side, box.height), drawn)
    yield _Said(field, text, inner, style)


def _lines(content: LabelContent, table: Table | None) -> Iterator[_Said]:
    if table is None or not content.lines:
        return
    box, high = table.box, min(table.row, table.box.height / len(content.lines))
    captions, values = [], []
    for number, (caption, value) in enumerate(content.lines):
        top = box.top + number * high
        captions.append(
            _Said(
                f"caption of line {number + 1}", caption, Box(box.left, top, table.caption_width, high), table.caption
            )
        )
        beside = Box(box.left + table.caption_width, top, box.width - table.caption_width, high)
        values.append(_Said(f"line {caption!r}", unicodedata.normalize("NFC", value), beside, table.value))
    yield from _even(captions)
    yield from _even(values)


def _even(column: list[_Said]) -> Iterator[_Said]:
    """The column set in one size, that of the text which needs the smallest: size must not suggest weight."""
    size = min((_fitted(one).size for one in column), default=0.0)
    return (replace(one, style=replace(one.style, largest=size)) for one in column)


def _fitted(one: _Said) -> Fitted:
    return fit(one.text, one.box.inset(one.style.padding), one.style, field=one.field)


def _placed(one: _Said) -> Text:
    fitted, how = _fitted(one), face.setting(one.text, bold=one.style.bold)
    style, inner = one.style, one.box.inset(one.style.padding)
    first = _first_baseline(how.extent(one.text), inner, fitted)
    rows = tuple(
        Row(text=text, left=_left(how.width(text), inner, style, fitted.size), size=fitted.size,
            baseline=first + number * face.LEADING * fitted.size)
        for number, text in enumerate(fitted.rows)
    )  # fmt: skip
    return Text(field=one.field, box=one.box, rows=rows, how=how, white=style.look == "bar")


def _first_baseline(extent: tuple[float, float], inner: Box, fitted: Fitted) -> float:
    """Capitals stand in the middle of the box, so that neighbours align; ink that would leave the box moves them."""
    up, down = (reach * fitted.size for reach in extent)
    below = (len(fitted.rows) - 1) * face.LEADING * fitted.size
    middle = inner.top + (inner.height - below + face.CAP_HEIGHT * fitted.size) / 2
    return min(max(middle, inner.top + up), inner.bottom - down - below)


def _left(width: float, inner: Box, style: Style, size: float) -> float:
    spare = inner.width - width * size
    return inner.left + {"left": 0.0, "centre": spare / 2, "right": spare}[style.align]
