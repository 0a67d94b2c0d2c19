"""What a scan gave: its text, how it came in, and what kind of code it is. What the code names is not known here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """What one parser makes of a code: the `kind` it is, and what of it is compared.

    `canonical` is the same for every way in which the same thing is written. `needed` names the kinds of code that must
    be scanned as well before this one names a single thing.
    """

    kind: str
    canonical: str
    fields: Mapping[str, str] = field(default_factory=dict)
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One code that was read. `box` holds its four corners in pixels when it was found in a picture.

    `kind` follows from the text alone, however it came in; `unknown` is a code that no parser knows, and then
    `canonical` is its text.
    """

    text: str
    symbology: str  # QRCode | DataMatrix | Code128 | text
    via: str  # wedge | camera | typed | api | paper
    box: Box | None = None
    kind: str = UNKNOWN
    canonical: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    needed: tuple[str, ...] = ()

    def of(self, found: Found) -> "Reading":
        """Return the reading with what a parser found in it."""
        return replace(self, kind=found.kind, canonical=found.canonical, fields=dict(found.fields), needed=found.needed)


class ScanError(Exception):
    """A text or a picture that is no clean scan. `code` is stable; the sentence never repeats what was scanned."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
