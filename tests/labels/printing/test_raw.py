"""Raw TCP: what is said of a job when the printer is switched off in the middle of it, and that it is sent once."""

import socket

import pytest

from labels.printing import FAILED, SENT, UNKNOWN, Address, RawPrinter
from tests.labels.printing import listening as printers
from tests.labels.printing.listening import listening

SMALL = b"^XA^FO20,20^FDx^FS^XZ\n"
LARGE = b"^XA^FO0,0^GFA,1,1,1," + b"0" * 30_000_000 + b"^FS^XZ\n"  # more than the buffers on the way hold


@pytest.mark.parametrize("behaviour", [printers.takes_everything, printers.answers_and_takes_everything])
@pytest.mark.parametrize("data", [SMALL, LARGE[-200_000:]])
def test_what_the_printer_took_to_the_end_is_sent(behaviour, data):
    with listening(behaviour) as device:
        assert device.printer().send(data, title="x").state == SENT
    assert bytes(device.received) == data
    assert device.dialled == 1


@pytest.mark.parametrize("behaviour", [printers.closes_half_way, printers.resets])
def test_a_printer_that_is_killed_in_the_middle_leaves_it_unknown_and_it_is_not_sent_again(behaviour):
    with listening(behaviour) as device:
        told = device.printer().send(LARGE, title="x")
    assert told.state == UNKNOWN
    assert "scan it back" in told.message
    assert 0 < len(device.received) < len(LARGE)
    assert device.dialled == 1


def test_a_printer_that_closes_before_it_heard_the_end_leaves_it_unknown():
    with listening(printers.closes_when_it_has_read_what_is_there) as device:
        told = device.printer(done_within=2).send(LARGE, title="x")
    assert told.state == UNKNOWN
    assert device.dialled == 1


def test_a_printer_that_had_closed_before_it_could_know_the_end_leaves_it_unknown_though_it_read_everything():
    with listening(printers.says_goodbye_first) as device:
        told = device.printer().send(LARGE, title="x")
    assert told.state == UNKNOWN
    assert "closed before the end" in told.message


@pytest.mark.parametrize(
    ("behaviour", "data"),
    [(printers.never_reads, SMALL), (printers.never_reads, LARGE), (printers.never_closes, SMALL),
     (printers.talks_for_ever, SMALL)],
)  # fmt: skip
def test_a_printer_that_never_comes_to_an_end_leaves_it_unknown(behaviour, data):
    with listening(behaviour) as device:
        told = device.printer(done_within=0.3).send(data, title="x")
    assert told.state == UNKNOWN
    assert "timed out" in told.message
    assert device.dialled == 1


def test_a_printer_that_is_not_there_failed_and_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    told = RawPrinter(Address("127.0.0.1", port)).send(SMALL, title="x")
    assert told.state == FAILED
    assert "nothing was sent" in told.message


def test_a_name_that_points_to_a_forbidden_place_today_is_not_dialled(monkeypatch):
    there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9100)),
             (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 9100))]  # fmt: skip
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: there)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was dialled"))
    told = RawPrinter(Address("printer.example.org", 9100)).send(SMALL, title="x")
    assert told.state == FAILED
    assert "link-local" in told.message


def test_the_next_number_of_a_name_is_tried_when_the_first_does_not_answer(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()[1]
    real = socket.create_connection
    with listening(printers.takes_everything) as device:
        port = device.address.port
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        def dial(place, timeout):
            return real(("127.0.0.1", gone) if place[0] == "127.0.0.2" else place, timeout=timeout)

        monkeypatch.setattr(socket, "create_connection", dial)
        assert RawPrinter(Address("printer.example.org", port)).send(SMALL, title="x").state == SENT
    assert bytes(device.received) == SMALL
