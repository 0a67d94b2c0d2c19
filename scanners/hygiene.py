"""What may stand in a code at all: ASCII that can be seen, and the separator of GS1.

Control characters that scanners put around a code (STX, ETX, a byte order …) say nothing of what was scanned and are
dropped. Letters and marks of other scripts are never turned into ours: a changed identity is worse than a second scan.
"""

import unicodedata

from scanners.reading import ScanError

GS = "\x1d"  # how a scanner passes on FNC1 between two element strings
ENDS = "\r\n\t"
_LAST_OF_C1 = 0x9F


def clean(text: str) -> str:
    """Return `text` without control characters; the separator and the ends of codes stay, for others to judge.

    Raises ScanError `scan.not_ascii`, which names the first character that is refused.
    """
    kept = "".join(one for one in text if one in (GS + ENDS) or not _is_control(one))
    strange = next((one for one in kept if not one.isascii()), None)
    if strange is not None:
        raise ScanError(
            "scan.not_ascii",
            f"Got the character {named(strange)}, expected plain letters and digits; "
            "scan the code, or type it in plain letters.",
        )
    return kept


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and ord(character) <= _LAST_OF_C1


def named(character: str) -> str:
    """Return the name of a character with its number, as in "FULLWIDTH LATIN CAPITAL LETTER A (U+FF21)"."""
    number = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"{name} ({number})" if name else number
