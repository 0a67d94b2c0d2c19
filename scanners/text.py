"""Text from a hand scanner, a keyboard or a program: what code it is, or why it is none.

What the scanner put around the code is taken off, control characters are dropped, and anything outside ASCII is
refused. Then every parser is asked; a code is what exactly one of them says it is. A text that none knows is passed on
as it is, of kind `unknown`: it may be a seal, a place, or a number of some hospital.
"""

from collections.abc import Callable
from typing import Final

from scanners import aim, gs1, hygiene, isbt128, own, patterns, signed_form, wedge
from scanners.code import Code, Site
from scanners.reading import UNKNOWN, Found, Reading, ScanError

LONGEST: Final = 512
AS_DELIVERED: Final = Site()
_RUN_TOGETHER: Final = 120  # characters; a longer text is not tried for being two codes
_SHORTEST: Final = 4

Parser = Callable[[Code], Found | None]
PARSERS: Final[tuple[Parser, ...]] = (
    own.parse,
    signed_form.parse,
    isbt128.parse,
    gs1.parse,
    patterns.parse,
)
_IN_WORDS: Final = {
    "own": "one of our codes", "label.signed": "a signed label of ours", "din": "a donation number (DIN)",
    "bag": "a bag's code (ISBT 128)", "coi": "a chain-of-identity number", "sscc": "a shipping unit's code (SSCC)",
    "gsrn.patient": "a patient's code (GSRN)", "gsrn.provider": "a provider's code (GSRN)", "gln": "a place (GLN)",
    "gtin": "an article's code (GTIN)", "mrn": "a patient's number", "staff": "a staff badge",
}  # fmt: skip


def read_text(text: str, *, via: str, site: Site = AS_DELIVERED) -> Reading:
    """Return `text` as a reading. Typed text loses the spaces around it; what else it may lose is not known here.

    Raises ScanError: `scan.not_text`, `scan.too_long`, `scan.empty`, `scan.control_characters`, `scan.not_ascii`,
    `scan.two_codes`, `scan.misread`, `scan.ambiguous`.
    """
    if not isinstance(text, str):
        raise ScanError("scan.not_text", "Got something else than text; scan or type a code.")
    if len(text) > LONGEST + wedge.most_around(site):
        raise _too_long(len(text))
    whole = wedge.unwrapped(text, site).text
    bare = hygiene.clean(whole)
    bare = bare.strip(" ") if via == "typed" else bare
    _refuse_unclean(bare)
    split = aim.split(bare)
    code = Code(split.text, split.aim, site)
    found = _kind_of(code)
    if hygiene.has_control_inside(whole) and (found is None or found.kind in patterns.NAMES):
        raise _control_inside()
    plain = Reading(code.text, aim.symbology(code.aim), via, canonical=code.text)
    return plain.of(found) if found else plain


def in_words(kind: str) -> str:
    """Return what a kind of code is called in a sentence."""
    return _IN_WORDS.get(kind, f"a code of the kind {kind}")


def _refuse_unclean(text: str) -> None:
    if not text.strip():
        raise ScanError("scan.empty", "Got an empty scan; scan the code again.")
    if len(text) > LONGEST:
        raise _too_long(len(text))
    if any(end in text for end in hygiene.ENDS) or aim.count(text) > 1:
        raise ScanError("scan.two_codes", "Got two codes in one scan; scan them one after another.")


def _control_inside() -> ScanError:
    return ScanError("scan.control_characters", "Got control characters inside the code; scan one code at a time.")


def _too_long(length: int) -> ScanError:
    return ScanError("scan.too_long", f"Got {length} characters; a code has {LONGEST} at most. Scan one code.")


def _kind_of(code: Code) -> Found | None:
    """Return what the one parser says that accepts the code; None when there is none, and nothing speaks against it."""
    accepted, refused = claims(code)
    if len(accepted) > 1:
        kinds = " and ".join(in_words(found.kind) for found in accepted)
        raise ScanError("scan.ambiguous", f"Got a code that can be {kinds}, expected one; nothing was taken for it.")
    if accepted:
        return accepted[0]
    _refuse_two(code)
    if refused:
        raise refused[0]
    if hygiene.GS in code.text:
        raise _control_inside()
    return None


def claims(code: Code) -> tuple[list[Found], list[ScanError]]:
    """Return what the parsers accept of `code`, and why others refuse it although it is of their form."""
    accepted, refused = [], []
    for parse in PARSERS:
        try:
            found = parse(code)
        except ScanError as fault:
            refused.append(fault)
        else:
            accepted += [found] if found else []
    return accepted, refused


def _refuse_two(code: Code) -> None:
    """Refuse two codes that a scanner ran together, when one of them is understood; name both where both are."""
    text = code.text
    if len(text) > _RUN_TOGETHER:
        return
    for place in range(_SHORTEST, len(text) - _SHORTEST + 1):
        kinds = [_understood(part, code) for part in (text[:place], text[place:])]
        if UNKNOWN not in kinds or own.KIND in kinds:
            said = " and ".join("another code" if kind == UNKNOWN else in_words(kind) for kind in kinds)
            raise ScanError("scan.two_codes", f"Got two codes run together, {said}; scan them one after another.")


def _understood(text: str, code: Code) -> str:
    """Return the kind of a part of a code that is of a form no other text has by chance, or `unknown`."""
    marked = tuple(one for one in code.site.patterns if one.is_marked)
    accepted, _ = claims(Code(text, "", Site(patterns=marked)))
    return accepted[0].kind if len(accepted) == 1 else UNKNOWN
