"""The sheet that tries scanners and printers: known codes, codes of small modules, and lines to be measured."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

import zxingcpp
from reportlab.lib.colors import black
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from coi.exports import paper
from labels.symbol import qr
from scanners.trial import SIZES, TRIALS, Trial, size_text

_LEFT: Final = 20 * mm
_MODULE: Final = 0.5 * mm
_BAR: Final = (0.33 * mm, 16 * mm)  # width of a narrow bar, height
_QUIET: Final = 4  # modules kept free around a symbol
_RULER: Final = 100 * mm
_EDGE: Final = 8 * mm
_STEPS = (
    "1. Measure the line below: if it is not 100 mm long, print at 100 %, without fitting to the page.",
    "2. See that the frame at the edge is whole: what is missing of it the printer cannot reach.",
    "3. Open the page 'Test my scanner and printer', put the cursor into its box, and scan these codes one by one.",
)
Rows = Sequence[Sequence[bool]]


def render() -> bytes:
    """Return the sheet as a PDF of one A4 page; always the same bytes."""
    kept = BytesIO()
    page = Canvas(kept, pagesize=(paper.WIDTH, paper.HEIGHT), invariant=1)
    page.setTitle("Test of scanners and printers")
    page.rect(_EDGE, _EDGE, paper.WIDTH - 2 * _EDGE, paper.HEIGHT - 2 * _EDGE)
    _head(page)
    for number, trial in enumerate(TRIALS):
        _trial(page, trial, left=_LEFT + (number % 2) * 88 * mm, top=_down(85 + number // 2 * 55))
    _sizes(page, top=_down(205))
    page.showPage()
    page.save()
    return kept.getvalue()


def _down(millimetres: float) -> float:
    return float(paper.HEIGHT - millimetres * mm)


def _head(page: Any) -> None:
    paper.write(page, "Test of scanners and printers", left=_LEFT, base=_down(24), size=16, bold=True)
    for number, line in enumerate(_STEPS):
        paper.write(page, line, left=_LEFT, base=_down(33 + 6 * number), size=9)
    y = _down(58)
    page.line(_LEFT, y, _LEFT + _RULER, y)
    for end in (_LEFT, _LEFT + _RULER):
        page.line(end, y - 2 * mm, end, y + 2 * mm)
    paper.write(page, "100 mm", left=_LEFT + _RULER + 3 * mm, base=y - mm, size=9)


def _trial(page: Any, trial: Trial, *, left: float, top: float) -> None:
    rows = symbol(trial)
    bar = trial.symbol == "Code128"
    wide, high = _BAR if bar else (_MODULE, _MODULE)
    _draw(page, rows[:1] if bar else rows, left=left + _QUIET * wide, top=top, wide=wide, high=high)
    paper.write(page, trial.name, left=left, base=top + 3 * mm, size=10, bold=True)


def _sizes(page: Any, *, top: float) -> None:
    paper.write(page, "The smallest module that printer and scanner master together", left=_LEFT, base=top + 4 * mm,
                size=10, bold=True)  # fmt: skip
    for number, size in enumerate(SIZES):
        left = _LEFT + number * 42 * mm
        _draw(page, qr(size_text(size)), left=left, top=top - 4 * mm, wide=size * mm, high=size * mm)
        paper.write(page, f"{size:.2f} mm", left=left, base=top, size=9)


def symbol(trial: Trial) -> Rows:
    """Return the modules of a known code, row by row from the top, True where one is black, without quiet zone."""
    if trial.symbol == "QRCode":
        return qr(trial.text)
    form = getattr(zxingcpp.BarcodeFormat, trial.symbol)
    more = {"force_square": True} if trial.symbol == "DataMatrix" else {}
    made: Any = zxingcpp.create_barcode(trial.text, form, gs1=trial.gs1, **more).to_image(
        scale=1, add_quiet_zones=False
    )
    dots: Any = memoryview(made).tolist()
    return [[dot == 0 for dot in row] for row in dots]


def _draw(page: Any, rows: Rows, *, left: float, top: float, wide: float, high: float) -> None:
    """Fill each run of black modules as one box, so that no hair of white is left between two of them."""
    path = page.beginPath()
    for down, row in enumerate(rows):
        place = 0
        while place < len(row):
            end = next((at for at in range(place, len(row)) if row[at] is not row[place]), len(row))
            if row[place]:
                path.rect(left + place * wide, top - (down + 1) * high, (end - place) * wide, high)
            place = end
    page.setFillColor(black)
    page.drawPath(path, stroke=0, fill=1)
