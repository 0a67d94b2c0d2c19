"""Corrections: which ones are in force, what they may change, and what stands on the entry that they would take away.

* A correction is in force once as many different people have said exactly the same as the kind of the corrected entry
  demands. Until then it changes nothing, and saying something else begins anew.
* What an entry was about (its containers, label, lot, offer, addressee) is never replaced: that entry is annulled and
  the step taken again. Amounts, codes, yes/no and the time it happened can be replaced.
* An entry that filled, planned or named something is annulled after everything that was built on it, last first: a
  fold that met the later entries without it would make up a state that never was.

Whether a correction may be made is decided in `coi.journey.rules.correction`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from coi.journey.entry import Entry, Outcome, canonical, from_instant
from coi.journey.steps import STEPS, StepKind
from coi.journey.therapy import Act, Correction, Therapy
from coi.journey.values import Amount, Choice, Field, Flag, Several, Whole

CORRECTING = frozenset({"entry.annulled", "entry.replaced"})
_SAID = ("entry", "also", "values", "occurred_at")
_KEPT_WHOLE = frozenset(  # their values were printed, or gave ids their meaning
    {"container.planned", "container.adopted", "label.issued", "document.attached"}
)
_GROUNDS = frozenset(
    {
        "container.planned",
        "container.adopted",
        "label.issued",
        "collection.started",
        "container.filled",
        "collection.completed",
        "collection.aborted",
        "lot.started",
        "containers.transformed",
        "contents.transferred",
        "sample.taken",
    }
)
_FILLS = frozenset(
    {
        "container.planned",
        "container.adopted",
        "container.filled",
        "collection.completed",
        "collection.aborted",
        "containers.transformed",
        "contents.transferred",
        "sample.taken",
    }
)
_NOTHING_STANDS_ON = frozenset(
    {
        "hold.placed",
        "hold.lifted",
        "handoff.refused",
        "handoff.cancelled",
        "release.refused",
        "release.revoked",
        "shipment.inspected",
        "infusion.completed",
        "container.discarded",
        "container.returned",
        "container.damaged",
        "therapy.closed",
        "therapy.postponed",
        "therapy.resumed",
        "plan.changed",
        "entry.acknowledged",
        "document.attached",
    }
)
_ONLY_RELIED_ON_BY = {
    "infusion.checked": frozenset({"infusion.started"})
}  # else by every later step with the same cells
_NO_DECISION = frozenset({"hold.placed", "hold.lifted", "attempt.refused", *CORRECTING})


def content(values: Mapping[str, Any]) -> str:
    """Return what a correction says, as one text; two corrections with the same text say the same."""
    return canonical({name: values[name] for name in _SAID if name in values}).decode()


def corrections_of(
    entries: Iterable[Entry], *, key: Callable[[Entry], str] = lambda entry: entry.id
) -> dict[str, Correction]:
    """Return the corrections among `entries` by the `key` (else the id) of the entry that they correct."""
    kinds: dict[str, str] = {}
    found: dict[str, Correction] = {}
    for entry in entries:
        kinds.setdefault(key(entry), entry.kind)
        if entry.kind in CORRECTING and entry.outcome == Outcome.DONE:
            needed = people_needed(entry.values, kinds)
            for target in targets(entry.values):
                _count(found, entry, target=target, needed=needed)
    return found


def annulled_by(before: Sequence[Entry], correction: Entry) -> frozenset[str]:
    """Return the entries of a stream that `correction`, written behind `before`, has brought down."""
    earlier, now = corrections_of(before), corrections_of([*before, correction])
    return frozenset(target for target, one in now.items() if one.final
                     and not (target in earlier and earlier[target].final))  # fmt: skip


def targets(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the entries that a correction is about: the named one, and those that are annulled with it."""
    return (values.get("entry", ""), *values.get("also", ()))


def people_needed(values: Mapping[str, Any], kinds: Mapping[str, str]) -> int:
    """Return how many people have to say the same before the correction is in force; 0 when no entry is known."""
    rows = [STEPS.get(kinds.get(target, "")) for target in targets(values)]
    return max((row.correction_people for row in rows if row is not None), default=0)


def _count(found: dict[str, Correction], entry: Entry, *, target: str, needed: int) -> None:
    said = content(entry.values)
    correction = found.get(target)
    standing = _standing(correction)
    if correction is not None and (correction.final or (standing is not None and entry.kind != "entry.annulled")):
        return
    if correction is None or (correction.kind, correction.digest) != (entry.kind, said):
        correction = found[target] = Correction(
            target=target, kind=entry.kind, digest=said, said=dict(entry.values), standing=standing
        )
    person = entry.actor["person"] or ""
    if person not in correction.people:
        correction.people.append(person)
    correction.entries.append(entry.id)
    correction.in_force = 0 < needed <= len(correction.people)


def _standing(correction: Correction | None) -> Correction | None:
    """Return the replacement that is in force, by itself or under an annulment that is not."""
    if correction is None or correction.final:
        return None
    return correction if correction.in_force else correction.standing


def effective(entry: Entry, correction: Correction | None) -> Entry | None:
    """Return `entry` as it counts: itself, with the replaced values, or None when it was annulled."""
    if correction is not None and not correction.in_force:
        correction = correction.standing
    if correction is None:
        return entry
    if correction.kind == "entry.annulled":
        return None
    moment = correction.said.get("occurred_at")
    values = dict(entry.values) | dict(correction.said.get("values") or {})
    return replace(entry, values=values, occurred_at=from_instant(moment) if moment else entry.occurred_at)


def act_of(entry: Entry, *, done: bool) -> Act:
    """Return what is remembered of `entry`."""
    values = entry.values
    acted = [id_ for name in ("containers", "inputs", "outputs") for id_ in values.get(name) or ()]
    named = [values.get(name) for name in ("label", "lot", "donation", "handoff", "hold")]
    return Act(
        entry=entry.id,
        kind=entry.kind,
        done=done and entry.outcome == Outcome.DONE,
        recorded_at=entry.recorded_at,
        performers=entry.performed_by,
        containers=frozenset(acted),
        fills=frozenset(values.get("outputs", acted) if entry.kind in _FILLS else ()),
        names=frozenset(id_ for id_ in named if id_),
        shippers=tuple(id_ for id_ in (values.get("shipper"), values.get("into"), *values.get("out_of", ())) if id_),
    )


def replaceable(row: StepKind) -> tuple[Field, ...]:
    """Return the values of a step that a correction may replace."""
    if row.kind in _KEPT_WHOLE:
        return ()
    return tuple(field for field in row.values if _is_plain(field.of if isinstance(field, Several) else field))


def _is_plain(field: Field) -> bool:
    return isinstance(field, Amount | Choice | Flag | Whole)


def brings_in_force(therapy: Therapy, *, kind: str, values: Mapping[str, Any], person: str) -> bool:
    """Tell whether a correction of `kind` with these `values`, made by `person` now, would be in force."""
    target = values.get("entry", "")
    begun = therapy.corrections.get(target)
    same = begun is not None and (begun.kind, begun.digest) == (kind, content(values))
    people = {person, *(begun.people if begun is not None and same else ())}
    return 0 < people_needed(values, therapy.kinds) <= len(people)


def built_on(therapy: Therapy, target: str) -> list[Act]:
    """Return the acts in force that use what the entry `target` filled, planned or named, and what those made of it."""
    act = therapy.acts[target]
    if act.kind not in _GROUNDS:
        return []
    fills, names, found = set(act.fills), set(act.names), []
    for later in _after(therapy, target):
        if later.containers & fills or later.names & names:
            found.append(later)
            if later.kind in _GROUNDS:
                fills |= later.fills
                names |= later.names
    return found


def relied_on(therapy: Therapy, target: str) -> tuple[list[Act], tuple[str, ...]]:
    """Return the acts in force that were decided while `target` held, and the containers with cells they concern."""
    act = therapy.acts[target]
    if act.kind in _NOTHING_STANDS_ON or not act.done:
        return [], ()
    concerned = set(act.containers)
    for container in therapy.containers.values():  # in the order of planning, so parents come before children
        if concerned & set(container.parents):
            concerned.add(container.id)
    by = _ONLY_RELIED_ON_BY.get(act.kind)
    later = [o for o in _after(therapy, target) if o.containers & concerned and (by is None or o.kind in by)]
    return later, tuple(c.id for c in therapy.containers.values() if later and c.living and c.id in concerned)


def _after(therapy: Therapy, target: str) -> list[Act]:
    acts = list(therapy.acts.values())
    place = next(i for i, act in enumerate(acts) if act.entry == target)
    return [
        act
        for act in acts[place + 1 :]
        if act.done and act.kind not in _NO_DECISION and STEPS[act.kind].route != "system"
    ]
