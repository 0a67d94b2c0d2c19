"""POST /steps, /steps/batch, /therapies, /labels: what records. One action a call."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from coi.actions import labels, signing, therapies
from coi.actions.attempts import Answer, as_bytes, body_digest
from coi.actions.faults import Fault
from coi.actions.requests import StepRequest
from coi.actions.scans import GivenScan
from coi.actions.steps import take
from coi.api import describe, schemas, wire
from coi.api.access import EVERYONE, caller, hasher, office, open_to
from coi.journey.entry import Tense
from coi.journey.steps import STEPS
from coi.record.db import StoreUnusable

blueprint = Blueprint("recording", __name__, description="Everything that is recorded")
_STEP, _BATCH = schemas.StepSchema(), schemas.BatchSchema()
_ENROL, _LABEL, _SIGN = schemas.EnrolSchema(), schemas.LabelSchema(), schemas.SignSchema()


@blueprint.post("/steps")
@blueprint.doc(**describe.call("Take a step", body=schemas.StepSchema, answer=describe.RecordedSchema, status=201,
                               errors=describe.RECORDING))  # fmt: skip
@open_to(EVERYONE)
def post_step() -> Response:
    """Record one step, or refuse it with findings; the step's own row says who may."""
    return wire.recorded(_take(wire.body_of_request()))


def _take(body: Mapping[str, Any]) -> Answer:
    form = wire.loaded(_STEP, body)
    request = StepRequest(
        id=form["id"], kind=form["kind"], occurred_at=form["occurred_at"], digest=body_digest(body),
        therapy=form["therapy"], tense=Tense(form["tense"]), zone=form["zone"],
        scans=[GivenScan(**scan) for scan in form["scans"]], values=form["values"], reason=form["reason"],
        note=form["note"], performed_by=form["performed_by"] or (), documents=form["documents"], device=form["device"],
        signatures=form["signatures"],
    )  # fmt: skip
    return take(office(), request, caller=caller())


@blueprint.post("/steps/batch")
@blueprint.doc(**describe.call("Take up to 500 steps in order", body=schemas.BatchSchema,
                               errors=(400, 401, 403, 413, 415)))  # fmt: skip
@open_to(EVERYONE)
def post_batch() -> Response:
    """Record steps one by one, in order; one that fails does not fail the others."""
    form = wire.loaded(_BATCH, wire.body_of_request())
    return Response(b'{"results":[' + b",".join(map(_result, form["steps"])) + b"]}", 200, mimetype=wire.JSON)


def _result(item: Any) -> bytes:
    id_ = item.get("id") if isinstance(item, dict) else None
    try:
        answer = _take(item if isinstance(item, dict) else {})
        status, body = answer.status, answer.body
    except Fault as fault:
        status, body = fault.status, as_bytes(wire.error_body(fault))
    except StoreUnusable as raised:  # the others may still get their turn; this one can be sent again
        told = wire.of_store(raised)
        status, body = told.status, as_bytes(wire.error_body(told))
    head = as_bytes({"id": id_ if isinstance(id_, str) else None, "status": status})
    return head[:-1] + b',"body":' + body + b"}"


@blueprint.post("/therapies")
@blueprint.doc(**describe.call("Enrol a therapy", body=schemas.EnrolSchema, answer=describe.RecordedSchema, status=201,
                               errors=(400, 401, 403, 409, 413, 415)))  # fmt: skip
@open_to(STEPS["therapy.enrolled"].who)
def post_therapy() -> Response:
    """Enrol a therapy; the answer names its COI id."""
    body = wire.body_of_request()
    form = wire.loaded(_ENROL, body)
    patient = form["patient"]
    known = [therapies.Identifier(**item) for item in patient["identifiers"]]
    request = therapies.EnrolRequest(
        id=form["id"], digest=body_digest(body), pathway=form["pathway"], site=form["site"],
        patient=therapies.Patient(**{**patient, "identifiers": known}),
        identifiers=[therapies.Identifier(**item) for item in form["identifiers"]], plan=form["plan"],
        repeat_of=form["repeat_of"], reason=form["reason"],
    )  # fmt: skip
    return wire.recorded(therapies.enrol(office(), request, caller=caller()))


@blueprint.post("/signatures")
@blueprint.doc(**describe.call("Sign a step", body=schemas.SignSchema, status=200,
                               errors=(400, 401, 403, 413, 415)))  # fmt: skip
@open_to(EVERYONE)
def post_signature() -> Response:
    """Return a token that proves for five minutes, once, that the caller stands for this step with this meaning."""
    form = wire.loaded(_SIGN, wire.body_of_request())
    request = signing.SignRequest(form["attempt"], form["digest"], form["meaning"], form["password"])
    return wire.shown(signing.sign(office(), request, caller=caller(), hasher=hasher()))


@blueprint.post("/labels")
@blueprint.doc(**describe.call("Issue a label", body=schemas.LabelSchema, answer=describe.RecordedSchema, status=201,
                               errors=describe.RECORDING))  # fmt: skip
@open_to(STEPS["label.issued"].who)
def post_label() -> Response:
    """Issue a label for a planned container, or another copy with a reason."""
    body = wire.body_of_request()
    request = labels.LabelRequest(digest=body_digest(body), **wire.loaded(_LABEL, body))
    return wire.recorded(labels.issue(office(), request, caller=caller()))
