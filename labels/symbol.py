"""The machine-readable symbols: QR (ISO/IEC 18004, level Q), Data Matrix (ISO/IEC 16022, ECC 200), Code 128.

Each is written by a library that shares no code with the one that reads pictures in `scanners`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import qrcode
from pystrich.code128 import Code128Encoder
from pystrich.datamatrix import DataMatrixEncoder
from qrcode.constants import ERROR_CORRECT_Q

from labels.content import LabelError
from labels.template import Box, Mark

LONGEST: Final = 256  # characters: far more than an identifier, and not encoded first
QUIET: Final = 4  # modules on each side of a QR symbol, ISO/IEC 18004
Dark = tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A symbology: its name for people, the white modules that it needs beside and above itself, how it is written."""

    title: str
    beside: int
    above: int
    write: Callable[[str], Dark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A symbol in its place: `box` holds the quiet zone too; `dark` is True where a module is black.

    The one row of a linear symbol is as high as its box.
    """

    kind: str
    text: str
    box: Box
    dark: Dark

    @property
    def across(self) -> int:
        """Modules from one edge of the box to the other, quiet zone and all."""
        return len(self.dark[0]) + 2 * KINDS[self.kind].beside

    @property
    def down(self) -> int:
        """Modules from the upper edge of the box to the lower, quiet zone and all; 1 for a linear symbol."""
        return len(self.dark) + 2 * KINDS[self.kind].above

    @property
    def is_linear(self) -> bool:
        """Whether it is a row of bars."""
        return len(self.dark) == 1

    @property
    def module(self) -> float:
        """Side of one module in millimetres, where no dots bind it."""
        if self.is_linear:
            return self.box.width / self.across
        return min(self.box.width / self.across, self.box.height / self.down)

    def dots(self, *, dpi: int) -> int:
        """Whole dots of one module's side: as many as the box allows."""
        wide = int(self.box.width * dpi / 25.4) // self.across
        return wide if self.is_linear else min(wide, int(self.box.height * dpi / 25.4) // self.down)

    def bars(self) -> Iterator[tuple[int, int, int]]:
        """Return (column, row, columns) of each black stretch, in modules from the symbol's upper left corner."""
        for y, row in enumerate(self.dark):
            start = None
            for x, dark in enumerate((*row, False)):
                if dark and start is None:
                    start = x
                if not dark and start is not None:
                    yield start, y, x - start
                    start = None


def encode(text: str, mark: Mark, *, on: str) -> Symbol:
    """Return the symbol that says `text` (ASCII that can be seen) in the place of `mark` on the template `on`.

    Raises LabelError for other characters, and for more text than the smallest module allows.
    """
    title = KINDS[mark.kind].title
    if len(text) > LONGEST:
        raise LabelError(f"The {title}'s code has {len(text)} characters, expected at most {LONGEST}.")
    if not (text.isascii() and text.isprintable()):
        raise LabelError(
            f"The {title} would say {text!r}, expected only visible ASCII characters; nothing was printed."
        )
    symbol = Symbol(kind=mark.kind, text=text, box=mark.box, dark=KINDS[mark.kind].write(text))
    if symbol.module < mark.smallest:
        raise LabelError(
            f"The {title}'s code has {len(text)} characters, expected fewer: its modules would be {symbol.module:.2f} "
            f"mm, smaller than {mark.smallest:g} mm on {on}."
        )
    return symbol


def qr(text: str) -> Dark:
    """Return the QR symbol of `text` without its quiet zone, row by row from the top."""
    written = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    written.add_data(text)
    written.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in written.get_matrix())


def data_matrix(text: str) -> Dark:
    """Return the square Data Matrix symbol of `text` with its finder, without its quiet zone."""
    picture = DataMatrixEncoder(text, quiet_zone=0).get_pilimage(1).convert("1")
    across = picture.width
    dots = [not dot for dot in picture.get_flattened_data()]
    return tuple(tuple(dots[start : start + across]) for start in range(0, len(dots), across))


def code_128(text: str) -> Dark:
    """Return the bars and spaces of `text` in Code 128 as one row of modules."""
    return (tuple(module == "1" for module in Code128Encoder(text).bars),)


KINDS: Final[Mapping[str, Kind]] = {
    "qr": Kind("QR", QUIET, QUIET, qr),
    "datamatrix": Kind("Data Matrix", 2, 2, data_matrix),  # ISO/IEC 16022 asks for one; two help poor cameras
    "code128": Kind("Code 128", 10, 0, code_128),
}
