"""Leaf format v1 is final: not a byte of it may ever change."""

import hashlib
import json
import struct
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coi.journey.entry import (
    LEAF_FORMAT,
    Entry,
    NotCanonical,
    as_json,
    canonical,
    from_instant,
    instant,
    leaf_hash,
    leaf_of,
    read_leaf,
)

AT = datetime(2026, 11, 23, 14, 5, 0, 250_000, tzinfo=timezone(timedelta(hours=1)))
PLAIN = Entry(
    position=0, stream="therapy:COI-23456789ABCD2", seq=0, id="11111111-1111-4111-8111-111111111111",
    attempt="11111111-1111-4111-8111-111111111111", kind="therapy.enrolled", v=1, tense="asked", outcome="done",
    therapy="COI-23456789ABCD2", occurred_at=AT, offset=60, zone="Europe/Paris", uncertainty=0,
    recorded_at=datetime(2026, 11, 23, 13, 5, 1, tzinfo=UTC),
    actor={"person": "demo-nurse", "site": "demo-hospital", "role": "nurse"}, scans=(), values={}, reason=None,
    note=None, findings=(), signatures=(), performed_by=(), documents=(), device=None, corrects=None, software="0.1.0",
)  # fmt: skip
FULL = replace(
    PLAIN, position=2**40, seq=7, kind="handoff.accepted", tense="reported", outcome="disputed", uncertainty=30,
    scans=({"role": "container", "subject": "CTR-23456789ABCD2", "via": "camera", "label": "LBL-23456789ABCD2"},
           {"role": "wristband", "subject": None, "via": "typed", "commitment": "é\u2028\x7f\"\\/\b\t\n\f\r\x00\x1f"}),
    values={"b": [1, -1, 2**53 - 1, -(2**53) + 1], "a": {"z": True, "y": False, "x": None}, "": "\U0001f489",
            "A": "ﬁ", "_": "", "volume_ml": "212.5"},
    reason="count-differs", note="deadbeef", findings=({"rule": "r", "facts": {"containers": []}},),
    signatures=({"meaning": "performed"},), performed_by=("demo-nurse", "demo-receiver"), documents=("0" * 64,),
    device={"id": "d", "seq": 3}, corrects="22222222-2222-4222-8222-222222222222", therapy=None, zone=None,
)  # fmt: skip
GOLDEN_PLAIN = (
    b'{"actor":{"person":"demo-nurse","role":"nurse","site":"demo-hospital"},'
    b'"attempt":"11111111-1111-4111-8111-111111111111","corrects":null,"device":null,"documents":[],"findings":[],'
    b'"format":"coi-leaf-v1","id":"11111111-1111-4111-8111-111111111111","kind":"therapy.enrolled","note":null,'
    b'"occurred_at":"2026-11-23T13:05:00.250000Z","offset":60,"outcome":"done","performed_by":[],"position":0,'
    b'"prev":null,"reason":null,"recorded_at":"2026-11-23T13:05:01.000000Z","scans":[],"seq":0,"signatures":[],'
    b'"software":"0.1.0","stream":"therapy:COI-23456789ABCD2","tense":"asked","therapy":"COI-23456789ABCD2",'
    b'"uncertainty":0,"v":1,"values":{},"zone":"Europe/Paris"}'
)
GOLDEN_FULL = (
    b'{"actor":{"person":"demo-nurse","role":"nurse","site":"demo-hospital"},'
    b'"attempt":"11111111-1111-4111-8111-111111111111","corrects":"22222222-2222-4222-8222-222222222222",'
    b'"device":{"id":"d","seq":3},"documents":["' + b"0" * 64 + b'"],'
    b'"findings":[{"facts":{"containers":[]},"rule":"r"}],"format":"coi-leaf-v1",'
    b'"id":"11111111-1111-4111-8111-111111111111","kind":"handoff.accepted","note":"deadbeef",'
    b'"occurred_at":"2026-11-23T13:05:00.250000Z","offset":60,"outcome":"disputed",'
    b'"performed_by":["demo-nurse","demo-receiver"],"position":1099511627776,"prev":"' + b"ab" * 32 + b'",'
    b'"reason":"count-differs","recorded_at":"2026-11-23T13:05:01.000000Z",'
    b'"scans":[{"label":"LBL-23456789ABCD2","role":"container","subject":"CTR-23456789ABCD2","via":"camera"},'
    b'{"commitment":"\xc3\xa9\xe2\x80\xa8\x7f\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f","role":"wristband","subject":null,'
    b'"via":"typed"}],"seq":7,"signatures":[{"meaning":"performed"}],"software":"0.1.0",'
    b'"stream":"therapy:COI-23456789ABCD2","tense":"reported","therapy":null,"uncertainty":30,"v":1,'
    b'"values":{"":"\xf0\x9f\x92\x89","A":"\xef\xac\x81","_":"","a":{"x":null,"y":false,"z":true},'
    b'"b":[1,-1,9007199254740991,-9007199254740991],"volume_ml":"212.5"},"zone":null}'
)
HASH_PLAIN = "d9c87cc46e342fe3f6b955ab9a4cb0c3830694e6b5967e1213b97e0624a35472"
HASH_FULL = "a4bb9dd00f155998fa32576d7d9755c8c51408fb997955f69837ae8625ebf4c0"


def test_the_bytes_of_a_plain_entry_never_change():
    assert leaf_of(PLAIN, prev=None) == GOLDEN_PLAIN
    assert leaf_hash(GOLDEN_PLAIN) == HASH_PLAIN


def test_the_bytes_of_an_entry_with_everything_in_it_never_change():
    assert leaf_of(FULL, prev="ab" * 32) == GOLDEN_FULL
    assert leaf_hash(GOLDEN_FULL) == HASH_FULL


def test_the_hash_is_that_of_a_leaf_of_a_merkle_tree():
    assert leaf_hash(b"") == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"  # RFC 6962's own
    assert leaf_hash(b"x") == hashlib.sha256(b"\x00x").hexdigest()


def test_a_leaf_has_every_field_of_an_entry_and_two_more():
    assert set(json.loads(GOLDEN_PLAIN)) == {field.name for field in fields(Entry)} | {"format", "prev"}
    assert LEAF_FORMAT == "coi-leaf-v1"


@pytest.mark.parametrize(("leaf", "entry", "prev"), [(GOLDEN_PLAIN, PLAIN, None), (GOLDEN_FULL, FULL, "ab" * 32)])
def test_a_leaf_of_the_first_release_is_read_for_ever(leaf, entry, prev):
    assert read_leaf(leaf) == (entry, prev)


# --- canonical JSON: what RFC 8785 says, for the values that a leaf may hold


def rfc_8785(value):
    """Write what RFC 8785 says of values without floats, character by character, without the json module."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(rfc_8785, value)) + "]"
    pairs = sorted(value.items(), key=lambda pair: _utf16(pair[0]))
    return "{" + ",".join(f"{rfc_8785(key)}:{rfc_8785(item)}" for key, item in pairs) + "}"


def _escaped(letter):
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    return short.get(letter) or (f"\\u{ord(letter):04x}" if ord(letter) < 0x20 else letter)


def _utf16(text):
    units = text.encode("utf-16-be")
    return struct.unpack(f">{len(units) // 2}H", units)


keys = st.text(alphabet=st.characters(max_codepoint=127), max_size=6)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(st.characters(exclude_categories=["Cs"]))
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)


@given(documents)
def test_canonical_json_is_what_rfc_8785_says(value):
    assert canonical(value) == rfc_8785(value).encode()


@given(documents)
def test_canonical_json_reads_back_as_the_same_value(value):
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(keys, scalars, min_size=2), st.randoms())
def test_the_order_in_which_keys_were_given_does_not_show(value, random):
    pairs = list(value.items())
    random.shuffle(pairs)
    assert canonical(dict(pairs)) == canonical(value)


@pytest.mark.parametrize(
    "value",
    [0.0, 1.5, float("nan"), float("inf"), 2**53, -(2**53), 10**400, {"é": 1}, {1: 2}, {None: 1}, {True: 1}, "\ud800",
     "a\udfff", b"bytes", {1, 2}, object, datetime(2026, 1, 1, tzinfo=UTC), {"a": [{"b": 0.1}]}, [[["\ud83d"]]]],
    ids=repr,
)  # fmt: skip
def test_what_two_programs_might_write_differently_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical(value)
    with pytest.raises(NotCanonical):
        leaf_of(replace(PLAIN, values={"x": value}), prev=None)


@pytest.mark.parametrize(
    "value", [2**53 - 1, -(2**53) + 1, "\ud83d\udc89".encode("utf-16", "surrogatepass").decode("utf-16")]
)
def test_what_lies_just_inside_is_kept(value):
    assert json.loads(canonical([value])) == [value]


# --- entries and their leaves

moments = st.datetimes(
    min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31),  # noqa: DTZ001 - the strategy adds the zones
    timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
        lambda offset: timedelta(minutes=round(offset.total_seconds() / 60)))),
)  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
objects = st.dictionaries(keys, documents, max_size=3)
entries = st.builds(
    Entry,
    position=st.integers(0, 2**53 - 1), stream=texts, seq=st.integers(0, 2**53 - 1), id=texts, attempt=texts,
    kind=texts, v=st.integers(1, 9), tense=texts, outcome=texts, therapy=st.none() | texts, occurred_at=moments,
    offset=st.integers(-840, 840), zone=st.none() | texts, uncertainty=st.integers(0, 10**6), recorded_at=moments,
    actor=st.dictionaries(keys, st.none() | texts, max_size=3), scans=st.lists(objects, max_size=2).map(tuple),
    values=objects, reason=st.none() | texts, note=st.none() | texts, findings=st.lists(objects, max_size=2).map(tuple),
    signatures=st.lists(objects, max_size=2).map(tuple), performed_by=st.lists(texts, max_size=2).map(tuple),
    documents=st.lists(texts, max_size=2).map(tuple), device=st.none() | objects, corrects=st.none() | texts,
    software=texts,
)  # fmt: skip


@given(entries, st.none() | texts)
def test_an_entry_comes_back_from_its_leaf_as_it_went_in(entry, prev):
    leaf = leaf_of(entry, prev=prev)
    again, before = read_leaf(leaf)
    assert (again, before) == (entry, prev)
    assert leaf_of(again, prev=before) == leaf
    assert json.loads(leaf) == as_json(entry) | {"format": LEAF_FORMAT, "prev": prev}


@given(moments)
def test_an_instant_has_one_text_whatever_the_zone_it_was_told_in(moment):
    text = instant(moment)
    assert len(text) == 27
    assert text.endswith("Z")
    assert from_instant(text) == moment
    assert instant(moment.astimezone(timezone(timedelta(hours=5, minutes=45)))) == text


def test_years_of_fewer_digits_are_filled_up():
    assert instant(datetime(33, 4, 3, tzinfo=UTC)) == "0033-04-03T00:00:00.000000Z"


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 1, 1), datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),  # noqa: DTZ001 - naive on purpose
     datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))],
    ids=["naive", "before the first day", "after the last day"],
)  # fmt: skip
def test_a_time_that_is_no_instant_is_refused(moment):
    with pytest.raises(ValueError, match="A time"):
        instant(moment)


GOOD = json.loads(GOLDEN_PLAIN)


@pytest.mark.parametrize(
    "leaf",
    [b"", b"{", b"[]", b"null", b'"x"', b"7", b"\xff", b"{}", b'{"format":"coi-leaf-v2"}',
     canonical(GOOD | {"format": "coi-leaf-v2"}), canonical(GOOD | {"more": 1}),
     canonical({key: value for key, value in GOOD.items() if key != "prev"}),
     canonical({key: value for key, value in GOOD.items() if key != "zone"}), canonical(GOOD | {"scans": None}),
     canonical(GOOD | {"recorded_at": "yesterday"}), canonical(GOOD | {"recorded_at": None}),
     canonical(GOOD | {"recorded_at": "2026-11-23T13:05:01"}), canonical(GOOD | {"occurred_at": 7}),
     b"[" * 100_000, canonical(GOOD | {"format": None})],
    ids=lambda leaf: repr(leaf[-40:]),
)  # fmt: skip
def test_what_is_no_leaf_of_this_format_is_refused_by_one_kind_of_error(leaf):
    with pytest.raises(ValueError):  # noqa: PT011 - each reader below has its own words
        read_leaf(leaf)


def test_subjects_are_told_by_their_role_without_the_unresolved_ones():
    assert FULL.subjects("container") == ("CTR-23456789ABCD2",)
    assert FULL.subjects("wristband") == ()
