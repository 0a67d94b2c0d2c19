"""A mismatch of identity stops labelling, packing, manufacturing, thaw and infusion in every state of a container."""

from functools import cache

import pytest

from coi.journey.steps import STEPS, State
from tests.journey.story import HOSPITAL, PLANT, Story

WHO = {"label.applied": "demo-nurse", "shipment.packed": "demo-nurse", "containers.transformed": "demo-operator",
       "thaw.started": "demo-infusion", "infusion.started": "demo-infusion"}  # fmt: skip
SAYS = {"container_is_this_therapys", "wristband_is_this_patients"}


@cache
def world() -> tuple[Story, str, str, str, str]:
    """Two patients; the first has a dose at the ward and an empty labelled bag: story, COI id, dose, bag, their bag."""
    story = Story()
    _, (theirs,) = story.collected("MRN-2")
    coi, (used,) = story.collected("MRN-1")
    story.moved([used], "demo-nurse", PLANT, "demo-operator")
    story.do("demo-operator", "lot.started", [("container", used)])
    (dose,) = story.labelled(coi, "dose", person="demo-operator")
    story.do("demo-operator", "containers.transformed", [("container", used), ("label", dose)])
    story.moved([dose], "demo-operator", HOSPITAL, "demo-infusion")
    (empty,) = story.labelled(coi, "rescue")
    return story, coi, dose, empty, theirs


@pytest.mark.parametrize("wrong", ["bag", "wristband"])
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", sorted(WHO))
def test_it_is_stopped_and_identity_is_among_the_reasons(kind, state, wrong, monkeypatch):
    story, coi, dose, empty, theirs = world()
    folded = Story.therapy

    def in_that_state(self: Story, of: str) -> object:
        found = folded(self, of)
        for container in found.containers.values():
            container.state = state
        return found

    monkeypatch.setattr(Story, "therapy", in_that_state)
    own = ("label", empty) if kind == "label.applied" else ("container", dose)
    other = ("container", theirs) if wrong == "bag" else ("wristband", "MRN-2")
    taken = story.may(WHO[kind], kind, [own, other], coi=coi)
    assert {finding.rule for finding in taken.verdict.stops if finding.family == "identity"} & SAYS
    assert not taken.verdict.allowed


def test_these_are_the_steps_that_give_cells_a_name_or_use_them():
    assert all("identity" in STEPS[kind].stops for kind in WHO)
