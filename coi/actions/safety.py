"""Is it safe to start? What an instance for real patients must have, beside tables, guards and keys.

In demo mode the same is looked at and told, and nothing of it hinders.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from coi import clock
from coi.actions import drill, escrow
from coi.record import guards
from coi.record.vault import VaultKeys
from coi.settings import Settings

_POSTGRESQL = ("fsync", "full_page_writes", "synchronous_commit")


def unsafe(conn: Connection, settings: Settings, keys: VaultKeys) -> Iterator[str]:
    """Return, in one sentence each, why no real patient's cells may be kept track of here."""
    yield from _durability(conn)
    wide = guards.wide_rights(conn)
    if wide:
        yield (f"The service's role owns or may change {', '.join(wide)}, only the guards refuse it; give the tables "
               "another owner with COI_DATABASE_OWNER_URL and run coi upgrade.")  # fmt: skip
    if not escrow.confirmed(conn, keys):
        yield ("No two copies of the vault's key were confirmed; copy it to two places and say "
               "coi init --escrow COPY --escrow COPY.")  # fmt: skip
    if settings.clock_sync == "kernel" and clock.synchronised() is False:
        yield ("The machine's clock is not synchronised; start a time service such as chrony, or set "
               "COI_CLOCK_SYNC=outside when something else keeps it right.")  # fmt: skip


def _durability(conn: Connection) -> Iterator[str]:
    """Say what would lose an entry that somebody was told is safe."""
    if conn.dialect.name == "sqlite":
        mode = conn.exec_driver_sql("PRAGMA journal_mode").scalar()
        if mode != "wal":
            yield f"The database's journal mode is {mode}, expected wal; run coi upgrade on a local disk."
        return
    for name in _POSTGRESQL:
        value = conn.exec_driver_sql(f"SHOW {name}").scalar()
        if value == "off":
            yield f"PostgreSQL runs with {name} = off, so it may forget what it acknowledged; set it to on."


def stale_drill(conn: Connection, now: datetime) -> str | None:
    """Return that no restore was tried for too long, in one sentence, or None when one was."""
    last = drill.last_passed(conn)
    days = drill.STALE_AFTER.days
    if last is not None and now - last <= drill.STALE_AFTER:
        return None
    since = "was never tried or did not pass" if last is None else f"last passed {(now - last).days} days ago"
    return f"The restore of a backup {since}; try it at least every {days} days with coi drill."
