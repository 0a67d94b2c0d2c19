"""What several rows of the registry share: who, which families stop, the usual scans and values."""

from coi.journey.identity import RefType
from coi.journey.steps.row import Family, Purpose, Role, Scan, ScanRole
from coi.journey.values import Amount, Choice, Code, EntryId, Identifier, Sealed, Several, Whole

ALWAYS_STOPS = frozenset({Family.AUTHORITY})
MOVES = ALWAYS_STOPS | {Family.CUSTODY}
SAVES = MOVES | {Family.STAGE}
IDENTIFIES = SAVES | {Family.IDENTITY, Family.SIGNATURE}
FULL = IDENTIFIES | {Family.HOLD, Family.CLOCK, Family.RELEASE}

CLINICAL = frozenset({Role.NURSE, Role.OPERATOR, Role.RECEIVER, Role.INFUSION, Role.QUALITY})
HANDLERS = frozenset({Role.NURSE, Role.OPERATOR, Role.RECEIVER, Role.INFUSION})
CARRIERS = HANDLERS | {Role.COURIER}
EVERYONE_AT_WORK = CARRIERS | {Role.QUALITY, Role.PHYSICIAN, Role.COORDINATOR}
NEVER_REPORTED: frozenset[str] = frozenset()
GO_IN = frozenset({Purpose.STARTING_MATERIAL, Purpose.IN_PROCESS, Purpose.RESCUE})  # what is manufactured from

WRISTBAND = Scan(ScanRole.WRISTBAND, 1, 1, "Scan the patient's wristband.")
WRISTBAND_TOO = Scan(ScanRole.WRISTBAND, 0, 1, "Scan the patient's wristband if the patient is here.")
CONTAINERS = Scan(ScanRole.CONTAINER, 1, 200, "Scan each container.")
CONTAINERS_TOO = Scan(ScanRole.CONTAINER, 0, 200, "Scan each container that is handed over by itself.")
ONE_CONTAINER = Scan(ScanRole.CONTAINER, 1, 1, "Scan the container.")
SHIPPER = Scan(ScanRole.SHIPPER, 1, 1, "Scan the shipper.")
SHIPPER_TOO = Scan(ScanRole.SHIPPER, 0, 1, "Scan the shipper; what is inside follows it.")
SEALS_TOO = Scan(ScanRole.SEAL, 0, 4, "Scan each seal that is on the shipper.")
SHIPPER_OR_CONTAINER = (ScanRole.SHIPPER, ScanRole.CONTAINER)
CONTAINER_IDS = Several(
    name="containers",
    text="The containers, where they cannot be scanned.",
    of=Identifier(name="container", text="Container id.", type=RefType.CONTAINER),
)
HANDOFF = EntryId(name="handoff", text="The offer's entry id; needed only when the scan fits several open offers.")
VOLUME = Amount(name="volume_ml", text="Volume in millilitres.", high=100_000, unit="millilitres")
LOT = Identifier(name="lot", text="The lot; needed only when several are open.", type=RefType.LOT)
PARTIAL = Choice(name="filling", text="How full it is.", default="full", options=("full", "partial"))
SITE = Code(name="site", text="The site.", example="demo-hospital")
TO = Code(name="to", text="The organisation that it goes to.", example="demo-plant")
HOLD_HOURS = Whole(name="hold_hours", text="Hours for which the shipper keeps its temperature.", low=1, high=960)
TEMPERATURE = Choice(
    name="temperature",
    text="What the logger shows.",
    default="in_range",
    options=("in_range", "excursion", "not_recorded"),
)
ISSUER = Code(name="issuer", text="Who issued the identifier.", required=True)
ID_KIND = Code(name="kind", text="What kind of identifier it is.", required=True, example="mrn")
ID_VALUE = Sealed(name="value", text="The identifier itself; it goes to the vault.", required=True)
PERSONS = frozenset({Role.COORDINATOR, Role.NURSE, Role.PHYSICIAN, Role.QUALITY})
TO_INFUSE = frozenset({Purpose.DOSE, Purpose.RESCUE})
GIVERS = frozenset({Role.INFUSION, Role.NURSE, Role.PHYSICIAN})
