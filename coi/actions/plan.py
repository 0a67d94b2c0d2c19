"""The plan as boards: what is expected today, what arrives here in the coming days, and what is late.

Read only. Today is the local day of the caller's own site; everything else is compared as instants.
"""

from datetime import datetime, timedelta
from typing import Any

from coi.actions.faults import malformed
from coi.actions.office import Office
from coi.actions.reads import PAGE, page_of, parties_of
from coi.actions.requests import Caller
from coi.actions.shown import Json, offer_expected_json, planned_json
from coi.actions.zones import day_of, zone_called, zone_name_of
from coi.journey.entry import instant
from coi.record import boards, queries

VIEWS = boards.VIEWS
COMING = timedelta(days=7)


def plan(office: Office, *, caller: Caller, view: str = "today", after: str = "", limit: int = PAGE) -> dict[str, Any]:
    """Return one board of the therapies that the caller may see, soonest first; raises 400 for an unknown view."""
    if view not in VIEWS:
        message = f"There is no such board; expected {', '.join(VIEWS)}."
        raise malformed("plan.view", message, {"view": [message]})
    now, parties = office.now(), parties_of(caller)
    with office.store.read() as conn:
        homes = {row["code"]: row for row in queries.organisations(conn)}
        begin, end = day_of(now, zone_called(zone_name_of(caller, homes)))
        rows = boards.planned(
            conn, view=view, now=instant(now), day_start=instant(begin), day_end=instant(end),
            until=instant(now + COMING), parties=parties, limit=limit + 1, after=after,
            addressees=None if parties is None else [*parties, caller.person],
        )  # fmt: skip
    page = page_of(rows, limit, lambda row: f"{row['at']}/{row['id']}")
    return {**page, "items": [_item(row, now) for row in page["items"]]}


def _item(row: Json, now: datetime) -> Json:
    return offer_expected_json(row) if row["handoff"] else planned_json(row, now)
