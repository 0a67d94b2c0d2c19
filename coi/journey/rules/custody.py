"""Custody rules: does the giver hold it, and may the taker take it?"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.entry import Tense
from coi.journey.steps import Family
from coi.journey.therapy import Custodian, Handoff

_CUSTODY = Family.CUSTODY


def holder_of(custodian: Custodian | None) -> str:
    """Return a custodian in words: the person where one is known, and the organisation."""
    if custodian is None:
        return "nobody"
    return f"{custodian.person} of {custodian.organisation}" if custodian.person else custodian.organisation


def giver_holds_it(case: Case) -> Iterator[Problem]:
    """Whoever handles a container, or a shipper with something inside, belongs to the organisation that holds it."""
    if not case.row.hands_on:
        return
    site = case.attempt.actor.site
    for container in case.containers:
        if container.custodian.organisation != site:
            yield Problem(
                _CUSTODY,
                f"Container {container.id} is held by {holder_of(container.custodian)}; accept a handoff first.",
                f"{case.attempt.performer} of {site}",
                holder_of(container.custodian),
                (container.id,),
            )
    shipper = case.shipper
    if shipper is not None and shipper.contents and shipper.custodian and shipper.custodian.organisation != site:
        yield Problem(
            _CUSTODY,
            f"Shipper {shipper.id} is held by {holder_of(shipper.custodian)}; accept a handoff first.",
            f"{case.attempt.performer} of {site}",
            holder_of(shipper.custodian),
        )


def taker_may_take_it(case: Case) -> Iterator[Problem]:
    """Only the organisation or the person it is offered to may take it or refuse it, and only once."""
    if case.kind not in ("handoff.accepted", "handoff.refused"):
        return
    if case.offer is None:
        yield from _no_offer(case)
    elif not _addressed_to(case, case.offer):
        actor = case.attempt.actor
        yield Problem(
            _CUSTODY,
            f"This handoff is offered to {case.offer.to}, not to you or your organisation.",
            f"{actor.person} of {', '.join(sorted(actor.grants)) or 'no organisation'}",
            case.offer.to,
            case.offer.containers,
        )


def _addressed_to(case: Case, offer: Handoff) -> bool:
    actor = case.attempt.actor
    return actor.person == offer.to if offer.to_type == "person" else offer.to in actor.grants


def _no_offer(case: Case) -> Iterator[Problem]:
    if case.offers:
        yield Problem(
            _CUSTODY,
            "The scan fits several open offers; name the one you mean.",
            f"{len(case.offers)} open offers",
            "one offer, named in values.handoff",
        )
        return
    ids = tuple(container.id for container in case.containers)
    holder = holder_of(case.containers[0].custodian) if case.containers else "nobody that we know"
    known = case.therapy is not None and any(set(ids) & set(h.containers) for h in case.therapy.handoffs.values())
    late = case.attempt.tense is Tense.REPORTED and not known and case.kind == "handoff.accepted"
    yield Problem(
        _CUSTODY,
        f"There is no open offer for this; it is held by {holder}.",
        "no open offer",
        f"an open offer; the holder is {holder}",
        ids,
        Severity.CAUTION if late else None,
    )


def offer_is_taken_back_by_its_giver(case: Case) -> Iterator[Problem]:
    """An offer is taken back by the organisation that made it."""
    if case.kind != "handoff.cancelled":
        return
    if case.offer is None:
        yield from _no_offer(case)
    elif case.offer.giver.organisation not in case.attempt.actor.grants:
        yield Problem(
            _CUSTODY,
            f"The offer was made by {holder_of(case.offer.giver)}; only they can take it back.",
            case.attempt.actor.person,
            holder_of(case.offer.giver),
            case.offer.containers,
        )


def nothing_is_offered_twice(case: Case) -> Iterator[Problem]:
    """What is offered to one is not offered to another until that offer has ended."""
    if case.kind != "handoff.offered" or case.therapy is None:
        return
    ids = frozenset(container.id for container in case.containers)
    for offer in case.therapy.open_handoffs(containers=ids):
        yield Problem(
            _CUSTODY,
            f"This is already offered to {offer.to}; take that offer back first.",
            f"a second offer beside {offer.id}",
            "no open offer",
            offer.containers,
        )


def offered_things_stay_put(case: Case) -> Iterator[Problem]:
    """What is offered to somebody is not packed, opened or used up while the offer is open."""
    moving = case.row.hands_on and case.kind not in ("handoff.offered", "container.discarded", "shipment.inspected")
    if not moving or case.therapy is None:
        return
    ids = frozenset(container.id for container in case.containers)
    for offer in case.therapy.open_handoffs(containers=ids):
        yield Problem(
            _CUSTODY,
            f"This is offered to {offer.to} and has not been taken; take the offer back first.",
            "a thing under offer",
            "no open offer",
            offer.containers,
            Severity.CAUTION if case.kind == "container.stored" else None,
        )


RULES = (
    giver_holds_it,
    taker_may_take_it,
    offer_is_taken_back_by_its_giver,
    nothing_is_offered_twice,
    offered_things_stay_put,
)
