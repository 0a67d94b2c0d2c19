"""Words: how kinds, people, moments and lengths of time are said on paper. Nothing is decided here."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from coi.journey.identity import grouped, is_own
from coi.journey.steps import STEPS

PROMPT = timedelta(minutes=2)
"""Up to here an entry counts as made while it happened."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def happened(kind: str, values: Mapping[str, Any]) -> str:
    """Return what an entry is called: Handoff accepted; of a refusal also what was tried."""
    said = kind.replace(".", " ").replace("_", " ").capitalize()
    if kind != "attempt.refused":
        return said
    row = STEPS.get(str(values.get("kind", "")))
    return f"Refused: {row.title}" if row else said


def spaced(code: object) -> str:
    """Return a code of ours as words: `starting_material` is starting material."""
    return str(code).replace("_", " ").replace("-", " ")


def code(identifier: object) -> str:
    """Return an identifier of ours grouped for the eye, anything else as it is."""
    text = str(identifier)
    return grouped(text) if is_own(text) else text


def fixed(offset: int) -> tzinfo:
    """Return the zone of a clock that stands `offset` minutes east of UTC."""
    return timezone(timedelta(minutes=offset)) if offset else UTC


def utc(moment: datetime) -> str:
    """Return a moment in UTC, to the second: 2026-11-23 13:05:09 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def local(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as the clocks of `zone` stood, with their offset: 2026-11-23 14:05:09 +01:00."""
    text = moment.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return f"{text[:-6]} {text[-6:]}"


def clock_time(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as a clock on the wall of `zone` shows it, with UTC in parentheses, to the minute."""
    here, there = moment.astimezone(zone), moment.astimezone(UTC)
    if here.utcoffset() == timedelta():
        return f"{there:%d %b %Y, %H:%M} UTC"
    other_day = "" if here.date() == there.date() else f"{there:%d %b} "
    return f"{here:%d %b %Y, %H:%M} ({other_day}{there:%H:%M} UTC)"


def duration(seconds: int) -> str:
    """Return a length of time in its two largest units: 2 d 3 h, 1 h 5 min, 40 s."""
    left, said = abs(seconds), []
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s")):
        if left >= size:
            said.append(f"{left // size} {unit}")
            left %= size
    return " ".join(said[:2]) or "0 s"


def lateness(occurred: datetime, recorded: datetime, *, tense: str) -> str | None:
    """Return how much later it was recorded than it happened; None within two minutes, unless it was reported."""
    verb = "reported" if tense == "reported" else "recorded"
    if recorded - occurred <= PROMPT:
        return "reported" if tense == "reported" else None
    return f"{verb}, {duration(int((recorded - occurred).total_seconds()))} later"
