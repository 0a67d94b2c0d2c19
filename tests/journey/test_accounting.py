"""The account of labels: at each moment issued is applied, superseded, voided, destroyed, returned and open."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coi.journey.accounting import FATES, HELD_UP, accounts, read_labelling
from coi.journey.steps import STEPS, Family
from tests.journey.story import Story

PLACES = ("bag", "tie_tag")
ACTS = ("issue", "label.applied", "label.voided", "label.superseded", "label.destroyed", "label.returned", "label.sent",
        "annul")  # fmt: skip
AFTER = {"label.voided": "voided", "label.superseded": "superseded", "label.destroyed": "destroyed",
         "label.returned": "returned"}  # fmt: skip


@dataclass
class Book:
    """What a clerk would write by hand beside the log: where each print is."""

    story: Story
    coi: str
    ids: list[str]
    where: dict[str, str] = field(default_factory=dict)
    place: dict[str, tuple[str, str]] = field(default_factory=dict)
    entry: dict[str, str] = field(default_factory=dict)

    def act(self, what: str, bag: int, place: str, which: int) -> None:
        if what == "issue":
            return self._issue(self.ids[bag], place)
        labels = list(self.where)
        return self._treat(what, labels[which % len(labels)]) if labels else None

    def _issue(self, id_: str, place: str) -> None:
        values = {"container": id_, "position": place}
        taken = self.story.do("demo-nurse", "label.issued", values=values, reason="label-misprinted")
        serial = taken.entry.values["label"]
        self.where[serial], self.place[serial], self.entry[serial] = "open", (id_, place), taken.entry.id

    def _treat(self, what: str, serial: str) -> None:
        if what == "annul":
            return self._annul(serial)
        values = {"label": serial, "printer": "p"} if what == "label.sent" else {}
        scans = [] if what == "label.sent" else [("label", serial)]
        taken = self.story.take("demo-nurse", what, scans, coi=self.coi, values=values, reason="label-misprinted")
        if not taken.done:
            return None
        if what == "label.applied":
            same = [other for other in self.where if self.place[other] == self.place[serial]]
            self.where |= {other: "superseded" for other in same if self.where[other] == "applied"}
            self.where[serial] = "applied"
        self.where[serial] = AFTER.get(what, self.where[serial])
        return None

    def _annul(self, serial: str) -> None:
        """Two people say that the label was never issued; what was done with it speaks against that."""
        done = False
        for person in ("demo-quality", "demo-quality-2"):
            values = {"entry": self.entry[serial]}
            taken = self.story.take(person, "entry.annulled", coi=self.coi, values=values, reason="recorded-in-error")
            done = taken.done
        if done:
            del self.where[serial]

    def agrees(self) -> None:
        therapy = self.story.therapy(self.coi)
        found = {serial: fate for one in accounts(therapy) for fate, several in one.fates.items() for serial in several}
        assert found == self.where
        for one in accounts(therapy):
            assert one.issued == sum(self.place[serial][0] == one.container for serial in self.where)
        fates = Counter(found.values())
        assert sum(one.issued for one in accounts(therapy)) == sum(fates[fate] for fate in FATES)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 1), st.sampled_from(PLACES), st.integers(0, 9)),
                max_size=14))  # fmt: skip
def test_issued_is_applied_superseded_voided_destroyed_returned_and_open_at_each_moment(acts):
    story = Story()
    coi = story.enrol()
    book = Book(story, coi, story.plan(coi, "starting_material", 2))
    for act in acts:
        book.act(*act)
        book.agrees()


def test_every_way_of_a_label_is_counted_once():
    story = Story()
    coi = story.enrol()
    book = Book(story, coi, story.plan(coi, "starting_material", 2))
    for _ in range(6):
        book.act("issue", 0, "bag", 0)
    for what, which in (("label.applied", 0), ("label.applied", 1), ("label.voided", 2), ("label.destroyed", 3),
                        ("label.returned", 4)):  # fmt: skip
        book.act(what, 0, "bag", which)
    book.agrees()
    (one,) = accounts(story.therapy(coi))
    assert {fate: len(serials) for fate, serials in one.fates.items()} == dict.fromkeys(FATES, 1)
    assert one.issued == 6


def test_the_label_of_another_maker_is_not_ours_to_account_for():
    story = Story()
    coi = story.enrol()
    signs = [("demo-nurse", "performed"), ("demo-operator", "verified")]
    story.do("demo-nurse", "container.adopted", [("container", "FOREIGN-1")], coi=coi, signs=signs,
             values={"purpose": "starting_material"})  # fmt: skip
    assert accounts(story.therapy(coi)) == []


def test_no_step_that_labels_may_hold_up_saves_cells():
    assert all(Family.IDENTITY in STEPS[kind].stops for kind in HELD_UP)
    assert HELD_UP & {"container.stored", "handoff.offered", "handoff.accepted", "container.discarded",
                      "collection.completed", "shipment.unpacked", "hold.placed"} == set()  # fmt: skip


@pytest.mark.parametrize("table", [{}, {"reconciled_before": []}, {"second_person": True, "witness": False}])
def test_what_a_pathway_says_of_labels_is_read(table):
    faults = []
    assert read_labelling(table, faults).second_person is table.get("second_person", False)
    assert faults == []


def gone(kind, before):
    """Take one step with a label after another one."""
    story = Story()
    (id_,) = story.plan(story.enrol(), "starting_material")
    label = story.label(id_)
    story.do("demo-nurse", before, [("label", label)], reason="not-needed")
    return story.take("demo-nurse", kind, [("label", label)], reason="not-needed")


@pytest.mark.parametrize("before", ["label.returned", "label.destroyed", "label.voided"])
def test_what_is_gone_is_not_applied_and_not_voided_and_identifies_nothing(before):
    assert gone("label.applied", before).stops == {"label_is_this_containers"}
    assert gone("label.voided", before).stops == {"label_can_be_voided"}
    story = Story()
    coi = story.enrol()
    (id_,) = story.plan(coi, "starting_material")
    label = story.label(id_)
    live = story.label(id_, reason="label-misprinted", position="bag")
    story.do("demo-nurse", before, [("label", label)], reason="not-needed")
    taken = story.take("demo-nurse", "sample.taken", [("container", label)])
    message = taken.finding("label_is_current").message
    assert "label_is_current" in taken.stops
    assert f"{label} was {before.partition('.')[2]}" in message
    assert live in message
