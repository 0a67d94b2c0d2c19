"""Fold: the same entries always amount to the same, and nothing that is refused, disputed or half corrected counts."""

from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from random import Random

import pytest

from coi.journey.corrections import corrections_of
from coi.journey.effects import EFFECTS
from coi.journey.entry import Outcome, instant
from coi.journey.fold import fold, fold_shipper
from coi.journey.steps import RECORDABLE, STEPS
from tests.journey.story import COURIERS, HOSPITAL, PLANT, Story, shipped
from tests.journey.test_story import whole_journey
from tests.journey.test_table import FROZEN, SYSTEM


def stream(story, coi):
    return story.streams[f"therapy:{coi}"]


def folded(story, entries):
    return fold(entries, pathway=story.pathways.__getitem__)


def last(story, coi, kind):
    return next(entry for entry in reversed(stream(story, coi)) if entry.kind == kind)


def annul(story, coi, entry, *people):
    for person in people or ("demo-quality", "demo-quality-2"):
        taken = story.take(person, "entry.annulled", coi=coi, values={"entry": entry}, reason="recorded-in-error")
        assert taken.done, taken.stops
    return taken


def swap(story, coi, entry, person, **values):
    values = {"entry": entry, **values}
    return story.take(person, "entry.replaced", coi=coi, values=values, reason="recorded-in-error")


# --- the same for ever


@pytest.mark.parametrize("name", ["car-t-cryo", "car-t-fresh"])
def test_a_fold_is_the_same_every_time_and_changes_no_entry(name):
    story, coi, *_ = whole_journey(name)
    before = list(stream(story, coi))
    assert folded(story, before) == folded(story, tuple(before))
    assert stream(story, coi) == before


def test_nothing_amounts_to_nothing():
    assert fold([], pathway={}.__getitem__) is None
    assert fold_shipper([]) is None


def test_every_beginning_of_a_journey_can_be_folded():
    story, coi, *_ = whole_journey("car-t-cryo")
    for number in range(1, len(stream(story, coi)) + 1):
        therapy = folded(story, stream(story, coi)[:number])
        assert (therapy.seq, len(therapy.kinds), len(therapy.acts)) == (number - 1, number, number)
        assert therapy.last_kind == stream(story, coi)[number - 1].kind


def test_every_entry_is_accounted_for():
    story, coi, *_ = whole_journey("car-t-cryo")
    therapy = story.therapy(coi)
    assert list(therapy.kinds) == list(therapy.acts) == [entry.id for entry in stream(story, coi)]
    assert all(act.done for act in therapy.acts.values())


# --- what does not count


def test_a_refused_attempt_changes_nothing_but_the_count_of_entries():
    story = Story()
    coi, (dose,) = story.doses()
    before = story.therapy(coi)
    taken = story.take("demo-operator", "lot.started", [("container", dose)])
    assert taken.outcome is Outcome.REFUSED
    after = story.therapy(coi)
    for name in ("kinds", "acts", "seq", "last_kind", "changed_at"):
        setattr(after, name, getattr(before, name))
    assert after == before


FIRST = {*FROZEN, *SYSTEM}  # the others are played in tests/story


@cache
def with_every_kind():
    """Return a story in which every kind that has an effect is done once at least, and its COI id."""
    story, coi, *_ = whole_journey("car-t-cryo")
    story.do("demo-quality", "entry.annulled", coi=coi, values={"entry": last(story, coi, "therapy.closed").id},
             reason="recorded-in-error")  # fmt: skip
    bag, other = story.labelled(coi, "starting_material", 2)
    spare = story.label(story.codes[bag].container, reason="label-damaged")
    sent = story.do("demo-nurse", "label.sent", coi=coi, values={"label": spare, "printer": "ward-3"}).entry
    told = {"label": spare, "job": sent.id, "state": "sent", "containers": sent.values["containers"]}
    story.system(None, "print.ended", story.new_id(), told, coi=coi)
    story.do("demo-nurse", "label.voided", [("label", spare)], coi=coi, reason="label-misprinted")
    story.do("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    story.do("demo-nurse", "collection.completed", [("container", bag), ("container", other)], coi=coi)
    for person, kind in (("demo-courier", "handoff.refused"), ("demo-nurse", "handoff.cancelled")):
        story.do("demo-nurse", "handoff.offered", [("container", bag)], values={"to": COURIERS})
        story.do(person, kind, [("container", bag)], reason="other")
    story.do("demo-nurse", "hold.placed", [("container", bag)], reason="other")
    story.do("demo-quality", "hold.lifted", [("container", bag)], reason="other")
    for kind in ("release.refused", "release.revoked"):
        story.do("demo-quality", kind, [("container", bag)], reason="other")
    story.take("demo-infusion", "shipment.inspected", [("container", bag)], values={"condition": "leaking"})
    story.wait(days=250)
    assert {entry.kind for entry in story.sweep(coi)} == {"window.warned", "window.breached"}
    in_time = last(story, coi, "collection.completed").occurred_at + timedelta(hours=1)
    story.take("demo-nurse", "container.stored", [("container", bag), ("location", "T")], tense="reported", at=in_time)
    return story, coi


def test_the_story_with_every_kind_has_every_kind():
    story, coi = with_every_kind()
    assert {entry.kind for entry in stream(story, coi)} >= set(EFFECTS) & FIRST
    assert all(entry.outcome == "done" for entry in stream(story, coi))


@pytest.mark.parametrize("kind", sorted(set(EFFECTS) & FIRST))
def test_an_entry_of_any_kind_counts_only_when_it_is_done(kind):
    story, coi = with_every_kind()
    entries = stream(story, coi)
    states = [content(folded(story, entries[:number])) for number in range(len(entries) + 1)]
    index = next(n for n, entry in enumerate(entries) if entry.kind == kind and states[n] != states[n + 1])
    for outcome in ("refused", "disputed"):
        assert content(folded(story, [*entries[:index], replace(entries[index], outcome=outcome)])) == states[index]


def content(therapy):
    """Return the state of a therapy without what counts entries."""
    if therapy is None:
        return None
    state = {field.name: getattr(therapy, field.name) for field in fields(therapy)}
    for name in ("kinds", "acts", "seq", "last_kind", "changed_at"):
        del state[name]
    return state if therapy.pathway else None


def test_a_disputed_entry_never_moves_custody_and_holds_the_container():
    story = Story()
    _coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", PLANT, "demo-operator")
    taken = story.take("demo-nurse", "container.stored", [("container", bag), ("location", "T")], tense="reported")
    assert taken.outcome is Outcome.DISPUTED
    found = story.container(bag)
    assert (found.custodian.organisation, found.place.kind) == (PLANT, "hand")
    assert list(found.holds) == [taken.deviations[0].id]


# --- corrections


def test_an_annulled_entry_is_as_if_it_had_never_been():
    story = Story()
    coi, (bag,) = story.collected()
    before = story.container(bag)
    stored = story.do("demo-nurse", "container.stored", [("container", bag), ("location", "T")]).entry.id
    assert story.container(bag).place.kind == "location"
    annul(story, coi, stored)
    assert story.container(bag) == before


def test_one_of_two_people_changes_nothing_and_the_same_person_twice_does_not_either():
    story = Story()
    coi, (bag,) = story.collected()
    target = last(story, coi, "collection.completed").id
    before = story.container(bag)
    for _ in range(2):
        values = {"entry": target}
        story.take("demo-quality", "entry.annulled", coi=coi, values=values, reason="recorded-in-error")
        assert story.container(bag) == before
    assert story.therapy(coi).corrections[target].people == ["demo-quality"]


def test_two_people_who_say_different_things_do_not_add_up():
    story = Story()
    coi, _ = story.collected()
    target = last(story, coi, "collection.completed").id
    assert swap(story, coi, target, "demo-quality", values={"volume_ml": "1"}).done
    assert swap(story, coi, target, "demo-quality-2", values={"volume_ml": "2"}).done
    correction = story.therapy(coi).corrections[target]
    assert (correction.in_force, correction.people) == (False, ["demo-quality-2"])
    assert swap(story, coi, target, "demo-coordinator", values={"volume_ml": "2"}).done
    assert story.therapy(coi).corrections[target].in_force


def test_annulling_and_replacing_do_not_add_up():
    story = Story()
    coi, (bag,) = story.collected()
    target = last(story, coi, "collection.completed").id
    assert swap(story, coi, target, "demo-quality", values={"volume_ml": "1"}).done
    values = {"entry": target}
    assert story.take("demo-quality-2", "entry.annulled", coi=coi, values=values, reason="recorded-in-error").done
    assert not story.therapy(coi).corrections[target].in_force
    assert story.container(bag).state == "filled"


def test_where_one_person_is_enough_one_person_is():
    story = Story()
    coi, (bag,) = story.collected()
    story.do("demo-nurse", "container.discarded", [("container", bag)], reason="not-needed")
    closed = story.do("demo-coordinator", "therapy.closed", coi=coi, values={"outcome": "died"}).entry.id
    assert STEPS["therapy.closed"].correction_people == 1
    assert swap(story, coi, closed, "demo-quality", values={"outcome": "withdrew"}).done
    assert story.therapy(coi).closed == "withdrew"


@pytest.mark.parametrize(
    "kind", sorted(kind for kind in RECORDABLE if STEPS[kind].correction_people == 2 and kind in FIRST)
)
def test_every_kind_that_needs_two_people_needs_two(kind):
    story, coi = with_every_kind()
    kinds = {"therapy.enrolled", *EFFECTS}
    entry = next(entry for entry in stream(story, coi) if entry.kind == (kind if kind in kinds else "label.issued"))
    said = {"entry": entry.id}
    asked = [replace(last(story, coi, "therapy.closed"), id=f"c{number}", kind="entry.annulled", values=said,
                     actor={"person": person, "site": HOSPITAL, "role": "quality"})
             for number, person in enumerate(["a", "a", "b"])]  # fmt: skip
    states = [corrections_of([*stream(story, coi), *asked[:number]])[entry.id].in_force for number in (1, 2, 3)]
    assert states == [False, False, True]


def test_a_correction_in_force_stays_whatever_is_said_later():
    story = Story()
    coi, _ = story.collected()
    target = last(story, coi, "patient.verified").id
    entry = annul(story, coi, target).entry
    more = [replace(entry, id=f"later-{n}", values={"entry": target, "values": {}}, kind="entry.replaced",
                    actor={"person": f"p{n}", "site": None, "role": None}) for n in range(3)]  # fmt: skip
    correction = corrections_of([*stream(story, coi), *more])[target]
    assert (correction.kind, correction.in_force) == ("entry.annulled", True)


def test_a_replaced_time_moves_the_clock_and_a_replaced_amount_moves_nothing():
    story = Story(pathway=shipped("car-t-fresh"))
    coi, (bag,) = story.collected()
    entry = last(story, coi, "collection.completed")
    earlier = entry.occurred_at - timedelta(hours=1)
    for person in ("demo-quality", "demo-quality-2"):
        assert swap(story, coi, entry.id, person, occurred_at=instant(earlier), values={"volume_ml": "3"}).done
    assert story.container(bag).starts["collection-to-manufacture"][1] == earlier
    assert story.container(bag).state == "filled"


def test_what_was_believed_then_can_still_be_read():
    story = Story()
    coi, (_bag,) = story.collected()
    target = last(story, coi, "patient.verified").id
    number = len(stream(story, coi))
    annul(story, coi, target)
    assert story.therapy(coi).verified is None
    assert folded(story, stream(story, coi)[:number]).verified is not None


def test_an_annulled_accept_gives_custody_back_and_opens_the_offer_again():
    story = Story()
    coi, (bag,) = story.collected()
    story.moved([bag], "demo-nurse", COURIERS, "demo-courier")
    annul(story, coi, last(story, coi, "handoff.accepted").id)
    assert story.container(bag).custodian.organisation == HOSPITAL
    assert story.take("demo-courier-2", "handoff.accepted", [("container", bag)]).done
    assert story.container(bag).custodian.person == "demo-courier-2"


def test_an_annulled_accept_of_a_shipper_gives_back_the_shipper_too():
    story = Story()
    coi, (bag,) = story.collected()
    shipper = story.packed([bag])
    box = [("shipper", shipper)]
    story.do("demo-nurse", "handoff.offered", box, values={"to": COURIERS})
    story.do("demo-courier", "handoff.accepted", box)
    assert story.shipper(shipper).custodian.organisation == COURIERS
    accept = last(story, coi, "handoff.accepted").id
    annul(story, coi, accept, "demo-quality")
    assert story.shipper(shipper).custodian.organisation == COURIERS
    annul(story, coi, accept, "demo-coordinator")
    assert story.shipper(shipper).custodian.organisation == HOSPITAL
    assert story.container(bag).custodian.organisation == HOSPITAL
    assert story.take("demo-nurse", "handoff.cancelled", box, coi=coi, reason="addressee-changed").done
    assert story.take("demo-nurse", "shipment.unpacked", [*box, ("container", bag)]).done
    assert story.container(bag).place.kind == "hand"


def test_an_annulled_packing_takes_the_bag_out_of_the_shipper_again():
    story = Story()
    coi, (bag,) = story.collected()
    shipper = story.charged()
    packed = story.do("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", bag)]).entry.id
    annul(story, coi, packed)
    assert story.shipper(shipper).contents == {}
    assert story.container(bag).place.kind == "hand"
    _, (other,) = story.collected("MRN-2")
    assert story.take("demo-nurse", "shipment.packed", [("shipper", shipper), ("container", other)]).done


# --- a fold never fails


@pytest.mark.parametrize("name", ["car-t-cryo", "car-t-fresh"])
def test_whatever_single_entry_is_taken_away_the_rest_can_be_folded(name):
    story, coi, *_ = whole_journey(name)
    entries = stream(story, coi)
    for number in range(1, len(entries)):
        therapy = folded(story, [*entries[:number], *entries[number + 1 :]])
        assert therapy.seq == entries[-1].seq or number == len(entries) - 1


def test_whatever_entries_are_taken_away_the_rest_can_be_folded():
    story, coi, *_ = whole_journey("car-t-cryo")
    first, *rest = stream(story, coi)
    random = Random(5)
    for _ in range(200):
        kept = [entry for entry in rest if random.random() < random.choice([0.2, 0.5, 0.9])]
        assert folded(story, [first, *kept]).coi == coi
    for name, entries in story.streams.items():
        for _ in range(20 if name.startswith("shipper:") else 0):
            kept = [entry for entry in entries if random.random() < 0.5]
            assert kept == [] or fold_shipper(kept).id == name.partition(":")[2]


def test_a_shipper_is_topped_up_without_losing_its_seal_or_its_holder():
    story = Story()
    _, (bag,) = story.collected()
    shipper = story.packed([bag], seal="S-7")
    before = story.shipper(shipper)
    story.do("demo-courier", "shipper.charged", [("shipper", shipper)], values={"hold_hours": 100})
    after = story.shipper(shipper)
    assert (after.state, after.seals, after.contents) == (before.state, before.seals, before.contents)
    assert after.custodian.organisation == HOSPITAL
    assert after.hold_hours == 100
    assert after.charged_at > before.charged_at
