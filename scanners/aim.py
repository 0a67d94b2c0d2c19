"""AIM symbology identifiers: three characters that a scanner may put before the text to say which symbol it read.

They help and are never needed: a scanner that leaves them out is understood as well.
"""

import re
from typing import NamedTuple

_PREFIX = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_SYMBOLOGIES = {"C": "Code128", "d": "DataMatrix", "Q": "QRCode"}
GS1 = frozenset({"C1", "d2", "Q3", "J1", "e0"})  # symbols that say of themselves that they hold GS1 element strings


class Split(NamedTuple):
    """A text without its identifier; `aim` is the identifier without its bracket, or empty."""

    aim: str
    text: str


def split(text: str) -> Split:
    """Return the identifier before `text`, if there is one, and the text behind it."""
    match = _PREFIX.match(text)
    return Split(match[0][1:], text[3:]) if match else Split("", text)


def symbology(aim: str) -> str:
    """Return the symbology that an identifier names, or `text` where it names none that we tell apart."""
    return _SYMBOLOGIES.get(aim[:1], "text")


def count(text: str) -> int:
    """Return how many identifiers of the symbols we read stand in `text`: more than one are several codes."""
    return len(re.findall(r"\](?:C[0-4]|d[0-6]|Q[0-6]|J[0-6]|e[0-3]|E[0-4])", text))
