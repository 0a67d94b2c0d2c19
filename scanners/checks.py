"""Check characters: ISO 7064 MOD 37-2 (our own codes, ISBT 128) and the modulo 10 digit of GS1 keys.

The first is written in `coi.journey.identity` too: neither room may import the other, and a test holds them together.
"""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_VALUE = {character: value for value, character in enumerate(ALPHABET[:-1])}  # the asterisk is never data


def mod37_2(text: str) -> str:
    """Return the ISO 7064 MOD 37-2 check character of `text`; ValueError for anything but 0-9 and A-Z."""
    total = 0
    for character in text:
        if character not in _VALUE:
            raise ValueError(f"{character!r} has no value in ISO 7064 MOD 37-2; 0-9 and A-Z have.")
        total = (total + _VALUE[character]) * 2 % 37
    return ALPHABET[(38 - total) % 37]


def mod10(digits: str) -> str:
    """Return the GS1 check digit that belongs behind `digits`: weights 3, 1, 3 … from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def ends_in_mod10(digits: str) -> bool:
    """Tell whether the last of `digits` is the check digit of those before it."""
    return digits.isascii() and digits.isdigit() and mod10(digits[:-1]) == digits[-1]
