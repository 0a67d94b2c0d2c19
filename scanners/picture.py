"""Codes in a picture: PNG and JPEG only, decoded anew here, with limits before anything large is made.

The formats to look for are named (QR code, Data Matrix, Code 128) and the text is the symbol's own: a reader that
guesses formats has been seen to return wrong text. Passes go from cheap to dear; they stop at the first that reads
something and leaves no code that it saw unread, so that one label of two is not soon taken for the only one. Of a file
with several pictures the first counts.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import zxingcpp
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from scanners.code import Site
from scanners.reading import Box, Reading, ScanError
from scanners.text import AS_DELIVERED, read_text

MOST_BYTES: Final = 8 * 2**20
MOST_PIXELS: Final = 25_000_000
LOOKED_AT_AGAIN: Final = 4_000_000  # pixels
MOST_ON_A_SIDE: Final = 16_384  # the reader of codes gives up at 65 535
_MAGIC: Final = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_LOOKED_FOR: Final = (
    zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128
)  # fmt: skip
_FORMATS: Final = zxingcpp.BarcodeFormats(list(_LOOKED_FOR))
_SYMBOLOGIES: Final = {form.name for form in _LOOKED_FOR}
_ORIENTATION: Final = 0x0112  # the EXIF tag that says how the phone was held, and what turns the picture upright
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
# What the decoder has been seen to raise for bytes that are no picture, beside its own errors.
_BROKEN: Final = (
    UnidentifiedImageError, OSError, ValueError, TypeError, SyntaxError, MemoryError, EOFError, ArithmeticError,
    LookupError, struct.error, zlib.error,
)  # fmt: skip
_SHARP: Final = ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0)


def read_picture(
    data: bytes, *, max_bytes: int = MOST_BYTES, max_pixels: int = MOST_PIXELS, site: Site = AS_DELIVERED
) -> list[Reading]:
    """Return every code in a PNG or JPEG, from top left to bottom right, with corners in pixels of the upright picture.

    Raises ScanError: `picture.format`, `picture.too_large`, `picture.too_many_pixels`, `picture.broken`,
    `picture.no_code`, or that of a code in it whose text `read_text` refuses.
    """
    picture = _open(data, max_bytes, max_pixels)
    best: list[Reading] = []
    for shown in _passes(picture):
        read, unread = _find(shown)
        if len(read) > len(best):
            best = [_reading(code, shown.width / picture.width, site) for code in read]
        if best and not unread:
            break
    if not best:
        raise ScanError("picture.no_code", "Got a picture without a code that can be read; move closer and hold still.")
    return sorted(best, key=_place)


def _open(data: bytes, max_bytes: int, max_pixels: int) -> Image.Image:
    if not isinstance(data, bytes):
        raise ScanError("picture.format", "Got something else than a file; send a picture as PNG or JPEG.")
    if len(data) > max_bytes:
        raise ScanError("picture.too_large", f"Got {len(data)} bytes; a picture has {max_bytes} at most.")
    kind = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None:
        raise ScanError("picture.format", "Got a file that is neither PNG nor JPEG; take a picture as one of these.")
    try:
        return _decoded(data, kind, max_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise _too_many(max_pixels) from fault
    except _BROKEN as fault:
        raise ScanError("picture.broken", "Got a picture that cannot be decoded; take it again.") from fault


def _decoded(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=[kind]) as opened:
        if opened.width * opened.height > max_pixels or max(opened.size) > MOST_ON_A_SIDE:
            raise _too_many(max_pixels)  # known from the header, before a pixel is made
        turn = _UPRIGHT.get(opened.getexif().get(_ORIENTATION, 1))
        grey = _grey(opened)
        return grey if turn is None else grey.transpose(turn)


def _grey(opened: Image.Image) -> Image.Image:
    """The picture in greys; what is transparent shows the white of paper, not the black that is stored behind it."""
    if not opened.has_transparency_data:
        return opened.convert("L")
    whole = opened.convert("RGBA")
    return Image.composite(whole.convert("L"), Image.new("L", whole.size, 255), whole.getchannel("A"))


def _too_many(max_pixels: int) -> ScanError:
    return ScanError(
        "picture.too_many_pixels",
        f"Got a picture of more than {max_pixels} pixels or {MOST_ON_A_SIDE} on one side; take a smaller one.",
    )


def _passes(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture as it is, then as a reader may see it better: each is made when the one before was not enough."""
    yield picture
    reduced = _reduced(picture)
    yield reduced.filter(_SHARP)  # out of focus
    yield ImageOps.autocontrast(reduced, cutoff=1).filter(_SHARP)  # pale or dark as well
    yield reduced.resize((max(1, reduced.width // 2), max(1, reduced.height // 2)))  # grainy


def _reduced(picture: Image.Image) -> Image.Image:
    """The picture in as many pixels as are worth the time of a second look."""
    times = math.sqrt(LOOKED_AT_AGAIN / (picture.width * picture.height))
    if times >= 1:
        return picture
    return picture.resize((max(1, int(picture.width * times)), max(1, int(picture.height * times))))


def _find(picture: Image.Image) -> tuple[list[zxingcpp.Barcode], int]:
    """Return the codes that are read, and the number of those that are only seen."""
    seen = zxingcpp.read_barcodes(picture, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain, return_errors=True)
    ours = [code for code in seen if code.format.name in _SYMBOLOGIES]  # "QR code" finds its small relatives too
    read = [code for code in ours if code.valid]
    return read, len(ours) - len(read)


def _reading(code: zxingcpp.Barcode, factor: float, site: Site) -> Reading:
    corners = code.position
    points = (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)
    first, second, third, fourth = ((round(point.x / factor), round(point.y / factor)) for point in points)
    box: Box = (first, second, third, fourth)
    clean = read_text(code.symbology_identifier + code.text, via="camera", site=site)
    return replace(clean, symbology=code.format.name, box=box)


def _place(reading: Reading) -> tuple[int, int]:
    assert reading.box is not None  # noqa: S101 - said to the type checker: a picture's reading has its corners
    return min(y for _, y in reading.box), min(x for x, _ in reading.box)
