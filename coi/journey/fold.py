"""Fold: what the entries of one stream amount to.

* Entries count in `seq` order. Refused attempts change nothing; a disputed entry never moves custody (the deviation
  beside it holds the container).
* A correction in force drops the entry it annuls or substitutes the values of the entry it replaces; it is in force
  once as many different people asked for the same thing as the corrected kind demands.
* Custody follows `seq`, clocks follow `occurred_at`.
* What each kind changes is said in `coi.journey.effects`.

Nothing here refuses anything: deciding is `coi.journey.rules`.
"""

from collections.abc import Callable, Iterable

from coi.journey.corrections import act_of, corrections_of, effective
from coi.journey.effects import effect_of, mark_windows
from coi.journey.entry import Entry, Outcome
from coi.journey.pathway import Pathway
from coi.journey.shippers import SHIPPER_EFFECTS
from coi.journey.therapy import Shipper, Therapy


def fold(entries: Iterable[Entry], *, pathway: Callable[[str], Pathway]) -> Therapy | None:
    """Return the therapy that `entries` (one therapy stream, in `seq` order) amount to, or None when there are none.

    `pathway` returns the pathway with a given digest.
    """
    everything = tuple(entries)
    if not everything:
        return None
    therapy = Therapy(coi=everything[0].stream.partition(":")[2])
    therapy.corrections = corrections_of(everything)
    journey: Pathway | None = None
    for entry in everything:
        counted = effective(entry, therapy.corrections.get(entry.id))
        therapy.kinds[entry.id] = entry.kind
        therapy.acts[entry.id] = act_of(entry, done=counted is not None)
        therapy.seq, therapy.last_kind, therapy.changed_at = entry.seq, entry.kind, entry.recorded_at
        if counted is not None and counted.outcome == Outcome.DONE and entry.kind != "attempt.refused":
            effect_of(entry.kind)(therapy, counted)
            journey = journey or pathway(therapy.pathway)
            mark_windows(therapy, counted, journey.windows)
            therapy.stage = journey.stage_after(therapy.stage, entry.kind, treating=entry.actor["site"] == therapy.site)
    return therapy


def fold_shipper(entries: Iterable[Entry]) -> Shipper | None:
    """Return the shipper that `entries` (one shipper stream, in `seq` order) amount to, or None when there are none.

    A correction names the entry in the therapy's stream; the one in the shipper's stream is of the same attempt.
    """
    everything = tuple(entries)
    corrections = corrections_of(everything, key=lambda entry: entry.attempt)
    shipper: Shipper | None = None
    for entry in everything:
        shipper = shipper or Shipper(id=entry.stream.partition(":")[2])
        shipper.seq = entry.seq
        counted = effective(entry, corrections.get(entry.attempt))
        effect = SHIPPER_EFFECTS.get(entry.kind)
        if effect is not None and counted is not None and counted.outcome == Outcome.DONE:
            effect(shipper, counted)
    return shipper
