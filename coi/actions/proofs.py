"""Proofs: what the log says of itself, for anyone; the bytes of an entry, for those whose entry it is. Reads only.

Whoever keeps a checkpoint can ask later whether the log still begins with what he knows. The hashes tell nothing of
what was recorded.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from coi.actions.faults import Fault, malformed
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.actions.shown import masked_checks
from coi.journey.authority import READERS_OF_ALL, may_read
from coi.journey.fold import fold
from coi.record import ledger, transparency
from coi.record.tables import ENTRY, SHIPPER

Json = dict[str, Any]


def checkpoint(office: Office) -> str:
    """Return the signed checkpoint of the log as it stands; 404 while there is no entry."""
    with office.store.read() as conn:
        found = transparency.latest(conn)
    if found is None:
        raise Fault(404, "log.empty", "Nothing was recorded here yet; there is no checkpoint.")
    return found[1]


def inclusion(office: Office, *, position: int, size: int | None) -> Json:
    """Return the proof of the entry at `position` in the tree of `size`, the whole log unless a size is named."""
    with office.store.read() as conn:
        whole = _size(conn)
        size = whole if size is None else size
        if not position < size <= whole:
            raise _beyond("position", f"Expected position < size <= {whole}, got position {position} and size {size}.")
        proof = transparency.inclusion_proof(conn, position, size)
        leaf = conn.execute(select(ENTRY.c.hash).where(ENTRY.c.position == position)).scalar_one()
    return {"position": position, "size": size, "leaf": leaf, "proof": [found.hex() for found in proof]}


def consistency(office: Office, *, first: int, second: int | None) -> Json:
    """Return the proof that the tree of size `first` begins the tree of size `second`, the whole log unless named."""
    with office.store.read() as conn:
        whole = _size(conn)
        second = whole if second is None else second
        if not 0 < first <= second <= whole:
            raise _beyond("from", f"Expected 0 < from <= to <= {whole}, got from {first} and to {second}.")
        proof = transparency.consistency_proof(conn, first, second)
    return {"from": first, "to": second, "proof": [found.hex() for found in proof]}


def known_to_begin(office: Office, *, known: int, size: int) -> Json | None:
    """Return the proof between a tree that a client knows and the one of its receipt, None when there can be none.

    The answer to a replay is the same for ever: it depends on the two sizes and on what was recorded before them only.
    """
    first, second = sorted((known, size))
    with office.store.read() as conn:
        if not 0 < first <= second <= _size(conn):
            return None
        proof = transparency.consistency_proof(conn, first, second)
    return {"from": first, "to": second, "proof": [found.hex() for found in proof]}


def of_entries(office: Office, positions: Sequence[int]) -> Json:
    """Return what proves entries to somebody outside: key, checkpoint, and for each its bytes and its proof."""
    with office.store.read() as conn:
        return of_positions(conn, positions, key=office.log_key.verifier_key)


def of_positions(conn: Connection, positions: Sequence[int], *, key: str) -> Json:
    """Return what `of_entries` returns, as of an open transaction."""
    found = transparency.latest(conn)
    if found is None or not positions:
        return {"key": key, "checkpoint": "", "entries": []}
    size, note = found
    leaves: dict[int, str] = {}
    for some in transparency.batched(positions):
        query = select(ENTRY.c.position, ENTRY.c.leaf).where(ENTRY.c.position.in_(some))
        leaves |= {row.position: bytes(row.leaf).decode() for row in conn.execute(query)}
    proofs = transparency.inclusion_proofs(conn, positions, size)
    entries = [{"position": position, "leaf": leaves[position], "proof": [one.hex() for one in proof]}
               for position, proof in zip(positions, proofs, strict=True)]  # fmt: skip
    return {"key": key, "checkpoint": note, "entries": entries}


def _size(conn: Connection) -> int:
    found = transparency.latest(conn)
    return 0 if found is None else found[0]


def _beyond(name: str, message: str) -> Fault:
    return malformed("log.range", message, {name: [message]})


def entry(office: Office, position: int, *, caller: Caller | None) -> Json:
    """Return the leaf hash of an entry, and its bytes as text to a party of its stream or an auditor."""
    with office.store.read() as conn:
        query = select(ENTRY.c.stream, ENTRY.c.id, ENTRY.c.hash, ENTRY.c.leaf).where(ENTRY.c.position == position)
        row = conn.execute(query).first()
        if row is None:
            raise Fault(404, "not_found", f"The log has no entry at position {position}.")
        seen = caller is not None and _may_see(office, conn, row.stream, row.id, caller)
    told: Json = {"position": position, "leaf": row.hash}
    return told | {"bytes": bytes(row.leaf).decode()} if seen else told


def _may_see(office: Office, conn: Connection, stream: str, entry_id: str, caller: Caller) -> bool:
    """Tell whether the caller may read an entry: the one rule for each sort of stream."""
    sort, _, name = stream.partition(":")
    everything = any(roles & READERS_OF_ALL for roles in caller.grants.values())
    if sort == "therapy":
        return _may_see_of_therapy(office, conn, name, entry_id, caller)
    if sort == "shipper":
        coi = conn.execute(select(SHIPPER.c.therapy).where(SHIPPER.c.id == name)).scalar()
        return everything or (coi is not None and _may_see_of_therapy(office, conn, coi, entry_id, caller))
    if sort == "site":
        return everything or name in caller.grants
    return everything or (sort == "person" and name == caller.person)


def _may_see_of_therapy(office: Office, conn: Connection, coi: str, entry_id: str, caller: Caller) -> bool:
    """A party may; but another's bedside check stays hidden until there is a second one."""
    stream = f"therapy:{coi}"
    entries = ledger.read_streams(conn, [stream])[stream].entries
    therapy = fold(entries, pathway=lambda digest: office.pathway(conn, digest))
    if therapy is None or not may_read(therapy, grants=caller.grants):
        return False
    return entry_id not in masked_checks(therapy, caller.person)
