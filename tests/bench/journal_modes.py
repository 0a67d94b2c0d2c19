"""Which journal mode, and does a fair lock pay? The measurements behind docs/adr/0001.

    python -m tests.bench.journal_modes                 throughput and waiting, every mode, 1 and 4 writers
    python -m tests.bench.journal_modes --long-read     commits that get through while one reader reads on
    python -m tests.bench.journal_modes --strace        does COMMIT return before the disk was asked?
    python -m tests.bench.journal_modes --folder DIR    on the disk of DIR instead of the temporary folder

A writer repeats a transaction of six statements as a handoff needs it: read the tail of the log, read who holds
the container, insert the entry, move custody, insert the outbox row, insert the request's id. A reader lists the
last twenty entries every millisecond. Latencies include the wait for the turn. Rounds are interleaved, so that a
disturbance of the machine meets every variant.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from coi.record.db import open_store
from coi.record.writelock import write_lock

MODES = {"DELETE": "EXTRA", "TRUNCATE": "FULL", "PERSIST": "FULL", "WAL": "FULL"}  # synchronous that keeps a commit
LEAF = b"x" * 700
CONTAINERS = 500
PATIENCE = 60.0
SCHEMA = """
CREATE TABLE entry (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL, leaf BLOB NOT NULL,
                    UNIQUE (stream, seq));
CREATE TABLE custody (container INTEGER PRIMARY KEY, holder TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE request (id TEXT PRIMARY KEY, position INTEGER NOT NULL);
"""
spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Variant:
    mode: str
    fair: bool
    writers: int

    def __str__(self):
        return f"{self.mode:8} {'fair lock' if self.fair else 'busy only':9} {self.writers} writer(s)"


def connect(path, mode, *, read_only=False):
    access = "ro" if read_only else "rwc"
    conn = sqlite3.connect(f"file:{path}?mode={access}", uri=True, timeout=PATIENCE, isolation_level=None)
    if not read_only:
        conn.execute(f"PRAGMA synchronous={MODES[mode]}")
        assert conn.execute(f"PRAGMA journal_mode={mode}").fetchone() == (mode.lower(),)
    return conn


def fill(path, mode):
    conn = connect(path, mode)
    conn.executescript(SCHEMA)
    conn.execute("BEGIN")
    conn.executemany("INSERT INTO custody VALUES (?, 'site', 0)", [(n,) for n in range(CONTAINERS)])
    conn.execute("COMMIT")
    conn.close()


def handoff(conn, container):
    conn.execute("BEGIN IMMEDIATE")
    (tail,) = conn.execute("SELECT coalesce(max(position), 0) FROM entry").fetchone()
    holder, seq = conn.execute("SELECT holder, seq FROM custody WHERE container = ?", (container,)).fetchone()
    taker = "courier" if holder == "site" else "site"
    conn.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (tail + 1, f"therapy:{container}", seq + 1, LEAF))
    conn.execute("UPDATE custody SET holder = ?, seq = ? WHERE container = ?", (taker, seq + 1, container))
    conn.execute("INSERT INTO outbox (position) VALUES (?)", (tail + 1,))
    conn.execute("INSERT INTO request VALUES (?, ?)", (uuid.uuid4().hex, tail + 1))
    conn.execute("COMMIT")


def write_for(path, variant, seconds, start, answer):
    conn = connect(path, variant.mode)
    lock = write_lock(Path(path))
    waits, done = [], 0
    start.wait()
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        with lock.held(wait=PATIENCE) if variant.fair else contextlib.nullcontext():
            handoff(conn, (os.getpid() * 7919 + done) % CONTAINERS)
        waits.append(time.perf_counter() - begun)
        done += 1
    answer.send(waits)


def read_for(path, variant, seconds, start, answer):
    conn = connect(path, variant.mode, read_only=True)
    waits = []
    start.wait()
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end:
        conn.execute("SELECT * FROM entry ORDER BY position DESC LIMIT 20").fetchall()
        waits.append(time.perf_counter() - begun)
        time.sleep(0.001)
    answer.send(waits)


def one_round(variant, seconds, folder):
    """One measurement: throughput, waits and shares of the writers, and the reader's waits."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = str(Path(place) / "bench.sqlite3")
        fill(path, variant.mode)
        start = spawn.Barrier(variant.writers + 1)
        jobs = []
        for target in [*[write_for] * variant.writers, read_for]:
            mine, theirs = spawn.Pipe(duplex=False)
            process = spawn.Process(target=target, args=(path, variant, seconds, start, theirs))
            process.start()
            jobs.append((process, mine))
        *writers, reader = [pipe.recv() for _, pipe in jobs]
        for process, _ in jobs:
            process.join()
    waits = sorted(itertools.chain(*writers))
    counts = [len(each) for each in writers]
    return {
        "handoffs/s": len(waits) / seconds,
        "p50 ms": 1000 * statistics.median(waits),
        "p99 ms": 1000 * waits[int(len(waits) * 0.99)],
        "max ms": 1000 * waits[-1],
        "least/most": min(counts) / max(counts),
        "reader p99 ms": 1000 * sorted(reader)[int(len(reader) * 0.99)],
    }


def compare(rounds, seconds, folder):
    variants = [Variant(*each) for each in itertools.product(MODES, (False, True), (1, 4))]
    results = {variant: [] for variant in variants}
    for number in range(rounds):
        for variant in variants:
            results[variant].append(one_round(variant, seconds, folder))
            print(f"round {number + 1}: {variant}", file=sys.stderr)
    columns = list(results[variants[0]][0])
    print(
        f"SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores; "
        f"median (least - most) of {rounds} rounds of {seconds:g} s"
    )
    print("| mode | turn | writers | " + " | ".join(columns) + " |")
    print("|" + "---|" * (3 + len(columns)))
    for variant, found in results.items():
        cells = [spread([each[column] for each in found]) for column in columns]
        turn = "fair lock" if variant.fair else "busy handler"
        print(f"| {variant.mode} | {turn} | {variant.writers} | " + " | ".join(cells) + " |")


def spread(values):
    return f"{short(statistics.median(values))} ({short(min(values))} - {short(max(values))})"


def short(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def long_read(folder, seconds=2.0):
    """How many handoffs are committed while one reader, such as an export, holds its transaction open."""
    for mode in MODES:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            path = str(Path(place) / "bench.sqlite3")
            fill(path, mode)
            reader, writer = connect(path, mode, read_only=True), connect(path, mode)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM custody").fetchone()
            writer.execute("PRAGMA busy_timeout=0")
            done, refused = 0, 0
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                try:
                    handoff(writer, done % CONTAINERS)
                    done += 1
                except sqlite3.OperationalError:
                    writer.execute("ROLLBACK")
                    refused += 1
            print(f"{mode:8} {done} handoffs in {seconds:g} s beside an open read, {refused} refused as locked")


def traced(mode, folder):
    """Body of the traced process: ten handoffs, with a mark written before and after each COMMIT."""
    path = str(Path(folder) / "traced.sqlite3")
    if mode == "Store":
        store = open_store(f"sqlite:///{path}")
        with store.write() as conn:
            conn.exec_driver_sql("CREATE TABLE mark (n INTEGER)")
        for n in range(10):
            with store.write() as conn:
                conn.exec_driver_sql("INSERT INTO mark VALUES (?)", (n,))
                mark("before")
            mark("after")
        store.close()
        return
    fill(path, mode)
    conn = connect(path, mode)
    conn.set_trace_callback(lambda sql: mark("before") if sql == "COMMIT" else None)
    for n in range(10):
        handoff(conn, n)
        mark("after")


def mark(word):
    fd = os.open(os.devnull, os.O_WRONLY)
    os.write(fd, f"<{word} COMMIT>".encode())
    os.close(fd)


def strace(folder):
    """Run each mode under strace: between the two marks there must be a sync after the last write to every file."""
    for mode in [*MODES, "Store"]:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            log = Path(place) / "strace.log"
            subprocess.run(
                ["strace", "-f", "-y", "-o", log, "-e", "trace=write,pwrite64,fsync,fdatasync,unlink,ftruncate",
                 sys.executable, "-m", "tests.bench.journal_modes", "--traced", mode, "--folder", place],
                check=True,
            )  # fmt: skip
            print(f"{mode:8} {judge(log.read_text())}")


def judge(log):
    commits, syncs, unsynced, inside = 0, 0, {}, False
    for line in log.splitlines():
        if "<before COMMIT>" in line:
            inside = True
        elif "<after COMMIT>" in line and inside:
            inside = False
            commits += 1
            late = [name for name in unsynced if not name.endswith("-shm")]
            assert not late, f"COMMIT {commits} returned before {late} was synced"
        elif found := re.search(r"(pwrite64|fsync|fdatasync)\(\d+<([^>]*sqlite3[^>]*)>", line):
            call, name = found.groups()
            if call == "pwrite64":
                if inside and not name.endswith(".lock"):
                    unsynced[name] = True
            else:
                unsynced.pop(name, None)
                syncs += inside
    assert commits == 10, f"saw {commits} commits of 10"
    return f"{commits} commits, {syncs / commits:.1f} syncs each; every written file was synced before COMMIT returned"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--long-read", action="store_true")
    parser.add_argument("--strace", action="store_true")
    parser.add_argument("--traced", choices=[*MODES, "Store"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.traced:
        traced(given.traced, given.folder)
    elif given.strace:
        strace(given.folder)
    elif given.long_read:
        long_read(given.folder)
    else:
        compare(given.rounds, given.seconds, given.folder)


if __name__ == "__main__":
    main()
