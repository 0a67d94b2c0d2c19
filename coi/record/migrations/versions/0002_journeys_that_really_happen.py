"""Documents, signatures, the plan, and identifiers that are valid for a time.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    """Add the new tables and columns; nothing that is there is altered."""
    op.create_table(
        "blob",
        sa.Column("sha256", TEXT(), nullable=False),
        sa.Column("media_type", TEXT(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "signature",
        sa.Column("token", TEXT(), nullable=False),
        sa.Column("attempt", TEXT(), nullable=False),
        sa.Column("digest", TEXT(), nullable=False),
        sa.Column("person", TEXT(), nullable=False),
        sa.Column("meaning", TEXT(), nullable=False),
        sa.Column("given_at", TEXT(), nullable=False),
        sa.Column("expires_at", TEXT(), nullable=False),
        sa.Column("used_at", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.code"], name=op.f("fk_signature_person_person")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_signature")),
    )
    op.create_index(op.f("ix_signature_attempt"), "signature", ["attempt"])
    op.create_table(
        "planned",
        sa.Column("id", TEXT(), nullable=False),
        sa.Column("therapy", TEXT(), nullable=False),
        sa.Column("stage", TEXT(), nullable=False),
        sa.Column("title", TEXT(), nullable=False),
        sa.Column("at", TEXT(), nullable=True),
        sa.Column("site", TEXT(), nullable=True),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned")),
    )
    op.create_index("ix_planned_reached_at", "planned", ["reached", "at"])
    op.create_index(op.f("ix_planned_therapy"), "planned", ["therapy"])
    op.create_table(
        "document",
        sa.Column("id", TEXT(), nullable=False),
        sa.Column("therapy", TEXT(), nullable=False),
        sa.Column("sha256", TEXT(), nullable=False),
        sa.Column("kind", TEXT(), nullable=False),
        sa.Column("entry", TEXT(), nullable=False),
        sa.Column("superseded_by", TEXT(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"])
    op.create_index(op.f("ix_document_therapy"), "document", ["therapy"])
    op.add_column("clock", sa.Column("owner", TEXT(), nullable=True))
    op.add_column("code", sa.Column("valid_from", TEXT(), nullable=True))
    op.add_column("code", sa.Column("valid_until", TEXT(), nullable=True))


def downgrade() -> None:
    """Take them away again."""
    for table, columns in (("code", ("valid_until", "valid_from")), ("clock", ("owner",))):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
    for table in ("document", "planned", "signature", "blob"):
        op.drop_table(table)
