"""Paper: letters, styles, tables, symbols and the frame of a page, for everything that is printed on A4.

It is set in the faces of the labels. A character that they lack is written as its number in Unicode: what is printed is
never silently something else.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any, Final
from unicodedata import normalize

from reportlab.lib.colors import Color, HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table

from labels import face
from labels.content import LabelError
from labels.pdf import registered
from labels.symbol import QUIET, qr

WIDTH, HEIGHT = A4
MARGIN: Final = 14 * mm
INK, QUIET_INK, RULE, SHADE, ALARM = (
    HexColor(0x14212E), HexColor(0x5A6672), HexColor(0xC4CCD4), HexColor(0xEEF2F5), HexColor(0xA3161F))  # fmt: skip
BREAK: Final = "<br/>"
_BANNER: Final = 7 * mm


@lru_cache
def _family(name: str) -> str:
    """Make a face known to reportlab, with its bolder one for what is marked so; return the name of the plain one."""
    plain, bold = registered(name, bold=False), registered(name, bold=True)
    pdfmetrics.registerFontFamily(plain, normal=plain, bold=bold, italic=plain, boldItalic=bold)
    return plain


def font(*, bold: bool = False) -> str:
    """Return the name of the first face, as reportlab knows it."""
    first = next(iter(face.FACES))
    plain = _family(first)
    return registered(first, bold=True) if bold else plain


def style(size: float, *, bold: bool = False, colour: Color = INK, before: float = 0) -> ParagraphStyle:
    """Return the style of running text at `size` points, `before` points below what stands above it."""
    return ParagraphStyle("", fontName=font(bold=bold), fontSize=size, leading=size * 1.28, textColor=colour,
                          spaceBefore=before, splitLongWords=1)  # fmt: skip


def printable(text: str) -> bool:
    """Tell whether the faces have every character of `text`."""
    return all(_is_printable(character) for character in normalize("NFC", text))


@lru_cache(maxsize=4096)
def _is_printable(character: str) -> bool:
    try:
        face.refuse_unprintable(character, field="", bold=False)
    except LabelError:
        return False
    return True


def said(text: object) -> str:
    """Return `text` as it can be printed: a character that the faces lack as [U+0E01], line ends as spaces."""
    plain = normalize("NFC", " ".join(str(text).split()))
    return "".join(one if _is_printable(one) else f"[U+{ord(one):04X}]" for one in plain)


def marked(text: object) -> str:
    """Return `text` ready to stand among the marks of a paragraph, each part of it in a face that has it."""
    first = next(iter(face.FACES))
    return "".join(
        escape(run, quote=False) if name == first
        else f'<font name="{_family(name)}">{escape(run, quote=False)}</font>'
        for name, run in _runs(said(text), bold=False)
    )  # fmt: skip


def _runs(text: str, *, bold: bool) -> tuple[face.Run, ...]:
    return face.Setting(tuple(face.FACES), bold).runs(text)


def paragraph(text: str, how: ParagraphStyle) -> Any:
    """Return a paragraph of marked text."""
    return Paragraph(text, how)


def table(rows: Sequence[Sequence[Any]], widths: Sequence[float], *, heads: int = 1, ruled: bool = True,
          marks: Sequence[Any] = ()) -> Any:  # fmt: skip
    """Return a table, `widths` in millimetres, whose first `heads` rows are repeated on every page it runs over."""
    lines: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 4),
                        ("RIGHTPADDING", (0, 0), (-1, -1), 4), ("TOPPADDING", (0, 0), (-1, -1), 3),
                        ("BOTTOMPADDING", (0, 0), (-1, -1), 3)]  # fmt: skip
    if heads:
        lines.append(("BACKGROUND", (0, 0), (-1, heads - 1), SHADE))
    if heads and ruled:
        lines.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE))
    return Table(list(rows), colWidths=[width * mm for width in widths], repeatRows=heads, hAlign="LEFT",
                 style=[*lines, *marks])  # fmt: skip


def cut(cells: Sequence[str], *, at: int) -> Iterator[list[str]]:
    """Yield a row of marked cells as rows of at most `at` lines each: no row may be higher than a page."""
    split = [cell.split(BREAK) for cell in cells]
    for first in range(0, max(len(cell) for cell in split), at):
        yield [BREAK.join(cell[first : first + at]) for cell in split]


def stamp(page: Any, code: str, *, left: float, bottom: float, side: float) -> None:
    """Draw the QR symbol of `code`, quiet zone and all, in one path so that no viewer draws seams."""
    dark = qr(code)
    step = side / (len(dark) + 2 * QUIET)
    path = page.beginPath()
    for y, row in enumerate(dark):
        for x, black_here in enumerate(row):
            if black_here:
                path.rect(left + (x + QUIET) * step, bottom + side - (y + 1 + QUIET) * step, step, step)
    page.setFillColor(black)
    page.drawPath(path, stroke=0, fill=1)


def banner(page: Any, text: str | None) -> None:
    """Print the banner over the whole width at the top of the page, where there is one."""
    if text:
        page.setFillColor(black)
        page.rect(0, HEIGHT - _BANNER, WIDTH, _BANNER, stroke=0, fill=1)
        page.setFillColor(white)
        page.setFont(font(bold=True), 10)
        page.drawCentredString(WIDTH / 2, HEIGHT - _BANNER + 6, said(text))


def width(text: object, *, size: float, bold: bool) -> float:
    """Return how wide a line is at `size` points, in points."""
    return sum(_wide(run, size=size, bold=bold) for run in _runs(said(text), bold=bold))


def broken(text: object, *, size: float, bold: bool, wide: float) -> Iterator[str]:
    """Yield `text` as lines of at most `wide` points, cut at spaces, and within a word that alone is wider."""
    line = ""
    for word in said(text).split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, size=size, bold=bold) <= wide:
            line = longer
            continue
        if line:
            yield line
        line = ""
        for letter in word:
            if line and width(line + letter, size=size, bold=bold) > wide:
                yield line
                line = ""
            line += letter
    yield line


def _wide(run: face.Run, *, size: float, bold: bool) -> float:
    return float(pdfmetrics.stringWidth(run.text, registered(run.face, bold=bold), size))


def write(page: Any, text: object, *, left: float, base: float, size: float, bold: bool = False,
          colour: Color = INK, right: bool = False) -> None:  # fmt: skip
    """Write one line at a point, or ending there when `right`."""
    wide = width(text, size=size, bold=bold)
    page.setFillColor(colour)
    at = left - wide if right else left
    for run in _runs(said(text), bold=bold):
        page.setFont(registered(run.face, bold=bold), size)
        page.drawString(at, base, run.text)
        at += _wide(run, size=size, bold=bold)


class CountedCanvas(Canvas):  # type: ignore[misc]  # reportlab carries no types
    """A canvas that writes "page n of m" onto its pages, which it knows only at the end; `frame` draws the rest."""

    def __init__(self, *args: Any, frame: Callable[[Any, int, int], None], **more: Any) -> None:
        super().__init__(*args, **more)
        self._frame = frame
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's own name
        """Keep the page until the last one is known."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write every page with its frame."""
        kept = self._kept
        for number, page in enumerate(kept, 1):
            self.__dict__.update(page)
            self._frame(self, number, len(kept))
            super().showPage()
        super().save()
