"""A test print: it names nothing, so that it can be taken for no label."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from labels.printing.job import BadJob

WORDS: Final = "TEST PRINT - NOT A LABEL"
_INCH: Final = 25.4  # millimetres
_MARGIN: Final = 3.0


def sample(language: str, *, dpi: int, width: float, height: float) -> bytes:
    """Return a test print of `width` × `height` millimetres in `language`: a frame at the edge and a sentence.

    Raises BadJob for a language that is none.
    """
    if language.startswith("zpl"):
        return _zpl(dpi, width, height)
    if language == "pdf":
        return _pdf(width, height)
    if language == "png":
        return _png(dpi, width, height)
    raise BadJob(f"Got the language {language!r}, expected zpl, pdf or png; nothing was sent.")


def _zpl(dpi: int, width: float, height: float) -> bytes:
    across, down, margin = (round(each * dpi / _INCH) for each in (width, height, _MARGIN))
    size = max(12, across // 20)
    frame = f"^FO{margin},{margin}^GB{across - 2 * margin},{down - 2 * margin},3^FS"
    words = f"^FO{2 * margin},{2 * margin}^A0N,{size},{size}^FD{WORDS}^FS"
    return f"^XA^LH0,0^PQ1^PW{across}^LL{down}{frame}{words}^XZ\n".encode("ascii")


def _pdf(width: float, height: float) -> bytes:
    kept = BytesIO()
    across, down, margin = (each * 72 / _INCH for each in (width, height, _MARGIN))
    page = Canvas(kept, pagesize=(across, down), invariant=1)
    page.rect(margin, margin, across - 2 * margin, down - 2 * margin)
    page.setFont("Helvetica", across / 20)
    page.drawString(2 * margin, down - 2 * margin - across / 20, WORDS)
    page.showPage()
    page.save()
    return kept.getvalue()


def _png(dpi: int, width: float, height: float) -> bytes:
    across, down, margin = (round(each * dpi / _INCH) for each in (width, height, _MARGIN))
    picture = Image.new("1", (across, down), 1)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((margin, margin, across - margin, down - margin), outline=0, width=2)
    pen.text((2 * margin, 2 * margin), WORDS, fill=0)
    kept = BytesIO()
    picture.save(kept, "PNG", dpi=(dpi, dpi))
    return kept.getvalue()
