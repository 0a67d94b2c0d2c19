"""Zones: in which time zone a person's day begins and ends. Deadlines never ask; they are UTC instants."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coi.actions.requests import Caller


def zone_name_of(caller: Caller, organisations: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the IANA name of the zone of the person's own site or company, the first by code where there are more."""
    named = (organisations.get(home, {}).get("zone") for home in sorted(caller.grants))
    return next((str(name) for name in named if name), None)


def zone_called(name: str | None) -> tzinfo:
    """Return the zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def day_of(moment: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when the local day of `moment` begins and when the next one does, in UTC; some days have 23 or 25 hours.

    A midnight that does not exist, because the clocks go forward then, is the moment at which they do.
    """
    today = moment.astimezone(zone).date()
    begin, end = (datetime.combine(day, time.min, zone) for day in (today, today + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)
