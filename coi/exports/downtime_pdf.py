"""Downtime sheets on paper: one A4 page each, with room to write, and codes that are scanned when it is entered."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from reportlab.lib.colors import Color
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from coi.exports import paper, words

Json = dict[str, Any]
Line = tuple[str, bool, Color]
_LEFT, _RIGHT = 12 * mm, paper.WIDTH - 12 * mm
_WIDE = _RIGHT - _LEFT
_CODE: Final = 25 * mm
_HIGH: Final = {1: 78, 2: 68, 3: 57.5}  # millimetres of each container's field, by how many there are
_ACTS = (
    ("Thaw started", "date and time"), ("Checked by 1", "name, date and time"), ("Checked by 2", "name, date and time"),
    ("Infusion started", "date and time"), ("Infusion completed", "date and time"), ("Volume given", "ml"),
)  # fmt: skip
_SIGNED = ("Performed", "Checked", "Transcribed", "Checked against paper")
_LEADING, _SMALLEST = 1.32, 4
_WARNING = (
    "Only for the time in which the system cannot be reached. Scan nothing from this sheet in place of a bag or a "
    "wristband: its codes are for entering it afterwards."
)
_AFTERWARDS = (
    "When the system is back: one person enters this sheet, a second compares the entry with it, both sign there; a "
    "photograph of the sheet is attached."
)


def render(sheets: Sequence[Json]) -> bytes:
    """Return the sheets as a PDF of one A4 page each; the same sheets always give the same bytes."""
    kept = BytesIO()
    page = Canvas(kept, pagesize=(paper.WIDTH, paper.HEIGHT), invariant=1)
    for sheet in sheets:
        page.setTitle(f"Downtime sheet {words.code(sheet['coi'])}")
        _sheet(page, sheet)
        page.showPage()
    page.save()
    return kept.getvalue()


def _sheet(page: Any, sheet: Json) -> None:
    paper.banner(page, sheet["banner"])
    _head(page, sheet)
    _patient(page, sheet, top=_down(47))
    high = _HIGH[len(sheet["containers"])] * mm
    for number, container in enumerate(sheet["containers"]):
        _container(page, container, top=_down(68) - number * high, high=high - 2.5 * mm, as_of=sheet["printed"])
    _remarks(page, top=_down(68) - len(sheet["containers"]) * high, bottom=_down(240.5))
    _signatures(page, top=_down(243))
    foot = f"{sheet['software']}, for {sheet['reader']}"
    paper.write(page, foot, left=_LEFT, base=5.5 * mm, size=6.5, colour=paper.QUIET_INK)
    last = f"Sheet {sheet['number']} of {sheet['total']}"
    paper.write(page, last, left=_RIGHT, base=5.5 * mm, size=6.5, bold=True, right=True)


def _down(millimetres: float) -> float:
    """Return the height of a line so far below the top edge of the page."""
    return float(paper.HEIGHT - millimetres * mm)


def _head(page: Any, sheet: Json) -> None:
    paper.stamp(page, sheet["coi"], left=_RIGHT - 27 * mm, bottom=_down(37.5), side=27 * mm)
    title = f"Downtime sheet: {sheet['what']}"
    paper.write(page, title, left=_LEFT, base=_down(15.5), size=11, colour=paper.QUIET_INK)
    paper.write(page, words.code(sheet["coi"]), left=_LEFT, base=_down(23), size=17, bold=True)
    said = [(f"{sheet['pathway']}. Treated at {sheet['site']}.", False, paper.INK),
            (f"Printed {sheet['printed']}: what is said below was so then. Clock times are those of {sheet['zone']}.",
             False, paper.INK), (_WARNING, True, paper.ALARM)]  # fmt: skip
    _told(page, said, top=_down(25), wide=_WIDE - 31 * mm, high=17 * mm)


def _told(
    page: Any, lines: Sequence[Line], *, left: float = _LEFT, top: float, wide: float, high: float, largest: float = 8
) -> None:
    """Write lines below `top`, broken where they must be, as large as the room allows from `largest` points down."""
    size = largest
    while len(broken := _broken(lines, size, wide)) * size * _LEADING > high and size > _SMALLEST:
        size -= 0.5
    for number, (part, bold, colour) in enumerate(broken, 1):
        paper.write(page, part, left=left, base=top - number * size * _LEADING, size=size, bold=bold, colour=colour)


def _broken(lines: Sequence[Line], size: float, wide: float) -> list[Line]:
    """Return lines cut at words so that none is wider than `wide` at `size` points."""
    return [
        (part, bold, colour)
        for text, bold, colour in lines
        for part in paper.broken(text, size=size, bold=bold, wide=wide)
    ]


def _frame(page: Any, left: float, top: float, wide: float, high: float, *, fine: bool = True) -> None:
    page.setStrokeColor(paper.QUIET_INK if fine else paper.INK)
    page.setLineWidth(0.5 if fine else 1)
    page.rect(left, top - high, wide, high, stroke=1, fill=0)


def _patient(page: Any, sheet: Json, *, top: float) -> None:
    """Draw two fields for the identifiers on which both people agree; blank ones are written from the wristband."""
    heading = "Two identifiers of the patient: stated by the patient, read from the wristband, and agreeing"
    paper.write(page, heading, left=_LEFT, base=top + 1.5 * mm, size=8, bold=True)
    half = (_WIDE - 4 * mm) / 2
    known = [*sheet["identifiers"], *[{"caption": "Identifier, from the wristband", "text": ""}] * 2][:2]
    for number, identifier in enumerate(known):
        left = _LEFT + number * (half + 4 * mm)
        _frame(page, left, top, half, 18 * mm, fine=False)
        paper.write(page, identifier["caption"], left=left + 2 * mm, base=top - 4 * mm, size=6.5,
                    colour=paper.QUIET_INK)  # fmt: skip
        if identifier["text"] and paper.printable(identifier["text"]):
            _fitted(page, identifier["text"], left=left + 2 * mm, base=top - 10 * mm, wide=half - 4 * mm, size=12)
        _ticks(page, ("agrees, person 1", "agrees, person 2"), left=left + 2 * mm, base=top - 15.8 * mm)


def _fitted(page: Any, text: str, *, left: float, base: float, wide: float, size: float) -> None:
    """Write one bold line, smaller where it would not fit; never cut."""
    needed = paper.width(text, size=size, bold=True)
    paper.write(page, text, left=left, base=base, size=size * min(1, wide / needed), bold=True)


def _ticks(page: Any, captions: Sequence[str], *, left: float, base: float) -> None:
    for number, caption in enumerate(captions):
        at = left + number * 38 * mm
        _frame(page, at, base + 3 * mm, 3.4 * mm, 3.4 * mm)
        paper.write(page, caption, left=at + 5 * mm, base=base, size=7)


def _container(page: Any, one: Json, *, top: float, high: float, as_of: str) -> None:
    _frame(page, _LEFT, top, _WIDE, high, fine=False)
    inside = _LEFT + 3 * mm
    paper.write(page, words.code(one["id"]), left=inside, base=top - 5.5 * mm, size=12, bold=True)
    if one["label"]:
        paper.stamp(page, one["label"], left=_RIGHT - _CODE - mm, bottom=top - _CODE - mm, side=_CODE)
    boxes = min(22 * mm, high - 42 * mm)
    _acts(page, top=top - high + boxes + 2 * mm, high=boxes)
    wide, room = _WIDE - _CODE - 8 * mm, high - boxes - 10 * mm
    _told(page, _facts(one, as_of), left=inside, top=top - 6.5 * mm, wide=wide, high=room, largest=9)


def _facts(one: Json, as_of: str) -> list[Line]:
    """Return what is known of a container, the most telling first."""
    label = f"Label {words.code(one['label'])}" if one["label"] else "NO LABEL IN FORCE"
    told = [one["what"], f"order of infusion {one['dose']}" if one["dose"] else "", one["component"], one["strength"],
            f"{one['volume_ml']} ml" if one["volume_ml"] else "", one["state"]]  # fmt: skip
    lines: list[Line] = [(label, True, paper.INK), (", ".join(filter(None, told)), False, paper.INK)]
    lines += [_expiry(each) for each in one["expiry"]] or [("No shelf-life clock runs.", False, paper.INK)]
    return [*lines, _hold(one, as_of), _release(one, as_of), *(line for each in one["limits"] for line in _limit(each))]


def _expiry(each: Json) -> Line:
    if each["over"]:
        return f"EXPIRED {each['until']} ({each['title']})", True, paper.ALARM
    return f"Expires {each['until']} ({each['title']})", False, paper.INK


def _hold(one: Json, as_of: str) -> Line:
    if one["holds"]:
        return f"ON HOLD as of {as_of}: {'; '.join(one['holds'])}", True, paper.ALARM
    return f"Not on hold as of {as_of}", False, paper.INK


def _release(one: Json, as_of: str) -> Line:
    if not one["releases"]:
        return f"NOT RELEASED as of {as_of}", True, paper.ALARM
    return f"Released as of {as_of}: {'; '.join(one['releases'])}", False, paper.INK


def _limit(each: Json) -> list[Line]:
    """Return a limit of the bedside, with lines to fill in, or with its deadline where its clock runs already."""
    if each["ended"]:
        return [(f"{each['title']}: has ended", False, paper.INK)]
    if each["running"]:
        over = ", WHICH HAS PASSED" if each["running"]["over"] else ""
        return [(f"{each['title']} runs: {each['until']} {each['running']['until']}{over}", True, paper.ALARM)]
    blank = f"{each['from']} ____:____ - {each['until']} ____:____"
    return [(f"{each['title']}: at most {each['limit']}", False, paper.INK), (blank, True, paper.INK)]


def _acts(page: Any, *, top: float, high: float) -> None:
    """Draw the empty boxes in which people write what they do, and when."""
    each = (_WIDE - 6 * mm) / len(_ACTS)
    for number, (caption, below) in enumerate(_ACTS):
        left = _LEFT + 3 * mm + number * each
        _frame(page, left, top, each, high)
        paper.write(page, caption, left=left + 1.2 * mm, base=top - 3.2 * mm, size=6.5, bold=True)
        paper.write(page, below, left=left + 1.2 * mm, base=top - high + mm, size=5.5, colour=paper.QUIET_INK)


def _remarks(page: Any, *, top: float, bottom: float) -> None:
    """Leave what room there is for remarks; none when the containers need all of it."""
    if top - bottom > 10 * mm:
        _frame(page, _LEFT, top, _WIDE, top - bottom)
        caption = "Remarks, and whatever was otherwise than it should be"
        paper.write(page, caption, left=_LEFT + 2 * mm, base=top - 4 * mm, size=6.5, colour=paper.QUIET_INK)


def _signatures(page: Any, *, top: float) -> None:
    widths = (38 * mm, 54 * mm, 54 * mm, _WIDE - 146 * mm)
    high = 8.2 * mm
    for number, row in enumerate((("", "Name", "Signature", "Date and time"), *((one, "", "", "") for one in _SIGNED))):
        tall = 4.5 * mm if number == 0 else high
        below = top - (4.5 * mm + (number - 1) * high if number else 0)
        left = _LEFT
        for wide, text in zip(widths, row, strict=True):
            _frame(page, left, below, wide, tall)
            paper.write(page, text, left=left + 1.5 * mm, base=below - tall / 2 - 2.4, size=7, bold=True)
            left += wide
    after = [(_AFTERWARDS, False, paper.QUIET_INK)]
    _told(page, after, top=top - 4.5 * mm - 4 * high, wide=_WIDE, high=6 * mm)
