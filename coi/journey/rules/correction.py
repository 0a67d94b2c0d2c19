"""Correction rules: may this entry be taken back or replaced, by this person, with these values?

What a correction does to the fold is said in `coi.journey.corrections`.
"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.corrections import (
    CORRECTING,
    brings_in_force,
    built_on,
    content,
    people_needed,
    relied_on,
    replaceable,
    targets,
)
from coi.journey.entry import from_instant
from coi.journey.steps import STEPS, Family, Role
from coi.journey.therapy import Act, Correction, Therapy
from coi.journey.values import read_changed

_STAGE = Family.STAGE


def _target(case: Case) -> Act | None:
    """Return what is to be corrected, if it is a step of a person in this therapy."""
    if case.kind not in CORRECTING or case.therapy is None:
        return None
    act = case.therapy.acts.get(case.attempt.values.get("entry", ""))
    return act if act is not None and STEPS[act.kind].route != "system" else None


def correction_has_its_entry(case: Case) -> Iterator[Problem]:
    """A correction names an entry of this therapy that can be corrected and was not corrected yet."""
    if case.kind not in CORRECTING or case.therapy is None:
        return
    target = case.attempt.values.get("entry", "")
    kind = case.therapy.kinds.get(target)
    if kind is None:
        yield Problem(_STAGE, "This therapy has no such entry.", f"entry {target}", "an entry of this therapy")
    elif STEPS[kind].route == "system" or kind in CORRECTING or kind == "therapy.enrolled":
        yield Problem(
            _STAGE, f"An entry of kind {kind} is not corrected this way.", kind, "an entry that a person made"
        )
    else:
        done = case.therapy.corrections.get(target)
        if done is not None and (done.final or (case.kind == "entry.replaced" and _is_replaced(done))):
            yield Problem(
                _STAGE, "This entry was corrected already.", f"entry {target}, corrected", "an entry in force"
            )


def _is_replaced(correction: Correction) -> bool:
    return correction.in_force or correction.standing is not None


def quality_undoes_what_is_qualitys(case: Case) -> Iterator[Problem]:
    """What only quality may do, and a hold, which only quality lifts, is corrected by quality alone."""
    if case.kind not in CORRECTING or case.therapy is None:
        return
    actor = case.attempt.actor
    if Role.QUALITY in actor.grants.get(actor.site or "", frozenset()):
        return
    for target in targets(case.attempt.values):
        row = STEPS.get(case.therapy.kinds.get(target, ""))
        if row is not None and (row.kind == "hold.placed" or row.who == {Role.QUALITY}):
            yield Problem(
                Family.AUTHORITY,
                f"'{row.title}' is corrected by quality alone.",
                f"{actor.person} of {actor.site}",
                "somebody of quality",
            )


def nothing_is_built_on_it(case: Case) -> Iterator[Problem]:
    """An entry that filled, planned or named something is annulled after what was built on it."""
    act = _target(case)
    if act is None or case.therapy is None or case.kind != "entry.annulled":
        return
    later = built_on(case.therapy, act.entry)
    said = set(case.attempt.values.get("also", ()))
    if later and said != {one.entry for one in later}:
        yield Problem(
            _STAGE,
            f"{len(later)} later step(s) build on this entry; annul those with it, all of them named in 'also'.",
            _in_words(later),
            "nothing built on it, or all of it named",
        )
    elif said and not later:
        yield Problem(_STAGE, "Nothing builds on this entry; it is annulled alone.", f"{len(said)} more", "no more")


def nobody_relied_on_it(case: Case) -> Iterator[Problem]:
    """What was decided while an annulled entry held is listed, and the cells that it concerns are held."""
    act = _target(case)
    values = case.attempt.values
    if act is None or case.therapy is None or case.kind != "entry.annulled":
        return
    later, cells = _relied(case.therapy, targets(values))
    person = case.attempt.actor.person
    if later and brings_in_force(case.therapy, kind=case.kind, values=values, person=person):
        yield Problem(
            _STAGE,
            f"{len(later)} later step(s) relied on the entry that is annulled; the cells are held.",
            _in_words(later),
            "nobody relied on it",
            cells,
            Severity.CAUTION,
            holds=bool(cells),
        )


def _relied(therapy: Therapy, entries: tuple[str, ...]) -> tuple[list[Act], tuple[str, ...]]:
    """Return what relied on any of `entries` without being one of them, and the cells that it concerns."""
    found = [relied_on(therapy, entry) for entry in entries if entry in therapy.acts]
    later = {act.entry: act for acts, _ in found for act in acts if act.entry not in entries}
    return list(later.values()), tuple(dict.fromkeys(cell for _, cells in found for cell in cells if later))


def _in_words(acts: list[Act]) -> str:
    return ", ".join(f"{act.kind} {act.entry}" for act in acts)


def replacement_fits_its_step(case: Case) -> Iterator[Problem]:
    """A replacement changes amounts, codes or the time, never what the entry was about."""
    act = _target(case)
    values = case.attempt.values
    if act is None or case.kind != "entry.replaced":
        return
    row = STEPS[act.kind]
    changed, faults = read_changed(values.get("values") or {}, declared=replaceable(row))
    if faults:
        can = ", ".join(field.name for field in replaceable(row)) or "none but the time"
        yield Problem(
            _STAGE,
            f"These values do not fit '{row.title}'; annul the entry and take the step again instead.",
            ", ".join(sorted(faults)),
            f"values that can be replaced: {can}",
        )
    elif not changed and "occurred_at" not in values:
        yield Problem(_STAGE, "Nothing would change.", "no value and no time", "at least one of them")


def it_happened_before_it_was_recorded(case: Case) -> Iterator[Problem]:
    """Nothing happened after it was written down: a corrected time lies before the entry's recording."""
    act = _target(case)
    moment = case.attempt.values.get("occurred_at")
    if act is not None and moment is not None and from_instant(moment) > act.recorded_at:
        yield Problem(
            _STAGE,
            "The corrected time lies after the entry was recorded.",
            moment,
            f"not after {act.recorded_at:%Y-%m-%d %H:%M:%S} UTC",
        )


def corrected_by_another_person(case: Case) -> Iterator[Problem]:
    """Where a correction needs two people, the second is not the first."""
    if case.kind not in CORRECTING or case.therapy is None:
        return
    target = case.attempt.values.get("entry", "")
    begun = case.therapy.corrections.get(target)
    needed = people_needed(case.attempt.values, case.therapy.kinds)
    if begun is None or begun.final:
        return
    same = (begun.kind, begun.digest) == (case.kind, content(case.attempt.values))
    if same and case.attempt.actor.person in begun.people:
        yield Problem(
            Family.SIGNATURE,
            "You have asked for this correction already; a second person has to confirm it.",
            f"{case.attempt.actor.person} twice",
            f"{needed} people",
        )


RULES = (
    correction_has_its_entry,
    quality_undoes_what_is_qualitys,
    nothing_is_built_on_it,
    nobody_relied_on_it,
    replacement_fits_its_step,
    it_happened_before_it_was_recorded,
    corrected_by_another_person,
)
