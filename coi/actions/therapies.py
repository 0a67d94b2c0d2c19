"""Enrolment: a patient is found or made known, a therapy gets its COI id, and the journey has its first entry.

* The patient is known by identifiers within their issuer; two identifiers of two patients are refused, and so is an
  identifier that is known with another birth date.
* A patient with an open therapy gets a second one only when it says which it repeats, and why.
* Names, birth date and identifiers go to the vault; the entry holds the patient's and the therapy's own ids and
  commitments.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from coi.actions.appending import append, system_fields
from coi.actions.attempts import CREATED, Answer, Desk, Recorded, once
from coi.actions.canonical import DONATION, identifier
from coi.actions.faults import Fault, forbidden, malformed
from coi.actions.identifiers import details_of, remember_name
from coi.actions.office import Office
from coi.actions.recording import answered
from coi.actions.steps import Caller
from coi.journey.attempt import Actor
from coi.journey.entry import instant
from coi.journey.identity import RefType
from coi.journey.pathway import Pathway
from coi.journey.steps import STEPS
from coi.record import codes, people, queries, sealed
from coi.record.ledger import NO_ENTRIES, Draft

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number that somebody issued: a hospital number, an order number, a study subject id."""

    issuer: str
    kind: str
    value: str

    def as_text(self) -> str:
        """Return the identifier as one text for the vault."""
        return json.dumps({"issuer": self.issuer, "kind": self.kind, "value": self.value}, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as the enrolment form names them; `born` is YYYY-MM-DD."""

    family: str
    given: str
    born: str
    identifiers: Sequence[Identifier]
    native_family: str | None = None
    native_given: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolRequest:
    """An enrolment as a client sends it; its form was checked at the edge."""

    id: str
    digest: str
    pathway: str
    site: str
    patient: Patient
    identifiers: Sequence[Identifier] = ()
    plan: Mapping[str, Mapping[str, Any]] | None = None
    repeat_of: str | None = None
    reason: str | None = None


def enrol(office: Office, request: EnrolRequest, *, caller: Caller) -> Answer:
    """Enrol a therapy and return what is answered; the answer names its COI id as `therapy`.

    Raises Fault: 400 for an unknown pathway, site, stage or reason, 403 without the role at the site, 409 when the
    patient has an open therapy, or an identifier is another patient's or another therapy's.
    """
    return once(office, attempt=request.id, person=caller.person, digest=request.digest,
                work=lambda desk: _work(office, request, caller, desk))  # fmt: skip


def _work(office: Office, request: EnrolRequest, caller: Caller, desk: Desk) -> Recorded:
    actor, request = _acting(request, caller), _in_one_form(office, request)
    digest, pathway = _pathway(office, request, desk.conn)
    plan = _plan(request, pathway, desk.conn)
    patient, known = _patient(office, request, desk)
    _refuse_second_therapy(request, patient, caller, desk.conn)
    coi = office.mint(RefType.THERAPY)
    commitments = _keep_identifiers(office, request, coi, desk.conn)
    fields = system_fields(office, desk, kind="therapy.enrolled", attempt=request.id, therapy=coi) | {
        "id": request.id, "tense": "asked", "occurred_at": desk.at, "actor": actor.as_json(), "reason": request.reason,
        "values": {
            "pathway": digest, "pathway_name": pathway.name, "pathway_version": pathway.version, "site": request.site,
            "patient": patient, "known": known, "identifiers": commitments, "plan": plan,
            "repeat_of": request.repeat_of,
        },
    }  # fmt: skip
    stream = f"therapy:{coi}"
    written = append(office, desk, [Draft(stream, fields)], {stream: NO_ENTRIES})
    return answered(CREATED, written, [], extra={"therapy": coi})


def _in_one_form(office: Office, request: EnrolRequest) -> EnrolRequest:
    """Return the request with every identifier as it is kept, however it was scanned or typed."""

    def kept(items: Sequence[Identifier]) -> list[Identifier]:
        return [replace(item, value=identifier(office, kind=item.kind, value=item.value)) for item in items]

    patient = replace(request.patient, identifiers=kept(request.patient.identifiers))
    return replace(request, patient=patient, identifiers=kept(request.identifiers))


def _acting(request: EnrolRequest, caller: Caller) -> Actor:
    row = STEPS["therapy.enrolled"]
    roles = caller.grants.get(request.site, frozenset()) & row.who
    if not roles:
        raise forbidden(f"Enrolling at {request.site} is for {', '.join(sorted(row.who))} of that site.")
    return Actor(caller.person, caller.grants, request.site, min(roles).value)


def _pathway(office: Office, request: EnrolRequest, conn: Connection) -> tuple[str, Pathway]:
    digest = queries.pathway_named(conn, request.pathway)
    if digest is None:
        known = ", ".join(sorted({row["name"] for row in queries.pathways(conn)}))
        raise malformed("therapy.pathway", f"This pathway is not published here; expected one of {known}.",
                        {"pathway": [f"Expected one of {known}."]})  # fmt: skip
    pathway = office.pathway(conn, digest)
    if request.reason is not None and request.reason not in pathway.reasons:
        known = ", ".join(sorted(pathway.reasons))
        raise malformed("therapy.reason", "The reason is not one of the pathway's.", {"reason": [f"Expected {known}."]})
    if people.known_organisations(conn, [request.site]).get(request.site) != "site":
        raise malformed("therapy.site", "The treating site is not known here.", {"site": ["Expected a known site."]})
    return digest, pathway


def _plan(request: EnrolRequest, pathway: Pathway, conn: Connection) -> dict[str, dict[str, str | None]]:
    plan = {}
    stages = {stage.id for stage in pathway.stages}
    sites = {site for told in (request.plan or {}).values() if (site := told.get("site"))}
    strangers = sites - people.known_organisations(conn, sites).keys() if sites else set()
    for stage, told in (request.plan or {}).items():
        if stage not in stages or told.get("site") in strangers:
            expected = f"Expected stages {', '.join(sorted(stages))} at known sites."
            raise malformed("therapy.plan", f"The plan names a stage or a site that is not known. {expected}",
                            {"plan": [expected]})  # fmt: skip
        at = told.get("at")
        plan[stage] = {"at": instant(at) if at else None, "site": told.get("site")}
    return plan


def _patient(office: Office, request: EnrolRequest, desk: Desk) -> tuple[str, Json]:
    """Return the patient's id, the one that an identifier names already or a new one, and what the entry keeps of it:

    the commitments to the details and identifiers that were not known before.
    """
    given = {(_token(office, item), item.issuer): item for item in request.patient.identifiers}
    named = {
        (token, issuer): subject
        for token, issuer, subject in codes.identifiers_of(desk.conn, {token for token, _ in given})
        if (token, issuer) in given
    }
    patients = set(named.values())
    if len(patients) > 1:
        raise Fault(409, "patient.two", "The identifiers belong to two different patients; check each of them.",
                    {"patient.identifiers": ["Expected identifiers of one patient."]})  # fmt: skip
    patient = patients.pop() if patients else office.mint(RefType.PATIENT)
    if named:
        _refuse_other_birth_date(office, request, patient, desk.conn)
    fresh = {key: item for key, item in given.items() if key not in named}
    return patient, _make_known(office, request, patient, fresh, new=not named, conn=desk.conn)


def _token(office: Office, identifier: Identifier) -> str:
    return codes.foreign_token(office.keys, text=identifier.value, scope="patient")


def _refuse_other_birth_date(office: Office, request: EnrolRequest, patient: str, conn: Connection) -> None:
    known = details_of(sealed.read(conn, [patient], keys=office.keys).get(patient, {}))
    if known.get("born") not in (None, request.patient.born):
        raise Fault(409, "patient.differs", "This identifier is known with another birth date; check who this is.",
                    {"patient.born": ["Differs from the birth date that is known for this identifier."]})  # fmt: skip


def _make_known(
    office: Office,
    request: EnrolRequest,
    patient: str,
    identifiers: Mapping[tuple[str, str], Identifier],
    *,
    new: bool,
    conn: Connection,
) -> Json:
    form = request.patient
    details = {"family": form.family, "given": form.given, "born": form.born,
               "native_family": form.native_family, "native_given": form.native_given}  # fmt: skip
    called = [sealed.secret(subject=patient, name=name, text=text) for name, text in details.items() if text and new]
    numbers = [sealed.secret(subject=patient, name=f"identifier.{token}.{issuer}", text=item.as_text())
               for (token, issuer), item in identifiers.items()]  # fmt: skip
    sealed.keep(conn, [*called, *numbers], keys=office.keys)
    rows = [{"token": token, "subject": patient, "type": "patient", "issuer": issuer} for token, issuer in identifiers]
    codes.register(conn, [*([{"token": patient, "subject": patient, "type": "patient"}] if new else []), *rows])
    remember_name(office, conn, patient, site=request.site)
    return {"details": {one.name: one.commitment for one in called}, "identifiers": [one.commitment for one in numbers]}


def _refuse_second_therapy(request: EnrolRequest, patient: str, caller: Caller, conn: Connection) -> None:
    """A patient has one open therapy, unless the next one says which it repeats and why."""
    open_ones = queries.open_therapies_of(conn, patient)
    if request.repeat_of is not None and not queries.is_therapy_of(conn, request.repeat_of, patient=patient):
        raise malformed("therapy.repeat_of", "The therapy to be repeated is not one of this patient's.",
                        {"repeat_of": ["Expected a COI id of the same patient."]})  # fmt: skip
    if open_ones and not (request.repeat_of and request.reason):
        visible = [coi for coi in open_ones if queries.may_see(conn, coi, caller.grants)]
        name = visible[0] if visible else "a therapy at another site"
        message = f"This patient has an open therapy already: {name}. For another, name it in repeat_of with a reason."
        raise Fault(409, "therapy.open", message, {"repeat_of": [f"Expected {name} and a reason."]})


def _keep_identifiers(office: Office, request: EnrolRequest, coi: str, conn: Connection) -> list[dict[str, str]]:
    """Put the therapy's identifiers into the crosswalk and the vault; return what the entry keeps of them."""
    rows: list[dict[str, str | None]] = [{"token": coi, "subject": coi, "type": "therapy", "therapy": coi}]
    secrets = []
    given = {codes.foreign_token(office.keys, text=item.value, scope=f"therapy/{item.issuer}/{item.kind}"): item
             for item in request.identifiers}  # fmt: skip
    for number, (token, item) in enumerate(given.items()):
        row = {"subject": coi, "type": "therapy", "issuer": item.issuer, "therapy": coi}
        rows.append({"token": token, **row})
        if item.kind == DONATION:
            donation = codes.foreign_token(office.keys, text=item.value, scope="donation")
            rows.append({**row, "token": donation, "type": "donation"})
        secrets.append(sealed.secret(subject=coi, name=f"identifier.{number}", text=item.as_text()))
    taken = codes.resolve(conn, [str(row["token"]) for row in rows[1:]]) if len(rows) > 1 else {}
    if taken:
        raise Fault(409, "crosswalk.taken", "An identifier of this therapy is another therapy's already; check it.",
                    {"identifiers": ["Expected identifiers that no other therapy has."]})  # fmt: skip
    codes.register(conn, rows)
    sealed.keep(conn, secrets, keys=office.keys)
    pairs = zip(given.values(), secrets, strict=True)
    return [{"kind": item.kind, "commitment": secret.commitment} for item, secret in pairs]
