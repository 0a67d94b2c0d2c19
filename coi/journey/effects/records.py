"""What holds, deviations, documents, acknowledgements and thresholds change."""

from coi.journey.effects.common import acted_on
from coi.journey.entry import Entry
from coi.journey.therapy import Deviation, Document, Therapy


def hold_placed(therapy: Therapy, entry: Entry) -> None:
    """Hold the named containers."""
    for container in acted_on(therapy, entry):
        container.holds[entry.id] = entry.reason or ""


def hold_lifted(therapy: Therapy, entry: Entry) -> None:
    """Lift the named hold, or every hold, of the named containers."""
    named = entry.values.get("hold")
    for container in acted_on(therapy, entry):
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
        for container in acted_on(therapy, entry):
            container.holds[entry.id] = "deviation"


def attached(therapy: Therapy, entry: Entry) -> None:
    """Add a document; the one that it supersedes stays."""
    values = entry.values
    therapy.documents[values["sha256"]] = Document(values["sha256"], values["kind"], entry.id, values.get("about"))
    older = therapy.documents.get(values.get("supersedes") or "")
    if older is not None:
        older.superseded_by = values["sha256"]


def acknowledged(therapy: Therapy, entry: Entry) -> None:
    """Remember that a performer stands by what was entered in his name."""
    therapy.acknowledged.setdefault(entry.values["entry"], []).append(entry.actor["person"] or "")


def threshold(therapy: Therapy, entry: Entry) -> None:
    """Remember which threshold of a clock the log knows, and for which moment."""
    said = (entry.kind.partition(".")[2], entry.occurred_at)
    therapy.thresholds.setdefault(entry.values["clock"], []).append(said)


EFFECTS = {
    "hold.placed": hold_placed,
    "hold.lifted": hold_lifted,
    "deviation.opened": deviation_opened,
    "document.attached": attached,
    "entry.acknowledged": acknowledged,
    "window.warned": threshold,
    "window.breached": threshold,
    "window.withdrawn": threshold,
}
