"""What somebody with the database's own password can do to the log: the guards out of the way, rows changed by hand."""

from __future__ import annotations

from contextlib import contextmanager

from coi.record.tables import APPEND_ONLY


def guards_off(conn):
    for table in APPEND_ONLY:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
    if conn.dialect.name == "sqlite":
        for name in list(conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()):
            conn.exec_driver_sql(f"DROP TRIGGER {name}")


def guards_on(conn, kept):
    if conn.dialect.name == "postgresql":
        query = (
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal"
        )
        for table, name in list(conn.exec_driver_sql(query)):
            conn.exec_driver_sql(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}')
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
