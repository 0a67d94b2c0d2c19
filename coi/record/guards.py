"""Guards of the log: triggers that refuse every change of what was written, on either database.

SQLite: BEFORE UPDATE and BEFORE DELETE refuse; a BEFORE INSERT trigger refuses a key that exists, because
`INSERT OR REPLACE` would otherwise delete the old row without asking the DELETE trigger. PostgreSQL: row triggers and
a statement trigger on TRUNCATE, ENABLE ALWAYS so that a replication role does not switch them off.

Migrations call `put` after they made the tables; `missing` is what `coi doctor` and start-up ask.
"""

from sqlalchemy import Connection, text

from coi.record.tables import APPEND_ONLY

_KEYS = {
    "entry": ("position = NEW.position", "id = NEW.id", "(stream = NEW.stream AND seq = NEW.seq)"),
    "attempt": ("id = NEW.id",),
    "clash": ("id = NEW.id",),
    "pathway": ("digest = NEW.digest", "(name = NEW.name AND version = NEW.version)"),
}
_FUNCTION = """
CREATE OR REPLACE FUNCTION coi_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only: ' || TG_OP || ' is refused'; END $$
"""


def put(conn: Connection) -> None:
    """Put every guard on the tables of the log."""
    for statement in _statements(conn.dialect.name):
        conn.exec_driver_sql(statement)


def _statements(dialect: str) -> list[str]:
    names = [table.name for table in APPEND_ONLY]
    if dialect == "sqlite":
        return [statement for name in names for statement in _sqlite(name)]
    return [_FUNCTION, *(statement for name in names for statement in _postgresql(name))]


def _sqlite(name: str) -> list[str]:
    refuse = f"SELECT RAISE(ABORT, '{name} is append-only: %s is refused')"
    exists = f"SELECT RAISE(ABORT, '{name} is append-only: the key exists') WHERE EXISTS (SELECT 1 FROM \"{name}\" WHERE {' OR '.join(_KEYS[name])})"  # noqa: S608, E501 - our own table names
    return [
        f'CREATE TRIGGER guard_{name}_update BEFORE UPDATE ON "{name}" BEGIN {refuse % "UPDATE"}; END',
        f'CREATE TRIGGER guard_{name}_delete BEFORE DELETE ON "{name}" BEGIN {refuse % "DELETE"}; END',
        f'CREATE TRIGGER guard_{name}_insert BEFORE INSERT ON "{name}" BEGIN {exists}; END',
    ]


def _postgresql(name: str) -> list[str]:
    refuse = "EXECUTE FUNCTION coi_append_only()"
    return [
        f'CREATE TRIGGER guard_{name}_row BEFORE UPDATE OR DELETE ON "{name}" FOR EACH ROW {refuse}',
        f'CREATE TRIGGER guard_{name}_truncate BEFORE TRUNCATE ON "{name}" FOR EACH STATEMENT {refuse}',
        f'ALTER TABLE "{name}" ENABLE ALWAYS TRIGGER guard_{name}_row',
        f'ALTER TABLE "{name}" ENABLE ALWAYS TRIGGER guard_{name}_truncate',
    ]


def missing(conn: Connection) -> list[str]:
    """Return the names of the guards that are not in force, sorted; an empty list is as it must be."""
    suffixes = ("update", "delete", "insert") if conn.dialect.name == "sqlite" else ("row", "truncate")
    wanted = {f"guard_{table.name}_{suffix}" for table in APPEND_ONLY for suffix in suffixes}
    if conn.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
    return sorted(wanted - set(conn.execute(text(query)).scalars()))
