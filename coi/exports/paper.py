"""Paper: letters, styles, tables, symbols and the frame of a page, for everything that is printed on A4.

Both faces come with the installed reportlab package, as those of the labels do. A character that they lack is written
as its number in Unicode: what is printed is never silently something else.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any, Final

from reportlab.lib.colors import Color, HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table

from labels import face
from labels.symbol import QUIET, modules

PLAIN, BOLD = "PaperPlain", "PaperBold"
WIDTH, HEIGHT = A4
MARGIN: Final = 14 * mm
INK, QUIET_INK, RULE, SHADE, ALARM = (
    HexColor(0x14212E), HexColor(0x5A6672), HexColor(0xC4CCD4), HexColor(0xEEF2F5), HexColor(0xA3161F))  # fmt: skip
BREAK: Final = "<br/>"
_BANNER: Final = 7 * mm


@lru_cache(maxsize=1)
def register() -> None:
    """Make the two faces known to reportlab, once a process."""
    for name, bold in ((PLAIN, False), (BOLD, True)):
        pdfmetrics.registerFont(TTFont(name, str(face.path(bold=bold))))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


def style(size: float, *, bold: bool = False, colour: Color = INK, before: float = 0) -> ParagraphStyle:
    """Return the style of running text at `size` points, `before` points below what stands above it."""
    register()
    return ParagraphStyle("", fontName=BOLD if bold else PLAIN, fontSize=size, leading=size * 1.28, textColor=colour,
                          spaceBefore=before, splitLongWords=1)  # fmt: skip


def printable(text: str) -> bool:
    """Tell whether the faces have every character of `text`."""
    register()
    glyphs = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return all(glyphs.get(ord(character)) and character.isprintable() for character in text)


def said(text: object) -> str:
    """Return `text` as it can be printed: a character that the faces lack as [U+4E2D], line ends as spaces."""
    return "".join(one if printable(one) else f"[U+{ord(one):04X}]" for one in " ".join(str(text).split()))


def marked(text: object) -> str:
    """Return `text` ready to stand among the marks of a paragraph."""
    return escape(said(text), quote=False)


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
    dark = modules(code)
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
        page.setFont(BOLD, 10)
        page.drawCentredString(WIDTH / 2, HEIGHT - _BANNER + 6, said(text))


def width(text: object, *, size: float, bold: bool) -> float:
    """Return how wide a line is at `size` points, in points."""
    register()
    return float(pdfmetrics.stringWidth(said(text), BOLD if bold else PLAIN, size))


def write(page: Any, text: object, *, left: float, base: float, size: float, bold: bool = False,
          colour: Color = INK, right: bool = False) -> None:  # fmt: skip
    """Write one line at a point, or ending there when `right`."""
    wide = width(text, size=size, bold=bold)
    page.setFillColor(colour)
    page.setFont(BOLD if bold else PLAIN, size)
    page.drawString(left - wide if right else left, base, said(text))


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
