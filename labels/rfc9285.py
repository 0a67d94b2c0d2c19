"""Base45 (RFC 9285) as signed labels use it, and the serial that such a text names.

The alphabet is that of the alphanumeric mode of QR symbols. It has a space in it, which forms and keyboards like to cut
off at an end; so a signed text begins with a prefix and ends with a full stop.
"""

from typing import Final

PREFIX: Final = "COI1:"
END: Final = "."
BYTES: Final = 104
LENGTH: Final = len(PREFIX) + BYTES // 2 * 3 + len(END)  # characters
IDS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # the alphabet of our identifiers
BODY: Final = 13  # characters of an identifier behind its hyphen
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_SERIAL: Final = slice(2, 27)  # the bytes of the three identifiers, the serial last


def encode(data: bytes) -> str:
    """Return an even number of bytes as text: three characters for two bytes, the least significant first."""
    pairs = (int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2))
    return "".join(_ALPHABET[n % 45] + _ALPHABET[n // 45 % 45] + _ALPHABET[n // 2025] for n in pairs)


def serial_of(text: str) -> str:
    """Return the label serial that a signed text names, empty for any other text.

    It is for comparing a symbol with what the eye reads, not for judging what a scanner read: nothing is verified.
    """
    places = [_ALPHABET.find(character) for character in text[len(PREFIX) : -len(END)]]
    if not (text.startswith(PREFIX) and text.endswith(END) and len(text) == LENGTH) or min(places) < 0:
        return ""
    triples = (places[at : at + 3] for at in range(0, len(places), 3))
    data = b"".join((a + 45 * b + 2025 * c & 0xFFFF).to_bytes(2, "big") for a, b, c in triples)
    bits = int.from_bytes(data[_SERIAL], "big") >> 5
    return "LBL-" + "".join(IDS[bits >> 5 * place & 31] for place in reversed(range(BODY)))
