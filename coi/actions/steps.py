"""The one door: `take` is how anything about a therapy changes, whoever asks.

In one unit of work, under the write lock: the stored answer of a replay; what the scans name; the streams and what
they amount to; whether the person has the authority at all; the values and the reason; the verdict; the entry, allowed
or refused, with everything the system writes beside it; the projections; the answer.

Malformed requests and lack of authority raise a `Fault` and leave nothing behind. What the rules refuse is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from coi.actions import recording
from coi.actions.attempts import Answer, Desk, Recorded, once
from coi.actions.faults import forbidden, malformed, unknown
from coi.actions.office import Office
from coi.actions.scans import GivenScan, Looked, look_up
from coi.journey.attempt import Actor, Addressee, Attempt, Case
from coi.journey.authority import acting_for, may_read, preferred_organisations
from coi.journey.derive import consider
from coi.journey.entry import Outcome, Tense
from coi.journey.fold import fold, fold_shipper
from coi.journey.pathway import Pathway
from coi.journey.rules import decide, outcome_of
from coi.journey.steps import STEPS, Role, StepKind
from coi.journey.therapy import Shipper, Therapy
from coi.journey.values import read_values
from coi.record import ledger, people, queries
from coi.record.vault import opaque_token


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a signed-in person with roles at organisations."""

    person: str
    grants: Mapping[str, frozenset[Role]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """One step as a client sends it; the form was checked at the edge, the meaning is checked here."""

    id: str
    kind: str
    occurred_at: datetime
    digest: str
    therapy: str | None = None
    tense: Tense = Tense.ASKED
    zone: str | None = None
    scans: Sequence[GivenScan] = ()
    values: Mapping[str, Any] | None = None
    reason: str | None = None
    note: str | None = None
    performed_by: Sequence[str] = ()
    documents: Sequence[str] = ()
    device: Mapping[str, Any] | None = None
    uncertainty: int = 0


def take(
    office: Office, request: StepRequest, *, caller: Caller, routes: frozenset[str] = frozenset({"steps", "labels"})
) -> Answer:
    """Take one step for `caller` and return what is answered: 201, 200 (replay), 409, or 422 with findings.

    Raises Fault for what is malformed (400, 422 for a code that is none), not permitted (403) or not there (404).
    """
    row = STEPS.get(request.kind)
    if row is None or row.route not in routes:
        raise malformed(
            "step.kind",
            f"There is no such step to take: {request.kind[:40]!a}. See /step-kinds.",
            {"kind": ["Expected one of the kinds in /step-kinds."]},
        )
    return once(
        office,
        attempt=request.id,
        person=caller.person,
        digest=request.digest,
        work=lambda desk: _work(office, request, row, caller, desk),
    )


def _work(office: Office, request: StepRequest, row: StepKind, caller: Caller, desk: Desk) -> Recorded:
    _check_form(request, row, caller)
    at = _deciding_time(office, request, desk.at)
    looked = look_up(
        desk.conn,
        request.scans,
        office=office,
        person=caller.person,
        sites=frozenset(caller.grants),
        subject=request.id,
    )
    scene = _scene(office, request, looked, caller, desk)
    attempt = _attempt(office, request, row, caller, scene, looked, desk)
    case = consider(attempt, therapy=scene.therapy, pathway=scene.pathway, shipper=scene.shipper, at=at)
    verdict = decide(case)
    outcome = outcome_of(case, verdict)
    _need_a_therapy(case, outcome)
    return recording.record(
        office,
        desk,
        recording.Recording(
            case=case,
            verdict=verdict,
            outcome=outcome,
            streams=scene.streams,
            looked=looked,
            note=request.note,
        ),
    )


def _check_form(request: StepRequest, row: StepKind, caller: Caller) -> None:
    """Refuse what the row does not allow in form: the tense, the number of scans by role, who performed."""
    faults: dict[str, list[str]] = {}
    if request.tense is Tense.REPORTED and not row.reported_by:
        faults["tense"] = [f"{row.title} can never be reported afterwards; it has to be asked for."]
    if row.reason and request.reason is None:
        faults["reason"] = ["This step needs a coded reason from the pathway's list."]
    if request.tense is Tense.ASKED and set(request.performed_by) - {caller.person}:
        faults["performed_by"] = ["A step that is asked for is performed by the one who asks."]
    faults |= _scan_faults(request, row)
    if faults:
        raise malformed("step.malformed", next(iter(faults.values()))[0], faults)


def _scan_faults(request: StepRequest, row: StepKind) -> dict[str, list[str]]:
    wanted = {wish.role.value: wish for wish in row.scans}
    faults = {}
    for role in {scan.role for scan in request.scans} - wanted.keys():
        faults["scans"] = [f"This step takes no scan in the role '{role}'; it takes {', '.join(wanted) or 'none'}."]
    for role, wish in wanted.items():
        count = sum(scan.role == role for scan in request.scans)
        if not wish.minimum <= count <= wish.maximum:
            faults["scans"] = [
                f"Got {count} scan(s) of a {role}, expected {wish.minimum} to {wish.maximum}: {wish.text}"
            ]
    if row.one_of and not any(scan.role in row.one_of for scan in request.scans):
        faults["scans"] = [f"Scan at least one of these: {', '.join(row.one_of)}."]
    return faults


def _deciding_time(office: Office, request: StepRequest, now: datetime) -> datetime:
    """Return the time the verdict is for: the server's when asked, the told one (never in the future) when reported."""
    skew = request.occurred_at - now
    limit = timedelta(seconds=office.max_skew_seconds)
    if request.tense is Tense.ASKED:
        if abs(skew) > limit:
            raise malformed(
                "time.skewed",
                f"The time given is {abs(round(skew.total_seconds()))} s off the server's clock; set "
                "the device's clock or report the step as past.",
                {"occurred_at": ["Too far from the server's clock."]},
            )
        return now
    if skew > limit:
        raise malformed(
            "time.in_future", "What is reported must have happened already.", {"occurred_at": ["Lies in the future."]}
        )
    return min(request.occurred_at, now)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the log says of everything the step touches."""

    streams: Mapping[str, ledger.Stream]
    therapy: Therapy | None
    pathway: Pathway | None
    shipper: Shipper | None


def _scene(office: Office, request: StepRequest, looked: Sequence[Looked], caller: Caller, desk: Desk) -> _Scene:
    shippers = [item.scan.subject for item in looked if item.scan.type == "shipper" and item.scan.subject]
    coi = request.therapy or next((item.scan.therapy for item in looked if item.scan.therapy), None)
    names = [f"shipper:{shippers[0]}"] if shippers else []
    streams = (
        dict(ledger.read_streams(desk.conn, [*names, *([f"therapy:{coi}"] if coi else [])])) if names or coi else {}
    )
    shipper = fold_shipper(streams[names[0]].entries) if names else None
    if coi is None:
        coi = _told_by_things(shipper, looked, desk)
        streams |= ledger.read_streams(desk.conn, [f"therapy:{coi}"]) if coi else {}
    therapy = fold(streams[f"therapy:{coi}"].entries, pathway=lambda d: office.pathway(desk.conn, d)) if coi else None
    if coi and therapy is None:
        raise unknown("therapy")
    if therapy is not None and not _concerns(therapy, looked, shipper, caller):
        raise unknown("therapy")
    pathway = office.pathway(desk.conn, therapy.pathway) if therapy else None
    return _Scene(streams, therapy, pathway, shipper)


def _told_by_things(shipper: Shipper | None, looked: Sequence[Looked], desk: Desk) -> str | None:
    """Return the one therapy that the shipper's contents or the patient's wristband speak of, or None."""
    inside = set(shipper.contents.values()) if shipper else set()
    if len(inside) == 1:
        return inside.pop()
    patients = [item.scan.subject for item in looked if item.scan.type == "patient" and item.scan.subject]
    therapies = queries.open_therapies_of(desk.conn, patients[0]) if patients else []
    return therapies[0] if len(therapies) == 1 else None


def _concerns(therapy: Therapy, looked: Sequence[Looked], shipper: Shipper | None, caller: Caller) -> bool:
    """A person may touch a therapy of the own organisations, or one whose things are in hand and were scanned."""
    in_hand = any(item.scan.therapy == therapy.coi for item in looked)
    inside = shipper is not None and therapy.coi in shipper.contents.values()
    return in_hand or inside or may_read(therapy, grants=caller.grants)


def _attempt(
    office: Office,
    request: StepRequest,
    row: StepKind,
    caller: Caller,
    scene: _Scene,
    looked: Sequence[Looked],
    desk: Desk,
) -> Attempt:
    values, faults = read_values(request.values or {}, declared=row.values)
    faults |= _reason_faults(request, scene.pathway)
    if faults:
        raise malformed("step.values", next(iter(faults.values()))[0], faults)
    scans = tuple(item.scan for item in looked)
    actor = _acting(row, caller, scene, scans)
    performed_by = _performers(request, desk)
    occurred = request.occurred_at.utcoffset() or timedelta()
    return Attempt(
        id=request.id,
        row=row,
        actor=actor,
        tense=request.tense,
        occurred_at=min(request.occurred_at, desk.at),
        offset=round(occurred.total_seconds() / 60),
        zone=request.zone,
        uncertainty=request.uncertainty,
        scans=scans,
        values=values,
        reason=request.reason,
        performed_by=performed_by,
        documents=tuple(request.documents),
        device=_device(office, request.device),
        addressee=_addressee(values.get("to"), desk) if "to" in values else None,
    )


def _reason_faults(request: StepRequest, pathway: Pathway | None) -> dict[str, list[str]]:
    if request.reason is None or (pathway is not None and request.reason in pathway.reasons):
        return {}
    known = ", ".join(sorted(pathway.reasons)) if pathway else "none without a therapy"
    return {"reason": [f"Expected a coded reason of the pathway: {known}."]}


def _acting(row: StepKind, caller: Caller, scene: _Scene, scans: Sequence[Any]) -> Actor:
    """Return for whom the person acts, or raise 403 when the person has none of the roles of the step."""
    containers = [scan.container or scan.subject for scan in scans if scan.type in ("container", "label")]
    shippers = [scan.subject for scan in scans if scan.type == "shipper"]
    if scene.therapy is not None and shippers:
        containers += scene.therapy.in_shipper(shippers[0])
    held = scene.shipper.custodian.organisation if scene.shipper and scene.shipper.custodian else None
    acting = acting_for(
        row, grants=caller.grants, preferred=preferred_organisations(scene.therapy, scanned=containers, shipper=held)
    )
    if acting is None:
        raise forbidden(
            f"{row.title} is for {', '.join(sorted(row.who)) or 'the system'}; you have none of these roles."
        )
    return Actor(caller.person, caller.grants, acting[0], acting[1].value)


def _performers(request: StepRequest, desk: Desk) -> tuple[str, ...]:
    """Return who performed it; asked steps are performed by the caller, so nobody can check in another's name."""
    if request.tense is Tense.ASKED or not request.performed_by:
        return ()
    known = people.organisations_of(desk.conn, request.performed_by)
    strangers = [person for person in request.performed_by if person not in known]
    if strangers:
        raise malformed(
            "step.performed_by",
            "Somebody named as performer is not known here.",
            {"performed_by": ["Expected people of this service."]},
        )
    return tuple(dict.fromkeys(request.performed_by))


def _addressee(code: str, desk: Desk) -> Addressee:
    if code in people.known_organisations(desk.conn, [code]):
        return Addressee(code, "organisation", code)
    homes = people.organisations_of(desk.conn, [code]).get(code)
    if not homes:
        raise malformed(
            "handoff.addressee",
            "The addressee is neither an organisation nor a person known here.",
            {"values.to": ["Expected the code of an organisation or a person."]},
        )
    return Addressee(code, "person", homes[0])


def _device(office: Office, device: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if device is None:
        return None
    return {"id": opaque_token(office.keys, scope="device", text=device["id"]), "seq": device["seq"]}


def _need_a_therapy(case: Case, outcome: Outcome) -> None:
    """A step about a therapy that could not be found and was not refused has nothing to be recorded on."""
    if case.therapy is None and outcome is not Outcome.REFUSED and case.kind != "shipper.charged":
        raise malformed(
            "step.therapy",
            "Name the therapy, or scan something that belongs to one.",
            {"therapy": ["It follows from none of the scans."]},
        )
