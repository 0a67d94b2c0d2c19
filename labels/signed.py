"""The signed text of a label: what its QR symbol says, so that it can be judged offline. No patient data, ever.

The text is `COI1:`, the Base45 form (RFC 9285) of 104 bytes, and a full stop, all of it in the alphanumeric mode of
ISO/IEC 18004:

    1  version, 1             4  as of, seconds since 1970-01-01 UTC: the moment for which the label speaks
    1  type, a row of TYPES   4  expiry in the same form, 0 for none
    25 container, COI id and label serial: 13 characters each, 5 bits a character, 5 zero bits
    1  generation             4  id of the key    64  Ed25519 signature over `COI1:` and the 40 bytes before it

Nothing is optional and every field has its fixed place, so one label has one text. Reading and judging such a text is
the business of the scanners, which share no code with this module.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from labels.content import LabelError
from labels.rfc9285 import BODY, END, IDS, PREFIX, encode

VERSION: Final = 1
TYPES: Final = ("other", "starting_material", "in_process", "qc_sample", "retention", "dose", "rescue", "shipper")
_KINDS: Final = ("CTR", "COI", "LBL")
_LATEST: Final = 2**32 - 1
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signed label says. `type` is one of TYPES; `as_of` and `expires_at` are instants, kept to the second."""

    type: str
    container: str
    coi: str
    serial: str
    generation: int
    as_of: datetime
    expires_at: datetime | None = None


def signed_text(said: Signed, *, key_id: bytes, sign: Sign) -> str:
    """Return the text of the QR symbol; `sign` gives the 64 bytes of an Ed25519 signature by the key with `key_id`.

    Raises LabelError for what has no place in the form: a foreign identifier, a generation above 255, another century.
    """
    payload = _payload(said) + _exactly(key_id, 4, "key id")
    return PREFIX + encode(payload + _exactly(sign(PREFIX.encode() + payload), 64, "signature")) + END


def _payload(said: Signed) -> bytes:
    if said.type not in TYPES:
        raise LabelError(f"The label's type is {said.type!r}, expected one of {', '.join(TYPES)}.")
    if not 1 <= said.generation <= 255:  # noqa: PLR2004 - one byte
        raise LabelError(f"The label's generation is {said.generation}, expected 1 to 255; it cannot be signed.")
    ids = (said.container, said.coi, said.serial)
    number = 0
    for kind, id_ in zip(_KINDS, ids, strict=True):
        number = number << 5 * BODY | _number(id_, kind)
    expiry = 0 if said.expires_at is None else _seconds(said.expires_at)
    return b"".join((
        bytes((VERSION, TYPES.index(said.type))), (number << 5).to_bytes(25, "big"), bytes((said.generation,)),
        _seconds(said.as_of).to_bytes(4, "big"), expiry.to_bytes(4, "big"),
    ))  # fmt: skip


def _number(id_: str, kind: str) -> int:
    head, _, body = id_.partition("-")
    if head != kind or len(body) != BODY or set(body) - set(IDS):
        raise LabelError(f"Got {id_!r} where one of our {kind} identifiers belongs; a signed label names only these.")
    number = 0
    for character in body:
        number = number << 5 | IDS.index(character)
    return number


def _seconds(moment: datetime) -> int:
    seconds = int(moment.astimezone(UTC).timestamp())
    if not 0 < seconds <= _LATEST:
        raise LabelError(f"Got {moment.isoformat()} for the signed label, expected a moment from 1970 to 2106.")
    return seconds


def _exactly(data: bytes, length: int, what: str) -> bytes:
    if len(data) != length:
        raise LabelError(f"Got a {what} of {len(data)} bytes for the signed label, expected {length}.")
    return data
