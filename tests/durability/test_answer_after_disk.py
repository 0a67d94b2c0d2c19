"""No answer leaves before the disk has its entry: the order of the system calls, as the kernel saw them.

SQLite syncs in the web worker itself, so one trace shows it. With PostgreSQL it takes two: the worker answers after the
server has confirmed the COMMIT, and the server confirms it after it has synced its WAL.
"""

import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.adversary.test_worker_kills import make_instance
from tests.cli.running import Instance, descendants, free_port, health, leaders, until
from tests.durability.clients import assert_kept, client_of
from tests.durability.serving import killed
from tests.durability.tracing import events, require_strace, strace
from tests.stores import new_cluster, require_postgresql, start_server

IN_SOAK, NORMALLY = 500, 20
WRITES, SYNCS, SENDS = (
    {"pwrite64", "pwritev", "pwritev2"},
    {"fsync", "fdatasync"},
    {"sendto", "sendmsg", "write", "writev"},
)
TRACED = ",".join(sorted(WRITES | SYNCS | SENDS | {"recvfrom", "read"}))
DATABASE_FILE = re.compile(r"\d+<([^>]*\.sqlite3(?:-wal)?)>")
WAL_FILE = re.compile(r"\d+<([^>]*/pg_wal/[^>]*)>")


class TooEarly(AssertionError):
    """Something was told before the disk had it."""


def answers_after_sync(log):
    """Count the answers 201 in the trace of a web worker with SQLite; each must follow the sync of what it wrote."""
    unsynced, synced, answers = defaultdict(set), set(), 0
    for event in events(log):
        file, thread = DATABASE_FILE.match(event.text), event.thread
        if _asks(event):
            synced.discard(thread)
        elif event.call in WRITES and file and not event.ended:
            unsynced[thread].add(file[1])
        elif event.call in SYNCS and event.ended and not event.failed:
            _note_sync(unsynced[thread], event, file)
            synced.add(thread)
        elif _answers(event):
            answers += 1
            if unsynced[thread] or thread not in synced:
                raise TooEarly(f"answer {answers} left before {unsynced[thread] or 'anything'} was synced")
    return answers


def _asks(event):
    return event.ended and event.call in {"recvfrom", "read"} and "POST /api/v1/steps" in event.text


def _answers(event):
    return not event.ended and event.call in SENDS and '"HTTP/1.1 201' in event.text


def _note_sync(unsynced, event, file):
    # The line of a sync that was interrupted names no file; the thread that made it has no other under way.
    unsynced.clear() if file is None else unsynced.discard(file[1])


def answers_after_commit(log):
    """Count the answers 201 of a web worker with PostgreSQL; each must follow the server's word that it committed."""
    committed, answers = set(), 0
    for event in events(log):
        if _asks(event):
            committed.discard(event.thread)
        elif event.ended and event.call == "recvfrom" and "COMMIT\\0" in event.text:
            committed.add(event.thread)
        elif _answers(event):
            answers += 1
            if event.thread not in committed:
                raise TooEarly(f"answer {answers} left before the server confirmed a commit")
    return answers


def commits_after_sync(log):
    """Count the commits that a PostgreSQL server confirmed; before each one it must have synced its WAL.

    Any process of the server may have done so, since one sync is good for all that was written before it.
    """
    unsynced, waiting, commits = defaultdict(set), {}, 0
    for event in events(log):
        file, thread = WAL_FILE.match(event.text), event.thread
        if event.ended and event.call == "recvfrom" and "COMMIT" in event.text:
            waiting[thread] = False
        elif event.call in WRITES and file and not event.ended:
            unsynced[thread].add(file[1])
        elif event.call in SYNCS and event.ended and not event.failed:
            _note_sync(unsynced[thread], event, file)
            waiting = dict.fromkeys(waiting, True)
        elif not event.ended and event.call in SENDS and "COMMIT\\0" in event.text:
            commits += 1
            if unsynced[thread] or not waiting.pop(thread, False):
                raise TooEarly(f"commit {commits} was confirmed before the WAL was synced")
    return commits


@contextmanager
def traced_worker(folder, url, log, app="coi.app:create_app()"):
    """Run gunicorn as `coi serve` does, under strace, for the block; give its office and its port."""
    office, port = make_instance(folder, url), free_port()
    command = [
        *strace(log, "-e", f"trace={TRACED}"), sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind",
        f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "1", "--threads", "4", app,
    ]  # fmt: skip
    environ = Instance(folder, url).environ | {"COI_LOG_LEVEL": "error", "COI_DEMO": "true"}
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: health(port) == 200 or process.poll() is not None, what="/health")
            yield office, port
            _told_to_stop(process)
        finally:
            killed(*descendants(process.pid), process.pid)
            office.store.close()


def _told_to_stop(process):
    """Stop what runs under strace, which itself ends with it, when the trace is whole."""
    for pid in leaders(process.pid):
        os.kill(pid, signal.SIGTERM)
    process.wait(60)


def recorded(office, port, steps):
    """Record so many steps, two at a time; all of them must be there after."""
    client = client_of(office, port)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(client.until_acknowledged, map(client.step, range(steps))))
    assert_kept(office, client.acknowledged)


def with_sqlite(tmp_path, steps, **more):
    require_strace()
    log = tmp_path / "trace"
    with traced_worker(tmp_path / "instance", f"sqlite:///{tmp_path / 'coi.sqlite3'}", log, **more) as (office, port):
        recorded(office, port, steps)
    return answers_after_sync(log.read_text(errors="replace"))


def with_postgresql(tmp_path, steps, *, durable=True):
    """Return how many answers the worker gave, and how many commits the server confirmed meanwhile."""
    require_strace()
    require_postgresql()
    log = tmp_path / "trace"
    with new_cluster() as cluster:
        server_log = cluster.folder / "trace"
        server = start_server(cluster, durable=durable, under=strace(server_log, "-e", f"trace={TRACED}"))
        try:
            url = cluster.url(cluster.create())
            with traced_worker(tmp_path / "instance", url, log) as (office, port):
                before = server_log.stat().st_size
                recorded(office, port, steps)
        finally:
            _told_to_stop(server)
        said = server_log.read_bytes()[before:].decode(errors="replace")
    return answers_after_commit(log.read_text(errors="replace")), commits_after_sync(said)


@pytest.mark.slow
def test_no_answer_leaves_before_the_last_sync_of_its_entry(tmp_path):
    assert with_sqlite(tmp_path, NORMALLY) == NORMALLY


@pytest.mark.slow
def test_no_answer_leaves_before_the_server_synced_its_commit(tmp_path):
    answers, commits = with_postgresql(tmp_path, NORMALLY)
    assert answers == NORMALLY
    assert commits >= NORMALLY


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_none_of_five_hundred_answers_leaves_before_the_last_sync_of_its_entry(tmp_path, record_property):
    assert with_sqlite(tmp_path, IN_SOAK) == IN_SOAK
    record_property("answers", IN_SOAK)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_none_of_five_hundred_answers_leaves_before_the_server_synced_its_commit(tmp_path, record_property):
    answers, commits = with_postgresql(tmp_path, IN_SOAK)
    assert answers == IN_SOAK
    record_property("answers", answers)
    record_property("commits", commits)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_sqlite_that_does_not_sync_is_found(tmp_path):
    with pytest.raises(TooEarly, match="left before"):
        with_sqlite(tmp_path, NORMALLY, app="tests.durability.hasty:app()")


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_postgresql_server_that_does_not_sync_is_found(tmp_path):
    with pytest.raises(TooEarly, match="confirmed before"):
        with_postgresql(tmp_path, NORMALLY, durable=False)


ASKED = '7 recvfrom(9<socket:[1]>, "POST /api/v1/steps HTTP/1.1", 8192, 0, NULL, NULL) = 27\n'
WROTE = '7 pwrite64(5</i/coi.sqlite3-wal>, "x", 4096, 56) = 4096\n'
SYNCED = "7 fdatasync(5</i/coi.sqlite3-wal>) = 0\n"
ANSWERED = '7 sendto(9<socket:[1]>, "HTTP/1.1 201 CREATED", 20, 0, NULL, 0) = 20\n'
BEGUN = "7 fdatasync(5</i/coi.sqlite3-wal> <unfinished ...>\n"
ENDED = "7 <... fdatasync resumed>) = 0\n"
BROKEN = "7 <... fdatasync resumed>) = -1 EIO (Input/output error)\n"


@pytest.mark.parametrize("lines", [[WROTE, SYNCED], [WROTE, WROTE, SYNCED], [WROTE, BEGUN, ENDED], [WROTE, SYNCED] * 2])
def test_an_answer_after_the_sync_is_counted(lines):
    assert answers_after_sync("".join([ASKED, *lines, ANSWERED])) == 1


@pytest.mark.parametrize(
    "lines",
    [[], [WROTE], [WROTE, SYNCED, WROTE], [WROTE, BEGUN], [WROTE, BEGUN, BROKEN], [SYNCED, WROTE],
     [WROTE, SYNCED.replace("7", "8", 1)], [WROTE, SYNCED, ANSWERED, ASKED]],
)  # fmt: skip
def test_an_answer_before_the_sync_is_found(lines):
    with pytest.raises(TooEarly):
        answers_after_sync("".join([ASKED, *lines, ANSWERED]))
