"""What steps change about containers that are stored, damaged, missing or at their end."""

from coi.journey.effects.common import acted_on, acting, come_back
from coi.journey.entry import Entry
from coi.journey.steps import State
from coi.journey.therapy import Place, Therapy


def stored(therapy: Therapy, entry: Entry) -> None:
    """Put each container at its position; where one position is told for all, they share it."""
    places = entry.values.get("positions") or {}
    for container in acted_on(therapy, entry):
        container.custodian = acting(entry)
        container.place = Place("location", places.get(container.id, entry.values.get("location")))


def damaged(therapy: Therapy, entry: Entry) -> None:
    """Remember the damage and what was lost; the deviation beside it holds the container."""
    for container in acted_on(therapy, entry):
        container.damage = entry.values["damage"]
        container.lost_ml = entry.values.get("lost_ml", container.lost_ml)


def lost(therapy: Therapy, entry: Entry) -> None:
    """Nobody knows where the containers are; who was accountable stays it."""
    for container in acted_on(therapy, entry):
        container.before = container.state
        container.state, container.place = State.MISSING, Place("unknown")


def found(therapy: Therapy, entry: Entry) -> None:
    """The containers are there again, in the state in which they went missing."""
    location = entry.values.get("location")
    for container in acted_on(therapy, entry):
        come_back(container)
        container.custodian = acting(entry)
        container.place = Place("location", location) if location else Place("hand")


def discarded(therapy: Therapy, entry: Entry) -> None:
    """End the containers: discarded when they held cells, unused when they were empty."""
    for container in acted_on(therapy, entry):
        container.state = State.DISCARDED if container.living else State.UNUSED
        container.place = Place("gone")


EFFECTS = {
    "container.stored": stored,
    "storage.evacuated": stored,
    "container.damaged": damaged,
    "container.lost": lost,
    "container.found": found,
    "container.discarded": discarded,
}
