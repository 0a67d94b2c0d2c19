"""What each kind of entry changes: one small function a kind, named in `coi.journey.fold.EFFECTS`.

An effect trusts its entry: the verdict was given before it was written. It reads the subjects from `values`, which
`coi.journey.derive` filled in when the step was taken, so a fold never has to guess again. What is reported or
corrected may name a thing that is not there (any more); an effect then changes what is there and never fails, because
a therapy that cannot be folded is lost.
"""

from collections.abc import Iterable, Sequence

from coi.journey.entry import Entry
from coi.journey.pathway import Window
from coi.journey.steps import LIVING, Purpose, State
from coi.journey.therapy import (
    Check,
    Container,
    Custodian,
    Deviation,
    Handoff,
    Label,
    Lot,
    Place,
    Therapy,
)


def acting(entry: Entry) -> Custodian:
    """Return who did it, and for which organisation."""
    return Custodian(entry.actor["site"] or "", (entry.performed_by or (entry.actor["person"],))[0])


def _containers(therapy: Therapy, ids: Iterable[str]) -> list[Container]:
    return [therapy.containers[id_] for id_ in ids if id_ in therapy.containers]


def _acted_on(therapy: Therapy, entry: Entry) -> list[Container]:
    return _containers(therapy, entry.values.get("containers", ()))


def enrolled(therapy: Therapy, entry: Entry) -> None:
    """Name the pathway, the site, the patient and the plan; the sites of the plan are parties from now on."""
    values = entry.values
    therapy.pathway, therapy.pathway_name = values["pathway"], values["pathway_name"]
    therapy.site, therapy.patient = values["site"], values["patient"]
    therapy.plan = dict(values.get("plan") or {})
    therapy.enrolled_at = entry.occurred_at
    therapy.parties |= {values["site"]} | {site for stage in therapy.plan.values() if (site := stage.get("site"))}


def closed(therapy: Therapy, entry: Entry) -> None:
    """End the therapy with its outcome."""
    therapy.closed = entry.values["outcome"]


def verified(therapy: Therapy, entry: Entry) -> None:
    """Remember that the patient was verified, and when."""
    therapy.verified = (entry.id, entry.occurred_at)


def planned(therapy: Therapy, entry: Entry) -> None:
    """Add planned containers, numbered within their purpose."""
    purpose = Purpose(entry.values["purpose"])
    number = len(therapy.of_purpose(purpose))
    keeper = Custodian(entry.actor["site"] or "", None)
    for id_, dose in zip(entry.values["containers"], entry.values["doses"], strict=True):
        number += 1
        therapy.containers[id_] = Container(
            id=id_,
            purpose=purpose,
            number=number,
            dose=dose,
            state=State.PLANNED,
            custodian=keeper,
            place=Place("nowhere"),
        )


def label_issued(therapy: Therapy, entry: Entry) -> None:
    """Add a label that was issued for a container."""
    values = entry.values
    if values["container"] not in therapy.containers:
        return
    therapy.labels[values["label"]] = Label(
        serial=values["label"],
        container=values["container"],
        template=values["template"],
        position=values["position"],
        generation=values["generation"],
        state="issued",
    )


def label_applied(therapy: Therapy, entry: Entry) -> None:
    """Put the label in force; an older copy in the same place is superseded there. What was voided stays voided."""
    label = therapy.labels.get(entry.values["label"] or "")
    if label is None or label.state not in ("issued", "applied"):
        return
    for other in therapy.labels.values():
        if (other.container, other.position) == (label.container, label.position) and other.state == "applied":
            other.state = "superseded"
    label.state = "applied"
    container = therapy.containers[label.container]
    if container.state is State.PLANNED:
        container.state = State.LABELLED


def label_voided(therapy: Therapy, entry: Entry) -> None:
    """Take the label out of force."""
    label = therapy.labels.get(entry.values["label"] or "")
    if label is not None:
        label.state = "voided"


def collection_started(therapy: Therapy, entry: Entry) -> None:
    """Open a donation."""
    therapy.donation = entry.values["donation"]
    therapy.donations.append(entry.values["donation"])


def collection_completed(therapy: Therapy, entry: Entry) -> None:
    """Fill the scanned containers from the open donation and close it."""
    for container in _acted_on(therapy, entry):
        _fill(container, entry)
        container.donation = entry.values["donation"]
    therapy.donation = None


def _fill(container: Container, entry: Entry) -> None:
    container.state = State.FILLED
    container.custodian = acting(entry)
    container.place = Place("hand")


def packed(therapy: Therapy, entry: Entry) -> None:
    """Put the containers into the shipper."""
    for container in _acted_on(therapy, entry):
        container.place = Place("shipper", entry.values.get("shipper"))  # unknown when a report did not name it
        container.custodian = acting(entry)


def in_hand(therapy: Therapy, entry: Entry) -> None:
    """Put the containers into the hands of the person; what has come to its end stays gone."""
    for container in _acted_on(therapy, entry):
        if container.place.kind == "gone":
            continue
        container.custodian = acting(entry)
        if entry.kind != "shipment.inspected" or container.place.kind == "shipper":
            container.place = Place("hand")


def unpacked(therapy: Therapy, entry: Entry) -> None:
    """Take the containers that came out into the hands of the person."""
    in_hand(therapy, entry)


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
    if offer is not None:
        offer.state, offer.taker = ("remarks" if entry.values.get("remarks") else "accepted"), taker
    for container in _acted_on(therapy, entry):
        if container.place.kind == "gone":
            continue
        container.custodian = Custodian(taker.organisation, taker.person)
        if container.place.kind == "location":
            container.place = Place("hand")


def handoff_ended(therapy: Therapy, entry: Entry) -> None:
    """End the offer without moving custody."""
    offer = therapy.handoffs.get(entry.values.get("handoff", ""))
    if offer is not None:
        offer.state = entry.kind.partition(".")[2]


def stored(therapy: Therapy, entry: Entry) -> None:
    """Put the containers at the location."""
    for container in _acted_on(therapy, entry):
        container.custodian = acting(entry)
        container.place = Place("location", entry.values.get("location"))


def discarded(therapy: Therapy, entry: Entry) -> None:
    """End the containers: discarded when they held cells, unused when they were empty."""
    for container in _acted_on(therapy, entry):
        container.state = State.DISCARDED if container.living else State.UNUSED
        container.place = Place("gone")


def lot_started(therapy: Therapy, entry: Entry) -> None:
    """Open a lot with the scanned containers going in."""
    inputs = _acted_on(therapy, entry)
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


def transformed(therapy: Therapy, entry: Entry) -> None:
    """Fill the containers that come out and, unless something was left, use up what went in."""
    inputs = _containers(therapy, entry.values["inputs"])
    for container in _containers(therapy, entry.values["outputs"]):
        _come_from(container, inputs, entry)
        container.lot = entry.values.get("lot")
    if entry.values.get("consumed", True):
        for container in inputs:
            container.state, container.place = State.CONSUMED, Place("gone")


def _come_from(container: Container, parents: Sequence[Container], entry: Entry) -> None:
    _fill(container, entry)
    container.parents = tuple(parent.id for parent in parents)
    donations = {parent.donation for parent in parents}
    container.donation = donations.pop() if len(donations) == 1 else None


def sampled(therapy: Therapy, entry: Entry) -> None:
    """Fill the sample tubes from the container."""
    sources = _containers(therapy, entry.values["inputs"])
    for container in _containers(therapy, entry.values["outputs"]):
        _come_from(container, sources, entry)
        container.lot = sources[0].lot if sources else None


def released(therapy: Therapy, entry: Entry) -> None:
    """Put a release in force for each named container."""
    for container in _acted_on(therapy, entry):
        container.releases[entry.id] = entry.values["status"]
        container.taken_back = None


def release_ended(therapy: Therapy, entry: Entry) -> None:
    """End every release of the named containers."""
    for container in _acted_on(therapy, entry):
        container.releases.clear()
        container.taken_back = entry.kind


def thaw_started(therapy: Therapy, entry: Entry) -> None:
    """Begin to thaw the containers."""
    for container in _acted_on(therapy, entry):
        container.state = State.THAWING
        container.custodian, container.place = acting(entry), Place("hand")


def checked(therapy: Therapy, entry: Entry) -> None:
    """Remember what one person scanned at the bedside."""
    wristbands = entry.subjects("wristband")
    therapy.checks.append(
        Check(
            entry=entry.id,
            person=acting(entry).person or "",
            patient=wristbands[0] if wristbands else None,
            containers=frozenset(entry.values["containers"]),
            at=entry.occurred_at,
        )
    )


def infusion_started(therapy: Therapy, entry: Entry) -> None:
    """Connect the containers to the patient."""
    for container in _acted_on(therapy, entry):
        container.state = State.INFUSING
        container.custodian, container.place = acting(entry), Place("hand")


def infusion_completed(therapy: Therapy, entry: Entry) -> None:
    """End the containers as infused."""
    for container in _acted_on(therapy, entry):
        container.state, container.place = State.INFUSED, Place("gone")


def hold_placed(therapy: Therapy, entry: Entry) -> None:
    """Hold the named containers."""
    for container in _acted_on(therapy, entry):
        container.holds[entry.id] = entry.reason or ""


def hold_lifted(therapy: Therapy, entry: Entry) -> None:
    """Lift the named hold, or every hold, of the named containers."""
    named = entry.values.get("hold")
    for container in _acted_on(therapy, entry):
        if named is None:
            container.holds.clear()
        else:
            container.holds.pop(named, None)


def deviation_opened(therapy: Therapy, entry: Entry) -> None:
    """Remember the deviation and, where it says so, hold its containers."""
    values = entry.values
    therapy.deviations[entry.id] = Deviation(
        id=entry.id,
        because=values["because"],
        rules=tuple(values["rules"]),
        containers=tuple(values["containers"]),
    )
    if values["hold"]:
        for container in _acted_on(therapy, entry):
            container.holds[entry.id] = "deviation"


def threshold(therapy: Therapy, entry: Entry) -> None:
    """Remember which threshold of a clock the log knows, and for which moment."""
    said = (entry.kind.partition(".")[2], entry.occurred_at)
    therapy.thresholds.setdefault(entry.values["clock"], []).append(said)


def mark_windows(therapy: Therapy, entry: Entry, windows: Sequence[Window]) -> None:
    """Note on each container which windows `entry` starts and ends; the clocks are read from these marks."""
    for window in windows:
        if entry.kind in window.ends:
            for container in _ended_by(therapy, entry):
                if window.id in container.starts:
                    container.ends.setdefault(window.id, (entry.id, entry.occurred_at))
        if entry.kind in window.starts:
            for container in _started_by(therapy, entry):
                if container.purpose in window.purposes and container.state in LIVING:
                    _start(container, window.id, entry)


def _started_by(therapy: Therapy, entry: Entry) -> list[Container]:
    return _containers(therapy, entry.values.get("outputs", entry.values.get("containers", ())))


def _ended_by(therapy: Therapy, entry: Entry) -> list[Container]:
    if entry.kind == "containers.transformed" and not entry.values.get("consumed", True):
        return []  # what is left of them still has to be used in time
    return _containers(therapy, entry.values.get("inputs", entry.values.get("containers", ())))


def _start(container: Container, window: str, entry: Entry) -> None:
    if window not in container.starts or window in container.ends:
        container.starts[window] = (entry.id, entry.occurred_at, entry.uncertainty)
        container.ends.pop(window, None)
