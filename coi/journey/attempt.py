"""The question and the answer: what somebody wants to record, in which situation, and what was found.

`Case` gathers what the rules look at; it adds nothing that the log and the scans do not say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from coi.journey.entry import Tense, instant
from coi.journey.pathway import Pathway
from coi.journey.steps import Family, Meaning, Role, StepKind
from coi.journey.therapy import Container, Handoff, Shipper, Therapy


@dataclass(frozen=True, slots=True)
class ResolvedScan:
    """One scan after it was looked up.

    `subject` is the id of what it names, None when it is not known here or names several patients. For a container
    that was read by one of its labels `label` is that label's serial. `commitment` stands for text kept in the vault.
    """

    role: str
    type: str  # container, label, shipper, patient, location, seal, therapy, unknown, or unlisted: a code that is new
    subject: str | None
    via: str
    therapy: str | None = None
    container: str | None = None
    label: str | None = None
    commitment: str | None = None
    judged: str | None = None  # a signed label that is not believed: altered, forged, retired, not_in_log, contradicts

    def as_json(self) -> dict[str, Any]:
        """Return what the entry keeps of this scan."""
        kept = {"role": self.role, "subject": self.subject, "via": self.via}
        extra = {"label": self.label, "commitment": self.commitment, "judged": self.judged}
        return kept | {key: value for key, value in extra.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the roles that person has at each organisation, and the one acted for now."""

    person: str
    grants: Mapping[str, frozenset[Role]]
    site: str = ""
    role: str = ""

    def as_json(self) -> dict[str, str | None]:
        """Return what the entry keeps of the actor."""
        return {"person": self.person, "site": self.site or None, "role": self.role or None}


@dataclass(frozen=True, slots=True)
class Addressee:
    """To whom something is offered: an organisation, or a person who belongs to organisations."""

    code: str
    type: str  # organisation | person
    organisation: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature under the attempt: who, with what meaning, when; and the roles that the person holds where."""

    person: str
    meaning: Meaning
    at: datetime
    grants: Mapping[str, frozenset[Role]]

    def as_json(self) -> dict[str, str]:
        """Return what the entry keeps of the signature; it stands inside the leaf, and cannot be moved to another."""
        return {"person": self.person, "meaning": self.meaning.value, "at": instant(self.at)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What somebody wants to record."""

    id: str
    row: StepKind
    actor: Actor
    tense: Tense
    occurred_at: datetime
    offset: int = 0
    zone: str | None = None
    uncertainty: int = 0
    scans: tuple[ResolvedScan, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    note: str | None = None
    performed_by: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    device: Mapping[str, Any] | None = None
    addressee: Addressee | None = None
    signed: tuple[Signed, ...] = ()

    def scanned(self, role: str) -> tuple[ResolvedScan, ...]:
        """Return the scans in `role`."""
        return tuple(scan for scan in self.scans if scan.role == role)

    @property
    def performer(self) -> str:
        """Return the person who did it: named, or else the one who records."""
        return self.performed_by[0] if self.performed_by else self.actor.person

    @property
    def on_paper(self) -> bool:
        """Tell whether it is a paper record that is entered afterwards."""
        return self.tense is Tense.REPORTED and (
            bool(self.documents) or any(scan.via == "paper" for scan in self.scans)
        )


class Severity(StrEnum):
    """How much a finding weighs for the step at hand."""

    STOP = "stop"
    CAUTION = "caution"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule found. Without a `severity` of its own, the step's row decides between stop and caution."""

    family: Family
    message: str
    got: str
    expected: str
    containers: tuple[str, ...] = ()
    severity: Severity | None = None
    holds: bool = False  # as a caution, it puts the named containers on hold


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, for or against, named by its rule."""

    rule: str
    family: Family
    severity: Severity
    message: str
    got: str
    expected: str
    containers: tuple[str, ...] = ()
    holds: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the finding as entry, API and screen show it."""
        return {
            "rule": self.rule,
            "family": self.family.value,
            "severity": self.severity.value,
            "message": self.message,
            "got": self.got,
            "expected": self.expected,
            "facts": {"containers": list(self.containers)},
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings of one decision; allowed when none of them is a stop."""

    findings: tuple[Finding, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        """Return the findings that stop the step."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.STOP)

    @property
    def allowed(self) -> bool:
        """Tell whether nothing stops the step."""
        return not self.stops


@dataclass(frozen=True, slots=True)
class Outdated:
    """A label in use that says something else than a new one would: what it was printed for, and what is true."""

    serial: str
    container: str
    printed: str
    now: str


@dataclass(slots=True, kw_only=True)
class Case:
    """One attempt in its situation. `at` is the deciding time.

    What no stream of the step tells is looked up before: the second shipper, how many other patients have a like name,
    which scanned positions are taken by what, in which country the person acts, the sites of a named organisation, what
    the law of labels makes a new label say (`prints`) and which labels in use say something else.
    """

    attempt: Attempt
    therapy: Therapy | None
    pathway: Pathway | None
    shipper: Shipper | None
    at: datetime
    containers: tuple[Container, ...] = ()  # of this therapy, that the step acts on
    inputs: tuple[Container, ...] = ()
    outputs: tuple[Container, ...] = ()
    offer: Handoff | None = None
    offers: tuple[Handoff, ...] = ()
    other_shipper: Shipper | None = None
    namesakes: int = 0
    taken: Mapping[str, str] = field(default_factory=dict)  # position -> container that is there
    country: str | None = None
    prints: Mapping[str, str | int] = field(default_factory=dict)
    outdated: tuple[Outdated, ...] = ()

    @property
    def row(self) -> StepKind:
        """Return the registry row of the step."""
        return self.attempt.row

    @property
    def kind(self) -> str:
        """Return the kind of the step."""
        return self.attempt.row.kind
