"""The dossier on paper: what it is and who had it first, then every entry of the log in its order.

Printed is what `coi.exports.dossier` says, no more; every statement names the number of the entry it comes from.
"""

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, SimpleDocTemplate, Spacer

from coi.exports import dossier_lines as lines
from coi.exports import dossier_tables as tables
from coi.exports import paper, words
from coi.exports.paper import marked
from coi.journey.entry import from_instant

Json = dict[str, Any]
WIDE = 182  # millimetres of text
_QR = 30 * mm
_ROOM = 38 * mm  # below which a heading goes to the next page
_PAD = 6  # points that reportlab keeps free inside the margins


def render(dossier: Json) -> bytes:
    """Return the dossier as a PDF on A4; the same dossier always gives the same bytes."""
    kept = BytesIO()
    coi = words.code(dossier["therapy"]["coi"])
    document = SimpleDocTemplate(
        kept, pagesize=(paper.WIDTH, paper.HEIGHT), leftMargin=paper.MARGIN - _PAD, rightMargin=paper.MARGIN - _PAD,
        topMargin=21 * mm, bottomMargin=17 * mm, title=f"Dossier {coi}", invariant=1,
    )  # fmt: skip
    document.build(_story(dossier), canvasmaker=partial(paper.CountedCanvas, frame=partial(_frame, dossier)))
    return kept.getvalue()


def _frame(dossier: Json, page: Any, number: int, total: int) -> None:
    """Draw what stands on every page: banner, COI, when and for whom it was made, the page's number."""
    paper.banner(page, dossier["banner"])
    left, right, top = paper.MARGIN, paper.WIDTH - paper.MARGIN, paper.HEIGHT - 14 * mm
    if number > 1:
        paper.write(page, "Dossier of one therapy", left=left, base=top, size=8, colour=paper.QUIET_INK)
        paper.write(page, words.code(dossier["therapy"]["coi"]), left=right, base=top, size=8, bold=True, right=True)
        _rule(page, top - 2 * mm)
    else:
        paper.stamp(page, dossier["therapy"]["coi"], left=right - _QR, bottom=paper.HEIGHT - 11 * mm - _QR, side=_QR)
    _rule(page, 12.5 * mm)
    made = f"Made {words.utc(from_instant(dossier['made_at']))} for {dossier['made_for']} by {dossier['software']}"
    paper.write(page, made, left=left, base=8.5 * mm, size=7, colour=paper.QUIET_INK)
    paper.write(page, f"Page {number} of {total}", left=right, base=8.5 * mm, size=7, bold=True, right=True)


def _rule(page: Any, height: float) -> None:
    page.setStrokeColor(paper.RULE)
    page.setLineWidth(0.6)
    page.line(paper.MARGIN, height, paper.WIDTH - paper.MARGIN, height)


def _story(dossier: Json) -> list[Any]:
    story = [*_title(dossier), lines.pairs(tables.therapy_pairs(dossier), wide=WIDE)]
    for heading, part in tables.SECTIONS:
        story += _section(heading, part(dossier))
    story.append(CondPageBreak(_ROOM))
    story.append(_heading(f"Every entry, in order ({len(dossier['entries'])})"))
    story.append(paper.paragraph(marked(lines.HOW_TO_READ), lines.SMALL))
    known = {entry["id"]: entry["number"] for entry in dossier["entries"]}
    for entry in dossier["entries"]:
        story += [Spacer(0, 5), lines.entry_block(entry, known, wide=WIDE)]
    return story


def _title(dossier: Json) -> list[Any]:
    """Return the head of the first page; the symbol beside it is part of the page's frame."""
    as_of = dossier["as_of"]
    when = f"As recorded by {words.utc(from_instant(as_of))}" if as_of else "As recorded when it was made"
    narrow = [WIDE - 36]
    rows = [
        [paper.paragraph("Dossier of one therapy", lines.QUIET)],
        [paper.paragraph(marked(words.code(dossier["therapy"]["coi"])), lines.TITLE)],
        [paper.paragraph(marked(when), lines.QUIET)],
    ]
    flat = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 1)]
    return [paper.table(rows, narrow, heads=0, marks=flat), Spacer(0, 20)]


def _heading(text: str) -> Any:
    return paper.paragraph(marked(text), lines.HEADING)


def _section(heading: str, parts: Sequence[Any]) -> list[Any]:
    body = list(parts) or [paper.paragraph("None.", lines.SMALL)]
    return [CondPageBreak(_ROOM), _heading(heading), Spacer(0, 3), *body]
