"""Printers that listen at a real TCP port and behave as real ones do, well and badly."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from labels.printing import Address, RawPrinter

Behaviour = Callable[["Listening", socket.socket], None]


@dataclass
class Listening:
    """One listening printer: what it has received, and how often it was dialled."""

    address: Address
    received: bytearray = field(default_factory=bytearray)
    dialled: int = 0
    taken: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def printer(self, *, done_within: float = 10.0) -> RawPrinter:
        return RawPrinter(self.address, connect_within=10.0, done_within=done_within)


@contextmanager
def listening(behaviour: Behaviour) -> Iterator[Listening]:
    """Listen at a free port of this machine for the block; every connection is treated by `behaviour`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        device = Listening(Address("127.0.0.1", server.getsockname()[1]))
        thread = threading.Thread(target=_serve, args=(server, device, behaviour), daemon=True)
        thread.start()
        yield device
        device.let_go.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join(30)


def _serve(server: socket.socket, device: Listening, behaviour: Behaviour) -> None:
    while True:
        try:
            line, _ = server.accept()
        except OSError:
            return
        device.dialled += 1
        with line:
            behaviour(device, line)


def takes_everything(device: Listening, line: socket.socket) -> None:
    """Read to the end, close."""
    while piece := line.recv(4096):
        device.received += piece


def answers_and_takes_everything(device: Listening, line: socket.socket) -> None:
    """Say something of itself, as printers with a status channel do, read to the end, close."""
    line.sendall(b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n")
    takes_everything(device, line)


def closes_half_way(device: Listening, line: socket.socket) -> None:
    """Read the first half, then be switched off."""
    device.received += line.recv(1000)


def closes_when_it_has_read_what_is_there(device: Listening, line: socket.socket) -> None:
    """Close in an orderly way before the other side has said that it is all."""
    device.received += line.recv(1000)
    line.shutdown(socket.SHUT_WR)
    device.let_go.wait(30)


def says_goodbye_first(device: Listening, line: socket.socket) -> None:
    """Close its side at once, and read to the end all the same."""
    line.shutdown(socket.SHUT_WR)
    takes_everything(device, line)


def resets(device: Listening, line: socket.socket) -> None:
    """Tear the line."""
    device.received += line.recv(10)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def never_reads(device: Listening, line: socket.socket) -> None:
    """Accept and hang."""
    device.let_go.wait(30)


def never_closes(device: Listening, line: socket.socket) -> None:
    """Read everything and say nothing, not even goodbye."""
    takes_everything(device, line)
    device.taken.set()
    device.let_go.wait(30)


def talks_for_ever(device: Listening, line: socket.socket) -> None:
    """Send without an end."""
    try:
        while not device.let_go.wait(0.01):
            line.sendall(b"busy ")
    except OSError:
        return
