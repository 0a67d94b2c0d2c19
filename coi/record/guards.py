"""Guards of the log: triggers that refuse every change of what was written, and every row out of its order.

SQLite: BEFORE UPDATE and BEFORE DELETE refuse; a BEFORE INSERT trigger refuses a key that exists, the hidden rowid
among them, because `INSERT OR REPLACE` would otherwise delete the old row without asking the DELETE trigger.
PostgreSQL: row triggers and a statement trigger on TRUNCATE, ENABLE ALWAYS so that a replication role does not switch
them off, their functions with a search path of their own so that nobody's operators stand in for the server's; no row
security, which would hide rows; the service's role holds no right but SELECT and INSERT (`coi.actions.upgrade`).

On both, an entry is taken only at the next position and as the next of its stream, a checkpoint only where the last one
ends and never ahead of the entries.

Migrations call `put` after they made tables; `faults` compares what is in force, word for word, with what must be.
"""

from sqlalchemy import Connection, inspect, text

from coi.record.tables import APPEND_ONLY

_KEYS = {
    "entry": ("position = NEW.position", "id = NEW.id", "(stream = NEW.stream AND seq = NEW.seq)"),
    "checkpoint": ("size = NEW.size",),
    "attempt": ("id = NEW.id",),
    "clash": ("id = NEW.id",),
    "pathway": ("digest = NEW.digest", "(name = NEW.name AND version = NEW.version)"),
}
# What is out of order; %s stands for the schema with a dot, or nothing.
_DISORDER = {
    "entry": "NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM %sentry) "
             "OR NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM %sentry WHERE stream = NEW.stream)",
    "checkpoint": "NEW.start <> (SELECT coalesce(max(size), 0) FROM %scheckpoint) "
                  "OR NEW.size > (SELECT coalesce(max(position) + 1, 0) FROM %sentry)",
}  # fmt: skip
_REFUSE = """
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only: ' || TG_OP || ' is refused'; END """


def put(conn: Connection) -> None:
    """Put every guard on those tables of the log that are there, anew where one is in force already."""
    there = set(inspect(conn).get_table_names())
    statements = _sqlite_statements if conn.dialect.name == "sqlite" else _postgresql_statements
    for table in APPEND_ONLY:
        if table.name in there:
            for statement in statements(conn, table.name):
                conn.exec_driver_sql(statement)


def _sqlite_statements(_conn: Connection, name: str) -> list[str]:
    guards = _sqlite(name)
    return [*(f"DROP TRIGGER IF EXISTS {guard}" for guard in guards), *guards.values()]


def _sqlite(name: str) -> dict[str, str]:
    """Return the triggers of one table by name."""
    refuse = f"SELECT RAISE(ABORT, '{name} is append-only: %s is refused')"
    keys = " OR ".join((*_KEYS[name], "rowid = NEW.rowid"))
    exists = f'WHERE EXISTS (SELECT 1 FROM "{name}" WHERE {keys})'  # noqa: S608 - our own tables
    actions = {"update": refuse % "UPDATE", "delete": refuse % "DELETE",
               "insert": f"SELECT RAISE(ABORT, '{name} is append-only: the key exists') {exists}"}  # fmt: skip
    if name in _DISORDER:
        disorder = _DISORDER[name].replace("%s", "")
        actions["order"] = f"SELECT RAISE(ABORT, '{name} is append-only: it is out of order') WHERE {disorder}"
    return {f"guard_{name}_{what}": _trigger(name, what, action) for what, action in actions.items()}


def _trigger(name: str, what: str, action: str) -> str:
    event = "INSERT" if what == "order" else what.upper()
    return f'CREATE TRIGGER guard_{name}_{what} BEFORE {event} ON "{name}" BEGIN {action}; END'


def _postgresql_statements(conn: Connection, name: str) -> list[str]:
    statements = [_function(function, body) for function, body in _functions(conn, name).items()]
    for guard, (event, each, function) in _postgresql(name).items():
        statements += [
            f'DROP TRIGGER IF EXISTS {guard} ON "{name}"',
            f'CREATE TRIGGER {guard} BEFORE {event} ON "{name}" FOR EACH {each} EXECUTE FUNCTION {function}()',
            f'ALTER TABLE "{name}" ENABLE ALWAYS TRIGGER {guard}',
        ]
    return statements


def _function(name: str, body: str) -> str:
    head = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path TO pg_catalog"
    return f"{head} AS $${body}$$"


def _postgresql(name: str) -> dict[str, tuple[str, str, str]]:
    """Return the triggers of one table by name: on what, for each what, and the function."""
    guards = {
        f"guard_{name}_row": ("UPDATE OR DELETE", "ROW", "coi_append_only"),
        f"guard_{name}_truncate": ("TRUNCATE", "STATEMENT", "coi_append_only"),
    }
    if name in _DISORDER:
        guards[f"guard_{name}_order"] = ("INSERT", "ROW", f"coi_{name}_in_order")
    return guards


def _functions(conn: Connection, name: str) -> dict[str, str]:
    """Return the bodies of the functions behind one table's triggers, by name."""
    found = {"coi_append_only": _REFUSE}
    if name in _DISORDER:
        schema = conn.dialect.identifier_preparer.quote(_schema(conn))  # named, or a temporary table could stand in
        refuse = f"RAISE EXCEPTION '{name} is append-only: it is out of order'"
        disorder = _DISORDER[name].replace("%s", f"{schema}.")
        found[f"coi_{name}_in_order"] = f"\nBEGIN IF {disorder} THEN {refuse}; END IF; RETURN NEW; END "
    return found


def _schema(conn: Connection) -> str:
    return str(conn.execute(text("SELECT current_schema()")).scalar_one())


def faults(conn: Connection) -> list[str]:
    """Return the names of the triggers on the log that are missing, switched off, altered or not ours, and of rules."""
    return sorted(_sqlite_faults(conn) if conn.dialect.name == "sqlite" else _postgresql_faults(conn))


def _sqlite_faults(conn: Connection) -> set[str]:
    wanted = {(guard, sql) for table in APPEND_ONLY for guard, sql in _sqlite(table.name).items()}
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {guard for guard, _ in wanted ^ {(row.name, row.sql) for row in conn.execute(query)}}


# tgtype: 1 for each row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate (PostgreSQL, pg_trigger.h).
_TYPES = {("UPDATE OR DELETE", "ROW"): 27, ("TRUNCATE", "STATEMENT"): 34, ("INSERT", "ROW"): 7}
_TRIGGERS = text(
    "SELECT t.tgname, c.relname, p.proname, t.tgtype, t.tgenabled = 'A' AND t.tgqual IS NULL "
    "AND CAST(t.tgattr AS text) = '' AND p.pronamespace = c.relnamespace AS always "  # of every column, by our function
    "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
)
_BODIES = text(
    "SELECT proname, prosrc FROM pg_proc JOIN pg_language l ON l.oid = prolang AND l.lanname = 'plpgsql' "
    "WHERE pronamespace = current_schema()::regnamespace AND pronargs = 0 "
    "AND proconfig = ARRAY['search_path=pg_catalog']"
)
_RULES = text("SELECT rulename, tablename FROM pg_rules WHERE schemaname = current_schema()")
_HIDING = text("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relrowsecurity")


def _postgresql_faults(conn: Connection) -> set[str]:
    names = [table.name for table in APPEND_ONLY]
    wanted = {(guard, name, function, _TYPES[event, each], True)
              for name in names for guard, (event, each, function) in _postgresql(name).items()}  # fmt: skip
    found = {row[0] for row in wanted ^ {tuple(row) for row in conn.execute(_TRIGGERS) if row.relname in names}}
    found |= {row.rulename for row in conn.execute(_RULES) if row.tablename in names}  # a rule acts before any trigger
    found |= {f"row security of {name}" for name in conn.execute(_HIDING).scalars() if name in names}
    bodies = {row.proname: row.prosrc for row in conn.execute(_BODIES)}
    return found | {function for name in names for function, body in _functions(conn, name).items()
                    if bodies.get(function) != body}  # fmt: skip


_OWNED = text("SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = CAST(:name AS regclass)")
_WIDE = text(
    "SELECT has_table_privilege(:name, 'UPDATE, DELETE, TRUNCATE, TRIGGER') "
    "OR has_any_column_privilege(:name, 'UPDATE')"
)


def wide_rights(conn: Connection) -> list[str]:
    """Return the tables of the log that the present role could change, were it not for the guards; none on SQLite."""
    if conn.dialect.name == "sqlite":
        return []
    return [table.name for table in APPEND_ONLY
            if any(conn.execute(query, {"name": table.name}).scalar() for query in (_WIDE, _OWNED))]  # fmt: skip
