"""What a parser is given: one code without what the scanner put around it, and what the site says of its scanners."""

from dataclasses import dataclass

from scanners.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Site:
    """How a site's scanners are set up, and how its wristbands and badges read. What is empty is not used.

    `prefix` and `suffix` are put around every code by the scanner, `fnc1` in place of the separator of GS1.
    """

    prefix: str = ""
    suffix: str = ""
    fnc1: str = ""
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """One code as a parser reads it: `aim` is the symbology identifier without its bracket, or empty."""

    text: str
    aim: str = ""
    site: Site = Site()
