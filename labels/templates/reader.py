"""A template as a document: TOML, checked before it is used, so that no label of it can be wrong by design.

Boxes are `[left, top, width, height]` in millimetres from the label's upper left corner.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from itertools import combinations
from typing import Any, Final

from marshmallow import Schema, ValidationError, post_load, validate
from marshmallow import fields as values

from labels.content import LabelContent, LabelError
from labels.symbol import KINDS
from labels.template import Box, Mark, Slot, Stack, Style, Table, Template

_FORMAT: Final = 1
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SAID: Final = (*(field.name for field in fields(LabelContent)), "count", "place")
_LARGEST: Final = 300  # millimetres


class BadTemplate(LabelError):
    """A document is no usable template; the message names every fault."""


class _Box(values.Field[Box]):
    """Four numbers."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Box:  # noqa: ARG002 - the signature is marshmallow's
        numbers = value if isinstance(value, list) else []
        if len(numbers) != 4 or any(type(one) not in (int, float) for one in numbers):  # noqa: PLR2004 - a box has four
            raise ValidationError("Expected [left, top, width, height].")
        box = Box(*map(float, numbers))
        if box.left < 0 or box.top < 0 or box.width <= 0 or box.height <= 0:
            raise ValidationError("Expected a box on the label, with a width and a height.")
        return box


def _size() -> values.Float:
    return values.Float(required=True, validate=validate.Range(0, 100, min_inclusive=False))


class _Made(Schema):
    """A schema that makes a `made` of what it read."""

    made: type

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.made(**data)


class _Style(_Made):
    made = Style
    largest, smallest = _size(), _size()
    rows = values.Integer(strict=True, validate=validate.Range(1, 9))
    bold = values.Boolean()
    align = values.String(validate=validate.OneOf(("left", "centre", "right")))
    look = values.String(validate=validate.OneOf(("plain", "framed", "bar")))
    padding = values.Float(validate=validate.Range(0, 10))


class _Mark(_Made):
    made = Mark
    kind = values.String(required=True, validate=validate.OneOf(KINDS))
    says = values.String(required=True, validate=validate.OneOf(("code", "short")))
    box = _Box(required=True)
    smallest = _size()


class _Slot(_Made):
    made = Slot
    says = values.String(required=True, validate=validate.OneOf(_SAID))
    box = _Box(required=True)
    style = values.Nested(_Style, required=True)


class _Stack(_Made):
    made = Stack
    box = _Box(required=True)
    gap = values.Float(required=True, validate=validate.Range(0, 10))
    first = values.Float(required=True, validate=validate.Range(0, 1, min_inclusive=False))
    lead = values.Nested(_Style, required=True)
    other = values.Nested(_Style, required=True)
    most = values.Integer(strict=True, validate=validate.Range(1, 20))
    roomy = values.Integer(strict=True, validate=validate.Range(0, 20))
    crowded = values.Nested(_Style)
    crowded_gap = values.Float(validate=validate.Range(0, 10))
    crowded_first = values.Float(validate=validate.Range(0, 1, min_inclusive=False))


class _Table(_Made):
    made = Table
    box = _Box(required=True)
    caption_width, row = _size(), _size()
    caption = values.Nested(_Style, required=True)
    value = values.Nested(_Style, required=True)


class _Template(_Made):
    made = Template
    name = values.String(required=True, validate=validate.Regexp(_NAME.pattern + r"\Z"))
    version = values.Integer(required=True, strict=True, validate=validate.Range(1, 9999))
    title = values.String(required=True, validate=validate.Length(1, 120))
    width = values.Float(required=True, validate=validate.Range(10, _LARGEST))
    height = values.Float(required=True, validate=validate.Range(10, _LARGEST))
    positions = values.List(values.String(), required=True, validate=validate.Length(1))
    marks = values.List(values.Nested(_Mark), required=True, validate=validate.Length(1))
    slots = values.List(values.Nested(_Slot), required=True, validate=validate.Length(1))
    statements = values.Nested(_Stack, required=True)
    lines = values.Nested(_Table)
    rules = values.List(_Box())
    leaves_out = values.List(values.String(validate=validate.OneOf((*_SAID, "further statements"))))

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Template:
        read: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in data.items()}
        return Template(**read)


def read_template(document: bytes) -> Template:
    """Return the template that a TOML document is. Raises BadTemplate with every fault that was found."""
    try:
        table = tomllib.loads(document.decode())
    except (ValueError, RecursionError) as fault:
        raise BadTemplate(f"This is not a TOML document: {fault}.") from fault
    if type(table.get("format")) is not int or table.pop("format") != _FORMAT:
        raise BadTemplate(f"A template's 'format' must be {_FORMAT}.")
    try:
        template: Template = _Template().load(table)
    except ValidationError as fault:
        raise BadTemplate(f"The template {table.get('name')!a} is not usable: {fault.messages}.") from fault
    faults = list(_faults(template))
    if faults:
        raise BadTemplate(f"The template {template.name} is not usable: {' '.join(faults)}")
    return template


def _faults(template: Template) -> Iterator[str]:
    places = dict(_places(template))
    for what, box in places.items():
        if box.right > template.width + 1e-6 or box.bottom > template.height + 1e-6:
            yield f"The place of {what} leaves the label."
    for (one, first), (other, second) in combinations(places.items(), 2):
        if first.inset(0.001).meets(second.inset(0.001)):
            yield f"The places of {one} and {other} meet."
    if template.marks[0].says != "code":
        yield "The first symbol must say the code."
    yield from _missing(template)


def _places(template: Template) -> Iterator[tuple[str, Box]]:
    for number, mark in enumerate(template.marks, 1):
        yield f"symbol {number}", mark.box
    for slot in template.slots:
        yield slot.says, slot.box
    yield "the statements", template.statements.box
    if template.lines:
        yield "the lines", template.lines.box


def _missing(template: Template) -> Iterator[str]:
    """Whatever a label can say has its place or is named as left out, and what identifies is never left out."""
    shown = {slot.says for slot in template.slots} | ({"lines"} if template.lines else set())
    for says in ("banner", "title", "coi", "count", "container", "serial", "place", "lines"):
        if (says in shown) == (says in template.leaves_out):
            yield f"'{says}' must have a place or be in leaves_out, one of the two."
    for says in ("banner", "coi", "serial"):
        if says not in shown:
            yield f"'{says}' must be on every label."
    if (template.statements.most is not None) != ("further statements" in template.leaves_out):
        yield "'further statements' must be in leaves_out where 'most' is set, and nowhere else."
