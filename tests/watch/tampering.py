"""What somebody with the database's own password can do to the log: the guards out of the way, rows changed by hand."""

from __future__ import annotations

from contextlib import contextmanager

from coi.record.tables import APPEND_ONLY


def guards_off(conn):
    for table in APPEND_ONLY:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
        else:
            for act in ("update", "delete", "insert"):
                conn.exec_driver_sql(f"DROP TRIGGER guard_{table.name}_{act}")


def guards_on(conn, kept):
    if conn.dialect.name == "postgresql":
        for table in APPEND_ONLY:
            conn.exec_driver_sql(f'ALTER TABLE "{table.name}" ENABLE ALWAYS TRIGGER guard_{table.name}_row')
            conn.exec_driver_sql(f'ALTER TABLE "{table.name}" ENABLE ALWAYS TRIGGER guard_{table.name}_truncate')
    for statement in kept:
        conn.exec_driver_sql(statement)


@contextmanager
def without_guards(store):
    """Change the log within the block as nobody should be able to; afterwards the guards look untouched."""
    with store.write() as conn:
        kept = []
        if conn.dialect.name == "sqlite":
            query = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
            kept = list(conn.exec_driver_sql(query).scalars())
        guards_off(conn)
        yield conn
        guards_on(conn, kept)
