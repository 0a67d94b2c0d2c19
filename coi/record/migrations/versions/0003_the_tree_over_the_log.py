"""The tree over the log, and guards that know the order of the entries.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from coi.record import guards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    """Add the table of checkpoints and put every guard on anew; no table of the log is altered."""
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("nodes", sa.LargeBinary(), nullable=False),
        sa.Column("note", TEXT(), nullable=False),
        sa.CheckConstraint("start >= 0 AND size > start", name=op.f("ck_checkpoint_it_grew")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoint")),
    )
    guards.put(op.get_bind())


def downgrade() -> None:
    """Take the table away; its guards go with it, those of the other tables stay as they are."""
    op.drop_table("checkpoint")
