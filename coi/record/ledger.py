"""The ledger: the only writer of the log.

* Everything here runs inside one `store.write()` block, which holds the write lock: what `open_attempt` and
  `read_streams` return is still true when `append` writes.
* `recorded_at` never goes back, whatever the clock of the machine does.
* Nothing is committed here.

What an entry means, whether it may be written and what is answered is decided by the callers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select

from coi.journey.entry import Entry, from_instant, instant, leaf_hash, leaf_of, read_leaf
from coi.journey.tree import Frontier
from coi.record import transparency
from coi.record.tables import ATTEMPT, CHECKPOINT, CLASH, ENTRY, SHIPPER


@dataclass(frozen=True, slots=True)
class Stored:
    """What was answered to an attempt before."""

    person: str
    digest: str
    status: int
    answer: bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the log stands when an attempt comes in: its tree, its last time, and the attempt's stored answer."""

    tree: Frontier
    signer: bytes | None  # the id of the key that signed the last checkpoint
    recorded_at: datetime | None
    stored: Stored | None

    @property
    def size(self) -> int:
        """Return the number of entries in the log."""
        return self.tree.size

    def time_to_record(self, now: datetime) -> datetime:
        """Return `now`, or the last recorded time when the machine's clock has gone back."""
        return now if self.recorded_at is None else max(now, self.recorded_at)


@dataclass(frozen=True, slots=True)
class Stream:
    """The entries of one stream in order, and the leaf hash of its last one."""

    entries: tuple[Entry, ...]
    last_hash: str | None

    @property
    def next_seq(self) -> int:
        """Return the seq that the next entry gets; the first is 1."""
        return self.entries[-1].seq + 1 if self.entries else 1


NO_ENTRIES = Stream((), None)

_TAIL = select(ENTRY.c.position, ENTRY.c.recorded_at).order_by(ENTRY.c.position.desc()).limit(1).subquery("tail")
_SIGNED = (
    select(CHECKPOINT.c.size, CHECKPOINT.c.frontier, CHECKPOINT.c.note)
    .order_by(CHECKPOINT.c.size.desc())
    .limit(1)
    .subquery("signed")
)
_ONE = select(bindparam("attempt").label("id")).subquery("one")
_OPENING = (
    select(
        _TAIL.c.position,
        _TAIL.c.recorded_at,
        _SIGNED.c.size,
        _SIGNED.c.frontier,
        _SIGNED.c.note,
        ATTEMPT.c.person,
        ATTEMPT.c.digest,
        ATTEMPT.c.status,
        ATTEMPT.c.answer,
    )
    .select_from(_ONE)
    .join(ATTEMPT, ATTEMPT.c.id == _ONE.c.id, isouter=True)
    .join(_TAIL, _ONE.c.id.is_not(None), isouter=True)
    .join(_SIGNED, _ONE.c.id.is_not(None), isouter=True)
)
_STREAMS = (
    select(ENTRY.c.stream, ENTRY.c.leaf, ENTRY.c.hash)
    .where(ENTRY.c.stream.in_(bindparam("streams", expanding=True)))
    .order_by(ENTRY.c.position)
)


_LOADED = (
    select(ENTRY.c.stream, ENTRY.c.leaf, ENTRY.c.hash)
    .where(
        or_(
            ENTRY.c.stream == "shipper:" + bindparam("shipper"),
            ENTRY.c.stream.in_(select("therapy:" + SHIPPER.c.therapy).where(SHIPPER.c.id == bindparam("shipper"))),
        )
    )
    .order_by(ENTRY.c.position)
)


def open_attempt(conn: Connection, attempt: str) -> Opening:
    """Return where the log stands and what was answered to `attempt` before, if anything.

    Raises LogBroken when the log is longer or shorter than what was signed of it: nothing may be added to it then.
    """
    row = conn.execute(_OPENING, {"attempt": attempt}).one()
    stored = None if row.digest is None else Stored(row.person, row.digest, row.status, bytes(row.answer))
    tree, signer = Frontier(), None
    if row.size is not None:
        tree, signer = transparency.frontier_of(row.size, bytes(row.frontier), row.note)
    size = 0 if row.position is None else row.position + 1
    if size != tree.size:
        raise transparency.LogBroken(f"The log has {size} entries and {tree.size} of them are signed; run coi verify.")
    return Opening(tree, signer, from_instant(row.recorded_at) if row.recorded_at else None, stored)


def read_streams(conn: Connection, streams: Iterable[str]) -> dict[str, Stream]:
    """Return the entries of `streams`, each in order; a stream without entries is there, empty."""
    names = list(streams)
    return _by_stream(conn.execute(_STREAMS, {"streams": names}), names)


def read_loaded(conn: Connection, shipper: str) -> dict[str, Stream]:
    """Return the stream of `shipper` and, in the same statement, that of the one therapy it is said to carry.

    What it carries is said by a projection; whoever decides asks the shipper's own entries.
    """
    return _by_stream(conn.execute(_LOADED, {"shipper": shipper}), [f"shipper:{shipper}"])


def _by_stream(rows: Iterable[Any], names: Iterable[str]) -> dict[str, Stream]:
    found: dict[str, tuple[list[Entry], str | None]] = {stream: ([], None) for stream in names}
    for row in rows:
        entries, _ = found.setdefault(row.stream, ([], None))
        entries.append(read_leaf(bytes(row.leaf))[0])
        found[row.stream] = (entries, row.hash)
    return {stream: Stream(tuple(entries), last) for stream, (entries, last) in found.items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before the ledger gives it its place; `fields` are those of Entry less position, stream and seq."""

    stream: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry with its leaf hash."""

    entry: Entry
    hash: str


def append(conn: Connection, drafts: Sequence[Draft], *, size: int, streams: Mapping[str, Stream]) -> list[Appended]:
    """Write `drafts` in order behind a log of `size` entries and return them with their places.

    `streams` holds what was read of each drafted stream under the same write lock.
    """
    tails = {stream: (streams[stream].next_seq, streams[stream].last_hash) for stream in {d.stream for d in drafts}}
    appended, rows = [], []
    for offset, draft in enumerate(drafts):
        seq, prev = tails[draft.stream]
        entry = Entry(position=size + offset, stream=draft.stream, seq=seq, **draft.fields)
        leaf = leaf_of(entry, prev=prev)
        hashed = leaf_hash(leaf)
        tails[draft.stream] = (seq + 1, hashed)
        appended.append(Appended(entry, hashed))
        rows.append(_row(entry, leaf, hashed))
    conn.execute(insert(ENTRY), rows)
    return appended


def _row(entry: Entry, leaf: bytes, hashed: str) -> dict[str, Any]:
    return {
        "position": entry.position,
        "stream": entry.stream,
        "seq": entry.seq,
        "id": entry.id,
        "attempt": entry.attempt,
        "kind": entry.kind,
        "recorded_at": instant(entry.recorded_at),
        "leaf": leaf,
        "hash": hashed,
    }


def keep_answer(
    conn: Connection, *, attempt: str, person: str, digest: str, status: int, answer: bytes, position: int, at: datetime
) -> None:
    """Store what is answered to `attempt`, so that a replay gets the same bytes for ever."""
    conn.execute(
        insert(ATTEMPT),
        {
            "id": attempt,
            "person": person,
            "digest": digest,
            "status": status,
            "answer": answer,
            "position": position,
            "recorded_at": instant(at),
        },
    )


def keep_clash(conn: Connection, *, id_: str, attempt: str, person: str, digest: str, at: datetime) -> None:
    """Store the digest of a body that came under an id already used for another body."""
    conn.execute(
        insert(CLASH),
        {
            "id": id_,
            "attempt": attempt,
            "person": person,
            "digest": digest,
            "recorded_at": instant(at),
        },
    )


def size_of(conn: Connection) -> int:
    """Return the number of entries in the log."""
    last = conn.execute(select(func.max(ENTRY.c.position))).scalar()
    return 0 if last is None else int(last) + 1
