"""One made-up sample of each kind of code, numbers of facilities from A9990 to A9999 only: no site has them.

A site's pattern may fit none of them, and the tests hold each parser to its own.
"""

from collections.abc import Iterable
from typing import Final

from scanners import patterns
from scanners.patterns import Pattern

SAMPLES: Final = {
    "our own codes": "LBL-7K3M9QRT2XYZL",
    "our signed labels": "COI1:" + "7K3M9 $%*+-./:" * 11 + "AB.",
    "ISBT 128 symbols": "=A99991712345600",
    "typed donation numbers": "A999914123456N",
    "chain-of-identity numbers": "CHA999923123456Y",
    "whole products of ISBT 128": "A9999E0398A999921123456000000",
    "GS1 keys of shipping units": "00106141412345678908",
    "GS1 keys of patients": "8018795260646688514634",
    "GS1 links": "https://id.gs1.org/00/952012345678912345",
    "printed GS1 codes": "(00)106141412345678908",
}


def checked_patterns(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """Return the patterns of a site, checked; raises BadPattern for one that is dangerous or fits other codes too."""
    return patterns.checked(texts, samples=SAMPLES)
