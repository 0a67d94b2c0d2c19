"""The state of one therapy and of one shipper, as `coi.journey.fold` derives it from their entries.

These are plain values. Nothing here decides, reads or writes; the log is the truth and this is what it amounts to.
A value is built by one fold and not changed afterwards.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from coi.journey.donor import DonorTests, taken_together
from coi.journey.steps import EMPTY, LIVING, Purpose, State


@dataclass(slots=True)
class Custodian:
    """Who is accountable now: a site or courier company, and the person once one is known."""

    organisation: str
    person: str | None


@dataclass(slots=True)
class Place:
    """Where a thing is: `kind` is nowhere, hand, shipper, location, unknown or gone; `id` names shipper or location."""

    kind: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A release: provisional, final or out of specification, for one country or site only where it says so."""

    status: str
    country: str | None = None
    site: str | None = None
    since: datetime | None = None
    until: datetime | None = None  # it was revoked, or a refusal followed

    def covers(self, *, site: str, country: str | None) -> bool:
        """Tell whether it counts at `site`, which lies in `country`."""
        return self.site in (None, site) and self.country in (None, country)

    def holds_at(self, at: datetime) -> bool:
        """Tell whether it was in force at a moment."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(slots=True)
class Container:
    """A physical thing with a label."""

    id: str
    purpose: Purpose
    number: int  # n of m among the containers of the same purpose
    dose: int | None
    state: State
    custodian: Custodian
    place: Place
    donation: str | None = None
    lot: str | None = None
    parents: tuple[str, ...] = ()
    rescues: Purpose | None = None  # of a rescue container: what its cells were for
    thawed: bool = False
    holds: dict[str, str] = field(default_factory=dict)  # entry that placed it -> reason code
    releases: dict[str, Release] = field(default_factory=dict)  # entry that released it -> what it says
    ended: list[Release] = field(default_factory=list)  # releases that were in force before
    taken_back: str | None = None  # the kind of the entry that last refused or revoked its release
    starts: dict[str, tuple[str, datetime, int]] = field(default_factory=dict)  # window -> entry, moment, uncertainty
    ends: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # window -> entry, moment
    spent: dict[str, int] = field(default_factory=dict)  # window that adds up -> seconds of its earlier runs
    component: str | None = None  # of the dose: CD8, CD4
    strength: str | None = None
    filling: str = "full"  # or partial
    volume_ml: str | None = None
    filled_at: datetime | None = None
    lost_ml: str | None = None
    damage: str | None = None
    adopted: bool = False  # its history before is not held here
    disposition: str | None = None  # what the closing of the therapy demands for it: discard, give_back, keep
    before: State | None = None  # it went missing

    @property
    def cells(self) -> Purpose:
        """Return what its cells are for: of a rescue container that is what they were for before."""
        return self.rescues or self.purpose

    @property
    def living(self) -> bool:
        """Tell whether it holds cells that can still come to harm."""
        return self.state in LIVING


@dataclass(slots=True)
class Label:
    """One print. `state` is issued, applied, superseded, voided, destroyed or returned.

    `sent` is what is known of its print job: never (no job), unknown (until its end is told), sent or failed.
    """

    serial: str
    container: str
    template: str
    position: str
    generation: int
    state: str
    tested: str = "unknown"  # what was known of the donor's tests when it was issued
    sent: str = "never"
    job: str | None = None  # the entry that sent it last
    printer: str | None = None
    donor: DonorTests = field(default_factory=DonorTests)  # the same with everything that a statement can depend on
    country: str | None = None  # whose words it says, where the law of labels decides them
    law: str | None = None  # version of that law
    lot: str | None = None  # that it names
    version: int = 1  # of the template
    issued_at: datetime | None = None
    entry: str = ""  # that issued it


@dataclass(slots=True)
class Handoff:
    """A two-sided transfer. `state` is open, accepted, remarks, refused, cancelled or one_sided."""

    id: str
    containers: tuple[str, ...]
    shipper: str | None
    giver: Custodian
    to: str
    to_type: str  # organisation | person
    offered_at: datetime
    state: str = "open"
    taker: Custodian | None = None
    organisation: str = ""  # of the addressee


@dataclass(slots=True)
class Check:
    """One person's bedside check: whose wristband and which containers that person scanned."""

    entry: str
    person: str
    patient: str | None
    containers: frozenset[str]
    at: datetime


@dataclass(slots=True)
class Lot:
    """One manufacturing attempt."""

    id: str
    inputs: tuple[str, ...]
    donations: tuple[str, ...]
    organisation: str
    terminated: str | None = None  # the reason


@dataclass(slots=True)
class Deviation:
    """Something that was not as it should be: which rules said so, because of which entry, for which containers."""

    id: str
    because: str
    rules: tuple[str, ...]
    containers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """What is remembered of one entry, so that it can be judged when somebody wants to correct it."""

    entry: str
    kind: str
    done: bool
    recorded_at: datetime
    performers: tuple[str, ...]
    containers: frozenset[str]  # that it acted on, filled or planned
    fills: frozenset[str]  # the containers among them that it planned or filled
    names: frozenset[str]  # the other ids that its values hold: label, lot, donation, offer, hold
    shippers: tuple[str, ...]


@dataclass(slots=True)
class Correction:
    """The corrections asked for one entry: who asked what; in force once enough people did."""

    target: str
    kind: str
    entries: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    digest: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    in_force: bool = False
    standing: "Correction | None" = None  # the replacement that counts until this annulment is in force

    @property
    def final(self) -> bool:
        """Tell whether nothing can be said against it any more: what was replaced can still be annulled."""
        return self.in_force and self.kind == "entry.annulled"


@dataclass(slots=True)
class Document:
    """A file that belongs to the therapy, by the SHA-256 of its bytes."""

    sha256: str
    kind: str
    entry: str
    about: str | None
    superseded_by: str | None = None


@dataclass(slots=True)
class Therapy:
    """Everything that is known about one therapy."""

    coi: str
    pathway: str = ""  # digest of the pathway's bytes
    pathway_name: str = ""
    site: str = ""
    patient: str = ""
    enrolled_at: datetime | None = None
    closed: str | None = None
    owner: str | None = None  # of a closed therapy: who sees to what is left of it
    postponed: str | None = None  # the reason, while it is postponed
    parties: set[str] = field(default_factory=set)
    plan: dict[str, dict[str, str | None]] = field(default_factory=dict)
    verified: tuple[str, datetime] | None = None
    donation: str | None = None  # the open donation
    paused: bool = False  # the open donation
    donations: list[str] = field(default_factory=list)
    tested: dict[str, DonorTests] = field(default_factory=dict)  # donation -> result of the donor's tests
    kits: list[str] = field(default_factory=list)  # what happened to collection kits: sent, intact, damaged
    asked_for: dict[str, str] = field(default_factory=dict)  # container -> the physician's request, an entry
    infused_at: dict[int, datetime] = field(default_factory=dict)  # dose -> the start of its first infusion
    documents: dict[str, Document] = field(default_factory=dict)
    acknowledged: dict[str, list[str]] = field(default_factory=dict)  # entry -> performers who acknowledged it
    stage: int = 0  # of the pathway, the furthest that was reached
    lots: dict[str, Lot] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    handoffs: dict[str, Handoff] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    deviations: dict[str, Deviation] = field(default_factory=dict)
    corrections: dict[str, Correction] = field(default_factory=dict)
    thresholds: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)  # clock id -> what was told, when
    acts: dict[str, Act] = field(default_factory=dict)  # entry id -> what it did, of every entry in the stream
    kinds: dict[str, str] = field(default_factory=dict)  # entry id -> kind, of every entry in the stream
    last_kind: str = ""
    seq: int = 0
    changed_at: datetime | None = None

    @property
    def begun(self) -> bool:
        """Tell whether anything happened to the patient's cells or the patient since the enrolment."""
        return self.verified is not None or bool(self.donations) or any(c.living for c in self.containers.values())

    def in_shipper(self, shipper: str) -> tuple[str, ...]:
        """Return the containers that are inside `shipper`."""
        return tuple(c.id for c in self.containers.values() if c.place.kind == "shipper" and c.place.id == shipper)

    def of_purpose(self, purpose: Purpose) -> list[Container]:
        """Return the containers planned for `purpose`, in their order."""
        return [c for c in self.containers.values() if c.purpose is purpose]

    def live_label(self, container: str) -> Label | None:
        """Return the applied label of `container`, or the newest issued one, or None."""
        own = [label for label in self.labels.values() if label.container == container]
        applied = [label for label in own if label.state == "applied"]
        issued = [label for label in own if label.state == "issued"]
        found = applied or issued
        return found[-1] if found else None

    def open_handoffs(self, *, shipper: str | None = None, containers: frozenset[str] = frozenset()) -> list[Handoff]:
        """Return the open offers that cover the scanned `shipper` or any of the scanned `containers`."""
        return [
            offer
            for offer in self.handoffs.values()
            if offer.state == "open"
            and ((shipper and offer.shipper == shipper) or containers & frozenset(offer.containers))
        ]

    def due_dose(self) -> int | None:
        """Return the number of the dose that is to be given next, or None when none is left."""
        return min((c.dose for c in self.doses_left() if c.dose is not None), default=None)

    def doses_left(self) -> list[Container]:
        """Return the containers of the dose plan that can still be given, in the order of the plan."""
        able = EMPTY | {State.FILLED, State.THAWING, State.INFUSING}
        left = [c for c in self.containers.values() if c.dose is not None and c.state in able]
        return sorted(left, key=lambda c: (c.dose or 0, c.number))

    def donor_tests(self, container: Container | None = None) -> str:
        """Return what is known of the donor's tests for `container`: unknown, not_tested, negative or reactive."""
        donations = [container.donation] if container and container.donation else self.donations
        known = [self.tested[donation].result for donation in donations if donation in self.tested]
        return next((result for result in ("reactive", "not_tested", "negative") if result in known), "unknown")

    def donor(self, container: Container | None = None) -> DonorTests:
        """Return everything that is known of the donor's tests for `container`: of its donation, or of all of them.

        A result from before the first donation counts for a donation until it has its own.
        """
        donations = [container.donation] if container and container.donation else self.donations or [self.coi]
        early = self.tested.get(self.coi, DonorTests())
        return taken_together(self.tested.get(donation, early) for donation in donations)


@dataclass(slots=True)
class Shipper:
    """A transport unit with a life of its own. `state` is new, charged, sealed, unsealed, opened or returned."""

    id: str
    state: str = "new"
    custodian: Custodian | None = None
    charged_at: datetime | None = None
    hold_hours: int | None = None
    seals: tuple[str, ...] = ()
    contents: dict[str, str] = field(default_factory=dict)  # container -> therapy
    logger: str | None = None  # the running logger, as a keyed token
    bound_for: str | None = None
    delayed_until: str | None = None
    unattended: list[str] = field(default_factory=list)  # the entries that report legs that nobody attended
    seq: int = 0
