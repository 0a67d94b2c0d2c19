"""Random mixtures of every kind of step, through the one door and over a real store.

After each run the log proves itself, and every stored projection equals the fold (`coi verify`).
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from coi.actions.verification import verify
from tests.adversary.door import Door, Now, add_strangers
from tests.journey.story import COURIERS, shipped
from tests.journey.test_machine import Journeys
from tests.worlds import make_office

EVERY_STEP = settings(deadline=None, suppress_health_check=list(HealthCheck))


class JourneysThroughTheDoor(Journeys):
    """The same people and oracles; the store is a new SQLite file for every run."""

    url = ""

    @initialize(
        start=st.sampled_from(["collected", "shipped", "doses", "bedside"]), fresh=st.booleans(), seed=st.integers(1, 3)
    )
    def begin(self, start: str, fresh: bool, seed: int) -> None:
        self.folder = TemporaryDirectory(dir=os.environ.get("COI_TEST_MEMORY"))
        server = Now()
        office = make_office(f"sqlite:///{Path(self.folder.name) / 'coi.sqlite3'}", now=server)
        add_strangers(office)
        name = "car-t-fresh" if fresh else "car-t-cryo"
        self.story = story = Door(pathway=shipped(name), seed=seed, office=office, server=server)
        story.collected("MRN-2")
        if start == "collected":
            story.collected("MRN-1", 2)
        elif start == "shipped":
            _, bags = story.collected("MRN-1", 2)
            story.do("demo-nurse", "handoff.offered", [("shipper", story.packed(bags))], values={"to": COURIERS})
        elif start == "doses":
            story.doses("MRN-1", 2)
        else:
            story.at_bedside("MRN-1", 2)
        self.refused = 0

    @invariant()
    def every_entry_is_accounted_for_and_folds_to_what_was_shown(self) -> None:
        for coi in self.therapies():
            entries = self.story.streams[f"therapy:{coi}"]
            assert list(self.story.therapy(coi).kinds) == [entry.id for entry in entries]
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))

    def foreign_cells_stay(self, taken: Any, before: Any) -> None:
        """An evacuation may be of several therapies; everything else touches its own alone."""
        if taken.case.kind == "storage.evacuated":
            return
        own = {entry.therapy for entry in taken.entries}
        for coi, therapy in before.items():
            if coi not in own:
                assert self.story.therapy(coi) == therapy

    def teardown(self) -> None:
        if hasattr(self, "story"):
            assert verify(self.story.office) == []
            self.story.office.store.close()
            self.folder.cleanup()


@pytest.mark.slow
def test_random_journeys_through_the_door_keep_every_promise():
    run_state_machine_as_test(
        JourneysThroughTheDoor, settings=settings(EVERY_STEP, max_examples=20, stateful_step_count=15)
    )


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_five_hundred_random_journeys_of_fifty_steps_keep_every_promise(record_property):
    record_property("runs", 500)
    record_property("steps", 50)
    run_state_machine_as_test(Journeys, settings=settings(EVERY_STEP, max_examples=500, stateful_step_count=50))


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_sixty_random_journeys_of_fifty_steps_through_the_door_keep_every_promise(record_property):
    record_property("runs", 60)
    record_property("steps", 50)
    run_state_machine_as_test(
        JourneysThroughTheDoor, settings=settings(EVERY_STEP, max_examples=60, stateful_step_count=50)
    )
