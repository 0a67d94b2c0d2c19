"""Clients that record over HTTP as a client must: the same step again, under the same id, until it is answered.

What was answered with 201 or 200 is an acknowledgement. `assert_kept` asks the log for every one of them.
"""

import http.client
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import select

from coi.actions import people
from coi.actions.verification import verify
from coi.journey.entry import as_json, leaf_hash, read_leaf
from coi.record.tables import ATTEMPT, ENTRY
from tests.play import Player

PATIENCE = 60  # seconds until a service that does not answer is called dead
TROUBLES = {(503, "store.busy"), (503, "store.failed"), (507, "store.full")}
_AT_ONCE = 500


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the raw bytes, and the JSON in them."""

    status: int
    raw: bytes
    type: str

    @property
    def body(self):
        assert self.type == "application/json", (self.status, self.type, self.raw[:200])
        return json.loads(self.raw)


@dataclass
class Client:
    """Sends steps of `therapies` with a token; keeps every acknowledgement, and counts what went wrong on the way."""

    port: int
    token: str
    therapies: list[str]
    acknowledged: dict[str, Answer] = field(default_factory=dict)
    told: Counter = field(default_factory=Counter)
    heard: threading.Condition = field(default_factory=threading.Condition)

    def step(self, number):
        """Return the body of a step that can be taken again and again; a few for each therapy in turn."""
        coi = self.therapies[number % len(self.therapies)]
        return {"id": str(uuid4()), "kind": "container.planned", "therapy": coi, "occurred_at": _now(),
                "values": {"purpose": "starting_material", "count": 1}}  # fmt: skip

    def send(self, body):
        """Send a step once; return its answer, or None when none came."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Connection": "close"}
        try:
            line.request("POST", "/api/v1/steps", json.dumps(body), headers)
            found = line.getresponse()
            return Answer(found.status, found.read(), found.headers.get_content_type())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            line.close()

    def until_acknowledged(self, body):
        """Send a step until it is acknowledged; whatever else is answered must be a trouble in the API's own shape."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.send(body)
            if answer is not None and answer.status in (200, 201):
                self._keep(body["id"], answer)
                return answer
            self._count(answer)
            time.sleep(0.01)
        raise AssertionError(f"nobody acknowledged within {PATIENCE} s: {self.told}")

    def _keep(self, id_, answer):
        with self.heard:
            self.acknowledged[id_] = answer
            self.heard.notify_all()

    def _count(self, answer):
        if answer is None:
            self.told["no answer"] += 1
            return
        trouble = (answer.status, answer.body["code"])
        assert trouble in TROUBLES, answer.raw
        self.told[trouble[1]] += 1

    def wait_for(self, more):
        """Return when so many more acknowledgements have come than there were."""
        with self.heard:
            wanted = len(self.acknowledged) + more
            assert self.heard.wait_for(lambda: len(self.acknowledged) >= wanted, PATIENCE), self.told


def client_of(office, port, *, therapies=4, person="demo-nurse"):
    """Return a client of somebody who may record, with new therapies to record on."""
    player = Player(office)
    return Client(port, people.issue_token(office, person), [player.enrol(f"D-{uuid4()}") for _ in range(therapies)])


@contextmanager
def under_load(client, *, threads=4):
    """Have so many threads record one step after the other for the block; a fault in any of them is one of the test."""
    done = threading.Event()

    def record(first):
        number = first
        while not done.is_set():
            client.until_acknowledged(client.step(number))
            number += threads

    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(record, number) for number in range(threads)]
        try:
            yield
        finally:
            done.set()
        for job in jobs:
            job.result()


def assert_kept(office, acknowledged):
    """Assert that every acknowledged entry is in the log once, byte for byte as it was told, and that the log proves
    itself.
    """
    ids = list(acknowledged)
    found, answers = {}, {}
    with office.store.read() as conn:
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            for row in conn.execute(select(ENTRY).where(ENTRY.c.attempt.in_(some))).mappings():
                found.setdefault(row["attempt"], []).append(row)
            answers |= dict(conn.execute(select(ATTEMPT.c.id, ATTEMPT.c.answer).where(ATTEMPT.c.id.in_(some))).all())
    assert found.keys() == acknowledged.keys()
    for id_, answer in acknowledged.items():
        (row,) = found[id_]
        _assert_same(row, answer)
        assert bytes(answers[id_]) == answer.raw
    assert verify(office) == []


def _assert_same(row, answer):
    body, leaf = answer.body, bytes(row["leaf"])
    told = body["receipt"]
    assert (row["id"], row["position"], row["hash"]) == (told["entry"], told["position"], told["leaf"])
    assert leaf_hash(leaf) == told["leaf"]
    assert json.loads(json.dumps(as_json(read_leaf(leaf)[0]))) == body["entry"]


def _now():
    return datetime.now(UTC).isoformat()
