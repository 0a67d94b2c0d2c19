"""Times and lengths of time are said so that nobody can take one for another."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coi.exports import words

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("later", "tense", "said"),
    [(0, "asked", None), (120, "asked", None), (121, "asked", "recorded, 2 min 1 s later"),
     (0, "reported", "reported"), (120, "reported", "reported"), (11_100, "reported", "reported, 3 h 5 min later"),
     (183_600, "reported", "reported, 2 d 3 h later")],
)  # fmt: skip
def test_more_than_two_minutes_are_named(later, tense, said):
    assert words.lateness(NOON, NOON + timedelta(seconds=later), tense=tense) == said


def test_a_clock_time_has_utc_beside_it_and_the_day_where_it_differs():
    assert words.clock_time(NOON, ZoneInfo("Europe/Paris")) == "23 Nov 2026, 13:00 (12:00 UTC)"
    assert words.clock_time(NOON, ZoneInfo("Asia/Tokyo")) == "23 Nov 2026, 21:00 (12:00 UTC)"
    late = NOON.replace(hour=20)
    assert words.clock_time(late, ZoneInfo("Asia/Tokyo")) == "24 Nov 2026, 05:00 (23 Nov 20:00 UTC)"
    assert words.clock_time(NOON, UTC) == "23 Nov 2026, 12:00 UTC"


def test_a_local_time_carries_its_own_offset():
    assert words.local(NOON, words.fixed(-330)) == "2026-11-23 06:30:00 -05:30"
    assert words.local(NOON, words.fixed(0)) == "2026-11-23 12:00:00 +00:00"


def test_a_refusal_is_called_after_what_was_tried():
    assert words.happened("attempt.refused", {"kind": "thaw.started"}) == "Refused: Start the thaw"
    assert words.happened("handoff.accepted", {}) == "Handoff accepted"
