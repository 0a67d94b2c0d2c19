"""Values are read strictly: whatever is sent, it is read as the schema says or refused in one plain sentence."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from coi.journey.entry import NotCanonical, canonical, from_instant
from coi.journey.identity import RefType, mint
from coi.journey.steps import RECORDABLE, STEPS
from coi.journey.values import (
    Amount,
    BadValue,
    Choice,
    Code,
    EntryId,
    Field,
    Flag,
    Identifier,
    Inner,
    Moment,
    Sealed,
    Several,
    Whole,
    read_changed,
    read_values,
    schema_of,
)

CHOICE = Choice(name="x", text="A choice.", options=("one", "two"))
CODE = Code(name="x", text="A code.")
IDENTIFIER = Identifier(name="x", text="A container.", type=RefType.CONTAINER)
ENTRY = EntryId(name="x", text="An entry.")
WHOLE = Whole(name="x", text="A number.", low=1, high=50)
AMOUNT = Amount(name="x", text="A volume.", high=100_000, unit="millilitres")
FLAG = Flag(name="x", text="Yes or no.")
MOMENT = Moment(name="x", text="A time.")
SEVERAL = Several(name="x", text="Several codes.", of=CODE, low=1, high=3)
CONTAINERS = Several(name="x", text="Containers.", of=IDENTIFIER)
INNER = Inner(name="x", text="Values.")
FIELDS = [CHOICE, CODE, IDENTIFIER, ENTRY, WHOLE, AMOUNT, FLAG, MOMENT, SEVERAL, CONTAINERS, INNER]
GOOD_ID = mint(RefType.CONTAINER, choose=Random(1).choice)

GOOD = {
    Choice: ["one", "two"],
    Code: ["a", "demo-hospital", "0._-", "a" * 64],
    Identifier: [GOOD_ID],
    EntryId: [str(uuid4()), str(uuid4()).upper()],
    Whole: [1, 50],
    Amount: ["0", "212.5", "100000", "0.001", 0, 5, 212.5, 100_000, 0.125, "007"],
    Flag: [True, False],
    Moment: ["2026-11-23T14:05:00+01:00", "2026-11-23T13:05:00Z", "2000-01-01T00:00:00.123456789-12:00"],
    Several: [["a"], ["a", "b", "c"]],
    Inner: [{}, {"volume_ml": "1"}],
}
HOSTILE = [
    None, True, False, 0, -1, 1.0, 0.5, 1e3, 1e-9, 1e308, -0.0, float("nan"), float("inf"), float("-inf"), 2**53,
    10**400,
    10**5000, -(10**5000), "", " ", "a ", " a", "A", "a\n", "a\x00", "\ud800", "1e3", "1_000", "+5", "-0", ".5", "5.",
    "0x10", "1.0000", "NaN", "Infinity", "\uff11", "\u0661", "\u00b2", "a" * 65, "a" * 100_000, "9" * 5000, b"bytes",
    (), [],
    {}, set(), object(), [None], [[]], [{}], ["a", "a"], ["a"] * 1000, [["a"]], {"a": 1}, {1: 2}, {"\u00e9": 1},
    {"a": float("nan")}, {"a": "\ud800"}, GOOD_ID + "\n", GOOD_ID.lower(), "CTR-" + "A" * 13, "COI-" + GOOD_ID[4:],
    "2026-11-23", "2026-11-23T14:05:00", "2026-11-23 14:05:00+01:00", "2026-W47-1T00:00:00Z", "20261123T140500Z",
    "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T14:05:60Z", "1999-12-31T23:59:59Z",
    "2200-01-01T00:00:00.000001Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-11-23T14:05:00+25:00", "\uff12026-11-23T14:05:00Z", "2026-11-23t14:05:00z",
    "{12345678-1234-1234-1234-123456789abc}",
    "urn:uuid:12345678-1234-1234-1234-123456789abc", "12345678123412341234123456789abc",
    "1_345678-1234-1234-1234-123456789abc", "\uff112345678-1234-1234-1234-123456789ab", datetime(2026, 1, 1,
    tzinfo=UTC),
]  # fmt: skip


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value, {"a": value}] if levels < 20 else [value]
    return value


def accepts(field, value):
    """Tell whether `field` reads `value`; whatever it says otherwise is one sentence."""
    try:
        read = field.read(value)
    except BadValue as fault:
        said = str(fault)
    else:
        canonical(read)  # what is read can stand in the log
        return True
    assert said.endswith(".")
    assert len(said) < 300
    return False


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_what_is_meant_is_read(field):
    if field is not CONTAINERS:
        for value in GOOD[type(field)]:
            assert accepts(field, value), value


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_anything_else_is_refused_by_name_and_never_by_another_error(field):
    kept = GOOD[type(field)]
    for value in [*HOSTILE, deep(10), deep(5000)]:
        if accepts(field, value):
            assert value in kept or lawful(field, value), value


def lawful(field, value):
    """Tell whether a hostile-looking value is a right one for this field after all."""
    return (
        (field is AMOUNT and value in (0, 1e3, 0.5, 1.0) and not isinstance(value, bool))
        or (field is FLAG and isinstance(value, bool))
        or (field is INNER and isinstance(value, dict))
        or (field is CONTAINERS and value == [])
        or (field is CODE and re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value))
    )


everything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8,
)  # fmt: skip
near = st.one_of(
    st.sampled_from(["one", "two", "a", "b", GOOD_ID, "CTR-" + "2" * 13, "COI-" + GOOD_ID[4:]]),
    st.integers(-5, 120_000), st.floats(-1, 120_000), st.from_regex(r"\A[0-9]{1,8}(\.[0-9]{1,4})?\Z"),
    st.decimals(0, 110_000, places=3).map(float), st.decimals(0, 110_000, places=2).map(str),
    st.text(alphabet="abz09._-A ", max_size=6), st.uuids().map(str), st.uuids().map(lambda id_: str(id_).upper()),
    st.lists(st.sampled_from(["a", "b", "c", "d", GOOD_ID, 1, "A"]), max_size=5),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9))])).map(datetime.isoformat),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers()),
)  # fmt: skip


def as_ecma(validator, pattern, instance, _schema):
    """Judge patterns as JSON Schema means them: $ is the very end, and a digit is one of ten."""
    if validator.is_type(instance, "string") and not re.search(pattern.replace("$", r"\Z"), instance, re.ASCII):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


Schema = validators.extend(Draft202012Validator, {"pattern": as_ecma})


def promised(field, value):
    """Tell whether the schema of `field` takes `value`."""
    return Schema(field.schema()).is_valid(value)


# What the schema cannot say: check characters, the calendar, the highest amount as text, and finer than thousandths.
UNSAID = (Identifier, Moment, Amount, Inner)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
@given(value=near | everything)
def test_the_reader_takes_nothing_that_the_schema_refuses(field, value):
    if accepts(field, value):
        assert promised(field, value), value


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
@given(value=near | everything)
def test_the_schema_promises_nothing_that_the_reader_refuses(field, value):
    whole_float = field is WHOLE and isinstance(
        value, float
    )  # JSON Schema calls 5.0 whole, a log without floats does not
    unsaid = isinstance(field, UNSAID) or field is CONTAINERS or whole_float
    if promised(field, value) and not unsaid:
        assert accepts(field, value), value


@given(st.decimals(0, 100_000, places=3))
def test_every_amount_with_three_decimals_is_kept_to_the_last_one(amount):
    assert AMOUNT.read(str(amount)) == str(amount)
    assert json.loads(AMOUNT.read(float(amount))) == float(amount)
    assert promised(AMOUNT, str(amount))


@given(st.integers(0, 100_000))
def test_a_whole_amount_is_the_same_as_number_and_as_text(amount):
    assert AMOUNT.read(amount) == AMOUNT.read(str(amount)) == str(amount)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30),  # noqa: DTZ001 - the strategy adds the zones
                 timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)),
                 timezone(timedelta(hours=-12))]))
)  # fmt: skip
def test_a_moment_is_kept_as_the_instant_it_names(moment):
    assert from_instant(MOMENT.read(moment.isoformat())) == moment
    assert promised(MOMENT, moment.isoformat())


def test_a_minus_before_a_zero_is_lost():
    assert AMOUNT.read(-0.0) == AMOUNT.read(0.0) == "0.0"


def test_an_identifier_of_another_type_or_misread_is_told_apart():
    other = next(letter for letter in "23456789" if letter != GOOD_ID[-1])
    for value, said in ((mint(RefType.LABEL, choose=Random(1).choice), "begins with CTR-"),
                        (GOOD_ID[:-1] + other, "misread"), ("A999914123456", "begins with CTR-")):  # fmt: skip
        with pytest.raises(BadValue, match=said):
            IDENTIFIER.read(value)


# --- the values of a whole step


@pytest.mark.parametrize("kind", sorted(RECORDABLE))
def test_every_step_survives_whatever_its_values_are(kind):
    declared = STEPS[kind].values
    for value in [*HOSTILE, deep(5000)]:
        given = {field.name: value for field in declared}
        values, faults = read_values(given, declared=declared)
        assert set(values) <= {field.name for field in declared}
        assert all(path.startswith("values") and sentences for path, sentences in faults.items())
        canonical(values)


@pytest.mark.parametrize("kind", sorted(RECORDABLE))
def test_the_schema_of_a_step_is_a_right_schema_and_says_what_is_needed(kind):
    declared = STEPS[kind].values
    schema = schema_of(declared)
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["properties"]) == {field.name for field in declared}
    assert set(schema["required"]) == {field.name for field in declared if field.required}
    assert schema["additionalProperties"] is False
    assert all(shown["description"] for shown in schema["properties"].values())
    for field in declared:
        if field.default is not None:
            assert accepts(field, field.default)


DECLARED: tuple[Field, ...] = (
    Whole(name="count", text="How many.", high=9, default=1),
    Choice(name="purpose", text="What for.", required=True, options=("dose",)),
    Flag(name="sure", text="Sure."),
)


def test_all_faults_are_told_at_once_each_under_its_path():
    values, faults = read_values({"count": "x", "other": 1}, declared=DECLARED)
    assert values == {}
    assert set(faults) == {"values", "values.count", "values.purpose"}
    assert faults["values.purpose"] == ["This value is needed: What for."]


def test_an_unknown_name_is_a_fault_that_does_not_repeat_the_name():
    _, faults = read_values({"purpose": "dose", "Jane Doe": 1}, declared=DECLARED)
    assert "Jane" not in str(faults)
    assert list(faults) == ["values"]


def test_what_is_left_out_or_null_takes_its_default_or_stays_out():
    for sent in ({"purpose": "dose"}, {"purpose": "dose", "count": None, "sure": None}):
        assert read_values(sent, declared=DECLARED) == ({"count": 1, "purpose": "dose"}, {})


def test_what_a_correction_leaves_out_stays_as_it_was():
    assert read_changed({"count": 3}, declared=DECLARED) == ({"count": 3}, {})
    assert read_changed({}, declared=DECLARED) == ({}, {})
    values, faults = read_changed({"count": 99, "odd": 1}, declared=DECLARED)
    assert values == {}
    assert set(faults) == {"values", "values.count"}


def test_no_step_takes_a_free_text():
    plain = (Choice, Code, Identifier, EntryId, Whole, Amount, Flag, Moment, Inner)
    for kind in RECORDABLE:
        for field in STEPS[kind].values:
            if isinstance(field, Sealed):
                continue  # it goes to the vault; what the log gets is a commitment
            assert isinstance(field.of if isinstance(field, Several) else field, plain)
            assert not accepts(field, "Jane Doe, born 1980")


def test_a_field_that_says_nothing_of_itself_reads_nothing():
    with pytest.raises(NotImplementedError):
        Field(name="x", text="").read(1)
    with pytest.raises(NotImplementedError):
        Field(name="x", text="").schema()
    assert issubclass(BadValue, ValueError)
    assert issubclass(NotCanonical, ValueError)
