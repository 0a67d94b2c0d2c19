"""The life of the key that signs for the log: adopted with the first entries, changed by an entry that both keys sign.

A log keeps its name when its key changes. Whoever holds the old public key can follow to the new one by the proof in
the entry; where the old key was lost there is no proof, and the new public key has to be handed over in person.
"""

import base64
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.actions.system import Fact, tell, told
from coi.journey.checkpoint import key_change
from coi.journey.entry import Entry, from_instant
from coi.record import queries, transparency
from coi.record.logkey import LogKey, public_half

KINDS = ("key.adopted", "key.changed")
STOPPED_AFTER = 90  # seconds without a sweep of the watcher, which sweeps more often than that


def adopt(office: Office) -> None:
    """Have the log name its key, unless it does already."""
    with office.store.write() as conn:
        if not told(conn, *KINDS):
            tell(office, conn, [Fact("key.adopted", {"key": office.log_key.verifier_key})])


def known_keys(conn: Connection) -> list[tuple[int, str]]:
    """Return (position of the entry, public key) of every key that ever signed, as the log itself tells it.

    A log that never named its first key names it when it changes it; that one signed from the beginning.
    """
    return keys_told(told(conn, *KINDS))


def keys_told(entries: Sequence[Entry]) -> list[tuple[int, str]]:
    """Return what `known_keys` returns, from the entries that tell of keys, in order."""
    first = entries[0].values.get("before") if entries else None
    earlier = [(-1, str(first))] if first else []
    return [*earlier, *((entry.position, str(entry.values["key"])) for entry in entries)]


def keys_if_readable(conn: Connection) -> list[tuple[int, str]]:
    """Return what `known_keys` returns, nothing when one of these entries cannot be read: for those who verify."""
    try:
        return known_keys(conn)
    except (ValueError, KeyError, TypeError):
        return []


def key_at(keys: list[tuple[int, str]], size: int, *, otherwise: str) -> str:
    """Return the key that signs the checkpoint of `size`: the last one that was told of by then."""
    if not keys:
        return otherwise
    return next((key for position, key in reversed(keys) if position < size), keys[0][1])


def change(office: Office, *, old: LogKey | None, told_key: str) -> None:
    """Record that `office` signs with another key from now on; `old` proves it, when it is at hand.

    `told_key` is the public key that the log names as yet. Raises LogBroken when it did not sign the last checkpoint:
    the new key would sign for what a forger wrote.
    """
    with office.store.write() as conn:
        found = transparency.latest(conn)
        transparency.refuse_forged(found[1] if found else None, key=told_key)
        tell(office, conn, [changed(office, old=old, told_key=told_key)], new_key=True)


def changed(office: Office, *, old: LogKey | None, told_key: str) -> Fact:
    """Return the fact that `change` records."""
    new = office.log_key
    proof = None
    if old is not None:
        proof = base64.b64encode(old.sign(key_change(old.verifier_key, new.verifier_key)).value).decode()
    return Fact("key.changed", {"before": told_key, "key": new.verifier_key, "proof": proof})


def go_on(office: Office, conn: Connection, fact: Fact, *, told_key: str) -> None:
    """Record `fact` of a log that goes on here, and that another key than `told_key` signs from here on if so it is."""
    other_key = told_key != office.log_key.verifier_key
    change = [changed(office, old=None, told_key=told_key)] if other_key else []
    tell(office, conn, [*change, fact], new_key=other_key)


def refuse_while_served(conn: Connection, now: datetime) -> None:
    """Raise Fault 409 while a watcher lives: the service beside it would go on with the old key and record nothing."""
    ages = [int((now - from_instant(beat["at"])).total_seconds()) for beat in queries.heartbeats(conn)]
    if ages and min(ages) < STOPPED_AFTER:
        raise Fault(409, "log.served", f"The service ran {min(ages)} seconds ago, expected it stopped for "
                    f"{STOPPED_AFTER}; stop it, wait, and say it again.")  # fmt: skip


def take_the_place(new: Path, old: Path) -> None:
    """Put a new key file where the old one was, on the disk before this returns; the old private key is gone then."""
    new.replace(old)
    public_half(new).replace(public_half(old))
    fd = os.open(old.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
