"""Each system call that one append makes on the files of the database fails once, with EIO and with ENOSPC.

A process of its own takes a step under strace, which has the n-th call of a kind fail. Whatever comes of it: what was
acknowledged is there, what was not is absent or whole, also for somebody who opens the files in that very moment; and
the same process then takes the same step again, and another one.

One append starts from a log whose last writer was killed, so that it reads the WAL back, writes, syncs and runs a
checkpoint; the other from one that was closed well.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import select

from coi.actions.verification import verify
from coi.record.tables import ATTEMPT, ENTRY
from tests.adversary.test_worker_kills import make_instance
from tests.durability.one_append import DONE, FIRST, SECOND
from tests.durability.tracing import require_strace, strace
from tests.play import Player
from tests.worlds import open_office

CALLS = (
    "write",
    "pwrite64",
    "pwritev",
    "fsync",
    "fdatasync",
    "openat",
    "ftruncate",
    "fallocate",
    "mmap",
    "fcntl",
    "unlink",
)
DATABASE = "coi.sqlite3"
_ROOT = Path(__file__).resolve().parents[2]
_FRAMES_TO_CHECKPOINT = 1001


class Point(NamedTuple):
    """The `number`-th call of a kind, from one of the beginnings, that fails with `error`."""

    beginning: Path
    call: str
    number: int
    error: str

    def __str__(self):
        return f"{self.beginning.name}-{self.call}-{self.number}-{self.error}"


class Append(NamedTuple):
    """What the process said of the first step; of the same step again; of another one."""

    first: dict
    again: dict
    another: dict


@pytest.fixture(scope="module")
def beginnings(tmp_path_factory):
    """Two folders with the files of a log: one was closed well, of the other the last writer was killed."""
    require_strace()
    closed = tmp_path_factory.mktemp("beginnings") / "closed"
    closed.mkdir()
    office = make_instance(closed / "instance", f"sqlite:///{closed / DATABASE}")
    coi = Player(office).enrol("FAILING-1")
    office.store.close()
    (closed / "coi").write_text(coi)
    killed = shutil.copytree(closed, closed.with_name("killed"))
    _leave_a_long_wal(closed / DATABASE, killed / DATABASE)
    return closed, killed


def _leave_a_long_wal(source, target):
    """Copy `source` to `target` with a WAL that nobody closed, just long enough that the next COMMIT empties it."""
    copy = target.with_name("open")
    shutil.copy(source, copy)
    conn = sqlite3.connect(copy, isolation_level=None)
    conn.execute("PRAGMA wal_autocheckpoint=0")
    for number in reversed(range(_FRAMES_TO_CHECKPOINT)):
        conn.execute(f"PRAGMA user_version={number}")
    shutil.move(shutil.copy(copy, f"{copy}.copy"), target)
    shutil.copy(f"{copy}-wal", f"{target}-wal")
    conn.close()
    copy.unlink()


def appended(folder, beginning, *options, look=lambda _: None):
    """Take the steps in a process under strace with `options`; `look` is called with what it said of the first."""
    shutil.copytree(beginning, folder)
    names = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}.lock", DONE)
    only = [word for name in names for word in ("-P", str(folder / name))]
    command = [*strace(folder / "trace", *only, "-e", f"trace=/^({'|'.join(CALLS)})$", *options),
               sys.executable, "-m", "tests.durability.one_append", str(folder / "instance"),
               f"sqlite:///{folder / DATABASE}", (folder / "coi").read_text()]  # fmt: skip
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        first = child.stdout.readline()
        if first:
            look(json.loads(first))
        rest, complaint = child.communicate("go on\n", timeout=60)
    assert child.returncode == 0, complaint
    return Append(*map(json.loads, [first, *rest.splitlines()]))


def points(folder, beginning):
    """Return every call that the first step makes on the files, once for each error."""
    appended(folder, beginning)
    before, marked, _ = (folder / "trace").read_text().partition(f'{DONE}"')
    assert marked
    counts = Counter(line.split(None, 1)[1].partition("(")[0] for line in before.splitlines()[:-1])
    shutil.rmtree(folder)
    return [Point(beginning, call, number, error) for call in counts for number in range(1, counts[call] + 1)
            for error in ("EIO", "ENOSPC")]  # fmt: skip


def survives(folder, point):
    """Have one call fail and look at everything that must hold; return what was said of the step."""
    inject = ["-e", f"inject={point.call}:error={point.error}:when={point.number}"]
    said = appended(folder, point.beginning, *inject, look=lambda first: _opened_now(folder, first))
    assert "INJECTED" in (folder / "trace").read_text()
    assert said.again.get("status") in (200, 201), said
    assert said.another.get("status") == 201, said
    kept = _kept(folder, folder / DATABASE)
    assert kept == {FIRST: said.again["leaf"], SECOND: said.another["leaf"]}
    assert said.first.get("leaf", said.again["leaf"]) == said.again["leaf"]
    shutil.rmtree(folder)
    return said.first.get("error", "acknowledged")


def _opened_now(folder, first):
    """Open a copy of the files as they are: what was acknowledged is there, else it is absent or whole."""
    copy = folder / "copy.sqlite3"
    for end in ("", "-wal"):
        if Path(f"{folder / DATABASE}{end}").exists():
            shutil.copy(f"{folder / DATABASE}{end}", f"{copy}{end}")
    kept = _kept(folder, copy)
    assert kept == {FIRST: first["leaf"]} if "leaf" in first else kept.keys() <= {FIRST}


def _kept(folder, file):
    """Return the leaf hashes of the steps that are in the log of `file`, which proves itself."""
    office = open_office(folder / "instance", f"sqlite:///{file}")
    with office.store.write() as conn:  # a writer reads the WAL back
        kept = dict(
            conn.execute(select(ENTRY.c.attempt, ENTRY.c.hash).where(ENTRY.c.attempt.in_([FIRST, SECOND]))).all()
        )
        answered = set(conn.execute(select(ATTEMPT.c.id).where(ATTEMPT.c.id.in_([FIRST, SECOND]))).scalars())
    assert verify(office) == []
    office.store.close()
    assert answered == kept.keys()
    return kept


def all_survive(tmp_path, chosen):
    """Have the chosen calls fail, one for each core at a time; return how often what was said."""
    said, faults = Counter(), {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for point, job in [(point, pool.submit(survives, tmp_path / str(point), point)) for point in chosen]:
            try:
                said[job.result()] += 1
            except AssertionError as fault:
                faults[str(point)] = str(fault)
    assert faults == {}
    return said


def one_of_each(every):
    """Return the middle one of the calls of each kind, with one error and then the other."""
    by_call = {}
    for point in every:
        by_call.setdefault(point.call, []).append(point)
    return [found[len(found) // 2 // 2 * 2 + turn % 2] for turn, found in enumerate(by_call.values())]


@pytest.mark.slow
def test_an_append_survives_one_failing_call_of_each_kind(beginnings, tmp_path):
    _, killed = beginnings
    chosen = one_of_each(points(tmp_path / "counted", killed))
    assert len(chosen) >= 6, chosen
    assert all_survive(tmp_path, chosen).total() == len(chosen)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_an_append_survives_every_failing_call(beginnings, tmp_path, record_property):
    every = [point for beginning in beginnings for point in points(tmp_path / "counted", beginning)]
    said = all_survive(tmp_path, every)
    record_property("points", dict(Counter(f"{point.beginning.name} {point.call}" for point in every)))
    record_property("said", dict(said))
    assert said.total() == len(every)
