"""Printers: where labels may be sent.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    """Add the table; nothing that is there is altered."""
    op.create_table(
        "printer",
        sa.Column("code", TEXT(), nullable=False),
        sa.Column("kind", TEXT(), nullable=False),
        sa.Column("address", TEXT(), nullable=False),
        sa.Column("language", TEXT(), nullable=False),
        sa.Column("dpi", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("site", TEXT(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('raw', 'lp', 'browser', 'null')", name=op.f("ck_printer_kind_is_known")),
        sa.CheckConstraint("language IN ('zpl', 'pdf', 'png')", name=op.f("ck_printer_language_is_known")),
        sa.CheckConstraint("dpi IN (203, 300, 600)", name=op.f("ck_printer_dpi_is_known")),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_printer_paper_has_a_size")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_printer")),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("printer")
