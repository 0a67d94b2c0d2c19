"""Vein to vein on both pathways, and the turns a journey takes on the way."""

import json
import re
from datetime import timedelta

import pytest

from coi.journey.entry import leaf_hash, leaf_of, read_leaf
from coi.journey.fold import fold
from coi.journey.project import project
from coi.journey.steps import State
from tests.journey.story import COURIERS, HOSPITAL, PLANT, START, NoAuthority, Story, shipped

PATHWAYS = ["car-t-cryo", "car-t-fresh"]


def whole_journey(name):
    """Two donations of two bags, two lots, two doses, samples and rescue cells, out and back by courier, infused."""
    story = Story(pathway=shipped(name))
    coi, first = story.collected(bags=2)
    (rescue,) = story.labelled(coi, "rescue")
    second = story.labelled(coi, "starting_material", 2)
    story.do("demo-nurse", "collection.started", [("wristband", "MRN-1")], coi=coi)
    story.do("demo-nurse", "collection.completed", [("container", bag) for bag in [*second, rescue]],
             values={"volume_ml": "212.5"})  # fmt: skip
    bags = [*first, *second]
    story.ship(bags, giver="demo-nurse", to=PLANT, taker="demo-receiver", seal="S-1")
    doses = [made(story, coi, donation) for donation in (first, second)]
    story.do("demo-quality", "containers.released", coi=coi,
             values={"containers": [story.codes[dose].container for dose in doses]})  # fmt: skip
    story.ship(doses, giver="demo-operator", to=HOSPITAL, taker="demo-infusion", seal="S-2")
    for dose in doses:
        if story.pathway.needs_thaw:
            story.do("demo-infusion", "container.stored", [("container", dose), ("location", "TANK-1")])
            story.do("demo-infusion", "container.retrieved", [("container", dose)])
        story.infused("MRN-1", [dose])
    story.do("demo-infusion", "container.discarded", [("container", rescue)], reason="not-needed")
    story.do("demo-coordinator", "therapy.closed", coi=coi, values={"outcome": "infused"})
    return story, coi, bags, doses, rescue


def made(story, coi, bags):
    """Make one dose, an in-process container and a kept sample from bags in a lot of their own."""
    going_in = [("container", bag) for bag in bags]
    story.do("demo-operator", "lot.started", going_in)
    (between,) = story.labelled(coi, "in_process", person="demo-operator")
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    (tube,) = story.labelled(coi, "retention", person="demo-operator")
    story.do("demo-operator", "containers.transformed", [*going_in, ("label", between)])
    story.do("demo-operator", "sample.taken", [("container", between), ("label", tube)], values={"volume_ml": 2})
    story.do("demo-operator", "containers.transformed", [("container", between), ("label", dose)])
    return dose


@pytest.mark.parametrize("name", PATHWAYS)
def test_cells_go_from_vein_to_vein_without_a_single_finding(name):
    story, coi, _, doses, rescue = whole_journey(name)
    therapy = story.therapy(coi)
    assert therapy.closed == "infused"
    assert therapy.deviations == {}
    assert [entry.findings for entry in story.log] == [()] * len(story.log)
    assert [story.container(dose).state for dose in doses] == [State.INFUSED] * 2
    assert story.container(rescue).state is State.DISCARDED
    samples = [c for c in therapy.containers.values() if c.purpose == "retention"]
    assert [(c.state, c.custodian.organisation) for c in samples] == [(State.FILLED, PLANT)] * 2
    assert {c.state for c in therapy.containers.values() if c.purpose in ("starting_material", "in_process")} == {
        State.CONSUMED
    }


@pytest.mark.parametrize("name", PATHWAYS)
def test_every_dose_can_be_followed_back_to_its_donation(name):
    story, coi, bags, doses, _ = whole_journey(name)
    therapy = story.therapy(coi)
    assert len(set(therapy.donations)) == 2
    for dose, donation, going_in in zip(doses, therapy.donations, (bags[:2], bags[2:]), strict=True):
        found = story.container(dose)
        (between,) = found.parents
        assert set(therapy.containers[between].parents) == {story.codes[bag].container for bag in going_in}
        assert (found.donation, therapy.containers[between].donation) == (donation, donation)
        assert therapy.lots[found.lot].donations == (donation,)
        assert therapy.lots[found.lot].organisation == PLANT


@pytest.mark.parametrize("name", PATHWAYS)
def test_custody_moves_with_the_shipper_hand_to_hand(name):
    story, coi, bags, _, _ = whole_journey(name)
    kinds = ("handoff.offered", "handoff.accepted", "shipment.unpacked")
    held = []
    for number, entry in enumerate(story.streams[f"therapy:{coi}"], 1):
        if entry.kind in kinds:
            then = fold(story.streams[f"therapy:{coi}"][:number], pathway=story.pathways.__getitem__)
            held.append((entry.kind, then.containers[story.codes[bags[0]].container].custodian.organisation))
    assert held[:5] == [
        ("handoff.offered", HOSPITAL), ("handoff.accepted", COURIERS), ("handoff.offered", COURIERS),
        ("handoff.accepted", PLANT), ("shipment.unpacked", PLANT),
    ]  # fmt: skip
    assert {handoff.state for handoff in story.therapy(coi).handoffs.values()} == {"accepted"}
    shippers = [story.shipper(name.partition(":")[2]) for name in story.streams if name.startswith("shipper:")]
    assert [(s.state, s.contents, s.custodian.organisation) for s in shippers] == [
        ("opened", {}, PLANT), ("opened", {}, HOSPITAL)
    ]  # fmt: skip


@pytest.mark.parametrize("name", PATHWAYS)
def test_no_entry_tells_who_the_patient_is_and_each_leaf_chains_to_the_one_before(name):
    story, _, _, _, _ = whole_journey(name)
    prev: dict[str, str] = {}
    for entry in story.log:
        leaf = leaf_of(entry, prev=prev.get(entry.stream))
        assert read_leaf(leaf) == (entry, prev.get(entry.stream))
        assert b"MRN-1" not in leaf
        prev[entry.stream] = leaf_hash(leaf)
    assert prev == story.hashes
    assert [entry.position for entry in story.log] == list(range(len(story.log)))
    for entries in story.streams.values():
        assert [entry.seq for entry in entries] == list(range(len(entries)))


@pytest.mark.parametrize("name", PATHWAYS)
def test_the_rows_are_json_and_say_where_everything_ended(name):
    story, coi, _, _, _ = whole_journey(name)
    rows = project(story.therapy(coi), pathway=story.pathway).tables()
    assert json.loads(json.dumps(rows)) == rows
    assert {row["place"] for row in rows["container"].values() if row["state"] == "infused"} == {"gone"}
    assert {row["state"] for row in rows["clock"].values()} == {"ended"}
    assert {row["organisation"] for row in rows["party"].values()} == {HOSPITAL, PLANT, COURIERS}


def test_every_clock_of_the_journey_ran_and_ended_in_time():
    for name in PATHWAYS:
        story, coi, _, _, _ = whole_journey(name)
        rows = project(story.therapy(coi), pathway=story.pathway).clock
        started = {row["window"] for row in rows.values()}
        # stored at the plant only, so the frozen pathway's first window ended with manufacturing
        assert started == {window.id for window in story.pathway.windows}


def test_the_same_seed_tells_the_same_story():
    assert whole_journey("car-t-cryo")[0].log == whole_journey("car-t-cryo")[0].log


def test_each_step_is_offered_before_it_is_taken():
    story = Story()
    _, (dose,) = story.at_bedside()
    allowed = {step.row.kind for step in story.next("demo-infusion", dose) if step.allowed}
    assert {"thaw.started", "infusion.checked", "container.stored", "handoff.offered"} <= allowed
    assert "infusion.started" not in allowed
    story.do("demo-infusion", "thaw.started", [("container", dose)])
    story.checked("MRN-1", [dose])
    allowed = {step.row.kind for step in story.next("demo-infusion", dose) if step.allowed}
    assert "infusion.started" in allowed
    assert "thaw.started" not in allowed


def test_what_may_follow_never_fails_whatever_is_scanned_by_whomever():
    story, coi, bags, doses, rescue = whole_journey("car-t-cryo")
    other, _ = story.at_bedside("MRN-2")
    shippers = [text for text, code in story.codes.items() if code.type == "shipper"]
    for person in story.people:
        for text in (*bags, *doses, rescue, coi, other, *shippers, "MRN-1", "nothing", story.codes[bags[0]].container):
            for role in ("container", "wristband", "shipper", "label", "unknown"):
                for step in story.next(person, text, role):
                    assert step.allowed is not any(finding.severity == "stop" for finding in step.findings)


def test_a_person_without_the_role_never_comes_as_far_as_a_rule():
    story = Story()
    coi, (dose,) = story.at_bedside()
    before = list(story.log)
    for person, kind, scans in (
        ("demo-courier", "infusion.started", [("container", dose)]),
        ("demo-nurse", "containers.released", [("container", dose)]),
        ("demo-quality", "infusion.checked", [("wristband", "MRN-1"), ("container", dose)]),
        ("demo-auditor", "hold.placed", [("container", dose)]),
        ("demo-admin", "hold.lifted", [("container", dose)]),
    ):
        with pytest.raises(NoAuthority):
            story.take(person, kind, scans, coi=coi, reason="other")
    assert story.log == before


def test_a_refused_handoff_leaves_custody_and_a_new_offer_moves_it():
    story = Story()
    coi, (bag,) = story.collected()
    thing = [("container", bag)]
    story.do("demo-nurse", "handoff.offered", thing, values={"to": COURIERS})
    story.do("demo-courier", "handoff.refused", thing, reason="wrong-shipper")
    assert story.container(bag).custodian.organisation == HOSPITAL
    story.moved([bag], "demo-nurse", COURIERS, "demo-courier-2")
    assert story.container(bag).custodian.person == "demo-courier-2"
    assert [h.state for h in story.therapy(coi).handoffs.values()] == ["refused", "accepted"]


def test_a_handoff_to_a_person_is_a_handoff_to_that_persons_house():
    story = Story()
    _, (bag,) = story.collected()
    thing = [("container", bag)]
    story.do("demo-nurse", "handoff.offered", thing, values={"to": "demo-courier"})
    story.do("demo-courier", "handoff.accepted", thing)
    held = story.container(bag).custodian
    assert (held.organisation, held.person) == (COURIERS, "demo-courier")
    assert COURIERS in story.therapy(story.codes[bag].therapy).parties


def test_the_watcher_writes_each_threshold_once_with_the_moment_it_was_crossed():
    story = Story(pathway=shipped("car-t-fresh"))
    coi, (bag,) = story.collected()
    started = story.now
    assert story.sweep(coi) == []
    story.wait(hours=36)
    (warned,) = story.sweep(coi)
    assert (warned.kind, warned.occurred_at) == ("window.warned", started + timedelta(hours=36))
    assert story.sweep(coi) == []
    story.wait(hours=100)
    (breached,) = story.sweep(coi)
    assert (breached.kind, breached.occurred_at) == ("window.breached", started + timedelta(hours=48))
    assert story.sweep(coi) == []
    assert breached.recorded_at == story.now > START
    assert not story.take("demo-nurse", "handoff.offered", [("container", bag)], values={"to": PLANT}).stops


def test_no_message_of_the_rules_shows_a_raw_value_of_the_program():
    """Whatever went wrong, people read words: no Python names, no brackets of a set, no None."""
    story, _coi, bags, doses, _ = whole_journey("car-t-cryo")
    other, theirs = story.at_bedside("MRN-2", 2)
    for kind, person in (("infusion.started", "demo-infusion"), ("lot.started", "demo-operator"),
                         ("shipment.packed", "demo-nurse"), ("handoff.accepted", "demo-courier"),
                         ("containers.transformed", "demo-operator"), ("container.stored", "demo-nurse")):  # fmt: skip
        for code in (*bags, *doses, *theirs, "nothing"):
            taken = story.may(person, kind, [("container", code)], coi=other)
            for finding in taken.verdict.findings:
                assert not re.search(r"None|\{|\}|\[|\]|<|>|frozenset|State\.|Purpose\.", finding.message), finding
