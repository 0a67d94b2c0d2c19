"""A layout as dots: black or white, nothing between, as a thermal printer burns them."""

from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from labels import face
from labels.content import LabelError
from labels.layout import FRAME, Layout, Text
from labels.symbol import KINDS, Symbol
from labels.template import Box

RESOLUTIONS: Final = (203, 300, 600)  # dots per inch of common label printers
BLACK, WHITE = 0, 1


def draw(layout: Layout, *, dpi: int, symbols: bool = True) -> Image.Image:
    """Return the label as a picture of mode "1", `dpi` dots per inch; without its symbols if a printer adds them.

    Raises LabelError for a resolution that no template was tried at.
    """
    if dpi not in RESOLUTIONS:
        raise LabelError(f"Got {dpi} dots per inch, expected one of {', '.join(map(str, RESOLUTIONS))}.")
    picture = Image.new("1", (dots(layout.width, dpi), dots(layout.height, dpi)), WHITE)
    pen = ImageDraw.Draw(picture)
    for bar in layout.bars:
        pen.rectangle(_corners(bar, dpi), fill=BLACK)
    for frame in layout.frames:
        pen.rectangle(_corners(frame, dpi), outline=BLACK, width=dots(FRAME, dpi))
    for text in layout.texts:
        _write(pen, text, dpi)
    for symbol in layout.symbols if symbols else ():
        stamp(pen, symbol, dpi)
    return picture


def render_png(layout: Layout, *, dpi: int) -> bytes:
    """Return the label as PNG that names its resolution; `dpi` is 203, 300 or 600, else LabelError."""
    kept = BytesIO()
    draw(layout, dpi=dpi).save(kept, "PNG", dpi=(dpi, dpi))
    return kept.getvalue()


def dots(length: float, dpi: int) -> int:
    """Return millimetres as whole dots."""
    return round(length * dpi / 25.4)


def corner(symbol: Symbol, dpi: int) -> tuple[int, int]:
    """Return the first dot of the symbol itself, right of and below its quiet zone, which is the same on all sides."""
    side, kind = symbol.dots(dpi=dpi), KINDS[symbol.kind]
    spare = (symbol.box.width * dpi / 25.4 - side * symbol.across) / 2
    left = round(symbol.box.left * dpi / 25.4 + spare) + kind.beside * side
    if symbol.is_linear:
        return left, dots(symbol.box.top, dpi)
    spare = (symbol.box.height * dpi / 25.4 - side * symbol.down) / 2
    return left, round(symbol.box.top * dpi / 25.4 + spare) + kind.above * side


def stamp(pen: ImageDraw.ImageDraw, symbol: Symbol, dpi: int) -> None:
    """Draw the symbol in whole dots."""
    side = symbol.dots(dpi=dpi)
    high = dots(symbol.box.height, dpi) if symbol.is_linear else side
    left, top = corner(symbol, dpi)
    for x, y, across in symbol.bars():
        place = (left + x * side, top + y * high)
        pen.rectangle((*place, place[0] + across * side - 1, place[1] + high - 1), fill=BLACK)


def _corners(box: Box, dpi: int) -> tuple[int, int, int, int]:
    """First and last dot of the box in both directions; boxes of one size are of as many dots wherever they stand."""
    left, top = dots(box.left, dpi), dots(box.top, dpi)
    return left, top, left + max(1, dots(box.width, dpi)) - 1, top + max(1, dots(box.height, dpi)) - 1


@lru_cache(maxsize=256)
def _font(name: str, *, size: float, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face.path(name, bold=bold), size, layout_engine=ImageFont.Layout.BASIC)


def _write(pen: ImageDraw.ImageDraw, text: Text, dpi: int) -> None:
    """Draw letter by letter where the layout has it: a font's own rounding to dots would widen long texts."""
    for row in text.rows:
        left = row.left
        for run in text.how.runs(row.text):
            font = _font(run.face, size=row.size * dpi / 25.4, bold=text.how.bold)
            for letter in run.text:
                place = (dots(left, dpi), dots(row.baseline, dpi))
                pen.text(place, letter, fill=WHITE if text.white else BLACK, font=font, anchor="ls")
                left += text.how.advance(letter) * row.size
