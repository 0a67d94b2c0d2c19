"""Identifiers: no single slip of a hand or an eye turns one of ours into another."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from coi.journey.identity import (
    ALPHABET,
    BODY_LENGTH,
    CHECK_ALPHABET,
    Misread,
    NotOurs,
    Ref,
    RefType,
    check_character,
    grouped,
    mint,
    normalise_typed,
    parse,
    shown,
)

# The donation numbers and strings of the standard's own examples, and what their check character is.
VECTORS = {
    "G123417654321": "A", "G123498654321": "H", "A999914123456": "N", "A999818123456": "N", "A999922012346": "*",
    "W000009123456": "G", "3000505": "B", "2210579": "H", "0": "1", "ZZZZ": "O", "CHA999923123456": "Y",
    "CHA9999230A1B2C": "3",
}  # fmt: skip
WRONG = ["A999915123456N", "F123498654321H", "C0003070013666", "A999922564321S", "999914123456NA"]
SHIFTED = "NA999914123456"  # the check character moved to the front: the arithmetic does not see it

plain = st.text(alphabet=CHECK_ALPHABET[:-1], min_size=1, max_size=40)
kinds = st.sampled_from(sorted(RefType))


@st.composite
def minted(draw):
    return mint(draw(kinds), choose=Random(draw(st.integers())).choice)


@pytest.mark.parametrize(("text", "check"), VECTORS.items())
def test_the_known_check_characters_come_out(text, check):
    assert check_character(text) == check


@pytest.mark.parametrize("text", WRONG)
def test_the_known_wrong_numbers_are_found(text):
    assert check_character(text[:-1]) != text[-1]


def test_a_full_circular_shift_passes_the_arithmetic_which_is_why_the_form_has_a_hyphen():
    assert check_character(SHIFTED[:-1]) == SHIFTED[-1]


@given(plain)
def test_the_check_character_is_the_one_of_an_independent_implementation(text):
    assert check_character(text) == mod_37_2.calc_check_digit(text)
    assert mod_37_2.is_valid(text + check_character(text))


@pytest.mark.parametrize("text", ["a", "A-1", "A 1", "*", "\u00c4", "\uff11", "", "A*B"])
def test_only_digits_and_capitals_have_a_value(text):
    if text:
        with pytest.raises(ValueError, match="has no value"):
            check_character(text)
    else:
        assert check_character("") == "1"


@given(minted())
def test_a_minted_identifier_reads_back_as_what_it_names(id_):
    assert parse(id_) == Ref(RefType(id_[:3]), id_)
    assert len(id_) == 17
    assert set(id_[4:]) <= set(ALPHABET)
    assert mod_37_2.is_valid(id_.replace("-", ""))


def test_no_letter_is_taken_for_another():
    assert set("01IO") & set(ALPHABET) == set()
    assert len(set(ALPHABET)) == 32


def refused(text):
    with pytest.raises((NotOurs, Misread)):
        parse(text)


@given(minted())
def test_every_single_substitution_is_refused(id_):
    for place in range(len(id_)):
        for letter in {*CHECK_ALPHABET, "-"} - {id_[place]}:
            refused(id_[:place] + letter + id_[place + 1 :])


@given(minted())
def test_every_swap_of_neighbours_is_refused(id_):
    for place in range(len(id_) - 1):
        if id_[place] != id_[place + 1]:
            refused(id_[:place] + id_[place + 1] + id_[place] + id_[place + 2 :])


@given(minted())
def test_every_rotation_is_refused_with_and_without_the_hyphen(id_):
    bare = id_.replace("-", "")
    for turn in range(1, len(id_)):
        refused(id_[turn:] + id_[:turn])
        turned = bare[turn:] + bare[:turn]
        if turned != bare:
            refused(f"{turned[:3]}-{turned[3:]}")


@given(minted(), st.sampled_from(sorted(RefType)))
def test_an_identifier_of_one_type_is_never_one_of_another(id_, other):
    if other.value != id_[:3]:
        refused(other.value + id_[3:])


@given(minted(), st.text(max_size=3))
def test_nothing_may_stand_before_or_behind(id_, more):
    if more:
        refused(id_ + more)
        refused(more + id_)


@given(minted())
def test_what_is_longer_shorter_small_or_spaced_is_refused(id_):
    for text in (id_[:-1], id_[1:], id_ + "\n", id_.lower(), grouped(id_), f" {id_}", id_.replace("-", ""), id_ + id_,
                 id_.replace("-", "\u2010"), id_[:4] + id_[4:].replace(id_[4], "\uff21", 1)):  # fmt: skip
        refused(text)


@given(st.text(max_size=60))
def test_any_other_text_is_not_ours_and_is_shown_harmlessly(text):
    with pytest.raises(NotOurs) as fault:
        parse(text)
    said = str(fault.value)
    assert said.isascii()
    assert said.isprintable()
    assert len(said) < 600


def test_a_misread_one_is_told_from_a_foreign_one():
    id_ = mint(RefType.CONTAINER, choose=Random(1).choice)
    other = next(letter for letter in ALPHABET if letter != id_[-1])
    with pytest.raises(Misread, match="Scan it again"):
        parse(id_[:-1] + other)
    with pytest.raises(NotOurs):
        parse("A999914123456")
    with pytest.raises(NotOurs):
        parse("XYZ" + id_[3:])


def test_minting_draws_again_when_the_check_character_is_not_in_the_alphabet():
    draws: list[str] = []

    def choose(letters):
        draws.append(letters)
        return letters[len(draws) // BODY_LENGTH % len(letters)]  # one letter for each whole draw

    id_ = mint(RefType.THERAPY, choose=choose)
    assert id_[-1] in ALPHABET
    assert len(draws) % BODY_LENGTH == 0
    assert set(draws) == {ALPHABET}


def test_ten_thousand_identifiers_are_different():
    choose = Random(7).choice
    assert len({mint(RefType.LABEL, choose=choose) for _ in range(10_000)}) == 10_000


# --- typed text


@given(minted(), st.randoms(use_true_random=False))
def test_what_is_typed_with_spaces_hyphens_and_small_letters_is_what_was_meant(id_, random):
    typed = "".join(
        random.choice(["", " ", "-", "\t", "\u00a0"]) + random.choice([letter, letter.lower()])
        for letter in id_.replace("-", "")
    )
    assert normalise_typed(typed) == id_
    assert normalise_typed(grouped(id_)) == id_


@given(minted())
def test_typing_never_repairs_a_wrong_letter(id_):
    for letter in "01IO":
        refused(normalise_typed(id_[:6] + letter + id_[7:]))


@given(st.text(max_size=30))
def test_other_text_is_only_stripped(text):
    squeezed = "".join(text.split()).replace("-", "")
    if squeezed[:3].upper() not in set(RefType) or len(squeezed) != 16:
        assert normalise_typed(text) == text.strip()


@pytest.mark.parametrize("letter", ["\u017f", "\u0131", "\ufb00", "\u00df", "\uff23", "\u0421"])
def test_capitals_of_other_scripts_do_not_turn_into_our_letters(letter):
    id_ = mint(RefType.SHIPPER, choose=Random(3).choice)
    for text in (letter + id_[1:], id_[:5] + letter + id_[6:]):
        assert normalise_typed(text) == text
        refused(normalise_typed(text))


def test_normalising_twice_changes_nothing():
    id_ = mint(RefType.PATIENT, choose=Random(5).choice)
    for text in (id_.lower(), f"  {id_} ", "foreign code", ""):
        assert normalise_typed(normalise_typed(text)) == normalise_typed(text)


def test_long_foreign_text_is_cut_and_quoted():
    assert shown("x" * 100) == "'" + "x" * 40 + "...'"
    assert shown("a\nb\x00é") == "'a\\nb\\x00\\xe9'"
