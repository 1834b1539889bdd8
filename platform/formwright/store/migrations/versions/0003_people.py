"""Invitations, two-step log-in, passkeys and hand-overs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    _one_time_tokens()
    _second_steps()
    _hand_overs()


def downgrade() -> None:
    """Take the schema back."""
    for table in (
        "hand_over_record", "hand_over", "passkey", "recovery_code", "two_factor", "one_time_token",
    ):  # fmt: skip
        op.drop_table(table)


def _one_time_tokens() -> None:
    _table(
        "one_time_token",
        ("token_hash",),
        _text("token_hash", by_code_point=True),
        _text("purpose"),
        _big("user_id", nullable=True),
        _text("bound"),
        _instant("created_at"),
        _big("created_by", nullable=True),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
    )
    op.create_index("ix_one_time_token_user", "one_time_token", ["workspace_id", "user_id"])
    op.create_index("ix_one_time_token_expires", "one_time_token", ["workspace_id", "expires_at"])


def _second_steps() -> None:
    _table(
        "two_factor",
        ("user_id",),
        _big("user_id"),
        _text("secret"),
        _instant("created_at"),
        _instant("confirmed_at", nullable=True),
        _big("last_counter"),
    )
    _table(
        "recovery_code",
        ("user_id", "code_hash"),
        _big("user_id"),
        _text("code_hash", by_code_point=True),
        _instant("used_at", nullable=True),
    )
    _table(
        "passkey",
        ("id",),
        _big("id"),
        _big("user_id"),
        _text("credential", by_code_point=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        _big("sign_count"),
        _text("name"),
        _instant("created_at"),
        _instant("used_at", nullable=True),
        sa.UniqueConstraint(
            "workspace_id", "credential", name="uq_passkey_workspace_id_credential"
        ),
    )
    op.create_index("ix_passkey_user", "passkey", ["workspace_id", "user_id"])


def _hand_overs() -> None:
    _table(
        "hand_over",
        ("id",),
        _big("id"),
        _big("user_id"),
        _instant("at"),
        _big("by", nullable=True),
        _instant("undone_at", nullable=True),
        _big("undone_by", nullable=True),
    )
    op.create_index("ix_hand_over_user", "hand_over", ["workspace_id", "user_id", "id"])
    _table(
        "hand_over_record",
        ("hand_over_id", "entity_id", "record_id"),
        _big("hand_over_id"),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        _big("record_id"),
        _big("successor_id"),
    )


# --- pieces


def _table(name: str, key: tuple[str, ...], *parts: Any) -> None:
    """Create a table of which the workspace is the first column, and first in its key."""
    op.create_table(
        name,
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("workspace_id", *key, name=f"pk_{name}"),
    )


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _big(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, *, by_code_point: bool = False) -> sa.Column[Any]:
    collation = "C" if by_code_point and _is_postgres() else None
    return sa.Column(name, sa.Text(collation=collation), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    kind: sa.types.TypeEngine[Any] = postgresql.TIMESTAMP() if _is_postgres() else sa.Text()
    return sa.Column(name, kind, nullable=nullable)
