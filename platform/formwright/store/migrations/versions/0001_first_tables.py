"""The first tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_FAMILIES = {"t": 10, "n": 10, "d": 8, "r": 8}
_KEY = ("workspace_id", "entity_id")


def upgrade() -> None:
    """Bring the schema forward."""
    _definitions()
    _records()
    _beside_records()
    _search()
    _people()
    _files_and_imports()
    if _is_postgres():
        _help_the_planner()


def downgrade() -> None:
    """Take the schema back."""
    if not _is_postgres():
        op.execute("DROP TABLE search_token")
    for table in (
        "import_batch", "import_run", "stored_file", "log_in_attempt", "session", "user_role", "credential",
        "setting_value", "definition_revision", "search", "sequence_counter", "history", "unique_value", "link",
        "trash", "record", "slot", "entity",
    ):  # fmt: skip
        op.drop_table(table)


def _definitions() -> None:
    _table(
        "entity",
        ("id",),
        _integer("id", autoincrement=False),
        _text("name"),
        _document("built"),
        unique=[("name",)],
    )
    _table(
        "slot",
        ("entity_id", "attribute"),
        _integer("entity_id"),
        _text("attribute"),
        _text("column"),
        _text("state"),
        _boolean("nulls"),
        unique=[("entity_id", "column")],
    )
    _table(
        "definition_revision",
        ("number",),
        _integer("number", autoincrement=False),
        _document("files"),
        _big("by", nullable=True),
        _text("author"),
        _text("note"),
        _instant("at"),
        _integer("fills"),
    )
    _table(
        "setting_value",
        ("package", "key"),
        _text("package"),
        _text("key"),
        _document("value"),
        _instant("updated_at"),
        _big("updated_by", nullable=True),
    )


def _records() -> None:
    _table(
        "record",
        ("entity_id", "id"),
        _integer("entity_id"),
        _big("id"),
        *(
            _big(name, nullable=True)
            for name in ("owner_id", "parent_id", "created_by", "updated_by")
        ),
        _instant("created_at"),
        _instant("updated_at"),
        _integer("version"),
        _integer("position", nullable=True),
        *(_slot(name) for name in _slots()),
        _document("data"),
    )
    op.create_index("ix_record_created", "record", [*_KEY, "created_at", "id"])
    op.create_index("ix_record_updated", "record", [*_KEY, "updated_at", "id"])
    op.create_index("ix_record_owner", "record", [*_KEY, "owner_id", "updated_at", "id"])
    _partial_index("ix_record_parent", "parent_id", ["parent_id", "position", "id"])
    for name in _slots():
        _partial_index(f"ix_record_{name}", name, [name, "id"])


def _beside_records() -> None:
    _table(
        "trash",
        ("entity_id", "record_id"),
        _big("deletion_id"),
        _integer("entity_id"),
        _big("record_id"),
        _boolean("root"),
        _instant("deleted_at"),
        _big("deleted_by", nullable=True),
        _document("row"),
    )
    op.create_index("ix_trash_deletion", "trash", ["workspace_id", "deletion_id"])
    op.create_index("ix_trash_entity", "trash", [*_KEY, "root", "deletion_id"])
    _table(
        "link",
        ("entity_id", "attribute", "record_id", "target_id"),
        _integer("entity_id"),
        _text("attribute", by_code_point=True),
        _big("record_id"),
        _big("target_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_link_target", "link", [*_KEY, "attribute", "target_id", "record_id"])
    _table(
        "unique_value",
        ("entity_id", "constraint", "value"),
        _integer("entity_id"),
        _text("constraint", by_code_point=True),
        _text("value", by_code_point=True),
        _big("record_id"),
        sqlite_with_rowid=False,
    )
    _table(
        "history",
        ("entity_id", "record_id", "id"),
        _integer("entity_id"),
        _big("record_id"),
        _big("id"),
        _instant("at"),
        _big("by", nullable=True),
        _integer("version"),
        _text("channel"),
        _text("operation"),
        _document("changes"),
    )
    _table(
        "sequence_counter",
        ("sequence", "period", "per"),
        _text("sequence"),
        _text("period"),
        _text("per"),
        _big("last"),
    )


def _search() -> None:
    tokens: sa.types.TypeEngine[Any] = (
        postgresql.ARRAY(sa.Integer()) if _is_postgres() else sa.Text()
    )
    _table(
        "search",
        ("entity_id", "record_id"),
        _integer("entity_id"),
        _big("record_id"),
        _text("text"),
        sa.Column("tokens", tokens),
        sqlite_with_rowid=False,
    )
    if _is_postgres():
        op.create_index("ix_search_tokens", "search", ["tokens"], postgresql_using="gin")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_token USING fts5("
            "tokens, content='', contentless_delete=1, detail=none, tokenize='ascii')"
        )


def _people() -> None:
    _table(
        "credential",
        ("user_id",),
        _big("user_id"),
        _text("login", by_code_point=True),
        _text("password_hash"),
        _boolean("active"),
        _boolean("must_change"),
        _instant("changed_at"),
        unique=[("login",)],
    )
    _table(
        "user_role",
        ("user_id", "role"),
        _big("user_id"),
        _text("role"),
        _instant("granted_at"),
        _big("granted_by", nullable=True),
    )
    _table(
        "session",
        ("token_hash",),
        _text("token_hash", by_code_point=True),
        _big("user_id"),
        _text("csrf"),
        _instant("created_at"),
        _instant("seen_at"),
        _instant("expires_at"),
        _instant("revoked_at", nullable=True),
        _text("address"),
        _text("agent"),
        _document("values"),
    )
    op.create_index("ix_session_user", "session", ["workspace_id", "user_id"])
    op.create_index("ix_session_expires", "session", ["workspace_id", "expires_at"])
    _table(
        "log_in_attempt",
        ("id",),
        _big("id"),
        _instant("at"),
        _text("login", by_code_point=True),
        _text("address", by_code_point=True),
        _boolean("succeeded"),
    )
    op.create_index("ix_log_in_attempt_login", "log_in_attempt", ["workspace_id", "login", "at"])
    op.create_index(
        "ix_log_in_attempt_address", "log_in_attempt", ["workspace_id", "address", "at"]
    )


def _files_and_imports() -> None:
    _table(
        "stored_file",
        ("id",),
        _big("id"),
        _text("sha256"),
        _text("name"),
        _text("mime"),
        _big("size"),
        sa.Column("content", sa.LargeBinary()),
        _instant("created_at"),
        _big("created_by", nullable=True),
        _integer("entity_id", nullable=True),
        _big("record_id", nullable=True),
        _text("attribute", nullable=True),
    )
    op.create_index("ix_stored_file_record", "stored_file", [*_KEY, "record_id"])
    op.create_index("ix_stored_file_sha256", "stored_file", ["workspace_id", "sha256"])
    _table(
        "import_run",
        ("key",),
        _text("key"),
        _integer("entity_id"),
        _instant("started_at"),
        _big("started_by", nullable=True),
        _instant("finished_at", nullable=True),
        _document("summary"),
    )
    _table(
        "import_batch",
        ("key", "number"),
        _text("key"),
        _integer("number"),
        _instant("at"),
        _document("summary"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "key"],
            ["import_run.workspace_id", "import_run.key"],
            name="fk_import_batch_workspace_id_key",
            ondelete="CASCADE",
        ),
    )


# --- PostgreSQL's planner


def _help_the_planner() -> None:
    """Tell PostgreSQL that entities differ in what their slots hold, and how the tables will look when in use.

    Without statistics it takes any index that begins with workspace and entity for as good as the right one,
    and a first import is over before it has counted. So it counts some rows of the later shape, which then go.
    """
    for table in ("record", "search", "history", "unique_value"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_analyze_scale_factor = 0.02, "
            "autovacuum_vacuum_insert_scale_factor = 0.05)"
        )
    op.execute("ALTER TABLE search ALTER COLUMN tokens SET STATISTICS 1000")
    slots = ", ".join(_slots())
    values = ", ".join(_SAMPLE_VALUES[name[0]] for name in _slots())
    op.execute(_SAMPLE_RECORDS.replace("(slots)", slots).replace("(values)", values))
    for statement in _SAMPLE:
        op.execute(statement)
    for table in ("record", "history", "unique_value", "link", "search"):
        op.execute(f"ANALYZE {table}")
        op.execute(sa.delete(sa.table(table)))
    for name in _slots():
        op.execute(
            f"CREATE STATISTICS st_record_{name} (mcv, ndistinct) ON entity_id, {name} FROM record"
        )
        op.execute(f"ALTER STATISTICS st_record_{name} SET STATISTICS 300")


_SAMPLE_RECORDS = """
    INSERT INTO record
        (workspace_id, entity_id, id, owner_id, created_at, updated_at, version, data, (slots))
    SELECT 1, 1 + n % 6, -n, -(n % 50), now() - n * interval '1 minute', now() - n * interval '1 minute', 1, '{}', (values)
    FROM generate_series(1, 2000) AS n
"""
_SAMPLE_VALUES = {
    "t": "'v' || n % 700",
    "n": "n % 900",
    "d": "now() - n * interval '7 minutes'",
    "r": "-(n / 3)",
}
_SAMPLE = (
    (
        "INSERT INTO history (workspace_id, entity_id, record_id, id, at, version, channel, operation, changes) "
        "SELECT 1, 1 + n % 6, -(n / 2), -n, now(), 1, 'form', 'create', '{}' FROM generate_series(1, 2000) AS n"
    ),
    (
        'INSERT INTO unique_value (workspace_id, entity_id, "constraint", value, record_id) '
        "SELECT 1, 1 + n % 6, 'c' || n % 2, 'v' || n, -n FROM generate_series(1, 2000) AS n"
    ),
    (
        "INSERT INTO link (workspace_id, entity_id, attribute, record_id, target_id) "
        "SELECT 1, 1 + n % 6, 'a', -n, -(n / 3) FROM generate_series(1, 2000) AS n"
    ),
    (
        "INSERT INTO search (workspace_id, entity_id, record_id, text, tokens) "
        "SELECT 1, 1 + n % 6, -n, 'text ' || n, ARRAY[n, n % 100, n % 1000, n + 7, n + 11, n * 3] "
        "FROM generate_series(1, 2000) AS n"
    ),
)


# --- pieces


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _slots() -> Iterator[str]:
    for family, count in _FAMILIES.items():
        yield from (f"{family}{number}" for number in range(1, count + 1))


def _table(
    name: str,
    key: tuple[str, ...],
    *parts: Any,
    unique: Sequence[tuple[str, ...]] = (),
    **options: Any,
) -> None:
    """Create a table of which the workspace is the first column, and first in every key."""
    op.create_table(
        name,
        _integer("workspace_id"),
        *parts,
        sa.PrimaryKeyConstraint("workspace_id", *key, name=f"pk_{name}"),
        *(
            sa.UniqueConstraint(
                "workspace_id", *columns, name=f"uq_{name}_{'_'.join(('workspace_id', *columns))}"
            )
            for columns in unique
        ),
        **options,
    )


def _partial_index(name: str, present: str, columns: list[str]) -> None:
    condition = sa.text(f"{present} IS NOT NULL")
    op.create_index(
        name, "record", [*_KEY, *columns], postgresql_where=condition, sqlite_where=condition
    )


def _slot(name: str) -> sa.Column[Any]:
    match name[0]:
        case "t":
            return _text(name, nullable=True, by_code_point=True)
        case "d":
            return _instant(name, nullable=True)
        case _:
            return _big(name, nullable=True)


def _integer(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), **{"nullable": False, **options})


def _big(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), **{"nullable": False, **options})


def _boolean(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _text(name: str, *, nullable: bool = False, by_code_point: bool = False) -> sa.Column[Any]:
    collation = "C" if by_code_point and _is_postgres() else None
    return sa.Column(name, sa.Text(collation=collation), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    kind: sa.types.TypeEngine[Any] = postgresql.TIMESTAMP() if _is_postgres() else sa.Text()
    return sa.Column(name, kind, nullable=nullable)


def _document(name: str) -> sa.Column[Any]:
    kind: sa.types.TypeEngine[Any] = postgresql.JSONB() if _is_postgres() else sa.Text()
    return sa.Column(name, kind, nullable=False)
