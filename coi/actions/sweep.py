"""Sweeping: writing down which clocks came close to their deadline or passed it.

* What is due is found by the projected next moments and decided anew from the log, under the write lock, so any
  number of watchers write each threshold once.
* An entry says when the clock crossed the threshold, not when a watcher noticed.
* Nothing waits for a sweep: every step computes its clocks itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from coi.actions.appending import append, system_fields
from coi.actions.attempts import Desk, desk_of
from coi.actions.office import Office
from coi.journey.entry import instant
from coi.journey.fold import fold
from coi.journey.stability import Threshold, due_thresholds
from coi.journey.therapy import Therapy
from coi.record import ledger
from coi.record.ledger import Draft
from coi.record.tables import CLOCK, HEARTBEAT

LIMIT = 200  # therapies that are looked up at once
_log = structlog.get_logger("coi.watch")


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: the entries it wrote, and the therapies that it could not do."""

    written: int
    failed: int


def sweep(office: Office, *, limit: int = LIMIT) -> Swept:
    """Write every threshold that has passed by now, each therapy in a transaction of its own.

    A therapy that fails is logged, counted and left for the next sweep; it holds up no other.
    """
    written = failed = 0
    for therapy in _due(office, now=instant(office.now()), limit=limit):
        try:
            written += _notice(office, therapy)
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with one therapy, the others' clocks run on
            failed += 1
            _log.error("sweep.therapy_failed", therapy=therapy, fault=type(fault).__name__)
    return Swept(written, failed)


def _due(office: Office, *, now: str, limit: int) -> Iterator[str]:
    """Return the therapies with something due by `now`, most overdue first, each once.

    Each page starts behind the last one, so that therapies which stay due cannot fill every page.
    """
    after = ("", "")
    while True:
        with office.store.read() as conn:
            page = _page(conn, now=now, after=after, limit=limit)
        yield from (therapy for _, therapy in page)
        if len(page) < limit:
            return
        after = page[-1]


def _page(conn: Connection, *, now: str, after: tuple[str, str], limit: int) -> list[tuple[str, str]]:
    first = func.min(CLOCK.c.next_at)
    behind = (first > after[0]) | ((first == after[0]) & (CLOCK.c.therapy > after[1]))
    query = (
        select(first, CLOCK.c.therapy)
        .where(CLOCK.c.next_at <= now)
        .group_by(CLOCK.c.therapy)
        .having(behind)
        .order_by(first, CLOCK.c.therapy)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in conn.execute(query)]


def _notice(office: Office, coi: str) -> int:
    """Write what is due of one therapy; return how many entries that took."""
    stream = f"therapy:{coi}"
    with office.store.write() as conn:
        desk = desk_of(office, conn, coi)  # no attempt has this id: it is asked for the log's size and time
        streams = ledger.read_streams(conn, [stream])
        therapy = fold(streams[stream].entries, pathway=lambda digest: office.pathway(conn, digest))
        if therapy is None:
            return 0
        due = due_thresholds(therapy, pathway=office.pathway(conn, therapy.pathway), at=desk.at)
        drafts = [_draft(office, desk, found, therapy) for found in due if found.attempt not in therapy.kinds]
        return len(append(office, desk, drafts, streams).entries) if drafts else 0


def _draft(office: Office, desk: Desk, threshold: Threshold, therapy: Therapy) -> Draft:
    clock = threshold.clock
    fields = system_fields(office, desk, kind=threshold.kind, attempt=threshold.attempt, therapy=therapy.coi)
    values = {
        "clock": clock.id,
        "container": clock.container,
        "window": clock.window.id,
        "deadline": instant(clock.due_at),
        "alert": _hearing(therapy, clock.container),
    }
    return Draft(
        f"therapy:{therapy.coi}", {**fields, "id": threshold.attempt, "occurred_at": threshold.moment, "values": values}
    )


def _hearing(therapy: Therapy, container: str) -> list[str]:
    """Return the organisations that must hear: of a closed therapy its owner, else those who treat and who hold."""
    if therapy.owner is not None:
        return [therapy.owner]
    return sorted({therapy.site, therapy.containers[container].custodian.organisation})


def beat(office: Office, *, name: str, swept: Swept) -> None:
    """Leave a sign of life: the time, sweeps and entries counted up, and how many therapies the last sweep failed at.

    Watchers that share a name share the row.
    """
    with office.store.write() as conn:
        insert = (sqlite if conn.dialect.name == "sqlite" else postgresql).insert(HEARTBEAT)
        row = {"name": name, "at": instant(office.now()), "sweeps": 1, "written": swept.written, "failed": swept.failed}
        more = {
            "at": row["at"],
            "sweeps": HEARTBEAT.c.sweeps + 1,
            "written": HEARTBEAT.c.written + swept.written,
            "failed": swept.failed,
        }
        conn.execute(insert.values(row).on_conflict_do_update(index_elements=["name"], set_=more))
