"""Words: how kinds, states, places, times and durations are said on a page. Nothing is decided here."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from coi.journey.entry import from_instant
from coi.journey.identity import grouped, is_own
from coi.journey.steps import STEPS

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SUBJECTS = {
    "patient": "Patient", "container": "Container", "label": "Label", "shipper": "Shipper", "therapy": "Therapy",
    "donation": "Donation", "lot": "Lot", "location": "Location", "seal": "Seal", "unknown": "Not known here",
}  # fmt: skip
_VIA = {"wedge": "scanner", "camera": "camera", "typed": "typed", "api": "program", "paper": "paper"}
_MEANINGS = {
    "performed": "done", "verified": "checked by a second person", "approved": "approved", "released": "released",
    "accepted": "accepted", "transcribed": "copied from the paper", "checked_against_paper": "compared with the paper",
}  # fmt: skip
_PLACES = {
    "nowhere": "not filled yet",
    "hand": "in hand",
    "shipper": "in shipper",
    "location": "stored",
    "gone": "gone",
}


def spaced(code: object) -> str:
    """Return a code of ours as words: `starting_material` is starting material."""
    return str(code).replace("_", " ").replace("-", " ")


def title(kind: str) -> str:
    """Return what a step is called where it is offered: Accept a handoff."""
    row = STEPS.get(kind)
    return row.title if row else spaced(kind.replace(".", " "))


def happened(kind: str) -> str:
    """Return what an entry is called in a history: Handoff accepted."""
    return kind.replace(".", " ").replace("_", " ").capitalize()


def named(type_: str) -> str:
    """Return what a type of subject is called."""
    return _SUBJECTS.get(type_, spaced(type_).capitalize())


def via(code: str) -> str:
    """Return how a scan came in, in plain words."""
    return _VIA.get(code, code)


def meaning(code: str) -> str:
    """Return what a signature says, in plain words."""
    return _MEANINGS.get(code, spaced(code))


def place(kind: str) -> str:
    """Return where a container is, without its name."""
    return _PLACES.get(kind, spaced(kind))


def moment(when: datetime | str | None, zone: tzinfo) -> str:
    """Return a moment in `zone` with UTC in parentheses, to the minute; empty for none."""
    if not when:
        return ""
    utc = (from_instant(when) if isinstance(when, str) else when).astimezone(UTC)
    local = utc.astimezone(zone)
    if local.utcoffset() == utc.utcoffset():
        return f"{utc:%d %b %Y, %H:%M} UTC"
    other_day = "" if local.date() == utc.date() else f"{utc:%d %b} "
    return f"{local:%d %b %Y, %H:%M} {local.tzname()} ({other_day}{utc:%H:%M} UTC)"


def duration(seconds: int) -> str:
    """Return a length of time in its two largest units: 2 d 3 h, 1 h 05 min, 4 min 30 s."""
    seconds = abs(seconds)
    if seconds >= _DAY:
        return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"
    if seconds >= _HOUR:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02} min"
    if seconds >= _MINUTE:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE:02} s"
    return f"{seconds} s"


def left(seconds: int | None) -> str:
    """Return what a clock says now: time left, or how long it has been over."""
    if seconds is None:
        return "stopped"
    return f"{duration(seconds)} left" if seconds >= 0 else f"over by {duration(seconds)}"


def holder(custody: Mapping[str, Any] | None) -> str:
    """Return who has a thing: the person, where one is known, and the organisation."""
    if not custody or not custody.get("organisation"):
        return "nobody yet"
    person = custody.get("person")
    return f"{person} at {custody['organisation']}" if person else str(custody["organisation"])


def code(identifier: object) -> str:
    """Return an identifier of ours grouped for the eye, anything else as it is."""
    text = str(identifier)
    return grouped(text) if is_own(text) else text
