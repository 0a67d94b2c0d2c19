"""kill -9 under load: workers of `coi serve`, and the processes of PostgreSQL, die at random moments.

Several people record at once all the time; each sends its step again until it is acknowledged. Whom it hits and when
is drawn: a kill comes after some more acknowledgements and a moment, so that it always falls into work.
"""

import random
import signal
import time
from collections import Counter
from itertools import cycle

import pytest

from tests.cli.running import alive, leaders, until
from tests.durability.clients import assert_kept, client_of, under_load
from tests.durability.serving import FORKED, killed, serving, workers
from tests.stores import new_cluster, require_postgresql, start_server

IN_SOAK, NORMALLY = 500, 10
_LONGEST_MOMENT = 0.03


class Server:
    """A PostgreSQL server with fsync whose processes can be killed, and which is then started again."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.process = start_server(cluster, durable=True)

    def one_killed(self, draw):
        """Kill one process that the server started: a backend, the checkpointer … the server then starts all anew."""
        victims = until(lambda: leaders(self.process.pid), what="a process of the server")
        return killed(draw.choice(victims))

    def all_killed(self):
        """Kill everything at once and start it again."""
        gone = [self.process.pid, *leaders(self.process.pid)]
        killed(*gone)
        self.process.wait()
        until(lambda: not any(map(alive, gone)), what="the end of the server's processes")
        self.process = start_server(self.cluster, durable=True)

    def stopped(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


@pytest.fixture
def server():
    """A PostgreSQL server of this test alone, with fsync."""
    require_postgresql()
    with new_cluster() as cluster:
        running = Server(cluster)
        try:
            yield running
        finally:
            running.stopped()


def worker_killed(process, draw):
    """Kill one web worker; there may be none in the moment after another kill."""
    return killed(draw.choice(until(lambda: workers(process), what="a web worker")))


def nothing_is_lost(folder, url, kills, *, others=(), **environ):
    """Kill `kills` times, workers and `others` in turn; return the client and how many died of each."""
    draw, died = random.Random(kills), Counter()
    with serving(folder, url, **environ) as (office, port, process):
        client = client_of(office, port, therapies=8 if kills < IN_SOAK else 200)
        worker = ("worker", lambda: worker_killed(process, draw))
        turns = cycle([each for other in others for each in (worker, other)] or [worker])
        with under_load(client):
            while died.total() < kills:
                client.wait_for(draw.randint(1, 4))
                time.sleep(draw.uniform(0, _LONGEST_MOMENT))
                name, kill = next(turns)
                died[name] += kill() is not False
        last = client.until_acknowledged(client.step(0))
        assert last.status == 201
        assert_kept(office, client.acknowledged)
    return client, died


def _on_postgresql(server, tmp_path, kills, **environ):
    draw = random.Random(-kills)
    url = server.cluster.url(server.cluster.create())
    others = [("server process", lambda: server.one_killed(draw)), ("whole server", server.all_killed)]
    return nothing_is_lost(tmp_path / "instance", url, kills, others=others, **environ)


def _measured(record_property, client, died):
    record_property("kills", dict(died))
    record_property("acknowledged", len(client.acknowledged))
    record_property("not acknowledged at once", dict(client.told))


@pytest.mark.slow
def test_workers_killed_under_load_lose_and_double_nothing(sqlite_url, tmp_path):
    nothing_is_lost(tmp_path / "instance", sqlite_url, NORMALLY, **FORKED)


@pytest.mark.slow
def test_workers_and_servers_killed_under_load_lose_and_double_nothing(server, tmp_path):
    _on_postgresql(server, tmp_path, NORMALLY, **FORKED)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_five_hundred_workers_killed_under_load_lose_and_double_nothing(sqlite_url, tmp_path, record_property):
    _measured(record_property, *nothing_is_lost(tmp_path / "instance", sqlite_url, IN_SOAK))


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_five_hundred_workers_and_servers_killed_under_load_lose_and_double_nothing(server, tmp_path, record_property):
    _measured(record_property, *_on_postgresql(server, tmp_path, IN_SOAK))
