"""Printers and print jobs: which printers there are for the caller, and sending a label to one."""

from dataclasses import asdict

from flask import Response
from flask_smorest import Blueprint

from coi.actions import printers, printing
from coi.actions.attempts import CREATED, REPLAYED, as_bytes, body_digest
from coi.api import describe, schemas, wire
from coi.api.access import EVERYONE, caller, office, open_to
from coi.journey.steps import STEPS

blueprint = Blueprint("printing", __name__, description="Labels on their way to a printer")
ACCEPTED = 202
_PRINT = schemas.PrintSchema()


@blueprint.get("/printers")
@blueprint.doc(**describe.call("The printers of the caller's sites", answer=describe.PageSchema))
@open_to(EVERYONE)
def get_printers() -> Response:
    """Return the printers that the caller may send labels to; their addresses are for administrators only."""
    found = [asdict(one) for one in printers.known(office(), caller=caller())]
    return wire.shown({"items": [{key: one[key] for key in one if key != "address"} for one in found], "next": None})


@blueprint.post("/labels/<serial>/print")
@blueprint.doc(**describe.call("Send a label to a printer", body=schemas.PrintSchema, answer=describe.PrintedSchema,
                               status=ACCEPTED, errors=describe.RECORDING))  # fmt: skip
@open_to(STEPS["label.sent"].who)
def post_print(serial: str) -> Response:
    """Send an issued label to a printer, once; `job.state` is sent, unknown or failed, and never printed."""
    body = wire.body_of_request()
    digest = body_digest({**body, "label": serial})
    request = printing.PrintRequest(digest=digest, label=serial, **wire.loaded(_PRINT, body))
    printed = printing.print_label(office(), request, caller=caller())
    if printed.state is None:
        return wire.recorded(printed.answer)
    job = {"label": serial, "printer": request.printer, "state": printed.state, "message": printed.message,
           "document": f"/api/v1/labels/{serial}.pdf"}  # fmt: skip
    status = {CREATED: ACCEPTED, REPLAYED: REPLAYED}[printed.answer.status]
    return Response(b'{"job":' + as_bytes(job) + b"," + printed.answer.body[1:], status, mimetype=wire.JSON)
