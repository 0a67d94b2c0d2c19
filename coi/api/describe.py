"""What the OpenAPI document says of each call beside its schema: bodies, answers, errors."""

from typing import Any

from marshmallow import INCLUDE, Schema, fields

_WORDS = {
    400: "Malformed; nothing was recorded and the id is free",
    401: "No valid token",
    403: "No authority; nothing moved",
    404: "Not there, or not yours to see", 409: "The id was used before for something else",
    413: "The body is too large", 415: "Another content type is expected", 422: "Refused, with findings",
}  # fmt: skip


class FaultSchema(Schema):
    """The one shape of every error."""

    code = fields.String(required=True)
    status = fields.Integer(required=True)
    message = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    findings = fields.List(fields.Dict())
    receipt = fields.Dict()


class ReceiptSchema(Schema):
    """What proves that a step was recorded."""

    entry = fields.String(required=True)
    position = fields.Integer(required=True)
    leaf = fields.String(required=True)
    size = fields.Integer(required=True)
    checkpoint = fields.String(allow_none=True, required=True)
    proof = fields.List(fields.String(), allow_none=True, required=True)


class RecordedSchema(Schema):
    """The answer to a recorded step."""

    therapy = fields.String()
    label = fields.Dict()
    entry = fields.Dict(required=True)
    also = fields.List(fields.Dict(), required=True)
    findings = fields.List(fields.Dict(), required=True)
    receipt = fields.Nested(ReceiptSchema, required=True)
    consistency = fields.Dict()


class PrintedSchema(RecordedSchema):
    """The answer to a label that was sent: the recorded step, and what is known of the job."""

    job = fields.Dict(required=True)


class PageSchema(Schema):
    """A page of a list."""

    items = fields.List(fields.Dict(), required=True)
    next = fields.String(allow_none=True, required=True)


class AnythingSchema(Schema):
    """An object that docs/api.md describes."""

    class Meta:
        """Its members are not listed here."""

        unknown = INCLUDE


def call(
    summary: str,
    *,
    body: type[Schema] | None = None,
    answer: type[Schema] | str = AnythingSchema,
    status: int = 200,
    errors: tuple[int, ...] = (401, 403),
) -> dict[str, Any]:
    """Return the OpenAPI operation of one call, for `Blueprint.doc`."""
    content = (
        {answer: {"schema": {"type": "string"}}}
        if isinstance(answer, str)
        else {"application/json": {"schema": answer}}
    )
    responses: dict[int, Any] = {status: {"description": "Done", "content": content}}
    if status in (201, 202):  # what is recorded can be replayed
        responses[200] = {"description": "A replay: the stored answer", "content": content}
    for number in errors:
        responses[number] = {"description": _WORDS[number], "content": {"application/json": {"schema": FaultSchema}}}
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def query(name: str, text: str, **schema: Any) -> dict[str, Any]:
    """Return one query parameter."""
    return {"in": "query", "name": name, "description": text, "schema": {"type": "string", **schema}}


RECORDING = (400, 401, 403, 404, 409, 413, 415, 422)
READING = (400, 401, 403, 404)
