"""Housekeeping: what the service tells of itself while it runs — its settings, its guards, that its watcher lives.

Each is told when it changes, and the watcher's life once an hour, by however many watchers.
"""

from typing import Any
from uuid import UUID, uuid5

import structlog

from coi.actions.office import Office
from coi.actions.system import Fact, is_told, last_told, tell
from coi.record import guards
from coi.settings import ROWS, Settings

_SECRET = frozenset({"database_url", "database_owner_url", "demo_password"})  # they may hold a password
_HOURS = UUID("5b0e5d6f-0a52-5c1f-9a53-7d0f3c2b8e11")  # names the watcher's hours; never changed
_log = structlog.get_logger("coi.house")


def note_settings(office: Office, settings: Settings) -> bool:
    """Record the settings that are in force, unless they are those of the last time; tell whether that was done."""
    now = {name: str(getattr(settings, name)) for name in ROWS if name not in _SECRET}
    with office.store.write() as conn:
        last = last_told(conn, "settings.changed")
        before: dict[str, Any] = dict(last.values["settings"]) if last else {}
        if now == before:
            return False
        tell(office, conn, [Fact("settings.changed", {"settings": now})])
    return True


def look_at_guards(office: Office) -> list[str]:
    """Compare the log's guards and rights with what they must be, record each change of that, return what is wrong."""
    with office.store.read() as conn:
        found = guards.faults(conn)
        if not office.demo:  # in a demo the service may own its tables
            found += [f"rights on {table}" for table in guards.wide_rights(conn)]
        last = last_told(conn, "guards.broken", "guards.mended")
    before = list(last.values["guards"]) if last else []
    if found:
        _log.critical("guards.broken", guards=found)
    if found != before:
        with office.store.write() as conn:
            tell(office, conn, [Fact("guards.broken" if found else "guards.mended", {"guards": found})])
    return found


def note_the_hour(office: Office) -> None:
    """Record that a watcher lives, once in each hour."""
    hour = office.now().strftime("%Y-%m-%dT%H")
    id_ = str(uuid5(_HOURS, hour))
    with office.store.read() as conn:
        if is_told(conn, id_):
            return
    with office.store.write() as conn:
        if not is_told(conn, id_):
            tell(office, conn, [Fact("watcher.seen", {"hour": f"{hour}Z"}, id=id_)])
