"""Where each field has to be, and what is missing, in one sentence; and the document that says so."""

from dataclasses import replace
from importlib import resources

import pytest

from labels import TEMPLATES, LabelError
from labels.law import PLACES, SHIPPED, STAGES, BadLaw, read_law
from labels.matrix import Use, asked, lacking, refuse_incomplete

SHIPPED_BYTES = (resources.files("labels") / "law.toml").read_bytes()
BAG = Use(template="container-100x100", stage="product", country="US", market="commercial", relation="autologous")
FULL = {"unique_id": "CTR 1", "proper_name": "Cells", "lot": "LOT 1", "expiry": "2027-08-20", "maker": "Maker, 1",
        "facility": "demo-plant", "warnings": "x", "patient": "DOE, Jane", "trial": "T-1"}  # fmt: skip


def names(duties):
    return {duty.name for duty in duties}


def use(**more):
    return replace(BAG, **more)


@pytest.mark.parametrize(
    ("country", "market", "stage", "here"),
    [
        ("US", "commercial", "product", {"unique_id", "proper_name", "expiry", "lot", "maker"}),
        ("US", "trial", "product", {"unique_id", "proper_name"}),
        ("DE", "commercial", "product", {"unique_id", "proper_name", "expiry", "lot", "facility", "warnings"}),
        ("DE", "trial", "product", {"unique_id", "proper_name", "expiry", "lot", "facility", "warnings", "trial"}),
        ("DE", "commercial", "distribution", {"unique_id", "proper_name", "expiry", "facility", "warnings"}),
        ("XA", "commercial", "product", {"unique_id", "proper_name"}),
        ("US", "commercial", "collection", {"unique_id", "proper_name"}),
        ("US", "commercial", "partial", {"unique_id", "proper_name", "patient"}),
    ],
)  # fmt: skip
def test_what_has_to_be_on_the_label_itself(country, market, stage, here):
    assert names(asked(SHIPPED, use(country=country, market=market, stage=stage)).here) == here


def test_what_has_to_be_tied_to_the_bag_or_travel_with_it_is_told():
    wanted = asked(SHIPPED, use(stage="collection"))
    assert {"collected_at", "volume", "additives", "storage", "facility", "handling", "patient"} <= names(
        wanted.attached
    )
    assert names(wanted.accompanying) == {"handling"}
    assert names(asked(SHIPPED, use(country="DE")).accompanying) == {"patient"}


@pytest.mark.parametrize("name", ["unique_id", "proper_name", "expiry", "lot", "maker"])
def test_a_missing_field_is_refused_in_one_sentence_that_names_it(name):
    refuse_incomplete(SHIPPED, BAG, FULL)
    for nothing in (None, "", "  "):
        with pytest.raises(LabelError, match=rf"field '{name}'.* at stage 'product'.*nothing was printed\.$"):
            refuse_incomplete(SHIPPED, BAG, FULL | {name: nothing})
        assert names(lacking(SHIPPED, BAG, FULL | {name: nothing})) == {name}


@pytest.mark.parametrize("country", ["US", "DE", "GB", "XA", None])
def test_a_trial_shows_the_subjects_number_and_nothing_else_of_the_patient(country):
    assert asked(SHIPPED, use(country=country, market="trial")).patient == ("subject",)
    assert asked(SHIPPED, use(country=country)).patient == ("name", "born")


def test_a_tube_shows_nothing_of_the_patient_and_is_a_sample_wherever_it_is_printed():
    tube = asked(SHIPPED, use(template="tube-50x25"))
    assert (tube.patient, names(tube.here)) == ((), {"unique_id"})


@pytest.mark.parametrize("name", ["arm", "strength", "component"])
def test_a_blinded_label_that_would_tell_the_arm_is_refused(name):
    blinded = use(market="trial", blinded=True)
    refuse_incomplete(SHIPPED, blinded, FULL)
    with pytest.raises(LabelError, match=f"field '{name}', which would tell the arm"):
        refuse_incomplete(SHIPPED, blinded, FULL | {name: "B"})
    refuse_incomplete(SHIPPED, replace(blinded, blinded=False), FULL | {name: "B"})


@pytest.mark.parametrize("change", [{"template": "poster"}, {"stage": "burial"}, {"market": "free"}])
def test_what_the_law_has_no_word_for_carries_no_label(change):
    with pytest.raises(LabelError, match="expected one of"):
        asked(SHIPPED, use(**change))


def test_an_unverified_row_is_told_and_a_verified_one_is_not():
    assert asked(SHIPPED, BAG).unverified
    verified = replace(SHIPPED, duties=tuple(replace(duty, verified=True) for duty in SHIPPED.duties),
                       identifiers=tuple(replace(row, verified=True) for row in SHIPPED.identifiers))  # fmt: skip
    assert not asked(verified, BAG).unverified
    with pytest.raises(LabelError, match="from memory, not verified"):
        refuse_incomplete(SHIPPED, use(country="XA"), FULL | {"proper_name": ""})


def test_the_law_names_every_template_and_every_row_has_a_source():
    assert set(TEMPLATES) <= set(SHIPPED.carriers)
    assert all(row.source for row in (*SHIPPED.duties, *SHIPPED.identifiers, *SHIPPED.statements))
    memory = [row for row in SHIPPED.duties if "memory" in row.source]
    assert memory
    assert not any(row.verified for row in memory)


def test_every_stage_and_place_has_a_use():
    assert {stage for duty in SHIPPED.duties for stage in duty.stages} == set(STAGES)
    used = {place for duty in SHIPPED.duties for places in duty.stages.values() for place in places}
    assert used == set(PLACES.values())


def test_countries_are_told_in_either_case_and_the_unknown_is_other():
    assert [SHIPPED.regime(country) for country in ("US", "us", "De", "XA", "", None)] == [
        "us", "us", "eu", "other", "other", "other"
    ]  # fmt: skip


def edited(old, new):
    assert old.encode() in SHIPPED_BYTES
    return SHIPPED_BYTES.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("format = 1", "format = 2", "'format' is 2"),
        ('version = "2026-11"', "", "'version' is None"),
        ('version = "2026-11"', 'version = "two words"', "'version' is 'two words'"),
        ('us = ["us"]', 'us = ["us", "de"]', "'de' stands in"),
        ('us = ["us"]', 'us = "us"', "two small letters"),
        ('code = "autologous"\n', 'code = "autologous"\ncolour = "red"\n', "unknown key 'colour'"),
        ('relations = ["autologous"]', 'relations = ["own"]', "'relations' is"),
        ('when = ["positive", "samples"]', 'when = ["sometimes"]', "'when' is"),
        ('symbol = "biohazard"', 'symbol = "skull"', "'symbol' is 'skull'"),
        ("verified = true\n\n", 'verified = "yes"\n\n', "'verified' must be true or false"),
        ('collection = ["af"]', 'collection = ["on"]', "'collection' is"),
        ('show = ["subject"]', 'show = ["mother"]', "'show' is"),
        ('place = "affixed"', 'place = "nearby"', "'place' is 'nearby'"),
        ('code = "signed"', 'code = "secret"', "'code' is 'secret'"),
        ('regimes = ["eu", "gb"]', 'regimes = ["moon"]', "'regimes' is"),
    ],
)  # fmt: skip
def test_a_document_that_says_what_nobody_understands_is_refused(old, new, fault):
    with pytest.raises(BadLaw) as refused:
        read_law(edited(old, new))
    assert any(fault in sentence for sentence in refused.value.faults), refused.value.faults


@pytest.mark.parametrize("document", [b"\xff", b"a = [", b"", b"format = 1\nstatement = 1"])
def test_what_is_no_such_document_is_refused(document):
    with pytest.raises(BadLaw):
        read_law(document)


def test_an_edited_copy_has_another_name():
    other = read_law(edited('version = "2026-11"', 'version = "2026-11.h"'))
    assert other.name != SHIPPED.name
    assert SHIPPED.name == f"2026-11-{SHIPPED.digest[:8]}"
