"""The first tables."""

from __future__ import annotations

from alembic import op

from formwright.store.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    connection = op.get_bind()
    metadata.create_all(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE search_token USING fts5("
            "tokens, content='', contentless_delete=1, detail=none, columnsize=0, tokenize='ascii')"
            .replace("columnsize=0, ", "")
        )
    else:
        connection.exec_driver_sql("CREATE INDEX ix_search_tokens ON search USING gin (tokens)")


def downgrade() -> None:
    """Take the schema back."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE search_token")
    metadata.drop_all(connection)
