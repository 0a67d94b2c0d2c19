"""The QR symbol: ISO/IEC 18004, error correction level Q, quiet zone of four modules."""

from dataclasses import dataclass
from typing import Final

import qrcode
from qrcode.constants import ERROR_CORRECT_Q

from labels.content import LabelError
from labels.template import Box, Template

LONGEST: Final = 256  # characters: far more than an identifier, and not encoded first
QUIET: Final = 4  # modules on each side, ISO/IEC 18004


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A QR symbol in its place: `box` holds the quiet zone too; `dark` is True where a module is black."""

    box: Box
    dark: tuple[tuple[bool, ...], ...]

    @property
    def across(self) -> int:
        """Modules from one edge of the box to the other, quiet zone and all."""
        return len(self.dark) + 2 * QUIET

    @property
    def module(self) -> float:
        """Side of one module in millimetres, where no dots bind it."""
        return self.box.width / self.across

    def dots(self, *, dpi: int) -> int:
        """Whole dots of one module's side: as many as the box allows."""
        return int(self.box.width * dpi / 25.4) // self.across


def encode(code: str, template: Template) -> Symbol:
    """Return the symbol that says `code` (ASCII that can be seen).

    Raises LabelError for other characters, and for more text than the template's smallest module allows.
    """
    if len(code) > LONGEST:
        raise LabelError(f"The QR's code has {len(code)} characters, expected at most {LONGEST}.")
    if not (code.isascii() and code.isprintable()):
        raise LabelError(f"The QR would say {code!r}, expected only visible ASCII characters; nothing was printed.")
    symbol = Symbol(box=template.symbol, dark=modules(code))
    if symbol.module < template.smallest_module:
        raise LabelError(
            f"The QR's code has {len(code)} characters, expected fewer: its modules would be {symbol.module:.2f} mm, "
            f"smaller than {template.smallest_module:g} mm on {template.name}."
        )
    return symbol


def modules(code: str) -> tuple[tuple[bool, ...], ...]:
    """Return the symbol of `code` without its quiet zone, row by row from the top; True where a module is black."""
    written = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    written.add_data(code)
    written.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in written.get_matrix())
