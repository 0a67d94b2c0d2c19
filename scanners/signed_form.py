"""The signed text of our labels: it begins with `COI1:`, and no other code does.

Here it is only told from other codes. Whether it is whole, genuine and current is judged with the public keys, which
also names one that was altered; a parser that refused it as misread would hide that.
"""

from scanners.code import Code
from scanners.reading import Found

PREFIX = "COI1:"
KIND = "label.signed"


def parse(code: Code) -> Found | None:
    """Return a signed label's text, or None."""
    return Found(KIND, code.text) if code.text.startswith(PREFIX) else None
