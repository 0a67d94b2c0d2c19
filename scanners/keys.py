"""Keys as a browser tells them: what a wedge scanner sent, byte by byte, with the time between two keys."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scanners.reading import ScanError

MOST: Final = 2000
_NAMED: Final = {"Enter": "\r", "Tab": "\t", "Escape": "\x1b", "Backspace": "\x08"}
_SILENT: Final = frozenset({"Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "Dead"})
_CONTROLS: Final = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
    "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)  # fmt: skip
_DELETE: Final = 0x7F
Key = tuple[str, bool, float]  # the key's name, whether Ctrl was held, milliseconds


@dataclass(frozen=True, slots=True)
class Heard:
    """What was sent: its text, the milliseconds before each character but the first, and keys that are none."""

    text: str
    gaps: tuple[float, ...] = ()
    unread: tuple[str, ...] = ()


def heard(keys: Any) -> Heard:
    """Return what the keys sent; a scanner sends a control character as Ctrl with a letter, Ctrl+J is LF.

    Raises ScanError `keys.form` for anything but a list of [key, ctrl, milliseconds].
    """
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST or not all(map(_is_key, keys)):
        raise ScanError("keys.form", f"Got something else than at most {MOST} keys; scan again.")
    said = [(_character(key, ctrl=ctrl), at) for key, ctrl, at in keys if key not in _SILENT]
    kept = [(character, at) for character, at in said if character is not None]
    gaps = tuple(max(0.0, round(later - sooner, 1)) for (_, sooner), (_, later) in itertools.pairwise(kept))
    unread = tuple(str(key)[:20] for key, ctrl, _ in keys if key not in _SILENT and _character(key, ctrl=ctrl) is None)
    return Heard("".join(character for character, _ in kept), gaps, unread)


def of_text(text: str) -> Heard:
    """Return a text that arrived without the times of its keys.

    Raises ScanError `keys.form` for an empty or a very long one.
    """
    if not text or len(text) > MOST:
        raise ScanError("keys.form", f"Got {len(text)} characters, expected 1 to {MOST}; scan one code.")
    return Heard(text)


def _is_key(key: Any) -> bool:
    form = isinstance(key, list) and list(map(type, key))
    return form in ([str, bool, int], [str, bool, float]) and abs(key[2]) < 2**53  # not-a-number fails every comparison


def _character(key: str, *, ctrl: bool) -> str | None:
    if ctrl and len(key) == 1 and "@" <= key.upper() <= "_":
        return chr(ord(key.upper()) - ord("@"))
    return key if len(key) == 1 else _NAMED.get(key)


def name_of(character: str) -> str:
    """Return a character as it is shown: itself, or the short name of a control character."""
    number = ord(character)
    if number < len(_CONTROLS):
        return _CONTROLS[number]
    return "DEL" if number == _DELETE else "space" if character == " " else character


def bytes_of(heard_: Heard) -> Sequence[tuple[str, str, float | None]]:
    """Return for each character its bytes in hexadecimal, how it is shown, and the milliseconds before it."""
    before = (None, *heard_.gaps, *[None] * len(heard_.text))
    hexadecimal = [one.encode("utf-8", "surrogatepass").hex(" ").upper() for one in heard_.text]
    return list(zip(hexadecimal, map(name_of, heard_.text), before, strict=False))
