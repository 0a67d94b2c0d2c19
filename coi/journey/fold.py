"""Fold: what the entries of one stream amount to.

* Entries count in `seq` order. Refused attempts change nothing; a disputed entry never moves custody (the deviation
  beside it holds the container).
* A correction in force drops the entry it annuls or substitutes the values of the entry it replaces; it is in force
  once as many different people asked for the same thing as the corrected kind demands.
* Custody follows `seq`, clocks follow `occurred_at`.
* Every kind that changes a therapy has one effect below, named in EFFECTS; a test compares EFFECTS with the registry.

Nothing here refuses anything: deciding is `coi.journey.rules`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from coi.journey import effects
from coi.journey.entry import Entry, Outcome, from_instant
from coi.journey.pathway import Pathway
from coi.journey.steps import STEPS
from coi.journey.therapy import Correction, Shipper, Therapy

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
CORRECTING = frozenset({"entry.annulled", "entry.replaced"})


def fold(entries: Iterable[Entry], *, pathway: Callable[[str], Pathway]) -> Therapy | None:
    """Return the therapy that `entries` (one therapy stream, in `seq` order) amount to, or None when there are none.

    `pathway` returns the pathway with a given digest.
    """
    everything = tuple(entries)
    if not everything:
        return None
    therapy = Therapy(coi=everything[0].stream.partition(":")[2])
    therapy.corrections = corrections_of(everything)
    windows = None
    for entry in everything:
        therapy.kinds[entry.id] = entry.kind
        therapy.seq, therapy.last_kind, therapy.changed_at = entry.seq, entry.kind, entry.recorded_at
        effective = _effective(entry, therapy.corrections)
        if effective is None:
            continue
        effect = EFFECTS.get(effective.kind)
        if effect is not None and effective.outcome == Outcome.DONE:
            effect(therapy, effective)
            if windows is None:
                windows = pathway(therapy.pathway).windows
            effects.mark_windows(therapy, effective, windows)
    return therapy


def corrections_of(entries: Iterable[Entry]) -> dict[str, Correction]:
    """Return the corrections among `entries` by the id of the entry that they correct."""
    kinds: dict[str, str] = {}
    found: dict[str, Correction] = {}
    for entry in entries:
        kinds[entry.id] = entry.kind
        if entry.kind in CORRECTING and entry.outcome == Outcome.DONE:
            _count_correction(found, entry, kinds)
    return found


def _count_correction(found: dict[str, Correction], entry: Entry, kinds: Mapping[str, str]) -> None:
    target = entry.values["entry"]
    row = STEPS.get(kinds.get(target, ""))
    said = json.dumps(entry.values, sort_keys=True)
    correction = found.get(target)
    if correction is None or (correction.kind, correction.digest) != (entry.kind, said):
        correction = found[target] = Correction(target=target, kind=entry.kind, digest=said, said=dict(entry.values))
    person = entry.actor["person"] or ""
    if person not in correction.people:
        correction.people.append(person)
    correction.entries.append(entry.id)
    correction.in_force = row is not None and len(correction.people) >= row.correction_people


def _effective(entry: Entry, corrections: Mapping[str, Correction]) -> Entry | None:
    correction = corrections.get(entry.id)
    if correction is None or not correction.in_force:
        return entry
    if correction.kind == "entry.annulled":
        return None
    return _substituted(entry, correction.said)


def _substituted(entry: Entry, said: Mapping[str, Any]) -> Entry:
    values = dict(entry.values) | dict(said.get("values") or {})
    moment = said.get("occurred_at")
    return replace(entry, values=values, occurred_at=from_instant(moment) if moment else entry.occurred_at)


def fold_shipper(entries: Iterable[Entry]) -> Shipper | None:
    """Return the shipper that `entries` (one shipper stream, in `seq` order) amount to, or None when there are none."""
    shipper: Shipper | None = None
    for entry in entries:
        shipper = shipper or Shipper(id=entry.stream.partition(":")[2])
        shipper.seq = entry.seq
        effect = effects.SHIPPER_EFFECTS.get(entry.kind)
        if effect is not None and entry.outcome == Outcome.DONE:
            effect(shipper, entry)
    return shipper
