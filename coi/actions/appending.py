"""Appending: drafts become entries, the projections follow, breaches they disprove are withdrawn, and it is signed.

The one way from a use case to the log. Inside the open write transaction, once in it; nothing is committed here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from coi.actions.attempts import Desk
from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.journey.corrections import CORRECTING
from coi.journey.entry import Entry, Outcome
from coi.journey.fold import fold, fold_shipper
from coi.journey.pathway import Pathway
from coi.journey.project import EMPTY, project, project_shipper
from coi.journey.stability import disproved
from coi.journey.steps import STEPS
from coi.journey.therapy import Therapy
from coi.record import ledger, projections, transparency
from coi.record.ledger import Appended, Draft, Stream
from coi.record.transparency import Receipt

SYSTEM = {"person": "system", "site": None, "role": "system"}


@dataclass(frozen=True, slots=True)
class Written:
    """What was appended in one go, and the receipt of the first of it."""

    entries: tuple[Appended, ...]
    receipt: Receipt

    @property
    def first(self) -> Appended:
        """Return the entry that the receipt is of."""
        return self.entries[0]


def append(office: Office, desk: Desk, drafts: Sequence[Draft], streams: Mapping[str, Stream]) -> Written:
    """Append `drafts`, bring the projections of their streams up to date, withdraw breaches that they disprove, sign.

    `streams` holds the streams that were read under this write lock; the others are read now. Once in a transaction:
    the desk knows the log as it was before.
    """
    names = dict.fromkeys(draft.stream for draft in drafts)
    unread = [name for name in names if name not in streams]
    known = {**streams, **(ledger.read_streams(desk.conn, unread) if unread else {})}
    appended = ledger.append(desk.conn, drafts, size=desk.opening.size, streams=known)
    for name in names:
        if name.startswith("therapy:"):
            appended += _project_therapy(office, desk, known[name], _of(appended, name), size=len(appended))
        elif name.startswith("shipper:"):
            _project_shipper(desk, [*known[name].entries, *(item.entry for item in _of(appended, name))])
    hashes = [item.hash for item in appended]
    opening = desk.opening
    receipt = transparency.sign_for(desk.conn, opening.tree, hashes, office.log_key, signer=opening.signer)
    return Written(tuple(appended), receipt)


def _of(appended: Sequence[Appended], stream: str) -> list[Appended]:
    return [item for item in appended if item.entry.stream == stream]


def _project_therapy(
    office: Office, desk: Desk, stream: Stream, new: Sequence[Appended], *, size: int
) -> list[Appended]:
    """Write the therapy's changed rows; return the withdrawals of breaches that `new` disproves, appended."""
    grown = _grown(stream, new)
    before, after = folded(office, desk, stream), _refolded(office, desk, grown)
    if after is None:
        return []
    pathway = office.pathway(desk.conn, after.pathway)
    more: list[Appended] = []
    drafts = _withdrawals(office, desk, after, pathway, new[0].entry)
    if drafts:
        more = ledger.append(desk.conn, drafts, size=desk.opening.size + size, streams={new[0].entry.stream: grown})
        after = folded(office, desk, _grown(grown, more)) or after
    projections.write(
        desk.conn, before=project(before, pathway=pathway) if before else EMPTY, after=project(after, pathway=pathway)
    )
    return more


def folded(office: Office, desk: Desk, stream: Stream) -> Therapy | None:
    """Return what a therapy's stream amounts to; folded once in a unit of work, as nobody changes what came of it."""
    if stream.last_hash not in desk.folds:
        found = fold(stream.entries, pathway=lambda digest: office.pathway(desk.conn, digest))
        if found is None or stream.last_hash is None:
            return found
        desk.folds[stream.last_hash] = found
    return desk.folds[stream.last_hash]


def _refolded(office: Office, desk: Desk, stream: Stream) -> Therapy | None:
    """Fold `stream`; raises Fault 409 for a correction in force that takes away what later entries build on."""
    try:
        return folded(office, desk, stream)
    except LookupError as fault:
        if stream.entries[-1].kind not in CORRECTING:
            raise
        message = "Later entries build on the entry to be corrected; correct those first, the last one first."
        raise Fault(409, "correction.built_upon", message, {"values.entry": [message]}) from fault


def _grown(stream: Stream, new: Sequence[Appended]) -> Stream:
    return Stream((*stream.entries, *(item.entry for item in new)), new[-1].hash if new else stream.last_hash)


def _withdrawals(office: Office, desk: Desk, therapy: Therapy, pathway: Pathway, because: Entry) -> list[Draft]:
    drafts = []
    for clock in disproved(therapy, pathway=pathway):
        fields = system_fields(office, desk, kind="window.withdrawn", attempt=because.attempt, therapy=therapy.coi)
        fields |= {
            "id": derived_id(because.attempt, f"withdrawn/{clock.id}"),
            "occurred_at": desk.at,
            "values": {"clock": clock.id, "container": clock.container, "window": clock.window.id},
        }
        drafts.append(Draft(because.stream, fields))
    return drafts


def _project_shipper(desk: Desk, entries: Sequence[Entry]) -> None:
    shipper = fold_shipper(entries)
    if shipper is not None:
        projections.write_shipper(desk.conn, project_shipper(shipper))


def system_fields(office: Office, desk: Desk, *, kind: str, attempt: str, therapy: str | None) -> dict[str, Any]:
    """Return the fields of an entry that the system itself writes, without id, values and time of occurrence."""
    return {
        "attempt": attempt,
        "kind": kind,
        "v": STEPS[kind].v,
        "tense": "reported",
        "outcome": Outcome.DONE.value,
        "therapy": therapy,
        "offset": 0,
        "zone": None,
        "uncertainty": 0,
        "recorded_at": desk.at,
        "actor": SYSTEM,
        "scans": (),
        "reason": None,
        "note": None,
        "findings": (),
        "signatures": (),
        "performed_by": (),
        "documents": (),
        "device": None,
        "corrects": None,
        "software": office.software,
    }


def derived_id(attempt: str, what: str) -> str:
    """Return the id of an entry that follows from `attempt`; the same attempt always gives the same."""
    return str(uuid5(UUID(attempt), what))
