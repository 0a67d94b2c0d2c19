"""`coi serve` for the durability tests: a process of its own that speaks into a file, whose workers can be found."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from tempfile import TemporaryFile

from tests.adversary.test_worker_kills import make_instance
from tests.cli.running import Instance, alive, descendants, free_port, health, leaders, until

FORKED = {"GUNICORN_CMD_ARGS": "--preload"}  # workers are there in no time; without it each one imports everything


@contextmanager
def serving(folder, url, **environ):
    """Run `coi serve` on a new demo instance for the block; give its office, its port and its process."""
    office = make_instance(folder, url)
    port = free_port()
    settings = {"COI_LOG_LEVEL": "error", "COI_DEMO": "true"} | environ
    command = [sys.executable, "-m", "coi.cli", "serve", "--port", str(port)]
    with (
        TemporaryFile("w+") as said,
        subprocess.Popen(command, env=Instance(folder, url).environ | settings, stdout=said, stderr=said) as process,
    ):
        try:
            until(lambda: health(port) == 200 or process.poll() is not None, what="/health")
            assert process.poll() is None, _said(said)
            yield office, port, process
            process.send_signal(signal.SIGTERM)
            process.wait(120)
        finally:
            killed(process.pid, *descendants(process.pid))
            office.store.close()


def _said(file):
    file.seek(0)
    return file.read()


def workers(process):
    """Return the web workers that live: what the web server, which `coi serve` started, started itself."""
    return [pid for child in leaders(process.pid) for pid in leaders(child)]


def killed(*pids):
    """Kill processes, of which some may be dead; tell whether one lived."""
    lived = [pid for pid in pids if alive(pid)]
    for pid in lived:
        os.kill(pid, signal.SIGKILL)
    return bool(lived)
