"""What a scan gave: its text and how it came in. What the text means is not known here."""

from dataclasses import dataclass

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One code that was read. `box` holds its four corners in pixels when it was found in a picture."""

    text: str
    symbology: str  # QRCode | DataMatrix | Code128 | text
    via: str  # wedge | camera | typed | api | paper
    box: Box | None = None


class ScanError(Exception):
    """A text or a picture that is no clean scan. `code` is stable; the sentence never repeats what was scanned."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
