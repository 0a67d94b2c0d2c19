"""Steps: the form of each kind is made from its row in the registry, and sent through the one door.

Whoever has to sign signs on the same screen (`coi.web.signatures`); what happened already is entered from its paper
(`coi.web.paper`). The attempt's id is made with the form, so a double click, a lost answer and a reload are answered
with what was recorded the first time. The page has no rule of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from coi.actions import asking, reads, steps
from coi.actions.faults import Fault, malformed, unknown
from coi.actions.scans import GivenScan
from coi.journey.corrections import CORRECTING
from coi.journey.steps import STEPS, Scan, StepKind
from coi.web import building, here, paper, signatures, themes
from coi.web.access import EVERYONE, open_to
from coi.web.answers import onward, outcome_of
from coi.web.choices import Choices, Option, choices_for
from coi.web.fields import Input, input_of
from coi.web.given import as_field, attempt_id, of_role, scans_of, step_request
from coi.web.paper import Form

pages = Blueprint("steps", __name__)
NO_FORM: Form = MultiDict()


@dataclass(frozen=True, slots=True)
class ScanInput:
    """One role to be scanned: the row's wish, what was scanned already, and what is wrong with it."""

    wish: Scan
    shown: Sequence[tuple[GivenScan, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepForm:
    """The form of one attempt at one step."""

    row: StepKind
    id: str
    therapy: str | None
    scans: Sequence[ScanInput]
    inputs: Sequence[Input]
    reasons: Sequence[Option]
    reason: str
    note: str
    errors: Mapping[str, Sequence[str]]
    signatures: Sequence[signatures.Block]
    sheet: paper.Sheet | None  # what is asked of a step that is entered from paper
    also_of: str  # the entry whose later entries are offered to be annulled with it

    @property
    def people(self) -> Sequence[str]:
        """Return the people who may be picked as those who did it, where it is asked."""
        return self.signatures[-1].people if self.sheet and self.signatures else ()

    @property
    def waiting(self) -> str | None:
        """Return the role that the page waits for: one that is needed, or will do, or takes several, or has room."""
        room = [scan for scan in self.scans if len(scan.shown) < scan.wish.maximum]
        needed = [scan for scan in room if len(scan.shown) < scan.wish.minimum]
        will_do = [scan for scan in room if scan.wish.role in self.row.one_of]
        several = [scan for scan in room if scan.wish.maximum > 1]
        waits = next((scan.wish.role.value for scan in (*needed, *will_do, *several, *room)), None)
        return waits if self.sheet is None else None  # a paper begins with its date


@pages.get("/steps")
@open_to(EVERYONE)
def index() -> ResponseReturnValue:
    """List every step that the person's roles allow somewhere."""
    visitor = here.visitor()
    roles = visitor.roles if visitor else frozenset()
    rows = [row for row in STEPS.values() if row.route == "steps" and row.who & roles]
    return render_template("steps.html", groups=themes.grouped(rows, kind=lambda row: row.kind))


@pages.get("/steps/<kind>")
@open_to(EVERYONE)
def page(kind: str) -> ResponseReturnValue:
    """Show the empty form; ids in the address (a therapy, a handoff, an entry) are filled in; `paper`: it is past."""
    elsewhere = _elsewhere(kind)
    if elsewhere is not None:
        return elsewhere
    row = _row(kind)
    named = [(f"value.{field.name}", request.args[field.name]) for field in row.values if field.name in request.args]
    kept = [(name, request.args[name]) for name in ("therapy", "paper") if name in request.args]
    return _show(row, MultiDict([*kept, *named]))


def _elsewhere(kind: str) -> ResponseReturnValue | None:
    if kind == "therapy.enrolled":
        return redirect(url_for("web.enrolling.page"), 303)
    container = request.args.get("container")
    return redirect(url_for("web.labelling.page", id_=container), 303) if kind == "label.issued" and container else None


def _row(kind: str) -> StepKind:
    row = STEPS.get(kind)
    if row is None or row.route != "steps":
        raise unknown("step")
    return row


@pages.post("/steps/<kind>/form")
@open_to(EVERYONE)
def reopen(kind: str) -> ResponseReturnValue:
    """Show the form with what was scanned before it, or with a picture read into it."""
    row = _row(kind)
    form = request.form.copy()
    try:
        _add_pictures(form)
    except Fault as fault:
        return _show(row, form, fault=fault)
    return _show(row, form)


def _add_pictures(form: MultiDict[str, str]) -> None:
    for name, picture in request.files.items():
        if name.startswith("picture.") and picture.filename:
            role = name.removeprefix("picture.")
            for reading in asking.read_picture(here.office(), picture=picture.read(), caller=here.caller()):
                form.add("scan", as_field(GivenScan(role, reading["text"], "camera", reading["token"])))


@pages.post("/steps/<kind>")
@open_to(EVERYONE)
def take(kind: str) -> ResponseReturnValue:
    """Take the step and show what came of it."""
    row = _row(kind)
    try:
        request_ = step_request(row, request.form)
        signed = replace(request_, signatures=signatures.tokens(row, request.form, request_))
        outcome = outcome_of(steps.take(here.office(), signed, caller=here.caller()))
    except Fault as fault:
        return _show(row, request.form, fault=fault)
    coi = outcome.therapy or request_.therapy
    shown = render_template("outcome.html", row=row, outcome=outcome, coi=coi, onward=onward(coi))
    return shown, outcome.status


def _show(row: StepKind, form: Form, *, fault: Fault | None = None) -> ResponseReturnValue:
    try:
        made = form_of(row, form, errors=fault.errors if fault else {})
    except Fault as worse:  # what was sent cannot even be shown again
        fault, made = worse, form_of(row, NO_FORM, errors={})
    return render_template("step.html", form=made, fault=fault), fault.status if fault else 200


def form_of(row: StepKind, form: Form, *, errors: Mapping[str, Sequence[str]]) -> StepForm:
    """Return the form of `row`, holding what `form` holds; raises Fault when that cannot be read."""
    coi = form.get("therapy", "").strip() or None
    sent = "id" in form
    therapy = reads.therapy(here.office(), coi, caller=here.caller()) if coi else None
    choices = _choices(row, form, therapy)
    return StepForm(
        row=row, id=attempt_id(form) if sent else str(uuid4()), therapy=coi, scans=_scan_inputs(row, form),
        inputs=_inputs(row, form, sent=sent, choices=choices, errors=errors), reasons=choices.reasons,
        reason=form.get("reason", ""), note=form.get("note", ""), errors=errors,
        signatures=signatures.blocks(row, form, therapy=therapy, errors=errors),
        sheet=paper.sheet(form, therapy=therapy) if paper.is_told(row, form) else None,
        also_of=form.get("value.entry", ""),
    )  # fmt: skip


def _choices(row: StepKind, form: Form, therapy: Mapping[str, Any] | None) -> Choices:
    found = choices_for(therapy, pathways=reads.pathways(here.office()), organisations=here.organisations().values())
    if therapy is None or row.kind not in CORRECTING:
        return found
    named = building.entries_to_choose(therapy["coi"], target=form.get("value.entry", "").strip())
    return replace(found, of_name={**found.of_name, **named})


def _scan_inputs(row: StepKind, form: Form) -> list[ScanInput]:
    scans = scans_of(form)
    strange = {scan.role for scan in scans} - {wish.role.value for wish in row.scans}
    if strange:
        raise malformed("form.scan", f"{row.title} takes no such scan; open its form again.")
    return [ScanInput(wish, [(scan, as_field(scan)) for scan in of_role(scans, wish.role.value)]) for wish in row.scans]


def _inputs(
    row: StepKind, form: Form, *, sent: bool, choices: Choices, errors: Mapping[str, Sequence[str]]
) -> list[Input]:
    def given(name: str) -> Sequence[str] | None:
        if name == "value.also" and form.get("also_of", "") != form.get("value.entry", ""):
            return [option.value for option in choices.of_name.get("also", ())]  # all of them, or the annulment fails
        return form.getlist(name) if sent or name in form else None

    return [
        input_of(
            field, given=given(f"value.{field.name}"), choices=choices, errors=errors.get(f"values.{field.name}", ())
        )
        for field in row.values
        if choices.of_name.get(field.name) != ()  # it is known that there is nothing to say
    ]


def sentences(errors: Mapping[str, Any], prefix: str) -> list[str]:
    """Return the sentences about everything under `prefix`, for the input they belong to."""
    return [text for path, several in errors.items() if path.split(".")[0] == prefix for text in several]
