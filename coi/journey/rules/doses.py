"""Dose rules: is it the dose that is due, in its order and its time, and thawed?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.pathway import Dose
from coi.journey.steps import Family, Purpose, State
from coi.journey.therapy import Container

_ID, _STAGE = Family.IDENTITY, Family.STAGE
_GIVES_A_DOSE = frozenset({"thaw.started", "infusion.checked", "infusion.started"})
_IN_ITS_TIME = frozenset({"thaw.started", "infusion.started"})


def dose_is_the_one_due(case: Case) -> Iterator[Problem]:
    """Doses are thawed, checked and infused in the order of the plan, and as the order says."""
    if case.kind not in _GIVES_A_DOSE or case.therapy is None:
        return
    due = case.therapy.due_dose()
    ordered = case.attempt.values.get("dose")
    for container in case.containers:
        if _of_a_dose(container) and container.state is not State.INFUSED:
            yield from _other_dose(container, due=due, ordered=ordered)


def _of_a_dose(container: Container) -> bool:
    """A rescue container with the cells of a dose is that dose."""
    return container.purpose is Purpose.DOSE or container.dose is not None


def _other_dose(container: Container, *, due: int | None, ordered: int | None) -> Iterator[Problem]:
    own = f"dose {container.dose}" if container.dose is not None else "no dose of the plan"
    for expected, why in ((due, "that is due"), (ordered, "that was ordered")):
        if expected is not None and container.dose != expected:
            yield Problem(
                _ID,
                f"Container {container.id} is {own}; the dose {why} is {expected}.",
                own,
                f"dose {expected}",
                (container.id,),
            )
    if container.dose is None and due is None and ordered is None:
        yield Problem(
            _ID,
            f"Container {container.id} belongs to no dose of the plan, and none is due.",
            own,
            "a dose of the plan",
            (container.id,),
        )


def components_are_in_order(case: Case) -> Iterator[Problem]:
    """Of a dose with several components the earlier one is infused first, as CD8 before CD4."""
    if case.kind != "infusion.started" or case.therapy is None:
        return
    meant = {container.id for container in case.containers}
    for container in case.containers:
        before = [
            other
            for other in case.therapy.doses_left()
            if other.dose == container.dose
            and other.number < container.number
            and other.component != container.component
            and other.id not in meant
            and other.state is not State.INFUSING
        ]
        for other in before[:1]:
            yield Problem(
                _ID,
                f"Container {container.id} is {container.component}; {other.component} is infused first.",
                f"{container.component} first",
                f"{other.component} first",
                (container.id,),
            )


def one_container_at_a_time(case: Case) -> Iterator[Problem]:
    """Where the pathway says so, the next container is thawed when the one before it was given."""
    if case.kind != "thaw.started" or case.therapy is None or case.pathway is None:
        return
    if not case.pathway.bedside.one_at_a_time:
        return
    meant = {container.id for container in case.containers}
    busy = [c.id for c in case.therapy.containers.values() if c.state in (State.THAWING, State.INFUSING)]
    if len(meant | set(busy)) > 1:
        yield Problem(
            _STAGE,
            "One container is thawed at a time; give or discard the one before it first.",
            f"{len(meant | set(busy))} containers",
            "one container",
            tuple(busy),
        )


def dose_is_in_its_time(case: Case) -> Iterator[Problem]:
    """A later dose is given in the interval that the plan keeps between it and the dose before it."""
    if case.kind not in _IN_ITS_TIME or case.therapy is None or case.pathway is None:
        return
    for container in case.containers:
        dose = next((one for one in case.pathway.doses if one.number == container.dose), None)
        given = case.therapy.infused_at.get((container.dose or 0) - 1)
        if dose is not None and given is not None:
            yield from _interval(case.at, container, dose, given)


def _interval(at: datetime, container: Container, dose: Dose, given: datetime) -> Iterator[Problem]:
    first = given + timedelta(seconds=dose.not_before or 0)
    last = given + timedelta(seconds=dose.not_after) if dose.not_after is not None else None
    if at < first:
        yield Problem(
            Family.CLOCK, f"Dose {dose.number} is due from {_utc(first)}.", _utc(at), f"not before {_utc(first)}",
            (container.id,),
        )  # fmt: skip
    if last is not None and at > last:
        yield Problem(
            Family.CLOCK, f"Dose {dose.number} was due until {_utc(last)}.", _utc(at), f"not after {_utc(last)}",
            (container.id,),
        )  # fmt: skip


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def product_was_thawed(case: Case) -> Iterator[Problem]:
    """On a pathway with a thaw nothing frozen is infused."""
    if case.kind != "infusion.started" or case.pathway is None or not case.pathway.needs_thaw:
        return
    for container in case.containers:
        if container.state is State.FILLED:
            yield Problem(
                _STAGE,
                f"Container {container.id} has not been thawed.",
                container.state.value,
                State.THAWING.value,
                (container.id,),
            )


def no_dose_was_skipped(case: Case) -> Iterator[Problem]:
    """A dose of the plan that can never be given any more is noticed before the next one is."""
    if case.kind not in _GIVES_A_DOSE or case.therapy is None or case.pathway is None:
        return
    doses = case.therapy.of_purpose(Purpose.DOSE)
    given = {c.dose for c in doses if c.state in (State.INFUSED, State.INFUSING)}
    for container in case.containers:
        skipped = [d.number for d in case.pathway.doses if d.number < (container.dose or 0) and d.number not in given]
        if skipped and container.purpose is Purpose.DOSE and container.dose == case.therapy.due_dose():
            numbers = ", ".join(map(str, skipped))
            yield Problem(
                _STAGE,
                f"Container {container.id} is dose {container.dose}; dose {numbers} was never given.",
                f"dose {container.dose} first",
                f"dose {skipped[0]} first",
                (container.id,),
                Severity.CAUTION,
            )


RULES = (
    dose_is_the_one_due,
    components_are_in_order,
    one_container_at_a_time,
    dose_is_in_its_time,
    product_was_thawed,
    no_dose_was_skipped,
)
