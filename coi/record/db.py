"""Connections to the store: SQLite by default, PostgreSQL as the step up; one way to read and one to write.

A write takes the write lock FIRST, then begins, and commits exactly once, at the end of its `with` block; any
exception rolls everything back. So whatever it reads is what the last writer left, and nobody slips in between
the decision and the entry. A read sees one moment of the store, for as long as its block lasts, and cannot write.

Acknowledgement comes after the disk: SQLite runs in WAL mode with synchronous=FULL, PostgreSQL with
synchronous_commit=on. Why WAL, why our own lock before `BEGIN IMMEDIATE`, and why readers open the file read-only
(so that nobody but the holder of the write lock can run a checkpoint): docs/adr/0001-journal-mode-and-write-lock.md.

Connections are opened when they are first needed, hence after the web workers fork, and a forked child never
uses one of its parent's (for SQLite see coi/record/sqlitefile.py).

What this module does not know: tables, entries, retries.
"""

from __future__ import annotations

import os
import select
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import Pool

from coi.record.sqlitefile import ForkedInUse, reader_engine, writer_engine
from coi.record.unusable import StoreBusy, StoreFailed, StoreFull, StoreUnusable, in_plain_words, meaning
from coi.record.writelock import WriteReentered, one_write_per_thread, write_lock

__all__ = [
    "ForkedInUse", "Store", "StoreBusy", "StoreFailed", "StoreFull", "StoreUnusable", "WriteReentered",
    "is_unique_violation", "open_store",
]  # fmt: skip

_POOL = {"pool_size": 8, "max_overflow": 8}  # connections per process: kept open, and opened besides in a rush
_STATEMENT_SECONDS = 60
_ADVISORY_KEY = 0x636F69_01  # "coi", first lock: the same number in every process, or there is no lock
_UNIQUE_SQLITE = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
}
_UNIQUE_POSTGRESQL = "23505"


@dataclass(frozen=True, eq=False)
class Store:
    """One database. `dialect` is "sqlite" or "postgresql"; everything else goes through `read` and `write`."""

    dialect: Literal["sqlite", "postgresql"]
    _writer: Engine = field(repr=False)
    _reader: Engine = field(repr=False)
    _queue: Callable[[], AbstractContextManager[None]] = field(repr=False)
    _rest: Callable[[], None] = field(repr=False)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Hold the write lock and one transaction for the block: committed at its end, rolled back on exception.

        Raises StoreBusy when the lock was not to be had in time, StoreFull or StoreFailed when the disk or the
        server has no room or fails, WriteReentered inside another write of this thread.
        """
        with (
            in_plain_words(),
            self._queue(),
            self._writer.connect() as conn,
            _closed_once_failed(conn),
            conn.begin(),
        ):
            if self.dialect == "sqlite":
                _begin(conn, "BEGIN IMMEDIATE")
            else:
                conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_KEY})")
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See one moment of the store for the length of the block. Never waits for a writer; cannot write.

        Raises StoreBusy when all connections of this process stayed in use, StoreFailed when there is none to be had.
        """
        with in_plain_words(), self._reader.connect() as conn, _closed_once_failed(conn):
            if self.dialect == "sqlite":
                _begin(conn, "BEGIN")
            yield conn

    def close(self) -> None:
        """Close all connections of this process; on SQLite under the write lock, as it may run a checkpoint."""
        self._reader.dispose()
        with self._queue():
            self._writer.dispose()
        self._rest()


def open_store(url: str, *, wait: float = 10.0) -> Store:
    """Return the store at `url`; nothing is connected before the first read or write.

    `url` is `sqlite:////absolute/file` or `postgresql://…`; `wait` is how many seconds a caller waits for the
    write lock, or for a connection, before StoreBusy. Raises ValueError for any other kind of url.
    """
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return _open_sqlite(parsed, wait)
    if kind == "postgresql":
        return _open_postgresql(parsed, wait)
    raise ValueError(f"got a database url of kind {kind}, expected sqlite or postgresql: change the url")


def is_unique_violation(exc: BaseException) -> bool:
    """Tell whether a failed statement hit a UNIQUE constraint or a primary key, on either database."""
    cause = getattr(exc, "orig", exc)
    return (
        getattr(cause, "sqlite_errorcode", None) in _UNIQUE_SQLITE
        or getattr(cause, "sqlstate", None) == _UNIQUE_POSTGRESQL
    )


@contextmanager
def _closed_once_failed(conn: Connection) -> Iterator[None]:
    """Close a connection over which the store failed: SQLite's may keep a file lock that it could not let go."""
    try:
        yield
    except Exception as exc:
        if isinstance(meaning(exc), StoreFull | StoreFailed):
            conn.invalidate()
        raise


def _begin(conn: Connection, statement: str) -> None:
    # Straight to the driver: sqlite3 would otherwise begin by itself, late and without the lock.
    conn.connection.cursor().execute(statement)


def _open_sqlite(url: URL, wait: float) -> Store:
    if not url.database or url.database == ":memory:" or url.query:
        raise ValueError(
            f"got {url.render_as_string()}, expected sqlite:////absolute/file: "
            "the store must be a file that all processes can open"
        )
    path = Path(url.database).absolute()
    lock = write_lock(path)
    return Store(
        dialect="sqlite",
        _writer=writer_engine(path, wait=wait),
        _reader=reader_engine(path, wait=wait, **_POOL),
        _queue=lambda: lock.held(wait=wait),
        _rest=lock.rest,
    )


def _open_postgresql(url: URL, wait: float) -> Store:
    writer = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",  # under REPEATABLE READ the snapshot would be older than the lock
        connect_args={"options": _postgresql_options(url, wait), "connect_timeout": 5},
        use_native_hstore=False,
        pool_timeout=wait,
        **_POOL,
    )
    event.listen(writer, "checkout", _refuse_a_dead_line)
    _postgresql_engines.add(writer)
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    key = url.render_as_string()
    return Store(dialect="postgresql", _writer=writer, _reader=reader, _queue=lambda: one_write_per_thread(key),
                 _rest=lambda: None)  # fmt: skip


def _postgresql_options(url: URL, wait: float) -> str:
    given = url.query.get("options", ())
    settings = {
        "lock_timeout": round(wait * 1000),
        "statement_timeout": round(max(_STATEMENT_SECONDS, wait) * 1000),
        "idle_in_transaction_session_timeout": round(_STATEMENT_SECONDS * 1000),
        "synchronous_commit": "on",
    }
    ours = [f"-c {name}={value}" for name, value in settings.items()]
    return " ".join([*([given] if isinstance(given, str) else given), *ours])


def _refuse_a_dead_line(driver_connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection whose server hung up, without asking the server first.

    An idle connection has nothing to read unless the server said good-bye (or changed a setting).
    """
    if driver_connection.closed:
        raise DisconnectionError
    line = select.poll()
    line.register(driver_connection.fileno(), select.POLLIN)
    if line.poll(0):
        raise DisconnectionError


_postgresql_engines: WeakSet[Engine] = WeakSet()
_inherited: list[Pool] = []


def _leave_the_parents_connections_alone() -> None:
    """Give a forked child empty pools. The parent's are kept, unused: closing one would talk on its line."""
    for engine in list(_postgresql_engines):
        _inherited.append(engine.pool)
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_the_parents_connections_alone)
