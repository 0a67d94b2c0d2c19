"""Raw TCP, as label printers listen at port 9100: the bytes go in, the end of our side is told, theirs is awaited.

* What fails before a connection stands is *failed*: no byte was sent.
* From the first byte on, everything but a clean end is *unknown*: a time-out, a reset, a printer that closes before it
  was told that the label is whole. Nothing is ever sent a second time.
"""

import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from time import monotonic
from typing import Final

from labels.printing.address import Address, BadAddress, refuse_place
from labels.printing.job import FAILED, SENT, UNKNOWN, Sent

_PIECE: Final = 4096
_AFTERWARDS: Final = "Look whether it came out: scan it back from its container, or void it."


class _Interrupted(Exception):
    """The printer closed its side before it had heard the end of ours."""


@dataclass(frozen=True, slots=True)
class RawPrinter:
    """A printer that takes bytes at a TCP port. Seconds: to connect, and for everything after that."""

    address: Address
    connect_within: float = 5.0
    done_within: float = 15.0

    def send(self, data: bytes, *, title: str) -> Sent:  # noqa: ARG002 - a raw port knows no titles
        """Give the label to the printer once and say what is known."""
        try:
            line = self._reached()
        except (OSError, BadAddress) as fault:
            return Sent(FAILED, f"The printer at {self.address} was not reached ({fault}); nothing was sent.")
        with line:
            try:
                _hand_over(line, data, until=monotonic() + self.done_within)
            except (OSError, _Interrupted) as fault:
                return Sent(
                    UNKNOWN, f"The printer at {self.address} did not take it to the end ({fault}). {_AFTERWARDS}"
                )
        return Sent(SENT, f"The printer at {self.address} took it. It counts when it was scanned back.")

    def _reached(self) -> socket.socket:
        """Return a connection to the first number of the host that answers; all are judged before one is dialled."""
        found = socket.getaddrinfo(self.address.host, self.address.port, type=socket.SOCK_STREAM)
        places = [(str(place[0]), self.address.port) for *_, place in found]
        for number, _ in places:
            refuse_place(ip_address(number))
        for place in places[:-1]:
            with suppress(OSError):
                return socket.create_connection(place, timeout=self.connect_within)
        return socket.create_connection(places[-1], timeout=self.connect_within)


def _hand_over(line: socket.socket, data: bytes, *, until: float) -> None:
    """Send everything, say that it is all, and wait until the printer has closed its side, too."""
    line.settimeout(_left(until))
    line.sendall(data)  # the time-out is for all of it
    _refuse_early_end(line)
    line.settimeout(_left(until))
    line.shutdown(socket.SHUT_WR)
    while line.recv(_PIECE):  # what it says of itself is not asked for
        line.settimeout(_left(until))


def _left(until: float) -> float:
    seconds = until - monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def _refuse_early_end(line: socket.socket) -> None:
    """Raise when the printer has closed its side already: it cannot know that it has heard everything."""
    line.setblocking(False)
    with suppress(BlockingIOError):
        while line.recv(_PIECE):
            pass
        raise _Interrupted("it closed before the end")
