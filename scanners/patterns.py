"""A site's own codes, wristbands and badges, by regular patterns such as ``^MRN(?P<mrn>[0-9]{7})$``.

A pattern is checked when it is set up, so that no scan can make it run for long: it is anchored at both ends, has one
named group and no other, repeats only a counted number of times, and at most two of its counts may vary. The group's
name says whose code it is; what it holds is the identifier, and what stands around it is only how it is printed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanners.reading import Found, ScanError

if TYPE_CHECKING:
    from scanners.code import Code

PATIENTS = ("mrn", "visit", "patient", "subject")
NAMES = (*PATIENTS, "staff")
LONGEST, LONGEST_REPEAT, MOST_VARYING = 120, 64, 2
_ATOM = r"(?:\\d|\\[-.^$/|+*?()\[\]{}\\]|\[(?:\\[-\]\\^]|[A-Za-z0-9 _./-])+\]|[A-Za-z0-9 _/:=,;%#@!&<>~'\"-])"
_PIECE = rf"{_ATOM}(?:\{{[0-9]{{1,2}}(?:,[0-9]{{1,2}})?\}}|\?)?"
_WHOLE = re.compile(rf"\^((?:{_PIECE})*)\(\?P<([a-z]+)>((?:{_PIECE})+)\)((?:{_PIECE})*)\$")
_COUNTS = re.compile(r"(?<!\\)\{([0-9]{1,2})(?:,([0-9]{1,2}))?\}")


class BadPattern(ValueError):
    """A pattern cannot be used; one sentence says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern that was checked; `name` is that of its group."""

    name: str
    text: str

    @property
    def is_marked(self) -> bool:
        """Tell whether something stands before the number that shows where a code begins."""
        return not self.text.startswith("^(")

    def read(self, text: str) -> str | None:
        """Return the identifier in `text`, or None when the pattern does not fit all of it."""
        match = re.fullmatch(self.text[1:-1], text, re.ASCII)
        return match[self.name] if match else None


def checked(texts: Iterable[str], *, samples: Mapping[str, str]) -> tuple[Pattern, ...]:
    """Return the patterns; `samples` are codes of other kinds, which none of them may fit.

    Raises BadPattern.
    """
    patterns = tuple(_checked(text) for text in texts)
    for pattern in patterns:
        also = next((kind for kind, sample in samples.items() if pattern.read(sample) is not None), None)
        if also is not None:
            raise BadPattern(f"Got a pattern for {pattern.name} that also fits {also}, expected one that fits nothing "
                             "else; put the letters that stand before the number into it.")  # fmt: skip
    return patterns


def _checked(text: str) -> Pattern:
    whole = _WHOLE.fullmatch(text) if len(text) <= LONGEST else None
    if whole is None:
        raise BadPattern(f"Got {text[:LONGEST]!r}, expected a pattern such as ^MRN(?P<mrn>[0-9]{{7}})$: both anchors, "
                         f"one named group, counted repeats, no more than {LONGEST} characters.")  # fmt: skip
    if whole[2] not in NAMES:
        raise BadPattern(f"Got a group named {whole[2]!r}, expected one of {', '.join(NAMES)}.")
    _refuse_long(text)
    try:
        re.compile(text, re.ASCII)
    except re.error as fault:  # a range that runs backwards
        raise BadPattern(f"Got {text!r}, expected a regular pattern ({fault}).") from fault
    if Pattern(whole[2], text).read("") is not None:
        raise BadPattern(f"Got {text!r}, expected a pattern that does not fit an empty code.")
    return Pattern(whole[2], text)


def _refuse_long(text: str) -> None:
    counts = [(int(low), int(high or low)) for low, high in _COUNTS.findall(text)]
    varying = sum(low != high for low, high in counts) + len(re.findall(r"(?<![\\(])\?", text))
    if any(high > LONGEST_REPEAT or low > high for low, high in counts) or varying > MOST_VARYING:
        raise BadPattern(f"Got {text!r}, expected repeats of at most {LONGEST_REPEAT}, the smaller number first, and "
                         f"at most {MOST_VARYING} that may vary.")  # fmt: skip


def parse(code: "Code") -> Found | None:
    """Return a wristband's or badge's identifier by the site's patterns, or None.

    Raises ScanError `scan.ambiguous` when patterns of two kinds fit.
    """
    found = {(pattern.name, value) for pattern in code.site.patterns if (value := pattern.read(code.text))}
    if len(found) > 1:
        names = " and ".join(sorted({name for name, _ in found}))
        raise ScanError("scan.ambiguous", f"Got a code that fits this site's patterns for {names}; expected one. "
                        "Let the administrator change the patterns.")  # fmt: skip
    return next((Found(name, value, {name: value}) for name, value in found), None)
