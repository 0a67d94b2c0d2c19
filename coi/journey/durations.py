"""Durations as documents write them: ISO 8601, of days, hours, minutes and seconds."""

import re

from coi.journey.identity import shown

DAY = 24 * 60 * 60
LONGEST = 36_525 * DAY  # seconds; a deadline has to be a date that calendars know
_DURATION = re.compile(r"P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)


def seconds(text: str) -> int:
    """Return the seconds of an ISO 8601 duration of days, hours, minutes and seconds (PT30M), at most 100 years.

    Raises ValueError otherwise.
    """
    match = _DURATION.fullmatch(text) if len(text) <= 40 else None  # noqa: PLR2004 - longer than any that is meant
    if match is None:
        raise ValueError(f"{shown(text)} is not a duration such as PT30M, PT2H or P9D.")
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    if total > LONGEST:
        raise ValueError(f"{shown(text)} is longer than 100 years.")
    return total
