"""Pathways: the shipped ones are clean, and every fault of another is told, all at once, before it is relied on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coi.journey.pathway import LONGEST, BadPathway, Dose, seconds
from coi.journey.steps import RECORDABLE, STEPS, Purpose
from tests.journey.story import SHIPPED, pathway_of, shipped, shipped_text

NAMES = sorted(path.stem for path in SHIPPED.glob("*.toml"))
WHOLE = shipped_text("car-t-cryo")


def faults_of(text):
    """Return the sentences that a document is refused with; none when it is clean."""
    try:
        pathway_of(text.encode() if isinstance(text, str) else text)
    except BadPathway as refusal:
        told = refusal
    else:
        return []
    assert str(told) == " ".join(told.faults)
    assert all(sentence.endswith((".", '"')) for sentence in told.faults), told.faults
    return told.faults


def changed(old, new, count=1):
    assert old in WHOLE
    return WHOLE.replace(old, new, count)


# --- what is shipped


def test_four_pathways_are_shipped():
    assert NAMES == ["car-t-cryo", "car-t-fresh", "car-t-split-dose", "point-of-care"]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_pathway_is_clean_and_named_as_its_file(name):
    pathway = shipped(name)
    assert pathway.name == name
    assert pathway.doses[0].number == 1
    assert pathway.bedside.check_valid_for == 30 * 60
    assert pathway.needs_thaw is (name in ("car-t-cryo", "car-t-split-dose"))
    assert set(pathway.labels) == set(Purpose)


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_limit_pretends_to_be_verified_against_a_label(name):
    assert all(not window.verified and window.source for window in shipped(name).windows)
    assert "NOT verified" in shipped_text(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_label_of_cells_says_for_whom_they_are(name):
    for purpose, label in shipped(name).labels.items():
        told = "NOT FOR INFUSION" if purpose in ("qc_sample", "retention") else "FOR AUTOLOGOUS USE ONLY"
        assert label.statements[0] == told


@pytest.mark.parametrize("name", NAMES)
def test_a_window_runs_between_steps_that_the_pathway_has(name):
    pathway = shipped(name)
    steps = {kind for stage in pathway.stages for kind in stage.steps} | {k for k, row in STEPS.items() if row.always}
    for window in pathway.windows:
        assert {*window.starts, *window.ends, *window.needed_by} <= steps


def test_the_digest_is_that_of_the_bytes():
    assert shipped("car-t-cryo").digest != pathway_of(WHOLE.encode() + b"\n").digest
    assert len(shipped("car-t-cryo").digest) == 64


def test_steps_belong_to_stages_and_doses_to_their_order():
    pathway = shipped("car-t-cryo")
    assert pathway.has_step("thaw.started")
    assert not pathway.has_step("hold.placed")
    assert pathway.stage_of("container.stored").id == "collection"
    assert pathway.stage_of("hold.placed") is None
    planned = pathway_of(changed("dose = 1\ncontainers = 1", "dose = 1\ncontainers = 3").encode())
    assert planned.doses == (Dose(1, 3), Dose(2, 1))
    assert [planned.dose_of(ordinal) for ordinal in range(1, 6)] == [*[Dose(1, 3)] * 3, Dose(2, 1), None]


# --- what is refused

STARTS = 'starts = ["container.filled", "collection.completed", "collection.aborted", "container.adopted"]\n'
FAULTS = {
    "format": ("format = 1", "format = 2", "'format' is 2; expected 1."),
    "format true": ("format = 1", "format = true", "'format' is True; expected 1."),
    "format float": ("format = 1", 'format = "1"', "'format' is '1'; expected 1."),
    "no name": ('name = "car-t-cryo"', "", "pathway: 'name' is missing; expected text."),
    "name no code": ('name = "car-t-cryo"', 'name = "Car T"', "pathway: 'name' is 'Car T'"),
    "blank title": ('title = "CAR-T, apheresis cryopreserved at the site, product frozen"', 'title = " "',
                    "pathway: 'title' is missing"),
    "version number": ('version = "4"', "version = 1", "pathway: 'version' is missing; expected text."),
    "unknown key": ("format = 1", "format = 1\ncolour = 1", "pathway: unknown key 'colour'"),
    "unknown step": ('steps = ["patient.verified"', 'steps = ["patient.hugged"', "unknown step 'patient.hugged'"),
    "system step": ('steps = ["patient.verified"', 'steps = ["window.breached"', "unknown step 'window.breached'"),
    "unknown place": ('place = "treating"', 'place = "moon"', "stage collection: unknown place 'moon'."),
    "no place": ('place = "treating"\n', "", "stage collection: 'place' is missing"),
    "steps no list": ('steps = ["containers.released", "release.refused", "release.revoked"]', "steps = 7",
                      "stage release: 'steps' must be a list of texts."),
    "stage key": ('id = "collection"\n', 'id = "collection"\nwho = "x"\n', "stage collection: unknown key 'who'"),
    "stage twice": ('id = "outbound"', 'id = "collection"', "kind 'stage' carry the same name."),
    "window twice": ('id = "product-shelf-life"', 'id = "thaw-to-infusion"', "kind 'window' carry the same name."),
    "limit missing": ('limit = "PT24H"', "", "window collection-to-freezer: 'limit' is missing; expected a duration"),
    "limit number": ('limit = "PT24H"', "limit = 24", "window collection-to-freezer: 'limit' is missing"),
    "limit words": ('limit = "PT24H"', 'limit = "a day"', "'limit' 'a day' is not a duration such as PT30M"),
    "limit zero": ('limit = "PT24H"\nwarn_before = "PT6H"', 'limit = "PT0S"\nwarn_before = "PT0S"',
                   "a limit above zero."),
    "limit huge": ('limit = "PT24H"', 'limit = "P99999999999D"', "is longer than 100 years."),
    "limit digits": ('limit = "PT24H"', 'limit = "P' + "9" * 5000 + 'D"', "is not a duration"),
    "warn late": ('warn_before = "PT6H"', 'warn_before = "PT25H"', "expected 0 <= warn_before <= limit"),
    "no purposes": ('purposes = ["starting_material"]', "purposes = []", "expected at least one purpose"),
    "purpose": ('purposes = ["starting_material"]', 'purposes = ["tea"]', "unknown purpose 'tea'."),
    "no starts": (STARTS, "", "expected at least one purpose, one start and one end."),
    "unknown end": ('ends = ["thaw.started", "contents.transferred"', 'ends = ["x.y"',
                    "unknown step 'x.y'."),
    "needed by": ('needed_by = ["thaw.started"]', 'needed_by = ["x.y"]', "unknown step 'x.y'."),
    "no source": ('source = "Published limit of one product is 9 months; editable default for others"\n', "",
                  "'source' is missing"),
    "verified words": ("verified = false", 'verified = "yes"', "'verified' must be true or false."),
    "window key": ("verified = false", "verified = false\nlimits = 1", "unknown key 'limits'"),
    "dose zero": ("dose = 1\n", "dose = 0\n", "doses: expected whole numbers from 1"),
    "dose true": ("dose = 1\n", "dose = true\n", "doses: expected whole numbers from 1"),
    "dose words": ("dose = 1\n", 'dose = "one"\n', "doses: expected whole numbers from 1"),
    "dose high": ("dose = 1\n", "dose = 100\n", "doses: expected whole numbers from 1"),
    "containers": ("containers = 1", "containers = 51", "doses: expected whole numbers from 1"),
    "dose twice": ("dose = 2\n", "dose = 1\n", "kind 'dose' carry the same name."),
    "dose order": ("dose = 1\n", "dose = 3\n", "The doses must stand in their order."),
    "dose key": ("dose = 1\n", "dose = 1\nvolume = 1\n", "doses 1: unknown key 'volume'"),
    "bedside words": ('check_valid_for = "PT30M"', 'check_valid_for = "soon"', "bedside: 'check_valid_for'"),
    "bedside zero": ('check_valid_for = "PT30M"', 'check_valid_for = "PT0S"', "bedside: expected a 'check_valid_for'"),
    "bedside long": ('check_valid_for = "PT30M"', 'check_valid_for = "P2D"', "bedside: expected a 'check_valid_for'"),
    "bedside key": ('check_valid_for = "PT30M"', 'people = 1\ncheck_valid_for = "PT30M"',
                    "bedside: unknown key 'people'"),
    "label purpose": ("[label.dose]", "[label.tea]", "label: unknown purpose 'tea'."),
    "label key": ('title = "Final product, dose"', 'title = "x"\nsize = 1', "label.dose: unknown key 'size'"),
    "label title": ('title = "Final product, dose"', "title = 7", "label.dose: 'title' is missing"),
    "statements": ('statements = ["NOT FOR INFUSION"]', "statements = [1]", "'statements' must be a list of texts."),
    "labelling key": ("[labelling]", "[labelling]\nprinter = 1", "labelling: unknown key 'printer'"),
    "labelling words": ("[labelling]", '[labelling]\nwitness = "yes"', "labelling: 'witness' must be true or false."),
    "labels wait": ('reconciled_before = ["shipment.packed"', 'reconciled_before = ["container.stored"',
                    "labelling: 'reconciled_before' must be a list of steps among"),
    "labelling": ("[labelling]", "[[labelling]]", "'labelling' must be a table."),
    "reason code": ("expired = ", '"Ex pired" = ', "reasons: 'Ex pired' is not a code."),
    "reason number": ('expired = "A stability window has closed"', "expired = 7", "'reasons' must be a table of code"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), FAULTS.values(), ids=FAULTS)
def test_each_kind_of_fault_is_told(old, new, told):
    assert [sentence for sentence in faults_of(changed(old, new)) if told in sentence] != []


def cut(name):
    """Return the shipped document without any [[name]] or [name…] part."""
    parts = re.split(r"(?m)^(?=\[)", WHOLE)
    return "".join(part for part in parts if not re.match(rf"\[+{name}[].]", part))


@pytest.mark.parametrize(
    ("name", "told"),
    [("stage", "A pathway needs at least one [[stage]]."), ("doses", "A pathway needs at least one [[doses]] entry."),
     ("reasons", "A pathway needs its coded [reasons].")],
)  # fmt: skip
def test_a_part_that_is_missing_is_told(name, told):
    assert faults_of(cut(name)) == [told]


@pytest.mark.parametrize("name", ["window", "bedside", "label"])
def test_other_parts_may_be_missing(name):
    pathway = pathway_of(cut(name).encode())
    assert pathway.bedside.check_valid_for == 30 * 60


def test_all_faults_are_told_at_once():
    text = WHOLE
    wanted = []
    for key in ("format", "unknown step", "unknown place", "limit words", "purpose", "dose order", "bedside words",
                "label purpose", "reason code", "window key"):  # fmt: skip
        old, new, told = FAULTS[key]
        assert old in text
        text = text.replace(old, new, 1)
        wanted.append(told)
    told = faults_of(text)
    assert [want for want in wanted if not any(want in sentence for sentence in told)] == []
    assert len(told) >= len(wanted)


@pytest.mark.parametrize(
    "document",
    [b"", b"\x00", b"\xff\xfe", b"not toml", b"a = 1\na = 2", b"x = [" * 5000, b"x = " + b"[" * 5000 + b"]" * 5000,
     b"x = " + b"9" * 5000, b"\xef\xbb\xbfformat = 1", b"{}", b'{"format": 1}', b"[stage]\n[stage.x]", b"stage = 7",
     b"stage = [1]", b"stage = []", b"window = 'x'", b"doses = {a = 1}", b"reasons = 7", b"reasons = []",
     b"label = 7", b"label = {dose = 7}", b"bedside = 7", b"bedside = []", b"name = 1979-05-27", b"[[stage]]",
     b"[[window]]",
     b"[[doses]]", b"[[stage]]\nid = []\nsteps = {}", b"[[window]]\npurposes = 7\nlimit = 1979-05-27\nstarts = [[1]]",
     b"version = inf", b"format = nan", b"a." * 3000 + b"b = 1"],
    ids=lambda document: repr(document[:30]),
)  # fmt: skip
def test_whatever_else_is_sent_is_refused_in_words(document):
    assert faults_of(document) != []


junk = st.recursive(
    st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "steps", "x"]), inner,
    max_size=3),
    max_leaves=6,
)  # fmt: skip


def as_toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'
    return repr(value)


@given(st.dictionaries(st.sampled_from(["format", "name", "version", "title", "stage", "window", "doses", "reasons",
                                        "label", "labelling", "bedside", "more"]), junk))  # fmt: skip
def test_no_shape_of_a_document_makes_the_reader_fail(table):
    text = "\n".join(f"{key} = {as_toml(value)}" for key, value in table.items())
    assert faults_of(text.encode("utf-8")) != []


# --- durations


@pytest.mark.parametrize(
    ("text", "length"),
    [("PT30M", 1800), ("PT2H", 7200), ("P9D", 777_600), ("P1DT2H3M4S", 93_784), ("PT0S", 0), ("PT90S", 90), ("P0D", 0),
     ("P36525D", LONGEST), ("PT48H", 172_800), ("P270D", 23_328_000)],
)  # fmt: skip
def test_durations_are_read_in_seconds(text, length):
    assert seconds(text) == length


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "1H", "PT1", "PT1H30", "P1H", "PT1D", "P1M", "P1Y", "P1W", "-PT1H", "PT-1H", "PT1.5H",
    "pt1h",
     "PT1H ", " PT1H", "PT1H\n", "PT\uff11H", "P36525DT1S", "P" + "1" * 5000 + "D", "PT1M1H", "PT1HT1M", "P1D1H"],
)  # fmt: skip
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a duration|is longer than"):
        seconds(text)


@given(st.integers(0, 36_000), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_of_all_parts_adds_up(days, hours, minutes, rest):
    assert seconds(f"P{days}DT{hours}H{minutes}M{rest}S") == ((days * 24 + hours) * 60 + minutes) * 60 + rest


def test_what_may_be_named_is_what_can_be_recorded():
    assert "window.breached" not in RECORDABLE
    assert "thaw.started" in RECORDABLE
