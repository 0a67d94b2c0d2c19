"""A layout as ZPL II, in two ways that say the same.

As a bitmap every dot is ours and any ZPL printer shows it. With native symbols the printer draws those itself, as sharp
as it can, and gets the rest as a bitmap. No text of a label becomes a command: what is eye-readable is dots only, and a
symbol whose text is more than letters, digits and the few marks of a QR's alphanumeric mode stays dots too.
"""

import re
from typing import Final

from PIL import ImageDraw

from labels.layout import Layout
from labels.raster import corner, dots, draw, stamp
from labels.symbol import Symbol

# What an earlier job may have left set: measures in dots, no shift, not upside down, mirrored or inverted, one copy.
_PLAIN: Final = "^MUD^LH0,0^LS0^PON^PMN^LRN^PQ1"
_LARGEST: Final = 10  # dots: the greatest magnification that ^BQ and ^BY take
_SUNK: Final = 10  # dots by which a printer sets a QR below its ^FO (seen with an independent renderer)
_HARMLESS: Final = re.compile(r"[0-9A-Z $%*+\-./:]+")


def render_zpl(layout: Layout, *, dpi: int, native: bool = False) -> bytes:
    """Return one label for a ZPL printer of `dpi` (203, 300 or 600, else LabelError).

    Unless `native`, it is a bitmap of the same dots as the PNG. A symbol that the printer cannot draw as large, or
    whose text could mean something to it, stays part of the bitmap.
    """
    printed = [one for one in layout.symbols if native and _can_draw(one, dpi)]
    picture = draw(layout, dpi=dpi, symbols=False)
    pen = ImageDraw.Draw(picture)
    for symbol in layout.symbols:
        if symbol not in printed:
            stamp(pen, symbol, dpi)
    ink = picture.tobytes("raw", "1;I")  # in ZPL a bit that is set is black; the padding to whole bytes stays white
    across = (picture.width + 7) // 8
    size = f"^PW{picture.width}^LL{picture.height}"
    graphic = f"^FO0,0^GFA,{len(ink)},{len(ink)},{across},{ink.hex().upper()}^FS"
    symbols = "".join(_symbol(one, dpi) for one in printed)
    return f"^XA{_PLAIN}{size}{graphic}{symbols}^XZ\n".encode("ascii")


def _can_draw(symbol: Symbol, dpi: int) -> bool:
    fits = symbol.dots(dpi=dpi) <= _LARGEST and corner(symbol, dpi)[1] >= _SUNK
    return fits and _HARMLESS.fullmatch(symbol.text) is not None


def _symbol(symbol: Symbol, dpi: int) -> str:
    side, (left, top) = symbol.dots(dpi=dpi), corner(symbol, dpi)
    if symbol.kind == "qr":
        top -= _SUNK
        drawn = f"^BQN,2,{side}^FDQA,"  # level Q, input as it comes: a printer eats data where these two are missing
    elif symbol.kind == "datamatrix":
        drawn = f"^BXN,{side},200^FD"
    else:
        drawn = f"^BY{side}^BCN,{dots(symbol.box.height, dpi)},N,N,N,N^FD"  # starts in subset B and stays there
    return f"^FO{left},{top}{drawn}{symbol.text}^FS"
