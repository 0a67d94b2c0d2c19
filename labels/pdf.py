"""A layout as PDF: exact size, vector symbol, the same bytes for the same label."""

from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels import face
from labels.layout import FRAME, Layout, Text
from labels.symbol import QUIET, Symbol

_NAMES: Final = {False: "LabelPlain", True: "LabelBold"}
POINT: Final = 25.4 / 72  # millimetres


def render_pdf(layout: Layout) -> bytes:
    """Return the label as a PDF of one page, as large as the label."""
    _register()
    kept = BytesIO()
    page = Canvas(kept, pagesize=(layout.width / POINT, layout.height / POINT), invariant=1)
    page.setTitle(layout.name)
    page.scale(1 / POINT, 1 / POINT)
    for bar in layout.bars:
        page.rect(bar.left, layout.height - bar.bottom, bar.width, bar.height, stroke=0, fill=1)
    page.setLineWidth(FRAME)
    for frame in layout.frames:
        inner = frame.inset(FRAME / 2)
        page.rect(inner.left, layout.height - inner.bottom, inner.width, inner.height, stroke=1, fill=0)
    for text in layout.texts:
        _write(page, text, layout.height)
    _stamp(page, layout.symbol, layout.height)
    page.showPage()
    page.save()
    return kept.getvalue()


@lru_cache(maxsize=1)
def _register() -> None:
    for bold, name in _NAMES.items():
        pdfmetrics.registerFont(TTFont(name, str(face.path(bold=bold))))


def _write(page: Any, text: Text, height: float) -> None:
    page.setFillGray(1 if text.white else 0)
    for row in text.rows:
        page.setFont(_NAMES[text.bold], row.size)
        page.drawString(row.left, height - row.baseline, row.text)
    page.setFillGray(0)


def _stamp(page: Any, symbol: Symbol, height: float) -> None:
    """One path for all modules, so that no viewer draws seams between them."""
    path = page.beginPath()
    side = symbol.module
    for y, row in enumerate(symbol.dark):
        bottom = height - symbol.box.top - (y + 1 + QUIET) * side
        for x, dark in enumerate(row):
            if dark:
                path.rect(symbol.box.left + (x + QUIET) * side, bottom, side, side)
    page.drawPath(path, stroke=0, fill=1)
