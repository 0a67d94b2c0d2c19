"""Office paper that labels are printed on: which sheets there are, and where the labels go. Measures are millimetres.

The sheet is filled from the upper left, row by row, with as many labels as fit inside its margins; what is left over is
shared out around them. Cutting marks stand at the corners, so plain adhesive sheets will do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from labels.content import LabelError
from labels.layout import Layout


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of paper; nothing is printed within `margin` of its edge, where office printers cannot."""

    title: str
    width: float
    height: float
    margin: float = 4.5


class Place(NamedTuple):
    """A label on a sheet, with its upper left corner."""

    layout: Layout
    left: float
    top: float


SHEETS: Final = {"a4": Sheet("A4", 210, 297), "letter": Sheet("Letter", 215.9, 279.4)}


def grid(sheet: Sheet, *, width: float, height: float) -> tuple[int, int]:
    """Return (columns, rows) of labels of one size on a sheet. Raises LabelError when not even one fits."""
    columns = int((sheet.width - 2 * sheet.margin) / width + 1e-9)
    rows = int((sheet.height - 2 * sheet.margin) / height + 1e-9)
    if not columns or not rows:
        raise LabelError(f"The label is {width:g} × {height:g} mm, more than a sheet of {sheet.title} holds; "
                         "use another template.")  # fmt: skip
    return columns, rows


def places(layouts: Sequence[Layout], sheet: Sheet, *, first: int = 1) -> Iterator[tuple[Place, ...]]:
    """Return the labels in their places, sheet by sheet, from place `first` on; raises LabelError.

    It is raised for no label, labels of several sizes, a label larger than the sheet, and a place that there is not.
    """
    sizes = {(layout.width, layout.height) for layout in layouts}
    if len(sizes) != 1:
        raise LabelError(f"Got labels of {len(sizes)} sizes for one sheet, expected labels of one size.")
    ((width, height),) = sizes
    columns, rows = grid(sheet, width=width, height=height)
    each = columns * rows
    if not 1 <= first <= each:
        raise LabelError(f"Got {first} as the first place on the sheet, expected 1 to {each}.")
    left, top = (sheet.width - columns * width) / 2, (sheet.height - rows * height) / 2
    slots: list[Layout | None] = [*[None] * (first - 1), *layouts]
    for start in range(0, len(slots), each):
        yield tuple(
            Place(layout, left + number % columns * width, top + number // columns * height)
            for number, layout in enumerate(slots[start : start + each]) if layout is not None
        )  # fmt: skip
