"""How things are said and drawn: times, lengths of time, the row of stages, the genealogy, fields."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coi.journey.identity import RefType
from coi.journey.steps import STEPS
from coi.journey.values import Choice, Flag, Identifier, Moment, Several, Whole, read_values
from coi.web import words
from coi.web.choices import Choices, Option, choices_for
from coi.web.fields import input_of, value_of
from coi.web.genealogy import HEIGHT, MARGIN, WIDTH, drawn
from coi.web.stages import near, reached
from coi.web.timeline import line

NOTHING = Choices({}, {})


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s left"), (59, "59 s left"), (60, "1 min 00 s left"), (3599, "59 min 59 s left"), (3600, "1 h 00 min left"),
     (86_399, "23 h 59 min left"), (90_000, "1 d 1 h left"), (-1, "over by 1 s"),
     (-7260, "over by 2 h 01 min"), (None, "stopped")],
)  # fmt: skip
def test_time_left_is_said_in_its_two_largest_units(seconds, said):
    assert words.left(seconds) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe/Berlin", "23 Nov 2026, 14:05 CET (13:05 UTC)"), ("UTC", "23 Nov 2026, 13:05 UTC"),
     ("Asia/Tokyo", "23 Nov 2026, 22:05 JST (13:05 UTC)"),
     ("Pacific/Auckland", "24 Nov 2026, 02:05 NZDT (23 Nov 13:05 UTC)")],
)  # fmt: skip
def test_a_moment_is_said_in_the_zone_of_the_site_with_utc_beside_it(zone, said):
    assert words.moment(datetime(2026, 11, 23, 13, 5, 59, tzinfo=UTC), ZoneInfo(zone)) == said
    assert words.moment("2026-11-23T13:05:59.000000Z", ZoneInfo(zone)) == said


def test_no_moment_is_said_as_nothing():
    assert words.moment(None, UTC) == words.moment("", UTC) == ""


def test_both_sides_of_a_change_of_the_clocks_can_be_told_apart():
    zone = ZoneInfo("Europe/Berlin")
    first, second = (words.moment(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), zone) for hour in (0, 1))
    assert (first, second) == ("25 Oct 2026, 02:30 CEST (00:30 UTC)", "25 Oct 2026, 02:30 CET (01:30 UTC)")


@pytest.mark.parametrize("kind", STEPS)
def test_every_kind_has_words_for_what_is_offered_and_for_what_happened(kind):
    assert words.title(kind) == STEPS[kind].title
    assert words.happened(kind)[0].isupper()
    assert not set(words.happened(kind)) & set("._")


def test_who_has_a_thing_is_said_as_far_as_it_is_known():
    assert words.holder({"organisation": "demo-plant", "person": "demo-operator"}) == "demo-operator at demo-plant"
    assert words.holder({"organisation": "demo-plant", "person": None}) == "demo-plant"
    assert words.holder(None) == words.holder({"organisation": None}) == "nobody yet"


FIELDS = list({(row.kind, field.name): field for row in STEPS.values() for field in row.values}.values())


@pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])
def test_every_field_can_be_asked_for_and_an_empty_one_is_left_out(field):
    shown = input_of(field, given=None, choices=NOTHING)
    assert (shown.name, shown.label, shown.required) == (f"value.{field.name}", field.text, field.required)
    if not isinstance(field, Flag):
        assert value_of(field, ["", "  "], zone=UTC) is None


@pytest.mark.parametrize("field", FIELDS, ids=[field.name for field in FIELDS])
@given(text=st.text(max_size=30))
def test_whatever_is_typed_the_field_itself_judges_it(field, text):
    value = value_of(field, [text], zone=UTC)
    values, faults = read_values({field.name: value}, declared=(field,))
    assert values or faults or value is None or field.default is not None


def test_what_is_typed_is_read_as_its_field_means_it():
    count = Whole(name="count", text="", low=0, high=9)
    ids = Several(name="containers", text="", of=Identifier(name="container", text="", type=RefType.CONTAINER))
    at = Moment(name="at", text="")
    assert value_of(count, ["7"], zone=UTC) == 7
    assert value_of(count, ["\u0667"], zone=UTC) == "\u0667"  # the field refuses other digits
    assert value_of(count, ["1" * 5000], zone=UTC) == "1" * 5000
    assert value_of(ids, ["ctr abcd 2345 6789 a\r\nx"], zone=UTC) == ["CTR-ABCD23456789A", "x"]
    assert value_of(at, ["2026-07-01T08:30"], zone=ZoneInfo("Europe/Berlin")) == "2026-07-01T08:30:00+02:00"
    assert value_of(at, ["2026-07-01T08:30-05:00"], zone=UTC) == "2026-07-01T08:30:00-05:00"
    assert value_of(Flag(name="f", text=""), [], zone=UTC) is False
    assert value_of(Flag(name="f", text=""), ["on"], zone=UTC) is True


def test_few_options_are_tiles_and_many_a_list():
    few, many = (Choice(name="c", text="", options=tuple(str(n) for n in range(count))) for count in (6, 7))
    assert input_of(few, given=None, choices=NOTHING).control == "tiles"
    assert input_of(many, given=None, choices=NOTHING).control == "list"


def test_what_is_known_can_be_picked_and_what_is_not_can_be_typed():
    lot = Identifier(name="lot", text="", type=RefType.LOT)
    assert input_of(lot, given=None, choices=NOTHING).control == "text"
    known = Choices({RefType.LOT: [Option("LOT-1", "one")]}, {})
    assert input_of(lot, given=None, choices=known).options == [Option("LOT-1", "one")]


def test_the_reasons_are_those_of_the_therapys_own_pathway():
    pathways = [{"digest": "a", "reasons": {"x": "X"}}, {"digest": "b", "reasons": {"y": "Y"}}]
    therapy = {"pathway": {"digest": "b"}}
    assert [one.value for one in choices_for(therapy, pathways=pathways, organisations=()).reasons] == ["y"]
    assert [one.value for one in choices_for(None, pathways=pathways, organisations=()).reasons] == ["x", "y"]


STAGES = [{"id": "collection", "steps": ["collect", "store"]}, {"id": "out", "steps": ["pack", "hand"]},
          {"id": "make", "steps": ["make"]}, {"id": "back", "steps": ["pack", "hand"]},
          {"id": "bed", "steps": ["store", "infuse"]}]  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [([], None), (["enrol"], None), (["store"], 0), (["collect", "hand"], 1), (["collect", "hand", "store"], 1),
     (["collect", "hand", "make"], 2), (["collect", "make"], 2), (["make", "hand"], 3), (["make", "hand", "store"], 4),
     (["make", "collect"], 2), (["collect", "!infuse"], 0)],
)  # fmt: skip
def test_the_row_of_stages_moves_on_with_what_was_done(kinds, stage):
    entries = [{"kind": kind.strip("!"), "outcome": "refused" if "!" in kind else "done"} for kind in kinds]
    assert reached(STAGES, entries) == stage


def test_the_steps_nearest_are_those_of_the_stage_and_the_next():
    assert near(STAGES, None) == {"collect", "store", "container.planned"}
    assert near(STAGES, 2) == {"make", "pack", "hand", "container.planned"}
    assert near([], None) == {"container.planned"}


def bag(id_, **more):
    return {"id": id_, "purpose": "dose", "number": 1, "total": 1, "dose": None, "state": "filled", "holds": [],
            "donation": None, "lot": None, "parents": []} | more  # fmt: skip


def test_the_genealogy_stands_in_columns_from_donation_to_dose():
    therapy = {"donations": ["DON-1"], "lots": [{"id": "LOT-1", "inputs": ["CTR-1"]}],
               "containers": [bag("CTR-1", donation="DON-1", lot="LOT-1"), bag("CTR-2", lot="LOT-1", parents=["CTR-1"]),
                              bag("CTR-3", lot="LOT-1", parents=["CTR-1"], holds=[{}]), bag("CTR-4")]}  # fmt: skip
    picture = drawn(therapy)
    places = {box.id: (box.x, box.y) for box in picture.boxes}
    columns = [places[id_][0] for id_ in ("DON-1", "CTR-1", "LOT-1", "CTR-2")]
    assert columns == sorted(set(columns))
    assert places["CTR-2"][0] == places["CTR-3"][0]
    assert places["CTR-4"][0] == MARGIN  # comes from nothing yet
    assert len(picture.paths) == 4
    assert next(box.tone for box in picture.boxes if box.id == "CTR-3") == "held"
    assert picture.width >= max(x for x, _ in places.values()) + WIDTH
    assert picture.height >= max(y for _, y in places.values()) + HEIGHT
    taken = list(places.values())
    assert len(set(taken)) == len(taken)


def test_a_genealogy_that_bites_its_own_tail_is_drawn_all_the_same():
    therapy = {
        "donations": [],
        "lots": [],
        "containers": [bag("CTR-1", parents=["CTR-2"]), bag("CTR-2", parents=["CTR-1"])],
    }
    assert len(drawn(therapy).boxes) == 2
    assert drawn({"donations": [], "lots": [], "containers": []}).boxes == []


def entry(**more):
    at = {"occurred_at": "2026-11-23T08:00:00Z", "recorded_at": "2026-11-23T08:00:00Z"}
    return {**at, "kind": "container.stored", "outcome": "done", "actor": {"person": "p", "role": "nurse", "site": "s"},
            "values": {}, "scans": [], "findings": [], "note": None, "attempt": "a", "id": "e", "performed_by": [],
            "signatures": []} | more  # fmt: skip


def test_a_line_of_the_history_says_who_did_what_with_what():
    values = {"containers": ["CTR-U69ARRNDG4AFK"], "consumed": True, "plan": {"at": "x", "site": None}, "gone": None}
    scans = [{"role": "location", "subject": "token", "via": "wedge"},
             {"role": "wristband", "subject": None, "via": "typed"}]  # fmt: skip
    shown = line(entry(values=values, scans=scans), names={"token": "FREEZER 7"})
    assert (shown.title, shown.who, shown.tone) == ("Container stored", "p, nurse at s", "done")
    assert shown.facts == [("Containers", "CTR U69A RRND G4AF K"), ("Consumed", "yes"), ("Plan", "at: x")]
    assert shown.scans == [("location", "FREEZER 7", "scanner"), ("wristband", "not known here", "typed")]


def test_a_line_says_who_signed_and_that_it_was_recorded_later():
    signed = [{"person": "q", "meaning": "checked_against_paper", "at": "2026-11-23T10:00:00Z"}]
    late = entry(signatures=signed, recorded_at="2026-11-23T10:00:00Z", performed_by=["p"])
    shown = line(late, names={}, looking="p")
    assert list(shown.signatures) == [("compared with the paper", "q", "2026-11-23T10:00:00Z")]
    assert (shown.later, shown.awaited, shown.correctable) == (True, True, True)
    assert not line(late, names={}, acknowledged=["p"], looking="p").awaited
    assert not line(entry(), names={}).later


def test_who_made_a_hidden_check_is_not_told_by_its_signatures():
    signed = [{"person": "q", "meaning": "performed", "at": "2026-11-23T10:00:00Z"}]
    assert line(entry(kind="infusion.checked", masked=True, signatures=signed), names={}).signatures == []


def test_a_refusal_is_titled_by_the_step_that_was_refused():
    shown = line(entry(kind="attempt.refused", outcome="refused", values={"kind": "infusion.checked"}), names={})
    assert (shown.title, shown.tone) == ("Refused: Check at the bedside", "refused")


def test_what_the_system_wrote_is_the_systems():
    shown = line(entry(kind="window.breached", actor={"person": "system", "role": "system", "site": None}), names={})
    assert (shown.who, shown.tone) == ("the system", "alarm")
