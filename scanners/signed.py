"""Signed label texts, judged offline: with the text and a list of public keys, without a network or a database.

What a text can turn out to be, each said in one sentence:

* genuine: signed by a listed key while that key counted; what it says was true when it was printed;
* retired: the signature is right, but the key was revoked or did not count at that moment;
* altered: in the form of our labels, but not as it was signed;
* forged: signed with a key that is not on the list; a label of another house looks the same until its key is listed;
* unsigned: the short form of tubes, a serial alone, which proves nothing by itself;
* foreign: the code of another standard, not a label of this system;
* unknown: not one of ours in any form.

Only a genuine text is an identity. Whether the label was voided since is told by the service alone. The form is written
down in docs/labels-law.md; this module shares no code with the one that writes it.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from scanners.reading import ScanError

PREFIX: Final = "COI1:"
_TYPES: Final = ("other", "starting_material", "in_process", "qc_sample", "retention", "dose", "rescue", "shipper")
_IDS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_VALUE: Final = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")}
_SIGNED, _CHARACTERS = 40, 156  # bytes under the signature, characters of all bytes
_END: Final = "."
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHORT: Final = re.compile(rf"(?:LBL|CTR|COI|SHP)-[{_IDS}]{{13}}")
_FOREIGN: Final = re.compile(r"[=&]|\]|https?://|\(?0[01]\)?[0-9]|HC1:", re.IGNORECASE)


class Judged(StrEnum):
    """What a text turned out to be."""

    GENUINE = "genuine"
    RETIRED = "retired"
    ALTERED = "altered"
    FORGED = "forged"
    UNSIGNED = "unsigned"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One line of a key list: whose key, its four bytes of id, the key, and from when until when it counts."""

    name: str
    id: bytes
    key: bytes
    since: datetime
    until: datetime | None = None
    revoked: datetime | None = None

    def counts(self, at: datetime) -> bool:
        """Tell whether a label that speaks for the moment `at` may be signed with it."""
        return self.since <= at and (self.until is None or at <= self.until)


@dataclass(frozen=True, slots=True)
class SignedLabel:
    """What a signed text says, in the words of the label."""

    type: str
    container: str
    coi: str
    serial: str
    generation: int
    as_of: datetime
    expires_at: datetime | None
    key_id: bytes


@dataclass(frozen=True, slots=True)
class LabelVerdict:
    """The judgement on a text: in a word, in a sentence, and what the text says where it can be read at all."""

    judged: Judged
    sentence: str
    label: SignedLabel | None = None
    key: PublicKey | None = None

    @property
    def genuine(self) -> bool:
        """Tell whether the text may be read as the identity of a label."""
        return self.judged is Judged.GENUINE


def is_signed(text: str) -> bool:
    """Tell whether `text` claims to be a signed label of ours; whether that is true is `verify_label`'s to say."""
    return text.startswith(PREFIX)


def verify_label(text: str, keys: Sequence[PublicKey]) -> LabelVerdict:
    """Return what `text`, exactly as it was scanned, turned out to be; never raises for a text."""
    if not is_signed(text):
        return _without_signature(text)
    data = _decoded(text)
    label = _read(data) if data is not None else None
    if data is None or label is None:
        return LabelVerdict(Judged.ALTERED, "This label text was altered or damaged: it is not in the form that it "
                            "was printed in. Do not use it; scan again, or ask for a new label.")  # fmt: skip
    known = [key for key in keys if key.id == label.key_id]
    if not known:
        return LabelVerdict(Judged.FORGED, f"The key {label.key_id.hex()} that signed this label is not on the list: "
                            "it is forged, or of a house whose key you do not hold. Do not use it.", label)  # fmt: skip
    signed = PREFIX.encode() + data[:_SIGNED]
    right = next((key for key in known if _is_right(data[_SIGNED:], signed, key.key)), None)
    if right is None:
        return LabelVerdict(Judged.ALTERED, f"This label was altered: the signature of {known[0].name} does not fit "
                            "what it says. Do not use it; report it.", label)  # fmt: skip
    return _in_force(label, right)


def _in_force(label: SignedLabel, key: PublicKey) -> LabelVerdict:
    told = f"label {label.serial} of container {label.container}, as of {_utc(label.as_of)}"
    if key.revoked is not None:
        return LabelVerdict(Judged.RETIRED, f"The key of {key.name} that signed {told} was revoked at "
                            f"{_utc(key.revoked)}: anybody may have made it. Ask the service.", label, key)  # fmt: skip
    if not key.counts(label.as_of):
        return LabelVerdict(Judged.RETIRED, f"The key of {key.name} did not count at the moment that {told} speaks "
                            "for: it is not genuine as printed. Ask the service.", label, key)  # fmt: skip
    ends = f", expiry {_utc(label.expires_at)}" if label.expires_at else ", no expiry stated"
    return LabelVerdict(Judged.GENUINE, f"Genuine: {key.name} printed {told}, generation {label.generation}{ends}. "
                        "It was current when it was printed; only the service knows of a later one.",
                        label, key)  # fmt: skip


def _without_signature(text: str) -> LabelVerdict:
    if _SHORT.fullmatch(text):
        return LabelVerdict(Judged.UNSIGNED, "This is a short code without a signature: it can be genuine or copied. "
                            "Look it up in the service.")  # fmt: skip
    if _FOREIGN.match(text):
        return LabelVerdict(Judged.FOREIGN, "This is a code of another standard, not a label of this system.")
    return LabelVerdict(Judged.UNKNOWN, "This is not one of our label texts.")


def _decoded(text: str) -> bytes | None:
    """Return the 104 bytes of a text, None when it is not exactly their Base45 form (RFC 9285)."""
    body = text[len(PREFIX) : -len(_END)]
    if not text.endswith(_END) or len(body) != _CHARACTERS or any(character not in _VALUE for character in body):
        return None
    values = [_VALUE[character] for character in body]
    pairs = [values[at] + 45 * values[at + 1] + 2025 * values[at + 2] for at in range(0, _CHARACTERS, 3)]
    if max(pairs) > 0xFFFF:  # noqa: PLR2004 - two bytes
        return None
    return b"".join(pair.to_bytes(2, "big") for pair in pairs)


def _read(data: bytes) -> SignedLabel | None:
    """Return what 104 bytes say, None when they are of another version or type, or hold bits that must be zero."""
    ids = int.from_bytes(data[2:27], "big")
    if data[0] != 1 or data[1] >= len(_TYPES) or ids & 31 or data[27] == 0:
        return None
    container, coi, serial = (_identifier(ids >> shift) for shift in (135, 70, 5))
    expiry = int.from_bytes(data[32:36], "big")
    return SignedLabel(
        _TYPES[data[1]], f"CTR-{container}", f"COI-{coi}", f"LBL-{serial}", data[27], _moment(data[28:32]),
        _moment(data[32:36]) if expiry else None, data[36:40],
    )  # fmt: skip


def _identifier(bits: int) -> str:
    return "".join(_IDS[bits >> 5 * place & 31] for place in reversed(range(13)))


def _moment(data: bytes) -> datetime:
    return _EPOCH + timedelta(seconds=int.from_bytes(data, "big"))


def _is_right(signature: bytes, signed: bytes, key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


HEADER: Final = "# Label keys: name, key id, Ed25519 public key (Base64), counts from, counts until, revoked at"
_COLUMNS: Final = 6


def read_keys(text: str) -> list[PublicKey]:
    """Read a key list: one key a line in the columns of HEADER, `-` for no moment; `#` begins a remark.

    Raises ScanError `keys.malformed`, which names the line.
    """
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    return [_key(parts, number) for number, parts in lines if parts and not parts[0].startswith("#")]


def write_keys(keys: Sequence[PublicKey]) -> str:
    """Return the text that `read_keys` reads."""
    return "".join(f"{line}\n" for line in (HEADER, *map(_line, keys)))


def _line(key: PublicKey) -> str:
    times = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "-" for moment in (key.since, key.until, key.revoked))
    return " ".join((key.name, key.id.hex(), base64.b64encode(key.key).decode(), *times))


def _key(parts: list[str], number: int) -> PublicKey:
    try:
        if len(parts) != _COLUMNS:
            raise ValueError(f"{len(parts)} columns")  # noqa: TRY301 - one refusal for all that is wrong in a line
        name, id_, encoded, since, until, revoked = parts
        key = base64.b64decode(encoded, validate=True)
        Ed25519PublicKey.from_public_bytes(key)
        begins = _told(since)
        if begins is None or len(bytes.fromhex(id_)) != 4:  # noqa: PLR2004 - the bytes of a key id
            raise ValueError("no beginning, or another key id")  # noqa: TRY301 - as above
        return PublicKey(name, bytes.fromhex(id_), key, begins, _told(until), _told(revoked))
    except ValueError as fault:
        raise ScanError(
            "keys.malformed", f"Line {number} of the key list is not a key; expected six columns as in: {HEADER[2:]}."
        ) from fault


def _told(text: str) -> datetime | None:
    if text == "-":
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its offset")
    return moment.astimezone(UTC)
