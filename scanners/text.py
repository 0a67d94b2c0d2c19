"""Text from a hand scanner, a keyboard or a program: taken exactly as it is, or refused.

A wedge scanner ends its text with CR, LF or TAB; these are stripped. Any other control character, anything outside
ASCII (full-width and look-alike letters included) and anything too long is refused: a changed identity is worse than a
second scan.
"""

from scanners.reading import Reading, ScanError

LONGEST = 512
_TERMINATORS = "\r\n\t"


def read_text(text: str, *, via: str) -> Reading:
    """Return `text` as a reading. Typed text loses the spaces around it; what else it may lose is not known here.

    Raises ScanError: `scan.not_text`, `scan.too_long`, `scan.empty`, `scan.control_characters`, `scan.not_ascii`.
    """
    if not isinstance(text, str):
        raise ScanError("scan.not_text", "Got something else than text; scan or type a code.")
    if len(text) > LONGEST + len(_TERMINATORS):
        raise ScanError("scan.too_long", f"Got {len(text)} characters; a code has {LONGEST} at most. Scan one code.")
    clean = text.rstrip(_TERMINATORS)
    if via == "typed":
        clean = clean.strip(" ")  # no more: a control character is refused, not lost
    _refuse_unclean(clean)
    return Reading(clean, "text", via)


def _refuse_unclean(text: str) -> None:
    if not text.strip():
        raise ScanError("scan.empty", "Got an empty scan; scan the code again.")
    if len(text) > LONGEST:
        raise ScanError("scan.too_long", f"Got {len(text)} characters; a code has {LONGEST} at most. Scan one code.")
    if not all(character.isprintable() for character in text if character.isascii()):
        raise ScanError("scan.control_characters", "Got control characters inside the code; scan one code at a time.")
    if not text.isascii():
        raise ScanError(
            "scan.not_ascii", "Got letters or marks outside ASCII; scan the code, or type it in plain letters."
        )
