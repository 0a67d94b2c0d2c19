"""Plays steps through the one door, in process, for tests and the bench that need a therapy somewhere on its way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from coi.actions import labels, therapies
from coi.actions.attempts import body_digest
from coi.actions.office import Office
from coi.actions.requests import Caller, StepRequest
from coi.actions.scans import GivenScan
from coi.actions.steps import take
from coi.journey.entry import Tense
from coi.journey.steps import Role
from coi.record.tables import GRANT

HOSPITAL, PLANT, COURIERS = "demo-hospital", "demo-plant", "demo-courier-co"


class Unexpected(AssertionError):
    """A step was answered otherwise than the player expected."""


def caller_of(office: Office, person: str) -> Caller:
    with office.store.read() as conn:
        rows = conn.execute(select(GRANT).where(GRANT.c.person == person)).all()
    grants: dict[str, set[Role]] = {}
    for row in rows:
        grants.setdefault(row.organisation, set()).add(Role(row.role))
    return Caller(person, {organisation: frozenset(roles) for organisation, roles in grants.items()})


@dataclass
class Player:
    """Takes steps in the name of the demo people and remembers nothing but the last answer."""

    office: Office
    pathway: str = "car-t-cryo"
    callers: dict[str, Caller] = field(default_factory=dict)

    def as_(self, person: str) -> Caller:
        if person not in self.callers:
            self.callers[person] = caller_of(self.office, person)
        return self.callers[person]

    def try_step(
        self,
        person: str,
        kind: str,
        scans: Sequence[tuple[str, str]] = (),
        *,
        coi: str | None = None,
        id_: str | None = None,
        tense: str = "asked",
        occurred_at: datetime | None = None,
        **more: Any,
    ) -> tuple[int, dict[str, Any]]:
        """Take a step; return status and body. `scans` are (role, text) pairs given by the API."""
        given = [GivenScan(role, text, "api") for role, text in scans]
        at = occurred_at or datetime.now(UTC)
        request = StepRequest(
            id=id_ or str(uuid4()), kind=kind, occurred_at=at, therapy=coi, scans=given, tense=Tense(tense),
            digest=body_digest({"kind": kind, "scans": [list(scan) for scan in scans], "more": str(more)}), **more,
        )  # fmt: skip
        answer = take(self.office, request, caller=self.as_(person))
        return answer.status, json.loads(answer.body)

    def step(
        self, person: str, kind: str, scans: Sequence[tuple[str, str]] = (), *, expect: int = 201, **more: Any
    ) -> dict[str, Any]:
        """Take a step and return its body; raises Unexpected when it is not answered as expected."""
        status, body = self.try_step(person, kind, scans, **more)
        if status != expect:
            raise Unexpected(f"{kind} by {person}: got {status}, expected {expect}: {body}")
        return body

    def enrol(self, number: str, *, person: str = "demo-coordinator", **more: Any) -> str:
        """Enrol a patient with the hospital number `number`; return the COI id."""
        patient = therapies.Patient("Doe", "Jane", "1980-02-29", [therapies.Identifier(HOSPITAL, "mrn", number)])
        request = therapies.EnrolRequest(
            id=str(uuid4()), digest=body_digest({"number": number, "more": str(more)}), pathway=self.pathway,
            site=HOSPITAL, patient=patient, **more,
        )  # fmt: skip
        answer = therapies.enrol(self.office, request, caller=self.as_(person))
        body = json.loads(answer.body)
        if answer.status != 201:
            raise Unexpected(f"enrol: got {answer.status}: {body}")
        return str(body["therapy"])

    def plan(self, coi: str, purpose: str, count: int = 1, *, person: str = "demo-nurse", **values: Any) -> list[str]:
        """Plan containers and return their ids."""
        body = self.step(person, "container.planned", coi=coi, values={"purpose": purpose, "count": count, **values})
        return list(body["entry"]["values"]["containers"])

    def label(self, container: str, *, person: str = "demo-nurse", **more: Any) -> str:
        """Issue a label and return its serial."""
        request = labels.LabelRequest(
            id=str(uuid4()), digest=body_digest({"container": container}), container=container, **more
        )
        answer = labels.issue(self.office, request, caller=self.as_(person))
        body = json.loads(answer.body)
        if answer.status != 201:
            raise Unexpected(f"label: got {answer.status}: {body}")
        return str(body["label"]["serial"])

    def labelled(self, coi: str, purpose: str, count: int = 1, *, person: str = "demo-nurse") -> list[str]:
        """Plan containers, label them, scan the labels back; return the label serials."""
        serials = [self.label(id_, person=person) for id_ in self.plan(coi, purpose, count, person=person)]
        for serial in serials:
            self.step(person, "label.applied", [("label", serial)], coi=coi)
        return serials

    def collected(self, number: str, bags: int = 1) -> tuple[str, list[str]]:
        """Enrol, verify and collect; return the COI id and the bags' label serials."""
        coi = self.enrol(number)
        self.step("demo-nurse", "patient.verified", [("wristband", number)], coi=coi)
        self.step("demo-nurse", "collection.started", [("wristband", number)], coi=coi)
        serials = self.labelled(coi, "starting_material", bags)
        self.step("demo-nurse", "collection.completed", [("container", serial) for serial in serials], coi=coi)
        return coi, serials

    def offered(self, number: str, *, to: str = COURIERS) -> tuple[str, str]:
        """Collect one bag and offer it; return the COI id and the bag's label serial."""
        coi, (serial,) = self.collected(number)
        self.step("demo-nurse", "handoff.offered", [("container", serial)], coi=coi, values={"to": to})
        return coi, serial

    def doses(self, number: str, count: int = 1) -> tuple[str, list[str], list[str]]:
        """Bring a therapy to dose bags at the plant, not released; return COI id, label serials, container ids."""
        coi, (bag,) = self.collected(number)
        self.moved(coi, [bag], "demo-nurse", PLANT, "demo-operator")
        self.step("demo-operator", "lot.started", [("container", bag)], coi=coi)
        ids = self.plan(coi, "dose", count, person="demo-operator")
        serials = [self.label(id_, person="demo-operator") for id_ in ids]
        for serial in serials:
            self.step("demo-operator", "label.applied", [("label", serial)], coi=coi)
        outs = [("label", serial) for serial in serials]
        self.step("demo-operator", "containers.transformed", [("container", bag), *outs], coi=coi)
        return coi, serials, ids

    def moved(self, coi: str, serials: Sequence[str], giver: str, to: str, taker: str) -> None:
        """Hand containers straight to another organisation."""
        things = [("container", serial) for serial in serials]
        self.step(giver, "handoff.offered", things, coi=coi, values={"to": to})
        self.step(taker, "handoff.accepted", things, coi=coi)

    def at_bedside(self, number: str, count: int = 1, *, release: bool = True) -> tuple[str, list[str], list[str]]:
        """Bring released dose bags to the ward; return COI id, label serials, container ids."""
        coi, serials, ids = self.doses(number, count)
        if release:
            self.step("demo-quality", "containers.released", coi=coi, values={"containers": ids})
        self.moved(coi, serials, "demo-operator", HOSPITAL, "demo-infusion")
        return coi, serials, ids
