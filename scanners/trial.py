"""Known codes to try a scanner with: from what arrives of them follows how the scanner is set up.

A known text that arrives shows what stands before and behind it, what is sent for FNC1, whether letters are swapped
(Caps Lock) or marks changed (the scanner types for another keyboard), and whether it is as quick as a scanner is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from scanners import aim
from scanners.hygiene import GS
from scanners.keys import Heard, name_of
from scanners.wedge import TERMINATORS, pace, terminator_name


class Trial(NamedTuple):
    """One known code: its symbol, the text that it is made of, and the text that arrives when all is well."""

    name: str
    symbol: str  # QRCode | DataMatrix | Code128
    text: str
    arrives: str
    gs1: bool = False


_MARKS: Final = "TRY2 =<>&,;:+-/%$*()#@! azAZ"
_GS1: Final = "(01)09506000134352(10)TRY4(21)0123456789"
TRIALS: Final = (
    Trial("Code 128", "Code128", "TRY1-0123456789-AZ", "TRY1-0123456789-AZ"),
    Trial("QR code", "QRCode", _MARKS, _MARKS),
    Trial("Data Matrix", "DataMatrix", "TRY3-0123456789-AZ", "TRY3-0123456789-AZ"),
    Trial("GS1 Data Matrix", "DataMatrix", _GS1, f"010950600013435210TRY4{GS}210123456789", gs1=True),
)
SIZES: Final = (0.17, 0.25, 0.33, 0.5)  # millimetres of a module, each in a QR code of its own
_LIKE: Final = 0.5  # of the characters have to be right for a text to be taken for a known one


def size_text(size: float) -> str:
    """Return the text of the code whose modules are `size` millimetres."""
    return f"SIZE {size:.2f} MM"


@dataclass(frozen=True, slots=True)
class Told:
    """What a trial showed. `settings` are those of `settings.toml` that follow; `advice` is one sentence each."""

    trial: str = ""
    terminator: str = "none"
    aim: str = ""
    prefix: str = ""
    suffix: str = ""
    pace: str = "unclear"
    advice: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


class _Seen(NamedTuple):
    name: str = ""
    before: str = ""
    behind: str = ""
    fnc1: str | None = None
    changed: tuple[tuple[str, str], ...] = ()


def told(heard: Heard) -> Told:
    """Return what follows from a scan of one of the known codes, or of any other."""
    bare = heard.text.rstrip("".join(TERMINATORS))
    terminator = heard.text[len(bare) :]
    seen = _seen(bare)
    place = seen.before.find("]")
    split = aim.split(seen.before[place:]) if place >= 0 else aim.Split("", seen.before)
    prefix = (seen.before[:place] + split.text) if split.aim else seen.before
    gaps = heard.gaps[: max(0, len(bare) - 1)]
    found = Told(seen.name, terminator_name(terminator), split.aim, prefix, seen.behind, pace(gaps))
    return Told(
        found.trial, found.terminator, found.aim, found.prefix, found.suffix, found.pace,
        tuple(_advice(found, seen, heard)), _settings(found, seen),
    )  # fmt: skip


def _seen(text: str) -> _Seen:
    known = [(trial.name, trial.arrives) for trial in TRIALS] + [(f"{s:.2f} mm", size_text(s)) for s in SIZES]
    return next((seen for name, wanted in known if (seen := _exactly(text, name, wanted))), None) or next(
        (seen for name, wanted in known if (seen := _changed(text, name, wanted))), _Seen()
    )


def _exactly(text: str, name: str, wanted: str) -> _Seen | None:
    """Find the known text, whatever stands in the place of its separator."""
    first, separator, last = wanted.partition(GS)
    start, end = text.find(first), text.rfind(last) if separator else -1
    if start < 0 or (separator and end < start + len(first)):
        return None
    if not separator:
        return _Seen(name, text[:start], text[start + len(first) :])
    return _Seen(name, text[:start], text[end + len(last) :], text[start + len(first) : end])


def _changed(text: str, name: str, wanted: str) -> _Seen | None:
    """Find the known text with other characters in the place of some: the scanner types for another keyboard."""
    split = aim.split(text)
    before = text[: len(text) - len(split.text)]
    same = sum(one.lower() == other.lower() for one, other in zip(split.text, wanted, strict=False))
    if len(split.text) != len(wanted) or same < len(wanted) * _LIKE:
        return None
    pairs = zip(wanted, split.text, strict=True)
    return _Seen(name, before, changed=tuple(dict.fromkeys((one, other) for one, other in pairs if one != other)))


def _advice(found: Told, seen: _Seen, heard: Heard) -> list[str]:
    said = []
    if not seen.name:
        said.append("This is none of the codes of the test sheet; only what stands at its end can be told.")
    if found.terminator != "CR":
        said.append(f"After the code came {found.terminator}; set the scanner to end each code with CR (Enter).")
    if found.pace == "typed":
        said.append("It came as slowly as typing; set the scanner to send without a delay between characters.")
    if found.pace == "unclear" and heard.gaps:
        said.append("It came too slowly for a scanner and too fast for typing, so it would count as typed.")
    said += _of_characters(seen)
    if seen.fnc1 == "":
        said.append("The scanner sends nothing for FNC1, so GS1 codes run together; let it send GS or another mark.")
    if heard.unread:
        said.append(f"Keys that are no characters arrived and were left out: {', '.join(heard.unread[:5])}.")
    return said or ["The scanner is set up well."]


def _of_characters(seen: _Seen) -> list[str]:
    if not seen.changed:
        return []
    if all(one.swapcase() == other for one, other in seen.changed):
        return ["Capital and small letters are exchanged: Caps Lock is on. Switch it off; a scan is never corrected."]
    shown = ", ".join(f"{name_of(one)} came as {name_of(other)}" for one, other in seen.changed[:8])
    return [f"Characters were changed: {shown}. Set the scanner to the keyboard layout of this computer."]


def _settings(found: Told, seen: _Seen) -> dict[str, str]:
    """Return the settings that are not as delivered; those of the known codes only, nothing is guessed from others."""
    fnc1 = seen.fnc1 if seen.fnc1 not in (None, "", GS) else ""
    wanted = {"scanner_prefix": found.prefix, "scanner_suffix": found.suffix, "scanner_fnc1": fnc1 or ""}
    return {key: text for key, text in wanted.items() if text and text.isascii() and text.isprintable()}
