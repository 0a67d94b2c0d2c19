"""Themes: the steps in groups with plain names, so that a page shows a few headings instead of eighty buttons.

The groups are those of the registry's own modules; a new row stands under its module's heading without a word here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from coi.journey.steps import bedside, collection, making, people, records, storage, transport

TITLES: Mapping[str, str] = {
    "collection": "Collection and labels",
    "transport": "Transport and handoffs",
    "storage": "Storage, damage and loss",
    "making": "Making and release",
    "bedside": "At the bedside",
    "people": "Patient and plan",
    "records": "Holds, corrections and papers",
}
_OF_KIND = {
    row.kind: theme.__name__.rpartition(".")[2]
    for theme in (people, collection, transport, storage, making, bedside, records)
    for row in theme.ROWS
}


def grouped(steps: Iterable[Any], *, kind: Callable[[Any], str]) -> list[tuple[str, Sequence[Any]]]:
    """Return (title, steps) for every theme that has any of `steps`, in the order of a journey."""
    known = list(steps)
    found = [(title, [step for step in known if _OF_KIND.get(kind(step)) == theme]) for theme, title in TITLES.items()]
    return [(title, several) for title, several in found if several]
