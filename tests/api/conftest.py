"""A client that knows the interface's description and nothing of the service's inside."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from coi.actions import people
from coi.app import create_app
from coi.settings import load


@dataclass
class Client:
    """Speaks HTTP to the app in the name of one person at a time."""

    http: Any
    issue: Any
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, person: str) -> dict[str, str]:
        if person not in self.tokens:
            self.tokens[person] = self.issue(person)
        return {"Authorization": f"Bearer {self.tokens[person]}"}

    def get(self, person: str, path: str, **more: Any) -> Any:
        return self.http.get(f"/api/v1{path}", headers=self.headers(person), **more)

    def post(self, person: str, path: str, body: Any = None, **more: Any) -> Any:
        if body is not None:
            more["json"] = body
        return self.http.post(f"/api/v1{path}", headers=self.headers(person), **more)

    def step_body(self, kind: str, scans: list[dict[str, Any]] = [], **more: Any) -> dict[str, Any]:  # noqa: B006 - read only
        return {
            "id": str(uuid4()), "therapy": None, "kind": kind, "tense": "asked", "zone": "Europe/Paris",
            "occurred_at": datetime.now(UTC).isoformat(), "scans": scans, "values": {}, "reason": None, "note": None,
            "signatures": [], "performed_by": None, "documents": [], "device": None, **more,
        }  # fmt: skip

    def step(self, person: str, kind: str, scans: Any = (), *, expect: int = 201, **more: Any) -> dict[str, Any]:
        given = [scan if isinstance(scan, dict) else {"role": scan[0], "text": scan[1], "via": "api"} for scan in scans]
        answer = self.post(person, "/steps", self.step_body(kind, given, **more))
        assert answer.status_code == expect, (kind, answer.status_code, answer.get_data(as_text=True))
        return json.loads(answer.data)

    def enrol(self, number: str, *, person: str = "demo-coordinator", pathway: str = "car-t-cryo", **more: Any) -> str:
        answer = self.post(person, "/therapies", enrolment(number, pathway=pathway, **more))
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.json["therapy"])


def enrolment(number: str, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "pathway": "car-t-cryo", "site": "demo-hospital",
        "patient": {"family": "Doe", "given": "Jane", "born": "1980-02-29",
                    "identifiers": [{"issuer": "demo-hospital", "kind": "mrn", "value": number}]},
        "identifiers": [{"issuer": "sponsor", "kind": "order", "value": f"ORDER-{number}"}], **more,
    }  # fmt: skip


def make_app(office, folder):
    settings = load({"COI_INSTANCE": str(folder), "COI_DEMO": "true", "COI_ARGON2_TIME_COST": "1",
                     "COI_ARGON2_MEMORY_COST": "8", "COI_ARGON2_PARALLELISM": "1"})  # fmt: skip
    return create_app(settings, office)


@pytest.fixture
def app(office, tmp_path):
    return make_app(office, tmp_path)


@pytest.fixture
def client(app, office):
    return Client(app.test_client(), lambda person: people.issue_token(office, person))


@pytest.fixture
def sqlite_client(sqlite_office, tmp_path):
    """A client and its office on SQLite, for what never reaches the database."""
    app = make_app(sqlite_office, tmp_path)
    return Client(app.test_client(), lambda person: people.issue_token(sqlite_office, person)), sqlite_office
