"""Building on each other: which entries a person can choose to correct, and which later ones build on the chosen one.

What builds on what is said in `coi.journey.corrections`; the page only shows it before it is asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from coi.actions import reads
from coi.journey.corrections import CORRECTING, built_on
from coi.journey.entry import Outcome
from coi.journey.steps import STEPS
from coi.journey.therapy import Therapy
from coi.web import here, words
from coi.web.choices import Option

_NEVER = frozenset({*CORRECTING, "therapy.enrolled"})


def entries_to_choose(coi: str, *, target: str) -> dict[str, Sequence[Option]]:
    """Return the options of `entry`, newest first, and those of `also` when it is known what builds on `target`."""
    office, caller = here.office(), here.caller()
    shown = {entry["id"]: entry for entry in reads.entries(office, coi, caller=caller, limit=500)["items"]}
    therapy, _, _ = reads.history(office, coi, caller=caller)
    can_be = [_option(entry) for entry in reversed(list(shown.values())) if _is_open(entry, therapy)]
    found: dict[str, Sequence[Option]] = {"entry": can_be}
    if target in {option.value for option in can_be}:
        later = [shown[act.entry] for act in built_on(therapy, target) if act.entry in shown]
        found["also"] = tuple(_option(entry) for entry in later)
    return found


def is_correctable(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry is of a kind that people correct: a step that somebody took and that counts."""
    row = STEPS.get(entry["kind"])
    return (
        row is not None and row.route != "system" and row.kind not in _NEVER and entry["outcome"] == Outcome.DONE.value
    )


def _is_open(entry: Mapping[str, Any], therapy: Therapy) -> bool:
    begun = therapy.corrections.get(entry["id"])
    return is_correctable(entry) and (begun is None or not begun.in_force)


def _option(entry: Mapping[str, Any]) -> Option:
    who = "" if entry.get("masked") else f", {entry['actor']['person']}"
    return Option(
        entry["id"], f"{words.happened(entry['kind'])}, {words.moment(entry['occurred_at'], here.zone())}{who}"
    )
