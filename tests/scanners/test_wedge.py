"""Scanners that type: what stands around a code, two codes in one scan, and a scan told from typing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import ScanError, Site, checked_patterns, read_text
from scanners.wedge import FAST, PAUSE, SLOW, pace, terminator_name, unwrapped

OURS = "LBL-7K3M9QRT2XYZL"
MRN = checked_patterns(["^MRN(?P<mrn>[0-9]{7})$"])
SET_UP = Site(prefix="*B*", suffix="#", patterns=MRN)


@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n", "\t"])
@pytest.mark.parametrize("around", [("", ""), ("*B*", ""), ("", "#"), ("*B*", "#")])
@pytest.mark.parametrize("aim", ["", "]Q1", "]C0"])
def test_what_the_scanner_puts_around_a_code_is_taken_off(end, around, aim):
    reading = read_text(around[0] + aim + OURS + around[1] + end, via="wedge", site=SET_UP)
    assert (reading.text, reading.kind, reading.via) == (OURS, "own", "wedge")


def test_the_prefix_may_stand_behind_the_symbology_identifier():
    reading = read_text(f"]Q1*B*{OURS}#\r", via="wedge", site=SET_UP)
    assert (reading.text, reading.symbology) == (OURS, "QRCode")


def test_what_was_taken_off_is_named():
    found = unwrapped("*B*MRN1234567#\r\n", SET_UP)
    assert (found.text, found.prefix, found.suffix, terminator_name(found.terminator)) == (
        "MRN1234567", True, True, "CR LF",
    )  # fmt: skip
    assert [terminator_name(end) for end in ("", "\r", "\n", "\t", "\r\r")] == ["none", "CR", "LF", "TAB", "several"]


def test_the_symbol_that_a_scanner_names_is_kept():
    assert [read_text(f"]{aim}{OURS}", via="wedge").symbology for aim in ("Q1", "d1", "C0", "X0")] == [
        "QRCode", "DataMatrix", "Code128", "text",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OURS + OURS, "one of our codes and one of our codes"),
        (OURS + "=A99991712345600", "one of our codes and a donation number (DIN)"),
        (OURS + "MRN1234567", "one of our codes and a patient's number"),
        ("MRN1234567" + OURS, "a patient's number and one of our codes"),
        ("SEAL-4711" + OURS, "another code and one of our codes"),
        (OURS + "SEAL-4711", "one of our codes and another code"),
        ("MRN1234567MRN7654321", "a patient's number and a patient's number"),
        (f"{OURS}\n{OURS}", "two codes in one scan"),
        (f"]C0{OURS}]C0{OURS}", "two codes in one scan"),
        ("=A99991712345600=A99991712345600", "run together"),
        ("=+02000=A99991712345600=,000012=,000012", "run together"),
        ("001061414123456789088018795260646688514634", "run together"),
    ],
)
def test_two_codes_in_one_scan_are_refused_and_named_where_they_can_be_told(text, said):
    with pytest.raises(ScanError) as refused:
        read_text(text, via="wedge", site=SET_UP)
    assert refused.value.code == "scan.two_codes"
    assert said in str(refused.value)


def test_a_long_number_is_not_two_of_the_sites_short_ones():
    site = Site(patterns=checked_patterns(["^(?P<mrn>[0-9]{7})$"]))
    assert read_text("12345671234568", via="wedge", site=site).kind == "unknown"


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([], "unclear"), ([5, 5], "unclear"), ([5, 5, 5], "scan"), ([FAST] * 16, "scan"),
        ([FAST + 0.1] * 16, "unclear"),
        ([5] * 16 + [PAUSE], "scan"), ([1] * 16 + [PAUSE + 1], "unclear"), ([SLOW - 0.1] * 9, "unclear"),
        ([SLOW] * 9, "typed"), ([150, 90, 240, 130], "typed"), ([10, -1, 10, 10], "unclear"), ([0.0] * 12, "scan"),
    ],
)  # fmt: skip
def test_the_time_between_keys_tells_a_scan_from_typing(gaps, said):
    assert pace(gaps) == said


@given(st.lists(st.floats(0, 1000), max_size=40))
def test_a_slower_hand_is_never_taken_for_a_scanner(gaps):
    if pace(gaps) == "typed":
        assert pace([gap * 2 for gap in gaps]) == "typed"
    if pace(gaps) == "scan":
        assert pace([gap / 2 for gap in gaps]) == "scan"
