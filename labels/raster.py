"""A layout as dots: black or white, nothing between, as a thermal printer burns them."""

from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from labels import face
from labels.content import LabelError
from labels.layout import FRAME, Layout, Text
from labels.symbol import QUIET, Symbol
from labels.template import Box

RESOLUTIONS: Final = (203, 300, 600)  # dots per inch of common label printers
BLACK, WHITE = 0, 1


def draw(layout: Layout, *, dpi: int) -> Image.Image:
    """Return the label as a picture of mode "1", `dpi` dots per inch.

    Raises LabelError for a resolution that no template was tried at.
    """
    if dpi not in RESOLUTIONS:
        raise LabelError(f"Got {dpi} dots per inch, expected one of {', '.join(map(str, RESOLUTIONS))}.")
    picture = Image.new("1", (_dots(layout.width, dpi), _dots(layout.height, dpi)), WHITE)
    pen = ImageDraw.Draw(picture)
    for bar in layout.bars:
        pen.rectangle(_corners(bar, dpi), fill=BLACK)
    for frame in layout.frames:
        pen.rectangle(_corners(frame, dpi), outline=BLACK, width=_dots(FRAME, dpi))
    for text in layout.texts:
        _write(pen, text, dpi)
    _stamp(pen, layout.symbol, dpi)
    return picture


def render_png(layout: Layout, *, dpi: int) -> bytes:
    """Return the label as PNG that names its resolution; `dpi` is 203, 300 or 600, else LabelError."""
    kept = BytesIO()
    draw(layout, dpi=dpi).save(kept, "PNG", dpi=(dpi, dpi))
    return kept.getvalue()


def _dots(length: float, dpi: int) -> int:
    return round(length * dpi / 25.4)


def _corners(box: Box, dpi: int) -> tuple[int, int, int, int]:
    """First and last dot of the box in both directions; boxes of one size are of as many dots wherever they stand."""
    left, top = _dots(box.left, dpi), _dots(box.top, dpi)
    return left, top, left + max(1, _dots(box.width, dpi)) - 1, top + max(1, _dots(box.height, dpi)) - 1


@lru_cache(maxsize=256)
def _font(*, size: float, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face.path(bold=bold), size, layout_engine=ImageFont.Layout.BASIC)


def _write(pen: ImageDraw.ImageDraw, text: Text, dpi: int) -> None:
    """Draw letter by letter where the layout has it: a font's own rounding to dots would widen long texts."""
    for row in text.rows:
        font = _font(size=row.size * dpi / 25.4, bold=text.bold)
        left = row.left
        for letter in row.text:
            place = (_dots(left, dpi), _dots(row.baseline, dpi))
            pen.text(place, letter, fill=WHITE if text.white else BLACK, font=font, anchor="ls")
            left += face.advance(letter, bold=text.bold) * row.size


def _stamp(pen: ImageDraw.ImageDraw, symbol: Symbol, dpi: int) -> None:
    side = symbol.dots(dpi=dpi)
    spare = (symbol.box.width * dpi / 25.4 - side * symbol.across) / 2
    left = round(symbol.box.left * dpi / 25.4 + spare) + QUIET * side
    top = round(symbol.box.top * dpi / 25.4 + spare) + QUIET * side
    for y, row in enumerate(symbol.dark):
        for x, dark in enumerate(row):
            if dark:
                corner = (left + x * side, top + y * side)
                pen.rectangle((*corner, corner[0] + side - 1, corner[1] + side - 1), fill=BLACK)
