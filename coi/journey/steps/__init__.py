"""STEPS: the registry of everything that can be recorded, one row a kind.

A row says who may take the step, what is scanned, which identifiers must agree, which values it carries, who signs it,
in which state its containers may be and come to be, and which families of findings STOP it. A finding of any other
family is a caution: it is shown, it opens a deviation, and the step goes through. Decision 3 in one table:

* saving cells (accept, receive, unpack, store, return, discard, place a hold, report damage) is never stopped by hold,
  clock, count, release or temperature;
* identity stops label, pack, transform, thaw, check and infuse, and nothing overrides it;
* hold, clock and release stop manufacturing, release, thaw and infusion.

A new kind of step is one row in one of the modules beside this one. What it changes follows from the row (`to`,
`place`, `hands_on`); only what a row cannot say is an effect in `coi.journey.fold`, and at most one rule in
`coi.journey.rules`. The rows decide nothing themselves.
"""

from coi.journey.steps import bedside, collection, house, making, people, records, storage, transport
from coi.journey.steps.parts import (
    ALWAYS_STOPS,
    CARRIERS,
    CLINICAL,
    EVERYONE_AT_WORK,
    FULL,
    HANDLERS,
    IDENTIFIES,
    MOVES,
    NEVER_REPORTED,
    SAVES,
)
from coi.journey.steps.row import (
    EMPTY,
    HOLDS_CELLS,
    LIVING,
    PAPER,
    Agree,
    Family,
    Meaning,
    Purpose,
    Role,
    Scan,
    ScanRole,
    Signing,
    State,
    StepKind,
)

__all__ = [
    "ALWAYS_STOPS", "CARRIERS", "CLINICAL", "EMPTY", "EVERYONE_AT_WORK", "FULL", "HANDLERS", "HOLDS_CELLS",
    "IDENTIFIES", "LIVING", "MOVES", "NEVER_REPORTED", "PAPER", "RECORDABLE", "SAVES", "STEPS", "Agree", "Family",
    "Meaning", "Purpose", "Role", "Scan", "ScanRole", "Signing", "State", "StepKind",
]  # fmt: skip

_THEMES = (people, collection, transport, storage, making, bedside, records, house)
STEPS: dict[str, StepKind] = {row.kind: row for theme in _THEMES for row in theme.ROWS}
RECORDABLE = frozenset(kind for kind, row in STEPS.items() if row.route != "system")
