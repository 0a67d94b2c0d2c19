"""What may stand in a code at all: ASCII that can be seen, and the separator of GS1.

Control characters, such as the STX and ETX that scanners put around a code, say nothing of what was scanned and are
dropped; inside a code they are only dropped where the form of the code shows that nothing else is missing. Letters and
marks of other scripts are never turned into ours: a changed identity is worse than a second scan.
"""

import unicodedata

from scanners.reading import ScanError

GS = "\x1d"  # how a scanner passes on FNC1 between two element strings
ENDS = "\r\n\t"
_DROPPED = "".join(chr(n) for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in GS + ENDS)


def clean(text: str) -> str:
    """Return `text` without control characters; the separator and the ends of codes stay, for others to judge.

    Raises ScanError `scan.not_ascii`, which names the first character that is refused.
    """
    kept = "".join(one for one in text if one not in _DROPPED)
    strange = next((one for one in kept if not one.isascii()), None)
    if strange is not None:
        raise ScanError(
            "scan.not_ascii",
            f"Got the character {named(strange)}, expected plain letters and digits; "
            "scan the code, or type it in plain letters.",
        )
    return kept


def has_control_inside(text: str) -> bool:
    """Tell whether control characters that `clean` drops stand between the characters of `text`."""
    return any(one in _DROPPED for one in text.strip(_DROPPED))


def named(character: str) -> str:
    """Return the name of a character with its number, as in "FULLWIDTH LATIN CAPITAL LETTER A (U+FF21)"."""
    number = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"{name} ({number})" if name else number
