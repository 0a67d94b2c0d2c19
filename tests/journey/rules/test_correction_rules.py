"""Corrections: what may be taken back or replaced, by whom, and what is held because somebody relied on it."""

from datetime import timedelta

from coi.journey.entry import instant
from coi.journey.steps import Family
from tests.journey.rules.saying import cautioned, passed, refused, says
from tests.journey.story import PLANT, Story

STAGE = Family.STAGE


def annul(story, coi, entry, person="demo-quality"):
    return story.take(person, "entry.annulled", coi=coi, values={"entry": entry}, reason="recorded-in-error")


def replace(story, coi, entry, person="demo-quality", **values):
    return story.take(person, "entry.replaced", coi=coi, values={"entry": entry, **values}, reason="recorded-in-error")


def last(story, coi, kind):
    return [entry.id for entry in story.streams[f"therapy:{coi}"] if entry.kind == kind][-1]


# --- correction_has_its_entry


def test_correction_has_its_entry_passes_for_a_step_of_this_therapy():
    story = Story()
    coi, _ = story.collected()
    passed(annul(story, coi, last(story, coi, "collection.completed")), "correction_has_its_entry")


def test_correction_has_its_entry_refuses_unknown_foreign_and_system_entries_and_corrections():
    story = Story()
    coi, (bag,) = story.collected("MRN-1")
    other, _ = story.collected("MRN-2")
    story.take("demo-nurse", "infusion.checked", [("container", bag)])
    volume = annul(story, coi, last(story, coi, "patient.verified")).entry.id
    for target in (
        story.new_id(),
        last(story, other, "collection.completed"),
        last(story, coi, "attempt.refused"),
        last(story, coi, "therapy.enrolled"),
        volume,
    ):
        refused(annul(story, coi, target), "correction_has_its_entry", STAGE)


def test_correction_has_its_entry_refuses_what_was_corrected_already():
    story = Story()
    coi, _ = story.collected()
    target = last(story, coi, "patient.verified")
    for person in ("demo-quality", "demo-quality-2"):
        assert annul(story, coi, target, person).done
    refused(annul(story, coi, target, "demo-coordinator"), "correction_has_its_entry", STAGE)
    refused(replace(story, coi, target, "demo-coordinator", values={"stated": ["name", "address"]}),
            "correction_has_its_entry", STAGE)  # fmt: skip


def test_correction_has_its_entry_says_why_not():
    story = Story()
    coi, _ = story.collected()
    nothing = story.new_id()
    says(
        annul(story, coi, nothing),
        "correction_has_its_entry",
        got=f"entry {nothing}",
        expected="an entry of this therapy",
    )
    says(annul(story, coi, last(story, coi, "therapy.enrolled")), "correction_has_its_entry", got="therapy.enrolled",
         expected="an entry that a person made")  # fmt: skip
    target = last(story, coi, "patient.verified")
    for person in ("demo-quality", "demo-quality-2"):
        annul(story, coi, target, person)
    says(annul(story, coi, target, "demo-coordinator"), "correction_has_its_entry", got=f"entry {target}, corrected",
         expected="an entry in force")  # fmt: skip


# --- nothing_is_built_on_it


def test_nothing_is_built_on_it_passes_in_the_reverse_order():
    story = Story()
    coi, (_bag,) = story.collected()
    for kind in ("collection.completed", "collection.started", "label.applied", "label.issued", "container.planned"):
        for person in ("demo-quality", "demo-quality-2"):
            passed(annul(story, coi, last(story, coi, kind), person), "nothing_is_built_on_it")
    therapy = story.therapy(coi)
    assert (therapy.containers, therapy.labels, therapy.donation) == ({}, {}, None)


def test_nothing_is_built_on_it_refuses_to_take_away_what_later_steps_use():
    story = Story()
    coi, (dose,) = story.at_bedside()
    for kind in ("container.planned", "label.issued", "collection.started", "lot.started", "containers.transformed"):
        refused(annul(story, coi, last(story, coi, kind)), "nothing_is_built_on_it", STAGE)
    assert story.container(dose).state == "filled"


def test_nothing_is_built_on_it_says_what_is():
    story = Story()
    coi, _ = story.doses()
    made = last(story, coi, "containers.transformed")
    says(annul(story, coi, last(story, coi, "lot.started")), "nothing_is_built_on_it",
         got=f"containers.transformed {made}", expected="nothing built on it, or all of it named",
         names="1 later step")  # fmt: skip


# --- nobody_relied_on_it


def test_nobody_relied_on_it_passes_when_nothing_followed_and_when_it_is_not_in_force_yet():
    story = Story()
    coi, _ = story.at_bedside()
    release = last(story, coi, "containers.released")
    passed(annul(story, coi, release), "nobody_relied_on_it")
    accept = last(story, coi, "handoff.accepted")
    for person in ("demo-quality", "demo-quality-2"):
        passed(annul(story, coi, accept, person), "nobody_relied_on_it")


def test_nobody_relied_on_it_passes_for_a_hold_that_was_placed_in_error():
    story = Story()
    coi, (dose,) = story.at_bedside()
    hold = story.do("demo-nurse", "hold.placed", [("container", dose)], reason="other").entry.id
    story.take("demo-infusion", "container.stored", [("container", dose), ("location", "T")])
    for person in ("demo-quality", "demo-quality-2"):
        passed(annul(story, coi, hold, person), "nobody_relied_on_it")
    assert story.container(dose).holds == {}


def test_nobody_relied_on_it_cautions_and_holds_the_cells_that_it_concerns():
    story = Story()
    coi, (dose,) = story.at_bedside()
    release = last(story, coi, "containers.released")
    annul(story, coi, release)
    assert story.container(dose).holds == {}
    cautioned(annul(story, coi, release, "demo-quality-2"), "nobody_relied_on_it", STAGE, holds=True)
    assert story.container(dose).holds
    assert story.container(dose).releases == {}


def test_nobody_relied_on_it_cautions_about_what_was_made_of_it():
    story = Story()
    coi, (dose,) = story.at_bedside()
    applied = next(e.id for e in story.streams[f"therapy:{coi}"] if e.kind == "label.applied")  # of what went in
    annul(story, coi, applied)
    taken = annul(story, coi, applied, "demo-quality-2")
    cautioned(taken, "nobody_relied_on_it", STAGE, holds=True)
    assert story.container(dose).holds


def test_nobody_relied_on_it_says_who_did():
    story = Story()
    coi, (dose,) = story.at_bedside()
    release = last(story, coi, "containers.released")
    moved = [f"{kind} {last(story, coi, kind)}" for kind in ("handoff.offered", "handoff.accepted")]
    annul(story, coi, release)
    says(annul(story, coi, release, "demo-quality-2"), "nobody_relied_on_it", got=", ".join(moved),
         expected="nobody relied on it", containers=(story.codes[dose].container,), names="2 later step")  # fmt: skip


# --- replacement_fits_its_step


def test_replacement_fits_its_step_passes_for_an_amount_and_for_a_time():
    story = Story()
    coi, (bag,) = story.collected()
    target = last(story, coi, "collection.completed")
    earlier = instant(story.now - timedelta(minutes=30))
    for person in ("demo-quality", "demo-quality-2"):
        taken = replace(story, coi, target, person, values={"volume_ml": "212.5"}, occurred_at=earlier)
        passed(taken, "replacement_fits_its_step")
    start = story.container(bag).starts["starting-material-shelf-life"]
    assert instant(start[1]) == earlier


def test_replacement_fits_its_step_refuses_other_things_and_what_the_step_does_not_have():
    story = Story()
    coi, (bag,) = story.collected()
    _other, (foreign,) = story.collected("MRN-2")
    story.do("demo-nurse", "handoff.offered", [("container", bag)], coi=coi, values={"to": PLANT})
    ids = [story.codes[foreign].container]
    for kind, values in (
        ("collection.completed", {"containers": ids}),
        ("collection.completed", {"donation": "DON-NOTTHERENOTTH"}),
        ("collection.completed", {"volume_ml": "a lot"}),
        ("container.planned", {"purpose": "dose"}),
        ("container.planned", {"count": 3}),
        ("label.issued", {"container": ids[0]}),
        ("label.issued", {"position": "tube"}),
        ("handoff.offered", {"to": "other-courier-co"}),
        ("handoff.offered", {"to_type": "person"}),
        ("label.applied", {"container": ids[0]}),
    ):
        taken = replace(story, coi, last(story, coi, kind), values=values)
        refused(taken, "replacement_fits_its_step", STAGE)


def test_replacement_fits_its_step_refuses_to_replace_nothing():
    story = Story()
    coi, _ = story.collected()
    target = last(story, coi, "collection.completed")
    refused(replace(story, coi, target), "replacement_fits_its_step", STAGE)
    refused(replace(story, coi, target, values={"volume_ml": None}), "replacement_fits_its_step", STAGE)


def test_replacement_fits_its_step_says_what_can_be_replaced():
    story = Story()
    coi, (_bag,) = story.collected()
    says(replace(story, coi, last(story, coi, "collection.completed"), values={"volume_ml": "a lot"}),
         "replacement_fits_its_step", got="values.volume_ml",
         expected="values that can be replaced: volume_ml, filling",
         names="Complete the collection")  # fmt: skip
    says(replace(story, coi, last(story, coi, "container.planned"), values={"purpose": "dose"}),
         "replacement_fits_its_step", got="values",
         expected="values that can be replaced: none but the time")  # fmt: skip


# --- it_happened_before_it_was_recorded


def test_it_happened_before_it_was_recorded_passes_for_the_moment_of_recording():
    story = Story()
    coi, _ = story.collected()
    entry = story.streams[f"therapy:{coi}"][-1]
    taken = replace(story, coi, entry.id, occurred_at=instant(entry.recorded_at))
    passed(taken, "it_happened_before_it_was_recorded")


def test_it_happened_before_it_was_recorded_refuses_to_stretch_a_clock():
    story = Story()
    coi, (dose,) = story.at_bedside()
    thaw = story.do("demo-infusion", "thaw.started", [("container", dose)]).entry
    later = instant(thaw.recorded_at + timedelta(microseconds=1))
    refused(replace(story, coi, thaw.id, occurred_at=later), "it_happened_before_it_was_recorded", STAGE)


def test_it_happened_before_it_was_recorded_says_when_it_was():
    story = Story()
    coi, (dose,) = story.at_bedside()
    thaw = story.do("demo-infusion", "thaw.started", [("container", dose)]).entry
    later = instant(thaw.recorded_at + timedelta(minutes=10))
    says(replace(story, coi, thaw.id, occurred_at=later), "it_happened_before_it_was_recorded", got=later,
         expected=f"not after {thaw.recorded_at:%Y-%m-%d %H:%M:%S} UTC")  # fmt: skip


# --- corrected_by_another_person


def test_corrected_by_another_person_passes_for_two_people_and_for_a_better_proposal_of_the_first():
    story = Story()
    coi, _ = story.collected()
    target = last(story, coi, "collection.completed")
    for volume in ("1", "2"):
        taken = replace(story, coi, target, values={"volume_ml": volume})
        passed(taken, "corrected_by_another_person")
    passed(replace(story, coi, target, "demo-quality-2", values={"volume_ml": "2"}), "corrected_by_another_person")
    assert story.therapy(coi).corrections[target].in_force


def test_corrected_by_another_person_refuses_the_same_person_twice():
    story = Story()
    coi, _ = story.collected()
    target = last(story, coi, "collection.completed")
    annul(story, coi, target)
    refused(annul(story, coi, target), "corrected_by_another_person", Family.SIGNATURE)
    assert not story.therapy(coi).corrections[target].in_force


def test_corrected_by_another_person_says_that_a_second_is_needed():
    story = Story()
    coi, _ = story.collected()
    target = last(story, coi, "collection.completed")
    annul(story, coi, target)
    says(annul(story, coi, target), "corrected_by_another_person", got="demo-quality twice", expected="2 people")


def held():
    story = Story()
    coi, (bag,) = story.collected()
    story.do("demo-nurse", "hold.placed", [("container", bag)], reason="other")
    return story, coi, last(story, coi, "hold.placed")


def test_quality_undoes_what_is_qualitys_passes_for_quality():
    story, coi, target = held()
    taken = annul(story, coi, target, "demo-quality")
    assert taken.done
    assert "quality_undoes_what_is_qualitys" not in taken.rules


def test_quality_undoes_what_is_qualitys_refuses_a_coordinator():
    story, coi, target = held()
    refused(annul(story, coi, target, "demo-coordinator"), "quality_undoes_what_is_qualitys", Family.AUTHORITY)


def test_quality_undoes_what_is_qualitys_says_why_not():
    story, coi, target = held()
    says(annul(story, coi, target, "demo-coordinator"), "quality_undoes_what_is_qualitys",
         got="demo-coordinator of demo-hospital", expected="somebody of quality")  # fmt: skip
