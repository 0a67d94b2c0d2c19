"""Verification: does the log prove itself, and do the projections say what it says? And the rebuilding of the latter.

`verify` reads everything and repairs nothing. Each fault is one sentence that names the position or the row.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from coi.actions.office import Office
from coi.journey.entry import canonical, leaf_hash, read_leaf
from coi.journey.fold import fold, fold_shipper
from coi.journey.project import project, project_shipper
from coi.record import blobs, guards, ledger, projections
from coi.record.tables import ATTEMPT, ENTRY, PATHWAY, PROJECTIONS

_BATCH = 500
_STREAMS_AT_ONCE = 50
_SAME = ("position", "stream", "seq", "id", "attempt", "kind", "recorded_at")


def verify(office: Office) -> list[str]:
    """Return everything that is wrong with the log and the projections; an empty list is as it must be."""
    with office.store.read() as conn:
        faults = [*_log(conn), *_attempts(conn), *_pathways(conn)]
        faults += [f"Guard {name} is not in force; the log can be changed." for name in guards.missing(conn)]
        faults += [f"Document {sha256}: its bytes are not in the store; take them from a backup." for sha256
                   in blobs.missing(conn)]  # fmt: skip
        if not faults:  # what the log says is only asked once the log itself is right
            faults = list(_projections(office, conn))
    return faults


def _log(conn: Connection) -> Iterator[str]:
    """Check positions, hashes, chains, sequences and columns of every entry."""
    tails: dict[str, tuple[int, str | None]] = {}
    expected = 0
    last_time = ""
    for row in conn.execution_options(yield_per=_BATCH).execute(select(ENTRY).order_by(ENTRY.c.position)).mappings():
        if row["position"] != expected:
            yield f"Position {expected}: expected an entry, got a gap up to position {row['position']}."
        expected = row["position"] + 1
        seq, prev = tails.get(row["stream"], (0, None))
        yield from _entry(dict(row), seq=seq, prev=prev)
        if row["recorded_at"] < last_time:
            yield f"Position {row['position']}: it was recorded before the entry that precedes it."
        last_time = row["recorded_at"]
        tails[row["stream"]] = (row["seq"], row["hash"])


def _entry(row: Mapping[str, Any], *, seq: int, prev: str | None) -> Iterator[str]:
    leaf, where = bytes(row["leaf"]), f"Position {row['position']}"
    if leaf_hash(leaf) != row["hash"]:
        yield f"{where}: the stored hash is not the hash of the stored leaf."
    try:
        document = json.loads(leaf)
        read_leaf(leaf)
    except (ValueError, TypeError, KeyError):
        yield f"{where}: the leaf cannot be read as leaf format v1."
        return
    if canonical(document) != leaf:
        yield f"{where}: the leaf is not in canonical form."
    yield from (f"{where}: column {name} differs from the leaf." for name in _SAME if document[name] != row[name])
    if document["prev"] != prev:
        yield f"{where}: the chain of stream {row['stream']} is broken before it."
    if row["seq"] != seq + 1:
        yield f"{where}: expected seq {seq + 1} of stream {row['stream']}, got {row['seq']}."


def _attempts(conn: Connection) -> Iterator[str]:
    query = select(ATTEMPT.c.id, ATTEMPT.c.position, ENTRY.c.attempt).join(
        ENTRY, ENTRY.c.position == ATTEMPT.c.position, isouter=True
    )
    for row in conn.execute(query):
        if row.attempt != row.id:
            yield f"Attempt {row.id}: its answer points to position {row.position}, which is not its entry."


def _pathways(conn: Connection) -> Iterator[str]:
    for row in conn.execute(select(PATHWAY.c.digest, PATHWAY.c.document)):
        if hashlib.sha256(bytes(row.document)).hexdigest() != row.digest:
            yield f"Pathway {row.digest}: its stored bytes have another digest."


def _streams(conn: Connection, sort: str) -> Iterator[ledger.Stream]:
    """Return every stream of one sort, a batch of streams at a time."""
    names = conn.execute(select(ENTRY.c.stream).where(ENTRY.c.stream.startswith(f"{sort}:")).distinct()).scalars().all()
    for start in range(0, len(names), _STREAMS_AT_ONCE):
        yield from ledger.read_streams(conn, names[start : start + _STREAMS_AT_ONCE]).values()


def _expected(office: Office, conn: Connection) -> dict[str, dict[str, Any]]:
    """Return every projected row as the log says it must be."""
    rows: dict[str, dict[str, Any]] = {name: {} for name in (*PROJECTIONS, "shipper")}
    for stream in _streams(conn, "therapy"):
        therapy = fold(stream.entries, pathway=lambda digest: office.pathway(conn, digest))
        if therapy is not None and therapy.pathway:
            for name, found in project(therapy, pathway=office.pathway(conn, therapy.pathway)).tables().items():
                rows[name].update(found)
    for stream in _streams(conn, "shipper"):
        shipper = fold_shipper(stream.entries)
        if shipper is not None:
            rows["shipper"][shipper.id] = project_shipper(shipper)
    return rows


def _projections(office: Office, conn: Connection) -> Iterator[str]:
    expected, stored = _expected(office, conn), projections.stored(conn)
    for name, rows in expected.items():
        for key in sorted(rows.keys() | stored[name].keys()):
            if rows.get(key) != stored[name].get(key):
                yield f"Projection {name} {key}: the table differs from what the log says; run coi rebuild."


def rebuild(office: Office) -> int:
    """Write all projections anew from the log; return the number of rows."""
    with office.store.write() as conn:
        expected = _expected(office, conn)
        projections.clear(conn)
        for name, rows in expected.items():
            projections.insert_all(conn, name, list(rows.values()))
    return sum(len(rows) for rows in expected.values())
