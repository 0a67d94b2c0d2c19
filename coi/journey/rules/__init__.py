"""Rules: may this happen? One pure function a rule, all of them asked, none hiding another.

* A rule reads a `Case` and yields a `Problem` for each thing that is not as it must be; silence means it passed.
* The step's row turns a problem into a stop (its family stops this step) or a caution.
* What is asked is refused by any stop. What is reported has happened: it is recorded, a deviation opens and the
  containers are held; where custody or the stage disagree it is disputed and moves nothing.
* No problem of identity, authority or custody is ever weakened by an override.
* The deciding time is in the case; nothing here reads a clock.

Reading and writing are not handled here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coi.journey.attempt import Case, Finding, Problem, Severity, Verdict
from coi.journey.entry import Outcome, Tense
from coi.journey.rules import (
    arrival,
    authority,
    collection,
    correction,
    custody,
    doses,
    ends,
    identity,
    labelling,
    reconciliation,
    safety,
    signing,
    stage,
)
from coi.journey.steps import Agree, Family

Rule = Callable[[Case], Iterator[Problem]]
RULES: tuple[Rule, ...] = (
    *identity.RULES,
    *labelling.RULES,
    *reconciliation.RULES,
    *doses.RULES,
    *authority.RULES,
    *custody.RULES,
    *stage.RULES,
    *collection.RULES,
    *ends.RULES,
    *safety.RULES,
    *arrival.RULES,
    *signing.RULES,
    *correction.RULES,
)
AGREEMENTS: Mapping[Agree, Rule] = {
    Agree.WRISTBAND: identity.wristband_is_this_patients,
    Agree.THERAPY: identity.container_is_this_therapys,
    Agree.PURPOSE: identity.purpose_fits_the_step,
    Agree.LABEL: labelling.label_is_this_containers,
    Agree.LABEL_IN_FORCE: labelling.label_is_current,
    Agree.ONE_THERAPY: identity.shipper_holds_one_therapy,
    Agree.SEAL: identity.seals_are_those_of_dispatch,
    Agree.OFFERED: arrival.count_is_what_was_sent,
    Agree.PACKED: arrival.count_is_what_was_sent,
    Agree.LOT: identity.lot_is_the_one_started,
    Agree.DOSE: doses.dose_is_the_one_due,
    Agree.RELEASE: safety.release_in_force_names_it,
    Agree.CHECKS: safety.two_people_checked_it,
    Agree.OTHER_LABELS: labelling.other_labels_speak_for_it,
    Agree.LOCATION: labelling.it_lies_where_it_was_stored,
}
_POINTS_OUT = frozenset({"namesake_is_not_mistaken"})  # true of the patient, and nobody's fault
_DISPUTES = frozenset({Family.CUSTODY, Family.STAGE})
_OPENS_NOTHING = frozenset({Family.SIGNATURE})


def decide(case: Case) -> Verdict:
    """Return the verdict on `case`, with the findings of every rule."""
    return Verdict(tuple(_found(case, rule.__name__, problem) for rule in RULES for problem in rule(case)))


def _found(case: Case, rule: str, problem: Problem) -> Finding:
    stops = problem.family in case.row.stops
    severity = problem.severity or (Severity.STOP if stops else Severity.CAUTION)
    return Finding(
        rule=rule,
        family=problem.family,
        severity=severity,
        message=problem.message,
        got=problem.got,
        expected=problem.expected,
        containers=problem.containers,
        holds=problem.holds,
    )


def outcome_of(case: Case, verdict: Verdict) -> Outcome:
    """Return what the verdict makes of the attempt: done, refused, or (when it was reported) disputed."""
    families = {stop.family for stop in verdict.stops}
    if not families:
        return Outcome.DONE
    if case.attempt.tense is Tense.ASKED or Family.AUTHORITY in families:
        return Outcome.REFUSED
    return Outcome.DISPUTED if families & _DISPUTES else Outcome.DONE


def is_about_nothing(case: Case, outcome: Outcome) -> bool:
    """Tell whether a step that is not refused names no therapy that it could be recorded on; it is malformed then."""
    return case.therapy is None and outcome is not Outcome.REFUSED and not case.row.without_therapy


@dataclass(frozen=True, slots=True)
class Consequence:
    """An entry that the system writes beside a step."""

    kind: str
    values: dict[str, Any]


def consequences(case: Case, verdict: Verdict, *, entry: str) -> list[Consequence]:
    """Return the deviations that the step with id `entry` opens: one that holds, one that does not, as needed."""
    if case.therapy is None:
        return []
    known = {(rule, id_) for d in case.therapy.deviations.values() for rule in d.rules for id_ in d.containers}
    holding: list[Finding] = []
    telling: list[Finding] = []
    for finding in verdict.findings:
        stops = finding.severity is Severity.STOP
        quiet = finding.rule in _POINTS_OUT or (finding.family in _OPENS_NOTHING and not stops)
        if finding.severity is Severity.INFO or quiet:
            continue
        holds = finding.holds or stops
        if holds or not finding.containers or any((finding.rule, id_) not in known for id_ in finding.containers):
            (holding if holds else telling).append(finding)
    return [*_deviation(case, holding, entry, hold=True), *_deviation(case, telling, entry, hold=False)]


def _deviation(case: Case, findings: list[Finding], entry: str, *, hold: bool) -> Iterable[Consequence]:
    if not findings or case.therapy is None:
        return
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    values = {"because": entry, "rules": rules, "containers": _concerned(case, findings, hold=hold), "hold": hold}
    yield Consequence("deviation.opened", values)


def _concerned(case: Case, findings: list[Finding], *, hold: bool) -> list[str]:
    """Return the containers that the findings name, or all of the step where one names none.

    A hold spreads to what the step made of them.
    """
    acted = [container.id for container in case.containers]
    named: dict[str, None] = {}
    for finding in findings:
        own = [id_ for id_ in finding.containers if case.therapy and id_ in case.therapy.containers]
        named |= dict.fromkeys(own or acted)
    made = [container.id for container in case.outputs] if hold else []
    return [*named, *(id_ for id_ in made if id_ not in named)]


def is_remarked(verdict: Verdict) -> bool:
    """Tell whether a handoff was accepted with remarks: something about it puts containers on hold."""
    return any(finding.holds for finding in verdict.findings)
