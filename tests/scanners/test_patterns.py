"""A site's patterns are checked when they are set up, and then read wristbands and badges and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import BadPattern, ScanError, Site, checked_patterns, read_text
from scanners.checks import mod37_2
from scanners.patterns import LONGEST, NAMES


@pytest.mark.parametrize(
    ("pattern", "text", "kind", "value"),
    [
        (r"^MRN(?P<mrn>\d{7})$", "MRN1234567", "mrn", "1234567"),
        ("^MRN(?P<mrn>[0-9]{6,8})X?$", "MRN1234567X", "mrn", "1234567"),
        (r"^\(V\)(?P<visit>[A-Z]{2}-[0-9]{4})$", "(V)AB-1234", "visit", "AB-1234"),
        ("^S(?P<staff>[0-9]{6})$", "S123456", "staff", "123456"),
    ],
)
def test_a_pattern_reads_what_it_fits(pattern, text, kind, value):
    site = Site(patterns=checked_patterns([pattern]))
    reading = read_text(text, via="wedge", site=site)
    assert (reading.kind, reading.canonical, dict(reading.fields)) == (kind, value, {kind: value})
    assert read_text(f"X{text}", via="wedge", site=site).kind == "unknown"
    assert read_text(f"{text}9", via="wedge", site=site).kind == "unknown"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "both anchors"), ("MRN(?P<mrn>[0-9]{7})", "both anchors"), ("^MRN([0-9]{7})$", "named group"),
        ("^(?P<mrn>(a+)+)$", "counted repeats"), ("^(?P<mrn>a+)$", "counted repeats"), ("^(?P<mrn>a*)$", "counted"),
        ("^(?P<mrn>(a{1,9}){1,9})$", "counted"), ("^(?P<mrn>a|b)$", "counted"), (r"^(?P<mrn>.{7})$", "counted"),
        (r"^(?P<mrn>\w{7})$", "counted"), (r"^(?P<mrn>[0-9]{7})(?P=mrn)$", "counted"), ("^(?=a)(?P<mrn>b)$", "counted"),
        ("^(?P<mrn>[^0-9]{7})$", "counted"), ("^(?P<mrn>[0-9]{7}){2}$", "counted"), ("^(?P<mrn>[0-9]{99})$", "at most"),
        ("^(?P<mrn>[0-9]{0,9}[0-9]{0,9}[0-9]{0,9})$", "may vary"), ("^(?P<mrn>[0-9]{7,3})$", "smaller number first"),
        ("^(?P<mrn>[9-0]{7})$", "regular pattern"), ("^(?P<other>[0-9]{7})$", "expected one of"),
        ("^(?P<mrn>[0-9]{0,9})$", "empty code"), (f"^(?P<mrn>{'a' * LONGEST})$", "characters"),
        ("^(?P<mrn>LBL-[0-9A-Z]{13})$", "our own codes"), ("^(?P<mrn>[0-9A-Z]{14})$", "typed donation numbers"),
        ("^(?P<mrn>[0-9]{20})$", "shipping units"), ("^(?P<mrn>=[0-9A-Z]{15})$", "ISBT 128 symbols"),
    ],
)  # fmt: skip
def test_a_pattern_that_is_dangerous_or_fits_other_codes_is_refused_when_it_is_set_up(pattern, why):
    with pytest.raises(BadPattern, match=why):
        checked_patterns([pattern])


def test_a_code_that_fits_two_kinds_is_refused():
    site = Site(patterns=checked_patterns(["^(?P<mrn>[0-9]{7})$", "^(?P<staff>[0-9]{6,7})$"]))
    assert read_text("123456", via="wedge", site=site).kind == "staff"
    with pytest.raises(ScanError, match="mrn and staff") as refused:
        read_text("1234567", via="wedge", site=site)
    assert refused.value.code == "scan.ambiguous"


def test_a_code_that_a_pattern_and_a_symbology_both_accept_is_refused():
    site = Site(
        patterns=checked_patterns(["^(?P<mrn>A9999[0-9]{9})$"])
    )  # the sample of a typed number ends in a letter
    ambiguous = next(f"A9999141234{n:02}{mod37_2(f'A9999141234{n:02}')}" for n in range(99)
                     if mod37_2(f"A9999141234{n:02}").isdigit())  # fmt: skip
    assert read_text(ambiguous, via="wedge").kind == "din"
    with pytest.raises(ScanError, match="can be") as refused:
        read_text(ambiguous, via="wedge", site=site)
    assert refused.value.code == "scan.ambiguous"


def test_a_number_of_the_hospital_is_not_a_misread_donation_number_where_a_pattern_says_so():
    site = Site(patterns=checked_patterns(["^(?P<mrn>W[0-9]{13})$"]))
    with pytest.raises(ScanError):
        read_text("W1234567890123", via="wedge")
    assert read_text("W1234567890123", via="wedge", site=site).kind == "mrn"


PIECES = st.lists(
    st.sampled_from(["a", "a?", "[a-b]{0,64}", "a{1,64}", r"\d{0,64}", "(a+)+", "a*", ".*", "|", "(?:a)", "{9}", "$"]),
    min_size=1, max_size=6,
).map("".join)  # fmt: skip


@given(PIECES, PIECES, st.sampled_from([*NAMES, "other"]), st.text(alphabet="a1b", min_size=300, max_size=500))
def test_whatever_pattern_is_let_in_reads_any_text_soon(before, inside, name, text):
    try:
        patterns = checked_patterns([f"^{before}(?P<{name}>{inside})$"])
    except BadPattern:
        return
    assert patterns[0].read(text + "!") is None  # one that can run away would take years, and the test its time-out
