"""The command line as an operator uses it: a process of its own, an instance folder, one of the two databases."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from coi.cli import main
from tests.worlds import open_office

PATIENCE = 60
QUICK = {"COI_ARGON2_TIME_COST": "1", "COI_ARGON2_MEMORY_COST": "8", "COI_ARGON2_PARALLELISM": "1"}


def finished(instance):
    """Have `coi init` finish outside a demo: with two copies of the vault's key in their places."""
    assert "not finished" in instance.run("init", expect=1)
    key = instance.folder / "keys" / "vault.key"
    copies = [instance.folder.parent / "safe-1.key", instance.folder.parent / "safe-2.txt"]
    copies[0].write_bytes(key.read_bytes())
    copies[1].write_text(key.read_bytes().hex() + "\n")  # typed from paper
    instance.run("init", "--escrow", copies[0], "--escrow", copies[1])
    return copies


@dataclass
class Instance:
    """An instance folder with its database; nothing is in either before `coi init`."""

    folder: Path
    url: str
    owner_url: str | None = None

    @property
    def environ(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("COI_")}
        owner = {"COI_DATABASE_OWNER_URL": self.owner_url} if self.owner_url else {}
        return kept | QUICK | owner | {"COI_INSTANCE": str(self.folder), "COI_DATABASE_URL": self.url}

    def run(self, *arguments, expect=0, **environ):
        """Run one command in this process and return what it printed; or what it said on standard error, if nothing."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environ | environ, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main([str(argument) for argument in arguments])
                code = 0
            except SystemExit as end:
                code = end.code or 0
        assert code == expect, out.getvalue() + err.getvalue()
        return out.getvalue() or err.getvalue()

    def run_alone(self, *arguments, expect=0, **environ):
        """Run one command as a process of its own, as an operator does; return as `run` does."""
        done = subprocess.run(
            [sys.executable, "-m", "coi.cli", *map(str, arguments)], env=self.environ | environ, capture_output=True,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout or done.stderr

    @contextmanager
    def office(self):
        opened = open_office(self.folder, self.url)
        try:
            yield opened
        finally:
            opened.store.close()

    @contextmanager
    def served(self, port, **environ):
        """Run `coi serve` for the block and kill what is left of it after."""
        with subprocess.Popen(
            [sys.executable, "-m", "coi.cli", "serve", "--port", str(port)], env=self.environ | environ,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                left = [process.pid, *descendants(process.pid)]
                if process.poll() is None:
                    for pid in left:
                        os.kill(pid, 9)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def health(port):
    """Return the status of /health, or None when nobody answers."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/health")
        return line.getresponse().status
    except OSError:
        return None
    finally:
        line.close()


def until(true, *, what, patience=PATIENCE):
    """Ask again and again; return the first answer that is true."""
    for _ in range(patience * 10):
        if answer := true():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {patience} seconds for {what}")


def descendants(pid):
    """Return the processes that `pid` started, and those that they started."""
    asked = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    children = [int(each) for each in asked.stdout.split()]
    return [*children, *(each for child in children for each in descendants(child))]


def leaders(pid):
    """Return the processes that `pid` started itself and that live."""
    asked = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [each for each in map(int, asked.stdout.split()) if alive(each) and each != pid]


def alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
