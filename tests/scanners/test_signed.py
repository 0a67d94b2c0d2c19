"""A signed label is judged offline: genuine, or refused by name. What is written here is read by other code."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from labels import LabelError
from labels.rfc9285 import END, LENGTH, PREFIX, encode, serial_of
from labels.signed import TYPES, Signed, signed_text
from labels.symbol import qr
from scanners import Judged, PublicKey, ScanError, read_keys, verify_label, write_keys
from scanners.__main__ import main
from scanners.signed import HEADER

AT = datetime(2026, 11, 23, 14, 5, 7, tzinfo=UTC)
OURS = Ed25519PrivateKey.from_private_bytes(b"a label key of tests of 32 bytes")
THEIRS = Ed25519PrivateKey.from_private_bytes(b"a key of somebody else, 32 bytes")
ID = bytes.fromhex("0a1b2c3d")
KEY = PublicKey("coi-label/test", ID, OURS.public_key().public_bytes_raw(), AT - timedelta(days=1))
SAID = Signed(
    type="dose", container="CTR-8N4P2WXK6MQR7", coi="COI-5WDN8QHE3RVAP", serial="LBL-7K3M9QRT2XYZ4",
    generation=3, as_of=AT, expires_at=AT + timedelta(days=270),
)  # fmt: skip
TEXT = signed_text(SAID, key_id=ID, sign=OURS.sign)
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
ids = st.text("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=13, max_size=13)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2106, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - aware by timezones
    lambda moment: moment.replace(microsecond=0)
)
labels = st.builds(
    Signed, type=st.sampled_from(TYPES), container=ids.map("CTR-{}".format), coi=ids.map("COI-{}".format),
    serial=ids.map("LBL-{}".format), generation=st.integers(1, 255), as_of=moments, expires_at=st.none() | moments,
)  # fmt: skip


@given(labels)
def test_what_was_signed_is_read_back_by_other_code_and_is_genuine(said):
    text = signed_text(said, key_id=ID, sign=OURS.sign)
    verdict = verify_label(text, [replace(KEY, since=datetime(1970, 1, 1, tzinfo=UTC))])
    assert verdict.judged is Judged.GENUINE, verdict.sentence
    assert {name: getattr(verdict.label, name) for name in Signed.__slots__} == {
        name: getattr(said, name) for name in Signed.__slots__
    }
    assert serial_of(text) == said.serial
    assert len(text) == LENGTH


def test_the_text_is_of_the_alphanumeric_mode_and_of_a_stated_size():
    assert set(TEXT) <= set(BASE45)
    assert (len(TEXT), len(qr(TEXT))) == (162, 53)  # 162 characters of level Q are version 9


@pytest.mark.parametrize(("data", "text"), [(b"AB", "BB8"), (b"base-4", "UJCLQE7W5"), (b"Hello!", "%69 VD92E")])
def test_base45_is_that_of_its_standard(data, text):  # the whole pairs of the examples of RFC 9285, section 4.3
    assert encode(data) == text


@given(st.integers(len(PREFIX), LENGTH - 1), st.sampled_from(BASE45))
@example(LENGTH - 1, ":")
def test_a_text_with_one_other_character_is_never_genuine(place, character):
    changed = TEXT[:place] + character + TEXT[place + 1 :]
    if changed != TEXT:
        verdict = verify_label(changed, [KEY])
        assert verdict.judged in (Judged.ALTERED, Judged.FORGED), verdict
        assert not verdict.genuine


@given(st.integers(0, 104 * 8 - 1))
def test_a_text_with_one_other_bit_is_never_genuine(bit):
    data = bytearray(b"".join(
        (BASE45.index(a) + 45 * BASE45.index(b) + 2025 * BASE45.index(c)).to_bytes(2, "big")
        for a, b, c in zip(*[iter(TEXT[5:-1])] * 3, strict=True)
    ))  # fmt: skip
    assert PREFIX + encode(bytes(data)) + END == TEXT
    data[bit // 8] ^= 0x80 >> bit % 8
    assert verify_label(PREFIX + encode(bytes(data)) + END, [KEY]).judged in (Judged.ALTERED, Judged.FORGED)


@given(st.text(max_size=200) | st.text(BASE45, max_size=200).map(PREFIX.__add__))
@example(TEXT.lower())
@example(TEXT + " ")
@example(TEXT[:-1])
@example(PREFIX + ":::" * 52 + END)
def test_no_other_text_is_ever_genuine_and_none_is_too_much(text):
    assert text == TEXT or not verify_label(text, [KEY]).genuine


def test_a_label_of_another_key_is_named_as_forged_and_is_genuine_for_who_holds_that_key():
    text = signed_text(SAID, key_id=bytes(4), sign=THEIRS.sign)
    verdict = verify_label(text, [KEY])
    assert (verdict.judged, "not on the list" in verdict.sentence) == (Judged.FORGED, True)
    theirs = replace(KEY, id=bytes(4), key=THEIRS.public_key().public_bytes_raw())
    assert verify_label(text, [KEY, theirs]).genuine


def test_a_label_that_claims_our_key_and_was_signed_with_another_is_altered():
    verdict = verify_label(signed_text(SAID, key_id=ID, sign=THEIRS.sign), [KEY])
    assert (verdict.judged, verdict.key) == (Judged.ALTERED, None)


def test_a_key_that_was_revoked_or_did_not_count_yet_makes_no_label_genuine():
    for key in (
        replace(KEY, revoked=AT + timedelta(days=9)),
        replace(KEY, since=AT + timedelta(seconds=1)),
        replace(KEY, until=AT - timedelta(seconds=1)),
    ):
        verdict = verify_label(TEXT, [key])
        assert (verdict.judged, verdict.genuine, verdict.label.serial) == (Judged.RETIRED, False, SAID.serial)
    assert verify_label(TEXT, [replace(KEY, since=AT, until=AT)]).genuine


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("LBL-7K3M9QRT2XYZ4", Judged.UNSIGNED),
        ("=A99991712345600", Judged.FOREIGN),
        ("&/CHA999923123456", Judged.FOREIGN),
        ("]d20195060001343521", Judged.FOREIGN),
        ("0195060001343521", Judged.FOREIGN),
        ("https://example.org/x", Judged.FOREIGN),
        ("LBL-7K3M9QRT2XYZ", Judged.UNKNOWN),
        ("COI2:" + TEXT[5:], Judged.UNKNOWN),
        ("", Judged.UNKNOWN),
        ("hello", Judged.UNKNOWN),
    ],
)
def test_what_is_no_signed_label_is_named_as_what_it_is(text, judged):
    verdict = verify_label(text, [KEY])
    assert (verdict.judged, verdict.label) == (judged, None)
    assert verdict.sentence.endswith(".")


@pytest.mark.parametrize(
    ("field", "value"),
    [("container", "COI-8N4P2WXK6MQR7"), ("coi", "CHA999923123456"), ("serial", "LBL-7K3M9QRT2XYZ1"),
     ("generation", 0), ("generation", 256), ("type", "bag"), ("as_of", datetime(1960, 1, 1, tzinfo=UTC)),
     ("expires_at", datetime(2107, 1, 1, tzinfo=UTC))],
)  # fmt: skip
def test_what_has_no_place_in_the_form_is_refused_before_it_is_signed(field, value):
    with pytest.raises(LabelError):
        signed_text(replace(SAID, **{field: value}), key_id=ID, sign=OURS.sign)


def test_a_text_that_is_not_signed_names_no_serial():
    for text in ("", SAID.serial, TEXT[:-1], TEXT.lower()):
        assert serial_of(text) == ""


def test_a_key_list_is_read_as_it_was_written():
    keys = [KEY, replace(KEY, name="old", until=AT, revoked=AT)]
    assert read_keys(write_keys(keys) + "\n# a remark\n\n") == keys


@pytest.mark.parametrize(
    "line",
    ["name", "a 0a1b2c3d AAAA 2026-01-01T00:00:00Z - -", "a zz {key} 2026-01-01T00:00:00Z - -",
     "a 0a1b {key} 2026-01-01T00:00:00Z - -", "a 0a1b2c3d {key} - - -", "a 0a1b2c3d {key} 2026-01-01T00:00:00 - -",
     "a 0a1b2c3d {key} 2026-01-01T00:00:00Z - - -"],
)  # fmt: skip
def test_a_line_that_is_no_key_is_refused_by_its_number(line):
    with pytest.raises(ScanError, match="Line 2 of the key list") as refused:
        read_keys(HEADER + "\n" + line.format(key=base64.b64encode(KEY.key).decode()))
    assert refused.value.code == "keys.malformed"


def test_the_small_program_says_it_offline_with_an_exit_code(tmp_path, capsys, monkeypatch):
    file = tmp_path / "keys.txt"
    file.write_text(write_keys([KEY]), "utf-8")
    assert main([TEXT, "--keys", str(file)]) == 0
    assert capsys.readouterr().out.startswith("Genuine: coi-label/test printed label LBL-7K3M9QRT2XYZ4")
    assert main([TEXT[:-2] + ("0" if TEXT[-2] != "0" else "1") + END, "--keys", str(file)]) == 1
    assert "altered" in capsys.readouterr().out
    file.write_text("nonsense", "utf-8")
    assert main([TEXT, "--keys", str(file)]) == 2
    assert main([TEXT, "--keys", str(tmp_path / "none")]) == 2
