"""The stored answers held against the entries that they answer for: what is replayed is what was recorded."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, select

from coi.actions.appending import SYSTEM
from coi.actions.attempts import CREATED, REFUSED
from coi.journey.attempt import Severity
from coi.journey.checkpoint import BadNote, read_checkpoint, read_note
from coi.journey.entry import Outcome
from coi.journey.tree import verify_inclusion
from coi.record.tables import ATTEMPT, CHECKPOINT, ENTRY

Json = dict[str, Any]
_STREAMED = {"yield_per": 500}
_ANSWERED = (
    select(ENTRY.c.position, ENTRY.c.id, ENTRY.c.attempt, ENTRY.c.hash, ENTRY.c.leaf, ENTRY.c.recorded_at,
           ATTEMPT.c.person, ATTEMPT.c.status, ATTEMPT.c.answer, ATTEMPT.c.recorded_at.label("answered_at"),
           CHECKPOINT.c.note)
    .join(ATTEMPT, and_(ATTEMPT.c.position == ENTRY.c.position, ATTEMPT.c.id == ENTRY.c.attempt), isouter=True)
    .join(CHECKPOINT, CHECKPOINT.c.start == ENTRY.c.position, isouter=True)
    .order_by(ENTRY.c.position)
)  # fmt: skip
_ASTRAY = (
    select(ATTEMPT.c.id, ATTEMPT.c.position)
    .join(ENTRY, and_(ENTRY.c.position == ATTEMPT.c.position, ENTRY.c.attempt == ATTEMPT.c.id), isouter=True)
    .where(ENTRY.c.position.is_(None))
)


def faults(conn: Connection) -> Iterator[str]:
    """Return which answers are not those of their entries, and which entries of people have none."""
    for row in conn.execute(_ASTRAY, execution_options=_STREAMED):
        yield f"Attempt {row.id}: its answer points to position {row.position}, which is not its entry."
    rows = conn.execute(_ANSWERED, execution_options=_STREAMED)
    for attempt, written in groupby(rows, key=lambda row: str(row.attempt)):
        first, *also = written
        said = _document(first.leaf)
        if first.answer is not None and not _is_right(first, said, [_document(row.leaf) for row in also]):
            yield (f"Attempt {attempt}: its stored answer is not the one of the entry at position {first.position}; "
                   "take the row from a backup.")  # fmt: skip
        elif first.answer is None and first.id == attempt and said["actor"] != SYSTEM:
            yield (f"Attempt {attempt}: the answer to the entry at position {first.position} is not there; take "
                   "the row from a backup.")  # fmt: skip


def _document(leaf: bytes) -> Json:
    """Return an entry as an answer holds it: the leaf without what only the log needs."""
    found: Json = json.loads(bytes(leaf))
    return {name: value for name, value in found.items() if name not in ("format", "prev")}


def _is_right(first: Any, entry: Json, also: Sequence[Json]) -> bool:
    """Tell whether a row's answer says of `entry`, and of those written beside it, what the log does."""
    try:
        body = json.loads(bytes(first.answer))
        if (first.person, first.answered_at) != (entry["actor"]["person"], first.recorded_at):
            return False
        refused = entry["outcome"] == Outcome.REFUSED.value
        parts = _parts(entry, also)
        told = _refused(parts) if refused else _done(entry, also) | {"findings": _findings(parts)}
        right = first.status == (REFUSED if refused else CREATED) and body == told | {"receipt": body["receipt"]}
        return right and _is_receipt(body["receipt"], first, size=entry["position"] + 1 + len(also))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadNote):
        return False


def _done(entry: Json, also: Sequence[Json]) -> Json:
    told = {"entry": entry, "also": list(also)}
    values: Mapping[str, Any] = entry["values"]
    if entry["kind"] == "therapy.enrolled":
        told["therapy"] = entry["therapy"]
    if entry["kind"] == "label.issued":
        kept = ("container", "template", "position", "generation")
        told["label"] = {"serial": values["label"], **{name: values[name] for name in kept}}
    return told


def _parts(entry: Json, also: Sequence[Json]) -> list[Json]:
    """Return the entries that were judged: several when a step of a site was taken for many therapies at once."""
    of_site = entry["stream"].startswith("site:")
    parts = [one for one in also if of_site and one["stream"].startswith("therapy:") and one["kind"] == entry["kind"]]
    return parts or [entry]


def _findings(parts: Sequence[Json]) -> list[Json]:
    return [finding for part in parts for finding in part["findings"]]


def _refused(parts: Sequence[Json]) -> Json:
    found = _findings(parts)
    stops = [one["message"] for one in found if one["severity"] == Severity.STOP.value]
    said = dict.fromkeys(stops) if parts[1:] else stops
    return {"code": "step.refused", "status": REFUSED, "message": " ".join(said), "errors": {}, "findings": found}


def _is_receipt(receipt: Mapping[str, Any], first: Any, *, size: int) -> bool:
    """Tell whether a receipt is that of an entry whose transaction brought the log to `size`.

    Before the log had a tree a receipt held neither checkpoint nor proof.
    """
    told = {"entry": first.id, "position": first.position, "leaf": first.hash, "size": size}
    proved = {name: receipt[name] for name in ("checkpoint", "proof")}
    if receipt != told | proved or proved == {"checkpoint": None, "proof": None}:
        return receipt == told | proved
    said = read_checkpoint(read_note(receipt["checkpoint"])[0])
    proof = [bytes.fromhex(one) for one in receipt["proof"]]
    return receipt["checkpoint"] == first.note and verify_inclusion(
        leaf=bytes.fromhex(first.hash), position=first.position, size=size, proof=proof, root=said.root
    )
