"""What steps change about lots, what is made in them, and releases."""

from collections.abc import Sequence
from dataclasses import replace

from coi.journey.effects.collection import fill
from coi.journey.effects.common import acted_on, acting, containers_of
from coi.journey.entry import Entry
from coi.journey.steps import State
from coi.journey.therapy import Container, Lot, Place, Release, Therapy


def lot_started(therapy: Therapy, entry: Entry) -> None:
    """Open a lot with the scanned containers going in."""
    inputs = acted_on(therapy, entry)
    donations = tuple(dict.fromkeys(c.donation for c in inputs if c.donation))
    therapy.lots[entry.values["lot"]] = Lot(
        id=entry.values["lot"],
        inputs=tuple(c.id for c in inputs),
        donations=donations,
        organisation=entry.actor["site"] or "",
    )
    for container in inputs:
        container.lot = entry.values["lot"]
        container.custodian, container.place = acting(entry), Place("hand")


def lot_terminated(therapy: Therapy, entry: Entry) -> None:
    """End the lot; what is in its containers stays and needs its own end."""
    lot = therapy.lots.get(entry.values.get("lot") or "")
    if lot is not None:
        lot.terminated = entry.reason or "terminated"


def transformed(therapy: Therapy, entry: Entry) -> None:
    """Fill the containers that come out and, unless something was left, use up what went in."""
    inputs = containers_of(therapy, entry.values["inputs"])
    for container in containers_of(therapy, entry.values["outputs"]):
        _come_from(container, inputs, entry)
        container.lot = entry.values.get("lot")
    _use_up(inputs, entry)


def _use_up(inputs: Sequence[Container], entry: Entry) -> None:
    if entry.values.get("consumed", True):
        for container in inputs:
            container.state, container.place = State.CONSUMED, Place("gone")


def _come_from(container: Container, parents: Sequence[Container], entry: Entry) -> None:
    fill(container, entry)
    container.parents = tuple(parent.id for parent in parents)
    donations = {parent.donation for parent in parents}
    container.donation = donations.pop() if len(donations) == 1 else None


def sampled(therapy: Therapy, entry: Entry) -> None:
    """Fill the sample tubes from the container."""
    sources = containers_of(therapy, entry.values["inputs"])
    for container in containers_of(therapy, entry.values["outputs"]):
        _come_from(container, sources, entry)
        container.lot = sources[0].lot if sources else None


def rescued(therapy: Therapy, entry: Entry) -> None:
    """Fill the rescue containers from the broken one: they are of its lot and dose, on hold as it is, and as old."""
    sources = containers_of(therapy, entry.values["inputs"])
    for container in containers_of(therapy, entry.values["outputs"]):
        _come_from(container, sources, entry)
        for source in sources[:1]:
            container.state = State.THAWING if source.thawed else State.FILLED  # it is checked and started anew
            container.rescues, container.thawed = source.cells, source.thawed
            container.lot, container.dose = source.lot, source.dose
            container.component, container.strength = source.component, source.strength
            container.holds, container.spent = dict(source.holds), dict(source.spent)
            container.starts, container.ends = dict(source.starts), dict(source.ends)
    _use_up(sources, entry)


def released(therapy: Therapy, entry: Entry) -> None:
    """Put a release in force for each named container; the latest word counts."""
    values = entry.values
    for container in acted_on(therapy, entry):
        container.releases[entry.id] = Release(
            values["status"], values.get("country"), values.get("site"), since=entry.occurred_at
        )
        container.taken_back = None


def release_ended(therapy: Therapy, entry: Entry) -> None:
    """End every release of the named containers."""
    for container in acted_on(therapy, entry):
        container.ended += [replace(one, until=entry.occurred_at) for one in container.releases.values()]
        container.releases.clear()
        container.taken_back = entry.kind


def asked_for(therapy: Therapy, entry: Entry) -> None:
    """Remember that the physician asks for these containers although they are out of specification."""
    therapy.asked_for |= {container.id: entry.id for container in acted_on(therapy, entry)}


EFFECTS = {
    "lot.started": lot_started,
    "lot.terminated": lot_terminated,
    "containers.transformed": transformed,
    "contents.transferred": rescued,
    "sample.taken": sampled,
    "containers.released": released,
    "release.refused": release_ended,
    "release.revoked": release_ended,
    "release.requested": asked_for,
}
