"""What each kind of entry changes about a therapy: one small function a kind, by theme, in EFFECTS.

A kind that is not named there changes what its row says (`to`, `place`, `hands_on`) and nothing else.

An effect trusts its entry: the verdict was given before it was written. It reads the subjects from `values`, which
`coi.journey.derive` filled in when the step was taken, so a fold never has to guess again. What is reported or
corrected may name a thing that is not there (any more); an effect then changes what is there and never fails, because
a therapy that cannot be folded is lost.
"""

from collections.abc import Callable, Mapping

from coi.journey.effects import bedside, collection, making, people, records, storage, transport
from coi.journey.effects.common import acting, as_the_row_says
from coi.journey.effects.windows import mark_windows
from coi.journey.entry import Entry
from coi.journey.therapy import Therapy

__all__ = ["EFFECTS", "Effect", "acting", "effect_of", "mark_windows"]

Effect = Callable[[Therapy, Entry], None]
_THEMES = (people, collection, transport, storage, making, bedside, records)
EFFECTS: Mapping[str, Effect] = {kind: effect for theme in _THEMES for kind, effect in theme.EFFECTS.items()}


def effect_of(kind: str) -> Effect:
    """Return what an entry of `kind` changes."""
    return EFFECTS.get(kind, as_the_row_says)
