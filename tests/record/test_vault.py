"""The vault's cryptography: what is sealed opens in its place only, and its stored forms never change."""

import os
import stat
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coi.record.vault import (
    VaultError,
    as_indexed,
    blind_index,
    commitment,
    create_master,
    derive_keys,
    load_master,
    new_salt,
    opaque_token,
    open_sealed,
    seal,
)

MASTER = bytes(range(32))
KEYS = derive_keys(MASTER)
OTHER_KEYS = derive_keys(bytes(32))
SALT = bytes(range(32))
PLACE = {"table": "patient", "row": "p:1", "column": "family"}

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":"), min_size=1)


# Forms that are stored for ever. The values were worked out with hashlib and hmac alone.


def test_the_keys_of_a_master_never_change():
    assert KEYS.encryption.hex() == "d49443723a6b0f1b62b029784ffea01ebb84786d79417a7fc6ab3650f87ac167"
    assert KEYS.index.hex() == "2b96c532818d7928bbc55ab6187b57b9eb60b0445ddc98be2c8b406a0c955de0"
    assert KEYS.token.hex() == "8e374ffebcc858ab0c8884190bfced4ae1b62c3a2a35a93fd64fac5cb799203c"


def test_a_field_that_was_sealed_by_version_1_opens_for_ever():
    sealed = bytes.fromhex("01000102030405060708090a0b1a129da04bb05787a98449f4e0a7d25a393e99c223e6")
    assert open_sealed(KEYS, **PLACE, sealed=sealed) == "Çelik"


def test_the_commitment_of_a_text_never_changes():
    assert commitment(SALT, "Çelik, Zoë") == "f1dd510e3ae60a0dd2665f376dd1c4dfe39840f265776c43916b52a70c7bb65f"


def test_the_blind_index_of_an_identifier_never_changes():
    assert (
        blind_index(KEYS, scope="demo-hospital:mrn", value="4711-Ä")
        == "912ee842f8987ad45c27519d0a54506dee08658a58959814564373a37c5a03a1"
    )


def test_the_token_of_a_seal_number_never_changes():
    assert opaque_token(KEYS, scope="seal", text="SEAL-0042") == "ZZOAJVEKI7WB6MJNGYPGJ7CUNQ"


# Sealed fields


@given(plain=texts, table=names, row=texts.filter(bool), column=names)
@example(plain="", table="patient", row="a:b:c", column="born")
def test_what_is_sealed_opens_in_its_place(plain, table, row, column):
    sealed = seal(KEYS, table=table, row=row, column=column, plain=plain)
    assert open_sealed(KEYS, table=table, row=row, column=column, sealed=sealed) == plain


def test_every_bit_of_a_sealed_field_matters():
    sealed = seal(KEYS, **PLACE, plain="Zoë")
    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VaultError):
            open_sealed(KEYS, **PLACE, sealed=bytes(altered))


def test_a_sealed_field_that_was_cut_or_lengthened_is_refused():
    sealed = seal(KEYS, **PLACE, plain="Zoë")
    for other in [*(sealed[:length] for length in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(VaultError):
            open_sealed(KEYS, **PLACE, sealed=other)


@pytest.mark.parametrize(
    "place",
    [
        {**PLACE, "row": "p:2"},
        {**PLACE, "table": "person"},
        {**PLACE, "column": "given"},
        {"table": "patient", "row": "p", "column": "1:family"},
        {"table": "patient:p", "row": "1", "column": "family"},
    ],
)
def test_a_field_that_was_moved_to_another_place_is_refused(place):
    sealed = seal(KEYS, **PLACE, plain="Zoë")
    with pytest.raises(VaultError):
        open_sealed(KEYS, **place, sealed=sealed)


def test_a_field_that_was_sealed_under_another_master_is_refused():
    with pytest.raises(VaultError, match="another key"):
        open_sealed(OTHER_KEYS, **PLACE, sealed=seal(KEYS, **PLACE, plain="Zoë"))


def test_the_same_text_is_never_sealed_alike():
    assert len({seal(KEYS, **PLACE, plain="Zoë") for _ in range(100)}) == 100


@pytest.mark.parametrize("part", ["table", "row", "column"])
def test_a_place_without_a_name_is_refused(part):
    with pytest.raises(VaultError, match="clean name"):
        seal(KEYS, **{**PLACE, part: ""}, plain="Zoë")


def test_half_a_character_is_refused_without_showing_the_text():
    for act in (
        lambda text: seal(KEYS, **PLACE, plain=text),
        lambda text: commitment(SALT, text),
        lambda text: blind_index(KEYS, scope="mrn", value=text),
        lambda text: opaque_token(KEYS, scope="seal", text=text),
    ):
        with pytest.raises(VaultError, match="lone surrogate") as refused:
            act("Zoë\ud800")
        assert "Zo" not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__, "the traceback would show the text"


def test_a_refusal_does_not_show_what_is_sealed():
    sealed = seal(KEYS, **PLACE, plain="Zoë")
    with pytest.raises(VaultError) as refused:
        open_sealed(KEYS, **{**PLACE, "row": "p:2"}, sealed=sealed)
    assert "Zo" not in str(refused.value)


# Keys


def test_the_three_keys_differ_and_are_not_the_master():
    assert len({MASTER, KEYS.encryption, KEYS.index, KEYS.token}) == 4


def test_keys_are_not_shown():
    assert repr(KEYS) == "VaultKeys()"


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_master_of_another_length_is_refused(length):
    with pytest.raises(VaultError, match=f"got a vault master of {length} bytes, expected 32"):
        derive_keys(bytes(length))


# Commitments


@given(one=texts, two=texts)
def test_different_texts_have_different_commitments(one, two):
    assert (commitment(SALT, one) == commitment(SALT, two)) == (one == two)


def test_a_commitment_says_nothing_without_its_salt():
    assert commitment(new_salt(), "1961-04-12") != commitment(new_salt(), "1961-04-12")
    assert len(new_salt()) == 32


def test_bytes_that_move_between_salt_and_text_change_the_commitment():
    assert commitment(SALT + b"a", "b") != commitment(SALT, "ab")


@pytest.mark.parametrize("length", [0, 16, 31])
def test_a_salt_that_is_too_short_to_hide_a_date_is_refused(length):
    with pytest.raises(VaultError, match="expected at least 32"):
        commitment(bytes(length), "1961-04-12")


# Blind index


@given(value=texts.filter(as_indexed), space=st.text(" \t\r\n\u2002\u3000"))
@example(value="Zoe\u0308", space=" ")
def test_an_identifier_is_found_however_its_characters_are_composed_and_spaced(value, space):
    found = blind_index(KEYS, scope="demo-hospital:mrn", value=value)
    for written in (f"{space}{value}{space}", unicodedata.normalize("NFD", value), as_indexed(value)):
        assert blind_index(KEYS, scope="demo-hospital:mrn", value=written) == found


@given(one=texts.filter(as_indexed), two=texts.filter(as_indexed))
@example(one="MRN1", two="mrn1")
@example(one="4711", two="47 11")
@example(one="\u212b", two="\u00c5")
def test_only_identifiers_that_are_the_same_to_the_reader_share_an_index(one, two):
    same = unicodedata.normalize("NFC", one).strip() == unicodedata.normalize("NFC", two).strip()
    assert (blind_index(KEYS, scope="s", value=one) == blind_index(KEYS, scope="s", value=two)) == same


@pytest.mark.parametrize("value", ["", " ", "\t\r\n", "\u3000"])
def test_an_empty_identifier_is_refused_since_it_would_find_everybody_without_one(value):
    with pytest.raises(VaultError, match="names nothing"):
        blind_index(KEYS, scope="demo-hospital:mrn", value=value)


def test_scope_purpose_and_key_all_separate():
    found = {
        blind_index(KEYS, scope="a", value="bc"),
        blind_index(KEYS, scope="ab", value="c"),
        blind_index(KEYS, scope="b", value="c"),
        blind_index(OTHER_KEYS, scope="ab", value="c"),
    }
    assert len(found) == 4


# Tokens


@given(text=texts.filter(bool))
def test_a_token_is_26_capital_letters_and_digits_and_the_same_each_time(text):
    token = opaque_token(KEYS, scope="seal", text=text)
    assert len(token) == 26
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert token == opaque_token(KEYS, scope="seal", text=text)


@given(one=texts.filter(bool), two=texts.filter(bool))
@example(one="SEAL-1", two="SEAL-1 ")
@example(one="SEAL-1", two="seal-1")
def test_a_token_takes_a_scanned_text_exactly_as_it_is(one, two):
    assert (opaque_token(KEYS, scope="seal", text=one) == opaque_token(KEYS, scope="seal", text=two)) == (one == two)


def test_the_same_text_in_two_scopes_or_under_two_masters_has_two_tokens():
    found = {
        opaque_token(KEYS, scope="seal", text="1"),
        opaque_token(KEYS, scope="device", text="1"),
        opaque_token(OTHER_KEYS, scope="seal", text="1"),
    }
    assert len(found) == 3


@pytest.mark.parametrize(("scope", "text"), [("", "1"), ("seal", "")])
def test_a_token_of_nothing_is_refused(scope, text):
    with pytest.raises(VaultError, match="expected both"):
        opaque_token(KEYS, scope=scope, text=text)


# The key file


def test_a_new_master_is_read_back_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "vault.key"
    before = os.umask(0o777)
    try:
        master = create_master(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_master(path) == master
    assert len(master) == 32


def test_a_second_master_is_refused_and_the_first_is_kept(tmp_path):
    path = tmp_path / "vault.key"
    master = create_master(path)
    with pytest.raises(VaultError, match="that exists, expected none"):
        create_master(path)
    assert load_master(path) == master


def test_two_masters_are_never_alike(tmp_path):
    assert create_master(tmp_path / "a") != create_master(tmp_path / "b")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o660, 0o777])
def test_a_key_file_that_group_or_others_may_touch_is_refused(tmp_path, mode):
    path = tmp_path / "vault.key"
    create_master(path)
    path.chmod(mode)
    with pytest.raises(VaultError, match=f"mode {mode:04o}, expected 0600"):
        load_master(path)


@pytest.mark.parametrize("length", [0, 31, 33, 4096])
def test_a_key_file_of_another_length_is_refused(tmp_path, length):
    path = tmp_path / "vault.key"
    path.touch(mode=0o600)
    path.write_bytes(b"k" * length)
    with pytest.raises(VaultError, match="does not hold 32 bytes"):
        load_master(path)


def test_a_missing_key_file_is_named_without_its_folder(tmp_path):
    with pytest.raises(VaultError, match=r"^got no key file vault\.key \(No such file or directory\), expected it"):
        load_master(tmp_path / "vault.key")


def test_a_folder_in_place_of_the_key_file_is_refused(tmp_path):
    with pytest.raises(VaultError, match="Is a directory"):
        load_master(tmp_path)
