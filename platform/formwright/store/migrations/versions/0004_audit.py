"""The audit log, which the database itself refuses to change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_WRITTEN = ("workspace_id", "id", "at", "channel", "event", "entity", "details", "request", "address", "mac")  # fmt: skip
_MAY_BE_NULL = ("actor", "on_behalf_of", "record")
#: What an order may only do: give an entry without a place its place.
_SEALS = (
    "OLD.sequence IS NULL AND NEW.sequence IS NOT NULL AND NEW.digest IS NOT NULL AND "
    + " AND ".join(
        [f"NEW.{name} = OLD.{name}" for name in _WRITTEN]
        + [f"NEW.{name} {{same}} OLD.{name}" for name in _MAY_BE_NULL]
    )
)
#: Whole beginnings may go, once the anchor is there that says so; it is signed, and nobody else can make one.
_BEFORE_ANCHOR = (
    "EXISTS (SELECT 1 FROM audit_seal AS a WHERE a.workspace_id = OLD.workspace_id "
    "AND a.kind = 'anchor' AND {condition})"
)
_ENTRY_MAY_GO = _BEFORE_ANCHOR.format(condition="a.sequence >= OLD.sequence")
_SEAL_MAY_GO = _BEFORE_ANCHOR.format(
    condition="(a.sequence > OLD.sequence OR (a.sequence = OLD.sequence AND OLD.kind = 'seal'))"
)
_REFUSAL = "the audit log cannot be changed"


def upgrade() -> None:
    """Bring the schema forward."""
    _entries()
    _seals()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgres()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Take the schema back."""
    op.drop_table("audit")
    op.drop_table("audit_seal")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("audit_entry", "audit_seal", "audit_all"):
            op.execute(f"DROP FUNCTION {name}_guard()")


def _entries() -> None:
    op.create_table(
        "audit",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", _instant(), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=True),
        sa.Column("on_behalf_of", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("event", _code(), nullable=False),
        sa.Column("entity", _code(), nullable=False),
        sa.Column("record", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("address", _code(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_audit"),
        sa.UniqueConstraint("workspace_id", "sequence", name="uq_audit_workspace_id_sequence"),
    )
    for name, columns in (
        ("at", ()),
        ("actor", ("actor",)),
        ("event", ("event",)),
        ("record", ("entity", "record")),
        ("address", ("address",)),
    ):
        op.create_index(f"ix_audit_{name}", "audit", ["workspace_id", *columns, "at", "id"])
    unsealed = sa.text("sequence IS NULL")
    op.create_index(
        "ix_audit_unsealed",
        "audit",
        ["workspace_id", "id"],
        postgresql_where=unsealed,
        sqlite_where=unsealed,
    )


def _seals() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", _code(), nullable=False),
        sa.Column("previous", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", _instant(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "sequence", "kind", name="pk_audit_seal"),
    )


def _guard_sqlite() -> None:
    """Have SQLite refuse; an INSERT that replaces is refused by name, for it fires no trigger on DELETE."""
    entry_there = "EXISTS (SELECT 1 FROM audit AS e WHERE e.workspace_id = NEW.workspace_id AND e.id = NEW.id)"
    seal_there = (
        "EXISTS (SELECT 1 FROM audit_seal AS s WHERE s.workspace_id = NEW.workspace_id "
        "AND s.sequence = NEW.sequence AND s.kind = NEW.kind)"
    )
    for table, event, refused in (
        ("audit", "INSERT", f"NEW.sequence IS NOT NULL OR {entry_there}"),
        ("audit", "UPDATE", f"NOT ({_SEALS.format(same='IS')})"),
        ("audit", "DELETE", f"OLD.sequence IS NULL OR NOT {_ENTRY_MAY_GO}"),
        ("audit_seal", "INSERT", seal_there),
        ("audit_seal", "UPDATE", "TRUE"),
        ("audit_seal", "DELETE", f"NOT {_SEAL_MAY_GO}"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_{event.lower()}_guard BEFORE {event} ON {table} WHEN {refused} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def _guard_postgres() -> None:
    same = "IS NOT DISTINCT FROM"
    _function(
        "audit_entry",
        f"(TG_OP = 'INSERT' AND NEW.sequence IS NULL) OR (TG_OP = 'UPDATE' AND {_SEALS.format(same=same)}) "
        f"OR (TG_OP = 'DELETE' AND OLD.sequence IS NOT NULL AND {_ENTRY_MAY_GO})",
    )
    _function("audit_seal", f"TG_OP = 'DELETE' AND {_SEAL_MAY_GO}")
    _function("audit_all", "FALSE")
    for table, function, events in (
        ("audit", "audit_entry", "INSERT OR UPDATE OR DELETE"),
        ("audit_seal", "audit_seal", "UPDATE OR DELETE"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_guard BEFORE {events} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}_guard()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_truncate_guard BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_all_guard()"
        )


def _function(name: str, allowed: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {allowed} THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'insufficient_privilege'; END $$"
    )


def _code() -> sa.Text:
    return sa.Text(collation="C" if op.get_bind().dialect.name == "postgresql" else None)


def _instant() -> sa.types.TypeEngine[Any]:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    return postgresql.TIMESTAMP() if is_postgres else sa.Text()
