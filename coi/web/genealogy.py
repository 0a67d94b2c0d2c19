"""Genealogy: from donation through containers and lots to doses, laid out as boxes and lines for an SVG picture.

A box stands one column to the right of the furthest thing it came from. Measures are pixels of the picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coi.web import words

WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 236, 62, 36, 16, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One thing in the picture. `tone` is the state that colours it; a container's box leads to its page."""

    id: str
    kind: str
    title: str
    below: str
    tone: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture: boxes, and the curves between them as SVG paths."""

    boxes: Sequence[Box]
    paths: Sequence[str]
    width: int
    height: int


Links = Mapping[str, Sequence[str]]


def drawn(therapy: Mapping[str, Any]) -> Picture:
    """Return the genealogy of what is shown of a therapy."""
    links = _links(therapy)
    columns = _columns(links)
    places = _places(links, columns)
    boxes = [_box(thing, therapy, *places[thing]) for thing in links]
    paths = [_curve(places[parent], places[thing]) for thing, parents in links.items() for parent in parents]
    width = max((box.x for box in boxes), default=0) + WIDTH + MARGIN
    height = max((box.y for box in boxes), default=0) + HEIGHT + MARGIN
    return Picture(boxes, paths, width, height)


def _links(therapy: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what each thing came from, in the order in which things are shown."""
    lots = {lot["id"]: lot for lot in therapy["lots"]}
    links: dict[str, list[str]] = {donation: [] for donation in therapy["donations"]}
    links |= {item["id"]: [] for item in therapy["containers"]}
    links |= {id_: [item for item in lot["inputs"] if item in links] for id_, lot in lots.items()}
    for item in therapy["containers"]:
        went_in = item["lot"] in lots and item["id"] in lots[item["lot"]]["inputs"]
        if item["lot"] in links and not went_in and item["parents"]:
            links[item["id"]] = [item["lot"]]
        elif item["parents"] or item["donation"] in links:
            links[item["id"]] = [id_ for id_ in item["parents"] if id_ in links] or [item["donation"]]
    return links


def _columns(links: Links) -> dict[str, int]:
    """Return the column of each thing: one more than that of the furthest it came from; a loop is cut."""
    found: dict[str, int] = {}

    def column(thing: str, seen: frozenset[str]) -> int:
        if thing not in found:
            parents = [parent for parent in links[thing] if parent not in seen]
            found[thing] = 1 + max((column(parent, seen | {thing}) for parent in parents), default=-1)
        return found[thing]

    for thing in links:
        column(thing, frozenset({thing}))
    return found


def _places(links: Links, columns: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    rows: dict[int, int] = {}
    places = {}
    for thing in links:
        column = columns[thing]
        row = rows.get(column, 0)
        rows[column] = row + 1
        places[thing] = (MARGIN + column * (WIDTH + ACROSS), MARGIN + row * (HEIGHT + DOWN))
    return places


def _box(thing: str, therapy: Mapping[str, Any], x: int, y: int) -> Box:
    containers: Iterable[Mapping[str, Any]] = therapy["containers"]
    item = next((item for item in containers if item["id"] == thing), None)
    if item is None:
        kind = "lot" if thing.startswith("LOT") else "donation"
        return Box(id=thing, kind=kind, title=kind.capitalize(), below=words.code(thing), tone=kind, x=x, y=y)
    dose = f", dose {item['dose']}" if item["dose"] else ""
    title = f"{words.spaced(item['purpose']).capitalize()} {item['number']} of {item['total']}{dose}"
    tone = "held" if item["holds"] else item["state"]
    said = "on hold" if item["holds"] else words.spaced(item["state"])
    return Box(id=thing, kind="container", title=title, below=f"{said} · …{thing[-5:]}", tone=tone, x=x, y=y)


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + WIDTH, start[1] + HEIGHT // 2
    x2, y2 = end[0], end[1] + HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"
