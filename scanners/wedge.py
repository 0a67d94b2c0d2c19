"""Scanners that act as a keyboard: what they put around a code, and how a scan is told from typing.

The limits on the time between keys are ours, from scanners and people that we watched, and no standard's. What lies
between them is told as unclear, and then counts as typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from scanners.aim import split
from scanners.code import Site

TERMINATORS: Final = {"\r\n": "CR LF", "\r": "CR", "\n": "LF", "\t": "TAB"}
FAST: Final = 45.0  # milliseconds between two keys, on average: a scanner takes no longer
SLOW: Final = 80.0  # milliseconds between two keys, on average: a person takes at least this
PAUSE: Final = 120.0  # milliseconds: after a longer pause something new begins
FEWEST: Final = 3  # gaps between keys; fewer tell nothing
_MOST_ENDS: Final = 8


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A scan without what stood around it; `terminator` holds the ends that were taken off, as they came."""

    text: str
    terminator: str
    prefix: bool = False
    suffix: bool = False


def most_around(site: Site) -> int:
    """Return how many characters a scanner may put around a code."""
    return len(site.prefix) + len(site.suffix) + _MOST_ENDS


def unwrapped(text: str, site: Site) -> Unwrapped:
    """Return `text` without terminators at its end, and without the site's prefix and suffix where they are there.

    A scanner that was not set up yet leaves them out; that is no fault. The prefix may stand before the symbology
    identifier or behind it.
    """
    bare = text.rstrip("".join(TERMINATORS))
    terminator = text[len(bare) :]
    place = next((at for at in (0, len(bare) - len(split(bare).text)) if bare.startswith(site.prefix, at)), None)
    prefix = bool(site.prefix) and place is not None
    bare = bare[:place] + bare[(place or 0) + len(site.prefix) :] if prefix else bare
    suffix = bool(site.suffix) and bare.endswith(site.suffix)
    return Unwrapped(bare[: -len(site.suffix)] if suffix else bare, terminator, prefix, suffix)


def terminator_name(ends: str) -> str:
    """Return what a terminator is called: CR, LF, CR LF, TAB, none, or several."""
    return TERMINATORS.get(ends, "several" if ends else "none")


def pace(gaps: Sequence[float]) -> str:
    """Tell from the milliseconds between keys whether it was a `scan`, was `typed`, or is `unclear`."""
    if len(gaps) < FEWEST or any(gap < 0 for gap in gaps):
        return "unclear"
    average = fmean(gaps)
    if average <= FAST and max(gaps) <= PAUSE:
        return "scan"
    return "typed" if average >= SLOW else "unclear"
