"""Records that changed hands together, so that one undo restores all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from formwright.store.columntypes import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "reassignment",
        sa.Column("workspace_id", sa.Integer, nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("entity_id", sa.Integer, nullable=False),
        sa.Column("record_id", sa.BigInteger, nullable=False),
        sa.Column("before_id", sa.BigInteger),
        sa.Column("after_id", sa.BigInteger),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.BigInteger),
        sa.PrimaryKeyConstraint(
            "workspace_id", "id", "entity_id", "record_id", name="pk_reassignment"
        ),
    )
    op.create_index("ix_reassignment_at", "reassignment", ["workspace_id", "at"])


def downgrade() -> None:
    """Take the schema back."""
    op.drop_table("reassignment")
