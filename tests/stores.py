"""Real databases for the tests: a SQLite file, and a PostgreSQL server of our own on a Unix socket.

The server is started once per test process and dies with it. It runs without fsync: a test that asks whether an
acknowledged write survives a power cut must start its own with `durable=True`.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

_SETTLED_SECONDS = 30
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30  # bytes that a server of quick tests may need; a container often has 64 MB of this memory only


@dataclass
class Cluster:
    """A running PostgreSQL server of this test process."""

    folder: Path
    _names: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str, *, user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def create(self, *, template: str = "template1", name: str | None = None) -> str:
        """Create a database as a copy of another, which nobody may be using, and return its name."""
        name = name or f"test_{next(self._names)}"
        with self.admin() as conn:
            conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        with self.admin() as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def running_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """Start a PostgreSQL server for the block and stop it after."""
    with new_cluster(in_memory=not durable) as cluster:
        server = start_server(cluster, durable=durable)
        try:
            yield cluster
        finally:
            server.terminate() if durable else server.send_signal(3)  # SIGQUIT: nothing is worth keeping
            server.wait(timeout=_SETTLED_SECONDS)


@contextmanager
def new_cluster(*, in_memory: bool = False) -> Iterator[Cluster]:
    """Make the files of a server in a short temporary folder (a socket's path has 107 bytes) and remove them after."""
    roomy = in_memory and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    folder = Path(tempfile.mkdtemp(prefix="coi-pg-", dir=_MEMORY if roomy else None))
    folder.chmod(0o755)  # the server's user and ours both come through
    try:
        data = folder / "data"
        data.mkdir()
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(data, "postgres")
        subprocess.run(
            [*_as_server(), _binary("initdb"), "--pgdata", data, "--username=postgres", "--auth=trust",
             "--encoding=UTF8", "--locale=C", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        yield Cluster(folder=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_server(cluster: Cluster, *, durable: bool, under: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start the server of `cluster` and return when it answers; `under` are words before its command."""
    quick = [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
    folder = cluster.folder
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            [*_as_server(die_with_us=True), *under, _binary("postgres"), "-D", folder / "data", "-k", folder,
             "-c", "listen_addresses=", "-c", "max_connections=200", *quick],
            stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    try:
        _wait_until_ready(folder, server)
    except BaseException:
        server.kill()
        server.wait()
        raise
    return server


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SETTLED_SECONDS
    while True:
        try:
            psycopg.connect(Cluster(folder).url("postgres")).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start: " + (folder / "log").read_text()) from None
            time.sleep(0.02)
        else:
            return


def _as_server(*, die_with_us: bool = False) -> list[str]:
    """Words before a server command: PostgreSQL refuses root, and must not outlive a killed test run."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    return [setpriv, *user, *(["--pdeathsig=QUIT"] if die_with_us else [])]


def _binary(name: str) -> str:
    found = find_binary(name)
    assert found, f"{name} is gone"
    return found


def find_binary(name: str) -> str | None:
    """Path of a PostgreSQL program: on the PATH, or in the newest version that the system installed."""
    if found := shutil.which(name):
        return found
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[-3]))
    return str(installed[-1]) if installed else None


def require_postgresql() -> None:
    """Skip the test where PostgreSQL is not installed; fail it under CI, where nothing may be skipped."""
    if find_binary("initdb") and find_binary("postgres"):
        return
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail("got no PostgreSQL under CI, expected initdb and postgres: install the postgresql package")
    pytest.skip("PostgreSQL is not installed: apt install postgresql")
