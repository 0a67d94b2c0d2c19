"""Where a printer may be: a host and a port, or a queue of the print system. Anything else is refused by name.

A printer's address is typed by an administrator and then dialled by the service, so it must not become a way to speak
to something else: metadata services at link-local addresses, broadcast, and the well-known ports below 1024 are out.
Names are judged again when they are dialled, because a name may point elsewhere tomorrow.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

USUAL_PORT: Final = 9100
LOWEST_PORT: Final = 1024
HIGHEST_PORT: Final = 65535
_LONGEST: Final = 253
_PART: Final = "(?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?:[a-z0-9]{_PART}\.)*[a-z]{_PART}")  # the last part is no number, however it is written
_PORT: Final = re.compile(r"[0-9]{1,5}")
_QUEUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")
Ip = IPv4Address | IPv6Address


class BadAddress(ValueError):
    """This is no place where a printer may be; the message says what was got and what is expected."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host, by name or number, and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_address(text: str) -> Address:
    """Return the address in `text`: ``host``, ``host:port`` or ``[ipv6]:port``, port 9100 when left out.

    Raises BadAddress.
    """
    host, port = _parted(text)
    number = int(port) if _PORT.fullmatch(port) else 0
    if not LOWEST_PORT <= number <= HIGHEST_PORT:
        raise BadAddress(f"Got the port {port[:20]!r}, expected {LOWEST_PORT} to {HIGHEST_PORT}, mostly {USUAL_PORT}.")
    found = _number(host)
    if found is not None:
        refuse_place(found)
        return Address(str(found), number)
    if len(host) > _LONGEST or not _NAME.fullmatch(host.lower()):
        raise BadAddress(f"Got {text[:60]!r}, expected host:port, such as printer-3.example.org:{USUAL_PORT}.")
    return Address(host.lower(), number)


def _parted(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") if rest else str(USUAL_PORT)
        return (host, port) if ":" in host and (not rest or rest.startswith(":")) else ("", port)
    host, colon, port = text.partition(":")
    return host, port if colon else str(USUAL_PORT)


def _number(host: str) -> Ip | None:
    try:
        return ip_address(host) if "%" not in host else None
    except ValueError:
        return None


def refuse_place(found: Ip) -> None:
    """Raise BadAddress for a number at which no printer may be: link-local, multicast, unspecified or reserved."""
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    plain = mapped or found
    reserved = plain.is_reserved and not plain.is_loopback  # the machine's own ::1 lies in a reserved block
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified or reserved:
        raise BadAddress(f"{found} is a link-local, multicast or reserved address; expected that of a printer.")


def read_queue(text: str) -> str:
    """Return the name of a print queue; raises BadAddress for what could be anything else than a name."""
    if not _QUEUE.fullmatch(text):
        raise BadAddress(f"Got the queue {text[:60]!r}, expected letters, digits, '.', '_' and '-'.")
    return text
