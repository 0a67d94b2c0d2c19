"""Clocks: three answers, exact at the deadline, the same in every zone, and corrected when the past is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coi.journey.entry import instant
from coi.journey.pathway import Window
from coi.journey.stability import Answer, clock_of, clocks, disproved, due_thresholds
from coi.journey.steps import Purpose, State
from coi.journey.therapy import Container, Custodian, Place, Therapy
from tests.journey.story import PLANT, Story, shipped

MICRO = timedelta(microseconds=1)
BEGAN = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)  # the night in which Europe's clocks go forward
WINDOW = Window(
    id="w", title="W", purposes=("dose",), starts=("thaw.started",), ends=("infusion.started",), limit=1800,
    warn_before=600, needed_by=("infusion.started",), source="a test", verified=False,
)  # fmt: skip
DUE = BEGAN + timedelta(seconds=1800)


def clock(*, started=BEGAN, uncertainty=0, ended=None, told=(), window=WINDOW):
    therapy, container = placed(started=started, uncertainty=uncertainty, ended=ended, window=window)
    found = clock_of(therapy, container, window)
    therapy.thresholds[found.id] = list(told)
    return clock_of(therapy, container, window)


def placed(*, started=BEGAN, uncertainty=0, ended=None, window=WINDOW):
    therapy = Therapy(coi="COI-1")
    container = Container(id="CTR-1", purpose=Purpose.DOSE, number=1, dose=1, state=State.THAWING,
                          custodian=Custodian("h", None), place=Place("hand"))  # fmt: skip
    container.starts[window.id] = ("entry-1", started, uncertainty)
    if ended is not None:
        container.ends[window.id] = ("entry-2", ended)
    therapy.containers[container.id] = container
    return therapy, container


# --- the three answers


def test_the_deadline_itself_is_still_inside_and_a_microsecond_later_is_not():
    assert clock().due_at == DUE
    assert [clock().answer(at) for at in (BEGAN, DUE - MICRO, DUE, DUE + MICRO, DUE + timedelta(days=400))] == [
        Answer.INSIDE, Answer.INSIDE, Answer.INSIDE, Answer.BREACHED, Answer.BREACHED,
    ]  # fmt: skip


@pytest.mark.parametrize(("own", "others"), [(30, 0), (0, 30), (10, 20)])
def test_what_the_clocks_may_be_wrong_by_counts_against_the_cells(own, others):
    found, slack = clock(uncertainty=own), timedelta(seconds=30)
    asked_at = (DUE - slack, DUE - slack + MICRO, DUE, DUE + slack, DUE + slack + MICRO)
    assert [found.answer(at, others) for at in asked_at] == [
        Answer.INSIDE, Answer.UNSHOWN, Answer.UNSHOWN, Answer.UNSHOWN, Answer.BREACHED,
    ]  # fmt: skip


@given(st.integers(-4000, 4000), st.integers(0, 100), st.integers(0, 100))
def test_an_answer_is_certain_or_says_that_it_is_not(offset, own, others):
    at, slack = DUE + timedelta(seconds=offset), own + others
    answer = clock(uncertainty=own).answer(at, others)
    truths = {offset + error <= 0 for error in (-slack, slack)}
    assert answer is (Answer.UNSHOWN if len(truths) == 2 else (Answer.INSIDE if True in truths else Answer.BREACHED))


def test_what_ended_in_time_stays_inside_for_ever_and_what_ended_late_stays_breached():
    later = DUE + timedelta(days=100)
    assert clock(ended=DUE).answer(later) is Answer.INSIDE
    assert clock(ended=DUE + MICRO).answer(later) is Answer.BREACHED
    assert clock(ended=DUE + MICRO).answer(DUE) is Answer.INSIDE  # as it was then


def test_a_window_without_a_start_has_no_clock():
    therapy, container = placed()
    container.starts.clear()
    assert clock_of(therapy, container, WINDOW) is None


# --- zones and summer time


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_a_start_told_in_any_zone_gives_the_same_clock_also_over_the_change_of_summer_time(zone):
    long = replace(WINDOW, limit=18 * 3600)
    local = clock(started=BEGAN.astimezone(ZoneInfo(zone)), window=long)
    assert local == clock(window=long)
    assert local.due_at.utcoffset() == timedelta()
    assert local.due_at - BEGAN == timedelta(hours=18)
    assert local.answer((BEGAN + timedelta(hours=18)).astimezone(ZoneInfo(zone))) is Answer.INSIDE
    assert local.answer((BEGAN + timedelta(hours=18) + MICRO).astimezone(ZoneInfo(zone))) is Answer.BREACHED


@given(st.integers(-14 * 60, 14 * 60), st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the strategy adds the zone
def test_no_offset_changes_a_deadline_or_the_id_of_a_threshold(minutes, began):
    told = began.astimezone(timezone(timedelta(minutes=minutes)))
    assert clock(started=told) == clock(started=began)
    there, here = (due(started=at)[0] for at in (told, began))
    assert (there.attempt, there.moment) == (here.attempt, here.moment)


def due(at=None, **more):
    """Return the thresholds of a lone clock that are due at `at` (long after, when left out)."""
    therapy, _ = placed(**more)
    pathway = replace(shipped("car-t-cryo"), windows=(WINDOW,))
    return due_thresholds(therapy, pathway=pathway, at=at or more["started"] + timedelta(days=1))


def test_the_ids_of_clocks_and_thresholds_never_change():
    """They are stored: a watcher of a later release must not write again what an earlier one wrote."""
    assert clock().id == "9d094e75-91d4-5719-829c-65de9f10242c"
    (breached,) = due(DUE + MICRO, started=BEGAN)
    (warned,) = due(DUE, started=BEGAN)
    assert (warned.kind, warned.attempt) == ("window.warned", "030b3bc9-2c03-5e68-8e05-5315980494bc")
    assert (breached.kind, breached.attempt) == ("window.breached", "2bebb3e8-65b1-5998-8d97-2f9691d4f3d9")


# --- what the log has to learn, and what it knows


def test_nothing_is_due_before_the_warning_and_the_breach_alone_after_the_deadline():
    warn = DUE - timedelta(seconds=600)
    assert [found.kind for found in due(warn - MICRO, started=BEGAN)] == []
    assert [(found.kind, found.moment) for found in due(warn, started=BEGAN)] == [("window.warned", warn)]
    assert [found.kind for found in due(DUE, started=BEGAN)] == ["window.warned"]
    assert [(found.kind, found.moment) for found in due(DUE + MICRO, started=BEGAN)] == [("window.breached", DUE)]


def test_what_ended_in_time_has_nothing_left_to_tell_and_what_ended_late_has():
    assert due(started=BEGAN, ended=DUE) == []
    assert [found.kind for found in due(started=BEGAN, ended=DUE + MICRO)] == ["window.breached"]


def test_a_state_is_what_the_log_knows():
    warned, breached = ("warned", DUE - timedelta(seconds=600)), ("breached", DUE)
    assert clock().state == "running"
    assert clock(told=[warned]).state == "warned"
    assert clock(told=[warned, breached]).state == "breached"
    assert clock(ended=DUE, told=[warned]).state == "ended"
    assert clock(ended=DUE + MICRO).state == "breached"
    assert clock(ended=DUE, told=[breached, ("withdrawn", DUE)]).state == "ended"


def test_the_next_moment_is_the_warning_then_the_deadline_then_none():
    warned, breached = ("warned", DUE - timedelta(seconds=600)), ("breached", DUE)
    assert clock().next_at == DUE - timedelta(seconds=600)
    assert clock(told=[warned]).next_at == DUE
    assert clock(told=[warned, breached]).next_at is None
    assert clock(ended=DUE).next_at is None


# --- in a story: restarted, ended late, withdrawn, corrected


def fresh(**more):
    story = Story(pathway=shipped("car-t-fresh"), **more)
    coi, (bag,) = story.collected()
    return story, coi, bag, story.now


def running(story, coi, window):
    return [found for found in clocks(story.therapy(coi), pathway=story.pathway) if found.window.id == window]


def kinds_of(story, coi):
    return [entry.kind for entry in story.streams[f"therapy:{coi}"] if entry.kind.startswith("window.")]


def test_a_breach_is_withdrawn_when_a_late_report_shows_that_it_ended_in_time():
    story, coi, bag, began = fresh()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "lot.started", [("container", bag)])
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    story.wait(hours=60)
    story.sweep(coi)
    taken = story.take("demo-operator", "containers.transformed", [("container", bag), ("label", dose)],
                       tense="reported", at=began + timedelta(hours=47))  # fmt: skip
    assert taken.done
    assert taken.entries[-1].kind == "window.withdrawn"
    assert kinds_of(story, coi) == ["window.breached", "window.withdrawn"]
    (clock,) = running(story, coi, "collection-to-manufacture")
    assert clock.state == "ended"
    assert disproved(story.therapy(coi), pathway=story.pathway) == []
    assert story.sweep(coi) == []


def test_a_breach_stands_when_the_late_report_shows_that_it_ended_late():
    story, coi, bag, began = fresh()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "lot.started", [("container", bag)])
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    story.wait(hours=60)
    story.sweep(coi)
    story.take("demo-operator", "containers.transformed", [("container", bag), ("label", dose)],
               tense="reported", at=began + timedelta(hours=48, microseconds=1))  # fmt: skip
    assert "window.withdrawn" not in kinds_of(story, coi)
    (clock,) = running(story, coi, "collection-to-manufacture")
    assert clock.state == "breached"


def corrected(story, coi, entry, **values):
    for person in ("demo-quality", "demo-quality-2"):
        last = story.do(
            person, "entry.replaced", coi=coi, values={"entry": entry, **values}, reason="recorded-in-error"
        )
    return last


def test_a_breach_is_withdrawn_when_the_start_is_corrected_and_told_again_at_the_new_deadline():
    story, coi, _, began = fresh()
    entry = story.streams[f"therapy:{coi}"][-1]
    assert entry.kind == "collection.completed"
    story.wait(minutes=5)
    corrected(story, coi, entry.id, occurred_at=instant(began - timedelta(hours=5)))
    story.wait(hours=46)
    assert [e.kind for e in story.sweep(coi)] == ["window.breached"]
    # a further correction is refused, so the clock that was told stays told
    (clock,) = running(story, coi, "collection-to-manufacture")
    assert (clock.state, clock.due_at) == ("breached", began + timedelta(hours=43))


def test_a_warning_of_a_start_that_was_corrected_is_told_again_for_the_new_deadline():
    story, coi, _, began = fresh()
    entry = story.streams[f"therapy:{coi}"][-1]
    story.wait(hours=37)
    assert [e.kind for e in story.sweep(coi)] == ["window.warned"]
    corrected(story, coi, entry.id, occurred_at=instant(began - timedelta(hours=20)))
    (told,) = story.sweep(coi)
    assert (told.kind, told.occurred_at) == ("window.breached", began + timedelta(hours=28))


def test_a_breach_told_of_a_start_that_was_wrong_is_withdrawn_by_the_correction():
    story = Story(pathway=shipped("car-t-fresh"))
    coi, _ = collected_on_paper(story, timedelta(hours=50))
    entry = next(e for e in story.streams[f"therapy:{coi}"] if e.kind == "collection.completed")
    assert [e.kind for e in story.sweep(coi)] == ["window.breached"]
    last = corrected(story, coi, entry.id, occurred_at=instant(entry.occurred_at + timedelta(hours=10)))
    assert [e.kind for e in last.entries if e.kind.startswith("window.")] == ["window.withdrawn"]
    (clock,) = running(story, coi, "collection-to-manufacture")
    assert clock.state == "running"
    assert clock.next_at == clock.warn_at
    story.wait(hours=20)
    (told,) = story.sweep(coi)
    assert (told.kind, told.occurred_at) == ("window.breached", clock.due_at)
    assert disproved(story.therapy(coi), pathway=story.pathway) == []


def collected_on_paper(story, ago):
    coi = story.enrol()
    story.do("demo-nurse", "patient.verified", [("wristband", "MRN-1")], coi=coi)
    (bag,) = story.labelled(coi, "starting_material")
    then = story.now - ago
    for kind, scans in (
        ("collection.started", [("wristband", "MRN-1")]),
        ("collection.completed", [("container", bag)]),
    ):
        assert story.take("demo-nurse", kind, scans, coi=coi, tense="reported", at=then).done
    return coi, bag


def test_a_reported_start_is_as_uncertain_as_the_device_that_told_it():
    story = Story(tick=timedelta(seconds=1))
    coi, (dose,) = story.at_bedside()
    story.take("demo-infusion", "thaw.started", [("container", dose)], tense="reported", at=story.now, uncertainty=120)
    (clock,) = running(story, coi, "thaw-to-infusion")
    assert clock.uncertainty == 120
    story.wait(minutes=27)
    story.checked("MRN-1", [dose])
    story.wait(minutes=1, seconds=30)
    taken = story.take("demo-infusion", "infusion.started", [("container", dose)])
    assert taken.stops == {"no_clock_has_run_out"}
    assert taken.finding("no_clock_has_run_out").got == "cannot be shown"


def test_a_clock_that_ended_starts_anew_with_a_new_id_when_its_start_happens_again():
    story, coi, _bag, _ = fresh()
    (before,) = running(story, coi, "collection-to-manufacture")
    therapy = story.therapy(coi)
    container = therapy.containers[before.container]
    container.ends[before.window.id] = ("x", before.started_at + timedelta(hours=1))
    container.starts[before.window.id] = ("another entry", before.started_at + timedelta(hours=2), 0)
    del container.ends[before.window.id]
    (after,) = clocks(therapy, pathway=story.pathway)
    assert after.id != before.id
    assert after.due_at == before.due_at + timedelta(hours=2)


def test_a_second_start_of_a_clock_that_runs_does_not_stretch_it():
    story = Story()
    coi, (dose,) = story.at_bedside()
    story.do("demo-infusion", "thaw.started", [("container", dose)])
    (before,) = running(story, coi, "thaw-to-infusion")
    story.wait(minutes=20)
    again = story.take("demo-infusion", "thaw.started", [("container", dose)], tense="reported")
    assert again.outcome == "disputed"
    assert running(story, coi, "thaw-to-infusion") == [before]


def test_what_is_left_in_a_bag_keeps_its_clock_and_what_is_used_up_ends_it():
    for consumed in (False, True):
        story, coi, bag, _ = fresh()
        story.moved([bag], "demo-nurse", PLANT, "demo-operator")
        story.do("demo-operator", "lot.started", [("container", bag)])
        (dose,) = story.labelled(coi, "dose", person="demo-operator")
        story.do("demo-operator", "containers.transformed", [("container", bag), ("label", dose)],
                 values={"consumed": consumed})  # fmt: skip
        (clock,) = running(story, coi, "collection-to-manufacture")
        assert clock.state == ("ended" if consumed else "running")


def test_clocks_stand_soonest_first():
    story = Story()
    coi, (first, _second) = story.at_bedside(count=2)
    story.do("demo-infusion", "thaw.started", [("container", first)])
    found = clocks(story.therapy(coi), pathway=story.pathway)
    assert [clock.due_at for clock in found] == sorted(clock.due_at for clock in found)
    assert len({clock.id for clock in found}) == len(found)
