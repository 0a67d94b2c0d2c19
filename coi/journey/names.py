"""Names that can be taken for one another: the keys under which two patients are pointed out to the people who treat.

A key is coarse on purpose: it never decides who somebody is, it only asks people to look twice. Names in Latin letters
lose accents, doubled letters and vowels, and letters that sound alike are one; names in other scripts count as they
are written. The key never leaves the service but as a keyed token.
"""

import re
import unicodedata

_ALIKE = (("ph", "f"), ("ck", "k"), ("sch", "s"), ("sh", "s"), ("ch", "k"), ("th", "t"), ("qu", "kv"), ("x", "ks"),
          ("ß", "s"), ("ø", "o"), ("ł", "l"), ("đ", "d"), ("æ", "a"), ("œ", "o"))  # fmt: skip
_SOUND = str.maketrans("czyjwqdgbv", "ksiivktkpf")
_VOWELS = re.compile(r"[aeiouhy]")


def name_keys(*, family: str, given: str, born: str = "") -> frozenset[str]:
    """Return the keys of a patient; who shares one of them has a like name, or the same birth date."""
    surname, first = _sounds(family), _sounds(given)
    keys = {f"born {born}"} if born else set()
    if surname and first:
        keys |= {f"name {surname} {first[:1]}", f"names {' '.join(sorted((surname, first)))}"}
    return frozenset(keys)


def _sounds(name: str) -> str:
    """Return what is left of a name when everything that is easily mistaken is taken away."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if c.isalpha())
    if not letters.isascii() and not any(letters.find(sign) >= 0 for sign, _ in _ALIKE if not sign.isascii()):
        return letters  # another script: every sign counts
    for sign, sound in _ALIKE:
        letters = letters.replace(sign, sound)
    letters = letters.translate(_SOUND)
    skeleton = letters[:1] + _VOWELS.sub("", letters[1:])
    return re.sub(r"(.)\1+", r"\1", skeleton)
