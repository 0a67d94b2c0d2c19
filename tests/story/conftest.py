"""The world of the stories: the interface over either database, a clock that can be moved, and people who sign."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from coi.actions import people
from coi.actions.attempts import body_digest
from coi.actions.office import Office
from coi.actions.sweep import sweep
from coi.actions.verification import verify
from coi.journey.steps import Role
from tests.api.conftest import make_app
from tests.corpus.write import keep
from tests.worlds import PASSWORD, QUICK, make_office

HOSPITAL, PLANT, COURIERS, OTHER = "demo-hospital", "demo-plant", "demo-courier-co", "other-hospital"
Scans = Sequence[tuple[str, str]]


@dataclass
class Clock:
    """The server's clock; it stands still until it is moved."""

    at: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@dataclass
class Tale:
    """Tells a story through the interface, in the names of the demo people."""

    office: Office
    http: Any
    clock: Clock
    pathway: str = "car-t-cryo"
    tokens: dict[str, str] = field(default_factory=dict)

    # --- calls
    def headers(self, person: str) -> dict[str, str]:
        if person not in self.tokens:
            self.tokens[person] = people.issue_token(self.office, person)
        return {"Authorization": f"Bearer {self.tokens[person]}"}

    def get(self, person: str, path: str, status: int = 200) -> Any:
        answer = self.http.get(f"/api/v1{path}", headers=self.headers(person))
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.json

    def post(self, person: str, path: str, body: Any = None, status: int = 201, **more: Any) -> Any:
        if body is not None:
            more["json"] = body
        answer = self.http.post(f"/api/v1{path}", headers=self.headers(person), **more)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return json.loads(answer.data)

    def body(self, kind: str, scans: Scans = (), *, via: str = "wedge", **more: Any) -> dict[str, Any]:
        return {
            "id": str(uuid4()), "therapy": None, "kind": kind, "tense": "asked", "zone": None, "values": {},
            "occurred_at": self.clock.at.isoformat(), "reason": None, "note": None, "signatures": [],
            "scans": [{"role": role, "text": text, "via": via} for role, text in scans],
            "performed_by": None, "documents": [], "device": None, **more,
        }  # fmt: skip

    def step(
        self, person: str, kind: str, scans: Scans = (), *, expect: int = 201, signs: Scans = (), **more: Any
    ) -> Any:
        """Take a step; `signs` are (person, meaning), each signs it with the password beforehand."""
        body = self.body(kind, scans, **more)
        body["signatures"] = [self.signature(who, meaning, body) for who, meaning in signs]
        return self.post(person, "/steps", body, expect)

    def signature(self, person: str, meaning: str, body: dict[str, Any], *, password: str = PASSWORD) -> str:
        asked = {"attempt": body["id"], "digest": body_digest(body), "meaning": meaning, "password": password}
        return str(self.post(person, "/signatures", asked, 200)["token"])

    def refused(self, person: str, kind: str, scans: Scans = (), **more: Any) -> set[str]:
        """Take a step that has to be refused; return the rules that stop it."""
        body = self.step(person, kind, scans, expect=422, **more)
        return {finding["rule"] for finding in body["findings"] if finding["severity"] == "stop"}

    def attach(self, person: str, coi: str, kind: str, colour: str = "white", **more: str) -> str:
        """Attach a photograph; return its SHA-256."""
        picture = io.BytesIO()
        Image.new("RGB", (64, 64), colour).save(picture, "PNG")
        form = {"id": str(uuid4()), "therapy": coi, "kind": kind, **more,
                "file": (io.BytesIO(picture.getvalue()), "Jane Doe sheet.png")}  # fmt: skip
        answer = self.http.post("/api/v1/documents", headers=self.headers(person), data=form,
                                content_type="multipart/form-data")  # fmt: skip
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.json["sha256"])

    # --- what is seen
    def therapy(self, coi: str, *, person: str = "demo-auditor", at: str = "") -> Any:
        return self.get(person, f"/therapies/{coi}{f'?at={at}' if at else ''}")

    def container(self, coi: str, label: str) -> Any:
        serials = {one["serial"]: one["container"] for one in self.therapy(coi)["labels"]}
        return next(one for one in self.therapy(coi)["containers"] if one["id"] == serials.get(label, label))

    def entries(self, coi: str, kind: str = "", *, person: str = "demo-auditor") -> list[Any]:
        items = self.get(person, f"/therapies/{coi}/entries?limit=2000")["items"]
        return [entry for entry in items if kind in ("", entry["kind"])]

    def sweep(self) -> None:
        sweep(self.office)

    def forward(self, **duration: float) -> None:
        self.clock.forward(**duration)

    def is_sound(self) -> None:
        assert verify(self.office) == []

    # --- stretches of a journey
    def enrol(self, number: str, *, person: str = "demo-coordinator", status: int = 201, **more: Any) -> Any:
        patient = {"family": "Doe", "given": "Jane", "born": "1980-02-29", **more.pop("patient", {})}
        patient["identifiers"] = [{"issuer": HOSPITAL, "kind": "mrn", "value": number}]
        body = {"id": str(uuid4()), "pathway": self.pathway, "site": HOSPITAL, "patient": patient, **more}
        answer = self.post(person, "/therapies", body, status)
        return answer["therapy"] if status == 201 else answer

    def plan(self, coi: str, purpose: str, count: int = 1, *, person: str = "demo-nurse", **values: Any) -> list[str]:
        body = self.step(
            person, "container.planned", therapy=coi, values={"purpose": purpose, "count": count, **values}
        )
        return list(body["entry"]["values"]["containers"])

    def label(self, container: str, *, person: str = "demo-nurse", apply: bool = True, **more: Any) -> str:
        issued = self.post(person, "/labels", {"id": str(uuid4()), "container": container, **more})
        serial = str(issued["label"]["serial"])
        if apply:
            self.step(person, "label.applied", [("label", serial)])
        return serial

    def labelled(
        self, coi: str, purpose: str, count: int = 1, *, person: str = "demo-nurse", **values: Any
    ) -> list[str]:
        return [self.label(id_, person=person) for id_ in self.plan(coi, purpose, count, person=person, **values)]

    def verified(self, coi: str, number: str) -> None:
        self.step("demo-nurse", "patient.verified", [("wristband", number)], therapy=coi,
                  values={"stated": ["name", "birth_date"]})  # fmt: skip

    def collected(self, number: str, bags: int = 1, **more: Any) -> tuple[str, list[str]]:
        coi = self.enrol(number, **more)
        self.verified(coi, number)
        serials = self.labelled(coi, "starting_material", bags)
        self.step("demo-nurse", "collection.started", [("wristband", number)], therapy=coi)
        self.step("demo-nurse", "collection.completed", bags_of(serials), therapy=coi)
        return coi, serials

    def moved(self, serials: Sequence[str], giver: str, to: str, taker: str) -> None:
        self.step(giver, "handoff.offered", bags_of(serials), values={"to": to})
        self.step(taker, "handoff.accepted", bags_of(serials))

    def made(self, coi: str, bag: str, count: int = 1) -> list[str]:
        """Start a lot with the bag and fill doses from it."""
        self.step("demo-operator", "lot.started", bags_of([bag]))
        serials = self.labelled(coi, "dose", count, person="demo-operator")
        self.step("demo-operator", "containers.transformed",
                  [*bags_of([bag]), *(("label", serial) for serial in serials)])  # fmt: skip
        return serials

    def doses(self, number: str, count: int = 1, **more: Any) -> tuple[str, list[str]]:
        coi, (bag,) = self.collected(number, **more)
        self.moved([bag], "demo-nurse", PLANT, "demo-operator")
        return coi, self.made(coi, bag, count)

    def at_bedside(self, number: str, count: int = 1, **more: Any) -> tuple[str, list[str]]:
        coi, serials = self.doses(number, count, **more)
        self.step("demo-quality", "containers.released", bags_of(serials))
        self.moved(serials, "demo-operator", HOSPITAL, "demo-infusion")
        return coi, serials

    def checked(self, number: str, serials: Sequence[str]) -> None:
        for person in ("demo-infusion", "demo-infusion-2"):
            self.step(person, "infusion.checked", [("wristband", number), *bags_of(serials)])

    def infused(self, number: str, serials: Sequence[str], *, thaw: bool = True) -> None:
        if thaw:
            self.step("demo-infusion", "thaw.started", bags_of(serials))
        self.checked(number, serials)
        self.step("demo-infusion", "infusion.started", bags_of(serials))
        self.step("demo-infusion", "infusion.completed", bags_of(serials), values={"volume_ml": "60"})

    def boxed(self, giver: str, serials: Sequence[str], seal: str = "S-1") -> str:
        """Pack and seal a new shipper; return its code."""
        shipper = self.step(giver, "shipper.charged", values={"hold_hours": 240})["entry"]["values"]["shipper"]
        self.step(giver, "shipment.packed", [("shipper", shipper), *bags_of(serials)])
        self.step(giver, "shipper.sealed", [("shipper", shipper), ("seal", seal)])
        return str(shipper)


def bags_of(serials: Sequence[str]) -> list[tuple[str, str]]:
    return [("container", serial) for serial in serials]


@pytest.fixture
def tale(tables_url, tmp_path, request):
    """A story's world, once on SQLite and once on PostgreSQL, with a second hospital."""
    clock = Clock()
    office = make_office(tables_url, has_tables=True, now=clock)
    people.add_organisation(office, code=OTHER, title="Other hospital", kind="site", country="DE", zone="Europe/Berlin")
    for code, role in (
        ("other-physician", Role.PHYSICIAN),
        ("other-nurse", Role.NURSE),
        ("other-infusion", Role.INFUSION),
    ):
        people.add_person(office, code=code, name=code, password=QUICK.hash(PASSWORD), grants=[(OTHER, role)])
    app = make_app(office, tmp_path)
    yield Tale(office, app.test_client(), clock)
    if "KEEP_CORPUS" in os.environ:  # python -m tests.corpus.write, at a release
        keep(office, Path(os.environ["KEEP_CORPUS"]), request.node.originalname)
    office.store.close()
