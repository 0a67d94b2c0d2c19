"""What a template is: places on a label of a fixed size, as data. Measures are millimetres, y grows downwards."""

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "centre", "right"]
Look = Literal["plain", "framed", "bar"]
Kind = Literal["qr", "datamatrix", "code128"]
Says = Literal["code", "short"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its left and top edge, its width and height."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def inset(self, by: float) -> "Box":
        """The box without a margin of `by` on each side."""
        return Box(self.left + by, self.top + by, self.width - 2 * by, self.height - 2 * by)

    def meets(self, other: "Box") -> bool:
        """Whether the two share any area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How text is set: sizes are those of the em; below `smallest` nothing is printed, the label is refused."""

    largest: float
    smallest: float
    rows: int = 1
    bold: bool = True
    align: Align = "left"
    look: Look = "plain"
    padding: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The place of one text; `says` is an attribute of LabelContent (its fields, `count`, `place`)."""

    says: str
    box: Box
    style: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The place of one machine-readable symbol: `box` holds its quiet zone, no module is smaller than `smallest`.

    `says` is an attribute of LabelContent: `code`, or `short` for the serial alone.
    """

    kind: Kind
    says: Says
    box: Box
    smallest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The place of the statements, one below the other: the first has `first` of the height when there are others.

    `most` is how many of them belong on this label, None for all. Where more than `roomy` follow the first, they are
    set in the style `crowded`, with `crowded_gap` between them, and the first has `crowded_first` of the height.
    """

    box: Box
    gap: float
    first: float
    lead: Style
    other: Style
    most: int | None = None
    roomy: int = 2
    crowded: Style | None = None
    crowded_gap: float = 0.0
    crowded_first: float = 1.0

    def of(self, others: int) -> tuple[float, float, Style]:
        """Return the gap, the first one's part of the height, and the style of the `others` that follow it."""
        if self.crowded is not None and others > self.roomy:
            return self.crowded_gap, self.crowded_first, self.crowded
        return self.gap, self.first, self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The place of the lines: captions at the left, values beside them, no row higher than `row`."""

    box: Box
    caption_width: float
    row: float
    caption: Style
    value: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One version of a label format. The first of the `marks` says the label's code.

    `positions` are where labels of it are put on; `leaves_out` names what of LabelContent does not belong on this
    label: everything else is on it or it is refused.
    """

    name: str
    version: int
    title: str
    width: float
    height: float
    positions: tuple[str, ...]
    marks: tuple[Mark, ...]
    slots: tuple[Slot, ...]
    statements: Stack
    lines: Table | None = None
    rules: tuple[Box, ...] = ()
    leaves_out: tuple[str, ...] = ()

    @property
    def symbol(self) -> Box:
        """Return the place of the first symbol, with its quiet zone."""
        return self.marks[0].box
