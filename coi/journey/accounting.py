"""Accounting for labels: where every print of a therapy is, and what a pathway asks of those who print and destroy.

    issued = applied (also: superseded in its place) + destroyed (also: voided) + returned unused + open

A print is *open* until somebody proved where it is: it was issued, perhaps sent to a printer, and nobody has scanned it
back, destroyed it or brought it back. Nobody states that a label was printed; only its scan proves it. Labels of other
makers are not ours to account for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from coi.journey.steps import Purpose
from coi.journey.therapy import Container, Label, Therapy

FOREIGN = "foreign"  # the template of another maker's label
GONE = frozenset({"voided", "destroyed", "returned"})  # a label in one of these states identifies nothing
HELD_UP = frozenset(
    {"shipment.packed", "lot.started", "containers.transformed", "containers.released", "therapy.closed"}
)
"""The steps that open labels may hold up, where the pathway says so. None of them saves cells."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """What a pathway asks about labels; without a word of it nothing more than the rules that hold everywhere."""

    second_person: bool = False  # another person signs each further copy
    witness: bool = False  # whoever declares a copy destroyed names another person who saw it
    reconciled_before: tuple[str, ...] = ()  # the steps that wait until no label is open


def read_labelling(table: Any, faults: list[str]) -> Labelling:
    """Return what the table [labelling] of a pathway says, and add a sentence to `faults` for each mistake."""
    if not isinstance(table, dict):
        faults.append("'labelling' must be a table.")
        return Labelling()
    known = ("reconciled_before", "second_person", "witness")
    faults += [f"labelling: unknown key '{key}'; known are {', '.join(known)}." for key in table if key not in known]
    flags = {name: table.get(name, False) for name in ("second_person", "witness")}
    faults += [f"labelling: '{name}' must be true or false." for name, on in flags.items() if not isinstance(on, bool)]
    return Labelling(flags["second_person"] is True, flags["witness"] is True, _held_up(table, faults))


def _held_up(table: Mapping[str, Any], faults: list[str]) -> tuple[str, ...]:
    named = table.get("reconciled_before", [])
    if not isinstance(named, list) or not all(isinstance(kind, str) and kind in HELD_UP for kind in named):
        faults.append(f"labelling: 'reconciled_before' must be a list of steps among {', '.join(sorted(HELD_UP))}.")
        return ()
    return tuple(named)


@dataclass(frozen=True, slots=True)
class Account:
    """The labels of one container by what became of them; each is a list of serials, in the order of issue."""

    container: str
    purpose: Purpose
    lot: str | None
    applied: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)
    destroyed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def issued(self) -> int:
        """Return how many labels were issued for the container."""
        return sum(len(serials) for serials in self.fates.values())

    @property
    def fates(self) -> dict[str, list[str]]:
        """Return the serials by what became of the labels."""
        return {name: getattr(self, name) for name in FATES}

    def as_json(self) -> dict[str, Any]:
        """Return where the labels are: how many were issued, and the serials by what became of them."""
        told = {"container": self.container, "purpose": self.purpose.value, "lot": self.lot}
        return {**told, "issued": self.issued, **self.fates}


FATES = ("applied", "superseded", "voided", "destroyed", "returned", "open")


def accounts(therapy: Therapy) -> list[Account]:
    """Return the account of every container for which a label was issued, in the order of the plan."""
    found: dict[str, Account] = {}
    for label in therapy.labels.values():
        container = therapy.containers.get(label.container)
        if container is not None and label.template != FOREIGN:
            account = found.setdefault(container.id, Account(container.id, container.purpose, container.lot))
            account.fates["open" if label.state == "issued" else label.state].append(label.serial)
    return [found[id_] for id_ in therapy.containers if id_ in found]


def open_labels(therapy: Therapy, containers: Collection[Container]) -> list[Label]:
    """Return the open labels of `containers` and of everything in their lots."""
    ids, lots = {container.id for container in containers}, {container.lot for container in containers} - {None}
    concerned = [one for one in accounts(therapy) if one.container in ids or one.lot in lots]
    return [therapy.labels[serial] for account in concerned for serial in account.open]


def copies(therapy: Therapy, *, container: str | None, position: str | None) -> list[Label]:
    """Return every label that was issued for one place of one container, whatever became of it."""
    return [label for label in therapy.labels.values() if (label.container, label.position) == (container, position)]
