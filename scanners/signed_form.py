"""The form of the signed text of our labels: `COI1:`, 156 characters of Base45 (RFC 9285) and a full stop.

Here the text is only told from other codes, and one that was cut or changed in length from a whole one. Whether its
signature is genuine is for whoever has the public keys.
"""

import re

from scanners.code import Code
from scanners.reading import Found, ScanError

PREFIX = "COI1:"
_FORM = re.compile(r"COI1:[0-9A-Z $%*+./:-]{156}\.")
KIND = "label.signed"


def parse(code: Code) -> Found | None:
    """Return a signed label's text, or None; raises ScanError `scan.misread` for a part of one."""
    if not code.text.startswith(PREFIX):
        return None
    if _FORM.fullmatch(code.text) is None:
        raise ScanError("scan.misread", "Got a part of a signed label of ours; it was misread. Scan it again.")
    return Found(KIND, code.text)
