"""`coi serve`: web and watcher from one command, kept running, and nothing left of them after."""

import os
import signal
import socket

import pytest

from tests.cli.running import alive, descendants, free_port, health, leaders, until


def started(process, port):
    until(lambda: health(port) == 200, what="/health", patience=20)
    return until(lambda: len(found := descendants(process.pid)) >= 4 and found, what="workers and watcher")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_stops_when_told_and_leaves_no_process(instance, sign):
    port = free_port()
    with instance.served(port) as process:
        pids = started(process, port)
        said = process.stdout.readline()  # it says where it listens once it has heard itself answer
        process.send_signal(sign)
        _, told = process.communicate(timeout=120)
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}" in said
    assert [pid for pid in pids if alive(pid)] == []
    assert "Traceback" not in told


def test_what_dies_is_started_again(instance):
    port = free_port()
    with instance.served(port) as process:
        started(process, port)
        before = leaders(process.pid)  # the web server's first process, and the watcher
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(set(leaders(process.pid)) - set(before)) == 2, what="both again")
        until(lambda: health(port) == 200, what="/health again")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    assert process.returncode == 0


def test_a_taken_port_is_one_sentence(instance):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = instance.run("serve", "--port", taken.getsockname()[1], expect=1)
    assert "taken" in said
    assert said.count("\n") == 1


def test_a_web_server_that_cannot_start_ends_the_whole(instance):
    said = instance.run_alone("serve", "--port", free_port(), expect=1, GUNICORN_CMD_ARGS="--no-such-option")
    assert "cannot start" in said


def test_a_port_that_is_none_is_refused(instance):
    assert "COI_PORT" in instance.run("serve", "--port", "seventy", expect=1)
