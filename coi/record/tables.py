"""The tables, and nothing more: SQLModel declares them, statements in the other modules read and write columns.

Three sorts: the log (`entry`, `checkpoint`, `attempt`, `clash`: append-only, guarded by triggers), the vault and its
indexes, and projections (`therapy`, `container`, `handoff`, `clock`, `party`, `planned`, `document`, `shipper`: they
can be dropped and rebuilt from the log). People, organisations, grants and tokens say who may come in.

Instants are stored as the leaf writes them (UTC text with six decimals and Z), the same on both databases.
"""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, MetaData, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """What all tables share: one collection with named constraints."""

    metadata = MetaData(naming_convention=NAMING)


class EntryRow(Row, table=True):
    """The log: one leaf a row, as it was hashed; the other columns repeat what the leaf says."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("stream", "seq"),
        UniqueConstraint("id"),
        CheckConstraint("position >= 0 AND seq >= 0", name="counts_from_zero"),
        CheckConstraint("length(hash) = 64", name="hash_is_sha256"),
    )
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    stream: str
    seq: int
    id: str
    attempt: str
    kind: str
    recorded_at: str
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: str


class AttemptRow(Row, table=True):
    """What was answered to each attempt, for ever: replays get these bytes."""

    __tablename__ = "attempt"
    __table_args__ = (CheckConstraint("status IN (201, 422)", name="recorded_or_refused"),)
    id: str = Field(primary_key=True)
    person: str
    digest: str
    status: int
    position: int = Field(foreign_key="entry.position")
    recorded_at: str
    answer: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ClashRow(Row, table=True):
    """An attempt id that came again with another body: kept as a digest."""

    __tablename__ = "clash"
    id: str = Field(primary_key=True)
    attempt: str
    person: str
    digest: str
    recorded_at: str


class CheckpointRow(Row, table=True):
    """What the log said of itself after each transaction, and the nodes of the tree that this one completed.

    `nodes` holds, for each entry from `start` on, the hashes that it completed, upwards, without the leaves' own.
    """

    __tablename__ = "checkpoint"
    __table_args__ = (CheckConstraint("start >= 0 AND size > start", name="it_grew"),)
    size: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    start: int
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    nodes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    note: str


class PathwayRow(Row, table=True):
    """The bytes of each published pathway version; the publishing entry carries them too."""

    __tablename__ = "pathway"
    __table_args__ = (UniqueConstraint("name", "version"),)
    digest: str = Field(primary_key=True)
    name: str = Field(index=True)
    version: str
    title: str
    position: int
    document: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class VaultRow(Row, table=True):
    """One sealed field: a name, a birth date, a note, the raw text of a scan."""

    __tablename__ = "vault"
    subject: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CodeRow(Row, table=True):
    """What a code names. `token` is our own identifier or a keyed token of a foreign code, scoped by `issuer`."""

    __tablename__ = "code"
    token: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    issuer: str = Field(primary_key=True, default="")
    type: str
    therapy: str | None = None
    container: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None


class BlobRow(Row, table=True):
    """The sealed bytes of one document, by the SHA-256 of what was sealed."""

    __tablename__ = "blob"
    sha256: str = Field(primary_key=True)
    media_type: str
    size: int
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SignatureRow(Row, table=True):
    """A signature that was given and may be used once, by the SHA-256 of its token."""

    __tablename__ = "signature"
    token: str = Field(primary_key=True)
    attempt: str = Field(index=True)
    digest: str
    person: str = Field(foreign_key="person.code")
    meaning: str
    given_at: str
    expires_at: str
    used_at: str = ""


class OrganisationRow(Row, table=True):
    """A site or a courier company."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("kind IN ('site', 'courier')", name="kind_is_known"),)
    code: str = Field(primary_key=True)
    title: str
    kind: str
    country: str = ""
    zone: str = "UTC"


class PersonRow(Row, table=True):
    """Somebody who may sign in. Nobody is ever removed, only made inactive."""

    __tablename__ = "person"
    code: str = Field(primary_key=True)
    name: str
    password: str
    active: bool = True
    failures: int = 0
    locked_until: str = ""


class GrantRow(Row, table=True):
    """A role that a person has at an organisation; '*' stands for every organisation."""

    __tablename__ = "grant"
    person: str = Field(primary_key=True, foreign_key="person.code")
    organisation: str = Field(primary_key=True)
    role: str = Field(primary_key=True)


class TokenRow(Row, table=True):
    """A bearer token or a browser session, by the SHA-256 of its secret."""

    __tablename__ = "token"
    __table_args__ = (CheckConstraint("kind IN ('bearer', 'session')", name="kind_is_known"),)
    digest: str = Field(primary_key=True)
    kind: str
    person: str = Field(foreign_key="person.code", index=True)
    created_at: str
    seen_at: str
    expires_at: str
    ended_at: str = ""


class HeartbeatRow(Row, table=True):
    """When each watcher last swept, and what it found."""

    __tablename__ = "heartbeat"
    name: str = Field(primary_key=True)
    at: str
    sweeps: int
    written: int
    failed: int


class PrinterRow(Row, table=True):
    """A printer that labels may be sent to: how, where, in which language, and what paper is in it (millimetres)."""

    __tablename__ = "printer"
    __table_args__ = (
        CheckConstraint("kind IN ('raw', 'lp', 'browser', 'null')", name="kind_is_known"),
        CheckConstraint("language IN ('zpl', 'zpl-native', 'pdf', 'png')", name="language_is_known"),
        CheckConstraint("dpi IN (203, 300, 600)", name="dpi_is_known"),
        CheckConstraint("width > 0 AND height > 0", name="paper_has_a_size"),
    )
    code: str = Field(primary_key=True)
    kind: str
    address: str = ""
    language: str
    dpi: int
    width: int
    height: int
    site: str = ""  # '' for every site
    active: bool = True


class TherapyRow(Row, table=True):
    """Projection: one therapy."""

    __tablename__ = "therapy"
    coi: str = Field(primary_key=True)
    pathway: str
    pathway_name: str
    site: str
    patient: str = Field(index=True)
    closed: str | None = None
    seq: int
    last_kind: str
    deviations: int
    changed_at: str


class ContainerRow(Row, table=True):
    """Projection: one container."""

    __tablename__ = "container"
    id: str = Field(primary_key=True)
    therapy: str = Field(index=True)
    purpose: str
    number: int
    dose: int | None = None
    state: str
    organisation: str
    person: str | None = None
    place: str
    place_id: str | None = None
    holds: int
    released: bool


class HandoffRow(Row, table=True):
    """Projection: one handoff."""

    __tablename__ = "handoff"
    __table_args__ = (Index("ix_handoff_state_offered_at", "state", "offered_at"),)
    id: str = Field(primary_key=True)
    therapy: str = Field(index=True)
    shipper: str | None = None
    containers: int
    giver: str
    giver_person: str | None = None
    addressee: str
    addressee_type: str
    state: str
    offered_at: str
    taker: str | None = None
    taker_person: str | None = None


class ClockRow(Row, table=True):
    """Projection: one clock. `next_at` is the next moment the log has to learn about, which the watcher sweeps for."""

    __tablename__ = "clock"
    __table_args__ = (
        Index("ix_clock_state_due_at", "state", "due_at"),
        Index("ix_clock_next_at", "next_at"),
    )
    id: str = Field(primary_key=True)
    therapy: str = Field(index=True)
    container: str
    window: str
    state: str
    started_at: str
    warn_at: str
    due_at: str
    ended_at: str | None = None
    next_at: str | None = None
    owner: str | None = None  # of a closed therapy: the one organisation that still has to act on it


class PlannedRow(Row, table=True):
    """Projection: when and where a stage of a therapy is expected, and whether it was reached."""

    __tablename__ = "planned"
    __table_args__ = (Index("ix_planned_reached_at", "reached", "at"),)
    id: str = Field(primary_key=True)
    therapy: str = Field(index=True)
    stage: str
    title: str
    at: str | None = None
    site: str | None = None
    reached: bool


class DocumentRow(Row, table=True):
    """Projection: one document of a therapy; a superseded one stays."""

    __tablename__ = "document"
    id: str = Field(primary_key=True)
    therapy: str = Field(index=True)
    sha256: str = Field(index=True)
    kind: str
    entry: str
    superseded_by: str | None = None


class PartyRow(Row, table=True):
    """Projection: an organisation that may see a therapy."""

    __tablename__ = "party"
    __table_args__ = (Index("ix_party_organisation_therapy", "organisation", "therapy"),)
    id: str = Field(primary_key=True)
    therapy: str = Field(index=True)
    organisation: str


class ShipperRow(Row, table=True):
    """Projection: one shipper."""

    __tablename__ = "shipper"
    id: str = Field(primary_key=True)
    state: str
    seq: int
    hold_hours: int | None = None
    organisation: str | None = None
    person: str | None = None
    therapy: str | None = Field(default=None, index=True)
    containers: int


def table_of(row: type[Row]) -> Table:
    """Return the table that `row` declares, for statements."""
    return row.metadata.tables[str(row.__tablename__)]


ENTRY, ATTEMPT, CLASH = table_of(EntryRow), table_of(AttemptRow), table_of(ClashRow)
CHECKPOINT = table_of(CheckpointRow)
PATHWAY, VAULT, CODE = table_of(PathwayRow), table_of(VaultRow), table_of(CodeRow)
ORGANISATION, PERSON, GRANT, TOKEN = (
    table_of(OrganisationRow),
    table_of(PersonRow),
    table_of(GrantRow),
    table_of(TokenRow),
)
HEARTBEAT, PRINTER = table_of(HeartbeatRow), table_of(PrinterRow)
THERAPY, CONTAINER, HANDOFF = table_of(TherapyRow), table_of(ContainerRow), table_of(HandoffRow)
CLOCK, PARTY, SHIPPER = table_of(ClockRow), table_of(PartyRow), table_of(ShipperRow)
PLANNED, DOCUMENT = table_of(PlannedRow), table_of(DocumentRow)
BLOB, SIGNATURE = table_of(BlobRow), table_of(SignatureRow)
PROJECTIONS: dict[str, Table] = {
    "therapy": THERAPY,
    "container": CONTAINER,
    "handoff": HANDOFF,
    "clock": CLOCK,
    "party": PARTY,
    "planned": PLANNED,
    "document": DOCUMENT,
}
APPEND_ONLY = (ENTRY, CHECKPOINT, ATTEMPT, CLASH, PATHWAY)
