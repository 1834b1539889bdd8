"""Alembic's entry: migrates over the connection that ``store.schema`` hands in."""

from __future__ import annotations

from typing import Any

from alembic import context

from formwright.store.tables import metadata


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave SQLite's full-text tables out of comparisons: SQLAlchemy has no model of them."""
    return not (kind == "table" and name is not None and name.startswith("search_token"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=include_name,
    compare_type=True,
    transaction_per_migration=False,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
