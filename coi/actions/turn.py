"""A turn at the door: what the log says of everything a request touches, and the attempt that it makes.

Nothing is decided here; what is malformed, not permitted or not there raises a `Fault` and nothing is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import labels
from coi.actions import labelcontent, labelwords
from coi.actions.appending import folded
from coi.actions.attempts import Desk
from coi.actions.faults import Fault, forbidden, malformed, unknown
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.scans import Looked
from coi.actions.sealing import Sealing, seal_values
from coi.actions.signing import signed
from coi.journey.attempt import Actor, Addressee, Attempt, Case, Signed
from coi.journey.authority import acting_for, may_read, preferred_organisations
from coi.journey.derive import consider
from coi.journey.donor import contradiction
from coi.journey.entry import Tense
from coi.journey.fold import fold_shipper
from coi.journey.pathway import Pathway
from coi.journey.steps import STEPS, StepKind
from coi.journey.therapy import Shipper, Therapy
from coi.journey.values import read_changed, read_values
from coi.record import codes, ledger, people, queries
from coi.record.vault import opaque_token

_OF_A_NUMBER = frozenset(
    {"donation", "other_bag", "unlisted"}
)  # a donation's number can be guessed: nothing is in hand


@dataclass(frozen=True, slots=True)
class Turn:
    """One request with its row, its caller, and the desk it is worked on."""

    office: Office
    request: StepRequest
    row: StepKind
    caller: Caller
    desk: Desk
    signed: tuple[Signed, ...] | None = None  # the signatures, where they were used already


@dataclass(frozen=True, slots=True)
class Scene:
    """What the log says of everything the step touches."""

    streams: Mapping[str, ledger.Stream]
    therapy: Therapy | None
    pathway: Pathway | None
    shipper: Shipper | None
    other_shipper: Shipper | None = None


def deciding_time(turn: Turn) -> datetime:
    """Return the time the verdict is for: the server's when asked, the told one (never in the future) when reported."""
    now, request = turn.desk.at, turn.request
    skew = request.occurred_at - now
    limit = timedelta(seconds=turn.office.max_skew_seconds)
    if request.tense is Tense.ASKED and abs(skew) > limit:
        seconds = abs(round(skew.total_seconds()))
        message = f"The time given is {seconds} s off the server's clock; set the device's clock or report it as past."
        raise malformed("time.skewed", message, {"occurred_at": [message]})
    if skew > limit:
        raise malformed("time.in_future", "What is reported must have happened already.",
                        {"occurred_at": ["Lies in the future."]})  # fmt: skip
    return now if request.tense is Tense.ASKED else min(request.occurred_at, now)


def scene_of(turn: Turn, looked: Sequence[Looked]) -> Scene:
    """Return what the log says of the therapy and the shipper; raises 404 for a therapy that is not the caller's."""
    shippers = list(dict.fromkeys(i.scan.subject for i in looked if i.scan.type == "shipper" and i.scan.subject))
    coi = turn.request.therapy or next((item.scan.therapy for item in looked if item.scan.therapy), None)
    streams = _read(turn, shippers[0] if shippers else None, coi)
    shipper = fold_shipper(streams[f"shipper:{shippers[0]}"].entries) if shippers else None
    if coi is None:
        coi = _told_by_things(turn, shipper, looked)
        streams |= _read(turn, None, coi if f"therapy:{coi}" not in streams else None)
    if coi is None:
        return Scene(streams, None, None, shipper)
    conn, office = turn.desk.conn, turn.office
    other = None
    if shippers[1:]:
        streams |= _read(turn, shippers[1], turn.request.therapy or coi)
        other = fold_shipper(streams[f"shipper:{shippers[1]}"].entries)
    therapy = folded(office, turn.desk, streams[f"therapy:{coi}"])
    if therapy is None or not _concerns(therapy, looked, shipper, turn.caller):
        raise unknown("therapy")
    return Scene(streams, therapy, office.pathway(conn, therapy.pathway), shipper, other)


def _read(turn: Turn, shipper: str | None, coi: str | None) -> dict[str, ledger.Stream]:
    if shipper and coi is None:
        return ledger.read_loaded(turn.desk.conn, shipper)
    wanted = [*([f"shipper:{shipper}"] if shipper else []), *([f"therapy:{coi}"] if coi else [])]
    return ledger.read_streams(turn.desk.conn, wanted) if wanted else {}


def _told_by_things(turn: Turn, shipper: Shipper | None, looked: Sequence[Looked]) -> str | None:
    """Return the one therapy that the named container, the shipper's contents or the wristband speak of, or None."""
    named = (turn.request.values or {}).get("container")
    container = queries.container(turn.desk.conn, named) if isinstance(named, str) else None
    if container is not None:
        return str(container["therapy"])
    inside = set(shipper.contents.values()) if shipper else set()
    if len(inside) == 1:
        return inside.pop()
    patients = [item.scan.subject for item in looked if item.scan.type == "patient" and item.scan.subject]
    therapies = queries.open_therapies_of(turn.desk.conn, patients[0]) if patients else []
    return therapies[0] if len(therapies) == 1 else None


def _concerns(therapy: Therapy, looked: Sequence[Looked], shipper: Shipper | None, caller: Caller) -> bool:
    """A person may touch a therapy of the own organisations, or one whose things are in hand and were scanned."""
    in_hand = any(item.scan.therapy == therapy.coi and item.scan.type not in _OF_A_NUMBER for item in looked)
    inside = shipper is not None and therapy.coi in shipper.contents.values()
    return in_hand or inside or may_read(therapy, grants=caller.grants)


def attempt_of(turn: Turn, scene: Scene, looked: Sequence[Looked]) -> tuple[Attempt, Sealing]:
    """Return the attempt that the request makes, and what of it goes to the vault.

    Raises 400 for its values, reason, people, documents or signatures, 403 without a role.
    """
    request = turn.request
    values, faults = read_values(request.values or {}, declared=turn.row.values)
    faults |= _read_corrected(values, scene.therapy)
    faults |= _reason_faults(request, scene.pathway)
    faults |= _document_faults(request, scene.therapy)
    faults |= _organisation_faults(turn.row, values, turn.desk)
    faults |= _witness_faults(values, turn.desk)
    faults |= _test_faults(values, scene.pathway) if turn.row.kind == "donor.tested" else {}
    if faults:
        raise malformed("step.values", next(iter(faults.values()))[0], faults)
    scans = tuple(item.scan for item in looked)
    offset = request.occurred_at.utcoffset() or timedelta()
    actor = _acting(turn, scene, looked)
    sealing = seal_values(turn.office, values, row=turn.row, attempt=request.id)
    attempt = Attempt(
        id=request.id, row=turn.row, actor=actor, tense=request.tense,
        occurred_at=min(request.occurred_at, turn.desk.at), offset=round(offset.total_seconds() / 60),
        zone=request.zone, uncertainty=request.uncertainty, scans=scans, values=sealing.values, reason=request.reason,
        performed_by=_performers(request, turn.desk), documents=tuple(request.documents),
        device=_device(turn.office, request.device),
        signed=signatures_of(turn) if turn.signed is None else turn.signed,
        addressee=_addressee(values["to"], turn.desk) if turn.row.kind == "handoff.offered" else None,
    )  # fmt: skip
    return attempt, sealing


def signatures_of(turn: Turn) -> tuple[Signed, ...]:
    """Return who signed, and use the signatures up: once for a step, however many therapies it is of."""
    request = turn.request
    return signed(turn.desk, request.signatures, attempt=request.id, digest=request.digest)


def case_of(turn: Turn, scene: Scene, attempt: Attempt, *, at: datetime) -> Case:
    """Return the attempt in its situation, with what no stream tells looked up where the step's rules ask for it."""
    conn, therapy, row = turn.desk.conn, scene.therapy, turn.row
    looked_up: dict[str, Any] = {"other_shipper": scene.other_shipper}
    if row.alerts and therapy is not None:
        looked_up["namesakes"] = codes.namesakes(conn, therapy.patient, site=therapy.site)
    if row.kind == "container.stored":
        places = [scan.subject for scan in attempt.scanned("location") if scan.subject]
        looked_up["taken"] = queries.taken_places(conn, places, site=attempt.actor.site)
    if therapy is not None and any(r.country for c in therapy.containers.values() for r in c.releases.values()):
        looked_up["country"] = people.country_of(conn, attempt.actor.site)
    case = consider(attempt, therapy=therapy, pathway=scene.pathway, shipper=scene.shipper, at=at, **looked_up)
    labelwords.looked_up(turn.office, conn, case)
    if row.kind == "label.issued":
        _refuse_what_cannot_be_printed(turn, case)
    return case


def _refuse_what_cannot_be_printed(turn: Turn, case: Case) -> None:
    """Raise 422 before a serial is used up for a label that lacks what the law asks for."""
    try:
        labelcontent.refuse_before_issue(turn.office, turn.desk.conn, case, at=turn.desk.at)
    except labels.LabelError as fault:
        raise Fault(422, "label.lacks_field", str(fault), {"template": [str(fault)]}) from fault


def _read_corrected(values: dict[str, Any], therapy: Therapy | None) -> dict[str, list[str]]:
    """Read the values of a correction in their place, by the fields of the step that it corrects; return the faults.

    The log holds no free text, and what it holds must be understood whenever a therapy is folded.
    """
    row = STEPS.get(therapy.kinds.get(values.get("entry", ""), "")) if therapy else None
    if row is None or "values" not in values:
        return {}
    values["values"], faults = read_changed(values["values"], declared=row.values)
    return {f"values.{path}": told for path, told in faults.items()}


def _document_faults(request: StepRequest, therapy: Therapy | None) -> dict[str, list[str]]:
    """What is named as a document was attached to the therapy before, so that nobody points to nothing."""
    attached = therapy.documents if therapy else {}
    missing = [sha256 for sha256 in request.documents if sha256 not in attached]
    return {"documents": [f"Attach {missing[0]} to this therapy first (POST /documents)."]} if missing else {}


_ORGANISATIONS = ("owner", "site", "to")


def _organisation_faults(row: StepKind, values: Mapping[str, Any], desk: Desk) -> dict[str, list[str]]:
    """An organisation that a step names is one of ours, so that nothing is sent to a code that was mistyped."""
    named = {values[name]: name for name in _ORGANISATIONS if name in values and row.kind != "handoff.offered"}
    strangers = named.keys() - people.known_organisations(desk.conn, named).keys() if named else ()
    return {f"values.{named[code]}": ["Expected the code of an organisation known here."] for code in strangers}


def _witness_faults(values: Mapping[str, Any], desk: Desk) -> dict[str, list[str]]:
    """A witness is somebody who is known here, so that the person can be asked."""
    witness = values.get("witness")
    known = witness is None or bool(people.organisations_of(desk.conn, [witness]))
    return {} if known else {"values.witness": ["Expected the code of a person known here."]}


def _test_faults(values: Mapping[str, Any], pathway: Pathway | None) -> dict[str, list[str]]:
    """A test result does not contradict itself and names agents that the pathway has a name for."""
    against = contradiction(values)
    if against is not None:
        return {"values.result": [against]}
    strangers = [agent for agent in values.get("reactive", ()) if pathway and agent not in pathway.agents]
    known = ", ".join(sorted(pathway.agents)) if pathway else ""
    return {"values.reactive": [f"Expected agents that the pathway names: {known}."]} if strangers else {}


def _reason_faults(request: StepRequest, pathway: Pathway | None) -> dict[str, list[str]]:
    if request.reason is None or (pathway is not None and request.reason in pathway.reasons):
        return {}
    known = ", ".join(sorted(pathway.reasons)) if pathway else "none without a therapy"
    return {"reason": [f"Expected a coded reason of the pathway: {known}."]}


def _acting(turn: Turn, scene: Scene, looked: Sequence[Looked]) -> Actor:
    """Return for whom the person acts, or raise 403 when the person has none of the roles of the step."""
    row, grants = turn.row, turn.caller.grants
    if row.treating and scene.therapy is not None:
        grants = {site: roles for site, roles in grants.items() if site == scene.therapy.site}
    things = [item.scan for item in looked]
    containers = [scan.container or scan.subject or "" for scan in things if scan.type in ("container", "label")]
    if scene.therapy is not None and scene.shipper is not None:
        containers += scene.therapy.in_shipper(scene.shipper.id)
    held = scene.shipper.custodian.organisation if scene.shipper and scene.shipper.custodian else None
    preferred = preferred_organisations(scene.therapy, scanned=containers, shipper=held)
    acting = acting_for(row, grants=grants, preferred=preferred)
    if acting is None:
        raise forbidden(f"{row.title} is for {', '.join(sorted(row.who))}; you have none of these roles.")
    return Actor(turn.caller.person, grants, acting[0], acting[1].value)


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
