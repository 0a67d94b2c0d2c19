"""The parts that an ISBT 128 code is made of: each with its data identifier, its length and what it says.

Only the form of the parts is written here, in our own words; no table of the standard is. What a facility, product or
flag means is for the user's registered sources. Lengths are fixed, so a run of parts is read without separators.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from scanners.reading import ScanError

FIN: Final = "[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2}"
DIN: Final = f"{FIN}[0-9]{{8}}"
COI: Final = f"CH{FIN}[0-9]{{2}}[0-9A-Z]{{6}}"
_FLAGS: Final = "[0-9A-HJ-NPR-Y]{2}"
_PRODUCT: Final = "[A-Z][0-9A-Z]{4}"
_CENTURIES: Final = {"0": 2000, "9": 1900}
_HOURS, _MINUTES, _MONTHS = 24, 60, 12


class Part(NamedTuple):
    """One part of a code: what it is, its content, and the named pieces of that."""

    name: str
    content: str
    pieces: Mapping[str, str]


_FORMS: Final = tuple(
    (name, re.compile(re.escape(identifier) + form))
    for name, identifier, form in (
        ("din", "=", f"(?P<din>{DIN})(?P<flags>{_FLAGS})"),
        ("blood_group", "=%", "(?P<blood_group>[0-9A-Za-z]{4})"),
        ("product_code", "=<", f"(?P<product>{_PRODUCT})(?P<collection>[0-9A-Za-z])(?P<division>[0-9A-Z]{{2}})"),
        ("expiry", "=>", "(?P<century>[0-9])(?P<year>[0-9]{2})(?P<day>[0-9]{3})"),
        ("expiry_time", "&>", "(?P<century>[0-9])(?P<year>[0-9]{2})(?P<day>[0-9]{3})(?P<time>[0-9]{4})"),
        ("collected", "=*", "(?P<century>[0-9])(?P<year>[0-9]{2})(?P<day>[0-9]{3})"),
        ("collected_time", "&*", "(?P<century>[0-9])(?P<year>[0-9]{2})(?P<day>[0-9]{3})(?P<time>[0-9]{4})"),
        ("produced", "=}", "(?P<century>[0-9])(?P<year>[0-9]{2})(?P<day>[0-9]{3})"),
        ("produced_time", "&}", "(?P<century>[0-9])(?P<year>[0-9]{2})(?P<day>[0-9]{3})(?P<time>[0-9]{4})"),
        ("dated", "=(", "(?P<zone>[12])0(?P<what>0[1-6])(?P<date>[0-9]{8})(?P<time>[0-9]{4})"),
        ("divisions", "=,", "(?P<divisions>[0-9A-Z]{6})"),
        ("processor", "&+", f"(?P<processor>{FIN})(?P<processor_code>[0-9A-Z]{{6}})"),
        ("processor_product", "=/", f"(?P<processor>{FIN})(?P<processor_code>[0-9A-Z]{{6}})(?P<product>{_PRODUCT})"),
        ("donor", "=;", f"(?P<donor>{FIN}[0-9A-Z]{{16}})"),
        ("staff", "='", f"(?P<staff>{FIN}[0-9A-Z]{{6}})"),
        ("item", "=)", "(?P<item>[0-9A-Z]{10})"),
        ("item_lot", "&)", "(?P<item_lot>[0-9A-Z]{10})"),
        ("tested", "&(", "(?P<tested>[0-9A-Z]{5})"),
        ("sec", "&,4", f"(?P<sec>[A-Z]{{2}}[0-9A-Z]{{6}}{DIN}[ABE][0-9A-Z]{{7}}[0-9A-Z]{{3}}[0-9]{{8}})"),
        ("coi", "&/", f"(?P<coi>{COI})"),
    )
)  # fmt: skip
_NATIONAL: Final = re.compile(r"&[a-z;!]")
_DATED: Final = frozenset(name for name, form in _FORMS if {"day", "date"} & set(form.groupindex))


def parts_of(text: str) -> tuple[Part, ...] | None:
    """Return the parts that `text` is a run of, or None when it is none; `=A…` is a donation, whatever follows `=`.

    Raises ScanError `scan.misread` for a date that no calendar has.
    """
    found: list[Part] = []
    place = 0
    while place < len(text):
        match = next((hit for _, form in _FORMS if (hit := form.match(text, place))), None)
        if match is None:
            return None
        name = next(name for name, form in _FORMS if form is match.re)
        found.append(Part(name, match[0], _dated(match.groupdict()) if name in _DATED else match.groupdict()))
        place = match.end()
    return tuple(found)


def is_national(text: str) -> bool:
    """Tell whether a part that only one country or facility defines stands in `text`."""
    return _NATIONAL.search(text) is not None


def _dated(pieces: Mapping[str, str]) -> dict[str, str]:
    """Return the day as YYYY-MM-DD and the time as HH:MM in place of how they are written in the code."""
    day = _calendar_day(pieces) if "date" in pieces else _day_of_year(pieces)
    kept = {name: pieces[name] for name in ("zone", "what") if name in pieces}
    return {**kept, "day": day, **({"time": _time(pieces["time"])} if "time" in pieces else {})}


def _calendar_day(pieces: Mapping[str, str]) -> str:
    text = pieces["date"]
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        raise _no_date() from None


def _day_of_year(pieces: Mapping[str, str]) -> str:
    year, number = _CENTURIES.get(pieces["century"], 0) + int(pieces["year"]), int(pieces["day"])
    if pieces["century"] not in _CENTURIES or number == 0:
        raise _no_date()
    day = date(year, 1, 1) + timedelta(days=number - 1)
    if day.year != year:
        raise _no_date()
    return day.isoformat()


def _time(text: str) -> str:
    if int(text[:2]) >= _HOURS or int(text[2:]) >= _MINUTES:
        raise _no_date()
    return f"{text[:2]}:{text[2:]}"


def _no_date() -> ScanError:
    return ScanError("scan.misread", "Got a date or a time that no calendar has; it was misread. Scan it again.")
