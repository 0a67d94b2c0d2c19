"""Each code is what exactly one parser says, however it is written; what was misread is refused."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coi.journey.identity import ALPHABET as OURS
from coi.journey.identity import RefType, check_character, mint
from scanners import ScanError, Site, checked_patterns, gs1, own, read_text
from scanners.aim import split
from scanners.checks import ALPHABET, mod10, mod37_2
from scanners.code import Code
from scanners.isbt128 import COI_CHECK_SCOPE
from scanners.samples import SAMPLES
from scanners.text import PARSERS, claims

GS = "\x1d"
SITE = Site(fnc1="~", patterns=checked_patterns(["^MRN(?P<mrn>[0-9]{7})$", "^STF(?P<staff>[0-9]{6})$"]))
SIGNED = SAMPLES["our signed labels"]
KINDS = {
    "LBL-7K3M9QRT2XYZL": ("own", "LBL-7K3M9QRT2XYZL"),
    SIGNED: ("label.signed", SIGNED),
    "=A99991712345600": ("din", "A999917123456"),
    "=A99991712345606": ("din", "A999917123456"),
    "]C0=A99991712345601": ("din", "A999917123456"),
    "A999914123456N": ("din", "A999914123456"),
    "A9999 14 123456 N": ("din", "A999914123456"),
    "a9999 14 123456 n": ("din", "A999914123456"),
    "=<T0416003": ("product_code", "T0416003"),
    "=<S1128V99": ("product_code", "S1128V99"),
    "&>0183652359": ("expiry_time", "&>0183652359"),
    "=>019031": ("expiry", "=>019031"),
    "=%6200": ("blood_group", "6200"),
    "=,000012": ("divisions", "000012"),
    "=(1001202603021530": ("dated", "=(1001202603021530"),
    "&/CHA999923123456": ("coi", "CHA999923123456"),
    "CHA999923123456Y": ("coi", "CHA999923123456"),
    "CHA9999230A1B2C3": ("coi", "CHA9999230A1B2C"),
    "=A99991712345600=,000012": ("din", "A999917123456"),
    "=A99991712345600=<S1128V00": ("bag", "A999917123456/S1128/000000"),
    "=A99991712345600=<S1128V99=,000012": ("bag", "A999917123456/S1128/000012"),
    "=+04000=/A9997XYZ100T0479=A99991712345600=,000012=>019031": ("bag", "A999917123456/T0479/000012/A9997"),
    "A9999E0398A999921123456000000": ("bag", "A999921123456/E0398/000000/A9999"),
    "00000E3046A999924123457000000": ("bag", "A999924123457/E3046/000000"),
    "&,4PL001499Z549917123456A00T041600320181231": ("sec", "PL001499Z549917123456A00T041600320181231"),
    "8018123456789012345675": ("gsrn.patient", "123456789012345675"),
    f"]C18018795260646688514634{GS}8019123": ("gsrn.patient", "795260646688514634"),
    "]d28018795260646688514634~8019123": ("gsrn.patient", "795260646688514634"),
    "(8018)123456789012345675(8019)123": ("gsrn.patient", "123456789012345675"),
    "https://a.example/8018/123456789012345675/8019/123": ("gsrn.patient", "123456789012345675"),
    "8017795260646688514634": ("gsrn.provider", "795260646688514634"),
    "]C100006141411234567890": ("sscc", "006141411234567890"),
    "00952012345678912345": ("sscc", "952012345678912345"),
    "https://id.gs1.org/00/952012345678912345": ("sscc", "952012345678912345"),
    "4149520123456788254AB/1": ("gln", "9520123456788/AB/1"),
    "https://id.gs1.org/414/9520123456788/254/32a%2Fb": ("gln", "9520123456788/32a/b"),
    f"]d201034531200000111719112510ABCD1234{GS}2110EW354EWER": ("gtin", "01/03453120000011/21/10EW354EWER"),
    "]d201034531200000111719112510ABCD1234~2110EW354EWER": ("gtin", "01/03453120000011/21/10EW354EWER"),
    "010950600013435210LOT7": ("gtin", "01/09506000134352/10/LOT7"),
    "]E05412345000013": ("gtin", "01/05412345000013"),
    "MRN1234567": ("mrn", "1234567"),
    "STF123456": ("staff", "123456"),
}
MISREAD = [
    "LBL-7K3M9QRT2XYZ4", "A999915123456N", "F123498654321H", "A999922564321S", "NA999914123456", "C0003070013666",
    "=A999917123456", "=A9O991712345600", "=A99999112345600", "CHA999923123456Z", "&/XHA999923123456",
    "=+03000=A99991712345600=,000012", "=+02000=A99991712345600=A99991712345600", "=+02000=A99991712345600&a123",
    "=+03000=A99991712345600=<S1128V00=,000012", "=>018366", "=>018000", "&>0183652460", "=R00011291915563",
    "8018123456789012345676", "00106141412345678909", "4149520123456789", "0109506000134353", "]C1000000",
    "https://id.gs1.org/00/952012345678912346",
    "8018123456789012345675254A", "]E05412345000014", "=", "&zzz",
]  # fmt: skip


@pytest.mark.parametrize("text", KINDS)
@pytest.mark.parametrize("via", ["wedge", "typed", "camera"])
def test_each_sample_is_of_its_kind_however_it_came_in(text, via):
    reading = read_text(text, via=via, site=SITE)
    assert (reading.kind, reading.canonical) == KINDS[text]


@pytest.mark.parametrize("text", [*KINDS, *SAMPLES.values()])
def test_each_sample_is_accepted_by_exactly_one_parser(text):
    aim, bare = split(text)
    accepted, refused = claims(Code(bare, aim, SITE))
    assert (len(accepted), refused) == (1, [])


def test_every_parser_accepts_one_of_the_samples():
    codes = [Code(text, site=SITE) for text in KINDS if text[0] != "]"]

    def takes(parse, code):
        try:
            return parse(code) is not None
        except ScanError:
            return False

    assert [parse.__module__ for parse in PARSERS if not any(takes(parse, code) for code in codes)] == []


@pytest.mark.parametrize("text", MISREAD)
def test_what_was_misread_is_refused(text):
    with pytest.raises(ScanError) as refused:
        read_text(text, via="wedge", site=SITE)
    assert refused.value.code == "scan.misread"
    assert text not in str(refused.value) or len(text) < 4


def test_a_number_that_was_turned_round_is_no_donation_number():
    assert read_text("999914123456NA", via="wedge").kind == "unknown"
    assert mod37_2("NA99991412345") == "6"  # the check character alone would let this one pass


def test_a_donation_number_of_digits_alone_may_be_a_hospitals_number():
    assert read_text("12345678901234", via="wedge").kind == "unknown"


@pytest.mark.parametrize(
    ("text", "check"),
    [("G123417654321", "A"), ("G123498654321", "H"), ("A999914123456", "N"), ("A999818123456", "N"),
     ("A999922012346", "*"), ("W000009123456", "G"), ("3000505", "B"), ("2210579", "H"), ("0", "1"), ("ZZZZ", "O"),
     ("CHA999923123456", "Y"), ("CHA9999230A1B2C", "3")],
)  # fmt: skip
def test_the_check_character_is_the_published_one(text, check):
    assert mod37_2(text) == check == check_character(text)


def test_both_houses_of_the_check_character_and_of_the_types_agree():
    assert set(own.TYPES) == {kind.value for kind in RefType}
    assert mod37_2(OURS) == check_character(OURS)


def test_flags_that_are_a_checksum_are_checked_and_others_change_nothing():
    assert read_text("=G12341765432170", via="wedge").canonical == "G123417654321"
    assert read_text("=R00011291915562", via="wedge").fields["flags"] == "62"
    kinds = {read_text(f"=A999917123456{flags}", via="wedge").canonical for flags in ("00", "01", "06", "12", "13")}
    assert kinds == {"A999917123456"}


@pytest.mark.parametrize(
    ("text", "needed"),
    [("=A99991712345600", ("product_code",)), ("=<S1128V00", ("din",)), ("=<S1128V99", ("din", "divisions")),
     ("=A99991712345600=<S1128V99", ("divisions",)), ("=A99991712345600=<S1128V99=,000012", ()),
     ("=,000012", ("din", "product_code")), ("010950600013435210LOT7", ("serial",)), ("8018123456789012345675", ())],
)  # fmt: skip
def test_a_reading_says_what_must_be_scanned_as_well(text, needed):
    assert read_text(text, via="wedge").needed == needed


def bag(division, product="S1128V99", din="A999917123456", flags="00"):
    return read_text(f"={din}{flags}=<{product}=,{division}", via="wedge").canonical


def test_a_bag_is_donation_product_and_division():
    assert bag("000012") == bag("000012", flags="01")
    assert len({bag("000012"), bag("000013"), bag("000012", "S1194V99"), bag("000012", din="A999917123457")}) == 4


# --- one character wrong


def wrong_ones(text, alphabet):
    for place, right in enumerate(text):
        yield from (text[:place] + other + text[place + 1 :] for other in alphabet if other != right)
    for place, (one, other) in enumerate(pairwise(text)):
        if one != other:
            yield text[:place] + other + one + text[place + 2 :]


def turned(text):
    return {text[place:] + text[:place] for place in range(1, len(text))} - {text}


def kind_of(text):
    try:
        return read_text(text, via="typed").kind
    except ScanError:
        return "refused"


def numbers(count, seed):
    chance = random.Random(seed)
    for _ in range(count):
        din = f"A999{chance.randrange(10)}{chance.randrange(10, 27)}{chance.randrange(10**6):06}"
        suffix = "".join(chance.choice(ALPHABET[:-1]) for _ in range(6))
        coi = f"CH{din[:7]}{suffix}"
        yield mint(chance.choice(list(RefType)), choose=chance.choice), din, coi


def test_no_single_wrong_character_and_no_swap_in_a_thousand_codes_is_taken_for_a_code():
    taken = []
    for ours, din, coi in numbers(1000, 5):
        for code, alphabet in (
            (ours, OURS),
            (din + mod37_2(din), ALPHABET),
            (coi + mod37_2(coi[COI_CHECK_SCOPE]), ALPHABET),
        ):
            accepts = own.parse if code is ours else PARSERS[2]
            taken += [wrong for wrong in wrong_ones(code, alphabet) if passes(accepts, wrong)]
    assert taken == []


def passes(parse, text, aim=""):
    try:
        return parse(Code(text, aim, SITE)) is not None
    except ScanError:
        return False


def test_no_turned_code_of_ours_and_no_turned_chain_of_identity_number_is_taken_for_a_code():
    for ours, _, coi in numbers(300, 6):
        assert [text for text in turned(ours) if kind_of(text) == "own"] == []
        assert [text for text in turned(coi + mod37_2(coi)) if kind_of(text) == "coi"] == []


def test_a_turned_donation_number_is_never_taken_for_the_same_donation(record_property):
    """The standard's check character lets the turn by one pass; the year in the form refuses a part of these."""
    shifts = [(din, text) for _, din, _ in numbers(300, 7) for text in turned(din + mod37_2(din))]
    kept = [(din, text) for din, text in shifts if kind_of(text) == "din"]
    assert [text for din, text in kept if read_text(text, via="typed").canonical == din] == []
    record_property("turned donation numbers that have the form of another", f"{len(kept)} of {len(shifts)}")
    assert len(kept) < len(shifts) / 20


# --- GS1


@pytest.mark.parametrize(
    "key",
    ["123456789012345675", "795260646688514634", "006141411234567890", "106141412345678908", "952012345678912345",
     "09506000134352", "03453120000011", "00614141777778", "05412345000013", "9520123456788"],
)  # fmt: skip
def test_the_check_digit_is_the_published_one(key):
    assert mod10(key[:-1]) == key[-1]


def test_without_its_separator_a_message_is_not_what_it_was():
    """A scanner that sends nothing for FNC1 runs lot and serial number together; the page that tests it says so."""
    with pytest.raises(ScanError):
        read_text("]d201034531200000111719112510ABCD12342110EW354EWER", via="wedge")
    read = read_text("]d20103453120000011" + "10ABC" + "21DEF", via="wedge")
    assert (read.canonical, read.needed) == ("01/03453120000011/10/ABC21DEF", ("serial",))


def test_a_patient_and_a_provider_are_not_one_code():
    gsrns = "(8018)123456789012345675", "(8017)795260646688514634"
    with pytest.raises(ScanError) as refused:
        read_text("".join(gsrns), via="wedge")
    assert refused.value.code == "scan.two_codes"
    with pytest.raises(ScanError, match="two codes of GS1"):
        gs1.parse(Code("".join(gsrns)))


def test_digits_that_only_begin_like_a_key_are_left_to_others():
    assert read_text("0012345", via="wedge").kind == "unknown"
    assert read_text("21ABC", via="wedge").kind == "unknown"
    assert read_text("https://example.org/a/b", via="wedge").kind == "unknown"


# --- anything at all

TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="=&<>,/+;'()%*}{]C1d2Q3~\x1d0189AFNSTZ -", max_size=60),
    st.builds(lambda *parts: "".join(parts), *[st.sampled_from([*KINDS, *MISREAD, "", GS, "~", "]C1", "A"])] * 3),
)


@given(TEXTS, st.sampled_from(["wedge", "typed"]))
def test_any_text_is_one_kind_or_a_named_refusal(text, via):
    try:
        kind = read_text(text, via=via, site=SITE).kind
    except ScanError as refused:
        kind = refused.code if str(refused).endswith(".") else ""
    assert kind


@given(st.text(alphabet="=&<>,/+;'()%*}{0189AFNSTZ", max_size=40), st.sampled_from(["=", "&", "=+01000", "8018", "("]))
def test_no_parser_fails_in_another_way(text, begins):
    for parse in PARSERS:
        for aim in ("", "C1", "E0", "d2"):
            passes(parse, begins + text, aim)


@given(st.from_regex(r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2}[0-4][0-9]{7}", fullmatch=True))
def test_every_donation_number_with_its_check_character_is_read(din):
    if not din.isdigit():
        assert read_text(din + mod37_2(din), via="typed").canonical == din
    assert read_text(f"={din}00", via="wedge").canonical == din


# --- every code that is made up by its rules is of one kind only

FINS = st.from_regex(r"[A-NP-Z][A-NP-Z0-9]{2}[0-9]{2}", fullmatch=True)
DINS = st.builds(
    lambda fin, year, number: f"{fin}{year:02}{number:06}", FINS, st.integers(0, 49), st.integers(0, 999_999)
)
FLAGS = st.from_regex(r"(0[0-9]|1[0-9]|[2-5][0-9]|[A-HJ-NPR-Y][0-9])", fullmatch=True)
PRODUCTS = st.from_regex(r"[A-Z][0-9A-Z]{4}[0-9A-Za-z]", fullmatch=True)
SUFFIXES = st.text(alphabet=ALPHABET[:-1], min_size=6, max_size=6)
VALUES = st.text(alphabet="ABCDEFGHabcdefgh0123456789-/.", min_size=1, max_size=20)


def key(length):
    return st.text(alphabet="0123456789", min_size=length - 1, max_size=length - 1).map(lambda body: body + mod10(body))


MADE_UP = {
    "own": st.builds(lambda kind, r: mint(kind, choose=r.choice), st.sampled_from(RefType), st.randoms()),
    "din": st.one_of(
        st.builds(lambda din, flags: f"={din}{flags}", DINS, FLAGS), DINS.map(lambda din: din + mod37_2(din))
    ),
    "coi": st.builds(
        lambda din, more, form: form(f"CH{din[:7]}{more}"), DINS, SUFFIXES,
        st.sampled_from([lambda coi: f"&/{coi}", lambda coi: coi + mod37_2(coi)]),
    ),
    "bag": st.builds(lambda din, product, more: f"={din}00=<{product}99=,{more}", DINS, PRODUCTS, SUFFIXES),
    "sscc": st.builds("00{}".format, key(18)),
    "gsrn.patient": st.builds("8018{}".format, key(18)),
    "gln": st.builds("414{}254{}".format, key(13), VALUES),
    "gtin": st.builds("01{}21{}".format, key(14), VALUES),
    "mrn": st.from_regex(r"MRN[0-9]{7}", fullmatch=True),
}  # fmt: skip


@pytest.mark.parametrize("kind", MADE_UP)
@given(data=st.data())
def test_a_code_that_is_made_up_by_its_rules_is_accepted_by_one_parser(kind, data):
    text = data.draw(MADE_UP[kind])
    accepted, refused = claims(Code(text, site=SITE))
    assert ([found.kind for found in accepted], refused) == ([kind], [])
