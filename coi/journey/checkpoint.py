"""Checkpoints: what a log says of itself at one size, as text that is signed and can be kept anywhere.

The text forms are those of C2SP: a *tlog-checkpoint* (three lines: the log's name, its size, the root in base64) inside
a *signed note* (the text, an empty line, and a line for each signature: an em dash, the key's name, and in base64 the
first four bytes of the key's hash before the signature). A public key is written as a *verifier key*: name, hash and
key joined by ``+``. The forms are read strictly: whatever could be written in two ways is accepted in one only.

Signing and checking signatures needs cryptography and is done in `coi.record.logkey`.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from coi.journey.tree import HASH_BYTES

ED25519 = b"\x01"  # the signature type of C2SP signed-note
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f\ud800-\udfff]{1,200}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_MOST_SIGNATURES = 16


class BadNote(ValueError):
    """A text is not a checkpoint, not a signed note or not a key in the one form that is accepted."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The name of a log, the number of its entries, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a note: whose, and the bytes."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Return the line of a signed note, with its end."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


def is_name(text: str) -> bool:
    """Tell whether `text` can name a log or a key: no white space, plus sign, control, half of a character."""
    return _NAME.fullmatch(text) is not None


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes by which a signature names its Ed25519 key."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, public: bytes) -> str:
    """Return a public key of 32 bytes as text."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def read_verifier_key(text: str) -> tuple[str, bytes]:
    """Return (name, public key) of what `verifier_key` wrote; raises BadNote."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not is_name(parts[0]):  # noqa: PLR2004 - name, hash, key
        raise BadNote("This is no public key of a log; expected name+hash+key in one line.")
    name, told, encoded = parts
    decoded = _decoded(encoded)
    public = decoded[1:]
    if decoded[:1] != ED25519 or len(public) != HASH_BYTES or key_id(name, public).hex() != told:
        raise BadNote(f"The public key of {name} is not an Ed25519 key with its own hash; ask for it again.")
    return name, public


def key_change(old: str, new: str) -> str:
    """Return the text that the old key of a log signs for the new one; both as verifier keys."""
    return f"coi key change v1\n{old}\n{new}\n"


def seal(what: str, digest: str) -> str:
    """Return the text that a log's key signs over a document made from the log: what it is, and its SHA-256 as hex."""
    return f"coi seal v1\n{what}\n{digest}\n"


def signed(text: str, signatures: tuple[Signature, ...]) -> str:
    """Return the signed note over `text`."""
    return text + "\n" + "".join(signature.line() for signature in signatures)


def read_note(note: str) -> tuple[str, tuple[Signature, ...]]:
    """Return (text, signatures) of a signed note; raises BadNote. Says nothing about whether a signature is right."""
    text, gap, lines = note.rpartition("\n\n")
    found = lines.split("\n")
    if not gap or found.pop() != "" or not 0 < len(found) <= _MOST_SIGNATURES or _has_controls(note):
        raise BadNote("This is no signed note; expected text, an empty line and at least one line of signature.")
    return text + "\n", tuple(_signature(line) for line in found)


def _has_controls(note: str) -> bool:
    return _CONTROL.search(note) is not None


def _signature(line: str) -> Signature:
    name, gap, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not gap or not is_name(name):
        raise BadNote("A line of signature is not as it must be; expected an em dash, a name and base64.")
    value = _decoded(encoded)
    if len(value) <= KEY_ID_BYTES:
        raise BadNote(f"The signature of {name} is too short.")
    return Signature(name, value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that the text of a note is; raises BadNote."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or "" in lines[:-1]:  # noqa: PLR2004 - three lines and the last one's end
        raise BadNote("This is no checkpoint; expected the log's name, its size and its root, each on a line.")
    origin, size, root = lines[:3]
    if not is_name(origin) or not _SIZE.fullmatch(size):
        raise BadNote("The first lines of this checkpoint are not the name and the size of a log.")
    decoded = _decoded(root)
    if len(decoded) != HASH_BYTES:
        raise BadNote(f"The root of this checkpoint has {len(decoded)} bytes; expected {HASH_BYTES}.")
    return Checkpoint(origin, int(size), decoded)


def _decoded(text: str) -> bytes:
    """Return what base64 text stands for; BadNote when it is not the one way to write it."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("A part of this text is not base64.") from None
    if base64.b64encode(value).decode() != text:
        raise BadNote("A part of this text is base64 with loose ends.")
    return value
