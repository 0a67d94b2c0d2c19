"""Rules: may this happen? One pure function a rule, all of them asked, none hiding another.

* A rule reads a `Case` and yields a `Problem` for each thing that is not as it must be; silence means it passed.
* The step's row turns a problem into a stop (its family stops this step) or a caution.
* What is asked is refused by any stop. What is reported has happened: it is recorded, a deviation opens and the
  containers are held; where custody or the stage disagree it is disputed and moves nothing.
* No problem of identity, authority or custody is ever weakened by an override.
* The deciding time is in the case; nothing here reads a clock.

Reading and writing are not handled here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from coi.journey.attempt import Case, Finding, Problem, Severity, Verdict
from coi.journey.entry import Outcome, Tense
from coi.journey.rules import custody, identity, safety, stage
from coi.journey.steps import Family

Rule = Callable[[Case], Iterator[Problem]]
RULES: tuple[Rule, ...] = (*identity.RULES, *custody.RULES, *stage.RULES, *safety.RULES)
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
    if verdict.allowed:
        return Outcome.DONE
    if case.attempt.tense is Tense.ASKED:
        return Outcome.REFUSED
    return Outcome.DISPUTED if any(stop.family in _DISPUTES for stop in verdict.stops) else Outcome.DONE


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
        if finding.severity is Severity.INFO or finding.family in _OPENS_NOTHING:
            continue
        holds = finding.holds or finding.severity is Severity.STOP
        if holds or not finding.containers or any((finding.rule, id_) not in known for id_ in finding.containers):
            (holding if holds else telling).append(finding)
    return [*_deviation(case, holding, entry, hold=True), *_deviation(case, telling, entry, hold=False)]


def _deviation(case: Case, findings: list[Finding], entry: str, *, hold: bool) -> Iterable[Consequence]:
    if not findings or case.therapy is None:
        return
    named = dict.fromkeys(id_ for finding in findings for id_ in finding.containers)
    about = [id_ for id_ in named if id_ in case.therapy.containers] or [c.id for c in case.containers]
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    yield Consequence("deviation.opened", {"because": entry, "rules": rules, "containers": about, "hold": hold})


def is_remarked(verdict: Verdict) -> bool:
    """Tell whether a handoff was accepted with remarks: something about it puts containers on hold."""
    return any(finding.holds for finding in verdict.findings)
