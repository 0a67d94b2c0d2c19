"""Our own codes: three capital letters that say what is named, a hyphen, twelve characters and a check character.

`coi.journey.identity` mints them and says why they are made so; here they are told from everything else. A text in
this form with a wrong check character was misread, and is never taken for a code of somebody else.
"""

import re

from scanners.checks import mod37_2
from scanners.code import Code
from scanners.reading import Found, ScanError

TYPES = ("COI", "CTR", "LBL", "SHP", "LOC", "PAT", "DON", "LOT")
_CHARACTER = "[2-9A-HJ-NP-Z]"
FORM = rf"({'|'.join(TYPES)})-({_CHARACTER}{{12}})({_CHARACTER})"
_FORM = re.compile(FORM)
KIND = "own"


def parse(code: Code) -> Found | None:
    """Return our code, or None for a text of another form; ScanError `scan.misread` for a wrong check character."""
    match = _FORM.fullmatch(code.text)
    if match is None:
        return None
    if mod37_2(match[1] + match[2]) != match[3]:
        raise ScanError(
            "scan.misread", "Got one of our codes with a wrong check character: it was misread. Scan it again."
        )
    return Found(KIND, code.text, {"type": match[1]})
