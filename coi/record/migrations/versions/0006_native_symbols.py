"""Printers that draw the symbols of a label themselves: one more language.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAME = "ck_printer_language_is_known"


def upgrade() -> None:
    """Allow the language; nothing else of the table is altered."""
    _allow("'zpl', 'zpl-native', 'pdf', 'png'")


def downgrade() -> None:
    """Allow it no more; printers of that language speak plain ZPL again."""
    op.execute("UPDATE printer SET language = 'zpl' WHERE language = 'zpl-native'")
    _allow("'zpl', 'pdf', 'png'")


def _allow(languages: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("printer", copy_from=_table(languages), recreate="always"):
            pass
        return
    op.drop_constraint(op.f(_NAME), "printer", type_="check")
    op.create_check_constraint(op.f(_NAME), "printer", f"language IN ({languages})")


def _table(languages: str) -> sa.Table:
    """Return the table as it is to be: SQLite makes it anew and copies the rows."""
    return sa.Table(
        "printer", sa.MetaData(),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("code", "kind", "address", "language")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("dpi", "width", "height")),
        sa.Column("site", sa.String(), nullable=False), sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('raw', 'lp', 'browser', 'null')", name=op.f("ck_printer_kind_is_known")),
        sa.CheckConstraint(f"language IN ({languages})", name=op.f(_NAME)),
        sa.CheckConstraint("dpi IN (203, 300, 600)", name=op.f("ck_printer_dpi_is_known")),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_printer_paper_has_a_size")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_printer")),
    )  # fmt: skip
