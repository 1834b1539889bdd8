"""Columns for numbers that are added up, and neither selected nor sorted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAMES = tuple(f"m{number}" for number in range(1, 9))


def upgrade() -> None:
    """Bring the schema forward."""
    for name in _NAMES:
        op.add_column("record", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take the schema back; the records' documents still have what the columns held."""
    op.execute("DELETE FROM slot WHERE \"column\" LIKE 'm%'")
    for name in _NAMES:
        op.drop_column("record", name)
