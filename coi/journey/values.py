"""The values a step may carry: small field types, read strictly, and shown to clients as JSON Schema (2020-12).

Every kind of step declares its values as a tuple of fields (`coi.journey.steps`). Reading collects all faults, each
under its JSON path. Nothing here admits free text: a value is a code, an identifier, a number, a time or a yes/no,
because values stand in the log for ever and free text counts as patient data (it goes to the vault as the note).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from coi.journey.entry import NotCanonical, canonical, instant
from coi.journey.identity import Misread, NotOurs, RefType, parse

CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_AMOUNT = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,3})?")
_TOO_LONG = 10**7  # the first whole number with more digits than an amount has
_LONGEST_SEALED = 200
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class BadValue(ValueError):
    """One value does not fit its field; the message says what was got and what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One named value of a step. `text` is the sentence shown beside it on screen and in the schema."""

    name: str
    text: str
    required: bool = False
    default: Any = None

    def read(self, value: Any) -> Any:
        """Return `value` in the form that the log keeps, or raise BadValue."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of this value, without its description."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Field):
    """One of a few codes."""

    options: tuple[str, ...]

    def read(self, value: Any) -> str:  # noqa: D102 - as Field
        if isinstance(value, str) and value in self.options:
            return value
        raise BadValue(f"Expected one of {', '.join(self.options)}.")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Field):
    """A short code of the operator's own world: a site, a person, a country."""

    example: str = "demo-hospital"

    def read(self, value: Any) -> str:  # noqa: D102 - as Field
        if isinstance(value, str) and CODE.fullmatch(value):
            return value
        raise BadValue(f"Expected a code of small letters, digits, '.', '_' and '-', such as {self.example}.")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "string", "pattern": f"^{CODE.pattern}$", "examples": [self.example]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier(Field):
    """One of our own identifiers, of one type."""

    type: RefType

    def read(self, value: Any) -> str:  # noqa: D102 - as Field
        if isinstance(value, str):
            try:
                ref = parse(value)
            except Misread as fault:
                raise BadValue(str(fault)) from fault
            except NotOurs:
                raise self._other() from None
            if ref.type is self.type:
                return ref.id
        raise self._other()

    def _other(self) -> BadValue:
        return BadValue(f"Expected a {self.type.name.lower()} id that begins with {self.type.value}-.")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "string", "pattern": f"^{self.type.value}-[2-9A-HJ-NP-Z]{{13}}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryId(Field):
    """The id of an entry: a UUID in its usual text form."""

    def read(self, value: Any) -> str:  # noqa: D102 - as Field
        if isinstance(value, str) and _UUID.fullmatch(value):
            return str(UUID(value))
        raise BadValue("Expected the id of an entry (a UUID).")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "string", "format": "uuid", "pattern": f"^{_UUID.pattern}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Field):
    """A whole number between two limits, both included."""

    low: int = 0
    high: int

    def read(self, value: Any) -> int:  # noqa: D102 - as Field
        if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high:
            return value
        raise BadValue(f"Expected a whole number from {self.low} to {self.high}.")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Field):
    """A measured quantity, kept as decimal text because the log has no floats."""

    high: int
    unit: str

    def read(self, value: Any) -> str:  # noqa: D102 - as Field
        number = self._number(value)
        if number is not None and 0 <= number <= self.high:
            return format(number, "f")
        raise BadValue(f"Expected {self.unit} from 0 to {self.high} with at most three decimals.")

    @staticmethod
    def _number(value: Any) -> Decimal | None:
        """Return the number that `value` is, or None: no more than seven digits and three decimals, nothing else."""
        if isinstance(value, float):
            value = format(Decimal(repr(value or 0.0)), "f")  # no minus before a zero
        elif type(value) is int and abs(value) < _TOO_LONG:
            value = str(value)
        return Decimal(value) if isinstance(value, str) and _AMOUNT.fullmatch(value) else None

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": ["string", "number"], "pattern": f"^{_AMOUNT.pattern}$", "minimum": 0, "maximum": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Field):
    """Yes or no."""

    def read(self, value: Any) -> bool:  # noqa: D102 - as Field
        if isinstance(value, bool):
            return value
        raise BadValue("Expected true or false.")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Field):
    """An instant with its offset."""

    def read(self, value: Any) -> str:  # noqa: D102 - as Field
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) and _RFC3339.fullmatch(value) else None
            if moment is not None and EARLIEST <= moment <= LATEST:
                return instant(moment)
        except (ValueError, OverflowError):
            pass
        raise BadValue("Expected a date and time with its offset, such as 2026-11-23T14:05:00+01:00.")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "string", "format": "date-time", "pattern": f"^{_RFC3339.pattern}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed(Field):
    """Patient data or another number that is not for the log: it goes to the vault before anything else sees it.

    The entry keeps a salted commitment instead, or, where two of them have to be compared (`equal`), a keyed token.
    """

    equal: bool = False

    def read(self, value: Any) -> str:  # noqa: D102 - as Field
        if isinstance(value, str) and value.strip() and len(value) <= _LONGEST_SEALED and value.isprintable():
            return value.strip()
        raise BadValue(f"Expected plain text of 1 to {_LONGEST_SEALED} characters.")

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "string", "minLength": 1, "maxLength": _LONGEST_SEALED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Several(Field):
    """A list without repeats of values of one field."""

    of: Field
    low: int = 0
    high: int = 200

    def read(self, value: Any) -> list[Any]:  # noqa: D102 - as Field
        if not isinstance(value, list) or not self.low <= len(value) <= self.high:
            raise BadValue(f"Expected a list of {self.low} to {self.high} values.")
        items = [self.of.read(item) for item in value]
        if len({str(item) for item in items}) != len(items):
            raise BadValue("Expected each value once.")
        return items

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        limits = {"minItems": self.low, "maxItems": self.high, "uniqueItems": True}
        return {"type": "array", "items": self.of.schema()} | limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Field):
    """Values of another step, read by that step's own fields later (used by corrections)."""

    def read(self, value: Any) -> dict[str, Any]:  # noqa: D102 - as Field
        if not isinstance(value, dict):
            raise BadValue("Expected an object with the corrected values.")
        try:
            canonical(value)
        except (NotCanonical, RecursionError):
            raise BadValue("Expected values as the log can keep them: text, whole numbers, yes or no, lists.") from None
        return value

    def schema(self) -> dict[str, Any]:  # noqa: D102 - as Field
        return {"type": "object"}


def read_values(given: Mapping[str, Any], *, declared: Sequence[Field]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read `given` by the `declared` fields and return (values, faults); faults are sentences by JSON path.

    Unknown names are faults that do not repeat the name (it could be anything), absent optional values take their
    default, and null counts as absent.
    """
    known = {field.name: field for field in declared}
    faults: dict[str, list[str]] = {}
    if given.keys() - known.keys():
        faults["values"] = [f"Got a value that this step does not have; it has {', '.join(known) or 'none'}."]
    values: dict[str, Any] = {}
    for field in declared:
        try:
            value = _one(field, given.get(field.name))
        except BadValue as fault:
            faults[f"values.{field.name}"] = [str(fault)]
        else:
            if value is not None:
                values[field.name] = value
    return values, faults


def read_changed(given: Mapping[str, Any], *, declared: Sequence[Field]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read the values that a correction changes: as `read_values`, but what is left out stays as it was."""
    values, faults = read_values(given, declared=declared)
    return (
        {name: value for name, value in values.items() if name in given},
        {path: told for path, told in faults.items() if path == "values" or path.partition(".")[2] in given},
    )


def _one(field: Field, value: Any) -> Any:
    if value is None:
        if field.required:
            raise BadValue(f"This value is needed: {field.text}")
        return field.default
    return field.read(value)


def schema_of(declared: Sequence[Field]) -> dict[str, Any]:
    """Return the JSON Schema of the `declared` values."""
    properties = {}
    for field in declared:
        properties[field.name] = field.schema() | {"description": field.text}
        if field.default is not None:
            properties[field.name]["default"] = field.default
    required = [field.name for field in declared if field.required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
