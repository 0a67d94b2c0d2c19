"""Random mixtures of steps, wrong scans, reports, corrections and waiting: what must hold whatever people do.

The oracles below read the entries themselves, not the fold, so that a fault of the fold cannot hide a wrong yes.
"""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from coi.journey.entry import Entry, Outcome, instant
from coi.journey.project import project
from coi.journey.stability import clocks
from coi.journey.steps import HOLDS_CELLS, STEPS, Purpose, Scan, State
from tests.journey.story import (
    COURIERS,
    HOSPITAL,
    OTHER_HOSPITAL,
    PLANT,
    START,
    Malformed,
    NoAuthority,
    Story,
    Taken,
    shipped,
)

TAKEN_HERE = sorted(kind for kind, row in STEPS.items() if row.route not in ("therapies", "system"))
LIKELY = ["handoff.offered", "handoff.accepted", "infusion.checked", "infusion.started", "containers.released",
          "thaw.started", "containers.transformed", "shipment.packed", "shipment.unpacked", "entry.annulled",
          "label.applied", "hold.placed", "infusion.completed", "container.discarded", "release.revoked"]  # fmt: skip
ENDED = {State.CONSUMED, State.INFUSED, State.DISCARDED, State.RETURNED}
CORRECTIONS = ("entry.annulled", "entry.replaced")


class Journeys(RuleBasedStateMachine):
    """Two therapies in one world, and people who do anything."""

    story: Story

    @initialize(
        start=st.sampled_from(["collected", "shipped", "doses", "bedside"]), fresh=st.booleans(), seed=st.integers(1, 3)
    )
    def begin(self, start: str, fresh: bool, seed: int) -> None:
        self.story = story = Story(pathway=shipped("car-t-fresh" if fresh else "car-t-cryo"), seed=seed)
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

    # --- what people do

    @rule(kind=st.sampled_from(TAKEN_HERE) | st.sampled_from(LIKELY), data=st.data())
    def take_any_step(self, kind: str, data: Any) -> None:
        self.attempt(
            kind, data.draw(self.people(kind)), data, tense=data.draw(st.sampled_from(["asked"] * 4 + ["reported"]))
        )

    @rule(data=st.data())
    def go_on_with_a_container_as_one_should(self, data: Any) -> None:
        """Without this the random steps would seldom come as far as the bedside."""
        container = data.draw(st.sampled_from(self.codes("container", "label")))
        person = data.draw(st.sampled_from(["demo-infusion", "demo-infusion-2", "demo-operator", "demo-quality"]))
        steps = [step.row.kind for step in self.story.next(person, container) if step.allowed]
        if steps:
            self.attempt(data.draw(st.sampled_from(steps)), person, data, container=container)

    @rule(data=st.data())
    def bring_a_dose_to_its_infusion(self, data: Any) -> None:
        """Try each of the last steps with one bag, in the right order, by the right people, whatever state it is in."""
        bag = data.draw(st.sampled_from(self.codes("label")))
        band = data.draw(st.sampled_from(["MRN-1", "MRN-1", "MRN-2"]))
        for person, kind, scans in (
            ("demo-quality", "containers.released", []),
            ("demo-infusion", "thaw.started", []),
            ("demo-infusion", "infusion.checked", [("wristband", band)]),
            (
                data.draw(st.sampled_from(["demo-infusion", "demo-infusion-2"])),
                "infusion.checked",
                [("wristband", band)],
            ),
            ("demo-infusion", "infusion.started", []),
        ):
            self.judge(lambda p=person, k=kind, s=scans: self.story.take(p, k, [*s, ("container", bag)]))

    @rule(minutes=st.sampled_from([1, 20, 31, 60 * 17, 60 * 30]))
    def wait(self, minutes: int) -> None:
        self.story.wait(minutes=minutes)

    @rule()
    def watch(self) -> None:
        for coi in self.therapies():
            self.story.sweep(coi)
            assert self.story.sweep(coi) == []

    # --- how it is tried

    def attempt(self, kind: str, person: str, data: Any, *, container: str | None = None, tense: str = "asked") -> None:
        row = STEPS[kind]
        scans = [scan for wish in row.scans for scan in self.scanned(wish, data, container)]
        more: dict[str, Any] = {"tense": tense, "reason": "other" if row.reason or data.draw(st.booleans()) else None}
        if tense == "reported":
            more["at"] = self.story.now - timedelta(minutes=data.draw(st.sampled_from([0, 5, 60, 2000])))
            more["uncertainty"] = data.draw(st.sampled_from([0, 90]))
        coi = data.draw(st.sampled_from([*self.therapies(), None]))
        values = self.values(kind, data)
        more["signs"] = self.signatures(kind, person, data)
        more["performed_by"] = self.performers(tense, data)
        self.judge(lambda: self.story.take(person, kind, scans, coi=coi, values=values, **more))

    def signatures(self, kind: str, person: str, data: Any) -> list[tuple[str, str]]:
        """As the row asks for them, mostly; now and then by the same person, or not at all."""
        if data.draw(st.integers(0, 5)) == 0:
            return []
        others = ["demo-infusion-2", "demo-operator", "demo-quality", "demo-nurse"]
        return [
            (
                person if one.by == "actor" else data.draw(st.sampled_from(others)),
                one.meaning.value,
            )
            for one in STEPS[kind].signatures
        ]

    def performers(self, tense: str, data: Any) -> tuple[str, ...]:
        if tense == "asked" or data.draw(st.booleans()):
            return ()
        return ("demo-nurse", "demo-infusion")

    def judge(self, act: Any) -> None:
        """Take a step and hold what came of it against the oracles."""
        before = {coi: self.story.therapy(coi) for coi in self.therapies()}
        written = len(self.story.log)
        try:
            taken: Taken = act()
        except (NoAuthority, Malformed):
            assert len(self.story.log) == written
            return
        assert taken.entries
        assert tuple(self.story.log[written:]) == taken.entries
        assert taken.done is (taken.entry.outcome == "done")
        if taken.outcome is Outcome.REFUSED:
            self.refused += 1
            assert taken.entry.kind == "attempt.refused"
            assert taken.stops
            for coi, therapy in before.items():
                assert self.story.therapy(coi).containers == therapy.containers
        elif taken.case.attempt.tense == "asked":
            assert not taken.stops
            self.nothing_was_infused_wrongly(taken, before)
        self.foreign_cells_stay(taken, before)
        if taken.outcome is Outcome.DISPUTED:
            self.custody_stays(taken, before)

    def nothing_was_infused_wrongly(self, taken: Taken, before: Any) -> None:
        if taken.case.kind != "infusion.started":
            return
        coi = taken.case.therapy.coi
        entries = in_force(self.story.streams[f"therapy:{coi}"])
        ids = set(taken.entry.values["containers"])
        assert ids
        assert {self.story.codes[id_].therapy for id_ in ids} == {coi}
        assert len(checkers(entries, ids, before[coi].patient, taken.entry)) >= 2
        for id_ in ids:
            assert is_released(entries, id_, taken.entry.actor["site"])
            container = before[coi].containers[id_]
            assert container.holds == {}
            assert container.purpose in (Purpose.DOSE, Purpose.RESCUE)
            assert container.custodian.organisation == taken.entry.actor["site"]
            assert container.dose in (before[coi].due_dose(), None)
            assert container.dose is not None or container.purpose is Purpose.RESCUE
        for clock in clocks(before[coi], pathway=self.story.pathway):
            if clock.container in ids and clock.ended_at is None:
                assert taken.entry.recorded_at <= clock.due_at

    def foreign_cells_stay(self, taken: Taken, before: Any) -> None:
        own = taken.case.therapy.coi if taken.case.therapy else None
        for coi, therapy in before.items():
            if coi != own:
                assert self.story.therapy(coi) == therapy

    def custody_stays(self, taken: Taken, before: Any) -> None:
        if taken.case.therapy is None:
            return  # it stands in the site's stream alone; foreign_cells_stay has looked at every therapy
        therapy = self.story.therapy(taken.case.therapy.coi)
        for id_, container in before[therapy.coi].containers.items():
            now = therapy.containers[id_]
            assert (now.custodian, now.place, now.state) == (container.custodian, container.place, container.state)

    # --- what is always true

    @invariant()
    def every_container_is_in_one_place_and_one_hand(self) -> None:
        for coi in self.therapies():
            for container in self.story.therapy(coi).containers.values():
                assert container.place.kind in ("nowhere", "hand", "shipper", "location", "unknown", "gone")
                assert (container.place.kind == "unknown") is (container.state is State.MISSING)
                assert container.place.id is None or container.place.kind in ("shipper", "location")
                assert container.custodian.organisation
                if container.state in ENDED:
                    assert container.place.kind == "gone"
                if container.state in HOLDS_CELLS:
                    assert container.place.kind not in ("gone", "nowhere")
                    assert container.custodian.person

    @invariant()
    def every_entry_is_accounted_for_and_folds_to_what_was_shown(self) -> None:
        for coi in self.therapies():
            entries = self.story.streams[f"therapy:{coi}"]
            therapy = self.story.therapy(coi)
            assert list(therapy.kinds) == [entry.id for entry in entries]
            assert [entry.seq for entry in entries] == list(range(len(entries)))
            assert project(therapy, pathway=self.story.pathway) == project(
                self.story.therapy(coi), pathway=self.story.pathway
            )

    @invariant()
    def only_one_label_of_a_place_is_in_force(self) -> None:
        for coi in self.therapies():
            therapy = self.story.therapy(coi)
            applied = [
                (label.container, label.position) for label in therapy.labels.values() if label.state == "applied"
            ]
            assert len(applied) == len(set(applied))
            assert {container for container, _ in applied} <= set(therapy.containers)

    @invariant()
    def a_container_is_in_no_two_open_offers(self) -> None:
        for coi in self.therapies():
            offered = [
                id_ for h in self.story.therapy(coi).handoffs.values() if h.state == "open" for id_ in h.containers
            ]
            assert len(offered) == len(set(offered))

    # --- what is there to be scanned and said

    def therapies(self) -> list[str]:
        return [name.partition(":")[2] for name in self.story.streams if name.startswith("therapy:")]

    def codes(self, *types: str) -> list[str]:
        return [text for text, code in self.story.codes.items() if code.type in types]

    def people(self, kind: str) -> st.SearchStrategy[str]:
        able = [
            p for p, grants in self.story.people.items() if any(roles & STEPS[kind].who for roles in grants.values())
        ]
        return st.sampled_from([*able, *able, *self.story.people])

    def scanned(self, wish: Scan, data: Any, container: str | None) -> list[tuple[str, str]]:
        own = {"wristband": self.codes("patient"), "container": self.codes("label", "label", "container"),
               "label": self.codes("label"), "shipper": [*self.codes("shipper"), "BOX-1"], "seal": ["S-1", "S-2"],
               "location": ["TANK-1", "TANK-2", "TANK-3"], "document": ["x"]}[wish.role]  # fmt: skip
        if wish.text.startswith("Scan the other maker's") and data.draw(st.booleans()):
            return [(wish.role.value, data.draw(st.sampled_from(["OTHER-1", "OTHER-2"])))]
        if wish.role == "container" and container:
            return [("container", container)]
        number = data.draw(st.integers(wish.minimum, min(wish.maximum, wish.minimum + 2)))
        odd = data.draw(st.integers(0, 19)) == 0
        pool = [*self.story.codes, "nonsense"] if odd or not own else own
        return [
            (wish.role.value, text)
            for text in data.draw(st.lists(st.sampled_from(pool), min_size=number, max_size=number))
        ]

    def values(self, kind: str, data: Any) -> dict[str, Any]:
        def pick(*options: Any) -> Any:
            return data.draw(st.sampled_from(options))

        containers = self.codes("container")
        coi = pick(*self.therapies())
        said = {
            "container.planned": lambda: {"purpose": pick(*Purpose).value, "count": pick(1, 2)},
            "container.adopted": lambda: {"purpose": pick(*Purpose).value, **pick({}, {"made_at": instant(START)})},
            "container.reidentified": lambda: {"container": pick(*containers)},
            "container.damaged": lambda: {"damage": "leak", **pick({}, {"containers": [pick(*containers)]})},
            "container.lost": lambda: pick({}, {"containers": [pick(*containers)]}),
            "contents.transferred": lambda: pick({}, {"consumed": False}),
            "donor.tested": lambda: {"result": pick("negative", "reactive", "not_tested")},
            "plan.changed": lambda: {"stage": pick("bedside", "moon"), "at": "2026-05-01T10:00:00Z"},
            "site.changed": lambda: {"site": pick(HOSPITAL, OTHER_HOSPITAL)},
            "kit.sent": lambda: {"to": HOSPITAL},
            "logger.started": lambda: {"logger": "L-1"},
            "logger.stopped": lambda: {"logger": pick("L-1", "L-2"), "temperature": pick("in_range", "excursion")},
            "shipment.diverted": lambda: {"to": OTHER_HOSPITAL},
            "shipment.returned": lambda: {"to": HOSPITAL},
            "leg.reported": lambda: {"carrier": "airline", "started_at": "2026-03-02T10:00:00Z"},
            "release.requested": lambda: pick({}, {"containers": [pick(*containers)]}),
            "handoff.acknowledged": lambda: {"handoff": pick(*(e.id for e in self.story.streams[f"therapy:{coi}"]))},
            "entry.acknowledged": lambda: {"entry": pick(*(e.id for e in self.story.streams[f"therapy:{coi}"]))},
            "identifier.bound": lambda: {"issuer": HOSPITAL, "kind": "mrn", "value": "7"},
            "identifier.replaced": lambda: {"issuer": HOSPITAL, "kind": "mrn", "old": "7", "value": "8"},
            "identifier.withdrawn": lambda: {"issuer": HOSPITAL, "kind": "mrn", "value": "8"},
            "document.attached": lambda: {"kind": "certificate", "sha256": pick("a", "b") * 64},
            "label.issued": lambda: {"container": pick(*containers)},
            "therapy.closed": lambda: {"outcome": "died", **pick({}, {"discard": containers})},
            "handoff.offered": lambda: {"to": pick(HOSPITAL, PLANT, COURIERS, "demo-courier", "demo-nurse")},
            "handoff.accepted": lambda: pick({}, {}, {"containers_received": 1}, {"remarks": True}),
            "containers.released": lambda: pick({}, {"containers": [pick(*containers)]}, {"status": "provisional"},
                                                  {"status": "out_of_specification"}, {"site": OTHER_HOSPITAL}),
            "release.revoked": lambda: pick({}, {"containers": [pick(*containers)]}),
            "containers.transformed": lambda: pick({}, {"consumed": False}),
            "hold.placed": lambda: pick({}, {"containers": [pick(*containers)]}),
            "shipment.inspected": lambda: pick({}, {"condition": "damaged"}, {"temperature": "excursion"}),
            "infusion.checked": lambda: pick({}, {"dose": 1}, {"dose": 2}),
            "entry.annulled": lambda: {"entry": pick(*(e.id for e in self.story.streams[f"therapy:{coi}"]))},
            "entry.replaced": lambda: {"entry": pick(*(e.id for e in self.story.streams[f"therapy:{coi}"])),
                                       "values": pick({}, {"volume_ml": "1"}, {"consumed": False}, {"remarks": True})},
        }  # fmt: skip
        return said.get(kind, dict)()


def in_force(entries: list[Entry]) -> list[Entry]:
    """Return the entries that were done and not annulled by as many people as it takes."""
    gone = set()
    for entry in entries:
        people = {
            other.actor["person"]
            for other in entries
            if other.kind == "entry.annulled" and other.outcome == "done" and other.values["entry"] == entry.id
        }
        if len(people) >= STEPS[entry.kind].correction_people:
            gone.add(entry.id)
    return [entry for entry in entries if entry.outcome == "done" and entry.id not in gone]


def checkers(entries: list[Entry], ids: set[str], patient: str, start: Entry) -> set[str | None]:
    """Return who checked these containers with this patient's wristband at most half an hour before the start."""
    return {
        entry.actor["person"]
        for entry in entries
        if entry.kind == "infusion.checked"
        and set(entry.subjects("container")) >= ids
        and entry.subjects("wristband") == (patient,)
        and timedelta() <= start.recorded_at - entry.recorded_at <= timedelta(minutes=30)
    }


def is_released(entries: list[Entry], id_: str, site: str | None) -> bool:
    """Tell whether quality has released the container for this site and never taken that back since."""
    good = False
    for entry in entries:
        if entry.kind in ("release.refused", "release.revoked") and id_ in entry.values["containers"]:
            good = False
        if entry.kind == "containers.released" and id_ in entry.values["containers"]:
            good = good or entry.values.get("site") in (None, site)
    return good


TestJourneys = Journeys.TestCase
TestJourneys.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
