"""The disk under the instance is full: one plain error, nothing lost, and no restart once there is room again.

The instance lies on a small file system of its own. Where none may be mounted, and once more in the soak run, the
processes of the service are forbidden to make any file longer instead (to SQLite that is a disk that fails).
"""

import http.client
import json
import resource
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.running import descendants
from tests.durability.clients import assert_kept, client_of
from tests.durability.serving import FORKED, serving, workers

IN_SOAK, NORMALLY = 20, 2
SIZE = 12 * 2**20
_CHUNK = 2**16
_MOST = 1000  # steps that fit into the WAL as it is


@dataclass
class SmallDisk:
    """A file system that can be filled to the last byte, and freed."""

    folder: Path
    told = (507, "store.full")

    def fill(self, _pid):
        size = _CHUNK
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            while size:
                try:
                    filler.write(b"\0" * size)
                except OSError:
                    size //= 2

    def free(self):
        (self.folder / "filler").unlink()


@dataclass
class Limit:
    """A folder on a disk of any size, and processes that may not write to the end of any file."""

    folder: Path
    limited: list[int] = field(default_factory=list)
    told = (503, "store.failed")

    def fill(self, pid):
        self.limited = descendants(pid)
        self._allow(0)

    def free(self):
        self._allow(resource.RLIM_INFINITY)

    def _allow(self, size):
        for pid in self.limited:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder):
    """Mount a small file system on `folder` for the block; where that is not allowed, give a limit in its place."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield Limit(folder)
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def is_told(answer, expected):
    """Assert that an answer is the one error in the interface's shape, and says what to do."""
    body = answer.body
    assert (answer.status, body["code"]) == expected
    assert set(body) == {"code", "status", "message", "errors"}
    assert body["status"] == answer.status
    assert "same id" in body["message"]
    assert "operator" in body["message"]


def until_refused(client, number):
    """Record until there is no room left; return the step that found none, and its answer."""
    for turn in range(number, number + _MOST):
        body = client.step(turn)
        answer = client.send(body)
        if answer.status != 201:
            return body, answer
        client.acknowledged[body["id"]] = answer
    raise AssertionError(f"{_MOST} steps were recorded on a full disk")


def fetched(client, method, path, body=None):
    line = http.client.HTTPConnection("127.0.0.1", client.port, timeout=120)
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    line.request(method, path, body and json.dumps(body), headers)
    answer = line.getresponse()
    said = answer.status, json.loads(answer.read())
    line.close()
    return said


def kept_or_told(client, body, disk):
    """Send a step to a full disk: what still fits somewhere is kept, anything else is told; return whether refused."""
    answer = client.send(body)
    if answer.status in (200, 201):
        client.acknowledged[body["id"]] = answer
        return False
    is_told(answer, disk.told)
    return True


def refused_and_healed(client, disk, process, turn):
    """Fill the disk, see what is told, free it, and send everything again; return how many were refused."""
    disk.fill(process.pid)
    body, answer = until_refused(client, turn)
    is_told(answer, disk.told)
    bodies = [body, *(client.step(turn + more) for more in range(3))]
    refused = 1 + sum(kept_or_told(client, each, disk) for each in bodies)
    status, said = fetched(client, "POST", "/api/v1/steps/batch", {"steps": bodies})
    assert status == 200
    assert {(one["status"], one["body"].get("code")) for one in said["results"]} <= {
        disk.told,
        (200, None),
        (201, None),
    }
    assert fetched(client, "GET", f"/api/v1/therapies/{body['therapy']}")[0] == 200
    disk.free()
    for each in bodies:
        again = client.send(each)
        assert again.status in (200, 201), again.raw
        client.acknowledged[each["id"]] = again
    assert client.send(client.step(turn)).status == 201
    return refused


def is_survived(disk, times):
    """Run the disk full so many times under one service; return the client and how many requests were refused."""
    with serving(disk.folder / "instance", f"sqlite:///{disk.folder / 'coi.sqlite3'}", **FORKED) as (
        office,
        port,
        process,
    ):
        client = client_of(office, port)
        before, refused = sorted(workers(process)), 0
        for turn in range(times):
            refused += refused_and_healed(client, disk, process, turn)
            assert sorted(workers(process)) == before
        assert_kept(office, client.acknowledged)
    return client, refused


@pytest.mark.slow
def test_a_full_disk_is_told_and_loses_nothing_and_heals_without_a_restart(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        is_survived(disk, NORMALLY)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_full_disks_are_told_and_lose_nothing_and_heal_without_a_restart(tmp_path, record_property):
    with small_disk(tmp_path / "disk") as disk:
        client, refused = is_survived(disk, IN_SOAK)
    record_property("disk", type(disk).__name__)
    record_property("full", IN_SOAK)
    record_property("acknowledged", len(client.acknowledged))
    record_property("refused", refused)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_times_no_file_may_grow_and_nothing_is_lost(tmp_path, record_property):
    (tmp_path / "disk").mkdir()
    client, refused = is_survived(Limit(tmp_path / "disk"), IN_SOAK)
    record_property("full", IN_SOAK)
    record_property("acknowledged", len(client.acknowledged))
    record_property("refused", refused)
