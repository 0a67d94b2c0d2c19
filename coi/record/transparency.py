"""The tree over the log as it is kept: a row after each transaction, from which every proof of every size is answered.

A row of `checkpoint` holds the signed note of its size, the frontier from which the tree grows on, and the nodes that
the transaction completed; nothing is ever computed twice and nothing is ever changed. Before a checkpoint is signed,
the leaves are read back from the store and hashed again: what is signed is what is kept.

The hashing is `coi.journey.tree`, the text `coi.journey.checkpoint`, the key `coi.record.logkey`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from coi.journey.checkpoint import BadNote, read_checkpoint, read_note
from coi.journey.tree import (
    HASH_BYTES,
    Frontier,
    Node,
    complete_nodes,
    completed_at,
    consistency_ranges,
    inclusion_ranges,
    joined,
    proof_of_the_next,
)
from coi.record import logkey
from coi.record.logkey import LogKey
from coi.record.tables import CHECKPOINT, ENTRY

_AT_ONCE = 64  # nodes that one statement asks for
_PLANTED_AT_ONCE = 256  # entries between two checkpoints of a log that grew up without a tree
_WRITTEN = (  # prepared once: building a statement costs more than running it
    select(ENTRY.c.leaf,
           select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == bindparam("start")).scalar_subquery().label("note"))
    .where(ENTRY.c.position >= bindparam("start"))
    .order_by(ENTRY.c.position)
)  # fmt: skip


class LogBroken(Exception):
    """The log and its tree do not fit together, or the store gave back other bytes than it was given."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What proves that an entry was recorded: the signed checkpoint and the hashes from its leaf up to the root."""

    size: int
    note: str
    proof: tuple[str, ...]


def frontier_of(size: int, stored: bytes, note: str) -> tuple[Frontier, bytes]:
    """Return a stored frontier and the id of the key that signed it; LogBroken when it is not what was signed."""
    hashes = tuple(stored[start : start + HASH_BYTES] for start in range(0, len(stored), HASH_BYTES))
    try:
        found = Frontier(size, hashes)
        text, signatures = read_note(note)
        said = read_checkpoint(text)
    except (ValueError, BadNote) as fault:
        raise LogBroken(f"The checkpoint of {size} entries cannot be read; run coi verify.") from fault
    if (said.size, said.root) != (size, found.root()):
        raise LogBroken(f"The tree of {size} entries is not the one that was signed; run coi verify.")
    return found, signatures[0].key_id


def sign_for(
    conn: Connection, before: Frontier, hashes: Sequence[str], key: LogKey, *, signer: bytes | None
) -> Receipt:
    """Write the checkpoint behind the entries with `hashes`, which were just appended; return the first one's receipt.

    `signer` is the id of the key that signed before, None where another one takes over now. Raises LogBroken when that
    is not `key` or the signature is not its own (a forged tree would become a signed one by adding to it), and when the
    store does not give back the leaves that were hashed.
    """
    if signer not in (None, key.id):
        raise LogBroken("The log was signed with another key than this process has; start the service again.")
    leaves = [bytes.fromhex(found) for found in hashes]
    stored, note = _read_back(conn, before.size)
    if signer is not None:
        refuse_forged(note, key=key.verifier_key)
    if stored != leaves:
        raise LogBroken("The store gave back other bytes than were written; nothing was recorded. Run coi doctor.")
    after, completed = _grown(before, leaves)
    note = key.checkpoint(after.size, after.root())
    conn.execute(insert(CHECKPOINT), _row(before, after, completed, note))
    return Receipt(after.size, note, tuple(found.hex() for found in proof_of_the_next(before, leaves)))


def refuse_forged(note: str | None, *, key: str) -> None:
    """Raise LogBroken unless the public key `key` signed the checkpoint `note`."""
    try:
        logkey.verified(note or "", key=key)
    except BadNote as fault:
        raise LogBroken("The last checkpoint is not signed with the log's key; run coi verify.") from fault


def _read_back(conn: Connection, start: int) -> tuple[list[bytes], str | None]:
    """Return the hashes of the leaves from `start` on as they are stored, and the note of the checkpoint there."""
    rows = conn.execute(_WRITTEN, {"start": start}).all()
    leaves = [hashlib.sha256(b"\x00" + bytes(row.leaf)).digest() for row in rows]
    return leaves, rows[0].note if rows else None


def _grown(before: Frontier, leaves: Sequence[bytes]) -> tuple[Frontier, list[bytes]]:
    after, completed = before, []
    for leaf in leaves:
        after, nodes = after.grown(leaf)
        completed += nodes
    return after, completed


def _row(before: Frontier, after: Frontier, completed: Sequence[bytes], note: str) -> dict[str, Any]:
    return {"size": after.size, "start": before.size, "frontier": b"".join(after.hashes),
            "nodes": b"".join(completed), "note": note}  # fmt: skip


def plant(conn: Connection, key: LogKey) -> int:
    """Give a log that has entries without a tree its tree; return how many entries that were.

    Twice changes nothing: what a tree stands over already is left as it is.
    """
    frontier = last_frontier(conn)
    first = frontier.size
    query = select(ENTRY.c.leaf).where(ENTRY.c.position >= first).order_by(ENTRY.c.position)
    for some in conn.execute(query, execution_options={"yield_per": _PLANTED_AT_ONCE}).scalars().partitions():
        leaves = [hashlib.sha256(b"\x00" + bytes(leaf)).digest() for leaf in some]
        grown, completed = _grown(frontier, leaves)
        conn.execute(insert(CHECKPOINT), _row(frontier, grown, completed, key.checkpoint(grown.size, grown.root())))
        frontier = grown
    return frontier.size - first


def replanted(hashes: Iterator[bytes], notes: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Return the row of each checkpoint in `notes`, over leaves with `hashes`, for a log that is filled from outside.

    Raises LogBroken when a checkpoint is not of this tree, or the last one does not cover every leaf; BadNote when it
    is none. Who signed is the caller's to ask.
    """
    before = Frontier()
    for note in notes:
        said = read_checkpoint(read_note(note)[0])
        after, completed = _grown(before, list(islice(hashes, max(0, said.size - before.size))))
        if after.size <= before.size or (after.size, after.root()) != (said.size, said.root):
            raise LogBroken(f"The checkpoint of {said.size} entries is not one of this log.")
        yield _row(before, after, completed, note)
        before = after
    if next(hashes, None) is not None:
        raise LogBroken(f"There are entries behind the last checkpoint, which is of {before.size} entries.")


def last_frontier(conn: Connection) -> Frontier:
    """Return the frontier of the last checkpoint; that of nothing when there is none."""
    row = conn.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.size.desc()).limit(1)).first()
    return Frontier() if row is None else frontier_of(row.size, bytes(row.frontier), row.note)[0]


def latest(conn: Connection) -> tuple[int, str] | None:
    """Return (size, signed note) of the last checkpoint, None when nothing was ever written."""
    query = select(CHECKPOINT.c.size, CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(1)
    row = conn.execute(query).first()
    return None if row is None else (row.size, row.note)


def inclusion_proof(conn: Connection, position: int, size: int) -> list[bytes]:
    """Return the hashes from the leaf at `position` up to the root of the tree of `size`; ValueError for neither."""
    return _hashes(conn, inclusion_ranges(position, size))


def inclusion_proofs(conn: Connection, positions: Sequence[int], size: int) -> list[list[bytes]]:
    """Return the proofs of several entries in one tree, in the order of `positions`; each node is read once."""
    ranges = [inclusion_ranges(position, size) for position in positions]
    hashes = iter(_hashes(conn, [one for several in ranges for one in several]))
    return [[next(hashes) for _ in several] for several in ranges]


def consistency_proof(conn: Connection, first: int, second: int) -> list[bytes]:
    """Return the hashes that show one tree to begin another; ValueError unless 0 < first <= second."""
    return _hashes(conn, consistency_ranges(first, second))


def root_at(conn: Connection, size: int) -> bytes:
    """Return the root of the tree of `size`, which must not exceed the log's."""
    if size == 0:
        return Frontier().root()
    return _hashes(conn, [(0, size)])[0]


def grown_over(conn: Connection, size: int) -> Frontier:
    """Return the tree over the first `size` stored leaves, hashed anew: not from what the store says of them."""
    tree = Frontier()
    query = select(ENTRY.c.leaf).where(ENTRY.c.position < size).order_by(ENTRY.c.position)
    for leaf in conn.execute(query, execution_options={"yield_per": _PLANTED_AT_ONCE}).scalars():
        tree, _ = tree.grown(hashlib.sha256(b"\x00" + bytes(leaf)).digest())
    return tree


def _hashes(conn: Connection, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    parts = [complete_nodes(start, end) for start, end in ranges]
    known = _nodes(conn, {node for part in parts for node in part})
    return [joined([known[node] for node in part]) for part in parts]


def _nodes(conn: Connection, wanted: set[Node]) -> dict[Node, bytes]:
    """Return the hashes of complete nodes; raises LogBroken when the store lacks one."""
    found: dict[Node, bytes] = {}
    leaves = sorted(index for level, index in wanted if level == 0)
    for some in batched(leaves):
        query = select(ENTRY.c.position, ENTRY.c.hash).where(ENTRY.c.position.in_(some))
        found |= {(0, row.position): bytes.fromhex(row.hash) for row in conn.execute(query)}
    for several in batched(sorted(node for node in wanted if node[0])):
        found |= _kept(conn, several)
    if missing := wanted - found.keys():
        raise LogBroken(f"The tree lacks {len(missing)} of its nodes; run coi verify.")
    return found


def batched(several: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Return `several` in portions that one statement takes."""
    for start in range(0, len(several), _AT_ONCE):
        yield several[start : start + _AT_ONCE]


def _kept(conn: Connection, higher: Sequence[Node]) -> dict[Node, bytes]:
    """Return nodes above the leaves from the rows of the transactions that completed them."""
    rows = [select(func.min(CHECKPOINT.c.size)).where(CHECKPOINT.c.size > completed_at(node)).scalar_subquery()
            for node in higher]  # fmt: skip
    query = select(CHECKPOINT.c.size, CHECKPOINT.c.start, CHECKPOINT.c.nodes).where(CHECKPOINT.c.size.in_(rows))
    kept = conn.execute(query.order_by(CHECKPOINT.c.size)).all()
    found = {}
    for node in higher:
        row = next((row for row in kept if row.start <= completed_at(node) < row.size), None)
        if row is not None:
            place = (nodes_before(completed_at(node)) - nodes_before(row.start) + node[0] - 1) * HASH_BYTES
            found[node] = bytes(row.nodes)[place : place + HASH_BYTES]
    return {node: value for node, value in found.items() if len(value) == HASH_BYTES}


def nodes_before(size: int) -> int:
    """Return how many nodes above the leaves the first `size` leaves complete."""
    return size - size.bit_count()
