"""Stages: how far a journey has come, for the row of stages on the page, and which steps belong to where it stands.

A picture for people, not a rule: a step that belongs to one stage only shows that the journey has come there; one that
belongs to several (a handoff) moves it to the next stage at most.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from coi.journey.entry import Outcome

PREPARING = frozenset({"container.planned"})  # belongs to no stage and is needed in most
Stages = Sequence[Mapping[str, Any]]


def reached(stages: Stages, entries: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the index of the stage that the entries have come to, None before the first."""
    here = -1
    for entry in entries:
        if entry["outcome"] == Outcome.DONE.value:
            here = _moved(stages, entry["kind"], here)
    return here if here >= 0 else None


def _moved(stages: Stages, kind: str, here: int) -> int:
    own = [index for index, stage in enumerate(stages) if kind in stage["steps"]]
    ahead = [index for index in own if index > here]
    if here in own or not ahead:
        return here
    return ahead[0] if len(own) == 1 or ahead[0] == here + 1 else here


def near(stages: Stages, here: int | None) -> frozenset[str]:
    """Return the kinds of step that belong to the stage reached and to the one after it."""
    found = stages[:1] if here is None else stages[here : here + 2]
    return PREPARING | {kind for stage in found for kind in stage["steps"]}
