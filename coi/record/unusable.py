"""A store that cannot do its work just now, in plain words: busy, full, or failing.

None of the three says that nothing was recorded: an error may come while COMMIT is under way, and the entry may
then be there. Whoever sends the same again, under the same id, is told; it is never recorded twice. None of them
needs a restart either: the next call tries again, on a new connection where the old one is of no more use.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BUSY_POSTGRESQL = {"55P03", "40001", "40P01"}  # lock_timeout, serialization failure, deadlock
_FULL_POSTGRESQL = "53100"
_FAILED_POSTGRESQL = ("08", "53", "57P", "58")  # connection, resources, shutdown or crash, the server's own disk
_FAILED_SQLITE = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL}  # the last: of its file locks


class StoreUnusable(Exception):
    """The store could not do what was asked just now; the same can be asked again."""


class StoreBusy(StoreUnusable):
    """Somebody else held the write lock, or all connections, for longer than the caller may wait."""


class StoreFull(StoreUnusable):
    """There is no room left where the database lies."""


class StoreFailed(StoreUnusable):
    """The disk or the database server failed, or is not there."""


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Say what the database says in the words of this module; what is no trouble of the store passes as it is."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, PoolTimeout, OSError) as exc:
        said = meaning(exc)
        if said is None:
            raise
        raise said from exc


def meaning(exc: Exception) -> StoreUnusable | None:
    """Return what an exception says of the store; None when it says nothing of it."""
    cause = getattr(exc, "orig", exc)
    if isinstance(exc, PoolTimeout) or _is_busy(cause):
        return StoreBusy("got a store that stayed busy, expected a turn within the set time: try again in a moment")
    if _is_full(cause):
        return StoreFull("got a full disk, expected room for an entry: free some where the database lies")
    if _is_failing(cause) or getattr(exc, "connection_invalidated", False):
        return StoreFailed("got a database that fails, expected one that answers: look at its disk and its server, "
                           "and try again")  # fmt: skip
    return None


def first_line(fault: Exception) -> str:
    """Return what a database said, without the statement and its values."""
    cause = fault.__cause__ if isinstance(fault, StoreUnusable) and fault.__cause__ else fault
    said = str(getattr(cause, "orig", cause)).strip().splitlines()
    return said[0].rstrip(".") if said else type(fault).__name__


def _is_busy(cause: BaseException) -> bool:
    return _sqlite_code(cause) == sqlite3.SQLITE_BUSY or _sqlstate(cause) in _BUSY_POSTGRESQL


def _is_full(cause: BaseException) -> bool:
    # SQLite says "I/O error" when it finds no room for the index of the WAL, which is nothing but room.
    return (
        (isinstance(cause, OSError) and cause.errno in _NO_ROOM)
        or _sqlite_code(cause) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHMSIZE
        or _sqlstate(cause) == _FULL_POSTGRESQL
    )


def _is_failing(cause: BaseException) -> bool:
    return (
        (isinstance(cause, OSError) and cause.errno == errno.EIO)
        or _sqlite_code(cause) in _FAILED_SQLITE
        or _sqlstate(cause).startswith(_FAILED_POSTGRESQL)
        or _never_reached_a_server(cause)
    )


def _never_reached_a_server(cause: BaseException) -> bool:
    return type(cause).__module__.startswith("psycopg") and type(cause).__name__ == "OperationalError"


def _sqlite_code(cause: BaseException) -> int:
    """Return SQLite's primary result code, 0 for what is none."""
    return int(getattr(cause, "sqlite_errorcode", 0)) & 0xFF


def _sqlstate(cause: BaseException) -> str:
    return getattr(cause, "sqlstate", None) or ""
