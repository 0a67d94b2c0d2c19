"""kill -9 of a web worker at each statement of the recording transaction, under real HTTP.

The client behaves as a client must: it sends the same step again until it hears an answer.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from coi.actions import people, setup
from coi.actions.verification import verify
from coi.record.tables import ENTRY
from tests.play import Player
from tests.worlds import QUICK, open_office

POINTS = 24  # a step has fewer; what lies beyond kills nobody and shows that the count is high enough


def make_instance(folder, url):
    setup.make_instance(folder)
    office = open_office(folder, url)
    setup.make_tables(office.store)
    setup.publish_shipped(office)
    setup.seed_demo(office, hashed=lambda: QUICK.hash("a password of the tests"))
    return office


@contextmanager
def gunicorn(folder, url):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COI_")}
    environ |= {"COI_INSTANCE": str(folder), "COI_DATABASE_URL": url, "COI_DEMO": "true", "COI_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--preload", "-k", "gthread", "-w", "2",
               "--threads", "2", "-b", f"127.0.0.1:{port}", "--log-level", "critical", "--graceful-timeout", "5",
               "tests.adversary.killed_worker:app()"]  # fmt: skip
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)  # a worker that was just born may miss the word: its master ends it after the grace


def send(port, token, body, kill_at=0):
    """Send one step; return (status, body) or None when no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "X-Kill-At": str(kill_at)}
    try:
        connection.request("POST", "/api/v1/steps", json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def until_answered(port, token, body):
    for _ in range(1200):
        answer = send(port, token, body)
        if answer is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError("no worker answered")


def accept(serial):
    return {"id": str(uuid4()), "kind": "handoff.accepted", "occurred_at": datetime.now(UTC).isoformat(),
            "scans": [{"role": "container", "text": serial, "via": "api"}]}  # fmt: skip


def entries_with(office, id_):
    with office.store.read() as conn:
        return conn.execute(select(func.count()).where(ENTRY.c.id == id_)).scalar_one()


def workers_are_killed(folder, url, times):
    office = make_instance(folder, url)
    token = people.issue_token(office, "demo-courier")
    player = Player(office)
    serials = [player.offered(f"W-{number}")[1] for number in range(POINTS * times)]
    unanswered = 0
    with gunicorn(folder, url) as port:
        until_answered(port, token, accept(serials[0]))
        for number, serial in enumerate(serials[1:], 1):
            body = accept(serial)
            first = send(port, token, body, kill_at=number % POINTS + 1)
            before = entries_with(office, body["id"])
            unanswered += first is None
            assert first is None or (first[0], before) == (201, 1)
            status, _ = until_answered(port, token, body)
            assert status == (200 if before else 201)
            assert entries_with(office, body["id"]) == 1
    assert verify(office) == []
    office.store.close()
    return unanswered


def test_a_web_worker_killed_at_any_statement_loses_and_doubles_nothing(store_url, tmp_path):
    assert workers_are_killed(tmp_path / "instance", store_url, 1) >= POINTS // 2


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_web_workers_killed_fifty_times_at_each_statement(store_url, tmp_path, record_property):
    killed = workers_are_killed(tmp_path / "instance", store_url, 50)
    record_property("kills", killed)
    record_property("points", POINTS)
    assert killed >= 50 * POINTS // 2
