"""How one entry of a dossier is set on paper: a head with its name, then one line for each thing that it says."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from coi.exports import paper, words
from coi.exports.paper import BREAK, marked
from coi.journey.entry import from_instant

Json = dict[str, Any]
Known = Mapping[str, int]  # the numbers of the entries, by their ids
BODY, SMALL = paper.style(7.5), paper.style(7, colour=paper.QUIET_INK)
CAPTION = paper.style(7, colour=paper.QUIET_INK)
QUIET = paper.style(9, colour=paper.QUIET_INK)
TITLE, HEADING = paper.style(19, bold=True), paper.style(12, bold=True, before=13)
COLUMN, ENTRY = paper.style(7, bold=True), paper.style(9, bold=True)
HOW_TO_READ: Final = (
    "Times are in UTC; in parentheses as the clock stood that was read, with its offset. What was corrected is struck "
    "out and stays readable. Findings are those of the moment of recording."
)
_VIA = {"wedge": "by scanner", "camera": "by camera", "typed": "typed", "api": "by program", "paper": "from paper"}
_OUTCOMES = {"refused": "REFUSED, nothing changed", "disputed": "DISPUTED, custody did not move"}
_SEVERITIES = {"stop": '<font color="#A3161F"><b>stop</b></font>', "caution": "<b>caution</b>"}
_CAPTION_WIDTH = 30  # millimetres
_CLOSE = (("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5))


def pairs(told: Sequence[tuple[str, str]], *, wide: float) -> Any:
    """Return captions with their marked texts, one a row, `wide` millimetres together."""
    rows = [[paper.paragraph(marked(caption), CAPTION), paper.paragraph(text, BODY)] for caption, text in told]
    return paper.table(rows, [_CAPTION_WIDTH, wide - _CAPTION_WIDTH], heads=0, marks=_CLOSE)


def numbered(number: int | None) -> str:
    """Return how an entry is pointed at: #12."""
    return f"#{number}" if number is not None else ""


def person(side: Mapping[str, Any] | None) -> str:
    """Return who stood for one side, and who recorded it where that is somebody else; marked."""
    if side is None:
        return ""
    who = f"{side['person'] or 'nobody named'} at {side['organisation']}"
    other = side.get("recorded_by")
    return marked(who) + (f"<br/>recorded by {marked(other)}" if other and other != side["person"] else "")


def moments(times: Mapping[str, Any]) -> str:
    """Return both times of a fact in UTC as two marked lines, with how late it was told."""
    occurred, recorded = (words.utc(from_instant(times[name])) for name in ("occurred_at", "recorded_at"))
    return f"occurred {occurred}<br/>recorded {recorded}{late(times)}"


def late(times: Mapping[str, Any]) -> str:
    """Return how late a fact was told, marked; empty when it was told as it happened."""
    return f" - <b>{marked(times['late'])}</b>" if times["late"] else ""


def both(times: Mapping[str, Any], which: str) -> str:
    """Return one time of a fact in UTC and as its own clock stood: 2026-11-23 13:05:09 UTC (14:05:09 +01:00)."""
    there, here = words.utc(from_instant(times[f"{which}_at"])), str(times[f"{which}_local"])
    return f"{there} ({here.removeprefix(there[:11])})"


def said(value: Any, known: Known) -> str:
    """Return a value of an entry in plain words; an entry that it names is pointed at."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(said(item, known) for item in value if item is not None)
    if isinstance(value, Mapping):
        told = ((words.spaced(name), item) for name, item in value.items() if item is not None)
        return "; ".join(f"{name}: {said(item, known)}" for name, item in told)
    return numbered(known[value]) if value in known else words.code(value)


def entry_block(entry: Json, known: Known, *, wide: float) -> Any:
    """Return an entry as a table that may run over pages: its head on each, then captions with what they say."""
    head = [paper.paragraph(numbered(entry["number"]), ENTRY), paper.paragraph(_head(entry), ENTRY)]
    told = [line for caption, text in _lines(entry, known) if text for line in paper.cut([caption, text], at=1)]
    rows = [head] + [[paper.paragraph(caption, CAPTION), paper.paragraph(text, BODY)] for caption, text in told]
    marks = [*_CLOSE, ("NOSPLIT", (0, 0), (-1, min(3, len(told))))]
    return paper.table(rows, [_CAPTION_WIDTH, wide - _CAPTION_WIDTH], ruled=False, marks=marks)


def _head(entry: Json) -> str:
    name = marked(entry["words"])
    tags = [_OUTCOMES.get(entry["outcome"], "")] if not entry["words"].startswith("Refused:") else []
    if entry["struck"]:
        name = f"<strike>{name}</strike>"
        tags.append(f"{entry['correction']['kind'].upper()}, see {_numbers(entry['correction']['numbers'])}")
    return name + "".join(f' <font color="#A3161F"> {marked(tag)}</font>' for tag in tags if tag)


def _numbers(found: Sequence[int | None]) -> str:
    return ", ".join(numbered(number) for number in found)


def _lines(entry: Json, known: Known) -> list[tuple[str, str]]:
    told = [("Occurred", marked(both(entry, "occurred")))]
    told.append(("Recorded", marked(both(entry, "recorded")) + late(entry)))
    if entry["uncertainty_s"]:
        told.append(("Clock", marked(f"may have been wrong by {words.duration(entry['uncertainty_s'])}")))
    if entry["masked"]:
        told.append(("Not shown", "A bedside check that waits for a second one, made without sight of this one."))
        return told
    return [
        *told,
        *_people(entry),
        *_facts(entry, known),
        ("Findings", _findings(entry)),
        ("Correction", _correction(entry)),
    ]


def _people(entry: Json) -> list[tuple[str, str]]:
    actor = entry["recorded_by"]
    where = "".join(f"{word}{actor[name]}" for name, word in (("role", ", "), ("site", " at ")) if actor[name])
    who = "the system" if actor["role"] == "system" else f"{actor['person']}{where}"
    return [
        ("Recorded by", marked(who)),
        ("Performed by", marked(", ".join(entry["performed_by"]))),
        ("Signed", BREAK.join(signature(one) for one in entry["signatures"])),
        ("Acknowledged by", BREAK.join(_acknowledged(one) for one in entry["acknowledged_by"])),
        ("Not acknowledged", marked(_waiting(entry["unacknowledged"]))),
    ]


def signature(one: Mapping[str, Any]) -> str:
    """Return who signed, with which meaning and when; marked."""
    meaning = words.spaced(one["meaning"])
    return f"<b>{marked(meaning)}</b> by {marked(one['person'])}, {words.utc(from_instant(one['at']))}"


def _acknowledged(one: Mapping[str, Any]) -> str:
    return f"{marked(one['person'])}, {words.utc(from_instant(one['at']))} ({numbered(one['number'])})"


def _waiting(people: Sequence[str]) -> str:
    return f"not yet by {', '.join(people)}" if people else ""


def _facts(entry: Json, known: Known) -> list[tuple[str, str]]:
    values = [(name, value) for name, value in entry["values"].items() if value is not None and said(value, known)]
    shown = [f"{marked(words.spaced(name))}: {_struck(entry, name, value, known)}" for name, value in values]
    return [
        ("Scanned", BREAK.join(_scan(scan) for scan in entry["scans"])),
        ("Said", BREAK.join(shown)),
        ("Reason", marked(_reason(entry["reason"]))),
        ("Note", marked(_note(entry["note"]))),
        ("Documents", BREAK.join(marked(document(one)) for one in entry["documents"])),
        ("Device", marked(said(entry["device"] or "", known))),
    ]


def _struck(entry: Json, name: str, value: Any, known: Known) -> str:
    """Return a value, struck out with what counts instead where a correction in force says so."""
    correction = entry["correction"] if entry["struck"] else None
    instead = (correction or {}).get("values") or {}
    if name in instead:
        return f"<strike>{marked(said(value, known))}</strike> <b>{marked(said(instead[name], known))}</b>"
    return marked(said(value, known))


def _scan(scan: Mapping[str, Any]) -> str:
    what = scan["name"] or (words.code(scan["subject"]) if scan["subject"] else "not known here")
    label = f", label {words.code(scan['label'])}" if scan.get("label") not in (None, scan["subject"]) else ""
    return marked(f"{scan['role']}: {what}{label}, {_VIA.get(scan['via'], scan['via'])}")


def _reason(reason: Mapping[str, Any] | None) -> str:
    return f"{reason['text']} ({reason['code']})" if reason else ""


def _note(note: Mapping[str, Any] | None) -> str:
    if not note:
        return ""
    return note["text"] or "a note is kept, which this reader may not see"


def document(one: Mapping[str, Any]) -> str:
    """Return a document by its kind and the SHA-256 of its bytes."""
    return f"{words.spaced(one['kind'] or 'document')}, SHA-256 {one['sha256']}"


def _findings(entry: Json) -> str:
    return BREAK.join(
        f"{_SEVERITIES.get(one['severity'], 'info')} {marked(one['message'])} {_by_rule(one)}"
        for one in entry["findings"]
    )


def _by_rule(one: Mapping[str, Any]) -> str:
    text = f"({one['rule']}: got {one['got']}, expected {one['expected']})"
    return f'<font color="#5A6672">{marked(text)}</font>'


def _correction(entry: Json) -> str:
    found = entry["correction"]
    if not found:
        return ""
    state = "in force" if found["in_force"] else "asked for, not in force yet"
    moment = found["occurred_at"] if found["kind"] == "replaced" else None
    instead = f"; it occurred {words.utc(from_instant(moment))}" if moment else ""
    return marked(f"{found['kind']} by {', '.join(found['people'])} in {_numbers(found['numbers'])}, {state}{instead}")
