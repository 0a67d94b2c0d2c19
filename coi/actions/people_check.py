"""People and organisations held against what the log tells of them: nobody comes in whom no entry knows.

A log of before people were told of says nothing of its first ones, so nothing is asked of those.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, select

from coi.journey.entry import Entry, read_leaf
from coi.record.tables import ENTRY, GRANT, ORGANISATION, PERSON

_NOT_TOLD = "the log tells of nobody with this code; find out who put the row there, and take it away."


def faults(conn: Connection) -> Iterator[str]:
    """Return what the tables that let people in say otherwise than the log."""
    told = _told(conn, "person.added")
    older = _is_older(conn, min((entry.position for entry in told.values()), default=None))
    yield from _people(conn, told, older=older)
    yield from _organisations(conn, _told(conn, "organisation.added"), older=older)


def _told(conn: Connection, kind: str) -> dict[str, Entry]:
    query = select(ENTRY.c.leaf).where(ENTRY.c.kind == kind).order_by(ENTRY.c.position)
    entries = (read_leaf(bytes(leaf))[0] for leaf in conn.execute(query).scalars())
    return {str(entry.values["code"]): entry for entry in entries}


def _is_older(conn: Connection, first: int | None) -> bool:
    """Tell whether the log is of before people were told of: somebody acted before the first was (`first`)."""
    query = select(ENTRY.c.leaf).where(ENTRY.c.kind.not_in(("pathway.published",))).order_by(ENTRY.c.position)
    if first is not None:
        query = query.where(ENTRY.c.position < first)
    return any(read_leaf(bytes(leaf))[0].actor["person"] != "system" for leaf in conn.execute(query).scalars())


def _people(conn: Connection, told: Mapping[str, Entry], *, older: bool) -> Iterator[str]:
    grants: dict[str, set[tuple[str, str]]] = {code: set() for code in conn.execute(select(PERSON.c.code)).scalars()}
    for row in conn.execute(select(GRANT)):
        grants.setdefault(row.person, set()).add((row.organisation, row.role))
    for code in sorted(grants.keys() | told.keys()):
        if code not in told:
            yield from () if older else [f"Person {code}: {_NOT_TOLD}"]
        elif code not in grants:
            yield f"Person {code}: the log tells of this person, who is not in the table; take the row from a backup."
        elif grants[code] != {(one["organisation"], one["role"]) for one in told[code].values["grants"]}:
            yield f"Person {code}: the roles in the table are not those that the log tells of."


def _organisations(conn: Connection, told: Mapping[str, Entry], *, older: bool) -> Iterator[str]:
    rows = {row["code"]: dict(row) for row in conn.execute(select(ORGANISATION)).mappings()}
    for code in sorted(rows.keys() | told.keys()):
        if code not in told:
            yield from () if older else [f"Organisation {code}: {_NOT_TOLD}"]
        elif code not in rows:
            yield f"Organisation {code}: the log tells of it, and it is not in the table; take the row from a backup."
        elif any(rows[code].get(name) != value for name, value in told[code].values.items()):
            yield f"Organisation {code}: what the table says of it is not what the log tells."
