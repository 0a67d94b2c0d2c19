"""Bringing the tables of an instance up to date, as the role that owns them.

On PostgreSQL the owner and the service can be two roles (`database_owner_url`). The service's role then may add to the
log and read it, and never change it: what the guards refuse, it is not even allowed to try.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, make_url

from coi.actions.setup import LOG_KEY_FILE
from coi.record import schema, transparency
from coi.record.db import Store, open_store
from coi.record.logkey import LogKey, create_log_key, load_log_key
from coi.record.tables import APPEND_ONLY, Row
from coi.settings import Settings


def upgrade(settings: Settings) -> bool:
    """Run the migrations that are missing, and grant the service's role what it needs. Twice changes nothing.

    Return whether tables that were there before were changed: then the projections have to be written anew.
    """
    with _owner(settings) as store:
        with store.write() as conn:  # a new file is made by the writer
            before = schema.current(conn)
        schema.upgrade(store)
        key = _log_key(settings, store)
        with store.write() as conn:
            transparency.plant(conn, key)
        if settings.database_owner_url:
            role = make_url(settings.database_url).username
            with store.write() as conn:
                _grant(conn, role or conn.dialect.default_schema_name or "")
    return before not in (None, schema.head())


def _log_key(settings: Settings, store: Store) -> LogKey:
    """Return the key that signs for the log; a log that was never signed gets its first one.

    Raises LogKeyError when the key of a log that was signed before is gone.
    """
    file = settings.instance / LOG_KEY_FILE
    if not file.exists():
        with store.read() as conn:
            signed = transparency.latest(conn) is not None
        if not signed:
            return create_log_key(file)
    return load_log_key(file)


@contextmanager
def _owner(settings: Settings) -> Iterator[Store]:
    store = open_store(settings.database_owner_url or settings.database_url)
    try:
        yield store
    finally:
        store.close()


def _grant(conn: Connection, role: str) -> None:
    quoted = conn.dialect.identifier_preparer.quote
    to = f"TO {quoted(role)}"
    conn.exec_driver_sql(f"GRANT USAGE ON SCHEMA {quoted(conn.dialect.default_schema_name or 'public')} {to}")
    conn.exec_driver_sql(f"GRANT SELECT ON alembic_version {to}")
    for table in Row.metadata.sorted_tables:
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        conn.exec_driver_sql(f"REVOKE ALL ON {quoted(table.name)} FROM {quoted(role)}")
        conn.exec_driver_sql(f"GRANT {rights} ON {quoted(table.name)} {to}")
