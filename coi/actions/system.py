"""The house's own facts: people, settings, keys, backups, exports and the watcher's life are entries like all others.

Whoever changes the house calls `tell` in the transaction of the change, so that neither is there without the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select

from coi.actions.appending import Written, append, system_fields
from coi.actions.attempts import desk_of
from coi.actions.office import Office
from coi.journey.entry import Entry, read_leaf
from coi.record.ledger import Draft
from coi.record.tables import ENTRY

STREAM = "system"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened to the house. `id` is given where the same fact must not be told twice."""

    kind: str
    values: Mapping[str, Any]
    stream: str = STREAM
    id: str | None = None


def tell(office: Office, conn: Connection, facts: Sequence[Fact], *, new_key: bool = False) -> Written:
    """Append `facts` inside the open write transaction, once in it; with `new_key`, another key signs from here on."""
    attempt = facts[0].id or str(uuid4())
    desk = desk_of(office, conn, attempt, new_key=new_key)
    drafts = []
    for fact in facts:
        fields = system_fields(office, desk, kind=fact.kind, attempt=attempt, therapy=None)
        more = {"id": fact.id or str(uuid4()), "occurred_at": desk.at, "values": dict(fact.values)}
        drafts.append(Draft(fact.stream, {**fields, **more}))
    return append(office, desk, drafts, {})


def told(conn: Connection, *kinds: str) -> list[Entry]:
    """Return the facts of these kinds in the system's own stream, in order."""
    query = select(ENTRY.c.leaf).where(ENTRY.c.stream == STREAM, ENTRY.c.kind.in_(kinds)).order_by(ENTRY.c.seq)
    return [read_leaf(bytes(leaf))[0] for leaf in conn.execute(query).scalars()]


def last_told(conn: Connection, *kinds: str) -> Entry | None:
    """Return the last fact of these kinds in the system's own stream."""
    query = select(ENTRY.c.leaf).where(ENTRY.c.stream == STREAM, ENTRY.c.kind.in_(kinds))
    leaf = conn.execute(query.order_by(ENTRY.c.seq.desc()).limit(1)).scalar()
    return None if leaf is None else read_leaf(bytes(leaf))[0]


def is_told(conn: Connection, id_: str) -> bool:
    """Tell whether a fact with this id is in the log."""
    return conn.execute(select(ENTRY.c.id).where(ENTRY.c.id == id_)).first() is not None
