"""Projections: written as the difference between what a therapy was and what it is, in the entry's own transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete
from sqlalchemy.dialects import postgresql, sqlite

from coi.journey.project import Projection, Row
from coi.record.tables import PROJECTIONS, SHIPPER

_UPSERTS: dict[tuple[str, str], Any] = {}


def write(conn: Connection, *, before: Projection, after: Projection) -> None:
    """Write the rows in which `after` differs from `before`."""
    old, new = before.tables(), after.tables()
    for name, table in PROJECTIONS.items():
        changed = [row for key, row in new[name].items() if old[name].get(key) != row]
        gone = [key for key in old[name] if key not in new[name]]
        if changed:
            conn.execute(_upsert(conn, table), changed)
        if gone:
            key_column = next(iter(table.primary_key.columns))
            conn.execute(delete(table).where(key_column.in_(gone)))


def write_shipper(conn: Connection, row: Row) -> None:
    """Write the row of one shipper."""
    conn.execute(_upsert(conn, SHIPPER), row)


def clear(conn: Connection) -> None:
    """Drop every projected row; `coi rebuild` writes them anew."""
    for table in (*PROJECTIONS.values(), SHIPPER):
        conn.execute(delete(table))


def insert_all(conn: Connection, name: str, rows: list[Row]) -> None:
    """Write rows into an empty projection."""
    if rows:
        conn.execute(_upsert(conn, {**PROJECTIONS, "shipper": SHIPPER}[name]), rows)


def stored(conn: Connection) -> Mapping[str, dict[str, Row]]:
    """Return every projected row by table and key, to be compared with a fresh fold."""
    found: dict[str, dict[str, Row]] = {}
    for name, table in {**PROJECTIONS, "shipper": SHIPPER}.items():
        key = next(iter(table.primary_key.columns)).name
        found[name] = {row[key]: dict(row) for row in conn.execute(table.select()).mappings()}
    return found


def _upsert(conn: Connection, table: Table) -> Any:
    """Return INSERT … ON CONFLICT DO UPDATE for `table`; built once a dialect, as building costs more than running."""
    name = conn.dialect.name
    if (name, table.name) not in _UPSERTS:
        statement = (sqlite if name == "sqlite" else postgresql).insert(table)
        keys = [column.name for column in table.primary_key.columns]
        rest = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
        _UPSERTS[name, table.name] = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    return _UPSERTS[name, table.name]
