"""Our identifiers: how they are minted, written and read back.

An identifier is ``PPP-`` + 12 random characters + 1 check character, always 17 characters long:

* ``PPP`` names the type, so no wristband, badge, bag, shipper or location code can be taken for another;
* the 12 characters and the check character come from 32 letters and digits that are not mistaken for one another
  (no 0, 1, I, O);
* the check character is ISO 7064 MOD 37-2 over the type letters and the 12 characters; a draw whose check character
  falls outside the 32 is thrown away. It finds every single substitution and every swap of neighbours;
* a circular shift passes the arithmetic, so the hyphen's fixed place is what refuses it.

Scanned text must match exactly. Only typed text is normalised, and only here. What a foreign code (DIN, SSCC,
hospital number) means is not decided in this module.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
BODY_LENGTH = 12
_CHECK_VALUE = {character: value for value, character in enumerate(CHECK_ALPHABET)}
_FORM = re.compile(rf"([A-Z]{{3}})-([{ALPHABET}]{{{BODY_LENGTH}}})([{ALPHABET}])")


class RefType(StrEnum):
    """The types of thing that carry one of our identifiers; the value is the identifier's first three letters."""

    THERAPY = "COI"
    CONTAINER = "CTR"
    LABEL = "LBL"
    SHIPPER = "SHP"
    LOCATION = "LOC"
    PATIENT = "PAT"
    DONATION = "DON"
    LOT = "LOT"


_TYPES = frozenset(kind.value for kind in RefType)


@dataclass(frozen=True, slots=True)
class Ref:
    """An identifier that was read and found well formed; whether we issued it is another question."""

    type: RefType
    id: str


class NotOurs(ValueError):
    """The text is not in the form of our identifiers: it may be a foreign code."""


class Misread(ValueError):
    """The text has the form of one of our identifiers but its check character disagrees: read it again."""


def check_character(text: str) -> str:
    """Return the ISO 7064 MOD 37-2 check character of `text` (digits and capital letters).

    Raises ValueError for a character outside 0-9 A-Z.
    """
    total = 0
    for character in text:
        value = _CHECK_VALUE.get(character, 36)
        if value == 36:  # noqa: PLR2004 - the asterisk is a check character only, never data (ISO 7064)
            raise ValueError(f"{character!r} has no value in ISO 7064 MOD 37-2; 0-9 and A-Z have.")
        total = (total + value) * 2 % 37
    return CHECK_ALPHABET[(38 - total) % 37]


def mint(kind: RefType, *, choose: Callable[[str], str]) -> str:
    """Return a new identifier of `kind`; `choose` draws one character of the text it is given, at random."""
    while True:
        body = "".join(choose(ALPHABET) for _ in range(BODY_LENGTH))
        check = check_character(kind.value + body)
        if check in ALPHABET:
            return f"{kind.value}-{body}{check}"


def parse(text: str) -> Ref:
    """Read one of our identifiers from exact text.

    Raises NotOurs when the text is of another form, Misread when only the check character is wrong.
    """
    match = _FORM.fullmatch(text)
    if match is None or match[1] not in _TYPES:
        raise NotOurs(f"{shown(text)} is not one of our codes.")
    if check_character(match[1] + match[2]) != match[3]:
        raise Misread(f"{shown(text)} was misread: its check character is wrong. Scan it again.")
    return Ref(RefType(match[1]), text)


def is_in_our_form(text: str) -> bool:
    """Tell whether `text` has the form of one of our identifiers, read right or not."""
    try:
        parse(text)
    except NotOurs:
        return False
    except Misread:
        return True
    return True


def is_own(text: str) -> bool:
    """Tell whether `text` is one of our identifiers, well formed and read right."""
    try:
        parse(text)
    except (NotOurs, Misread):
        return False
    return True


def normalise_typed(text: str) -> str:
    """Return typed `text` as a scan would have given it: capitals, no spaces, the hyphen in its place.

    Text that has not the length and the beginning of one of ours is only stripped.
    """
    squeezed = re.sub(r"[\s-]+", "", text)
    squeezed = squeezed.upper() if squeezed.isascii() else ""  # capitals of other scripts can turn into our letters
    if squeezed[:3] in _TYPES and len(squeezed) == len("PPP") + BODY_LENGTH + 1:
        return f"{squeezed[:3]}-{squeezed[3:]}"
    return text.strip()


def grouped(identifier: str) -> str:
    """Return `identifier` with a space after each four characters of its body, for the eye only."""
    head, _, body = identifier.partition("-")
    return f"{head} " + " ".join(body[i : i + 4] for i in range(0, len(body), 4))


def shown(text: str, limit: int = 40) -> str:
    """Return foreign text made safe to stand in a sentence: printable ASCII, quoted, cut at `limit` characters."""
    return ascii(text if len(text) <= limit else text[:limit] + "...")
