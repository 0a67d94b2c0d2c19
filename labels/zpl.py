"""A layout as ZPL II. Only the bitmap is sent, as hexadecimal digits: no text can become a printer's command."""

from typing import Final

from labels.layout import Layout
from labels.raster import draw

# What an earlier job may have left set: measures in dots, no shift, not upside down, mirrored or inverted, one copy.
_PLAIN: Final = "^MUD^LH0,0^LS0^PON^PMN^LRN^PQ1"


def render_zpl(layout: Layout, *, dpi: int) -> bytes:
    """Return one label for a ZPL printer of `dpi` (203, 300 or 600, else LabelError): the same dots as the PNG."""
    picture = draw(layout, dpi=dpi)
    ink = picture.tobytes("raw", "1;I")  # in ZPL a bit that is set is black; the padding to whole bytes stays white
    across = (picture.width + 7) // 8
    size = f"^PW{picture.width}^LL{picture.height}"
    graphic = f"^FO0,0^GFA,{len(ink)},{len(ink)},{across},{ink.hex().upper()}^FS"
    return f"^XA{_PLAIN}{size}{graphic}^XZ\n".encode("ascii")
