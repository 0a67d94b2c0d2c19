"""Codes in a picture: PNG and JPEG only, decoded anew here, with limits before anything large is made.

The formats to look for are named (QR code, Data Matrix, Code 128) and the text is the symbol's own: a reader that
guesses formats has been seen to return wrong text. Passes go from cheap to dear and stop at the first that finds
something.
"""

import io
import warnings
from collections.abc import Callable, Iterator

import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

from scanners.reading import Box, Reading, ScanError
from scanners.text import read_text

MOST_BYTES = 8 * 2**20
MOST_PIXELS = 25_000_000
_MAGIC = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_FORMATS = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128]
)


def read_picture(data: bytes, *, max_bytes: int = MOST_BYTES, max_pixels: int = MOST_PIXELS) -> list[Reading]:
    """Return every code in a picture, from top left to bottom right. Raises ScanError when there is none."""
    picture = _open(data, max_bytes, max_pixels)
    for attempt in _passes(picture):
        readings = attempt()
        if readings:
            return sorted(readings, key=_place)
    raise ScanError("picture.no_code", "Got a picture without a code that can be read; move closer and hold still.")


def _open(data: bytes, max_bytes: int, max_pixels: int) -> Image.Image:
    if len(data) > max_bytes:
        raise ScanError("picture.too_large", f"Got {len(data)} bytes; a picture has {max_bytes} at most.")
    kind = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None:
        raise ScanError("picture.format", "Got a file that is neither PNG nor JPEG; take a picture as one of these.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decoded(data, kind, max_pixels)
    except ScanError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise _too_many(max_pixels) from fault
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError, EOFError, IndexError) as fault:
        raise ScanError("picture.broken", "Got a picture that cannot be decoded; take it again.") from fault


def _decoded(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=[kind]) as opened:
        if opened.width * opened.height > max_pixels:  # known from the header, before a pixel is made
            raise _too_many(max_pixels)
        return ImageOps.exif_transpose(opened).convert("L")


def _too_many(max_pixels: int) -> ScanError:
    return ScanError(
        "picture.too_many_pixels", f"Got a picture with more than {max_pixels} pixels; take a smaller one."
    )


def _passes(picture: Image.Image) -> Iterator[Callable[[], list[Reading]]]:
    yield lambda: _find(picture, 1.0)
    yield lambda: _find(ImageOps.autocontrast(picture, cutoff=1), 1.0)
    for factor in (0.5, 1.5):
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        if size[0] * size[1] <= MOST_PIXELS:
            yield lambda size=size, factor=factor: _find(picture.resize(size), factor)  # type: ignore[misc]  # bound now


def _find(picture: Image.Image, factor: float) -> list[Reading]:
    found = zxingcpp.read_barcodes(picture, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return [_reading(code, factor) for code in found if code.valid]


def _reading(code: zxingcpp.Barcode, factor: float) -> Reading:
    corners = code.position
    points = (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)
    first, second, third, fourth = ((round(point.x / factor), round(point.y / factor)) for point in points)
    box: Box = (first, second, third, fourth)
    clean = read_text(code.text, via="camera")
    return Reading(clean.text, code.format.name, "camera", box)


def _place(reading: Reading) -> tuple[int, int]:
    assert reading.box is not None  # noqa: S101 - said to the type checker: a picture's reading has its corners
    return min(y for _, y in reading.box), min(x for x, _ in reading.box)
