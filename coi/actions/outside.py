"""What was kept outside, and what goes there: checkpoints and receipts to compare with, the log as it is exported.

`compare` is the insider's check: does the log still begin with what somebody outside was given?
"""

import json
import os
from collections.abc import Iterator
from http.client import HTTPException
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from sqlalchemy import Connection, select

from coi.actions import logkeys
from coi.actions.office import Office
from coi.actions.system import Fact, tell
from coi.journey.checkpoint import BadNote, read_checkpoint, read_note
from coi.record import ledger, logkey, transparency
from coi.record.rows import UNREADABLE
from coi.record.tables import CHECKPOINT, ENTRY

_AT_ONCE = 500
_SECONDS = 10
_MOST_BYTES = 100_000
_OF_A_RECEIPT = {"checkpoint": str, "position": int, "leaf": str}
VERIFIER = "coi_verify.py"


class NotGiven(OSError):
    """The service was reached and did not give what it was asked for."""


def fetched(place: str) -> str:
    """Return what lies at a path or an http(s) address; of a log's service, its checkpoint. Raises OSError."""
    if not place.startswith(("http://", "https://")):
        return Path(place).read_text("utf-8", "replace")
    address = place if "/log/" in place else place.rstrip("/") + "/api/v1/log/checkpoint"
    try:
        with urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310 - http and https only, see above
            said = answer.read(_MOST_BYTES)
            if len(said) < _MOST_BYTES and answer.length:
                raise OSError(f"{address} was cut off {answer.length} bytes before its end")
            return str(said.decode("utf-8", "replace"))
    except HTTPError as fault:
        raise NotGiven(f"{address} answered {fault.code}, expected 200") from None
    except (URLError, TimeoutError, ValueError, HTTPException) as fault:
        raise OSError(f"Nothing was got from {address}: {getattr(fault, 'reason', None) or fault!r}") from None


def kept(text: str) -> dict[str, Any]:
    """Return a checkpoint or a receipt as {checkpoint, position?, leaf?}; raises BadNote."""
    if not text.lstrip().startswith("{"):
        return {"checkpoint": text}
    try:
        found = json.loads(text)
        found = found.get("receipt", found)
        said = {name: found[name] for name in _OF_A_RECEIPT if name in found}
        said["checkpoint"].encode()  # what has no bytes was never signed
    except UNREADABLE:
        said = {}
    if "checkpoint" not in said or any(type(value) is not _OF_A_RECEIPT[name] for name, value in said.items()):
        raise BadNote("Got neither a checkpoint nor a receipt; give one as the service gave it.")
    return said


def size_of(text: str) -> int:
    """Return how many entries a checkpoint or receipt that was kept outside tells of; raises BadNote."""
    return read_checkpoint(read_note(kept(text)["checkpoint"])[0]).size


def size(office: Office) -> int:
    """Return how many entries the log has."""
    with office.store.read() as conn:
        return ledger.size_of(conn)


def compare(office: Office, text: str) -> list[str]:
    """Return how the log differs from the checkpoint or receipt in `text` that was kept outside."""
    try:
        said = kept(text)
        with office.store.read() as conn:
            return list(_compared(office, conn, said))
    except BadNote as fault:
        return [f"Kept outside: {fault}"]


def _compared(office: Office, conn: Connection, said: dict[str, Any]) -> Iterator[str]:
    size_outside = read_checkpoint(read_note(said["checkpoint"])[0]).size
    key = logkeys.key_at(logkeys.keys_if_readable(conn), size_outside, otherwise=office.log_key.verifier_key)
    outside = logkey.verified(said["checkpoint"], key=key)
    size = ledger.size_of(conn)
    if outside.size > size:
        yield (f"Kept outside: the log had {outside.size} entries and has {size} now; "
               f"{outside.size - size} are gone.")  # fmt: skip
        return
    tree = transparency.grown_over(conn, outside.size)
    if tree.root() != outside.root:
        yield (f"Kept outside: the first {outside.size} entries are not those that were signed then; "
               "the log was written anew.")  # fmt: skip
    if "leaf" in said:
        position = said.get("position", -1)
        query = select(ENTRY.c.hash).where(ENTRY.c.position == position)
        leaf = conn.execute(query).scalar() if 0 <= position < size else None
        if leaf != said["leaf"]:
            yield f"Kept outside: the entry at position {position} is not the one of the receipt."


def export_log(office: Office, file: Path) -> int:
    """Write the leaves of the log to `file`, one a line, and the signed checkpoints beside it; return how many leaves.

    That it was exported is in the log before, and in the export.
    """
    beside = file.with_name(file.name + ".checkpoints")
    for one in (file, beside):
        if one.exists():
            raise FileExistsError(f"got {one.name}, which exists, expected a new file: choose another name")
    with office.store.write() as conn:
        tell(office, conn, [Fact("log.exported", {"what": "entries"})])
    with office.store.read() as conn:
        count = write_lines(file, leaves(conn))
        write_lines(beside, (json.dumps(note, ensure_ascii=False).encode() for note in notes(conn)))
    return count


def leaves(conn: Connection) -> Iterator[bytes]:
    """Return the leaves of the log in the order of their positions."""
    query = select(ENTRY.c.leaf).order_by(ENTRY.c.position)
    for leaf in conn.execute(query, execution_options={"yield_per": _AT_ONCE}).scalars():
        yield bytes(leaf)


def notes(conn: Connection) -> Iterator[str]:
    """Return the signed checkpoints of the log, the smallest first."""
    query = select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size)
    yield from conn.execute(query, execution_options={"yield_per": _AT_ONCE}).scalars()


def write_lines(file: Path, lines: Iterator[bytes]) -> int:
    """Write `lines` to a new file, on the disk before this returns; return how many."""
    count = 0
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for line in lines:
            out.write(line + b"\n")
            count += 1
        out.flush()
        os.fsync(out.fileno())
    return count


def verifier() -> bytes:
    """Return the free-standing verifier, as it goes with every archive."""
    return (resources.files("coi.exports") / VERIFIER).read_bytes()
