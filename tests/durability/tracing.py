"""strace for the durability tests: what a process asks of the system, and system calls that fail when told to."""

import os
import re
import shutil
import subprocess
from typing import NamedTuple

import pytest


def require_strace():
    """Skip the test where nothing can be traced; fail it under CI, where nothing may be skipped."""
    if shutil.which("strace") and _ends_well([*strace(os.devnull), "true"]):
        return
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail("could not trace under CI, expected to: install strace, and allow ptrace")
    pytest.skip("nothing can be traced here: apt install strace, and allow ptrace")


def _ends_well(command):
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def strace(log, *options):
    """Return the words before a command that is to be traced, with its children, into `log`."""
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "256", "-o", str(log), *options]


class Event(NamedTuple):
    """The beginning or the end of a system call of one thread; what is written in one line is both, in this order."""

    thread: str
    call: str
    text: str
    ended: bool
    failed: bool = False


def events(log):
    """Read a trace as strace wrote it: calls that another thread interrupted are two lines."""
    for line in log.splitlines():
        if found := _RESUMED.match(line):
            yield Event(found["thread"], found["call"], found["text"], ended=True, failed=_failed(line))
        elif found := _CALL.match(line):
            yield Event(found["thread"], found["call"], found["text"], ended=False)
            if not line.endswith("<unfinished ...>"):
                yield Event(found["thread"], found["call"], found["text"], ended=True, failed=_failed(line))


def _failed(line):
    return bool(re.search(r"\) += -1 ", line))


_CALL = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<text>.*)")
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<call>\w+) resumed>(?P<text>.*)")
