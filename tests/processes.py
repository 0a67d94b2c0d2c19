"""Other processes for the tests: forked, told what to do over a pipe, killed at the end of the block."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from contextlib import contextmanager

fork = multiprocessing.get_context("fork")
PATIENCE = 60  # seconds until a hanging test is called hanging


class Other:
    """A forked process that runs `target(talk, *args)`; `talk` is its end of the pipe."""

    def __init__(self, target, *args):
        self.talk, theirs = fork.Pipe()
        self.process = fork.Process(target=_run, args=(target, self.talk, theirs, *args), daemon=True)
        self.process.start()
        theirs.close()

    @property
    def pid(self):
        return self.process.pid

    def hears(self, expected=None):
        assert self.talk.poll(PATIENCE), "the other process said nothing"
        said = self.talk.recv()
        if expected is not None:
            assert said == expected, said
        return said

    def says(self, word):
        self.talk.send(word)

    def killed(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.join()  # without a limit: with one it would wait for forked children, too
        assert self.process.exitcode == -signal.SIGKILL

    def ended(self):
        self.process.join(PATIENCE)
        assert self.process.exitcode == 0, f"the other process ended with {self.process.exitcode}"


def _run(target, other_end, talk, *args):
    other_end.close()  # else nobody in this process, or forked by it, would notice that the test is gone
    try:
        target(talk, *args)
    except BaseException:
        traceback.print_exc()
        raise


@contextmanager
def other(target, *args):
    """Run `target` in another process for the block."""
    process = Other(target, *args)
    try:
        yield process
    finally:
        process.talk.close()
        if process.process.is_alive():
            process.process.kill()
        process.process.join(PATIENCE)


def all_end_well(target, *, times, args=()):
    """Run `target` in so many processes at once and see that each ends without an error."""
    started = [Other(target, *args) for _ in range(times)]
    for each in started:
        each.ended()
