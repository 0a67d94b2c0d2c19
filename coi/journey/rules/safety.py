"""Safety rules: holds, releases, clocks, counts, temperature, and two people who looked for themselves."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.pathway import Window
from coi.journey.stability import Answer, clock_of
from coi.journey.steps import Family, Purpose
from coi.journey.therapy import Check, Container

_NEEDS_RELEASE = frozenset({"thaw.started", "infusion.checked", "infusion.started", "infusion.completed"})
_TO_INFUSE = frozenset({Purpose.DOSE, Purpose.RESCUE})
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
    """Nothing is thawed or infused before a release that is in force now and names that container."""
    if case.kind not in _NEEDS_RELEASE:
        return
    for container in case.containers:
        if container.purpose in _TO_INFUSE and not container.releases:
            yield Problem(
                Family.RELEASE,
                f"No release in force names container {container.id}; quality has to release it first.",
                "not released",
                "a release in force that names it",
                (container.id,),
            )


def release_is_final(case: Case) -> Iterator[Problem]:
    """A provisional release is in force, but that more results are awaited is said before the cells go in."""
    if case.kind != "infusion.started":
        return
    for container in case.containers:
        if container.releases and "final" not in container.releases.values():
            yield Problem(
                Family.RELEASE,
                f"Container {container.id} is released provisionally only.",
                "a provisional release",
                "a final release",
                (container.id,),
                Severity.CAUTION,
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
            if container.purpose in window.purposes:
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


def count_is_what_was_sent(case: Case) -> Iterator[Problem]:
    """As many containers arrive as were offered or packed; the ones that differ are held."""
    if case.kind == "handoff.accepted" and case.offer is not None:
        yield from _received(case)
    if case.kind == "shipment.unpacked" and case.shipper is not None:
        packed = {id_ for id_, coi in case.shipper.contents.items() if case.therapy and coi == case.therapy.coi}
        came = {container.id for container in case.containers}
        if packed != came:
            yield Problem(
                Family.COUNT,
                f"{len(came)} container(s) came out; {len(packed)} were packed. What differs is held.",
                f"{len(came)} containers",
                f"{len(packed)} containers",
                tuple(sorted(packed ^ came)),
                holds=True,
            )


def _received(case: Case) -> Iterator[Problem]:
    assert case.offer is not None  # noqa: S101 - said to the type checker; the caller looked
    offered, scanned = set(case.offer.containers), set(_scanned_of_ours(case))
    counted = case.attempt.values.get("containers_received")
    foreign = sum(scan.subject not in scanned for scan in case.attempt.scanned("container"))
    differs = bool(scanned or foreign) and (scanned != offered or foreign > 0)
    if differs or (counted is not None and counted != len(offered)):
        got = counted if counted is not None else len(scanned) + foreign
        yield Problem(
            Family.COUNT,
            f"{got} container(s) were received; {len(offered)} were offered. What differs is held.",
            f"{got} containers",
            f"{len(offered)} containers",
            tuple(sorted(offered ^ scanned if scanned and scanned != offered else offered)),
            holds=True,
        )


def _scanned_of_ours(case: Case) -> list[str]:
    """Return the scanned containers that are this therapy's; others are not named in its log."""
    ids = dict.fromkeys(scan.subject for scan in case.attempt.scanned("container") if scan.subject)
    return [id_ for id_ in ids if case.therapy is not None and id_ in case.therapy.containers]


def nothing_was_remarked(case: Case) -> Iterator[Problem]:
    """A taker with remarks takes custody, and what the remarks are about is held."""
    if case.kind != "handoff.accepted" or not case.attempt.values.get("remarks"):
        return
    scanned = tuple(_scanned_of_ours(case))
    yield Problem(
        Family.COUNT,
        "It was accepted with remarks; the containers are held until quality has looked.",
        "remarks",
        "no remarks",
        scanned or tuple(c.id for c in case.containers),
        Severity.CAUTION,
        holds=True,
    )


def it_arrived_in_good_order(case: Case) -> Iterator[Problem]:
    """What is damaged on arrival or left its temperature is held."""
    if case.kind != "shipment.inspected":
        return
    about = tuple(container.id for container in case.containers)
    temperature = case.attempt.values.get("temperature", "in_range")
    condition = case.attempt.values.get("condition", "intact")
    if temperature != "in_range":
        yield Problem(
            Family.TEMPERATURE,
            "The temperature on the way cannot be shown to have been in range.",
            temperature,
            "in_range",
            about,
            holds=True,
        )
    if condition != "intact":
        yield Problem(Family.TEMPERATURE, "A container arrived in bad order.", condition, "intact", about, holds=True)


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
    limit, slack = timedelta(seconds=case.pathway.check_valid_for), timedelta(seconds=case.attempt.uncertainty)
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
    if len(people) < _TWO_PEOPLE or not ids:
        minutes = case.pathway.check_valid_for // 60
        yield Problem(
            Family.SIGNATURE,
            f"{len(people)} of 2 people have checked exactly this at the bedside in the last {minutes} minutes.",
            f"{len(people)} matching check(s)",  # who has checked is not told before both have
            "two matching checks by two people",
            tuple(sorted(ids)),
        )


RULES = (
    nothing_is_on_hold,
    a_hold_is_there_to_lift,
    release_in_force_names_it,
    release_is_final,
    release_was_not_taken_back,
    no_clock_has_run_out,
    count_is_what_was_sent,
    nothing_was_remarked,
    it_arrived_in_good_order,
    checker_is_another_person,
    two_people_checked_it,
)
