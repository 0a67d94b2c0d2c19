"""Telling: taking steps in the names of the demo people, for the stories that a newcomer finds.

The ids of the attempts are derived from the story's name, so a story that is told again changes nothing.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from coi.actions import documents, labels, therapies
from coi.actions.attempts import CREATED, REPLAYED, body_digest
from coi.actions.documents import AttachRequest
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.scans import GivenScan
from coi.actions.setup import DEMO_PEOPLE
from coi.actions.steps import take
from coi.journey.entry import Tense, instant
from coi.journey.steps import Role
from coi.record import codes, ledger, signatures

_SPACE = UUID("3a6f0a52-7c1e-5d0b-9a43-2f1b6c8d7e90")  # names the attempts of the story; never changed
HOSPITAL, PLANT, COURIERS = "demo-hospital", "demo-plant", "demo-courier-co"
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
        signs: Scans = (),
        **more: Any,
    ) -> Mapping[str, Any]:
        """Take a step; a time of its own makes it a reported one. `signs` are (person, meaning)."""
        id_, digest = self.attempt(), body_digest({"kind": kind})
        request = StepRequest(
            id=id_, kind=kind, occurred_at=at or self.office.now(), digest=digest,
            signatures=self._signed(id_, digest, signs), therapy=self.coi,
            scans=[GivenScan(role, text, "paper" if at else "wedge") for role, text in scans],
            tense=Tense.REPORTED if at else Tense.ASKED, **more,
        )  # fmt: skip
        answer = take(self.office, request, caller=self.caller(person))
        if answer.status not in (expect, REPLAYED if expect == CREATED else expect):
            raise Unexpected(f"{self.name}: {kind} by {person} was answered {answer.status}: {answer.body.decode()}")
        body: Mapping[str, Any] = json.loads(answer.body)
        return body

    def _signed(self, attempt: str, digest: str, signs: Scans) -> list[str]:
        """Let the demo people sign; nobody knows their passwords here, so the tokens are given out directly."""
        now, tokens = self.office.now(), [secrets.token_urlsafe(32) for _ in signs]
        with self.office.store.write() as conn:
            if not signs or ledger.open_attempt(conn, attempt).stored is not None:
                return []
            for secret, (person, meaning) in zip(tokens, signs, strict=True):
                signatures.give(conn, secret=secret, attempt=attempt, digest=digest, person=person, meaning=meaning,
                                at=instant(now), expires_at=instant(now + timedelta(minutes=5)))  # fmt: skip
        return tokens

    def attach(self, person: str, kind: str, data: bytes) -> str:
        """Attach a file; return its SHA-256."""
        request = AttachRequest(id=self.attempt(), therapy=self.coi, kind=kind, data=data, name=f"{kind}.png")
        documents.attach(self.office, request, caller=self.caller(person))
        return hashlib.sha256(data).hexdigest()

    def container(self, label: str) -> str:
        """Return the id of the container that carries `label`."""
        with self.office.store.read() as conn:
            return str(codes.resolve(conn, [label])[label][0].container)

    def at_the_ward(self, number: str, count: int = 1, *, released: bool = True) -> list[str]:
        """Collect, make and bring doses back to the hospital; return their labels' serials."""
        (bag,) = self.collected(number, 1)
        self.handed("demo-nurse", [bag], PLANT, "demo-operator")
        self.step("demo-operator", "lot.started", bags_of([bag]))
        doses = self.labelled("demo-operator", "dose", count)
        self.step("demo-operator", "containers.transformed", [*bags_of([bag]), *(("label", dose) for dose in doses)])
        if released:
            self.step("demo-quality", "containers.released", bags_of(doses))
        self.handed("demo-operator", doses, HOSPITAL, "demo-infusion")
        return doses

    def expects(self, stage: str, after: timedelta, site: str) -> None:
        """Plan a stage of the journey, some time from now (or back, for one that is late), at a site."""
        values = {"stage": stage, "at": (self.office.now() + after).isoformat(), "site": site}
        self.step("demo-coordinator", "plan.changed", values=values, reason="second-day")

    def handed(self, giver: str, serials: Sequence[str], to: str, taker: str) -> None:
        """Hand containers straight to another organisation."""
        self.step(giver, "handoff.offered", bags_of(serials), values={"to": to})
        self.step(taker, "handoff.accepted", bags_of(serials))

    def infused(self, number: str, serials: Sequence[str]) -> None:
        """Thaw, check by two people, infuse."""
        bags = bags_of(serials)
        self.step("demo-infusion", "thaw.started", bags)
        for person in ("demo-infusion", "demo-infusion-2"):
            self.step(person, "infusion.checked", [("wristband", number), *bags])
        self.step("demo-infusion", "infusion.started", bags)
        self.step("demo-infusion", "infusion.completed", bags, values={"volume_ml": "58"})

    def enrol(self, family: str, given: str, born: str, number: str, pathway: str = "car-t-cryo") -> None:
        """Enrol the story's patient."""
        identifiers = [therapies.Identifier(HOSPITAL, "mrn", number)]
        request = therapies.EnrolRequest(
            id=self.attempt(), digest=body_digest({"number": number}), pathway=pathway, site=HOSPITAL,
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
        self.step("demo-nurse", "collection.completed", [*bags_of(serials), band], at=done)
        return serials

    def to_courier(self, giver: str, serials: Sequence[str], seal: str) -> tuple[str, str]:
        """Pack, seal and hand to the courier; return the shipper's scan."""
        shipper = self.step(giver, "shipper.charged", values={"hold_hours": 240})["entry"]["values"]["shipper"]
        box = ("shipper", shipper)
        self.step(giver, "shipment.packed", [box, *bags_of(serials)])
        self.step(giver, "shipper.sealed", [box, ("seal", seal)])
        self.step(giver, "handoff.offered", [box], values={"to": COURIERS})
        self.step("demo-courier", "handoff.accepted", [box, ("seal", seal)])
        return box

    def from_courier(self, taker: str, to: str, box: tuple[str, str], serials: Sequence[str], seal: str) -> None:
        """Take the shipper from the courier, open it and look at what came out."""
        self.step("demo-courier", "handoff.offered", [box], values={"to": to})
        self.step(taker, "handoff.accepted", [box, ("seal", seal)])
        self.step(taker, "shipment.unpacked", [box, ("seal", seal), *bags_of(serials)])
        self.step(taker, "shipment.inspected", bags_of(serials))


def bags_of(serials: Sequence[str]) -> list[tuple[str, str]]:
    """Return scans of containers by their labels."""
    return [("container", serial) for serial in serials]
