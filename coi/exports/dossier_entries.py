"""The entries of a dossier: each fact of the log with its two times, its people, its findings and what became of it.

Verdicts are read from the entry, never made again. A bedside check that its reader may not see yet keeps its place,
its kind and its times, and tells nothing else.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coi.exports import words
from coi.journey.corrections import CORRECTING, effective, targets
from coi.journey.entry import Entry, Outcome, instant, leaf_hash, leaf_of
from coi.journey.pathway import Pathway
from coi.journey.therapy import Document, Therapy

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a dossier is made of: the log's part, the state it amounts to, and the texts that its reader may see.

    `hidden` are the entries that the reader may not see yet. `names` are the readable texts behind tokens, `notes`
    the notes by attempt.
    """

    therapy: Therapy
    pathway: Pathway
    entries: Sequence[Entry]
    hidden: AbstractSet[str]
    names: Mapping[str, str]
    notes: Mapping[str, str]

    def number(self, entry: str | None) -> int | None:
        """Return the place of an entry in the therapy's history, by its id."""
        return next((one.seq for one in self.entries if one.id == entry), None)

    def done(self, *kinds: str) -> list[Entry]:
        """Return the entries of `kinds` (none given: of all) that count, in their order, as they count now."""
        corrections = self.therapy.corrections
        found = (effective(entry, corrections.get(entry.id)) for entry in self.entries)
        return [
            entry
            for entry in found
            if entry is not None and entry.outcome == Outcome.DONE and (not kinds or entry.kind in kinds)
        ]

    def reason(self, code: str | None) -> Json | None:
        """Return a coded reason with the pathway's words for it."""
        return {"code": code, "text": self.pathway.reasons.get(code, words.spaced(code))} if code else None


def entries_json(told: Told) -> list[Json]:
    """Return every entry in order, each with the hash of its leaf."""
    acknowledged = _acknowledged(told)
    shown, before = [], None
    for entry in told.entries:
        before = leaf_hash(leaf_of(entry, prev=before))
        base = _always(told, entry) | {"leaf": before}
        hidden = entry.id in told.hidden
        shown.append(base | (_masked(entry) if hidden else _open(told, entry, acknowledged.get(entry.id, []))))
    return shown


def times_json(entry: Entry) -> Json:
    """Return both times of an entry: in UTC, and as the clock stood that its author read."""
    zone = words.fixed(entry.offset)
    return {
        "occurred_at": instant(entry.occurred_at),
        "occurred_local": words.local(entry.occurred_at, zone),
        "recorded_at": instant(entry.recorded_at),
        "recorded_local": words.local(entry.recorded_at, zone),
        "late": words.lateness(entry.occurred_at, entry.recorded_at, tense=entry.tense),
    }


def _always(told: Told, entry: Entry) -> Json:
    correction = _correction(told, entry)
    return {
        "number": entry.seq, "position": entry.position, "id": entry.id, "kind": entry.kind,
        "words": words.happened(entry.kind, entry.values), "tense": entry.tense, "outcome": entry.outcome,
        **times_json(entry), "zone": entry.zone, "uncertainty_s": entry.uncertainty, "software": entry.software,
        "correction": correction, "struck": bool(correction and correction["in_force"]),
    }  # fmt: skip


def _masked(entry: Entry) -> Json:
    nobody = {"person": None, "site": entry.actor["site"], "role": None}
    lists = ("performed_by", "unacknowledged", "signatures", "acknowledged_by", "scans", "documents", "findings")
    return {"masked": True, "recorded_by": nobody, "values": {}, "reason": None, "note": None,
            "device": None, **{name: [] for name in lists}}  # fmt: skip


def _open(told: Told, entry: Entry, acknowledged: list[Json]) -> Json:
    seen = {one["person"] for one in acknowledged} | {entry.actor["person"]}
    return {
        "masked": False, "recorded_by": dict(entry.actor), "performed_by": list(entry.performed_by),
        "unacknowledged": [person for person in entry.performed_by if person not in seen],
        "signatures": [dict(signature) for signature in entry.signatures], "acknowledged_by": acknowledged,
        "scans": [_scan(told, scan) for scan in entry.scans], "values": dict(entry.values),
        "reason": told.reason(entry.reason), "note": _note(told, entry), "device": entry.device,
        "documents": _documents(told, entry), "findings": [dict(finding) for finding in entry.findings],
    }  # fmt: skip


def _note(told: Told, entry: Entry) -> Json | None:
    """Return the note: its text for those who may read it, else only that there is one."""
    return {"text": told.notes.get(entry.attempt), "commitment": entry.note} if entry.note else None


def _scan(told: Told, scan: Mapping[str, Any]) -> Json:
    return {**scan, "name": told.names.get(scan["subject"] or "")}


def _documents(told: Told, entry: Entry) -> list[Json]:
    """Return the documents that came with the entry, and those that were attached about it later."""
    known = told.therapy.documents
    later = [document.sha256 for document in known.values() if document.about == entry.id]
    return [{"sha256": sha, "kind": _kind(known.get(sha))} for sha in dict.fromkeys((*entry.documents, *later))]


def _kind(document: Document | None) -> str | None:
    return document.kind if document else None


def _acknowledged(told: Told) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for entry in told.done("entry.acknowledged"):
        one = {"person": entry.actor["person"], "at": instant(entry.recorded_at), "number": entry.seq}
        found.setdefault(entry.values["entry"], []).append(one)
    return found


def _correction(told: Told, entry: Entry) -> Json | None:
    """Return what was said against the entry: by whom, in which entries, what counts instead, and whether it counts."""
    found = told.therapy.corrections.get(entry.id)
    if found is None:
        return None
    return {
        "kind": found.kind.partition(".")[2], "in_force": found.in_force, "people": list(found.people),
        "numbers": [told.number(one) for one in found.entries], "values": found.said.get("values"),
        "occurred_at": found.said.get("occurred_at"),
    }  # fmt: skip


def corrections_json(told: Told) -> list[Json]:
    """Return the corrections that were asked for, in order, each with the entries that it is about."""
    return [_asked(told, entry) for entry in told.entries if entry.kind in CORRECTING]


def _asked(told: Told, entry: Entry) -> Json:
    about = targets(entry.values)
    found = [told.therapy.corrections.get(target) for target in about]
    return {
        "number": entry.seq, "words": words.happened(entry.kind, entry.values), "outcome": entry.outcome,
        "about": [told.number(target) for target in about], "person": entry.actor["person"],
        "reason": told.reason(entry.reason), **times_json(entry),
        "signatures": [dict(signature) for signature in entry.signatures],
        "in_force": any(one is not None and one.in_force and entry.id in one.entries for one in found),
    }  # fmt: skip


def person_of(entry: Entry) -> Json:
    """Return who is accountable for what an entry says, and who recorded it where that is somebody else."""
    who = (entry.performed_by or (entry.actor["person"],))[0]
    return {"organisation": entry.actor["site"], "person": who, "recorded_by": entry.actor["person"]}


def moment_json(moment: datetime | None) -> str | None:
    """Return a moment as UTC text, None for none."""
    return instant(moment) if moment else None
