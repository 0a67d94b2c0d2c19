"""Arrival rules: counts, temperature, damage, seals that were broken, and what was missing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.steps import Family

_CAUTION = Severity.CAUTION


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
    if case.kind not in ("shipment.inspected", "logger.stopped"):
        return
    inside = case.shipper.contents if case.shipper and case.kind == "logger.stopped" else ()
    ours = tuple(id_ for id_ in inside if case.therapy and id_ in case.therapy.containers)
    about = tuple(container.id for container in case.containers) or ours
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


def damage_is_looked_at(case: Case) -> Iterator[Problem]:
    """What is damaged, was missing, or travelled under a broken seal is held until quality has looked."""
    said = _LOOKED_AT.get(case.kind)
    if said is None:
        return
    inside = case.shipper.contents if case.shipper else ()
    ours = tuple(id_ for id_ in inside if case.therapy and id_ in case.therapy.containers)
    family, message, expected = said
    about = tuple(container.id for container in case.containers) or ours
    if about:
        yield Problem(family, message, case.attempt.values.get("damage", case.kind), expected, about, _CAUTION, True)


_LOOKED_AT = {
    "container.damaged": (Family.TEMPERATURE, "A container is damaged; it is held.", "an intact container"),
    "contents.transferred": (Family.TEMPERATURE, "The contents were moved to a rescue container; it is held.",
                             "the container it was made in"),
    "container.lost": (Family.COUNT, "A container is missing; it is held.", "every container where it belongs"),
    "container.found": (Family.COUNT, "A container that was missing is held until quality has looked.",
                        "a container that was never missing"),
    "container.reidentified": (Family.COUNT, "A container was re-identified; it is held until quality has looked.",
                               "a label that can be read"),
    "seal.broken": (Family.TEMPERATURE, "A seal was broken on the way; what is inside is held.", "an unbroken seal"),
}  # fmt: skip


def kit_was_intact(case: Case) -> Iterator[Problem]:
    """A collection uses a kit that arrived intact."""
    if case.kind == "collection.started" and case.therapy is not None and case.therapy.kits[-1:] == ["damaged"]:
        yield Problem(
            Family.TEMPERATURE,
            "The last collection kit arrived damaged.",
            "a damaged kit",
            "an intact kit",
            (),
            _CAUTION,
        )


_TRAVELS = frozenset({"shipment.packed", "handoff.offered", "handoff.accepted", "shipment.unpacked"})


def shipper_still_cools(case: Case) -> Iterator[Problem]:
    """A shipper keeps its temperature for the hours that were stated when it was charged or topped up."""
    shipper = case.shipper
    if case.kind not in _TRAVELS or shipper is None or shipper.charged_at is None or not shipper.hold_hours:
        return
    until = shipper.charged_at + timedelta(hours=shipper.hold_hours)
    if case.at > until:
        yield Problem(
            Family.TEMPERATURE,
            f"Shipper {shipper.id} keeps its temperature until {_utc(until)} only; top it up or use another.",
            _utc(case.at),
            f"not after {_utc(until)}",
            tuple(container.id for container in case.containers),
            _CAUTION,
        )


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


RULES = (
    count_is_what_was_sent,
    nothing_was_remarked,
    it_arrived_in_good_order,
    damage_is_looked_at,
    kit_was_intact,
    shipper_still_cools,
)
