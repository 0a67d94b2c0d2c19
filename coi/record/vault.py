"""The vault's cryptography: how patient data is locked away, and what the log may hold in its stead.

Pure functions; the keys are passed in, and come from one master of 32 bytes by HKDF-SHA-256 (RFC 5869), one key
per purpose, so that none can be worked out from another:

- a sealed field is AES-256-GCM (NIST SP 800-38D) bound to its table, row and column: moved to another row, it
  does not open;
- a commitment stands in an entry for a text that stays in the vault. Without its salt it says nothing, and when
  text and salt are destroyed it can never be shown again;
- a blind index finds a wristband or a record number without opening a single field;
- an opaque token stands in the log for a seal number or a device: equal when they are equal, unreadable otherwise.

Every input is preceded by its purpose and length, so that no two different inputs are ever hashed alike. These
forms are stored for ever: a change is a new version byte or a new purpose, never a change in place.

What this module does not do: decide who may open a field, or keep fields in tables.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_BYTES = 32
SALT_BYTES = 32
TOKEN_CHARACTERS = 26  # of base32: 130 bits, beyond chance and beyond search

_SEALED_V1 = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class VaultError(Exception):
    """A sealed field, a key file or a text is not what it must be. The message never holds patient data."""


@dataclass(frozen=True)
class VaultKeys:
    """The three keys of the vault, 32 bytes each; never shown, logged or stored."""

    encryption: bytes = field(repr=False)
    index: bytes = field(repr=False)
    token: bytes = field(repr=False)


def derive_keys(master: bytes) -> VaultKeys:
    """Derive the vault's keys from its master of 32 bytes. Raises VaultError for any other length."""
    if len(master) != MASTER_BYTES:
        raise VaultError(f"got a vault master of {len(master)} bytes, expected {MASTER_BYTES}: restore the key file")
    return VaultKeys(
        encryption=_derive(master, b"coi vault: encryption"),
        index=_derive(master, b"coi vault: blind index"),
        token=_derive(master, b"coi vault: token"),
    )


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(master)


def seal(keys: VaultKeys, *, table: str, row: str, column: str, plain: str) -> bytes:
    """Encrypt one field for exactly this place: version byte, 12 random bytes of nonce, ciphertext with its tag.

    Raises VaultError when the text has no UTF-8 form or the place is not well named. Random nonces are safe for
    some 2^32 fields under one master (SP 800-38D section 8.3), far more than a tracker will ever hold.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _SEALED_V1 + nonce + AESGCM(keys.encryption).encrypt(nonce, _utf8(plain), _place(table, row, column))


def open_sealed(keys: VaultKeys, *, table: str, row: str, column: str, sealed: bytes) -> str:
    """Decrypt one field that was sealed for exactly this place.

    Raises VaultError when a single bit differs, the field was sealed for another place or under another key.
    """
    place = _place(table, row, column)
    if sealed[:1] != _SEALED_V1 or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
        raise VaultError(
            f"got something else than a sealed field in {table}.{column}, expected version 1: compare with a backup"
        )
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(keys.encryption).decrypt(nonce, ciphertext, place).decode("utf-8")
    except InvalidTag:
        raise VaultError(
            f"got a field in {table}.{column} that was altered, moved or sealed under another key, "
            "expected it as it was sealed: compare with a backup and check the key file"
        ) from None


def seal_bytes(keys: VaultKeys, *, sha256: str, data: bytes) -> bytes:
    """Encrypt the bytes of a document for the place that their own SHA-256 names."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _SEALED_V1 + nonce + AESGCM(keys.encryption).encrypt(nonce, data, _place("blob", sha256, "sealed"))


def open_bytes(keys: VaultKeys, *, sha256: str, sealed: bytes) -> bytes:
    """Decrypt the bytes of a document. Raises VaultError when they are not those that were sealed under this name."""
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        data = AESGCM(keys.encryption).decrypt(nonce, ciphertext, _place("blob", sha256, "sealed"))
    except (InvalidTag, ValueError):
        raise VaultError(
            "got a document that was altered, moved or sealed under another key, expected it as it was sealed: "
            "compare with a backup and check the key file"
        ) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise VaultError("got a document under another name than its own digest: compare with a backup")
    return data


def _place(table: str, row: str, column: str) -> bytes:
    # Only the middle part may hold a colon, so a place has one reading.
    if not (table and row and column) or ":" in table or ":" in column:
        raise VaultError("got a table, row or column without a clean name, expected three names, no colon in the outer")
    return _utf8(f"{table}:{row}:{column}")


def new_salt() -> bytes:
    """Return 32 random bytes for one commitment; kept in the vault beside the text, destroyed with it."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, text: str) -> str:
    """Return the SHA-256 hex that stands in an entry for `text`, which is taken exactly as it is.

    Raises VaultError when the salt is too short to hide a guessable text such as a date of birth.
    """
    if len(salt) < SALT_BYTES:
        raise VaultError(f"got a salt of {len(salt)} bytes, expected at least {SALT_BYTES}: take new_salt()")
    return hashlib.sha256(_framed(b"coi commitment v1", salt, _utf8(text))).hexdigest()


def blind_index(keys: VaultKeys, *, scope: str, value: str) -> str:
    """Return the HMAC-SHA-256 hex under which an identifier is found again within its scope (issuer and kind).

    The value is put into Unicode normal form C and stripped of outer white space first; nothing else is forgiven.
    Raises VaultError when nothing is left of it: an empty wristband names nobody.
    """
    return hmac.digest(keys.index, _scoped(b"coi blind index v1", scope, as_indexed(value)), "sha256").hex()


def as_indexed(value: str) -> str:
    """Return an identifier as `blind_index` sees it: Unicode normal form C, without outer white space."""
    return unicodedata.normalize("NFC", value).strip()


def opaque_token(keys: VaultKeys, *, scope: str, text: str) -> str:
    """Return the 26 characters (A-Z, 2-7) that stand in the log for a seal, device or place within its scope.

    The text is taken exactly as it is. Raises VaultError when it is empty.
    """
    digest = hmac.digest(keys.token, _scoped(b"coi token v1", scope, text), "sha256")
    return base64.b32encode(digest).decode("ascii")[:TOKEN_CHARACTERS]


def _scoped(purpose: bytes, scope: str, value: str) -> bytes:
    if not scope or not value:
        raise VaultError("got an empty scope or value, expected both: an empty identifier names nothing")
    return _framed(purpose, _utf8(scope), _utf8(value))


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise VaultError(
            "got text with half a character (a lone surrogate), expected whole ones: enter it again"
        ) from None


def create_master(path: Path) -> bytes:
    """Write a new random master to a file that only its owner may read, and return it once it is on the disk.

    Raises VaultError when the file exists: a second master would make all that is sealed unreadable.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise VaultError(f"got a key file {path.name} that exists, expected none: keep it, or move it away") from None
    master = secrets.token_bytes(MASTER_BYTES)
    with os.fdopen(fd, "wb") as file:
        os.fchmod(fd, 0o600)  # whatever the umask took away
        file.write(master)
        file.flush()
        os.fsync(fd)
    _sync_folder(path.parent)
    return master


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def load_master(path: Path) -> bytes:
    """Read the master of 32 bytes. Raises VaultError when it is missing, has another length or others may read it."""
    try:
        file = path.open("rb")
    except OSError as exc:
        raise VaultError(
            f"got no key file {path.name} ({exc.strerror}), expected it: restore it from its backup"
        ) from None
    with file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        master = file.read(MASTER_BYTES + 1)
    if mode & 0o077:
        raise VaultError(
            f"got a key file {path.name} with mode {mode:04o}, expected 0600: take group and others their access away"
        )
    if len(master) != MASTER_BYTES:
        raise VaultError(
            f"got a key file {path.name} that does not hold {MASTER_BYTES} bytes, expected exactly as many: "
            "restore it from its backup"
        )
    return master
