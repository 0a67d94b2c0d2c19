"""Escrow: the vault's key has to be in two places besides the instance, or one broken disk takes every name with it.

A copy is a file with the 32 bytes of the key, or with their 64 hexadecimal digits as one types them from paper. It is
confirmed by being read, not by being promised; that it was is an entry, with a sign of the key and nothing of itself.
"""

import hmac
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.actions.system import Fact, last_told, tell
from coi.record.vault import MASTER_BYTES, VaultKeys, derive_keys, opaque_token

COPIES = 2
_MOST_BYTES = 1000


def read_copy(file: Path) -> bytes:
    """Return the key in a copy; raises Fault 400 when the file holds none, OSError when it cannot be read."""
    with file.open("rb") as opened:
        found = opened.read(_MOST_BYTES)
    if len(found) == MASTER_BYTES:
        return found
    try:
        typed = bytes.fromhex(found.decode("ascii"))
    except ValueError:
        typed = b""
    if len(typed) != MASTER_BYTES:
        raise Fault(400, "escrow.copy", f"{file} holds no copy of a vault key; expected its {MASTER_BYTES} bytes, or "
                    "their hexadecimal digits.")  # fmt: skip
    return typed


def confirm(office: Office, copies: Sequence[Path], *, key_file: Path) -> None:
    """Record that two copies of the vault's key are in their places.

    Raises Fault 400 when there are fewer than two, one of them is another file's other name, or holds another key.
    """
    if len({file.resolve() for file in copies}) < COPIES or any(file.samefile(key_file) for file in copies):
        raise Fault(400, "escrow.copies", f"Expected {COPIES} copies of {key_file} in different places, neither "
                    "of them that file itself.")  # fmt: skip
    master = key_file.read_bytes()
    for file in copies:
        if not hmac.compare_digest(read_copy(file), master):
            raise Fault(400, "escrow.other", f"{file} holds another key than {key_file}; copy it again.")
    if is_confirmed(office):
        return
    with office.store.write() as conn:
        tell(office, conn, [Fact("key.escrowed", {"copies": COPIES, "key": sign_of(office.keys)})])


def is_confirmed(office: Office) -> bool:
    """Tell whether two copies of the vault's key were confirmed."""
    with office.store.read() as conn:
        return confirmed(conn, office.keys)


def confirmed(conn: Connection, keys: VaultKeys) -> bool:
    """Tell whether the log has it that two copies of the key behind `keys` were confirmed."""
    last = last_told(conn, "key.escrowed")
    return last is not None and last.values["key"] == sign_of(keys)


def sign_of(keys: VaultKeys) -> str:
    """Return what stands in the log for a vault key: equal when the keys are equal, and nothing else."""
    return opaque_token(keys, scope="escrow", text="vault key")


def keys_in(file: Path) -> VaultKeys:
    """Return the vault's keys from a copy."""
    return derive_keys(read_copy(file))
