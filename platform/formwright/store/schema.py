"""Bringing a database to the schema of this version, and telling whether it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from formwright.errors import StoreUnavailable
from formwright.store import database
from formwright.store.database import WRITE
from formwright.texts import say

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to ``revision``, in one transaction."""
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(_config(connection), revision)
        after = MigrationContext.configure(connection).get_current_revision()
        if before != after and connection.dialect.name == "sqlite":
            database.analyze(connection)  # PostgreSQL's first statistics come with the migration


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to ``revision``; ``base`` removes every table of ours, and all data."""
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """Return the revision the database is at, None for one without our tables."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the revision this version works with."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    if head is None:
        raise StoreUnavailable(say("the installation is damaged: it has no database migrations"))
    return head


def require_current(engine: Engine) -> None:
    """Raise StoreUnavailable unless the database has the schema of this version."""
    found = current(engine)
    if found != newest():
        raise StoreUnavailable(
            say("the database is not set up for this version; run 'formwright init'")
            if found is None
            else say(
                "the database is at revision %(found)s, this version needs %(needed)s",
                found=found,
                needed=newest(),
            )
        )


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
