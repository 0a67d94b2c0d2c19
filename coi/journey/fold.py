"""Fold: what the entries of one stream amount to.

* Entries count in `seq` order. Refused attempts change nothing; a disputed entry never moves custody (the deviation
  beside it holds the container).
* A correction in force drops the entry it annuls or substitutes the values of the entry it replaces; it is in force
  once as many different people asked for the same thing as the corrected kind demands.
* Custody follows `seq`, clocks follow `occurred_at`.
* Every kind that changes a therapy has one effect below, named in EFFECTS; a test compares EFFECTS with the registry.

Nothing here refuses anything: deciding is `coi.journey.rules`.
"""

from collections.abc import Callable, Iterable, Mapping

from coi.journey import effects
from coi.journey.corrections import act_of, corrections_of, effective
from coi.journey.entry import Entry, Outcome
from coi.journey.pathway import Pathway, Window
from coi.journey.shippers import SHIPPER_EFFECTS
from coi.journey.therapy import Shipper, Therapy

Effect = Callable[[Therapy, Entry], None]

EFFECTS: Mapping[str, Effect] = {
    "therapy.enrolled": effects.enrolled,
    "therapy.closed": effects.closed,
    "patient.verified": effects.verified,
    "container.planned": effects.planned,
    "label.issued": effects.label_issued,
    "label.applied": effects.label_applied,
    "label.voided": effects.label_voided,
    "collection.started": effects.collection_started,
    "collection.completed": effects.collection_completed,
    "shipment.packed": effects.packed,
    "shipment.unpacked": effects.unpacked,
    "shipment.inspected": effects.in_hand,
    "handoff.offered": effects.offered,
    "handoff.accepted": effects.accepted,
    "handoff.refused": effects.handoff_ended,
    "handoff.cancelled": effects.handoff_ended,
    "container.stored": effects.stored,
    "container.retrieved": effects.in_hand,
    "container.discarded": effects.discarded,
    "lot.started": effects.lot_started,
    "containers.transformed": effects.transformed,
    "sample.taken": effects.sampled,
    "containers.released": effects.released,
    "release.refused": effects.release_ended,
    "release.revoked": effects.release_ended,
    "thaw.started": effects.thaw_started,
    "infusion.checked": effects.checked,
    "infusion.started": effects.infusion_started,
    "infusion.completed": effects.infusion_completed,
    "hold.placed": effects.hold_placed,
    "hold.lifted": effects.hold_lifted,
    "window.warned": effects.threshold,
    "window.breached": effects.threshold,
    "window.withdrawn": effects.threshold,
    "deviation.opened": effects.deviation_opened,
}
WITHOUT_EFFECT = frozenset(
    {"attempt.refused", "shipper.charged", "shipper.sealed", "entry.annulled", "entry.replaced", "pathway.published"}
)


def fold(entries: Iterable[Entry], *, pathway: Callable[[str], Pathway]) -> Therapy | None:
    """Return the therapy that `entries` (one therapy stream, in `seq` order) amount to, or None when there are none.

    `pathway` returns the pathway with a given digest.
    """
    everything = tuple(entries)
    if not everything:
        return None
    therapy = Therapy(coi=everything[0].stream.partition(":")[2])
    therapy.corrections = corrections_of(everything)
    windows: tuple[Window, ...] | None = None
    for entry in everything:
        counted = effective(entry, therapy.corrections.get(entry.id))
        therapy.kinds[entry.id] = entry.kind
        therapy.acts[entry.id] = act_of(entry, done=counted is not None)
        therapy.seq, therapy.last_kind, therapy.changed_at = entry.seq, entry.kind, entry.recorded_at
        effect = EFFECTS.get(entry.kind)
        if effect is not None and counted is not None and counted.outcome == Outcome.DONE:
            effect(therapy, counted)
            if windows is None:
                windows = pathway(therapy.pathway).windows
            effects.mark_windows(therapy, counted, windows)
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
