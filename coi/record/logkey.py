"""The key that signs checkpoints: a file in the instance folder, never in the database nor in a backup of it.

The file holds one line in the form of a C2SP signed-note signing key (`PRIVATE+KEY+name+hash+key`); beside it lies the
public key, which is for everybody. What a signature says is in `coi.journey.checkpoint`.
"""

import base64
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from coi.journey.checkpoint import (
    ED25519,
    BadNote,
    Checkpoint,
    Signature,
    is_name,
    key_id,
    read_checkpoint,
    read_note,
    read_verifier_key,
    seal,
    signed,
    verifier_key,
)

SEED_BYTES = 32
_HEAD = "PRIVATE+KEY+"
_READ_AT_MOST = 1000


class LogKeyError(Exception):
    """The key file is missing, others may read it, or it holds something else."""


@dataclass(frozen=True, slots=True)
class LogKey:
    """The name of a log and the key that signs for it; the seed is never shown."""

    name: str
    seed: bytes = field(repr=False)
    _private: Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the key ready: it signs each commit."""
        object.__setattr__(self, "_private", Ed25519PrivateKey.from_private_bytes(self.seed))

    @property
    def public(self) -> bytes:
        """Return the public key, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        """Return the four bytes by which signatures name this key."""
        return key_id(self.name, self.public)

    @property
    def verifier_key(self) -> str:
        """Return the public key as text, for everybody."""
        return verifier_key(self.name, self.public)

    def sign(self, text: str) -> Signature:
        """Return this key's signature over a text."""
        return Signature(self.name, self.id, self._private.sign(text.encode()))

    def signature(self, data: bytes) -> bytes:
        """Return this key's bare signature over bytes, 64 bytes: labels have no room for more."""
        return self._private.sign(data)

    def checkpoint(self, size: int, root: bytes) -> str:
        """Return the signed checkpoint of this log at a size."""
        text = Checkpoint(self.name, size, root).text()
        return signed(text, (self.sign(text),))

    def seal(self, what: str, digest: str) -> str:
        """Return the signed note over a document made from this log: `what` it is, and its SHA-256 as hex."""
        text = seal(what, digest)
        return signed(text, (self.sign(text),))


def verified(note: str, *, key: str) -> Checkpoint:
    """Return the checkpoint that a note signed with the public key `key` holds.

    Raises BadNote when the note has no right signature of that key, or is of another log than the key names.
    """
    name, public = read_verifier_key(key)
    text, signatures = read_note(note)
    checkpoint = read_checkpoint(text)
    if checkpoint.origin != name:
        raise BadNote(f"This checkpoint is of the log {checkpoint.origin}; expected {name}.")
    if not _is_signed(text, signatures, name, public):
        raise BadNote(f"This checkpoint is not signed with the expected key of {name}.")
    return checkpoint


def refuse_unsealed(note: str, *, what: str, digest: str, key: str) -> None:
    """Raise BadNote unless `note` is the seal, by the public `key`, of the document `what` with this SHA-256 as hex."""
    name, public = read_verifier_key(key)
    text, signatures = read_note(note)
    if text != seal(what, digest):
        raise BadNote(f"The seal is not that of this {what}: something in it was changed.")
    if not _is_signed(text, signatures, name, public):
        raise BadNote(f"The seal of this {what} is not signed with the expected key of {name}.")


def _is_signed(text: str, signatures: Sequence[Signature], name: str, public: bytes) -> bool:
    ours = [one for one in signatures if one.name == name and one.key_id == key_id(name, public)]
    return any(is_right(one, text, public) for one in ours)


def is_right(signature: Signature, text: str, public: bytes) -> bool:
    """Tell whether a signature over `text` is that of the Ed25519 key `public`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature.value, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def create_log_key(path: Path, *, name: str | None = None) -> LogKey:
    """Make a new key in a file that only its owner may read, and its public half beside it.

    Without `name` the log gets a name of its own, which no other log has. Raises LogKeyError when the file exists, or
    with a name that no checkpoint can have.
    """
    if name is not None and not is_name(name):
        raise LogKeyError("got a name that no log can have, expected one without white space and +: choose another")
    key = LogKey(name or f"coi/{secrets.token_hex(8)}", secrets.token_bytes(SEED_BYTES))
    encoded = base64.b64encode(ED25519 + key.seed).decode()
    line = f"{_HEAD}{key.name}+{key_id(key.name, key.public).hex()}+{encoded}\n"
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise LogKeyError(f"got a key file {path.name} that exists, expected none: keep it, or move it away") from None
    with os.fdopen(fd, "w") as file:
        os.fchmod(fd, 0o600)  # whatever the umask took away
        file.write(line)
        file.flush()
        os.fsync(fd)
    public_half(path).write_text(key.verifier_key + "\n")
    return key


def public_half(path: Path) -> Path:
    """Return where the public key of a key file lies."""
    return path.with_suffix(".pub")


def load_log_key(path: Path) -> LogKey:
    """Read a key file. Raises LogKeyError when it is missing, others may read it or it holds something else."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            line = file.read(_READ_AT_MOST).decode("utf-8", "replace").strip()
    except OSError as fault:
        raise LogKeyError(
            f"got no key file {path.name} ({fault.strerror}), expected it: restore it from its copy, or make a new one "
            "with coi log-key --new"
        ) from None
    if mode & 0o077:
        raise LogKeyError(
            f"got a key file {path.name} with mode {mode:04o}, expected 0600: take group and others their access away"
        )
    return _read(line, path.name)


def _read(line: str, called: str) -> LogKey:
    wrong = LogKeyError(f"got a key file {called} that holds no signing key, expected one: restore it from its copy")
    name, _, rest = line.removeprefix(_HEAD).partition("+")
    told, _, encoded = rest.partition("+")
    try:
        decoded = base64.b64decode(encoded, validate=True)
        if not line.startswith(_HEAD) or not is_name(name) or decoded[:1] != ED25519:
            raise wrong
        key = LogKey(name, decoded[1:])
    except ValueError:
        raise wrong from None
    if key_id(key.name, key.public).hex() != told:
        raise wrong
    return key
