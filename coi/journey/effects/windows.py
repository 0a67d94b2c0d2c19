"""Which windows an entry starts and ends, noted on each container; the clocks are read from these marks."""

from collections.abc import Sequence

from coi.journey.effects.common import containers_of
from coi.journey.entry import Entry, from_instant
from coi.journey.pathway import Window
from coi.journey.steps import LIVING
from coi.journey.therapy import Container, Therapy

_INHERITS = frozenset({"contents.transferred"})  # what comes out is as old as what went in


def mark_windows(therapy: Therapy, entry: Entry, windows: Sequence[Window]) -> None:
    """Note on each container which windows `entry` starts and ends."""
    for window in windows:
        if entry.kind in window.ends:
            for container in _ended_by(therapy, entry):
                if window.id in container.starts:
                    container.ends.setdefault(window.id, (entry.id, entry.occurred_at))
        if entry.kind in window.starts and entry.kind not in _INHERITS:
            for container in _started_by(therapy, entry):
                if container.purpose in window.purposes and container.state in LIVING:
                    _start(container, window, entry)


def _started_by(therapy: Therapy, entry: Entry) -> list[Container]:
    return containers_of(therapy, entry.values.get("outputs", entry.values.get("containers", ())))


def _ended_by(therapy: Therapy, entry: Entry) -> list[Container]:
    if "inputs" in entry.values and not entry.values.get("consumed", True):
        return []  # what is left of them still has to be used in time
    return containers_of(therapy, entry.values.get("inputs", entry.values.get("containers", ())))


def _start(container: Container, window: Window, entry: Entry) -> None:
    made_at = entry.values.get("made_at")  # told of a container that was adopted
    if entry.kind == "container.adopted" and made_at is None:
        return
    began, ended = container.starts.get(window.id), container.ends.get(window.id)
    if began is not None and ended is None:
        return
    if window.adds_up and began is not None and ended is not None:
        ran = int((ended[1] - began[1]).total_seconds())
        container.spent[window.id] = container.spent.get(window.id, 0) + max(0, ran)
    moment = from_instant(made_at) if made_at else entry.occurred_at
    container.starts[window.id] = (entry.id, moment, entry.uncertainty)
    container.ends.pop(window.id, None)
