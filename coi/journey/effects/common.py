"""What all effects share: who acted, on what, and what a row says of it by itself."""

from collections.abc import Iterable

from coi.journey.entry import Entry
from coi.journey.steps import STEPS, State
from coi.journey.therapy import Container, Custodian, Place, Therapy


def acting(entry: Entry) -> Custodian:
    """Return who did it, and for which organisation."""
    return Custodian(entry.actor["site"] or "", (entry.performed_by or (entry.actor["person"],))[0])


def containers_of(therapy: Therapy, ids: Iterable[str]) -> list[Container]:
    """Return the containers among `ids` that are there."""
    return [therapy.containers[id_] for id_ in ids if id_ in therapy.containers]


def acted_on(therapy: Therapy, entry: Entry) -> list[Container]:
    """Return the containers that the entry is about."""
    return containers_of(therapy, entry.values.get("containers", ()))


def come_back(container: Container) -> None:
    """Give a container that was missing and is in somebody's hands the state in which it went missing."""
    if container.state is State.MISSING:
        container.state, container.before = container.before or State.FILLED, None


def as_the_row_says(therapy: Therapy, entry: Entry) -> None:
    """Bring the containers to the state and place that the row names; hands that touched them are accountable."""
    row = STEPS[entry.kind]
    for container in acted_on(therapy, entry):
        if container.place.kind == "gone":
            continue
        if row.hands_on:
            container.custodian = acting(entry)
        if row.to is not None:
            container.state = row.to
            container.thawed = container.thawed or row.to is State.THAWING
        if row.place is not None:
            container.place = Place(row.place)
