"""The database of an installation: opens transactions, and knows which definitions they work with."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, sessionmaker

from formwright.clock import Clock, SystemClock
from formwright.definitions.model import Catalog
from formwright.definitions.renames import renames
from formwright.expressions.check import Checked
from formwright.expressions.environment import Environment, ValueRow
from formwright.expressions.evaluate import evaluate
from formwright.store import backfill, database, rebuild, renaming, slots
from formwright.store.audit_sealing import Safe, Sealer
from formwright.store.database import WRITE
from formwright.store.revisions import Revisions
from formwright.store.slots import Assignment
from formwright.store.transaction import Transaction
from formwright.store.unit import Holds, Shape, Unit


class Store:
    """The database of an installation."""

    def __init__(
        self,
        engine: Engine | sessionmaker[Session],
        *,
        clock: Clock | None = None,
        workspace: int = 1,
        timezone: str = "UTC",
        holds: Holds | None = None,
        safe: Safe | None = None,
    ) -> None:
        """Work on an engine made with ``database.engine_options``; its connections are set up from now on.

        ``timezone`` is the site's: it decides the day of business numbers. ``holds`` judges the conditions of
        partial constraints; the one used otherwise sees the record alone. ``safe`` holds the key of the audit log;
        without it the log is written under one that nobody keeps.
        """
        if isinstance(engine, Engine):
            self.engine = engine
            self._sessions = sessionmaker(engine, expire_on_commit=False)
        else:
            self._sessions = engine
            self.engine = engine.kw["bind"]
        self.clock = clock or SystemClock()
        self.workspace = workspace
        self.holds = holds or self._evaluate
        self._zone = ZoneInfo(timezone)
        self._lock = threading.Lock()
        self._shape: tuple[int, Shape] | None = None
        self._default: Catalog | None = None
        database.configure(self.engine)
        self.sealer = Sealer(self.engine, workspace, safe or Safe.forgotten(), self.clock)

    @classmethod
    def open(cls, url: str | URL, **options: Any) -> Store:
        """Return a store with an engine of its own, for commands and tests."""
        return cls(database.make_engine(url), **options)

    def close(self) -> None:
        """Seal what waits for it, and close every connection."""
        self.sealer.close()
        self.engine.dispose()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    def use(self, catalog: Catalog) -> Assignment:
        """Work with ``catalog`` in every transaction that does not say otherwise, published or not.

        Entities get their numbers and fields their slots; slots of records that exist are filled at once.
        """
        with self.transaction() as tx:
            assignment = tx.put_in_force(catalog, renames(self._default, catalog))
        self._default = catalog
        self._shape = None
        self.backfill(catalog)
        return assignment

    def backfill(self, catalog: Catalog) -> int:
        """Bring records that exist in line with definitions just put in force; return how many were changed.

        Slots are filled or cleared, search entries and edges made anew, in short transactions beside other
        people's work.
        """
        with self.engine.connect() as connection, connection.begin():
            shape = self._read_shape(connection, catalog)
        changed = renaming.rewrite(self.begin, shape)
        changed += backfill.fill(self.begin, shape)

        @contextmanager
        def open_unit() -> Iterator[Unit]:
            with self.transaction() as tx:
                yield Unit(
                    tx.connection, shape, tx.now, tx.after_commit, self.holds, self.day(tx.now)
                )

        changed += rebuild.follow(open_unit, shape)
        with self.begin() as connection:
            backfill.announce(connection, shape)
        self._shape = None
        return changed

    def is_behind(self) -> bool:
        """Tell whether the backfill of the newest revision is still to be done, or was interrupted."""
        with self.transaction(write=False) as tx:
            number, fills = tx.revisions.newest()
        return number > 0 and not fills

    def catch_up(self, catalog: Catalog) -> int:
        """Run the backfill for ``catalog``, the newest revision, unless it has been done."""
        return self.backfill(catalog) if self.is_behind() else 0

    def analyze(self) -> None:
        """Let the database count what it has, so that it finds the quickest ways; for the end of an import."""
        with self.begin() as connection:
            database.analyze(connection)

    @contextmanager
    def transaction(
        self, write: bool = True, *, now: datetime | None = None
    ) -> Iterator[Transaction]:
        """Run a unit of work: committed at the end, undone when anything is raised.

        With ``write`` false nothing may be written; SQLite then lets it run beside a writer.
        """
        session = self._sessions()
        try:
            connection = session.connection(execution_options={WRITE: write})
            if write:
                backfill.note_writer(connection, self.workspace)
            transaction = Transaction(session, connection, self, now or self.clock.now())
            if self._default is not None:
                transaction.use(self._default)
            yield transaction
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()
        transaction.run_after_commit()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a bare writing transaction, for the store's own housekeeping."""
        with (
            self.engine.connect().execution_options(**{WRITE: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def shape(self, connection: Connection, catalog: Catalog, revisions: Revisions) -> Shape:
        """Return ``catalog`` with its slots; read from the database only when they may have changed."""
        fills = revisions.newest()[1] if catalog.revision else 0
        known = self._shape
        if known is not None and known[0] == fills and known[1].catalog is catalog:
            return known[1]
        shape = self._read_shape(connection, catalog)
        with self._lock:
            self._shape = (fills, shape)
        return shape

    def day(self, now: datetime) -> date:
        """Return the day it is at ``now`` where the site is."""
        return now.astimezone(self._zone).date()

    def _read_shape(self, connection: Connection, catalog: Catalog) -> Shape:
        return Shape(catalog, slots.load(connection, self.workspace), self.dialect, self.workspace)

    def _evaluate(
        self, condition: Checked, entity: str, record_id: int, values: Mapping[str, Any]
    ) -> bool:
        """Tell whether a condition that reads nothing but the record itself holds."""
        row = ValueRow(entity, record_id, values)
        return evaluate(condition, Environment(row, self.clock.now())) is True
