"""Verification: does the log prove itself, and do the projections say what it says? And the rebuilding of the latter.

`verify` reads everything and repairs nothing. Each fault is one sentence that names the position or the row.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from coi.actions import answers_check, crosswalk_check, logkeys, people_check, vault_check
from coi.actions.office import Office
from coi.actions.promises import promises
from coi.actions.system import told
from coi.journey.checkpoint import BadNote
from coi.journey.entry import canonical, leaf_hash, read_leaf
from coi.journey.fold import fold, fold_shipper
from coi.journey.project import project, project_shipper
from coi.journey.tree import Frontier
from coi.record import blobs, guards, ledger, logkey, projections
from coi.record.tables import CHECKPOINT, ENTRY, PATHWAY, PROJECTIONS

_STREAMED = {"yield_per": 500}
_STREAMS_AT_ONCE = 50
SAME_KEY = "same"  # what an import says of the vault's key when the archive's tokens were made with it
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
_SAME = ("position", "stream", "seq", "id", "attempt", "kind", "recorded_at")


def verify(office: Office) -> list[str]:
    """Return everything that is wrong with the log and the projections; an empty list is as it must be."""
    with office.store.read() as conn:
        return faults_in(office, conn)


def faults_in(office: Office, conn: Connection) -> list[str]:
    """Return what `verify` returns, as an open transaction sees it: before what it wrote is there for anybody else."""
    tree = _tree(conn, office.log_key.verifier_key)
    faults = [
        *_to_the_end("The entries", _log(conn)),
        *_to_the_end("The tree", tree),
        *_to_the_end("The pathways", _pathways(conn)),
    ]
    faults += [f"Guard {name} is not in force as it must be; the log can be changed."
               for name in guards.faults(conn)]  # fmt: skip
    if not faults:  # what the log says is only asked once the log itself is right
        faults = [
            *_to_the_end("The stored answers", answers_check.faults(conn)),
            *_to_the_end("The people", people_check.faults(conn)),
            *_to_the_end("The vault and the crosswalk", _outside(office, conn)),
            *_projections(office, conn),
        ]
    faults += [f"Document {sha256}: its bytes are not in the store; take them from a backup." for sha256
               in blobs.missing(conn)]  # fmt: skip
    return faults


def _to_the_end(what: str, faults: Iterator[str]) -> Iterator[str]:
    """Return `faults`, and one more where a row is so odd that nobody can go on: what was found before is not lost."""
    try:
        yield from faults
    except _UNREADABLE as fault:
        yield f"{what} cannot be read to the end ({type(fault).__name__}): a row is not as this software writes it."


def _log(conn: Connection) -> Iterator[str]:
    """Check positions, hashes, chains, sequences and columns of every entry."""
    tails: dict[str, tuple[int, str | None]] = {}
    expected = 0
    last_time = ""
    for row in conn.execute(select(ENTRY).order_by(ENTRY.c.position), execution_options=_STREAMED).mappings():
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
        in_form = canonical(document) == leaf
    except _UNREADABLE:
        yield f"{where}: the leaf cannot be read as leaf format v1."
        return
    if not in_form:
        yield f"{where}: the leaf is not in canonical form."
    yield from (f"{where}: column {name} differs from the leaf." for name in _SAME if document[name] != row[name])
    if document["prev"] != prev:
        yield f"{where}: the chain of stream {row['stream']} is broken before it."
    if row["seq"] != seq + 1:
        yield f"{where}: expected seq {seq + 1} of stream {row['stream']}, got {row['seq']}."


def _tree(conn: Connection, key: str) -> Iterator[str]:
    """Grow the tree anew from the stored leaves and hold every signed checkpoint against it."""
    keys = logkeys.keys_if_readable(conn)
    if keys and keys[-1][1] != key:
        yield f"The log says that it is signed with {keys[-1][1]}, this instance has the key {key}."
    leaves = _leaf_hashes(conn)
    tree = Frontier()
    last = 0
    for row in conn.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.size), execution_options=_STREAMED):
        if row.start != last:
            yield f"Checkpoint {row.size}: it begins at {row.start}, the one before it ends at {last}."
        completed: list[bytes] = []
        for leaf in islice(leaves, row.size - tree.size):
            tree, nodes = tree.grown(leaf)
            completed += nodes
        if tree.size != row.size:
            yield f"Checkpoint {row.size}: the log has {tree.size} entries only; entries are gone from its end."
            return
        yield from _checkpoint(row, tree, b"".join(completed), logkeys.key_at(keys, row.size, otherwise=key))
        last = row.size
    behind = sum(1 for _ in leaves)
    if behind:
        yield f"Position {tree.size}: {behind} entries stand behind the last checkpoint; they were never signed."


def _leaf_hashes(conn: Connection) -> Iterator[bytes]:
    query = select(ENTRY.c.leaf).order_by(ENTRY.c.position)
    for leaf in conn.execute(query, execution_options=_STREAMED).scalars():
        yield bytes.fromhex(leaf_hash(bytes(leaf)))


def _checkpoint(row: Any, tree: Frontier, completed: bytes, key: str) -> Iterator[str]:
    where = f"Checkpoint {row.size}"
    try:
        said = logkey.verified(row.note, key=key)
    except BadNote as fault:
        yield f"{where}: {fault}"
        return
    if (said.size, said.root) != (row.size, tree.root()):
        yield f"{where}: what was signed is not the tree over the stored entries; an entry up to it was changed."
    if bytes(row.frontier) != b"".join(tree.hashes) or bytes(row.nodes) != completed:
        yield f"{where}: the stored nodes are not those of the tree over the stored entries."


def _outside(office: Office, conn: Connection) -> Iterator[str]:
    """Hold what lies outside the log and cannot be made from it against what the log promises of it."""
    promised = promises(conn)
    texts = vault_check.Texts()
    own_tokens = not any(entry.values.get("vault_key") != SAME_KEY for entry in told(conn, "log.imported"))
    yield from vault_check.opened(office, conn, promised, texts, own_tokens=own_tokens)
    yield from vault_check.documents(conn, promised)
    yield from crosswalk_check.faults(office, conn, promised, texts)


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
        return project_anew(office, conn)


def project_anew(office: Office, conn: Connection) -> int:
    """Write all projections anew inside the open write transaction; return the number of rows."""
    expected = _expected(office, conn)
    projections.clear(conn)
    for name, rows in expected.items():
        projections.insert_all(conn, name, list(rows.values()))
    return sum(len(rows) for rows in expected.values())
