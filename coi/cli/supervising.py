"""Supervision: a few child processes are kept running until the parent is told to stop.

A child that dies is started again, later each time. One that must start and dies before it ever answered ends the
whole: what cannot start will not start the tenth time either.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import click
import structlog

_TURN_SECONDS = 0.1
_STOP_SECONDS = 9.0  # from asking a child to stop until it is killed
_LONGEST_WAIT = 30.0
_PROVEN_SECONDS = 60.0  # a child that lived so long starts with a clean record
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_log = structlog.get_logger("coi.serve")


@dataclass(kw_only=False)
class Child:
    """A process to be kept running, and how it went so far."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    fds: tuple[int, ...] = ()
    must_start: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0  # both by the monotonic clock
    deaths: int = 0


def supervise(children: Sequence[Child], *, answers: Callable[[], bool], ready: Callable[[], None]) -> int:
    """Run `children` until SIGTERM, SIGINT or SIGHUP, then stop them; return the exit code.

    `ready` is called once, when `answers` is true for the first time.
    """
    told: list[int] = []
    before = {each: signal.signal(each, lambda number, _: told.append(number)) for each in _STOPS}
    answered = False
    try:
        while not told:
            for child in children:
                if not _kept(child, answered=answered):
                    click.echo(f"The {child.name} process cannot start; its last words are above.", err=True)
                    return 1
            if not answered and answers():
                answered = True
                ready()
            time.sleep(_TURN_SECONDS)
    finally:
        _stop(children)
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _kept(child: Child, *, answered: bool) -> bool:
    """Start `child` when it is its turn; tell whether there is hope."""
    now = time.monotonic()
    if child.process is None:
        if now >= child.due_at:
            child.started_at = now
            child.process = _started(child)
        return True
    code = child.process.poll()
    if code is None:
        return True
    child.process = None
    child.deaths = 1 if now - child.started_at > _PROVEN_SECONDS else child.deaths + 1
    child.due_at = now + min(_LONGEST_WAIT, 0.5 * 2 ** min(child.deaths, 10))
    _log.error("serve.child_died", child=child.name, code=code, again_in_seconds=round(child.due_at - now, 1))
    return answered or not child.must_start


def _started(child: Child) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own commands
        child.command,
        env=dict(child.environ),
        stdin=subprocess.DEVNULL,
        pass_fds=child.fds,
        start_new_session=True,  # a terminal's Ctrl-C reaches the parent alone, which then stops its children in order
    )


def _stop(children: Sequence[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
