"""The keys that sign labels: one in force, told of in the log, in public for everybody who checks a label offline.

The private half is a file of its own in the instance folder, in no backup and never in the database. A label speaks for
the moment of its issuing; where the key is younger than the label, it speaks for the beginning of the key.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest

from sqlalchemy import Connection

import scanners
from coi.actions.office import Office
from coi.actions.system import Fact, tell, told
from coi.journey.checkpoint import key_id, read_verifier_key
from coi.journey.entry import Entry
from coi.record.logkey import LogKeyError

KINDS = ("label_key.adopted", "label_key.changed")
_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


def adopt(office: Office, *, compromised: bool = False) -> bool:
    """Have the log name the key that signs labels now, unless it does already; tell whether it was told.

    With `compromised` the key before is revoked: nothing that it signed is believed any more. Raises LogKeyError for a
    key that was replaced before: it would come back by an old file.
    """
    if office.label_key is None:
        return False
    new = office.label_key.verifier_key
    with office.store.write() as conn:
        known = told(conn, *KINDS)
        before = str(known[-1].values["key"]) if known else None
        if before == new:
            return False
        if new in [entry.values["key"] for entry in known]:
            raise LogKeyError("got a label key that was replaced before, expected the newest: restore its file, or run "
                              "coi label-keys --new")  # fmt: skip
        values = {"before": before, "key": new, "compromised": compromised} if before else {"key": new}
        tell(office, conn, [Fact(KINDS[1] if before else KINDS[0], values)])
    return True


def public_keys(office: Office, conn: Connection) -> list[scanners.PublicKey]:
    """Return every key that ever signed labels of this house, oldest first, as the log tells of them."""
    entries = told(conn, *KINDS)
    if not entries:  # not told of yet: it counts from the beginning
        own = office.label_key
        return [scanners.PublicKey(own.name, own.id, own.public, _ALWAYS)] if own else []
    return [_public(entry, follower) for entry, follower in zip_longest(entries, entries[1:])]


def key_list(office: Office) -> str:
    """Return the public keys as text, in the form that `python -m scanners` and `coi label check` read."""
    with office.store.read() as conn:
        return scanners.write_keys(public_keys(office, conn))


def since(keys: Sequence[scanners.PublicKey], public: bytes) -> datetime:
    """Return from when on the key with these public bytes counts."""
    return next((key.since for key in reversed(keys) if key.key == public), _ALWAYS)


def judge(office: Office, conn: Connection, text: str) -> scanners.LabelVerdict:
    """Return what a signed label text turned out to be, by the keys of this house."""
    return scanners.verify_label(text, public_keys(office, conn))


def _public(entry: Entry, follower: Entry | None) -> scanners.PublicKey:
    name, key = read_verifier_key(str(entry.values["key"]))
    until = follower.recorded_at.replace(microsecond=0) if follower else None  # labels are kept to the second
    revoked = until if follower and follower.values.get("compromised") else None
    return scanners.PublicKey(name, key_id(name, key), key, entry.recorded_at.replace(microsecond=0), until, revoked)
