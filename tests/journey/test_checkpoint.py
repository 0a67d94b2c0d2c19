"""Checkpoints and keys are read strictly: whatever could be written in two ways is accepted in one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coi.journey.checkpoint import BadNote, read_checkpoint, read_note, read_verifier_key
from coi.journey.tree import EMPTY_ROOT
from coi.record.logkey import LogKey, LogKeyError, create_log_key, load_log_key, public_half, verified

KEY = LogKey("coi/tests", bytes(range(32)))
NOTE = KEY.checkpoint(12345, EMPTY_ROOT)


def test_a_checkpoint_is_the_three_lines_of_the_form_and_a_signature():
    lines = NOTE.split("\n")
    assert lines[:4] == ["coi/tests", "12345", base64.b64encode(EMPTY_ROOT).decode(), ""]
    assert lines[4].startswith("\u2014 coi/tests ")
    assert (len(lines), lines[5]) == (6, "")
    assert (verified(NOTE, key=KEY.verifier_key).size, verified(NOTE, key=KEY.verifier_key).root) == (12345, EMPTY_ROOT)


def test_the_signature_is_that_of_rfc_8032():
    key = LogKey("x", bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign("").value.hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_single_character_can_be_changed(place, letter):
    changed = NOTE[:place] + letter + NOTE[place + 1 :]
    if changed != NOTE:
        with pytest.raises(BadNote):
            verified(changed, key=KEY.verifier_key)


@pytest.mark.parametrize("changed", [
    NOTE[:-1], NOTE + "\n", NOTE + "x", "\n" + NOTE, NOTE.replace("\n", "\r\n"), NOTE.replace("12345", "012345"),
    NOTE.replace("12345", "+12345"), NOTE.replace("12345", " 12345"), NOTE.replace("12345", "1_2345"),
    NOTE.replace("12345", "9" * 30), NOTE.replace("\n\n", "\n"), NOTE.replace("\u2014", "-"), "", "\n\n", "x",
    NOTE.split("\n\n")[0] + "\n\n", NOTE.replace("coi/tests", "coi tests"), NOTE.replace("coi/tests\n", "other\n", 1),
], ids=lambda text: repr(text[-24:]))  # fmt: skip
def test_another_form_is_refused(changed):
    with pytest.raises(BadNote):
        verified(changed, key=KEY.verifier_key)


def test_loose_bits_of_base64_are_refused():
    text, block = NOTE.split("\n\n")
    with pytest.raises(BadNote):  # the last two characters before the padding stand for the same bytes
        read_checkpoint("coi/tests\n1\n" + base64.b64encode(EMPTY_ROOT).decode()[:-2] + "V=\n")
    assert read_note(text + "\n\n" + block)


def test_an_unknown_signature_beside_ours_does_no_harm_and_another_key_is_not_ours():
    other = LogKey("coi/witness", b"2" * 32)
    text, _ = read_note(NOTE)
    assert verified(NOTE + other.sign(text).line(), key=KEY.verifier_key).size == 12345
    same_name = LogKey("coi/tests", b"3" * 32)
    for key in (other, same_name):
        with pytest.raises(BadNote):
            verified(NOTE, key=key.verifier_key)
        with pytest.raises(BadNote):
            verified(key.checkpoint(12345, EMPTY_ROOT), key=KEY.verifier_key)


@given(st.integers(0, len(KEY.verifier_key) - 1), st.characters(codec="ascii", categories=["L", "N", "P", "S"]))
def test_a_verifier_key_with_one_other_character_is_none(place, letter):
    changed = KEY.verifier_key[:place] + letter + KEY.verifier_key[place + 1 :]
    if changed != KEY.verifier_key:
        with pytest.raises(BadNote):
            read_verifier_key(changed)
    assert read_verifier_key(KEY.verifier_key) == ("coi/tests", KEY.public)


def test_a_key_file_is_for_its_owner_alone_and_is_never_overwritten(tmp_path):
    file = tmp_path / "log.key"
    made = create_log_key(file)
    assert load_log_key(file) == made
    assert public_half(file).read_text().strip() == made.verifier_key
    assert made.seed.hex() not in repr(made)
    with pytest.raises(LogKeyError, match="exists"):
        create_log_key(file)
    for mode in (0o640, 0o604, 0o660):
        file.chmod(mode)
        with pytest.raises(LogKeyError, match="expected 0600"):
            load_log_key(file)
    file.chmod(0o600)
    line = file.read_text()
    for wrong in ("", "x", line[:-8], line.replace("PRIVATE", "PUBLIC"), line.replace("coi/", "coy/")):
        file.write_text(wrong)
        with pytest.raises(LogKeyError, match="no signing key"):
            load_log_key(file)
    file.unlink()
    with pytest.raises(LogKeyError, match="no key file"):
        load_log_key(file)
