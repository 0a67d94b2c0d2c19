"""A realistic label, and the ways back from its bytes to dots and from dots to the QR's text."""

import io
import re

import pypdfium2
import zxingcpp
from PIL import Image

from labels import LabelContent, Layout

CONTENT = LabelContent(
    code="LBL-7K3M9QRT2XYZ4",
    coi="COI 5WDN 8QHE 3RVA P",
    container="CTR 8N4P 2WXK 6MQR 7",
    serial="LBL 7K3M 9QRT 2XYZ 4",
    number=1,
    total=2,
    title="Apheresis, starting material",
    statements=(
        "FOR AUTOLOGOUS USE ONLY",
        "NOT EVALUATED FOR INFECTIOUS SUBSTANCES",
        "DO NOT IRRADIATE - DO NOT FILTER",
    ),
    lines=(("Site", "demo-hospital"), ("Pathway", "car-t-cryo 1"), ("Dose", "1"), ("Lot", "LOT 4GTC 7MKF 9BXJ H")),
    position="bag",
    generation=1,
    banner="DEMO - NOT FOR CLINICAL USE",
)
ZPL = re.compile(
    rb"\^XA\^MUD\^LH0,0\^LS0\^PON\^PMN\^LRN\^PQ1\^PW(\d+)\^LL(\d+)\^FO0,0\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS\^XZ\n"
)
_FORMATS = [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128]


def png(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def pdf(data: bytes, *, dpi: int = 300) -> Image.Image:
    """The only page of the PDF in greys."""
    document = pypdfium2.PdfDocument(data)
    assert len(document) == 1
    return document[0].render(scale=dpi / 72).to_pil().convert("L")


def zpl(data: bytes) -> Image.Image:
    """The dots that a printer would burn, black on white: the graphic of a label that holds nothing else."""
    said = ZPL.fullmatch(data)
    assert said is not None
    width, height, sent, stored, across = (int(said[group]) for group in range(1, 6))
    ink = bytes.fromhex(said[6].decode())
    assert sent == stored == len(ink) == across * height
    assert 0 <= across * 8 - width < 8
    rows = [ink[start : start + across] for start in range(0, len(ink), across)]
    dots = [0 if row[x // 8] & (0x80 >> x % 8) else 255 for row in rows for x in range(width)]
    picture = Image.new("L", (width, height))
    picture.putdata(dots)
    return picture


def read(picture: Image.Image) -> list[bytes]:
    """What a reader that shares no code with the writer sees: the bytes of every symbol in the picture."""
    return [symbol.bytes for symbol in zxingcpp.read_barcodes(picture.convert("L"), formats=_FORMATS)]


def meant(layout: Layout) -> list[bytes]:
    """What the symbols of a label say."""
    return sorted(symbol.text.encode("ascii") for symbol in layout.symbols)
