"""ISBT 128: donation numbers, product codes, dates, divisions, chain-of-identity identifiers and compound messages.

* Two donation numbers are compared by their 13 characters. The flags behind them say on what the label sits (bag,
  tube, paper) and rightly differ; flags that are a checksum have to be right.
* A donation number names a donation, not a bag. A bag is donation number, product code and division; a product code
  that ends in 99 says that the divisions stand in a code of their own, which then must be scanned too.
* The check character is printed for the eye and typed, never part of the symbol. It lets a circular shift pass, so the
  form is checked as well, the year of the number included. That finds many shifts and not all: a shifted number that
  still has the form of one names another donation, which is not known.

Whoever uses software that reads ISBT 128 needs a registration with ICCBBA; so does its vendor. Nothing of the
standard's text or tables is here.
"""

import re
from collections.abc import Mapping
from typing import Final

from scanners.checks import ALPHABET, mod37_2
from scanners.code import Code
from scanners.isbt128_parts import COI, DIN, FIN, Part, is_national, parts_of
from scanners.reading import Found, ScanError

COI_CHECK_SCOPE: Final = slice(0, 15)
"""The characters of a chain-of-identity identifier that its check character is over: all 15 of them.

An assumption: the standard says that it is over the content, and its own document on the identifier was not at hand.
"""
FIRST_YEAR, LAST_YEAR = 94, 49  # 1994 to 2049: no donation was numbered so before, as far as we know
UNDIVIDED, DIVISIONS_ELSEWHERE = "00", "99"
_KEYED_DIN: Final = re.compile(f"({DIN})([0-9A-Z*])")
_KEYED_COI: Final = re.compile(f"({COI})([0-9A-Z*])")
_WHOLE_BAG: Final = re.compile(f"(00000|{FIN})([A-Z][0-9A-Z]{{4}})({DIN})([0-9A-Z]{{6}})")
_COMPOUND: Final = re.compile(r"=\+([0-9]{2})([0-9]{3})(.*)")
_TOGETHER: Final = frozenset({
    ("din", "blood_group"), ("din", "product_code"), ("din", "product_code", "divisions"), ("din", "divisions"),
    ("din", "donor"), ("product_code", "divisions"), ("product_code", "expiry_time"),
})  # fmt: skip
_CHECKSUM_FLAGS: Final = range(60, 97)
_FORWARD: Final = {"din": ("product_code",), "divisions": ("din", "product_code")}


def parse(code: Code) -> Found | None:
    """Return what an ISBT 128 code says, or None for a text that is none.

    Raises ScanError: `scan.misread` for a wrong check character, count, date or form, `scan.two_codes` for codes that
    do not stand together.
    """
    text = code.text
    if text[:1] in ("=", "&"):
        return _of_symbol(text)
    squeezed = text.replace(" ", "")
    if text[:1] == " " or text[-1:] == " ":  # a scan keeps its spaces, and no code begins or ends with one
        return None
    return _keyed(squeezed.upper()) or (_mpho(squeezed) if squeezed == text else None)


def _of_symbol(text: str) -> Found:
    compound = _COMPOUND.fullmatch(text)
    if compound:
        return _of_compound(int(compound[1]), compound[3])
    parts = parts_of(text)
    if parts is None:
        raise _misread("Got an ISBT 128 code that is not of its form")
    _refuse_wrong(parts)
    names = tuple(part.name for part in parts)
    if len(parts) == 1:
        return _single(parts[0])
    if names not in _TOGETHER:
        raise ScanError("scan.two_codes", f"Got several codes run together ({', '.join(map(_words, names))}), expected "
                        "one; scan them one after another.")  # fmt: skip
    return _several(parts)


def _of_compound(count: int, text: str) -> Found:
    parts = parts_of(text)
    if parts is None:
        why = "with a part that one country defines" if is_national(text) else "with a part that is not of its form"
        raise _misread(f"Got a compound message {why}")
    if len(parts) != count or len({part.name for part in parts}) != count:
        raise _misread(f"Got a compound message of {len(parts)} part(s) that says {count}, each once")
    _refuse_wrong(parts)
    return _several(parts)


def _refuse_wrong(parts: tuple[Part, ...]) -> None:
    for part in parts:
        if part.name == "din":
            _refuse_wrong_din(part.pieces["din"], part.pieces["flags"])
        if part.name == "coi":
            _refuse_wrong_year(part.pieces["coi"][7:9])
        if part.name == "sec":
            _refuse_wrong_year(part.pieces["sec"][13:15])


def _refuse_wrong_din(din: str, flags: str) -> None:
    _refuse_wrong_year(din[5:7])
    if flags.isdigit() and int(flags) in _CHECKSUM_FLAGS and ALPHABET[int(flags) - 60] != mod37_2(din):
        raise _misread("Got a donation number whose flags are a checksum that is wrong")


def _refuse_wrong_year(digits: str) -> None:
    if LAST_YEAR < int(digits) < FIRST_YEAR:
        raise _misread(f"Got a number of the year '{digits}, expected 1994 to 2049")


def _single(part: Part) -> Found:
    pieces = dict(part.pieces)
    if part.name == "product_code":
        more = ("divisions",) if pieces["division"] == DIVISIONS_ELSEWHERE else ()
        return Found("product_code", part.content[2:], pieces, ("din", *more))
    canonical = pieces.get(part.name) or part.content
    return Found(part.name, canonical, pieces, _FORWARD.get(part.name, ()))


def _several(parts: tuple[Part, ...]) -> Found:
    pieces: dict[str, str] = {}
    for part in parts:
        # Days of a compound message are named by what they are of: several may stand in it.
        dated = {f"{part.name}_{name}": said for name, said in part.pieces.items() if name in ("day", "time")}
        pieces |= dated or part.pieces
    _refuse_contradiction(parts, pieces)
    if "din" in pieces and "product" in pieces:
        return _bag(pieces)
    names = [part.name for part in parts]
    if "din" in names:
        return Found("din", pieces["din"], pieces, ("product_code",))
    if "coi" in names:
        return Found("coi", pieces["coi"], pieces)
    if "product_code" in names:
        return Found("product_code", "".join(part.content for part in parts), pieces, ("din", *_open_division(pieces)))
    return Found("isbt128", "".join(part.content for part in parts), pieces)


def _refuse_contradiction(parts: tuple[Part, ...], pieces: Mapping[str, str]) -> None:
    products = {part.pieces["product"] for part in parts if "product" in part.pieces}
    if len(products) > 1:
        raise _misread("Got two different product codes in one message")
    if "divisions" in pieces and pieces.get("division", DIVISIONS_ELSEWHERE) != DIVISIONS_ELSEWHERE:
        raise _misread("Got divisions beside a product code that does not end in 99")


def _bag(pieces: Mapping[str, str]) -> Found:
    """Return the identity of one bag: donation, product, division, and who processed it where that is said."""
    open_division = _open_division(pieces)
    told = pieces.get("divisions") or ("" if open_division else pieces.get("division", UNDIVIDED))
    division = "000000" if told == UNDIVIDED else told
    names = (pieces["din"], pieces["product"], division, pieces.get("processor", ""))
    return Found("bag", "/".join(names).rstrip("/"), pieces, open_division)


def _open_division(pieces: Mapping[str, str]) -> tuple[str, ...]:
    elsewhere = pieces.get("division") == DIVISIONS_ELSEWHERE and "divisions" not in pieces
    return ("divisions",) if elsewhere else ()


def _keyed(text: str) -> Found | None:
    """Return the number that was typed from its printed form, its check character last; digits alone may be others'."""
    for kind, form, scope in (("din", _KEYED_DIN, slice(0, 13)), ("coi", _KEYED_COI, COI_CHECK_SCOPE)):
        match = form.fullmatch(text)
        if match and _is_right(match[1][scope], match[2]):
            _refuse_wrong_year(match[1][7:9] if kind == "coi" else match[1][5:7])
            return Found(kind, match[1], {kind: match[1], "check": match[2]}, _FORWARD.get(kind, ()))
        if match and not text.isdigit():
            raise _misread(f"Got {_words(kind)} with a wrong check character")
    return None


def _is_right(content: str, check: str) -> bool:
    return mod37_2(content) == check


def _mpho(text: str) -> Found | None:
    match = _WHOLE_BAG.fullmatch(text)
    if match is None:
        return None
    _refuse_wrong_year(match[3][5:7])
    processor = {} if match[1] == "00000" else {"processor": match[1]}
    return _bag({"din": match[3], "product": match[2], "divisions": match[4], **processor})


def _words(kind: str) -> str:
    return {"din": "a donation number", "coi": "a chain-of-identity number"}.get(kind, f"a {kind.replace('_', ' ')}")


def _misread(what: str) -> ScanError:
    return ScanError("scan.misread", f"{what}; it was misread, or it is no such code. Scan it again.")
