"""What clients send, checked at the edge: types, lengths and forms. What it means is judged behind the door."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from coi.actions.signing import MEANINGS
from coi.journey.identity import RefType, parse
from coi.journey.steps import ScanRole
from coi.journey.values import CODE, EARLIEST, LATEST

MOST_IN_A_BATCH = 500
VIAS = ("wedge", "camera", "typed", "api", "paper")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")
_BORN = re.compile(r"\d{4}-\d{2}-\d{2}")


class Text(fields.String):
    """One line of text without control characters."""

    def __init__(self, *, longest: int, shortest: int = 1, lines: bool = False, **more: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **more)
        self.lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        kept = "\n\t" if self.lines else ""
        if any(not c.isprintable() and c not in kept and (ord(c) < 0xA0 or c in "\u2028\u2029") for c in text):  # noqa: PLR2004 - C0 and C1 controls end below
            raise ValidationError("Got control characters; expected plain text.")
        if not text.strip():
            raise ValidationError("Got white space only; expected text.")
        return text


class Coded(Text):
    """A short code of small letters, digits, '.', '_' and '-'."""

    def __init__(self, **more: Any) -> None:
        super().__init__(longest=64, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        if not CODE.fullmatch(text):
            raise ValidationError("Expected small letters, digits, '.', '_' and '-'.")
        return text


class Uuid(fields.String):
    """A UUID in its usual text form; two spellings of one UUID are the same."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        try:
            return str(UUID(text))
        except ValueError:
            raise ValidationError("Expected a UUID that the client made for this act.") from None


class Own(fields.String):
    """One of our own identifiers, of one type."""

    def __init__(self, *, type_: RefType, **more: Any) -> None:
        super().__init__(**more)
        self.type_ = type_

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        try:
            ref = parse(text)
        except ValueError:
            ref = None
        if ref is None or ref.type is not self.type_:
            raise ValidationError(f"Expected an id that begins with {self.type_.value}- and was read right.")
        return ref.id


class Moment(fields.Field[datetime]):
    """An RFC 3339 instant with its offset, from 2000 to 2200."""

    def _deserialize(self, value: Any, *_form: Any, **_more: Any) -> datetime:
        try:
            return moment(value)
        except ValueError:
            raise ValidationError(
                "Expected a date and time with its offset, such as 2026-11-23T14:05:00+01:00."
            ) from None


def moment(value: Any) -> datetime:
    """Read an RFC 3339 instant with its offset; ValueError for everything else."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value) or not value.isascii():
        raise ValueError("no RFC 3339 instant with an offset")
    found = datetime.fromisoformat(value.upper())
    try:
        inside = EARLIEST <= found <= LATEST
    except OverflowError:
        inside = False
    if not inside:
        raise ValueError("outside of 2000 to 2200")
    return found


class Born(fields.String):
    """A birth date, YYYY-MM-DD."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        try:
            right = bool(_BORN.fullmatch(text)) and text.isascii() and bool(date.fromisoformat(text))
        except ValueError:
            right = False
        if not right:
            raise ValidationError("Expected a date such as 1980-02-29.")
        return text


@cache
def zones() -> frozenset[str]:
    """Return the names of all IANA zones."""
    return frozenset(available_timezones())


class Zone(fields.String):
    """An IANA zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        if text not in zones():
            raise ValidationError("Expected an IANA zone such as Europe/Paris.")
        return text


class WholeNumber(fields.Integer):
    """A whole number; true and false are none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        if isinstance(value, bool):
            raise ValidationError("Expected a whole number.")
        return super()._deserialize(value, attr, data, **more)


class ScanSchema(Schema):
    """One scan of a step."""

    role = fields.String(required=True, validate=validate.OneOf([role.value for role in ScanRole]))
    text = fields.String(required=True, validate=validate.Length(min=1, max=600))
    via = fields.String(load_default="api", validate=validate.OneOf(VIAS))
    token = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=600))


class DeviceSchema(Schema):
    """The device that a step was taken on, and its own count."""

    id = Text(longest=64, required=True)
    seq = WholeNumber(strict=True, required=True, validate=validate.Range(0, 2**53 - 1))


class StepSchema(Schema):
    """POST /steps."""

    id = Uuid(required=True)
    therapy = Own(type_=RefType.THERAPY, load_default=None, allow_none=True)
    kind = Text(longest=64, required=True)
    tense = fields.String(load_default="asked", validate=validate.OneOf(["asked", "reported"]))
    occurred_at = Moment(required=True, metadata={"type": "string", "format": "date-time"})
    zone = Zone(load_default=None, allow_none=True)
    scans = fields.List(fields.Nested(ScanSchema), load_default=list, validate=validate.Length(max=400))
    values = fields.Dict(keys=fields.String(), load_default=dict, allow_none=True)
    reason = Coded(load_default=None, allow_none=True)
    note = Text(longest=4000, lines=True, load_default=None, allow_none=True)
    signatures = fields.List(Text(longest=100), load_default=list, validate=validate.Length(max=10))
    performed_by = fields.List(Coded(), load_default=None, allow_none=True, validate=validate.Length(max=10))
    documents = fields.List(
        fields.String(validate=validate.Regexp(r"^[0-9a-f]{64}\Z")), load_default=list, validate=validate.Length(max=50)
    )
    device = fields.Nested(DeviceSchema, load_default=None, allow_none=True)


class IdentifierSchema(Schema):
    """A number that somebody issued."""

    issuer = Text(longest=64, required=True)
    kind = Coded(required=True)
    value = Text(longest=120, required=True)


class PatientSchema(Schema):
    """A patient as the enrolment form names them."""

    family = Text(longest=200, required=True)
    given = Text(longest=200, required=True)
    born = Born(required=True, metadata={"format": "date"})
    native_family = Text(longest=200, load_default=None, allow_none=True)
    native_given = Text(longest=200, load_default=None, allow_none=True)
    identifiers = fields.List(fields.Nested(IdentifierSchema), required=True, validate=validate.Length(min=1, max=20))


class PlannedSchema(Schema):
    """When and where a stage is expected."""

    at = Moment(load_default=None, allow_none=True, metadata={"type": "string", "format": "date-time"})
    site = Coded(load_default=None, allow_none=True)


class EnrolSchema(Schema):
    """POST /therapies."""

    id = Uuid(required=True)
    pathway = Coded(required=True)
    site = Coded(required=True)
    patient = fields.Nested(PatientSchema, required=True)
    identifiers = fields.List(fields.Nested(IdentifierSchema), load_default=list, validate=validate.Length(max=20))
    plan = fields.Dict(keys=Coded(), values=fields.Nested(PlannedSchema), load_default=None, allow_none=True)
    repeat_of = Own(type_=RefType.THERAPY, load_default=None, allow_none=True)
    reason = Coded(load_default=None, allow_none=True)


class LabelSchema(Schema):
    """POST /labels."""

    id = Uuid(required=True)
    container = Own(type_=RefType.CONTAINER, required=True)
    template = Coded(load_default="container-100x100")
    position = Coded(load_default="bag")
    reason = Coded(load_default=None, allow_none=True)
    signatures = fields.List(Text(longest=100), load_default=list, validate=validate.Length(max=10))


class PrintSchema(Schema):
    """POST /labels/{serial}/print."""

    id = Uuid(required=True)
    printer = Coded(required=True)


class AskSchema(Schema):
    """POST /scans with text."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=600))
    via = fields.String(load_default="api", validate=validate.OneOf(VIAS))


class AttachSchema(Schema):
    """The fields of POST /documents beside the file."""

    id = Uuid(required=True)
    therapy = Own(type_=RefType.THERAPY, required=True)
    kind = Coded(required=True)
    about = Uuid(load_default=None, allow_none=True)
    supersedes = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
    occurred_at = Moment(load_default=None, allow_none=True)


class SignSchema(Schema):
    """POST /signatures."""

    attempt = Uuid(required=True)
    digest = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
    meaning = fields.String(required=True, validate=validate.OneOf(MEANINGS))
    password = Text(longest=1000, required=True)


class BatchSchema(Schema):
    """POST /steps/batch: the items are read one by one."""

    steps = fields.List(fields.Raw(allow_none=True), required=True, validate=validate.Length(max=MOST_IN_A_BATCH))


class SearchSchema(Schema):
    """POST /search."""

    value = Text(longest=120, required=True)
    issuer = Text(longest=64, load_default=None, allow_none=True)
    kind = Coded(load_default=None, allow_none=True)


_SCHEMAS = (
    EnrolSchema, LabelSchema, AskSchema, BatchSchema, SearchSchema, StepSchema, ScanSchema, DeviceSchema, SignSchema,
    AttachSchema, PrintSchema, IdentifierSchema, PatientSchema, PlannedSchema,
)  # fmt: skip
WORDS = frozenset(name for schema in _SCHEMAS for name in schema._declared_fields)
