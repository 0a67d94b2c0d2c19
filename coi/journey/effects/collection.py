"""What steps change about containers that are planned, their labels and the collection."""

from collections.abc import Mapping
from typing import Any

from coi.journey.donor import read_tests
from coi.journey.effects.common import acted_on, acting
from coi.journey.entry import Entry
from coi.journey.steps import Purpose, State
from coi.journey.therapy import Container, Custodian, Label, Place, Therapy


def planned(therapy: Therapy, entry: Entry) -> None:
    """Add planned containers, numbered within their purpose."""
    values = entry.values
    purpose = Purpose(values["purpose"])
    nothing = [None] * len(values["containers"])
    parts = zip(values.get("components", nothing), values.get("strengths", nothing), strict=True)
    for id_, dose, (component, strength) in zip(values["containers"], values["doses"], parts, strict=True):
        therapy.containers[id_] = Container(
            id=id_,
            purpose=purpose,
            number=len(therapy.of_purpose(purpose)) + 1,
            dose=dose,
            state=State.PLANNED,
            custodian=Custodian(entry.actor["site"] or "", None),
            place=Place("nowhere"),
            component=component,
            strength=strength,
        )


def adopted(therapy: Therapy, entry: Entry) -> None:
    """Add a container that another maker filled and labelled; its genealogy starts here."""
    planned(therapy, entry)
    for container in acted_on(therapy, entry):
        container.adopted = True
        container.holds[entry.id] = "adopted"  # until quality has looked at what is not held here
        fill(container, entry)
    label_issued(therapy, entry)
    therapy.labels[entry.values["label"]].state = "applied"


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
        tested=therapy.donor_tests(therapy.containers[values["container"]]),
        donor=therapy.donor(therapy.containers[values["container"]]),
        country=values.get("country"),
        law=values.get("law"),
        lot=values.get("printed_lot"),
        version=values.get("template_version", 1),
        issued_at=entry.recorded_at,
        entry=entry.id,
    )


def label_sent(therapy: Therapy, entry: Entry) -> None:
    """Remember the job: whether it came out is unknown until its end is told, also when nobody ever tells it."""
    label = therapy.labels.get(entry.values["label"])
    if label is not None:
        label.job, label.printer, label.sent = entry.id, entry.values["printer"], "unknown"


def print_ended(therapy: Therapy, entry: Entry) -> None:
    """Remember what the printer made of the job; what is told of an earlier job counts no more."""
    label = therapy.labels.get(entry.values["label"])
    if label is not None and label.job == entry.values["job"]:
        label.sent = entry.values["state"]


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


def label_destroyed(therapy: Therapy, entry: Entry) -> None:
    """Take a label out of the world that was not in use, or whose voided copy was still there."""
    label = therapy.labels.get(entry.values["label"] or "")
    if label is not None:
        label.state = "destroyed"


def label_returned(therapy: Therapy, entry: Entry) -> None:
    """Take an unused label back; it cannot be applied any more."""
    label = therapy.labels.get(entry.values["label"] or "")
    if label is not None and label.state == "issued":
        label.state = "returned"


def label_superseded(therapy: Therapy, entry: Entry) -> None:
    """Leave the label on its container: it still identifies it, with a caution."""
    label = therapy.labels.get(entry.values["label"] or "")
    if label is not None and label.state == "applied":
        label.state = "superseded"


def reidentified(therapy: Therapy, entry: Entry) -> None:
    """Supersede the label that cannot be read; the others that spoke for the container stay in force."""
    scanned = set(entry.subjects("label"))
    for label in therapy.labels.values():
        mine = label.container == entry.values["container"] and label.position in ("bag", "tube")
        if mine and label.state == "applied" and label.serial not in scanned:
            label.state = "superseded"


def started(therapy: Therapy, entry: Entry) -> None:
    """Open a donation."""
    therapy.donation, therapy.paused = entry.values["donation"], False
    therapy.donations.append(entry.values["donation"])


def filled(therapy: Therapy, entry: Entry) -> None:
    """Fill the scanned containers from the open donation, which goes on."""
    for container in acted_on(therapy, entry):
        fill(container, entry)
        container.donation = entry.values["donation"]


def completed(therapy: Therapy, entry: Entry) -> None:
    """Fill the scanned containers from the open donation and close it."""
    filled(therapy, entry)
    therapy.donation, therapy.paused = None, False


def paused(therapy: Therapy, entry: Entry) -> None:
    """Interrupt the open donation, for minutes or until another day."""
    therapy.paused = entry.kind == "collection.paused"


def tested(therapy: Therapy, entry: Entry) -> None:
    """Remember what the donor's tests came to; labels that are issued from now on say it."""
    for about in tested_about(therapy, entry.values):
        therapy.tested[about] = read_tests(entry.values)


def tested_about(therapy: Therapy, values: Mapping[str, Any]) -> list[str]:
    """Return what a result is about: the named donation, the latest one, or the therapy before there is any."""
    donation = values.get("donation")
    return [donation] if donation else therapy.donations[-1:] or [therapy.coi]


def fill(container: Container, entry: Entry) -> None:
    """Put cells into a container, in the hands of whoever did it."""
    container.state = State.FILLED
    container.custodian = acting(entry)
    container.place = Place("hand")
    container.filling = entry.values.get("filling", container.filling)
    container.volume_ml = entry.values.get("volume_ml", container.volume_ml)
    container.filled_at = entry.occurred_at


EFFECTS = {
    "container.planned": planned,
    "container.adopted": adopted,
    "label.issued": label_issued,
    "label.applied": label_applied,
    "label.voided": label_voided,
    "label.superseded": label_superseded,
    "label.destroyed": label_destroyed,
    "label.returned": label_returned,
    "label.sent": label_sent,
    "print.ended": print_ended,
    "container.reidentified": reidentified,
    "collection.started": started,
    "container.filled": filled,
    "collection.completed": completed,
    "collection.aborted": completed,
    "collection.paused": paused,
    "collection.resumed": paused,
    "donor.tested": tested,
}
