"""What a long log costs: one proof, one append, and the whole verification by somebody outside.

A log of 1 000 000 entries is written straight into the store (guards on, real leaves, a tree over them), and the same
steps are taken in turn on it and on a log with nothing in it.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text

from coi.actions.office import Office
from coi.actions.outside import export_log
from coi.exports import coi_verify
from coi.journey.entry import Entry, instant, leaf_hash, leaf_of
from coi.record import transparency
from coi.record.tables import ENTRY
from tests.bench.figures import Figures
from tests.play import Player
from tests.worlds import LOG_KEY, make_office

ENTRIES, QUICK_ENTRIES = 1_000_000, 10_000
ROUNDS, STEPS = 5, 100
_ONE_THERAPY = 40  # entries in a stream
_AT_ONCE = 5_000


def measure(figures: Figures, *, name: str, new: Callable[[], str], folder: Path, quick: bool) -> None:
    """Fill one new store, then measure it beside another one."""
    count = QUICK_ENTRIES if quick else ENTRIES
    long_log, short_log = make_office(new()), make_office(new())
    fill(long_log, count)
    _proofs(figures, name, long_log, count)
    _appends(figures, name, long_log, short_log, rounds=2 if quick else ROUNDS)
    _verification(figures, name, long_log, folder)
    long_log.store.close()
    short_log.store.close()


def fill(office: Office, count: int) -> None:
    """Append `count` made-up entries in order, and give the log its tree."""
    with office.store.write() as conn:
        first = conn.execute(select(func.max(ENTRY.c.position))).scalar_one() + 1
        rows: list[dict[str, Any]] = []
        for row in _rows(first, count):
            rows.append(row)
            if len(rows) == _AT_ONCE:
                conn.execute(insert(ENTRY), rows)
                rows = []
        if rows:
            conn.execute(insert(ENTRY), rows)
        transparency.plant(conn, LOG_KEY)
    with office.store.write() as conn:
        conn.execute(text("ANALYZE"))  # what a server does by itself in the days in which a log grows so long


def _rows(first: int, count: int) -> Iterator[dict[str, Any]]:
    prev: str | None = None
    for number in range(count):
        stream, seq = f"site:made-up-{number // _ONE_THERAPY}", number % _ONE_THERAPY + 1
        entry = _entry(first + number, stream, seq)
        leaf = leaf_of(entry, prev=prev if seq > 1 else None)
        prev = leaf_hash(leaf)
        yield {"position": entry.position, "stream": stream, "seq": seq, "id": entry.id, "attempt": entry.attempt,
               "kind": entry.kind, "recorded_at": instant(entry.recorded_at), "leaf": leaf, "hash": prev}  # fmt: skip


def _entry(position: int, stream: str, seq: int) -> Entry:
    id_ = str(UUID(int=position))
    said = "Got a container that is in the hands of demo-courier-co, expected one in yours: have it handed over first."
    finding = {"rule": "custody_is_here", "family": "custody", "severity": "caution", "message": said, "got": "x" * 40,
               "expected": "y" * 40, "facts": {"containers": ["CTR-U69ARRNDG4AFK"]}}  # fmt: skip
    at = datetime.now(UTC)
    return Entry(
        position=position, stream=stream, seq=seq, id=id_, attempt=id_, kind="attempt.refused", v=1, tense="asked",
        outcome="refused", therapy=None, occurred_at=at, offset=0, zone="Europe/Paris", uncertainty=0, recorded_at=at,
        actor={"person": "demo-nurse", "site": "demo-hospital", "role": "nurse"},
        scans=({"role": "container", "subject": "CTR-U69ARRNDG4AFK", "via": "wedge"},),
        values={"kind": "handoff.accepted"}, reason=None, note=None, findings=(finding, finding), signatures=(),
        performed_by=(), documents=(), device=None, corrects=None, software="coi-tracker 0.1.0",
    )  # fmt: skip


def _proofs(figures: Figures, name: str, office: Office, count: int) -> None:
    choose = random.Random(count)
    taken = []
    with office.store.read() as conn:
        size = transparency.last_frontier(conn).size
        root = transparency.root_at(conn, size)
        for _ in range(200):
            position = choose.randrange(size)
            began = time.perf_counter()
            proof = transparency.inclusion_proof(conn, position, size)
            taken.append((time.perf_counter() - began) * 1000)
            leaf = bytes.fromhex(conn.execute(select(ENTRY.c.hash).where(ENTRY.c.position == position)).scalar_one())
            assert coi_verify.root_of_inclusion(leaf, position, size, proof) == root
    figures.add(f"{name}: one proof from a log of {size}", taken, "ms", limit="<= 5 ms")


def _appends(figures: Figures, name: str, long_log: Office, short_log: Office, *, rounds: int) -> None:
    """Take the same steps on both logs in turn; what is shown is the long one's time over the short one's."""
    players = [Player(long_log), Player(short_log)]
    ratios = []
    for turn in range(rounds + 1):  # the first one warms up
        cois = [player.enrol(f"LONG-{turn}") for player in players]
        medians = []
        for player, coi in zip(players, cois, strict=True):
            taken = []
            for _ in range(STEPS):
                began = time.perf_counter()
                player.plan(coi, "dose")
                taken.append(time.perf_counter() - began)
            medians.append(statistics.median(taken))
        ratios.append(medians[0] / medians[1])
    figures.add(f"{name}: an append to the long log over one to a new log", ratios[1:], "x", limit="<= 1.2 x")


def _verification(figures: Figures, name: str, office: Office, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.jsonl"
    count = export_log(office, file)
    began = time.perf_counter()
    done = subprocess.run([sys.executable, coi_verify.__file__, "--key", LOG_KEY.verifier_key, str(file)],
                          check=True, capture_output=True, text=True)  # fmt: skip
    assert "RIGHT" in done.stdout
    figures.add(f"{name}: {count} entries verified by the separate verifier", [time.perf_counter() - began], "s",
                limit="<= 60 s")  # fmt: skip
