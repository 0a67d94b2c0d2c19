"""Enrolment: a patient and a pathway become a therapy with its COI id. The form is checked here, its meaning behind."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from coi.actions import reads, therapies
from coi.actions.attempts import body_digest
from coi.actions.faults import Fault, malformed
from coi.actions.therapies import EnrolRequest, Identifier, Patient
from coi.journey.entry import from_instant
from coi.journey.steps import STEPS
from coi.journey.values import CODE, BadValue, Moment
from coi.web import here
from coi.web.access import open_to
from coi.web.answers import onward, outcome_of
from coi.web.choices import IDENTIFIER_KINDS
from coi.web.fields import value_of
from coi.web.given import attempt_id, text_of
from coi.web.paper import Form

pages = Blueprint("enrolling", __name__)
ROW = STEPS["therapy.enrolled"]
OWN_KINDS = {
    "order": "Order number",
    "study": "Study subject number",
    "sec": "Single European code",
    "other": "Other number",
}
NATIVE = ("native_family", "native_given")
LONGEST = 200
_COI = re.compile(r"COI-[2-9A-HJ-NP-Z]{13}")
EARLIEST = date(1880, 1, 1)
Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the form offers: the pathway that was chosen and what can be picked for it."""

    id: str
    pathway: Mapping[str, Any] | None
    pathways: Sequence[Mapping[str, Any]]
    sites: Sequence[Mapping[str, Any]]
    own_sites: Sequence[Mapping[str, Any]]


@pages.get("/enrol")
@open_to(ROW.who)
def page() -> ResponseReturnValue:
    """Show the pathways, or the form for the one that was chosen."""
    return _show(request.args)


def _show(form: Form, fault: Fault | None = None) -> ResponseReturnValue:
    errors, status = (fault.errors, fault.status) if fault else ({}, 200)
    open_one = _COI.search(fault.message) if fault and fault.code == "therapy.open" else None
    shown = render_template(
        "enrol.html",
        sheet=_sheet(form),
        form=form,
        fault=fault,
        errors=errors,
        kinds=IDENTIFIER_KINDS,
        own_kinds=OWN_KINDS,
        open_one=open_one[0] if open_one else "",
    )
    return shown, status


def _sheet(form: Form) -> Sheet:
    newest = {row["name"]: row for row in reversed(reads.pathways(here.office()))}
    own = {site for site, roles in here.caller().grants.items() if roles & ROW.who}
    sites = [row for row in here.organisations().values() if row["kind"] == "site"]
    only = next(iter(newest)) if len(newest) == 1 else ""
    return Sheet(
        id=form.get("id") or str(uuid4()),
        pathway=newest.get(form.get("pathway", only)),
        pathways=sorted(newest.values(), key=lambda row: row["name"]),
        sites=sites,
        own_sites=[row for row in sites if row["code"] in own],
    )


@pages.post("/enrol")
@open_to(ROW.who)
def enrol() -> ResponseReturnValue:
    """Enrol and show the COI id, or the form again with what is wrong."""
    try:
        asked = enrol_request(request.form)
        outcome = outcome_of(therapies.enrol(here.office(), asked, caller=here.caller()))
    except Fault as fault:
        return _show(request.form, fault)
    coi = outcome.therapy
    return render_template("outcome.html", row=ROW, outcome=outcome, coi=coi, onward=onward(coi)), outcome.status


def enrol_request(form: Form) -> EnrolRequest:
    """Return the enrolment that `form` asks for; raises Fault 400 with a sentence for every input that is wrong."""
    errors: Errors = {}
    native = {name: _name(form, name, errors) for name in NATIVE if text_of(form, name)}
    patient = Patient(_name(form, "family", errors), _name(form, "given", errors), _born(form, errors),
                      list(_identifiers(form, "identifier", errors)), **native)  # fmt: skip
    if not patient.identifiers:
        errors.setdefault("patient.identifiers", ["Give at least one number that the patient is known by."])
    own, plan = list(_identifiers(form, "own", errors)), _plan(form, errors)
    if errors:
        raise malformed("enrol.malformed", next(iter(errors.values()))[0], errors)
    said = {name: text_of(form, name) for name in ("repeat_of", "reason")}
    pathway, site = form.get("pathway", ""), form.get("site", "")
    body = {
        "pathway": pathway, "site": site, "plan": _plain(plan), **said,
        "identifiers": [item.as_text() for item in own],
        "patient": [patient.family, patient.given, patient.born, *(item.as_text() for item in patient.identifiers)],
        "native": native,
    }  # fmt: skip
    return EnrolRequest(id=attempt_id(form), digest=body_digest(body), pathway=pathway, site=site, patient=patient,
                        identifiers=own, plan=plan or None, **said)  # fmt: skip


def _name(form: Form, name: str, errors: Errors) -> str:
    text = form.get(name, "").strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        errors[f"patient.{name}"] = [f"Expected a name of 1 to {LONGEST} printable characters."]
    return text


def _born(form: Form, errors: Errors) -> str:
    text = form.get("born", "").strip()
    try:
        found = date.fromisoformat(text)
        if len(text) == len("YYYY-MM-DD") and EARLIEST <= found <= here.now().date():
            return text
    except ValueError:
        pass
    errors["patient.born"] = ["Expected the date of birth as YYYY-MM-DD, not in the future."]
    return text


def _identifiers(form: Form, prefix: str, errors: Errors) -> Iterator[Identifier]:
    columns = [form.getlist(f"{prefix}.{part}") for part in ("issuer", "kind", "value")]
    for issuer, kind, given in zip(*columns, strict=False):
        value = given.strip()
        if value and (
            len(value) > LONGEST or not value.isprintable() or not CODE.fullmatch(issuer) or not CODE.fullmatch(kind)
        ):
            where = "patient.identifiers" if prefix == "identifier" else "identifiers"
            errors[where] = ["Expected an issuer, a kind and a number of printable characters."]
        elif value:
            yield Identifier(issuer, kind, value)


def _plan(form: Form, errors: Errors) -> dict[str, dict[str, Any]]:
    """Return the expected time and site of each stage that the form has one for."""
    plan: dict[str, dict[str, Any]] = {}
    for name in [name for name in form if name.startswith("plan.") and form[name].strip()]:
        stage, _, part = name.removeprefix("plan.").rpartition(".")
        if part == "at":
            plan.setdefault(stage, {})["at"] = _moment(form[name], errors)
        elif part == "site":
            plan.setdefault(stage, {})["site"] = form[name]
    return plan


def _plain(plan: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    return {stage: {part: str(said) for part, said in told.items()} for stage, told in plan.items()}


def _moment(text: str, errors: Errors) -> datetime | None:
    field = Moment(name="at", text="")
    try:
        return from_instant(field.read(value_of(field, [text], zone=here.zone())))
    except BadValue as fault:
        errors["plan"] = [str(fault)]
        return None
