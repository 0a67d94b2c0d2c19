"""POST /documents, GET /documents/{sha256}: files of a therapy."""

import json
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from coi.actions import documents
from coi.actions.attempts import Answer, as_bytes
from coi.actions.faults import malformed, unknown
from coi.api import describe, schemas, wire
from coi.api.access import EVERYONE, caller, office, open_to
from coi.journey.steps import STEPS

blueprint = Blueprint(
    "documents", __name__, description="Documents: files by their SHA-256, superseded, never replaced"
)
_ATTACH = schemas.AttachSchema()
_FILE = {"type": "object", "required": ["id", "therapy", "kind", "file"], "properties": {
    "id": {"type": "string", "format": "uuid"}, "therapy": {"type": "string"}, "kind": {"type": "string"},
    "about": {"type": "string", "format": "uuid"}, "supersedes": {"type": "string"},
    "file": {"type": "string", "format": "binary"},
}}  # fmt: skip
_CALL = describe.call("Attach a document", answer=describe.RecordedSchema, status=201, errors=describe.RECORDING)
_CALL["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FILE}}}


@blueprint.post("/documents")
@blueprint.doc(**_CALL)
@open_to(STEPS["document.attached"].who)
def post_document() -> Response:
    """Attach a PDF, PNG or JPEG to a therapy; the answer names its SHA-256."""
    if request.mimetype != "multipart/form-data":
        raise wire.wrong_type("multipart/form-data")
    form = wire.loaded(_ATTACH, dict(request.form.items()))
    files = request.files.getlist("file")
    if len(files) != 1:
        message = "Send one file in the field 'file'."
        raise malformed("document.file", message, {"file": [message]})
    asked = documents.AttachRequest(data=files[0].read(), name=(files[0].filename or "")[:200] or "unnamed", **form)
    return wire.recorded(_naming(documents.attach(office(), asked, caller=caller())))


def _naming(answer: Answer) -> Answer:
    """Return the answer with the SHA-256 at its top level, where it was recorded."""
    said: dict[str, Any] = json.loads(answer.body)
    if "entry" not in said:
        return answer
    return Answer(answer.status, as_bytes({"sha256": said["entry"]["values"]["sha256"], **said}))


@blueprint.get("/documents/<sha256>")
@blueprint.doc(**describe.call("A document", answer="application/octet-stream", errors=describe.READING))
@open_to(EVERYONE)
def get_document(sha256: str) -> Response:
    """Return the bytes of a document that belongs to a therapy of the caller's."""
    if len(sha256) != 64 or not sha256.isascii():  # noqa: PLR2004 - hexadecimal SHA-256
        raise unknown("document")
    data, media_type = documents.fetch(office(), sha256, caller=caller())
    response = Response(data, 200, mimetype=media_type)
    ending = documents.ENDINGS[media_type]
    response.headers["Content-Disposition"] = f'attachment; filename="{sha256[:16]}.{ending}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
