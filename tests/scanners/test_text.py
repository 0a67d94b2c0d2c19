"""Text from a hand scanner is taken exactly as it is, or refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import ScanError, read_text
from scanners.text import LONGEST

CODE = "LBL-7K3M9QRT2XYZL"


@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n", "\t", "\n\n", "\r\n\t"])
@pytest.mark.parametrize("via", ["wedge", "api", "camera", "paper", "typed"])
def test_the_terminator_of_a_scanner_is_not_part_of_the_code(end, via):
    reading = read_text(CODE + end, via=via)
    assert (reading.text, reading.via, reading.symbology, reading.box) == (CODE, via, "text", None)


def test_a_scan_keeps_its_spaces_and_its_case():
    assert read_text(" lbl 7k ", via="wedge").text == " lbl 7k "


def test_typed_text_loses_the_white_space_around_it_only():
    assert read_text("  lbl 7k3m \n", via="typed").text == "lbl 7k3m"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "scan.empty"),
        ("\r\n", "scan.empty"),
        ("   ", "scan.empty"),
        ("A" * (LONGEST + 1), "scan.too_long"),
        ("A" * 10_000_000, "scan.too_long"),
        (f"{CODE}\r{CODE}", "scan.two_codes"),
        (f"{CODE}\t{CODE}\t", "scan.two_codes"),
        ("A\x1dB", "scan.control_characters"),
        ("A\x00B", "scan.control_characters"),
        ("A\x7fB", "scan.control_characters"),
        ("\x1b[31mr\x1bed", "scan.control_characters"),
        ("\x00\x7f", "scan.empty"),
        ("\uff2c\uff22\uff2c-7K3M", "scan.not_ascii"),
        ("LBL-7\u041a3\u041c", "scan.not_ascii"),  # Cyrillic letters that look like Latin ones
        ("LBL\u20117K3M", "scan.not_ascii"),
        ("LBL-7K3M\u202e", "scan.not_ascii"),
        ("🩸", "scan.not_ascii"),
        ("\ud800", "scan.not_ascii"),
    ],
)
def test_what_is_no_clean_code_is_refused_by_name(text, code):
    with pytest.raises(ScanError) as refused:
        read_text(text, via="wedge")
    assert refused.value.code == code
    assert len(text) < 5 or text not in str(refused.value)


@pytest.mark.parametrize("value", [None, 5, b"LBL", ["LBL"], {"text": 1}])
def test_something_else_than_text_is_refused(value):
    with pytest.raises(ScanError) as refused:
        read_text(value, via="api")
    assert refused.value.code == "scan.not_text"


@given(st.text(max_size=700), st.sampled_from(["wedge", "typed", "api", "camera", "paper"]))
def test_any_text_is_a_clean_reading_or_a_named_refusal(text, via):
    try:
        found = read_text(text, via=via).text
    except ScanError as refused:
        code, found = refused.code, ""
    else:
        code = "scan.read"
    assert code.startswith("scan.")
    assert found.isascii()
    assert set(found) <= set(text)
    assert found.replace("\x1d", "").isprintable() or not found
    assert len(found) <= LONGEST


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x02MRN-4711\x03", "MRN-4711"),
        ("\x1b[31mred", "[31mred"),
        (f"\x00\x85{CODE}\x7f\r", CODE),
        (f"{CODE[:9]}\x00{CODE[9:]}", CODE),  # its check character shows that nothing is missing
    ],
)
def test_control_characters_that_say_nothing_are_dropped(text, clean):
    assert read_text(text, via="wedge").text == clean


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\uff2cBL-7K3M", "FULLWIDTH LATIN CAPITAL LETTER L (U+FF2C)"),
        ("LBL-7\u041a3", "CYRILLIC CAPITAL LETTER KA (U+041A)"),
        ("LBL\u20117K3M", "NON-BREAKING HYPHEN (U+2011)"),
        ("LBL-7K3M\u202e", "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ("A\u200bB", "ZERO WIDTH SPACE (U+200B)"),
        ("\ud800", "U+D800"),
    ],
)
def test_what_is_no_plain_letter_is_refused_and_named(text, name):
    with pytest.raises(ScanError, match=re.escape(name)) as refused:
        read_text(text, via="wedge")
    assert refused.value.code == "scan.not_ascii"


@given(st.text(alphabet="ghjkmnpqrstvwxyz_ !#", min_size=1, max_size=LONGEST))
def test_a_text_that_is_no_code_comes_back_as_it_was(text):
    if text.strip():
        reading = read_text(text, via="wedge")
        assert (reading.text, reading.kind, reading.canonical) == (text, "unknown", text)
