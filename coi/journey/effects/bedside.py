"""What steps change at the bedside, beyond the states that their rows name."""

from coi.journey.effects.common import acted_on, acting, as_the_row_says
from coi.journey.entry import Entry
from coi.journey.therapy import Check, Therapy


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
    """Connect the containers to the patient; the first of a dose says when the dose was given."""
    as_the_row_says(therapy, entry)
    for container in acted_on(therapy, entry):
        if container.dose is not None:
            therapy.infused_at.setdefault(container.dose, entry.occurred_at)


EFFECTS = {
    "infusion.checked": checked,
    "infusion.started": infusion_started,
}
