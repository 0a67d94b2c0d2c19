"""The fair write lock of a SQLite store: whoever asked first writes first, across threads and processes.

SQLite itself lets one connection write at a time, but a waiting one only sleeps and tries again, so it can be
overtaken for seconds while a courier stands at the hatch. Here everybody who wants to write queues:

1. the threads of one process wait in a first-in, first-out queue; only its head goes on;
2. the heads of all processes draw numbered tickets at a lock file beside the database. A ticket is a lock on a
   byte above all bytes locked so far, and it is somebody's turn when no byte below his own is locked any more.
   The file stays empty: a counter in it could be damaged, and slowed every commit down where we measured it.

The kernel drops the byte locks of a process that dies, however it dies, so a killed holder or a killed waiter
frees its place at once and there is nothing to clean up. The locks belong to the process, not to the open file
(POSIX record locks): a forked child inherits none of them, and the descriptor is closed when a program is
executed. For the same reason nobody else in this process may open and close the lock file: that would drop them. So
there is one lock object for each file as long as the process lives; it alone closes the file, while nobody holds it.

What this module does not do: exclude writers that do not ask here (the sqlite3 shell). `BEGIN IMMEDIATE` does.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from coi.record.unusable import StoreBusy

_DRAWING = 0  # the byte that is locked while a ticket is drawn; tickets are the bytes from 1 on
_ALL_ABOVE = 0  # as a length: up to the end of all offsets
_SHORTEST_PAUSE = 0.00005  # seconds between two looks at the queue of processes; looking never changes the order
_LONGEST_PAUSE = 0.0005


class WriteReentered(RuntimeError):
    """A thread that is already writing to a store asked to write to it again: a mistake in the program."""


def write_lock(database: Path) -> WriteLock:
    """Return the write lock of a SQLite database file; one and the same object for all of this process and its life.

    The lock file lies beside the database and is named after it, with `.lock` added. It may be left there.
    """
    path = f"{os.path.realpath(database)}.lock"  # one lock, by whatever name the file is opened
    with _registry_guard:
        lock = _registry.get(path)
        if lock is None:
            lock = _registry[path] = WriteLock(path)
        return lock


@contextmanager
def one_write_per_thread(key: str) -> Iterator[None]:
    """Refuse a second write inside the first by the same thread, which would wait for itself for ever.

    Raises WriteReentered.
    """
    held: set[str] = _writing.__dict__.setdefault("keys", set())
    if key in held:
        raise WriteReentered(
            "got a write inside a write by the same thread, expected one at a time: "
            "pass the open connection on instead of opening another"
        )
    held.add(key)
    try:
        yield
    finally:
        held.discard(key)


class WriteLock:
    """First come, first served, for every thread of every process that writes to one database file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._threads = _ThreadQueue()
        self._processes = _ProcessQueue(self.path)

    def start_in_child(self) -> None:
        """Start with empty queues after a fork: what was held or waited for stayed with the parent."""
        self._processes.close()
        self._begin_anew()

    def rest(self) -> None:
        """Close the lock file unless a thread of this process holds or waits for it; it is opened again when needed."""
        if self._threads.enter(0):
            try:
                self._processes.close()
            finally:
                self._threads.leave()

    @contextmanager
    def held(self, *, wait: float) -> Iterator[None]:
        """Hold the lock for the length of a `with` block, after waiting for it at most `wait` seconds.

        Raises StoreBusy when it was not free in time, WriteReentered when this thread holds it already.
        """
        deadline = time.monotonic() + wait  # a stopwatch, not the clock: it is never stored or compared
        with one_write_per_thread(self.path):
            threads, processes = self._threads, self._processes
            if not threads.enter(wait):
                raise self._busy(wait)
            try:
                if not processes.enter(deadline):
                    raise self._busy(wait)
                try:
                    yield
                finally:
                    processes.leave()
            finally:
                threads.leave()

    def _busy(self, wait: float) -> StoreBusy:
        return StoreBusy(
            f"got no turn to write within {wait:g} s, expected one within milliseconds: "
            f"try again, and look for a stopped process that holds {Path(self.path).name}"
        )


class _ThreadQueue:
    """First-in, first-out queue of the threads of this process; the lock is handed over, never dropped."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def enter(self, wait: float) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            if turn.acquire(timeout=max(wait, 0)):
                return True
        except BaseException:
            if not self._give_up(turn):
                self.leave()
            raise
        return not self._give_up(turn)

    def _give_up(self, turn: threading.Lock) -> bool:
        """Step out of the queue; False when the lock was handed over in the last moment."""
        with self._guard:
            if turn not in self._waiting:
                return False
            self._waiting.remove(turn)
            return True

    def leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


class _ProcessQueue:
    """Queue of processes: numbered tickets, each a byte lock that the kernel drops when its process dies."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._number = 1  # of the last ticket: a good place to start looking for the next
        self._fd = -1

    def enter(self, deadline: float) -> bool:
        try:
            ticket = self._draw(deadline)
            if ticket is not None and _look_until(lambda: self._is_turn_of(ticket), deadline):
                return True
        except BaseException:
            self.leave()
            raise
        self.leave()
        return False

    def leave(self) -> None:
        if self._fd >= 0:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

    def _draw(self, deadline: float) -> int | None:
        """Lock a byte above all that are locked and return its number; None when it was not to be had in time."""
        if not _look_until(self._may_draw, deadline):
            return None
        ticket, step = self._number, 1
        while not _try_lock(self._fd, fcntl.LOCK_EX, ticket, _ALL_ABOVE):
            ticket, step = ticket + step, step * 2
        fcntl.lockf(self._fd, fcntl.LOCK_UN, _ALL_ABOVE, ticket + 1)
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _DRAWING)
        self._number = ticket
        return ticket

    def _may_draw(self) -> bool:
        fd = self._descriptor()
        if not _try_lock(fd, fcntl.LOCK_EX, _DRAWING, 1):
            return False
        if os.fstat(fd).st_nlink == 0:  # someone removed the lock file: the others queue, or will queue, at a new one
            self.close()
            return False
        return True

    def _is_turn_of(self, ticket: int) -> bool:
        # A shared lock on all bytes below: refused as long as one earlier ticket lives, never in anybody's way.
        return ticket == 1 or _try_lock(self._fd, fcntl.LOCK_SH, 1, ticket - 1)

    def _descriptor(self) -> int:
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        return self._fd

    def close(self) -> None:
        """Close the lock file. That drops every lock of this process on it: only for who is alone with it."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


def _try_lock(fd: int, how: int, first: int, count: int) -> bool:
    try:
        fcntl.lockf(fd, how | fcntl.LOCK_NB, count, first)
    except OSError as exc:
        if exc.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _look_until(attempt: Callable[[], bool], deadline: float) -> bool:
    """Repeat `attempt` with short pauses until it succeeds or the stopwatch passes `deadline`.

    The kernel offers no wait for a record lock that ends in time, and a place in the queue is kept meanwhile.
    """
    pause = _SHORTEST_PAUSE
    while not attempt():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 1.2, _LONGEST_PAUSE)
    return True


_registry_guard = threading.Lock()
_registry: dict[str, WriteLock] = {}  # never emptied: a second object for a file could close it under the first one
_writing = threading.local()


def _forget_what_the_parent_held() -> None:
    """Start a forked child with empty queues: the threads in them, and the byte locks, stayed in the parent."""
    global _registry_guard  # noqa: PLW0603 - the parent's guard may have been taken in the moment of the fork
    _registry_guard = threading.Lock()
    _writing.__dict__.clear()
    for lock in list(_registry.values()):
        lock.start_in_child()


os.register_at_fork(after_in_child=_forget_what_the_parent_held)
