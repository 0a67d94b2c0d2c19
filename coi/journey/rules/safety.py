"""Safety rules: holds, releases, clocks, and two people who looked for themselves."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.pathway import Window
from coi.journey.rules.signing import copied_by
from coi.journey.stability import Answer, clock_of
from coi.journey.steps import Family, Meaning, Purpose
from coi.journey.therapy import Check, Container

_NEEDS_RELEASE = frozenset(
    {"thaw.started", "infusion.checked", "infusion.started", "infusion.completed", "infusion.resumed"}
)
_TO_INFUSE = frozenset({Purpose.DOSE, Purpose.RESCUE})
_SHEETS = frozenset({"downtime_sheet", "infusion_record"})  # documents that can show two bedside checks
_TWO_PEOPLE = 2


def nothing_is_on_hold(case: Case) -> Iterator[Problem]:
    """A container on hold goes no further until quality has lifted the hold."""
    if case.kind in ("hold.placed", "hold.lifted"):
        return
    for container in case.containers:
        if container.holds:
            reasons = ", ".join(sorted(set(container.holds.values())))
            yield Problem(
                Family.HOLD,
                f"Container {container.id} is on hold ({reasons}); quality has to lift the hold first.",
                f"{len(container.holds)} hold(s): {reasons}",
                "no hold",
                (container.id,),
            )


def a_hold_is_there_to_lift(case: Case) -> Iterator[Problem]:
    """A hold is lifted where one is in force: the one that is named, or any."""
    if case.kind != "hold.lifted" or not case.containers:
        return
    named = case.attempt.values.get("hold")
    if not any(named in c.holds if named else c.holds for c in case.containers):
        yield Problem(
            Family.STAGE,
            f"None of these containers is on hold{f' by {named}' if named else ''}.",
            "no such hold" if named else "no hold",
            "a hold in force",
            tuple(c.id for c in case.containers),
        )


def release_in_force_names_it(case: Case) -> Iterator[Problem]:
    """Nothing is thawed or infused before a release that is in force now, here, and names that container."""
    if case.kind not in _NEEDS_RELEASE:
        return
    site, country = case.attempt.actor.site, case.country
    for container in case.containers:
        said = [one for one in (*container.releases.values(), *container.ended) if one.holds_at(case.at)]
        if container.purpose not in _TO_INFUSE or any(one.covers(site=site, country=country) for one in said):
            continue
        if said:
            for_ = ", ".join(sorted({one.site or one.country or "" for one in said}))
            yield Problem(
                Family.RELEASE,
                f"Container {container.id} is released for {for_} only.",
                f"{site}, country {country or 'unknown'}",
                for_,
                (container.id,),
            )
        else:
            yield Problem(
                Family.RELEASE,
                f"No release in force names container {container.id}; quality has to release it first.",
                "not released",
                "a release in force that names it",
                (container.id,),
            )


def release_is_final(case: Case) -> Iterator[Problem]:
    """A provisional or out-of-specification release is in force; that is said before the cells go in."""
    if case.kind != "infusion.started":
        return
    for container in case.containers:
        latest = next((release.status for release in reversed(container.releases.values())), "final")
        if latest != "final":
            yield Problem(
                Family.RELEASE,
                f"Container {container.id} is released as {latest.replace('_', ' ')} only.",
                f"a release as {latest.replace('_', ' ')}",
                "a final release",
                (container.id,),
                Severity.CAUTION,
            )


def out_of_specification_was_asked_for(case: Case) -> Iterator[Problem]:
    """What is out of specification is released only for a physician who has asked for it on record."""
    if case.kind != "containers.released" or case.attempt.values.get("status") != "out_of_specification":
        return
    for container in case.containers:
        if case.therapy is not None and container.id not in case.therapy.asked_for:
            yield Problem(
                Family.STAGE,
                f"No physician has asked for container {container.id}; release.requested comes first.",
                "no request",
                "a physician's request that names it",
                (container.id,),
            )


def release_was_not_taken_back(case: Case) -> Iterator[Problem]:
    """A release after one that was refused or revoked does not pass unnoticed."""
    if case.kind != "containers.released":
        return
    for container in case.containers:
        if container.taken_back is not None:
            yield Problem(
                Family.RELEASE,
                f"Container {container.id} was not released before ({container.taken_back}); it is now.",
                container.taken_back,
                "no earlier refusal",
                (container.id,),
                Severity.CAUTION,
            )


def no_clock_has_run_out(case: Case) -> Iterator[Problem]:
    """Every stability window of a container is shown to be inside its limit at the deciding time."""
    if case.therapy is None or case.pathway is None or case.kind in ("hold.placed", "hold.lifted"):
        return
    for container in case.containers:
        for window in case.pathway.windows:
            if container.purpose in window.purposes or window.id in container.starts:
                yield from _window(case, container, window)


def _window(case: Case, container: Container, window: Window) -> Iterator[Problem]:
    assert case.therapy is not None  # noqa: S101 - said to the type checker; the caller looked
    clock = clock_of(case.therapy, container, window)
    about = (container.id,)
    if clock is None:
        if case.kind in window.needed_by:
            yield Problem(
                Family.CLOCK,
                f"{window.title}: it cannot be shown that container {container.id} is inside, "
                "because the start was not recorded.",
                Answer.UNSHOWN.value,
                Answer.INSIDE.value,
                about,
            )
        return
    answer = clock.answer(case.at, case.attempt.uncertainty)
    if answer is Answer.BREACHED:
        yield Problem(
            Family.CLOCK,
            f"{window.title}: the limit of container {container.id} ran out at {_utc(clock.due_at)}.",
            f"{_utc(case.at)}",
            f"not after {_utc(clock.due_at)}",
            about,
        )
    elif answer is Answer.UNSHOWN:
        yield Problem(
            Family.CLOCK,
            f"{window.title}: it cannot be shown that container {container.id} is inside, "
            "because the clocks may be wrong by more than what is left.",
            Answer.UNSHOWN.value,
            f"surely not after {_utc(clock.due_at)}",
            about,
        )


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def checker_is_another_person(case: Case) -> Iterator[Problem]:
    """The second bedside check is made by somebody else than the first."""
    if case.kind != "infusion.checked" or case.therapy is None:
        return
    ids = {container.id for container in case.containers}
    mine = [check for check in _fresh(case) if check.person == case.attempt.performer and check.containers & ids]
    if mine:
        yield Problem(
            Family.SIGNATURE,
            "You have made a check of this dose already; a second person has to make the other.",
            f"{case.attempt.performer} twice",
            "two people",
            tuple(sorted(ids)),
        )


def _fresh(case: Case) -> list[Check]:
    """Return the checks that may be relied on: made before the deciding time, and surely not too long before."""
    if case.therapy is None or case.pathway is None:
        return []
    limit, slack = timedelta(seconds=case.pathway.bedside.check_valid_for), timedelta(seconds=case.attempt.uncertainty)
    return [
        check for check in case.therapy.checks if check.at <= case.at + slack and case.at + slack - check.at <= limit
    ]


def two_people_checked_it(case: Case) -> Iterator[Problem]:
    """An infusion starts after two people, each by scanning, found the same patient and the same containers."""
    if case.kind != "infusion.started" or case.therapy is None or case.pathway is None:
        return
    ids = {container.id for container in case.containers}
    valid = [c for c in _fresh(case) if ids <= c.containers and c.patient == case.therapy.patient]
    people = sorted({check.person for check in valid})
    if len(people) < _TWO_PEOPLE and ids and _checked_on_paper(case):
        yield Problem(
            Family.SIGNATURE,
            "The two bedside checks were made on paper; two people compared the entry with it.",
            "checks on paper",
            "two matching checks by two people",
            tuple(sorted(ids)),
            Severity.CAUTION,
        )
    elif len(people) < _TWO_PEOPLE or not ids:
        minutes = case.pathway.bedside.check_valid_for // 60
        yield Problem(
            Family.SIGNATURE,
            f"{len(people)} of 2 people have checked exactly this at the bedside in the last {minutes} minutes.",
            f"{len(people)} matching check(s)",  # who has checked is not told before both have
            "two matching checks by two people",
            tuple(sorted(ids)),
        )


def _checked_on_paper(case: Case) -> bool:
    """Tell whether a paper record with the sheet attached names two performers, and two others stand for its copy."""
    attempt, meanings = case.attempt, copied_by(case)
    known = case.therapy.documents if case.therapy else {}
    return (
        attempt.on_paper
        and any(known[sha256].kind in _SHEETS for sha256 in attempt.documents if sha256 in known)
        and len(set(attempt.performed_by)) >= _TWO_PEOPLE
        and {Meaning.TRANSCRIBED, Meaning.CHECKED} <= meanings.keys()
        and len(set(meanings.values())) >= _TWO_PEOPLE
    )


RULES = (
    nothing_is_on_hold,
    a_hold_is_there_to_lift,
    release_in_force_names_it,
    release_is_final,
    out_of_specification_was_asked_for,
    release_was_not_taken_back,
    no_clock_has_run_out,
    checker_is_another_person,
    two_people_checked_it,
)
