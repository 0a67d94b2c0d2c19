"""strace for the durability tests: what a process asks of the system, and system calls that fail when told to."""

import os
import shutil

import pytest

CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def require_strace():
    """Skip the test where strace is not installed; fail it under CI, where nothing may be skipped."""
    if shutil.which("strace"):
        return
    if CI:
        pytest.fail("got no strace under CI, expected one: install the strace package")
    pytest.skip("strace is not installed: apt install strace")


def strace(log, *options):
    """Return the words before a command that is to be traced, with its children, into `log`."""
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "256", "-o", str(log), *options]
