"""What steps change about containers on their way: packing, moving, offers and their outcomes."""

from coi.journey.effects.common import acted_on, acting, come_back
from coi.journey.entry import Entry
from coi.journey.therapy import Custodian, Handoff, Place, Therapy


def packed(therapy: Therapy, entry: Entry) -> None:
    """Put the containers into the shipper."""
    for container in acted_on(therapy, entry):
        container.place = Place("shipper", entry.values.get("shipper"))  # unknown when a report did not name it
        container.custodian = acting(entry)


def transferred(therapy: Therapy, entry: Entry) -> None:
    """Put the containers into the other shipper."""
    for container in acted_on(therapy, entry):
        container.place = Place("shipper", entry.values.get("into"))
        container.custodian = acting(entry)


def in_hand(therapy: Therapy, entry: Entry) -> None:
    """Put the containers into the hands of the person; what has come to its end stays gone."""
    for container in acted_on(therapy, entry):
        if container.place.kind == "gone":
            continue
        container.custodian = acting(entry)
        come_back(container)
        if entry.kind != "shipment.inspected" or container.place.kind == "shipper":
            container.place = Place("hand")


def offered(therapy: Therapy, entry: Entry) -> None:
    """Open an offer; who it is offered to is a party from now on."""
    values = entry.values
    therapy.handoffs[entry.id] = Handoff(
        id=entry.id,
        containers=tuple(values["containers"]),
        shipper=values.get("shipper"),
        giver=acting(entry),
        to=values["to"],
        to_type=values.get("to_type", "organisation"),
        offered_at=entry.occurred_at,
        organisation=values.get("to_organisation", ""),
    )
    if "to_organisation" in values:
        therapy.parties.add(values["to_organisation"])


def accepted(therapy: Therapy, entry: Entry) -> None:
    """Move custody of everything that the offer covers to the taker."""
    taker = acting(entry)
    therapy.parties.add(taker.organisation)
    offer = therapy.handoffs.get(entry.values.get("handoff", ""))
    moved = [container for container in acted_on(therapy, entry) if container.place.kind != "gone"]
    if offer is not None:
        offer.state, offer.taker = ("remarks" if entry.values.get("remarks") else "accepted"), taker
    elif moved:
        _one_sided(therapy, entry, moved[0].custodian, taker)
    for container in moved:
        container.custodian = Custodian(taker.organisation, taker.person)
        if container.place.kind == "location":
            container.place = Place("hand")


def _one_sided(therapy: Therapy, entry: Entry, giver: Custodian, taker: Custodian) -> None:
    """Remember a handoff that only the taker has told of, until the giver acknowledges it."""
    therapy.handoffs[entry.id] = Handoff(
        id=entry.id,
        containers=tuple(entry.values["containers"]),
        shipper=entry.values.get("shipper"),
        giver=Custodian(giver.organisation, giver.person),
        to=taker.organisation,
        to_type="organisation",
        offered_at=entry.occurred_at,
        state="one_sided",
        taker=taker,
        organisation=taker.organisation,
    )


def acknowledged(therapy: Therapy, entry: Entry) -> None:
    """Make a handoff two-sided that one side had reported."""
    offer = therapy.handoffs.get(entry.values["handoff"])
    if offer is not None and offer.state == "one_sided":
        offer.state, offer.giver = "accepted", acting(entry)


def handoff_ended(therapy: Therapy, entry: Entry) -> None:
    """End the offer without moving custody."""
    offer = therapy.handoffs.get(entry.values.get("handoff", ""))
    if offer is not None:
        offer.state = entry.kind.partition(".")[2]


def redirected(therapy: Therapy, entry: Entry) -> None:
    """Make the new destination a party, so that it can see what is coming."""
    if entry.values.get("to"):
        therapy.parties.add(entry.values["to"])


def kit(therapy: Therapy, entry: Entry) -> None:
    """Remember what happened to a collection kit."""
    therapy.kits.append(entry.values.get("condition", "sent"))


EFFECTS = {
    "shipment.packed": packed,
    "shipment.transferred": transferred,
    "shipment.unpacked": in_hand,
    "shipment.inspected": in_hand,
    "container.retrieved": in_hand,
    "shipment.diverted": redirected,
    "shipment.returned": redirected,
    "kit.sent": kit,
    "kit.received": kit,
    "handoff.offered": offered,
    "handoff.accepted": accepted,
    "handoff.refused": handoff_ended,
    "handoff.cancelled": handoff_ended,
    "handoff.acknowledged": acknowledged,
}
