"""The one reader of the clock gives an aware instant in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import time_machine

from coi import clock


def test_now_is_the_aware_instant_in_utc_to_the_microsecond():
    there = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with time_machine.travel(there, tick=False):
        assert clock.now() == datetime(2026, 3, 29, 0, 30, 0, 123456, tzinfo=UTC)
        assert clock.now().tzinfo is UTC
