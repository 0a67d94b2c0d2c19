"""Custody rules: does the giver hold it, and may the taker take it?"""

from collections.abc import Iterator

from coi.journey.attempt import Case, Problem, Severity
from coi.journey.entry import Tense
from coi.journey.steps import Family, Role
from coi.journey.therapy import Custodian, Handoff

_CUSTODY = Family.CUSTODY
_WITH_CELLS_IN_HAND = frozenset({"label.applied"})  # on a bag that holds cells, else it is only a label on a sheet
_WITH_A_SHIPPER = frozenset(
    {
        "shipper.sealed",
        "shipment.unpacked",
        "handoff.offered",
        "handoff.accepted",
        "handoff.refused",
        "handoff.cancelled",
    }
)


def holder_of(custodian: Custodian | None) -> str:
    """Return a custodian in words: the person where one is known, and the organisation."""
    if custodian is None:
        return "nobody"
    return f"{custodian.person} of {custodian.organisation}" if custodian.person else custodian.organisation


def giver_holds_it(case: Case) -> Iterator[Problem]:
    """Whoever handles a container, or a shipper with something inside, belongs to the organisation that holds it."""
    if not case.row.hands_on and case.kind not in _WITH_CELLS_IN_HAND:
        return
    site = case.attempt.actor.site
    for container in case.containers:
        if container.custodian.organisation != site and (case.row.hands_on or container.living):
            yield Problem(
                _CUSTODY,
                f"Container {container.id} is held by {holder_of(container.custodian)}; accept a handoff first.",
                f"{case.attempt.performer} of {site}",
                holder_of(container.custodian),
                (container.id,),
            )
    shipper = case.shipper
    if (
        case.row.hands_on
        and shipper
        and shipper.contents
        and shipper.custodian
        and shipper.custodian.organisation != site
    ):
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
            f"{actor.person} of {actor.site or 'no organisation'}",
            case.offer.to,
            case.offer.containers,
        )


def _addressed_to(case: Case, offer: Handoff) -> bool:
    """Tell whether the offer is to this person, or to the organisation that the person acts for, which then holds."""
    actor = case.attempt.actor
    return offer.to == (actor.person if offer.to_type == "person" else actor.site)


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
    late = case.attempt.tense is Tense.REPORTED and not known and case.kind == "handoff.accepted" and _believed(case)
    yield Problem(
        _CUSTODY,
        f"There is no open offer for this; it is held by {holder}.",
        "no open offer",
        f"an open offer; the holder is {holder}",
        ids,
        Severity.CAUTION if late else None,
    )


def _believed(case: Case) -> bool:
    """Tell whether a receipt that nobody offered is believed: of a party, or of a courier who scanned what he took."""
    site = case.attempt.actor.site or ""
    carries = Role.COURIER in case.attempt.actor.grants.get(site, frozenset())
    typed = any(scan.via == "typed" for scan in case.attempt.scans)
    return (case.therapy is not None and site in case.therapy.parties) or (carries and not typed)


def offer_is_taken_back_by_its_giver(case: Case) -> Iterator[Problem]:
    """An offer is taken back by the organisation that made it."""
    if case.kind != "handoff.cancelled":
        return
    if case.offer is None:
        yield from _no_offer(case)
    elif not case.attempt.actor.grants.get(case.offer.giver.organisation, frozenset()) & case.row.who:
        yield Problem(
            _CUSTODY,
            f"The offer was made by {holder_of(case.offer.giver)}; only they can take it back.",
            case.attempt.actor.person,
            holder_of(case.offer.giver),
            case.offer.containers,
        )


def offer_changes_hands(case: Case) -> Iterator[Problem]:
    """A handoff has two sides: nobody offers to himself. Laboratory and ward of one hospital may hand over."""
    to, actor = case.attempt.addressee, case.attempt.actor
    if case.kind != "handoff.offered" or to is None:
        return
    if to.type == "person" and to.code == case.attempt.performer:
        yield Problem(
            _CUSTODY,
            f"{to.code} holds it already; offer it to somebody else.",
            f"an offer of {case.attempt.performer} of {actor.site} to {to.code}",
            "another organisation or person",
            tuple(container.id for container in case.containers),
        )


def two_people_hand_over(case: Case) -> Iterator[Problem]:
    """Whoever takes over is somebody else than the one who gave, also when both organisations know that person."""
    offer = case.offer
    if case.kind == "handoff.accepted" and offer is not None and offer.giver.person == case.attempt.performer:
        yield Problem(
            _CUSTODY,
            f"{case.attempt.performer} gave it and takes it; nobody else saw it change hands.",
            f"{case.attempt.performer} twice",
            "two people",
            offer.containers,
            Severity.CAUTION,
        )


def giver_still_holds_it(case: Case) -> Iterator[Problem]:
    """What is accepted is still held by the organisation that offered it."""
    if case.kind != "handoff.accepted" or case.offer is None:
        return
    for container in case.containers:
        if container.living and container.custodian.organisation != case.offer.giver.organisation:
            yield Problem(
                _CUSTODY,
                f"Container {container.id} is held by {holder_of(container.custodian)}, not by who offered it.",
                holder_of(container.custodian),
                holder_of(case.offer.giver),
                (container.id,),
                Severity.CAUTION,
            )


def shipper_is_this_therapys(case: Case) -> Iterator[Problem]:
    """The scanned shipper holds this therapy's containers, not another therapy's."""
    shipper, therapy = case.shipper, case.therapy
    if case.kind not in _WITH_A_SHIPPER or shipper is None or therapy is None:
        return
    inside = set(shipper.contents.values())
    if inside - {therapy.coi}:
        yield Problem(
            _CUSTODY,
            f"Shipper {shipper.id} holds containers of another therapy. Check that it is the right one.",
            f"shipper {shipper.id} with another therapy inside",
            f"a shipper with containers of {therapy.coi}",
            severity=Severity.CAUTION if therapy.coi in inside else None,  # both inside: what is ours is saved
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
    into = case.shipper.id if case.shipper and case.kind == "shipment.packed" else None  # it would leave unoffered
    for offer in case.therapy.open_handoffs(shipper=into, containers=ids):
        yield Problem(
            _CUSTODY,
            f"This is offered to {offer.to} and has not been taken; take the offer back first.",
            "a thing under offer",
            "no open offer",
            offer.containers,
            Severity.CAUTION if case.kind == "container.stored" else None,
        )


def one_sided_handoff_is_there(case: Case) -> Iterator[Problem]:
    """What one side reported is acknowledged once, by the organisation that gave it."""
    if case.kind != "handoff.acknowledged":
        return
    if case.offer is None or case.offer.state != "one_sided":
        yield Problem(
            Family.STAGE,
            "There is no such handoff that waits for the other side.",
            case.offer.state if case.offer else "no handoff",
            "a one-sided handoff",
        )
    elif not case.attempt.actor.grants.get(case.offer.giver.organisation, frozenset()) & case.row.who:
        yield Problem(
            _CUSTODY,
            f"It was given by {holder_of(case.offer.giver)}; only they can acknowledge it.",
            case.attempt.actor.person,
            holder_of(case.offer.giver),
            case.offer.containers,
        )


def site_is_another(case: Case) -> Iterator[Problem]:
    """The treating site changes to another one."""
    if case.kind == "site.changed" and case.therapy and case.attempt.values.get("site") == case.therapy.site:
        yield Problem(Family.STAGE, "The patient is treated there already.", case.therapy.site, "another site")


RULES = (
    one_sided_handoff_is_there,
    site_is_another,
    giver_holds_it,
    taker_may_take_it,
    giver_still_holds_it,
    two_people_hand_over,
    offer_is_taken_back_by_its_giver,
    shipper_is_this_therapys,
    offer_changes_hands,
    nothing_is_offered_twice,
    offered_things_stay_put,
)
