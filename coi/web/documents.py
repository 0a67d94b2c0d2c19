"""Documents: what belongs to a therapy as files, and the page on which one is attached or photographed."""

from uuid import uuid4

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from coi.actions import documents, reads
from coi.actions.documents import AttachRequest
from coi.actions.faults import Fault, malformed
from coi.journey.steps import STEPS
from coi.journey.values import Choice
from coi.web import here
from coi.web.access import EVERYONE, open_to
from coi.web.answers import Outcome, outcome_of
from coi.web.given import attempt_id, text_of

pages = Blueprint("documents", __name__)
ROW = STEPS["document.attached"]
KINDS = next(field.options for field in ROW.values if isinstance(field, Choice))


@pages.get("/therapies/<coi>/documents")
@open_to(EVERYONE)
def page(coi: str) -> ResponseReturnValue:
    """Show the therapy's documents and the form for another one."""
    return _show(coi)


def _show(coi: str, *, fault: Fault | None = None, outcome: Outcome | None = None) -> ResponseReturnValue:
    therapy = reads.therapy(here.office(), coi, caller=here.caller())
    status = fault.status if fault else outcome.status if outcome else 200
    return render_template("documents.html", therapy=therapy, kinds=KINDS, id=str(uuid4()), fault=fault,
                           outcome=outcome, able=_may_attach()), status  # fmt: skip


def _may_attach() -> bool:
    visitor = here.visitor()
    return visitor is not None and bool(visitor.roles & ROW.who)


@pages.post("/therapies/<coi>/documents")
@open_to(ROW.who)
def attach(coi: str) -> ResponseReturnValue:
    """Attach the chosen file, or say why not."""
    try:
        outcome = outcome_of(documents.attach(here.office(), _asked(coi), caller=here.caller()))
    except Fault as fault:
        return _show(coi, fault=fault)
    if outcome.tone == "done":
        return redirect(url_for("web.documents.page", coi=coi), 303)
    return _show(coi, outcome=outcome)


def _asked(coi: str) -> AttachRequest:
    file = request.files.get("file")
    if file is None or not file.filename:
        message = "Choose a file or take a picture first."
        raise malformed("document.file", message, {"file": [message]})
    form = request.form
    return AttachRequest(
        id=attempt_id(form), therapy=coi, kind=form.get("kind", ""), data=file.read(), name=file.filename[:200],
        supersedes=text_of(form, "supersedes"),
    )  # fmt: skip


@pages.get("/documents/<sha256>")
@open_to(EVERYONE)
def file(sha256: str) -> ResponseReturnValue:
    """Return a document's bytes, to be saved; a browser does not run what is in it."""
    data, media_type = documents.fetch(here.office(), sha256, caller=here.caller())
    response = Response(data, content_type=media_type)
    name = f"{sha256[:16]}.{documents.ENDINGS[media_type]}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
