"""Rows of the registry: holds, corrections, documents and what the system writes."""

from coi.journey.steps.parts import ALWAYS_STOPS, CONTAINER_IDS, EVERYONE_AT_WORK, NEVER_REPORTED, SAVES
from coi.journey.steps.row import Family, Role, Scan, ScanRole, StepKind
from coi.journey.values import Choice, Code, EntryId, Inner, Moment, Several

DOCUMENT_KINDS = (
    "certificate", "airway_bill", "manifest", "damage_photo", "downtime_sheet", "collection_form", "infusion_record",
    "consent", "order", "other",
)  # fmt: skip

ROWS = (
    StepKind(
        kind="hold.placed",
        title="Place a hold",
        who=EVERYONE_AT_WORK,
        stops=ALWAYS_STOPS | {Family.STAGE},  # a hold that names nothing would hold nothing
        by_name=True,
        after_end=True,
        correction_people=2,
        always=True,
        reason=True,
        scans=(Scan(ScanRole.CONTAINER, 0, 200, "Scan the containers; none means the whole therapy."),),
        values=(CONTAINER_IDS,),
    ),
    StepKind(
        kind="hold.lifted",
        title="Lift a hold",
        who=frozenset({Role.QUALITY}),
        stops=SAVES,
        by_name=True,
        after_end=True,
        always=True,
        reason=True,
        reported_by=NEVER_REPORTED,
        scans=(Scan(ScanRole.CONTAINER, 0, 200, "Scan the containers; none means the whole therapy."),),
        values=(CONTAINER_IDS, EntryId(name="hold", text="The entry that placed the hold; all when left out.")),
    ),
    StepKind(
        kind="entry.annulled",
        title="Annul an entry",
        who=frozenset({Role.QUALITY, Role.COORDINATOR}),
        stops=SAVES | {Family.SIGNATURE},
        of_shipper=True,
        after_end=True,
        always=True,
        reason=True,
        reported_by=NEVER_REPORTED,
        values=(
            EntryId(name="entry", text="The entry to annul.", required=True),
            Several(
                name="also",
                text="The later entries that build on it and are annulled with it, all of them.",
                of=EntryId(name="entry", text="An entry."),
            ),
        ),
    ),
    StepKind(
        kind="entry.replaced",
        title="Replace an entry",
        who=frozenset({Role.QUALITY, Role.COORDINATOR}),
        stops=SAVES | {Family.SIGNATURE},
        of_shipper=True,
        after_end=True,
        always=True,
        reason=True,
        reported_by=NEVER_REPORTED,
        values=(
            EntryId(name="entry", text="The entry to replace.", required=True),
            Inner(name="values", text="The corrected values, as the step's own schema says."),
            Moment(name="occurred_at", text="When it really happened."),
        ),
    ),
    StepKind(
        kind="entry.acknowledged",
        title="Acknowledge what was entered for you",
        who=EVERYONE_AT_WORK,
        stops=SAVES,
        always=True,
        after_end=True,
        reported_by=NEVER_REPORTED,
        values=(EntryId(name="entry", text="The entry that names you as its performer.", required=True),),
    ),
    StepKind(
        kind="document.attached",
        title="Attach a document",
        who=EVERYONE_AT_WORK,
        stops=ALWAYS_STOPS | {Family.STAGE},
        always=True,
        after_end=True,
        route="documents",
        values=(
            Choice(name="kind", text="What the document is.", required=True, options=DOCUMENT_KINDS),
            Code(name="sha256", text="SHA-256 of its bytes.", required=True, example="64 hexadecimal digits"),
            EntryId(name="about", text="The entry it belongs to."),
            Code(name="supersedes", text="SHA-256 of the document it supersedes.", example="64 hexadecimal digits"),
        ),
    ),
    # --- written by the system
    StepKind(kind="attempt.refused", title="Refused attempt", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="window.warned", title="Window about to close", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="window.breached", title="Window breached", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="window.withdrawn", title="Breach withdrawn", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="deviation.opened", title="Deviation opened", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(kind="print.ended", title="End of a print job", who=frozenset(), stops=ALWAYS_STOPS, route="system"),
    StepKind(
        kind="pathway.published",
        title="Pathway published",
        who=frozenset({Role.ADMIN, Role.QUALITY}),
        stops=ALWAYS_STOPS,
        route="system",
    ),
)
