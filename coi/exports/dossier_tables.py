"""The tables of a dossier on paper: what things there are, who had them, how long they lasted, what was decided."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from coi.exports import paper, words
from coi.exports.dossier_lines import (
    BODY,
    COLUMN,
    document,
    moments,
    numbered,
    person,
    signature,
)
from coi.exports.paper import marked
from coi.journey.accounting import FATES
from coi.journey.entry import from_instant

Json = dict[str, Any]
Rows = Sequence[Sequence[str]]
_MOST_LINES = 24  # of one row; they may each need two or three lines of paper
_PLACES = {"nowhere": "not filled yet", "hand": "in hand", "shipper": "in shipper", "location": "stored at"}


def therapy_pairs(dossier: Json) -> list[tuple[str, str]]:
    """Return what the therapy is, marked: pathway, site, patient, state."""
    therapy, pathway = dossier["therapy"], dossier["therapy"]["pathway"]
    told = [
        ("Pathway", f"{pathway['title']} ({pathway['name']}, version {pathway['version']})"),
        ("", f"SHA-256 {pathway['digest']}"), ("Treating site", therapy["site"]),
        *_patient(dossier), ("Enrolled", _moment(therapy["enrolled_at"])), ("Stage", therapy["stage"] or "not begun"),
        ("Closed", words.spaced(therapy["closed"] or "")),
        ("Postponed", therapy["postponed"]["text"] if therapy["postponed"] else ""),
        ("Parties", ", ".join(therapy["parties"])),
        ("Donations", ", ".join(words.code(one) for one in therapy["donations"])),
        ("Donor's tests", words.spaced(therapy["donor_tests"])), ("People named", ", ".join(dossier["people"])),
        ("Entries", f"{len(dossier['entries'])}; each leaf holds the hash of the one before it, the last is"),
        ("", f"SHA-256 {dossier['last_leaf']}"),
        *_signed_log(dossier.get("log")),
    ]  # fmt: skip
    return [(caption, marked(text)) for caption, text in told if text]


def _signed_log(log: Json | None) -> list[tuple[str, str]]:
    """Return what the whole log was signed as when the dossier was made; its JSON form holds the proofs."""
    if not log or not log["checkpoint"]:
        return []
    _, size, root = log["checkpoint"].split("\n")[:3]
    return [("Signed log", f"{size} entries, root {root}"), ("", f"by {log['key']}")]


def _patient(dossier: Json) -> list[tuple[str, str]]:
    """Return the patient's code, and for a reader of the treating site who it is."""
    shown, code = dossier["patient"], words.code(dossier["therapy"]["patient"])
    if shown is None:
        return [("Patient", f"{code} (the name is for the treating site only)")]
    names = [f"{shown['family']}, {shown['given']}", " ".join(filter(None, (shown["native_family"],
             shown["native_given"])))]  # fmt: skip
    numbers = [f"{one['kind']} {one['value']} ({one['issuer']})" for one in shown["identifiers"]]
    told = [("Patient", code), ("Name", " / ".join(filter(None, names))), ("Born", shown["born"] or "")]
    return [*told, ("Identifiers", ", ".join(numbers))]


def _moment(text: str | None) -> str:
    return words.utc(from_instant(text)) if text else ""


def _table(heads: Sequence[str], widths: Sequence[float], rows: Rows) -> list[Any]:
    if not rows:
        return []
    top = [paper.paragraph(marked(head), COLUMN) for head in heads]
    parts = [part for row in rows for part in paper.cut(row, at=_MOST_LINES)]
    return [paper.table([top, *([paper.paragraph(cell, BODY) for cell in part] for part in parts)], widths)]


def _codes(ids: Sequence[str]) -> str:
    return "<br/>".join(marked(words.code(id_)) for id_ in ids)


def what(item: Mapping[str, Any]) -> str:
    """Return what a container is: dose 1 of 2, order of infusion 1, CD8 and its strength."""
    told = [f"{words.spaced(item['purpose'])} {item['number']} of {item['total']}"]
    told += [f"order of infusion {item['dose']}"] if item["dose"] else []
    return ", ".join([*told, *filter(None, (item["component"], item["strength"]))])


def _containers(dossier: Json) -> list[Any]:
    rows = [
        [f"<b>{marked(words.code(item['id']))}</b><br/>{marked(what(item))}", _origin(item), _codes(item["children"]),
         _state(item), _standing(item)]
        for item in dossier["containers"]
    ]  # fmt: skip
    return _table(("Container", "Came from", "Became", "State, and who has it", "Release and holds"),
                  (40, 38, 36, 40, 28), rows)  # fmt: skip


def _origin(item: Json) -> str:
    told = item["parents"] or ([item["donation"]] if item["donation"] else [])
    lot = f"<br/>in {marked(words.code(item['lot']))}" if item["lot"] and item["parents"] else ""
    return _codes(told) + lot + ("adopted from another maker" if item["adopted"] else "")


def _state(item: Json) -> str:
    place, custody = item["place"], item["custody"]
    where = place["name"] or (words.code(place["id"]) if place["id"] else "")
    told = [f"<b>{marked(words.spaced(item['state']))}</b>", marked(_holder(custody)),
            marked(f"{_PLACES.get(place['kind'], place['kind'])} {where}".strip())]  # fmt: skip
    told += [f"{marked(item['volume_ml'])} ml"] if item["volume_ml"] else []
    told += [f"{words.spaced(name)}: {marked(item[key])}" for key, name in
             (("lost_ml", "lost ml"), ("damage", "damage"), ("disposition", "disposition")) if item[key]]  # fmt: skip
    return "<br/>".join(told)


def _holder(custody: Json) -> str:
    return f"{custody['person']} at {custody['organisation']}" if custody["person"] else custody["organisation"]


def _standing(item: Json) -> str:
    told = [f"released by {numbered(number)}" for number in item["released_by"]]
    told += [f"<b>on hold</b>: {marked(hold['text'])} ({numbered(hold['number'])})" for hold in item["holds"]]
    return "<br/>".join(told)


def _lots(dossier: Json) -> list[Any]:
    rows = [
        [f"<b>{marked(words.code(lot['id']))}</b>", marked(lot["organisation"]), _codes(lot["inputs"]),
         _codes(lot["outputs"]), marked(lot["terminated"]["text"]) if lot["terminated"] else ""]
        for lot in dossier["lots"]
    ]  # fmt: skip
    return _table(("Lot", "Made at", "In", "Out", "Terminated"), (42, 34, 40, 40, 26), rows)


def _custody(dossier: Json) -> list[Any]:
    rows = [[_handed(one), _side(one["giver"]), _taken(one)] for one in dossier["custody"]]
    return _table(("What was handed over", "Given by", "Taken by"), (54, 64, 64), rows)


def _handed(one: Json) -> str:
    shipper = f"in shipper {marked(words.code(one['shipper']))}<br/>" if one["shipper"] else ""
    return (
        f"{_codes(one['containers'])}<br/>{shipper}to {marked(one['to'])}: <b>{marked(words.spaced(one['state']))}</b>"
    )


def _side(side: Json | None) -> str:
    if side is None:
        return ""
    if side["number"] is None:
        return f"{person(side)}<br/>not told by this side"
    return f"{person(side)} ({numbered(side['number'])})<br/>{moments(side)}"


def _taken(one: Json) -> str:
    """Return the taker's side, or how the offer ended without one."""
    if one["taker"] or one["ended"] is None:
        return _side(one["taker"]) or "not taken yet"
    return f"<b>{marked(one['ended']['words'])}</b><br/>{_side(one['ended'])}"


def _windows(dossier: Json) -> list[Any]:
    rows = [
        [_rule(one), _codes([one["container"]]), _moment(one["started_at"]), _moment(one["due_at"]), _answer(one)]
        for one in dossier["windows"]
    ]
    return _table(("Window", "Container", "Started", "Deadline", "Answer"), (58, 40, 27, 27, 30), rows)


def _rule(one: Json) -> str:
    unproved = "" if one["verified"] else "; not verified"
    limit = f"limit {words.duration(one['limit_s'])}; {one['source']}{unproved}"
    return f"<b>{marked(one['title'])}</b><br/>{marked(limit)}"


def _answer(one: Json) -> str:
    ended = f"ended {_moment(one['ended_at'])}" if one["ended_at"] else "still runs"
    return f"<b>{marked(one['answer'])}</b>, {marked(ended)}"


def _releases(dossier: Json) -> list[Any]:
    rows = [
        [f"{_decided(one)}<br/>{marked(_scope(one))}", _codes(one["containers"]), f"{person(one)}<br/>{_signed(one)}",
         moments(one), f"{len(one['in_force_for'])} of {len(one['containers'])}"]
        for one in dossier["releases"]
    ]  # fmt: skip
    return _table(("Decision", "Containers", "By", "When", "In force for"), (36, 38, 36, 54, 18), rows)


def _decided(one: Json) -> str:
    return f"{numbered(one['number'])} <b>{marked(one['words'])}</b>"


def _signed(one: Json) -> str:
    return "<br/>".join(signature(each) for each in one["signatures"])


def _scope(one: Json) -> str:
    told = [words.spaced(one["status"] or ""), *(f"for {one[name]}" for name in ("country", "site") if one[name])]
    return ", ".join(filter(None, [*told, one["reason"]["text"] if one["reason"] else ""]))


def _deviations(dossier: Json) -> list[Any]:
    rows = [
        [numbered(one["number"]), numbered(one["because"]), marked(", ".join(map(words.spaced, one["rules"]))),
         _codes(one["containers"]), moments(one)]
        for one in dossier["deviations"]
    ]  # fmt: skip
    return _table(("Entry", "Because of", "Rules", "Containers", "When"), (12, 18, 56, 42, 54), rows)


def _corrections(dossier: Json) -> list[Any]:
    rows = [
        [f"{_decided(one)}: {', '.join(numbered(number) for number in one['about'])}",
         f"{marked(one['person'])}<br/>{_signed(one)}", marked(one["reason"]["text"] if one["reason"] else ""),
         moments(one), "yes" if one["in_force"] else "no"]
        for one in dossier["corrections"]
    ]  # fmt: skip
    return _table(("What", "By", "Reason", "When", "In force"), (40, 36, 36, 54, 16), rows)


def _labels(dossier: Json) -> list[Any]:
    rows = [
        [_serial(one), _codes([one["container"]]), f"<b>{marked(one['state'])}</b>", _acts(one)]
        for one in dossier["labels"]
    ]
    return _table(("Label", "Container", "State", "What was done with it"), (42, 40, 20, 80), rows)


def _serial(one: Json) -> str:
    where = f"{words.spaced(one['position'])}, generation {one['generation']}"
    return f"<b>{marked(words.code(one['serial']))}</b><br/>{marked(where)}"


def _acts(one: Json) -> str:
    return "<br/>".join(
        marked(f"{act['what']} by {act['person']}, {_moment(act['occurred_at'])} ({numbered(act['number'])})")
        for act in one["acts"]
    )


def _reconciliation(dossier: Json) -> list[Any]:
    rows = [
        [f"<b>{marked(words.code(one['container']))}</b><br/>{marked(words.spaced(one['purpose']))}",
         str(one["issued"]), *(str(len(one[fate])) for fate in FATES if fate != "open"), _codes(one["open"]) or "none"]
        for one in dossier["reconciliation"]
    ]  # fmt: skip
    heads = ("Container", "Issued", *(fate.capitalize() for fate in FATES))
    return _table(heads, (42, 16, 18, 22, 16, 20, 18, 30), rows)


def _documents(dossier: Json) -> list[Any]:
    rows = [
        [marked(document(one)), numbered(one["number"]), numbered(one["about"]),
         f"superseded by {marked(one['superseded_by'])}" if one["superseded_by"] else ""]
        for one in dossier["documents"]
    ]  # fmt: skip
    return _table(("Document", "Attached", "About", ""), (104, 16, 14, 48), rows)


SECTIONS: Final[Sequence[tuple[str, Callable[[Json], list[Any]]]]] = (
    ("Containers and what came from what", _containers), ("Lots", _lots), ("Chain of custody", _custody),
    ("Stability windows", _windows), ("Decisions about release", _releases), ("Deviations", _deviations),
    ("Corrections", _corrections), ("Labels", _labels),
    ("Reconciliation of labels", _reconciliation), ("Documents", _documents),
)  # fmt: skip
