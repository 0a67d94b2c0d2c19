"""What a row of the registry can say: the words that steps, scans, states and signatures are told in.

The rows themselves stand in the modules beside this one, by theme; `coi.journey.steps` puts them together.
"""

from dataclasses import dataclass
from enum import StrEnum

from coi.journey.values import Field


class Family(StrEnum):
    """The families of findings."""

    IDENTITY = "identity"
    CUSTODY = "custody"
    AUTHORITY = "authority"
    STAGE = "stage"
    HOLD = "hold"
    RELEASE = "release"
    CLOCK = "clock"
    COUNT = "count"
    TEMPERATURE = "temperature"
    SIGNATURE = "signature"


class Role(StrEnum):
    """What a person may be at a site or courier company."""

    NURSE = "nurse"
    COURIER = "courier"
    RECEIVER = "receiver"
    OPERATOR = "operator"
    QUALITY = "quality"
    INFUSION = "infusion"
    PHYSICIAN = "physician"
    COORDINATOR = "coordinator"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Purpose(StrEnum):
    """What a container is for."""

    STARTING_MATERIAL = "starting_material"
    IN_PROCESS = "in_process"
    QC_SAMPLE = "qc_sample"
    RETENTION = "retention"
    DOSE = "dose"
    RESCUE = "rescue"


class State(StrEnum):
    """The life of a container."""

    PLANNED = "planned"
    LABELLED = "labelled"
    FILLED = "filled"
    THAWING = "thawing"
    INFUSING = "infusing"
    STOPPED = "stopped"
    MISSING = "missing"
    CONSUMED = "consumed"
    INFUSED = "infused"
    DISCARDED = "discarded"
    RETURNED = "returned"
    UNUSED = "unused"


HOLDS_CELLS = frozenset({State.FILLED, State.THAWING, State.INFUSING, State.STOPPED})
LIVING = HOLDS_CELLS | {State.MISSING}
EMPTY = frozenset({State.PLANNED, State.LABELLED})


class ScanRole(StrEnum):
    """What a scan is meant to be."""

    WRISTBAND = "wristband"
    CONTAINER = "container"
    LABEL = "label"
    SHIPPER = "shipper"
    SEAL = "seal"
    LOCATION = "location"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Scan:
    """How often a role is scanned in one step, and what the person is told."""

    role: ScanRole
    minimum: int
    maximum: int
    text: str


class Meaning(StrEnum):
    """What a signature says."""

    PERFORMED = "performed"
    VERIFIED = "verified"
    APPROVED = "approved"
    RELEASED = "released"
    ACCEPTED = "accepted"
    TRANSCRIBED = "transcribed"
    CHECKED = "checked_against_paper"


@dataclass(frozen=True, slots=True)
class Signing:
    """How many people have to sign a step with one meaning, and who of them may."""

    meaning: Meaning
    count: int = 1
    who: frozenset[Role] | None = None  # None: anybody of a party of the therapy
    by: str = "party"  # actor: the one who performs it | party | site: the treating site | to: the site that is named


TWO_PEOPLE = (Signing(Meaning.PERFORMED, by="actor"), Signing(Meaning.VERIFIED))
PAPER = (Signing(Meaning.TRANSCRIBED), Signing(Meaning.CHECKED))


class Agree(StrEnum):
    """Which identifiers have to agree. Each pair is held by one rule, named in `coi.journey.rules.AGREEMENTS`."""

    WRISTBAND = "wristband = enrolled patient"
    THERAPY = "container = this therapy's"
    PURPOSE = "container = purpose of the step"
    LABEL = "label = container it was issued for"
    LABEL_IN_FORCE = "label = label in force"
    ONE_THERAPY = "shipper contents = one therapy"
    SEAL = "seal = seal recorded at dispatch"
    OFFERED = "containers = containers offered"
    PACKED = "containers = containers packed"
    LOT = "container = this lot's"
    DOSE = "container = the dose that is due"
    RELEASE = "container = named by the release in force"
    CHECKS = "container and patient = both bedside checks"
    OTHER_LABELS = "cassette or certificate = container"
    LOCATION = "location = where it is stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """One row of the registry; `coi.journey.steps` says what it is for."""

    kind: str
    title: str
    who: frozenset[Role]
    stops: frozenset[Family]
    scans: tuple[Scan, ...] = ()
    one_of: tuple[ScanRole, ...] = ()  # at least one scan in one of these roles
    values: tuple[Field, ...] = ()
    signatures: tuple[Signing, ...] = ()
    agree: tuple[Agree, ...] = ()
    states: frozenset[State] | None = None  # container states the step accepts; None: any
    purposes: frozenset[Purpose] | None = None  # container purposes the step accepts; None: any
    makes: frozenset[Purpose] | None = None  # purposes that may be filled by the step; None: it fills nothing new
    to: State | None = None  # the state that the containers come to
    place: str | None = None  # where they come to: hand, location, gone; None: they stay where they are
    hands_on: bool = False  # the person must stand for the custodian of what is scanned
    by_name: bool = False  # containers may be named in the values instead of scanned
    always: bool = False  # belongs to every pathway and needs no stage
    after_end: bool = False  # may be taken when the therapy was closed
    forward: bool = False  # brings the therapy on; not while it is postponed
    reason: bool = False  # a coded reason is required
    without_therapy: bool = False  # may be about a shipper that carries nothing yet
    of_shipper: bool = False  # the shipper's own stream keeps it too
    every_therapy: bool = False  # one scan list may hold containers of several therapies
    adopts: bool = False  # a label of somebody else may be scanned as the container's
    treating: bool = False  # only for people of the treating site
    alerts: bool = False  # other patients with a like name are pointed out
    route: str = "steps"  # steps | therapies | labels | documents | system
    reported_by: frozenset[str] = frozenset({"offline", "paper"})  # empty: can never be reported
    correction_people: int = 1
    v: int = 1
