"""The schema: bringing a database's tables to the newest migration, and saying how far it is.

Migrations run under the write lock, in one transaction, as the owner of the tables.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from coi.record.db import Store
from coi.record.tables import Row

_FOLDER = Path(__file__).parent / "migrations"


def _config(conn: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config


def head() -> str:
    """Return the newest migration that this software knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise LookupError("The software carries no migrations; install it again.")
    return found


def current(conn: Connection) -> str | None:
    """Return the migration that a database stands at, or None when it has no tables of ours."""
    return MigrationContext.configure(conn).get_current_revision()


def upgrade(store: Store, *, to: str = "head") -> None:
    """Bring the tables of `store` up to a migration, the newest one unless `to` names another."""
    with store.write() as conn:
        command.upgrade(_config(conn), to)


def downgrade(store: Store, *, to: str) -> None:
    """Take migrations back, for tests of the migrations themselves; the log goes with its tables."""
    with store.write() as conn:
        command.downgrade(_config(conn), to)


def differences(conn: Connection) -> list[str]:
    """Return where the tables of a database differ from what the software declares; an empty list is as it must be."""
    context = MigrationContext.configure(conn, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, Row.metadata)]
