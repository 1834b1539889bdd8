"""Records that are shared with single people or teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from formwright.store.columntypes import CODE_POINT_TEXT, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "record_share",
        sa.Column("workspace_id", sa.Integer, nullable=False),
        sa.Column("entity_id", sa.Integer, nullable=False),
        sa.Column("record_id", sa.BigInteger, nullable=False),
        sa.Column("kind", CODE_POINT_TEXT, nullable=False),
        sa.Column("grantee_id", sa.BigInteger, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.BigInteger),
        sa.PrimaryKeyConstraint(
            "workspace_id", "entity_id", "record_id", "kind", "grantee_id", name="pk_record_share"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_record_share_grantee",
        "record_share",
        ["workspace_id", "kind", "grantee_id", "entity_id", "record_id"],
    )


def downgrade() -> None:
    """Take the schema back."""
    op.drop_table("record_share")
