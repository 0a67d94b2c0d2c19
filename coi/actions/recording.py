"""Recording: from a verdict to entries, projections, secrets and the answer, in the transaction that is open.

* A step that is done goes to its therapy's stream, and once more to the shipper's stream when one was scanned.
* A refusal goes to every therapy that a scan resolved to and to the named one; with none, to the site's stream. In
  the stream of another therapy it says no more than that a container of it was scanned elsewhere.
* Deviations and withdrawn breaches are written right behind the step that brought them about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coi.actions import crosswalk, identifiers
from coi.actions.appending import Written, append, derived_id, system_fields
from coi.actions.attempts import CREATED, REFUSED, Desk, Recorded
from coi.actions.office import Office
from coi.actions.scans import Looked
from coi.actions.sealing import Sealing
from coi.journey.attempt import Case, Verdict
from coi.journey.corrections import CORRECTING, annulled_by
from coi.journey.derive import entry_values
from coi.journey.entry import Outcome, as_json
from coi.journey.rules import Consequence, consequences, is_remarked
from coi.journey.steps import STEPS
from coi.record import blobs, codes, sealed
from coi.record.blobs import File
from coi.record.ledger import Draft, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A verdict with everything that its recording needs."""

    case: Case
    verdict: Verdict
    outcome: Outcome
    streams: Mapping[str, Stream]
    looked: Sequence[Looked] = ()
    note: str | None = None
    sealing: Sealing | None = None
    file: File | None = None
    extra: Mapping[str, Any] | None = None  # further values of the entry, and of the answer's top level


def record(office: Office, desk: Desk, recording: Recording) -> Recorded:
    """Write what `recording` amounts to and return what is to be answered."""
    secrets = [secret for item in recording.looked for secret in item.secrets]
    secrets += recording.sealing.secrets if recording.sealing else []
    note = (
        sealed.secret(subject=recording.case.attempt.id, name="note", text=recording.note) if recording.note else None
    )
    sealed.keep(desk.conn, [*secrets, *([note] if note else [])], keys=office.keys)
    commitment = note.commitment if note else None
    if recording.outcome is Outcome.REFUSED:
        return _refuse(office, desk, recording, commitment)
    return _do(office, desk, recording, commitment)


def _do(office: Office, desk: Desk, recording: Recording, note: str | None) -> Recorded:
    case = recording.case
    values = entry_values(case, mint=office.mint)
    values |= crosswalk.shipper_code(desk.conn, case, recording.looked, values)
    if case.kind == "handoff.accepted" and is_remarked(recording.verdict):
        values["remarks"] = True
    fields = _fields(office, desk, recording, kind=case.kind, values=values, note=note)
    drafts = [Draft(stream, {**fields, "id": id_}) for stream, id_ in _places(case, values)]
    drafts += [
        beside(office, desk, consequence, case, str(number))
        for number, consequence in enumerate(consequences(case, recording.verdict, entry=case.attempt.id))
    ]
    written = append(office, desk, drafts, recording.streams)
    codes.register(desk.conn, crosswalk.new_codes(case, recording.looked, values))
    if recording.file is not None:
        blobs.keep(desk.conn, recording.file, keys=office.keys)
        name = sealed.secret(subject=case.attempt.id, name="file_name", text=recording.file.name)
        sealed.keep(desk.conn, [name], keys=office.keys)
    _take_back(office, desk, recording, written)
    identifiers.take_effect(office, desk, case, recording.sealing.plain if recording.sealing else {})
    return answered(
        CREATED, written, [finding.as_json() for finding in recording.verdict.findings], extra=_named(case, values)
    )


def _take_back(office: Office, desk: Desk, recording: Recording, written: Written) -> None:
    """Undo outside the log what the entries did there that this step brought down."""
    case = recording.case
    if case.kind != "entry.annulled" or case.therapy is None:
        return
    before = recording.streams[f"therapy:{case.therapy.coi}"].entries
    annulled = annulled_by(before, written.first.entry)
    for entry in before:
        if entry.id in annulled:
            identifiers.take_back(office, desk, entry, case.therapy.patient)


def _named(case: Case, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the answer names besides the entry: the label that was issued."""
    if case.kind != "label.issued":
        return {}
    kept = ("container", "template", "position", "generation")
    return {"label": {"serial": values["label"], **{name: values[name] for name in kept}}}


def _places(case: Case, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (stream, entry id) of the step: the therapy's stream first, the shipper's as well where it matters."""
    streams = [f"therapy:{case.therapy.coi}"] if case.therapy else []
    if case.row.of_shipper:
        shippers = [*values.get("shippers", [values.get("shipper")]), values.get("into")]
        streams += [f"shipper:{shipper}" for shipper in dict.fromkeys(shippers) if shipper]
    streams += [f"shipper:{shipper}" for shipper in values.get("out_of", ())]
    streams = streams or [f"site:{case.attempt.actor.site}"]
    return [
        (stream, case.attempt.id if not i else derived_id(case.attempt.id, stream)) for i, stream in enumerate(streams)
    ]


def _fields(
    office: Office, desk: Desk, recording: Recording, *, kind: str, values: Mapping[str, Any], note: str | None
) -> dict[str, Any]:
    case, verdict, outcome = recording.case, recording.verdict, recording.outcome
    return fields_of(office, desk, case, verdict, outcome, kind=kind, values=values) | {"note": note}


def fields_of(
    office: Office,
    desk: Desk,
    case: Case,
    verdict: Verdict,
    outcome: Outcome,
    *,
    kind: str,
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the fields of a step's entry, without its id and note."""
    attempt = case.attempt
    return {
        "attempt": attempt.id,
        "kind": kind,
        "v": STEPS[kind].v,
        "tense": attempt.tense.value,
        "outcome": outcome.value,
        "therapy": case.therapy.coi if case.therapy else None,
        "occurred_at": attempt.occurred_at,
        "offset": attempt.offset,
        "zone": attempt.zone,
        "uncertainty": attempt.uncertainty,
        "recorded_at": desk.at,
        "actor": attempt.actor.as_json(),
        "scans": tuple(scan.as_json() for scan in attempt.scans),
        "values": values,
        "reason": attempt.reason,
        "note": None,
        "findings": tuple(finding.as_json() for finding in verdict.findings),
        "signatures": tuple(signed.as_json() for signed in attempt.signed),
        "performed_by": attempt.performed_by,
        "documents": attempt.documents,
        "device": attempt.device,
        "corrects": attempt.values.get("entry") if case.kind in CORRECTING else None,
        "software": office.software,
    }


def beside(office: Office, desk: Desk, consequence: Consequence, case: Case, which: str) -> Draft:
    """Return the entry that the system writes beside a step; `which` tells several of one step apart."""
    coi = case.therapy.coi if case.therapy else None
    fields = system_fields(office, desk, kind=consequence.kind, attempt=case.attempt.id, therapy=coi)
    id_ = derived_id(case.attempt.id, f"{consequence.kind}/{which}")
    return Draft(f"therapy:{coi}", {**fields, "id": id_, "values": consequence.values, "occurred_at": desk.at})


def _refuse(office: Office, desk: Desk, recording: Recording, note: str | None) -> Recorded:
    case = recording.case
    own = case.therapy.coi if case.therapy else None
    others = [scan.therapy for scan in case.attempt.scans if scan.therapy and scan.therapy != own]
    places = [f"therapy:{coi}" for coi in dict.fromkeys([*([own] if own else []), *others])]
    places = places or [f"site:{case.attempt.actor.site}"]
    fields = _fields(office, desk, recording, kind="attempt.refused", values={"kind": case.kind}, note=note)
    drafts = []
    for number, stream in enumerate(places):
        id_ = case.attempt.id if number == 0 else derived_id(case.attempt.id, stream)
        drafts.append(Draft(stream, {**(fields if number == 0 else _elsewhere(fields, stream, case)), "id": id_}))
    written = append(office, desk, drafts, recording.streams)
    findings = [finding.as_json() for finding in recording.verdict.findings]
    return answered(REFUSED, written, findings, stops=[stop.message for stop in recording.verdict.stops])


def _elsewhere(fields: Mapping[str, Any], stream: str, case: Case) -> dict[str, Any]:
    """Return a refusal as another therapy's stream keeps it: that its container turned up, not in whose step."""
    coi = stream.partition(":")[2]
    scans = tuple(scan.as_json() for scan in case.attempt.scans if scan.therapy == coi)
    finding = {
        "rule": "container_is_this_therapys",
        "family": "identity",
        "severity": "stop",
        "message": "A container of this therapy was scanned in a step of another therapy; the step was refused.",
        "got": "a step of another therapy",
        "expected": "a step of this therapy",
        "facts": {"containers": [scan.container or scan.subject for scan in case.attempt.scans if scan.therapy == coi]},
    }
    return {**fields, "therapy": coi, "scans": scans, "findings": (finding,), "note": None}


def answered(
    status: int,
    written: Written,
    findings: Sequence[Mapping[str, Any]],
    stops: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
) -> Recorded:
    """Return the answer to a step: its entry, what was written beside it, the findings and the receipt."""
    first, receipt = written.first, receipt_of(written)
    if status == REFUSED:
        body: dict[str, Any] = {
            "code": "step.refused",
            "status": REFUSED,
            "message": " ".join(stops),
            "errors": {},
            "findings": list(findings),
            "receipt": receipt,
        }
    else:
        also = [as_json(item.entry) for item in written.entries[1:]]
        body = {"entry": as_json(first.entry), "also": also, "findings": list(findings), "receipt": receipt}
        body |= extra or {}
    return Recorded(status, body, first.entry.position)


def receipt_of(written: Written) -> dict[str, Any]:
    """Return the receipt of the first entry as the client gets it, for ever the same."""
    first, receipt = written.first, written.receipt
    return {
        "entry": first.entry.id,
        "position": first.entry.position,
        "leaf": first.hash,
        "size": receipt.size,
        "checkpoint": receipt.note,
        "proof": list(receipt.proof),
    }
