"""What follows from a known code as it arrived, and from the keys that a browser tells."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import ScanError
from scanners.keys import Heard, bytes_of, heard, of_text
from scanners.trial import SIZES, TRIALS, size_text, told

QUICK, SLOW = 8, 150
ONE, MARKS, _, GS1 = (trial.arrives for trial in TRIALS)


def sent(text, pace=QUICK):
    return Heard(text, (float(pace),) * (len(text) - 1))


def advice(text, pace=QUICK):
    return " ".join(told(sent(text, pace)).advice)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_scanner_that_is_set_up_well_is_told_so(trial):
    found = told(sent(f"{trial.arrives}\r"))
    assert (found.trial, found.terminator, found.pace) == (trial.name, "CR", "scan")
    assert (found.advice, found.settings) == (("The scanner is set up well.",), {})


@pytest.mark.parametrize(
    ("text", "terminator", "prefix", "suffix", "aim"),
    [
        (ONE, "none", "", "", ""), (f"{ONE}\n", "LF", "", "", ""), (f"{ONE}\t", "TAB", "", "", ""),
        (f"*{ONE}#\r\n", "CR LF", "*", "#", ""), (f"]C0{ONE}\r", "CR", "", "", "C0"),
        (f"*]C0{ONE}\r", "CR", "*", "", "C0"), (f"]C0*{ONE}\r", "CR", "*", "", "C0"),
        (f"]d2{GS1}\r", "CR", "", "", "d2"),
    ],
)  # fmt: skip
def test_what_stands_around_a_code_is_named_and_proposed(text, terminator, prefix, suffix, aim):
    found = told(sent(text))
    assert (found.terminator, found.prefix, found.suffix, found.aim) == (terminator, prefix, suffix, aim)
    proposed = {"scanner_prefix": prefix, "scanner_suffix": suffix}
    assert found.settings == {key: value for key, value in proposed.items() if value}
    assert ("Enter" in advice(text)) is (terminator != "CR")


@pytest.mark.parametrize("mark", ["~", "{GS}", "|", "^]"])
def test_what_is_sent_for_fnc1_is_proposed(mark):
    assert told(sent(GS1.replace("\x1d", mark))).settings == {"scanner_fnc1": mark}


def test_a_scanner_that_sends_nothing_for_fnc1_is_told_so():
    assert "run together" in advice(GS1.replace("\x1d", "") + "\r")


def test_caps_lock_and_another_keyboard_are_told_apart():
    assert "Caps Lock" in advice(MARKS.swapcase() + "\r")
    german = MARKS.translate(str.maketrans("=<&;:-/zyZY", "\u00b4;/öÖß-yzYZ"))
    assert "= came as \u00b4" in advice(german + "\r")
    assert "keyboard layout" in advice(f"]Q1{german}\r")


@pytest.mark.parametrize("size", SIZES)
def test_the_smallest_module_that_was_read_is_named(size):
    assert told(sent(size_text(size) + "\r")).trial == f"{size:.2f} mm"


def test_typing_is_told_and_another_code_proposes_nothing():
    assert "slowly as typing" in advice(f"{ONE}\r", SLOW)
    assert "would count as typed" in advice(f"{ONE}\r", 60)
    found = told(sent("MRN-4711\r"))
    assert (found.trial, found.settings) == ("", {})
    assert "none of the codes" in found.advice[0]


@given(st.text(max_size=60), st.lists(st.floats(0, 500), max_size=60))
def test_whatever_arrives_something_is_said(text, gaps):
    found = told(Heard(text, tuple(gaps)))
    assert found.advice
    assert all(value.isascii() and value.isprintable() for value in found.settings.values())


# --- keys


def test_keys_become_characters_with_the_time_between_them():
    keys = [["Shift", False, 0], ["A", False, 1], ["b", False, 5.5], ["]", True, 9], ["Enter", False, 12]]
    found = heard([*keys, ["j", True, 15], ["F8", False, 16], ["Tab", False, 20]])
    assert found == Heard("Ab\x1d\r\n\t", (4.5, 3.5, 3, 3, 5), ("F8",))
    assert bytes_of(found) == [
        ("41", "A", None), ("62", "b", 4.5), ("1D", "GS", 3.5), ("0D", "CR", 3), ("0A", "LF", 3), ("09", "TAB", 5),
    ]  # fmt: skip
    assert bytes_of(of_text("é ")) == [("C3 A9", "é", None), ("20", "space", None)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4),
)


@given(
    JSON | st.lists(st.tuples(st.text(max_size=9), st.booleans(), st.floats() | st.integers()).map(list), min_size=1)
)
def test_any_json_is_keys_or_refused(keys):
    try:
        found = heard(json.loads(json.dumps(keys)))
    except ScanError as refused:
        assert_form(refused)
    else:
        assert len(found.gaps) == max(0, len(found.text) - 1)
        assert len(bytes_of(found)) == len(found.text)
        assert told(found).advice


def assert_form(refused):
    assert refused.code == "keys.form"


@pytest.mark.parametrize("text", ["", "A" * 2001])
def test_a_text_that_is_none_or_endless_is_refused(text):
    with pytest.raises(ScanError):
        of_text(text)
