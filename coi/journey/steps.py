"""STEPS: the registry of everything that can be recorded, one row a kind.

A row says who may take the step, what is scanned, which identifiers must agree, which values it carries, in which
state its containers may be and come to be, and which families of findings STOP it. A finding of any other family is a
caution: it is shown, it opens a deviation, and the step goes through. Decision 3 of the design in one table:

* saving cells (accept, receive, unpack, store, return, discard, place a hold) is never stopped by hold, clock, count,
  release or temperature;
* identity stops label, pack, transform, thaw, check and infuse, and nothing overrides it;
* hold, clock and release stop manufacturing, release, thaw and infusion.

A new kind of step is one row here, an effect in `fold.py` if it changes anything, and at most one rule in `rules.py`.
The rows decide nothing themselves.
"""

from dataclasses import dataclass
from enum import StrEnum

from coi.journey.identity import RefType
from coi.journey.values import Amount, Choice, Code, EntryId, Field, Flag, Identifier, Inner, Moment, Several, Whole


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
    CONSUMED = "consumed"
    INFUSED = "infused"
    DISCARDED = "discarded"
    UNUSED = "unused"


LIVING = frozenset({State.FILLED, State.THAWING, State.INFUSING})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """One row of the registry; see the module's docstring."""

    kind: str
    title: str
    who: frozenset[Role]
    stops: frozenset[Family]
    scans: tuple[Scan, ...] = ()
    one_of: tuple[ScanRole, ...] = ()  # at least one scan in one of these roles
    values: tuple[Field, ...] = ()
    agree: tuple[str, ...] = ()
    states: frozenset[State] | None = None  # container states the step accepts; None: any
    purposes: frozenset[Purpose] | None = None  # container purposes the step accepts; None: any
    makes: frozenset[Purpose] | None = None  # purposes that may be filled by the step; None: it fills nothing new
    to: State | None = None
    hands_on: bool = False  # the person must stand for the custodian of what is scanned
    always: bool = False  # belongs to every pathway and needs no stage
    reason: bool = False  # a coded reason is required
    route: str = "steps"  # steps | therapies | labels | system
    reported_by: frozenset[str] = frozenset({"offline", "paper"})  # empty: can never be reported
    correction_people: int = 1
    v: int = 1


_F = Family
_R = Role
_S = State
_P = Purpose
ALWAYS_STOPS = frozenset({_F.AUTHORITY})
MOVES = ALWAYS_STOPS | {_F.CUSTODY}
SAVES = MOVES | {_F.STAGE}
IDENTIFIES = SAVES | {_F.IDENTITY, _F.SIGNATURE}
FULL = IDENTIFIES | {_F.HOLD, _F.CLOCK, _F.RELEASE}

CLINICAL = frozenset({_R.NURSE, _R.OPERATOR, _R.RECEIVER, _R.INFUSION, _R.QUALITY})
HANDLERS = frozenset({_R.NURSE, _R.OPERATOR, _R.RECEIVER, _R.INFUSION})
CARRIERS = HANDLERS | {_R.COURIER}
EVERYONE_AT_WORK = CARRIERS | {_R.QUALITY, _R.PHYSICIAN, _R.COORDINATOR}
NEVER_REPORTED: frozenset[str] = frozenset()
_GO_IN = frozenset({_P.STARTING_MATERIAL, _P.IN_PROCESS, _P.RESCUE})  # what is manufactured from

_WRISTBAND = Scan(ScanRole.WRISTBAND, 1, 1, "Scan the patient's wristband.")
_WRISTBAND_TOO = Scan(ScanRole.WRISTBAND, 0, 1, "Scan the patient's wristband if the patient is here.")
_CONTAINERS = Scan(ScanRole.CONTAINER, 1, 200, "Scan each container.")
_CONTAINERS_TOO = Scan(ScanRole.CONTAINER, 0, 200, "Scan each container that is handed over by itself.")
_ONE_CONTAINER = Scan(ScanRole.CONTAINER, 1, 1, "Scan the container.")
_SHIPPER = Scan(ScanRole.SHIPPER, 1, 1, "Scan the shipper.")
_SHIPPER_TOO = Scan(ScanRole.SHIPPER, 0, 1, "Scan the shipper; what is inside follows it.")
_SEALS_TOO = Scan(ScanRole.SEAL, 0, 4, "Scan each seal that is on the shipper.")
_SHIPPER_OR_CONTAINER = (ScanRole.SHIPPER, ScanRole.CONTAINER)
_CONTAINER_IDS = Several(
    name="containers",
    text="The containers, where they cannot be scanned.",
    of=Identifier(name="container", text="Container id.", type=RefType.CONTAINER),
)
_HANDOFF = EntryId(name="handoff", text="The offer's entry id; needed only when the scan fits several open offers.")
_VOLUME = Amount(name="volume_ml", text="Volume in millilitres.", high=100_000, unit="millilitres")
_LOT = Identifier(name="lot", text="The lot; needed only when several are open.", type=RefType.LOT)

_ROWS = (
    # --- the therapy and its patient
    StepKind(
        kind="therapy.enrolled",
        title="Enrol a therapy",
        who=frozenset({_R.COORDINATOR, _R.PHYSICIAN, _R.NURSE}),
        stops=IDENTIFIES,
        route="therapies",
        reported_by=NEVER_REPORTED,
        always=True,
        correction_people=2,
    ),
    StepKind(
        kind="therapy.closed",
        title="Close the therapy",
        who=frozenset({_R.COORDINATOR, _R.PHYSICIAN, _R.QUALITY}),
        stops=SAVES,
        always=True,
        values=(
            Choice(
                name="outcome",
                text="How the therapy ended.",
                required=True,
                options=("infused", "died", "withdrew", "ineligible", "manufacturing_failed", "moved"),
            ),
        ),
    ),
    StepKind(
        kind="patient.verified",
        title="Verify the patient",
        who=frozenset({_R.NURSE, _R.INFUSION, _R.PHYSICIAN}),
        stops=IDENTIFIES,
        scans=(_WRISTBAND,),
        agree=("wristband = enrolled patient",),
        correction_people=2,
        values=(
            Several(
                name="stated",
                text="The identifiers the patient stated unprompted.",
                low=2,
                high=5,
                of=Choice(
                    name="stated",
                    text="",
                    options=("name", "birth_date", "hospital_number", "address", "national_number"),
                ),
            ),
        ),
    ),
    # --- containers and labels
    StepKind(
        kind="container.planned",
        title="Plan containers",
        who=frozenset({_R.NURSE, _R.OPERATOR, _R.RECEIVER, _R.COORDINATOR}),
        stops=SAVES,
        correction_people=2,
        always=True,
        values=(
            Choice(name="purpose", text="What the containers are for.", required=True, options=tuple(Purpose)),
            Whole(name="count", text="How many containers.", low=1, high=50, default=1),
            Whole(name="dose", text="The dose they belong to; filled from the pathway when left out.", low=1, high=99),
        ),
    ),
    StepKind(
        kind="label.issued",
        title="Issue a label",
        who=frozenset({_R.NURSE, _R.OPERATOR, _R.RECEIVER, _R.INFUSION, _R.COORDINATOR}),
        stops=IDENTIFIES,
        route="labels",
        always=True,
        reported_by=NEVER_REPORTED,
        correction_people=2,
        states=frozenset({_S.PLANNED, _S.LABELLED, _S.FILLED, _S.THAWING}),
        values=(
            Identifier(name="container", text="The container the label is for.", required=True, type=RefType.CONTAINER),
            Code(name="template", text="The label template.", default="container-100x100", example="container-100x100"),
            Choice(
                name="position",
                text="Where on the container.",
                default="bag",
                options=("bag", "tie_tag", "cassette", "certificate", "tube"),
            ),
        ),
    ),
    StepKind(
        kind="label.applied",
        title="Apply a label (scan it back)",
        who=HANDLERS,
        stops=IDENTIFIES,
        always=True,
        states=frozenset({_S.PLANNED, _S.LABELLED, _S.FILLED, _S.THAWING}),
        scans=(
            Scan(ScanRole.LABEL, 1, 1, "Scan the label that was just stuck on."),
            Scan(ScanRole.CONTAINER, 0, 1, "Scan another code of the same container if it has one."),
            _WRISTBAND_TOO,
        ),
        agree=("label = container it was issued for", "wristband = enrolled patient"),
        correction_people=2,
        values=(Identifier(name="container", text="The container it was stuck on.", type=RefType.CONTAINER),),
    ),
    StepKind(
        kind="label.voided",
        title="Void a label",
        who=HANDLERS | {_R.QUALITY},
        stops=IDENTIFIES,
        always=True,
        reason=True,
        correction_people=2,
        scans=(Scan(ScanRole.LABEL, 0, 1, "Scan the old copy."),),
        values=(
            Identifier(name="label", text="The label's serial when the copy was destroyed.", type=RefType.LABEL),
            Flag(name="destroyed", text="The copy was destroyed."),
        ),
    ),
    # --- collection
    StepKind(
        kind="collection.started",
        title="Start the collection",
        who=frozenset({_R.NURSE}),
        stops=IDENTIFIES,
        scans=(_WRISTBAND,),
        agree=("wristband = enrolled patient",),
        correction_people=2,
    ),
    StepKind(
        kind="collection.completed",
        title="Complete the collection",
        who=frozenset({_R.NURSE}),
        stops=IDENTIFIES,
        scans=(_CONTAINERS, _WRISTBAND_TOO),
        states=frozenset({_S.LABELLED}),
        to=_S.FILLED,
        purposes=frozenset({_P.STARTING_MATERIAL, _P.RESCUE, _P.QC_SAMPLE, _P.RETENTION}),
        agree=("wristband = enrolled patient", "container = this therapy's"),
        correction_people=2,
        values=(_VOLUME,),
    ),
    # --- shippers
    StepKind(
        kind="shipper.charged",
        title="Charge a shipper",
        who=CARRIERS,
        stops=ALWAYS_STOPS | {_F.IDENTITY},
        always=True,
        scans=(Scan(ScanRole.SHIPPER, 0, 1, "Scan the shipper; without a scan it gets a new code of ours."),),
        values=(Whole(name="hold_hours", text="Hours for which the shipper keeps its temperature.", low=1, high=960),),
    ),
    StepKind(
        kind="shipper.sealed",
        title="Seal the shipper",
        who=CARRIERS,
        stops=MOVES,
        always=True,
        hands_on=True,
        scans=(_SHIPPER, Scan(ScanRole.SEAL, 1, 4, "Scan each seal that was put on.")),
        agree=("seal = seal recorded at dispatch",),
    ),
    StepKind(
        kind="shipment.packed",
        title="Pack containers into a shipper",
        who=HANDLERS,
        stops=IDENTIFIES,
        always=True,
        scans=(_SHIPPER, _CONTAINERS),
        states=LIVING,
        hands_on=True,
        correction_people=2,
        agree=("container = this therapy's", "shipper contents = one therapy"),
    ),
    StepKind(
        kind="shipment.unpacked",
        title="Unpack a shipper",
        who=HANDLERS,
        stops=SAVES,
        always=True,
        hands_on=True,
        correction_people=2,
        scans=(_SHIPPER, Scan(ScanRole.CONTAINER, 0, 200, "Scan each container that came out."), _SEALS_TOO),
        agree=("containers = containers packed", "seal = seal recorded at dispatch"),
    ),
    StepKind(
        kind="shipment.inspected",
        title="Inspect what arrived",
        who=CLINICAL,
        stops=SAVES,
        always=True,
        hands_on=True,
        correction_people=2,
        scans=(_CONTAINERS,),
        states=LIVING,
        values=(
            Choice(
                name="condition",
                text="The state of the containers.",
                default="intact",
                options=("intact", "damaged", "leaking"),
            ),
            Choice(
                name="temperature",
                text="What the logger shows.",
                default="in_range",
                options=("in_range", "excursion", "not_recorded"),
            ),
        ),
    ),
    # --- handoffs
    StepKind(
        kind="handoff.offered",
        title="Offer a handoff",
        who=CARRIERS | {_R.QUALITY},
        stops=SAVES,
        always=True,
        scans=(_SHIPPER_TOO, _CONTAINERS_TOO, _SEALS_TOO),
        one_of=_SHIPPER_OR_CONTAINER,
        states=LIVING | EMPTY,
        hands_on=True,
        correction_people=2,
        values=(Code(name="to", text="The organisation or the person it is offered to.", required=True),),
    ),
    StepKind(
        kind="handoff.accepted",
        title="Accept a handoff",
        who=CARRIERS | {_R.QUALITY},
        stops=SAVES,
        always=True,
        scans=(_SHIPPER_TOO, _CONTAINERS_TOO, _SEALS_TOO),
        one_of=_SHIPPER_OR_CONTAINER,
        correction_people=2,
        agree=("seal = seal recorded at dispatch", "containers = containers offered"),
        values=(
            _HANDOFF,
            Whole(name="containers_received", text="How many containers were counted.", low=0, high=200),
            Flag(name="remarks", text="Something is not as it should be; the scanned containers go on hold."),
        ),
    ),
    StepKind(
        kind="handoff.refused",
        title="Refuse a handoff",
        who=CARRIERS | {_R.QUALITY},
        stops=SAVES,
        always=True,
        reason=True,
        scans=(_SHIPPER_TOO, _CONTAINERS_TOO),
        values=(_HANDOFF,),
        correction_people=2,
    ),
    StepKind(
        kind="handoff.cancelled",
        title="Take back an offer",
        who=CARRIERS | {_R.QUALITY},
        stops=SAVES,
        always=True,
        reason=True,
        scans=(_SHIPPER_TOO, _CONTAINERS_TOO),
        values=(_HANDOFF,),
        correction_people=2,
    ),
    # --- storage and ends of a container
    StepKind(
        kind="container.stored",
        title="Store containers",
        who=HANDLERS,
        stops=SAVES,
        always=True,
        hands_on=True,
        correction_people=2,
        scans=(_CONTAINERS, Scan(ScanRole.LOCATION, 1, 1, "Scan the location.")),
        states=LIVING,
    ),
    StepKind(
        kind="container.retrieved",
        title="Take containers from store",
        who=HANDLERS,
        stops=SAVES,
        always=True,
        hands_on=True,
        correction_people=2,
        scans=(_CONTAINERS, Scan(ScanRole.LOCATION, 0, 1, "Scan the location.")),
        states=LIVING,
    ),
    StepKind(
        kind="container.discarded",
        title="Discard containers",
        who=CLINICAL,
        stops=SAVES,
        always=True,
        reason=True,
        hands_on=True,
        scans=(_CONTAINERS,),
        states=LIVING | EMPTY,
        to=_S.DISCARDED,
        correction_people=2,
    ),
    # --- manufacturing
    StepKind(
        kind="lot.started",
        title="Start a lot",
        who=frozenset({_R.OPERATOR}),
        stops=FULL,
        hands_on=True,
        scans=(_CONTAINERS,),
        states=frozenset({_S.FILLED}),
        correction_people=2,
        purposes=_GO_IN,
        agree=("container = this therapy's", "container = this lot's donation"),
    ),
    StepKind(
        kind="containers.transformed",
        title="Make containers from containers",
        who=frozenset({_R.OPERATOR}),
        stops=FULL,
        hands_on=True,
        correction_people=2,
        purposes=_GO_IN,
        makes=frozenset({_P.IN_PROCESS, _P.DOSE, _P.RESCUE, _P.QC_SAMPLE, _P.RETENTION}),
        scans=(
            Scan(ScanRole.CONTAINER, 1, 200, "Scan each container that goes in."),
            Scan(ScanRole.LABEL, 0, 200, "Scan the label of each container that comes out."),
        ),
        agree=("containers in = this therapy's", "containers out = this therapy's"),
        values=(_LOT, Flag(name="consumed", text="The containers that went in are used up.", default=True)),
    ),
    StepKind(
        kind="sample.taken",
        title="Take a sample",
        who=frozenset({_R.OPERATOR, _R.NURSE, _R.RECEIVER}),
        stops=IDENTIFIES,
        always=True,
        hands_on=True,
        makes=frozenset({_P.QC_SAMPLE, _P.RETENTION}),
        correction_people=2,
        scans=(_ONE_CONTAINER, Scan(ScanRole.LABEL, 0, 20, "Scan the label of each sample tube.")),
        states=LIVING,
        values=(_VOLUME,),
    ),
    # --- release
    StepKind(
        kind="containers.released",
        title="Release containers",
        who=frozenset({_R.QUALITY}),
        always=True,
        stops=FULL - {_F.RELEASE},
        reported_by=NEVER_REPORTED,
        correction_people=2,
        scans=(Scan(ScanRole.CONTAINER, 0, 200, "Scan the containers, if they are at hand."),),
        states=frozenset({_S.FILLED}),
        purposes=frozenset({_P.DOSE, _P.RESCUE}),
        values=(
            _CONTAINER_IDS,
            _LOT,
            Choice(name="status", text="The kind of release.", default="final", options=("provisional", "final")),
        ),
    ),
    StepKind(
        kind="release.refused",
        title="Refuse a release",
        who=frozenset({_R.QUALITY}),
        stops=SAVES,
        always=True,
        reason=True,
        correction_people=2,
        scans=(Scan(ScanRole.CONTAINER, 0, 200, "Scan the containers."),),
        values=(_CONTAINER_IDS, _LOT),
    ),
    StepKind(
        kind="release.revoked",
        title="Revoke a release",
        who=frozenset({_R.QUALITY}),
        stops=SAVES,
        always=True,
        reason=True,
        correction_people=2,
        scans=(Scan(ScanRole.CONTAINER, 0, 200, "Scan the containers."),),
        values=(_CONTAINER_IDS, _LOT),
    ),
    # --- the bedside
    StepKind(
        kind="thaw.started",
        title="Start the thaw",
        who=frozenset({_R.OPERATOR, _R.INFUSION, _R.NURSE}),
        stops=FULL,
        hands_on=True,
        correction_people=2,
        scans=(_CONTAINERS, _WRISTBAND_TOO),
        states=frozenset({_S.FILLED}),
        to=_S.THAWING,
        purposes=frozenset({_P.DOSE, _P.RESCUE}),
        agree=("container = this therapy's", "container = the dose that is due"),
    ),
    StepKind(
        kind="infusion.checked",
        title="Check at the bedside",
        who=frozenset({_R.INFUSION, _R.NURSE, _R.PHYSICIAN}),
        stops=IDENTIFIES,
        reported_by=NEVER_REPORTED,
        scans=(_WRISTBAND, Scan(ScanRole.CONTAINER, 1, 50, "Scan each container of the dose.")),
        states=frozenset({_S.FILLED, _S.THAWING}),
        purposes=frozenset({_P.DOSE, _P.RESCUE}),
        hands_on=True,
        agree=("wristband = container's patient", "container = the dose that is due"),
        correction_people=2,
        values=(Whole(name="dose", text="The dose to be given, as the order says.", low=1, high=99),),
    ),
    StepKind(
        kind="infusion.started",
        title="Start the infusion",
        who=frozenset({_R.INFUSION, _R.NURSE, _R.PHYSICIAN}),
        stops=FULL,
        hands_on=True,
        scans=(Scan(ScanRole.CONTAINER, 1, 50, "Scan the container that is connected."), _WRISTBAND_TOO),
        states=frozenset({_S.FILLED, _S.THAWING}),
        to=_S.INFUSING,
        purposes=frozenset({_P.DOSE, _P.RESCUE}),
        agree=("container = both bedside checks", "container = the dose that is due"),
        correction_people=2,
    ),
    StepKind(
        kind="infusion.completed",
        title="Complete the infusion",
        who=frozenset({_R.INFUSION, _R.NURSE, _R.PHYSICIAN}),
        stops=IDENTIFIES,
        hands_on=True,
        scans=(Scan(ScanRole.CONTAINER, 1, 50, "Scan the container."), _WRISTBAND_TOO),
        states=frozenset({_S.INFUSING}),
        to=_S.INFUSED,
        correction_people=2,
        values=(_VOLUME,),
    ),
    # --- holds and corrections
    StepKind(
        kind="hold.placed",
        title="Place a hold",
        who=EVERYONE_AT_WORK,
        stops=ALWAYS_STOPS | {_F.STAGE},  # a hold that names nothing would hold nothing
        correction_people=2,
        always=True,
        reason=True,
        scans=(Scan(ScanRole.CONTAINER, 0, 200, "Scan the containers; none means the whole therapy."),),
        values=(_CONTAINER_IDS,),
    ),
    StepKind(
        kind="hold.lifted",
        title="Lift a hold",
        who=frozenset({_R.QUALITY}),
        stops=SAVES,
        always=True,
        reason=True,
        reported_by=NEVER_REPORTED,
        scans=(Scan(ScanRole.CONTAINER, 0, 200, "Scan the containers; none means the whole therapy."),),
        values=(_CONTAINER_IDS, EntryId(name="hold", text="The entry that placed the hold; all when left out.")),
    ),
    StepKind(
        kind="entry.annulled",
        title="Annul an entry",
        who=frozenset({_R.QUALITY, _R.COORDINATOR}),
        stops=SAVES | {_F.SIGNATURE},
        always=True,
        reason=True,
        reported_by=NEVER_REPORTED,
        values=(EntryId(name="entry", text="The entry to annul.", required=True),),
    ),
    StepKind(
        kind="entry.replaced",
        title="Replace an entry",
        who=frozenset({_R.QUALITY, _R.COORDINATOR}),
        stops=SAVES | {_F.SIGNATURE},
        always=True,
        reason=True,
        reported_by=NEVER_REPORTED,
        values=(
            EntryId(name="entry", text="The entry to replace.", required=True),
            Inner(name="values", text="The corrected values, as the step's own schema says."),
            Moment(name="occurred_at", text="When it really happened."),
        ),
    ),
    # --- written by the system
    StepKind(kind="attempt.refused", title="Refused attempt", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="window.warned", title="Window about to close", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="window.breached", title="Window breached", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="window.withdrawn", title="Breach withdrawn", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="deviation.opened", title="Deviation opened", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(
        kind="pathway.published",
        title="Pathway published",
        who=frozenset({_R.ADMIN, _R.QUALITY}),
        stops=ALWAYS_STOPS,
        route="system",
    ),
)

STEPS: dict[str, StepKind] = {row.kind: row for row in _ROWS}
RECORDABLE = frozenset(kind for kind, row in STEPS.items() if row.route != "system")
