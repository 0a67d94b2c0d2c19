"""Handoffs accepted per second: over HTTP, without HTTP, and as bare SQL."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import event

from coi.actions.office import Office
from coi.record.db import Store, open_store
from tests.bench.figures import Figures, percentile
from tests.play import Player
from tests.worlds import open_office

CLIENTS = (1, 8, 32)
TARGET = {"sqlite": 200, "postgresql": 100}
Copies = Callable[[], str]
_numbers = itertools.count()


def measure(figures: Figures, *, name: str, url: str, folder: Path, copies: Copies, quick: bool) -> None:
    """Measure one database; `copies` makes a copy of it while nobody is connected and returns its url."""
    rounds, each = (1, 24) if quick else (3, 240)
    environ = instance(folder, url)
    office = open_office(folder, url)
    player = Player(office)
    with served(environ) as port:
        for clients in CLIENTS:
            over_http(figures, name, player, port, token(environ), clients=clients, rounds=rounds, each=each)
    direct = [_rate(8, _accept_directly(player, offers(player, each))) for _ in range(rounds)]
    figures.add(f"{name}: the same ledger path without HTTP, 8 threads", direct, "accepts/s")
    bare = [_bare_round(office, player, each, copies) for _ in range(rounds)]
    figures.add(f"{name}: the bare SQL of an accept, 1 thread", bare, "accepts/s")
    office.store.close()


def _bare_round(office: Office, player: Player, each: int, copies: Copies) -> float:
    serials = offers(player, each)
    office.store.close()
    return bare_sql(office, player, serials, copies())


def instance(folder: Path, url: str) -> dict[str, str]:
    """Make a demo instance and return the environment that names it."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("COI_")}
    environ |= {"COI_INSTANCE": str(folder), "COI_DATABASE_URL": url, "COI_DEMO_PASSWORD": "bench-bench-bench"}
    subprocess.run(
        [sys.executable, "-m", "coi.cli", "init", "--demo"], env=environ, check=True, stdout=subprocess.DEVNULL
    )
    return environ


def token(environ: dict[str, str], person: str = "demo-courier") -> str:
    done = subprocess.run([sys.executable, "-m", "coi.cli", "token", "issue", person], env=environ, check=True,
                          capture_output=True, text=True)  # fmt: skip
    return done.stdout.strip()


@contextmanager
def served(environ: dict[str, str]) -> Iterator[int]:
    """Run `coi serve` for the block on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "coi.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_it_answers(port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def _wait_until_it_answers(port: int) -> None:
    for _ in range(1200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the service did not come up")


def offers(player: Player, count: int) -> list[str]:
    """Make `count` open offers of one bag each to the courier company; return the bags' label serials."""
    return [player.offered(f"B{os.getpid()}-{next(_numbers)}")[1] for _ in range(count)]


def over_http(
    figures: Figures, name: str, player: Player, port: int, secret: str, *, clients: int, rounds: int, each: int
) -> None:
    rates, medians, tails = [], [], []
    for _ in range(rounds):
        bodies = [_body(serial) for serial in offers(player, each)]
        took: list[float] = []
        lanes = [_lane(port, secret, bodies[lane::clients], took) for lane in range(clients)]
        rates.append(each / _together(lanes))
        medians.append(statistics.median(took) * 1000)
        tails.append(percentile(took, 0.99) / statistics.median(took))
    limit = f">= {TARGET[name]}/s" if clients == 8 else ""
    figures.add(f"{name}: POST /steps handoff.accepted, {clients} client(s)", rates, "accepts/s", limit=limit)
    figures.add(f"{name}: its median answer, {clients} client(s)", medians, "ms")
    figures.add(f"{name}: its p99 over its median, {clients} client(s)", tails, "x", limit="<= 10 x")


def _body(serial: str) -> bytes:
    return json.dumps({
        "id": str(uuid4()), "therapy": None, "kind": "handoff.accepted", "tense": "asked", "zone": None,
        "occurred_at": datetime.now(UTC).isoformat(), "scans": [{"role": "container", "text": serial, "via": "api"}],
        "values": {}, "reason": None, "note": None, "signatures": [], "performed_by": None, "documents": [],
        "device": None,
    }).encode()  # fmt: skip


def _lane(port: int, secret: str, bodies: Sequence[bytes], took: list[float]) -> Callable[[], None]:
    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        for body in bodies:
            began = time.perf_counter()
            connection.request("POST", "/api/v1/steps", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            took.append(time.perf_counter() - began)
            if answer.status != 201:
                raise RuntimeError(f"got {answer.status}: {said[:300]!r}")

    return run


def _together(lanes: Sequence[Callable[[], None]]) -> float:
    """Run all lanes at once and return the seconds until the last has ended."""
    threads = [threading.Thread(target=lane) for lane in lanes]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _accept_directly(player: Player, serials: Sequence[str]) -> Callable[[int, int], tuple[Callable[[], None], int]]:
    player.as_("demo-courier")

    def lane(number: int, of: int) -> tuple[Callable[[], None], int]:
        own = serials[number::of]
        return (
            lambda: [player.step("demo-courier", "handoff.accepted", [("container", s)]) for s in own] and None
        ), len(own)

    return lane


def _rate(threads: int, lane: Callable[[int, int], tuple[Callable[[], None], int]]) -> float:
    lanes = [lane(number, threads) for number in range(threads)]
    return sum(count for _, count in lanes) / _together([run for run, _ in lanes])


def bare_sql(office: Office, player: Player, serials: Sequence[str], copy: str) -> float:
    """Run the statements of accepts again on a copy of the database, over the bare driver.

    `copy` is the url of a copy made after the offers and before the accepts. Each transaction has its own commit.
    """
    recorded: list[list[tuple[str, object]]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: object, _context: object, _many: bool) -> None:
        recorded[-1].append((statement, parameters))

    event.listen(office.store._writer, "before_cursor_execute", note)
    for serial in serials:
        recorded.append([])
        player.step("demo-courier", "handoff.accepted", [("container", serial)])
    event.remove(office.store._writer, "before_cursor_execute", note)
    return _replayed(open_store(copy), recorded)


def _replayed(store: Store, recorded: Sequence[Sequence[tuple[str, object]]]) -> float:
    began = time.perf_counter()
    for statements in recorded:
        with store.write() as conn:
            cursor = conn.connection.cursor()
            for statement, parameters in statements:
                if isinstance(parameters, list):
                    cursor.executemany(statement, parameters)
                elif "pg_advisory" not in statement:  # write() has taken the lock
                    cursor.execute(statement, parameters)
                    if cursor.description is not None:
                        cursor.fetchall()
    rate = len(recorded) / (time.perf_counter() - began)
    store.close()
    return rate
