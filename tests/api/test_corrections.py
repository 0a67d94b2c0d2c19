"""Corrections: whatever entry is annulled or replaced, by one person or two, the therapy can still be read."""

import pytest

from coi.actions import reads
from coi.actions.faults import Fault
from coi.actions.verification import verify
from coi.journey.steps import STEPS
from tests.play import Player

FIRST, SECOND = "demo-quality", "demo-quality-2"


@pytest.fixture
def player(sqlite_office):
    return Player(sqlite_office)


def entries(player, coi):
    return reads.entries(player.office, coi, caller=player.as_(FIRST), limit=500)["items"]


def corrected(player, person, coi, kind, **values):
    """Correct an entry; return the status of the answer."""
    try:
        return player.try_step(person, kind, coi=coi, reason="recorded-in-error", values=values)[0]
    except Fault as fault:
        return fault.status


def journey(player, number):
    """Play a therapy with a bit of everything up to the infusion; return its COI id."""
    coi, (dose,), _ = player.at_bedside(number)
    bag = ("container", dose)
    hold = player.step(FIRST, "hold.placed", [bag], coi=coi, reason="under-investigation")["entry"]["id"]
    player.step(FIRST, "hold.lifted", [bag], coi=coi, reason="under-investigation", values={"hold": hold})
    player.step("demo-infusion", "thaw.started", [bag], coi=coi)
    for person in ("demo-infusion", "demo-infusion-2"):
        player.step(person, "infusion.checked", [("wristband", number), bag], coi=coi)
    player.step("demo-infusion", "infusion.started", [bag], coi=coi)
    player.step("demo-infusion", "infusion.completed", [bag], coi=coi)
    return coi


def targets():
    kinds = ["therapy.enrolled", "patient.verified", "collection.started", "container.planned", "label.issued",
             "label.applied", "collection.completed", "handoff.offered", "handoff.accepted", "lot.started",
             "containers.transformed", "containers.released", "hold.placed", "hold.lifted", "thaw.started",
             "infusion.checked", "infusion.started", "infusion.completed"]  # fmt: skip
    assert all(kind in STEPS for kind in kinds)
    return kinds


@pytest.mark.parametrize("kind", targets())
def test_whatever_two_people_annul_the_therapy_can_still_be_read(player, kind):
    coi = journey(player, "MRN-1")
    target = next(entry["id"] for entry in entries(player, coi) if entry["kind"] == kind)
    for person in (FIRST, SECOND):
        assert corrected(player, person, coi, "entry.annulled", entry=target) in (201, 409, 422)
    assert reads.therapy(player.office, coi, caller=player.as_(FIRST))["therapy"] == coi
    assert verify(player.office) == []


@pytest.mark.parametrize("kind", ["container.planned", "label.issued", "label.applied", "handoff.accepted",
                                  "containers.released", "hold.lifted", "infusion.checked"])  # fmt: skip
def test_whatever_two_people_replace_the_therapy_can_still_be_read(player, kind):
    coi = journey(player, "MRN-1")
    other, _ = player.offered("MRN-2")
    foreign = next(e for e in entries(player, other) if e["kind"] == "container.planned")["values"]["containers"]
    offer = next(e for e in entries(player, other) if e["kind"] == "handoff.offered")["id"]
    new = {
        "container.planned": {"purpose": "rescue", "count": 3, "dose": 7}, "label.issued": {"container": foreign[0]},
        "label.applied": {"container": foreign[0]}, "handoff.accepted": {"handoff": offer, "containers_received": 9},
        "containers.released": {"containers": foreign}, "hold.lifted": {"hold": offer}, "infusion.checked": {"dose": 9},
    }  # fmt: skip
    target = next(entry["id"] for entry in entries(player, coi) if entry["kind"] == kind)
    for person in (FIRST, SECOND):
        assert corrected(player, person, coi, "entry.replaced", entry=target, values=new[kind]) in (201, 409, 422)
    assert reads.therapy(player.office, coi, caller=player.as_(FIRST))["therapy"] == coi
    assert verify(player.office) == []


def test_a_correction_that_takes_away_what_was_built_on_it_is_refused_from_the_first_person_on(player):
    coi = journey(player, "MRN-1")
    target = next(entry["id"] for entry in entries(player, coi) if entry["kind"] == "label.issued")
    for person in (FIRST, SECOND):
        body = player.step(person, "entry.annulled", coi=coi, reason="recorded-in-error", values={"entry": target},
                           expect=422)  # fmt: skip
        assert [finding["rule"] for finding in body["findings"]] == ["nothing_is_built_on_it"]
    assert verify(player.office) == []


def test_two_people_who_name_the_same_values_in_another_order_agree(player):
    coi, bag = player.offered("MRN-2", to="demo-plant")
    player.step("demo-operator", "handoff.accepted", [("container", bag)], coi=coi)
    target = entries(player, coi)[-1]["id"]
    for person, values in ((FIRST, {"remarks": False, "containers_received": 1}),
                           (SECOND, {"containers_received": 1, "remarks": False})):  # fmt: skip
        assert corrected(player, person, coi, "entry.replaced", entry=target, values=values) == 201
    assert verify(player.office) == []
