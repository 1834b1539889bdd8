"""The database of an installation: opens transactions, and knows which definitions they work with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, sessionmaker

from formwright.clock import Clock, SystemClock
from formwright.definitions.model import Catalog
from formwright.errors import StoreUnavailable
from formwright.expressions.check import Checked
from formwright.expressions.environment import Environment, ValueRow
from formwright.expressions.evaluate import evaluate
from formwright.store import database, slots
from formwright.store.database import WRITE
from formwright.store.slots import Assignment
from formwright.store.transaction import Transaction
from formwright.store.unit import Holds, Shape
from formwright.texts import say

class Store:
    """The database of an installation."""

    def __init__(
        self,
        engine: Engine | sessionmaker[Session],
        *,
        clock: Clock | None = None,
        workspace: int = 1,
        holds: Holds | None = None,
    ) -> None:
        """Work on an engine made with ``database.engine_options``; its connections are set up from now on."""
        if isinstance(engine, Engine):
            self.engine = engine
            self._sessions = sessionmaker(engine, expire_on_commit=False)
        else:
            self._sessions = engine
            self.engine = engine.kw["bind"]
        self.clock = clock or SystemClock()
        self.workspace = workspace
        self._holds = holds or _evaluate
        self._shape: Shape | None = None
        database.configure(self.engine)

    @classmethod
    def open(cls, url: str | URL, **options: Any) -> Store:
        """Return a store with an engine of its own, for commands and tests."""
        return cls(database.make_engine(url), **options)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @property
    def shape(self) -> Shape:
        """The definitions in use, with their slots."""
        if self._shape is None:
            raise StoreUnavailable(say("no definitions are installed"))
        return self._shape

    def prepare(self, catalog: Catalog) -> tuple[Shape, Assignment]:
        """Give every entity of ``catalog`` its number and its fields their slots; return both.

        Writes only where something is missing. Slots of entities with records are to be filled by
        ``backfill.fill`` before readers use them; until then they read the documents.
        """
        with self.engine.connect() as connection, connection.begin():
            wanted = slots.plan(connection, self.workspace, catalog)
        if not wanted.is_empty:
            with self._write_connection() as connection, connection.begin():
                wanted = slots.assign(connection, self.workspace, catalog)
        return self.shape_of(catalog), wanted

    def shape_of(self, catalog: Catalog) -> Shape:
        """Return ``catalog`` with the slots it has now."""
        with self.engine.connect() as connection, connection.begin():
            layout = slots.load(connection, self.workspace)
        return Shape(catalog, layout, self.dialect, self.workspace)

    def use(self, catalog: Catalog) -> Assignment:
        """Work with ``catalog`` from the next transaction on."""
        self._shape, assignment = self.prepare(catalog)
        return assignment

    def refresh(self) -> None:
        """Read the slots again, after a backfill."""
        self._shape = self.shape_of(self.shape.catalog)

    @contextmanager
    def transaction(self, write: bool = True, *, shape: Shape | None = None) -> Iterator[Transaction]:
        """Run a unit of work: committed at the end, undone when anything is raised.

        With ``write`` false nothing may be written; SQLite then lets it run beside a writer.
        """
        session = self._sessions()
        try:
            connection = session.connection(execution_options={WRITE: write})
            transaction = Transaction(
                session, connection, shape or self._shape, self.workspace, self.clock.now(), self._holds
            )
            yield transaction
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()
        transaction.run_after_commit()

    def _write_connection(self) -> Connection:
        return self.engine.connect().execution_options(**{WRITE: True})


def _evaluate(condition: Checked, entity: str, record_id: int, values: Mapping[str, Any]) -> bool:
    """Tell whether a condition that reads nothing but the record itself holds."""
    return evaluate(condition, Environment(ValueRow(entity, record_id, values), datetime.now(UTC))) is True
