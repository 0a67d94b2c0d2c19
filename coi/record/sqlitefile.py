"""Connections to a SQLite file: how a writer and a reader are opened, and what happens to them at a fork.

A writer runs in WAL mode and syncs at every COMMIT. A reader opens the file read-only, so that it cannot write and
cannot run a checkpoint, not even when it is the last to close (docs/adr/0001-journal-mode-and-write-lock.md).

SQLite keeps a process-wide account of the file locks it holds. A forked child inherits the account but not the
locks: it would believe that it holds what only its parent holds, and another process could then empty the WAL
under its hands. So connections that nobody uses are closed before a fork, none can be opened during it, and a
child whose parent was using a file at that moment is refused that file for good.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from coi.record.unusable import StoreFailed


class ForkedInUse(RuntimeError):
    """A process was forked while its parent was using a SQLite file: a mistake in the program."""


class _Connection(sqlite3.Connection):
    """A connection that is known as open until it is closed."""

    file: str
    forks: int  # of this process before it was opened

    def close(self) -> None:
        super().close()
        _open.discard(self)


def writer_engine(path: Path, *, wait: float) -> Engine:
    """Return an engine with one connection that may write; to be used under the write lock only."""
    return _engine(path, mode="rwc", wait=wait, pool_size=1, max_overflow=0)


def reader_engine(path: Path, *, wait: float, pool_size: int, max_overflow: int) -> Engine:
    """Return an engine whose connections cannot write. `wait` is in seconds."""
    return _engine(path, mode="ro", wait=wait, pool_size=pool_size, max_overflow=max_overflow)


def _engine(path: Path, *, mode: str, wait: float, pool_size: int, max_overflow: int) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _open_file(path, mode=mode, wait=wait),
        poolclass=QueuePool,
        pool_timeout=wait,
        pool_size=pool_size,
        max_overflow=max_overflow,
    )
    event.listen(engine, "checkin", _close_what_outlived_a_fork)
    _engines.add(engine)
    return engine


def _open_file(path: Path, *, mode: str, wait: float) -> sqlite3.Connection:
    with _opening:
        file = os.path.realpath(path)
        if file in _in_use_by_the_parent:
            raise ForkedInUse(
                f"got a process that was forked while its parent was using {path.name}, expected one forked before: "
                "end the parent's reads and writes first, or start a new program"
            )
        conn = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=wait,
            isolation_level=None,  # no BEGIN but ours
            check_same_thread=False,  # used by many threads, never by two at once: the pool sees to that
            cached_statements=256,
            factory=_Connection,
        )
        conn.file, conn.forks = file, _forks
        _open.add(conn)
    if mode != "ro":
        try:
            _prepare_to_write(conn)
        except BaseException:
            conn.close()
            raise
    return conn


def _prepare_to_write(conn: _Connection) -> None:
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("PRAGMA foreign_keys=ON")
    conn.execute("PRAGMA recursive_triggers=ON")  # else INSERT OR REPLACE deletes past the append-only triggers
    (mode,) = conn.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise ValueError(f"got journal mode {mode}, expected wal: keep {Path(conn.file).name} on a local disk")
    _refuse_one_that_only_reads(conn)


def _refuse_one_that_only_reads(conn: _Connection) -> None:
    """Refuse a file, or a WAL, that SQLite opened for reading only as the disk failed just then.

    The next try may do better; but had the pool such a connection, this process would never write again. A write that
    is rolled back at once leaves nothing behind, and is the only thing by which SQLite tells.
    """
    try:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("PRAGMA user_version=1")
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
        raise StoreFailed(f"got {Path(conn.file).name} for reading only, expected to write to it") from exc
    conn.execute("ROLLBACK")


_opening = threading.Lock()
_forks = 0
_open: WeakSet[_Connection] = WeakSet()
_engines: WeakSet[Engine] = WeakSet()
_in_use_by_the_parent: set[str] = set()
_inherited: list[_Connection] = []


def _close_what_is_idle() -> None:
    # Not under the write lock: a checkpoint on closing needs the whole file to itself, so nobody else has it open.
    global _forks  # noqa: PLW0603 - one count for the process
    _opening.acquire()
    _forks += 1
    for engine in list(_engines):
        engine.dispose()


def _close_what_outlived_a_fork(conn: _Connection | None, record: ConnectionPoolEntry) -> None:
    # It was in use at the fork and comes back to a pool that was replaced; the next child may then use the file.
    if conn is not None and conn.forks != _forks:
        record.invalidate()


def _go_on() -> None:
    _opening.release()


def _refuse_what_is_in_use() -> None:
    global _opening  # noqa: PLW0603 - the parent's was taken for the fork
    _opening = threading.Lock()
    _inherited.extend(_open)  # kept for good: closing them would do harm, too
    _in_use_by_the_parent.update(conn.file for conn in _inherited)
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(before=_close_what_is_idle, after_in_parent=_go_on, after_in_child=_refuse_what_is_in_use)
