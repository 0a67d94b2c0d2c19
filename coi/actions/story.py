"""The demo story: four journeys played through the one door, so that a newcomer finds something on every page.

Finished (vein to vein), under way (with the courier), in breach (a collection that was kept on paper and reported too
late), and a refused wrong bag. Played once; the ids of its attempts are derived, so playing it again changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from coi.actions import labels, therapies
from coi.actions.attempts import CREATED, REPLAYED, body_digest
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.scans import GivenScan
from coi.actions.setup import DEMO_PEOPLE
from coi.actions.steps import take
from coi.journey.entry import Tense
from coi.journey.steps import Role

_SPACE = UUID("3a6f0a52-7c1e-5d0b-9a43-2f1b6c8d7e90")  # names the attempts of the story; never changed
_HOSPITAL, _PLANT, _COURIERS = "demo-hospital", "demo-plant", "demo-courier-co"
Scans = Sequence[tuple[str, str]]


class Unexpected(Exception):
    """A step of the story was answered otherwise than told."""


@dataclass(slots=True)
class Teller:
    """Takes the story's steps in the names of the demo people."""

    office: Office
    name: str
    steps: int = 0
    coi: str = ""
    callers: dict[str, Caller] = field(default_factory=dict)

    def caller(self, person: str) -> Caller:
        """Return a demo person as the one who asks."""
        grants: dict[str, set[Role]] = {}
        for organisation, role in DEMO_PEOPLE[person]:
            grants.setdefault(organisation, set()).add(role)
        return Caller(person, {organisation: frozenset(roles) for organisation, roles in grants.items()})

    def attempt(self) -> str:
        """Return the id of the story's next attempt, the same at every telling."""
        self.steps += 1
        return str(uuid5(_SPACE, f"{self.name}/{self.steps}"))

    def step(
        self,
        person: str,
        kind: str,
        scans: Scans = (),
        *,
        expect: int = CREATED,
        at: datetime | None = None,
        **more: Any,
    ) -> Mapping[str, Any]:
        """Take a step; a time of its own makes it a reported one."""
        request = StepRequest(
            id=self.attempt(), kind=kind, occurred_at=at or self.office.now(), digest=body_digest({"kind": kind}),
            therapy=self.coi, scans=[GivenScan(role, text, "paper" if at else "wedge") for role, text in scans],
            tense=Tense.REPORTED if at else Tense.ASKED, **more,
        )  # fmt: skip
        answer = take(self.office, request, caller=self.caller(person))
        if answer.status not in (expect, REPLAYED if expect == CREATED else expect):
            raise Unexpected(f"{self.name}: {kind} by {person} was answered {answer.status}: {answer.body.decode()}")
        body: Mapping[str, Any] = json.loads(answer.body)
        return body

    def enrol(self, family: str, given: str, born: str, number: str, pathway: str = "car-t-cryo") -> None:
        """Enrol the story's patient."""
        identifiers = [therapies.Identifier(_HOSPITAL, "mrn", number)]
        request = therapies.EnrolRequest(
            id=self.attempt(), digest=body_digest({"number": number}), pathway=pathway, site=_HOSPITAL,
            patient=therapies.Patient(family, given, born, identifiers),
        )  # fmt: skip
        self.coi = json.loads(therapies.enrol(self.office, request, caller=self.caller("demo-coordinator")).body)[
            "therapy"
        ]

    def labelled(self, person: str, purpose: str, count: int) -> list[str]:
        """Plan containers, print their labels, scan them back; return the labels' serials."""
        planned = self.step(person, "container.planned", values={"purpose": purpose, "count": count})
        serials = []
        for container in planned["entry"]["values"]["containers"]:
            request = labels.LabelRequest(
                id=self.attempt(), digest=body_digest({"container": container}), container=container
            )
            issued = json.loads(labels.issue(self.office, request, caller=self.caller(person)).body)
            serials.append(issued["label"]["serial"])
            self.step(person, "label.applied", [("label", serials[-1])])
        return serials

    def collected(self, number: str, bags: int, at: datetime | None = None) -> list[str]:
        """Verify the patient, label the bags and fill them; return the labels' serials."""
        band = ("wristband", number)
        self.step("demo-nurse", "patient.verified", [band], values={"stated": ["name", "birth_date"]})
        serials = self.labelled("demo-nurse", "starting_material", bags)
        self.step("demo-nurse", "collection.started", [band], at=at)
        done = at + timedelta(hours=4) if at else None
        self.step("demo-nurse", "collection.completed", [*_bags(serials), band], at=done)
        return serials

    def to_courier(self, giver: str, serials: Sequence[str], seal: str) -> tuple[str, str]:
        """Pack, seal and hand to the courier; return the shipper's scan."""
        shipper = self.step(giver, "shipper.charged", values={"hold_hours": 240})["entry"]["values"]["shipper"]
        box = ("shipper", shipper)
        self.step(giver, "shipment.packed", [box, *_bags(serials)])
        self.step(giver, "shipper.sealed", [box, ("seal", seal)])
        self.step(giver, "handoff.offered", [box], values={"to": _COURIERS})
        self.step("demo-courier", "handoff.accepted", [box, ("seal", seal)])
        return box

    def from_courier(self, taker: str, to: str, box: tuple[str, str], serials: Sequence[str], seal: str) -> None:
        """Take the shipper from the courier, open it and look at what came out."""
        self.step("demo-courier", "handoff.offered", [box], values={"to": to})
        self.step(taker, "handoff.accepted", [box, ("seal", seal)])
        self.step(taker, "shipment.unpacked", [box, ("seal", seal), *_bags(serials)])
        self.step(taker, "shipment.inspected", _bags(serials))


def _bags(serials: Sequence[str]) -> list[tuple[str, str]]:
    return [("container", serial) for serial in serials]


def play(office: Office) -> list[str]:
    """Play the story and return the COI ids of its therapies; told before, it changes nothing."""
    return [_finished(office), _under_way(office), _in_breach(office), _wrong_bag(office)]


def _finished(office: Office) -> str:
    """Tell a journey from vein to vein."""
    tell = Teller(office, "finished")
    tell.enrol("Okafor", "Adaeze", "1971-03-14", "MRN-1001")
    bags = tell.collected("MRN-1001", 2)
    box = tell.to_courier("demo-nurse", bags, "SEAL-2001")
    tell.from_courier("demo-receiver", _PLANT, box, bags, "SEAL-2001")
    tell.step("demo-operator", "lot.started", _bags(bags))
    doses = tell.labelled("demo-operator", "dose", 1)
    tell.step("demo-operator", "containers.transformed", [*_bags(bags), *(("label", serial) for serial in doses)])
    tell.step("demo-quality", "containers.released", _bags(doses))
    box = tell.to_courier("demo-operator", doses, "SEAL-2002")
    tell.from_courier("demo-infusion", _HOSPITAL, box, doses, "SEAL-2002")
    tell.step("demo-infusion", "container.stored", [*_bags(doses), ("location", "TANK-1/R2/P5")])
    tell.step("demo-infusion", "thaw.started", _bags(doses))
    for person in ("demo-infusion", "demo-infusion-2"):
        tell.step(person, "infusion.checked", [("wristband", "MRN-1001"), *_bags(doses)], values={"dose": 1})
    tell.step("demo-infusion", "infusion.started", _bags(doses))
    tell.step("demo-infusion", "infusion.completed", _bags(doses), values={"volume_ml": "68"})
    tell.step("demo-coordinator", "therapy.closed", values={"outcome": "infused"})
    return tell.coi


def _under_way(office: Office) -> str:
    """Tell a journey that is with the courier, two bags in a sealed shipper."""
    tell = Teller(office, "under way")
    tell.enrol("Lindqvist", "Åsa", "1984-11-02", "MRN-1002")
    bags = tell.collected("MRN-1002", 2)
    box = tell.to_courier("demo-nurse", bags, "SEAL-2003")
    tell.step("demo-courier", "handoff.offered", [box], values={"to": _PLANT})
    return tell.coi


def _in_breach(office: Office) -> str:
    """Tell a fresh collection that was kept on paper and reported after its window had closed."""
    tell = Teller(office, "in breach")
    tell.enrol("Moreau", "Élodie", "1990-07-21", "MRN-1003", "car-t-fresh")
    tell.collected("MRN-1003", 1, at=office.now() - timedelta(hours=56))
    return tell.coi


def _wrong_bag(office: Office) -> str:
    """Tell how the bag of one patient is refused in the lot of another."""
    other = Teller(office, "the other patient")
    other.enrol("Nakamura", "Yui", "1966-01-30", "MRN-1005")
    (theirs,) = other.collected("MRN-1005", 1)
    tell = Teller(office, "wrong bag")
    tell.enrol("Silva", "Caio", "1979-09-09", "MRN-1004")
    (bag,) = tell.collected("MRN-1004", 1)
    box = tell.to_courier("demo-nurse", [bag], "SEAL-2004")
    tell.from_courier("demo-receiver", _PLANT, box, [bag], "SEAL-2004")
    tell.step("demo-operator", "lot.started", _bags([bag, theirs]), expect=422)
    tell.step("demo-operator", "lot.started", _bags([bag]))
    return tell.coi
