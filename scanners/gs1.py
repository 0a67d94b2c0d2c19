"""GS1: element strings and Digital Link, read by biip, and every key's check digit checked here as well.

biip reads a message whose key has a wrong check digit and only notes the fault; here that is a refusal. A scanner may
leave out the symbology identifier and may send something else for FNC1: a text without the identifier is taken for GS1
when it begins with a key whose length is fixed.
"""

import re
from collections.abc import Iterable
from typing import Final

from biip import BiipException
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

from scanners.aim import GS1
from scanners.checks import ends_in_mod10
from scanners.code import Code
from scanners.hygiene import GS
from scanners.reading import Found, ScanError

_CHECKED: Final = {
    "00": 18, "01": 14, "02": 14, "253": 13, "255": 13, "402": 17, "8003": 14, "8017": 18, "8018": 18,
    **{str(number): 13 for number in range(410, 418)},
}  # fmt: skip
_KINDS: Final = (
    ("8018", "gsrn.patient", "8019"), ("8017", "gsrn.provider", "8019"), ("00", "sscc", ""), ("01", "gtin", "21"),
    ("414", "gln", "254"), ("8003", "grai", ""), ("8004", "giai", ""),
)  # fmt: skip
_BEGINS: Final = re.compile(r"(?:00[0-9]{18}|01[0-9]{14}|8017[0-9]{18}|8018[0-9]{18}|414[0-9]{13}|8003[0-9]{14})")
_PRINTED: Final = re.compile(r"\([0-9]{2,4}\).*")
_LINK: Final = re.compile(r"https?://[^/?#]+/(?:[^?#]*/)?(?:00|01|414|8003|8004|8017|8018)/[^/?#]+.*")
_BROKEN: Final = (BiipException, ValueError, ArithmeticError, LookupError, TypeError, AttributeError)
_NEEDS: Final = {"254": {"414"}, "8019": {"8017", "8018"}, "21": {"01", "03", "8006"}}
_NAMES_ONE: Final = {"00", "414", "8003", "8004", "8017", "8018"}  # each names one thing, and they name different ones
_EAN: Final = {8, 12, 13, 14}


def parse(code: Code) -> Found | None:
    """Return what a GS1 message or link says, or None for a text that is none.

    Raises ScanError `scan.misread` for a message that cannot be read and for a wrong check digit, `scan.two_codes`.
    """
    if code.aim == "E0":
        return _ean(code.text)
    elements = _elements(code)
    if elements is None:
        return None
    said = {element.ai.ai: element.value for element in elements}
    if len(said) < len(elements):
        raise _misread("the same element twice")
    _refuse_wrong(elements, said)
    return _found(said)


def _elements(code: Code) -> list[GS1ElementString] | None:
    text = code.text
    if _LINK.fullmatch(text):
        return _read(GS1DigitalLinkURI.parse, text)
    if _PRINTED.fullmatch(text):
        return _read(GS1Message.parse_hri, text)
    if code.aim in GS1 or _BEGINS.match(text):
        return _read(GS1Message.parse, separated(text, code.site.fnc1))
    return None


def separated(text: str, fnc1: str) -> str:
    """Return the message with the separator in place of what the site's scanners send for it, and none before it."""
    return (text.replace(fnc1, GS) if fnc1 else text).lstrip(GS)


def _read(parse_it: object, text: str) -> list[GS1ElementString]:
    try:
        return list(parse_it(text).element_strings)  # type: ignore[operator]  # the three readers are alike in this only
    except _BROKEN as fault:
        raise _misread("an element that cannot be read") from fault


def _refuse_wrong(elements: Iterable[GS1ElementString], said: dict[str, str]) -> None:
    for element in elements:
        length = _CHECKED.get(element.ai.ai)
        if length and not ends_in_mod10(element.value[:length]):
            raise _misread(f"a wrong check digit in ({element.ai.ai})")
        if element.gln_error or element.gtin_error or element.sscc_error:
            raise _misread(f"a wrong key in ({element.ai.ai})")
    for ai, others in _NEEDS.items():
        if ai in said and not others & said.keys():
            raise _misread(f"({ai}) without the key that it belongs to")
    if len(_NAMES_ONE & said.keys()) > 1:
        raise ScanError("scan.two_codes", "Got two codes of GS1 run together, expected one; scan them one by one.")


def _found(said: dict[str, str]) -> Found:
    for key, kind, more in _KINDS:
        if key in said and kind == "gtin":
            return _item(said)
        if key in said and kind == "gln":
            return Found(kind, "/".join(filter(None, (said[key], said.get(more)))), said)
        if key in said:
            return Found(kind, said[key], said)  # (8019) counts the patient's visits; the patient stays the same
    return Found("gs1", "".join(f"({ai}){said[ai]}" for ai in sorted(said)), said)


def _item(said: dict[str, str]) -> Found:
    """One thing is its GTIN with its serial number; GTIN and lot are what a whole lot has in common."""
    own = "21" if "21" in said else "10"
    parts = [f"{ai}/{said[ai]}" for ai in ("01", own) if ai in said]
    return Found("gtin", "/".join(parts), said, () if "21" in said else ("serial",))


def _ean(text: str) -> Found:
    if len(text) not in _EAN or not ends_in_mod10(text):
        raise _misread("a wrong check digit in an article number")
    return _item({"01": text.zfill(14)})


def _misread(what: str) -> ScanError:
    return ScanError("scan.misread", f"Got a GS1 code with {what}; it was misread or misprinted. Scan it again.")
