"""Layouts as PDF: exact size, vector symbols, the same bytes for the same labels; one label a page, or many a sheet."""

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels import face
from labels.layout import FRAME, Layout, Text
from labels.sheet import Place, Sheet, places
from labels.symbol import KINDS, Symbol

POINT: Final = 25.4 / 72  # millimetres
_CUT: Final = 0.1  # thickness of a cutting mark in millimetres
_CUT_LENGTH: Final = 2.0


def render_pdf(layout: Layout) -> bytes:
    """Return the label as a PDF of one page, as large as the label."""
    kept = BytesIO()
    page = Canvas(kept, pagesize=(layout.width / POINT, layout.height / POINT), invariant=1)
    page.setTitle(layout.name)
    page.scale(1 / POINT, 1 / POINT)
    _label(page, layout)
    page.showPage()
    page.save()
    return kept.getvalue()


def render_sheets(layouts: Sequence[Layout], sheet: Sheet, *, first: int = 1) -> bytes:
    """Return labels of one size on office paper, at exact size with cutting marks, as many pages as they need.

    `first` is the place of the first label, counted from 1 from the upper left, row by row: a sheet that was begun can
    be used up. Raises LabelError as `places` does.
    """
    kept = BytesIO()
    page = Canvas(kept, pagesize=(sheet.width / POINT, sheet.height / POINT), invariant=1)
    page.setTitle(f"{layouts[0].name} on {sheet.title}" if layouts else sheet.title)
    for number, on_one in enumerate(places(layouts, sheet, first=first)):
        if number:
            page.showPage()
        for place in on_one:
            _on_sheet(page, place, sheet)
    page.showPage()
    page.save()
    return kept.getvalue()


def _on_sheet(page: Any, place: Place, sheet: Sheet) -> None:
    layout = place.layout
    page.saveState()
    page.scale(1 / POINT, 1 / POINT)
    page.translate(place.left, sheet.height - place.top - layout.height)
    _label(page, layout)
    page.setLineWidth(_CUT)
    for x in (0, layout.width):
        for y in (0, layout.height):
            out_x, out_y = (-1 if x == 0 else 1), (-1 if y == 0 else 1)
            page.line(x, y, x + out_x * _CUT_LENGTH, y)
            page.line(x, y, x, y + out_y * _CUT_LENGTH)
    page.restoreState()


def _label(page: Any, layout: Layout) -> None:
    for bar in layout.bars:
        page.rect(bar.left, layout.height - bar.bottom, bar.width, bar.height, stroke=0, fill=1)
    page.setLineWidth(FRAME)
    for frame in layout.frames:
        inner = frame.inset(FRAME / 2)
        page.rect(inner.left, layout.height - inner.bottom, inner.width, inner.height, stroke=1, fill=0)
    for text in layout.texts:
        _write(page, text, layout.height)
    for symbol in layout.symbols:
        _stamp(page, symbol, layout.height)


@lru_cache
def registered(name: str, *, bold: bool) -> str:
    """Return the name under which reportlab knows a face, once a process."""
    known = f"label-{name}{'-bold' if bold else ''}"
    pdfmetrics.registerFont(TTFont(known, str(face.path(name, bold=bold))))
    return known


def _write(page: Any, text: Text, height: float) -> None:
    page.setFillGray(1 if text.white else 0)
    for row in text.rows:
        left = row.left
        for run in text.how.runs(row.text):
            page.setFont(registered(run.face, bold=text.how.bold), row.size)
            page.drawString(left, height - row.baseline, run.text)
            left += text.how.width(run.text) * row.size
    page.setFillGray(0)


def _stamp(page: Any, symbol: Symbol, height: float) -> None:
    """One path for all modules, so that no viewer draws seams between them."""
    path, kind, side = page.beginPath(), KINDS[symbol.kind], symbol.module
    high = symbol.box.height if symbol.is_linear else side
    left = symbol.box.left + (symbol.box.width - side * symbol.across) / 2 + kind.beside * side
    top = symbol.box.top + (symbol.box.height - high * symbol.down) / 2 + kind.above * side
    for x, y, across in symbol.bars():
        path.rect(left + x * side, height - top - (y + 1) * high, across * side, high)
    page.drawPath(path, stroke=0, fill=1)
