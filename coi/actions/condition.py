"""The service's condition: is the log guarded, does the watcher live, how much is open. Reads only."""

from typing import Any

from sqlalchemy import Connection, func, select

from coi.actions.office import SOFTWARE, Office
from coi.journey.entry import from_instant
from coi.record import guards, ledger, queries
from coi.record.tables import CLOCK, HANDOFF, THERAPY

WATCHER_LATE_AFTER = 60  # seconds without a sweep after which the watcher counts as late


def condition(office: Office) -> dict[str, Any]:
    """Return the condition of the service: status ok, late (the watcher) or failing (the guards), and why."""
    with office.store.read() as conn:
        missing = guards.faults(conn)
        beats = queries.heartbeats(conn)
        size = ledger.size_of(conn)
    ages = [int((office.now() - from_instant(beat["at"])).total_seconds()) for beat in beats]
    watchers = [
        {"name": beat["name"], "at": beat["at"], "age_seconds": age, "sweeps": beat["sweeps"], "failed": beat["failed"]}
        for beat, age in zip(beats, ages, strict=True)
    ]
    alive = any(age <= WATCHER_LATE_AFTER for age in ages)
    return {
        "status": "failing" if missing else "ok", "software": SOFTWARE, "demo": office.demo, "entries": size,
        "database": office.store.dialect, "guards_missing": missing, "watcher": "ok" if alive else "late",
        "watchers": watchers,
    }  # fmt: skip


def gauges(office: Office) -> dict[str, tuple[str, float]]:
    """Return what is counted, by name, with what it means."""
    with office.store.read() as conn:
        clocks = _counts(conn, CLOCK.c.state)
        handoffs = _counts(conn, HANDOFF.c.state)
        therapies = conn.execute(select(func.count()).where(THERAPY.c.closed.is_(None))).scalar_one()
        beats = queries.heartbeats(conn)
        size = ledger.size_of(conn)
    ages = [(office.now() - from_instant(beat["at"])).total_seconds() for beat in beats]
    return {
        "entries": ("Entries in the log", size),
        "therapies_open": ("Therapies that are not closed", therapies),
        "clocks_running": ("Clocks inside their window", clocks.get("running", 0)),
        "clocks_warned": ("Clocks close to their deadline", clocks.get("warned", 0)),
        "clocks_breached": ("Clocks past their deadline", clocks.get("breached", 0)),
        "handoffs_open": ("Handoffs that nobody has taken", handoffs.get("open", 0)),
        "watcher_age_seconds": ("Seconds since a watcher last swept", min(ages, default=-1)),
    }


def _counts(conn: Connection, column: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in conn.execute(select(column, func.count()).group_by(column))}
