"""The way back from a PDF: the text that it holds, and every code that a camera would read from it."""

import pypdfium2
import zxingcpp


def text_of(data: bytes) -> str:
    """All text of a PDF, with single spaces, page after page."""
    with pypdfium2.PdfDocument(data) as document:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


def codes_of(data: bytes) -> list[set[str]]:
    """The QR codes of each page, read from a picture at the resolution of an office printer."""
    with pypdfium2.PdfDocument(data) as document:
        pictures = [page.render(scale=300 / 72).to_pil().convert("L") for page in document]
    return [
        {symbol.text for symbol in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)}
        for picture in pictures
    ]
