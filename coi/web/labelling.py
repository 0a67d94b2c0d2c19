"""Labels: issue one for a container, send it to a printer, and scan it back from where it was stuck."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

import labels as layouts
from coi.actions import labels, printers, printing, reads
from coi.actions.attempts import body_digest
from coi.actions.faults import Fault, unknown
from coi.actions.labels import LabelRequest
from coi.actions.printing import PrintRequest
from coi.actions.requests import StepRequest
from coi.journey.accounting import GONE
from coi.journey.steps import STEPS, Meaning, Signing
from coi.journey.values import Choice
from coi.web import here, signatures
from coi.web.access import EVERYONE, PUBLIC, open_to
from coi.web.answers import Outcome, outcome_of
from coi.web.choices import choices_for
from coi.web.given import attempt_id, text_of

pages = Blueprint("labelling", __name__)
ROW = STEPS["label.issued"]
FORMS = {"png": "image/png", "pdf": "application/pdf", "zpl": "text/plain; charset=utf-8",
         "zpl-native": "text/plain; charset=utf-8"}  # fmt: skip
SCREEN_DPI = 300
MAY_PRINT = frozenset(ROW.who)
POSITIONS = next(one.options for one in ROW.values if isinstance(one, Choice) and one.name == "position")
SORTS = {position: [one for one in layouts.TEMPLATES.values() if position in one.positions] for position in POSITIONS}
USUAL = ("container-100x100", "bag")
SUGGESTED = {"dose": ("product-100x75", "bag"), "qc_sample": ("tube-50x25", "tube"),
             "retention": ("retention-60x40", "tube")}  # fmt: skip
"""Which label is suggested for a container of a purpose, else the usual one."""
SIGNED = replace(ROW, signatures=(Signing(Meaning.VERIFIED),))
"""The step as it is where another person signs each further copy."""


@pages.get("/containers/<id_>/label")
@open_to(EVERYONE)
def page(id_: str) -> ResponseReturnValue:
    """Show the container's labels, the newest large, and the form for another one."""
    return _show(id_)


def _show(id_: str, *, fault: Fault | None = None, outcome: Outcome | None = None) -> ResponseReturnValue:
    container = reads.container(here.office(), id_, caller=here.caller())
    therapy = reads.therapy(here.office(), container["therapy"], caller=here.caller())
    usable = [label for label in container["labels"] if label["state"] not in GONE]
    signed = signatures.blocks(SIGNED, request.form, therapy=therapy, errors=fault.errors if fault else {})
    status = fault.status if fault else outcome.status if outcome and outcome.tone == "refused" else 200
    return render_template(
        "label.html", container=container, label=usable[-1] if usable else None, templates=layouts.TEMPLATES,
        sorts=SORTS, suggested=SUGGESTED.get(container["purpose"], USUAL),
        reasons=choices_for(therapy, pathways=reads.pathways(here.office()), organisations=()).reasons,
        id=str(uuid4()), scan_id=str(uuid4()), print_id=str(uuid4()), fault=fault, outcome=outcome, row=ROW,
        printers=printers.known(here.office(), caller=here.caller()),
        signed=[replace(one, needed=False) for one in signed] if _is_signed(therapy, container) else (),
        law=_law_of(usable[-1]) if usable else None,
    ), status  # fmt: skip


def _is_signed(therapy: Mapping[str, Any], container: Mapping[str, Any]) -> bool:
    """Tell whether a further label of this container may be one that another person signs."""
    return bool(therapy["pathway"]["second_person"] and container["labels"])


def _law_of(label: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return why a label of ours says what it says, None for one of which nothing can be said by the law in force."""
    if label["template"] not in layouts.TEMPLATES:
        return None  # another maker's
    try:
        return labels.about(here.office(), label["serial"], caller=here.caller())
    except Fault:
        return None


@pages.post("/containers/<id_>/label")
@open_to(MAY_PRINT)
def issue(id_: str) -> ResponseReturnValue:
    """Issue a label and go to its page, or say why not."""
    try:
        answer = labels.issue(here.office(), _signed(_label_request(id_)), caller=here.caller())
    except Fault as fault:
        return _show(id_, fault=fault)
    outcome = outcome_of(answer)
    if outcome.tone == "done":
        return redirect(url_for("web.labelling.page", id_=id_), 303)
    return _show(id_, outcome=outcome)


def _label_request(id_: str) -> LabelRequest:
    template, _, position = request.form.get("sort", "").partition("/")
    said: dict[str, Any] = {
        "container": id_, "template": template, "position": position, "reason": text_of(request.form, "reason"),
    }  # fmt: skip
    form = request.form
    return LabelRequest(id=attempt_id(form), digest=body_digest({"kind": ROW.kind, **said}), **said)


def _signed(asked: LabelRequest) -> LabelRequest:
    """Return the request with the signature of the second person, where the form has one."""
    if not request.form.get("sign.0.person", "").strip():
        return asked
    step = StepRequest(id=asked.id, kind=ROW.kind, occurred_at=here.now(), digest=asked.digest)
    return replace(asked, signatures=signatures.tokens(SIGNED, request.form, step))


@pages.post("/labels/<serial>/print")
@open_to(MAY_PRINT)
def send(serial: str) -> ResponseReturnValue:
    """Send the label to a printer and go to its page, where what is known of the job stands; or say why not."""
    id_, printer = request.form.get("container", ""), request.form.get("printer", "")
    said = {"label": serial, "printer": printer}
    asked = PrintRequest(id=attempt_id(request.form), digest=body_digest({"kind": "label.sent", **said}), **said)
    try:
        printed = printing.print_label(here.office(), asked, caller=here.caller())
    except Fault as fault:
        return _show(id_, fault=fault)
    outcome = outcome_of(printed.answer)
    if outcome.tone == "done":
        return redirect(url_for("web.labelling.page", id_=id_), 303)
    return _show(id_, outcome=outcome)


@pages.get("/labels/<serial>.<form>")
@open_to(EVERYONE)
def picture(serial: str, form: str) -> ResponseReturnValue:
    """Return the label as a picture, as a page, or in the printer's language."""
    if form not in FORMS:
        raise unknown("form of a label")
    dpi = request.args.get("dpi", SCREEN_DPI, type=int)
    data = labels.render(here.office(), serial, form=form, dpi=dpi, caller=here.caller())
    return Response(data, mimetype=None, content_type=FORMS[form])


@pages.get("/labels/<serial>/print")
@open_to(EVERYONE)
def sheet(serial: str) -> ResponseReturnValue:
    """Show nothing but the label, on a page of its own size, for the browser's print dialogue."""
    template = request.args.get("template", "")
    return render_template("print.html", serial=serial, template=template, size=_size(template))


@pages.get("/labels/<template>.css")
@open_to(PUBLIC)
def paper(template: str) -> ResponseReturnValue:
    """Return the style that gives the printed page the size of the label template."""
    width, height = _size(template)
    style = (
        f"@page {{ size: {width:g}mm {height:g}mm; margin: 0 }} .exact {{ width: {width:g}mm; height: {height:g}mm }}"
    )
    return Response(style, content_type="text/css; charset=utf-8")


def _size(template: str) -> tuple[float, float]:
    """Return width and height of a template in millimetres."""
    found: Mapping[str, Any] = layouts.TEMPLATES
    if template not in found:
        raise unknown("label template")
    return found[template].width, found[template].height
