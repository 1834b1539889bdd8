"""One unit of work on the database: everything in it happens, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from formwright.definitions.model import Catalog
from formwright.definitions.renames import Renames
from formwright.errors import StoreUnavailable
from formwright.store import rebuild, renaming, slots
from formwright.store.attempts import Attempts
from formwright.store.audit import AuditLog
from formwright.store.audit_sealing import Sealer
from formwright.store.columns import Columns
from formwright.store.files import Files
from formwright.store.hand_overs import HandOvers
from formwright.store.history import History
from formwright.store.one_time import OneTimeTokens
from formwright.store.reassignments import Reassignments
from formwright.store.records import Records
from formwright.store.revisions import Revisions
from formwright.store.search import SearchIndex
from formwright.store.second_steps import SecondSteps
from formwright.store.sequences import Sequences
from formwright.store.settings_values import SettingValues
from formwright.store.shares import Shares
from formwright.store.slots import Assignment
from formwright.store.trash import Trash
from formwright.store.unit import Holds, Shape, Unit
from formwright.store.users import Users
from formwright.texts import say

_log = logging.getLogger(__name__)


class Site(Protocol):
    """What a transaction asks of the store that opened it."""

    workspace: int
    holds: Holds
    sealer: Sealer

    def shape(self, connection: Connection, catalog: Catalog, revisions: Revisions) -> Shape:
        """Return ``catalog`` with its slots as this transaction may use them."""
        ...

    def day(self, now: datetime) -> date:
        """Return the day it is at ``now`` where the site is."""
        ...


class Parts:
    """The parts of a transaction that know records."""

    def __init__(self, unit: Unit) -> None:
        """Make them for one transaction and one catalog."""
        self.unit = unit
        self.columns = unit.columns
        self.history = History(unit)
        self.records = Records(unit, self.history)
        self.trash = Trash(unit, self.records, self.history)
        self.sequences = Sequences(unit)
        self.shares = Shares(unit)
        self.reassignments = Reassignments(unit)
        self.files = Files(unit.connection, unit.workspace, unit.now, unit.shape)


class Slots:
    """What can be asked about slots."""

    def __init__(self, connection: Connection, workspace: int) -> None:
        """Work on ``connection``."""
        self._connection = connection
        self._workspace = workspace

    def plan(self, catalog: Catalog, renames: Renames | None = None) -> Assignment:
        """Return what putting ``catalog`` in force would change."""
        return slots.plan(self._connection, self._workspace, catalog, renames)

    def unplaced(
        self, catalog: Catalog, renames: Renames | None = None
    ) -> tuple[tuple[str, str], ...]:
        """Return the fields of ``catalog`` that wish for an index and would get none."""
        return self.plan(catalog, renames).unplaced


class Transaction:
    """What a unit of work can do. The parts that know records need definitions: ``use`` comes first."""

    def __init__(self, session: Session, connection: Connection, site: Site, now: datetime) -> None:
        """Begin to work on ``session``; ``now`` is the instant of all its writes."""
        self.session = session
        self.connection = connection
        self.workspace = site.workspace
        self.now = now
        self._site = site
        self._parts: Parts | None = None
        self._after: list[Callable[[], object]] = []
        self.users = Users(connection, self.workspace, now)
        self.attempts = Attempts(connection, self.workspace, now)
        self.one_time = OneTimeTokens(connection, self.workspace, now)
        self.second_steps = SecondSteps(connection, self.workspace, now)
        self.hand_overs = HandOvers(connection, self.workspace, now)
        self.revisions = Revisions(connection, self.workspace, now, self.put_in_force)
        self.setting_values = SettingValues(connection, self.workspace, now)
        self.slots = Slots(connection, self.workspace)
        self.audit = AuditLog(
            connection, self.workspace, now, site.sealer.safe.key, self._seal_after_commit
        )

    def _seal_after_commit(self) -> None:
        self.after_commit(self._site.sealer.soon)

    def use(self, catalog: Catalog) -> None:
        """Work with ``catalog`` from here on; its entities and slots are those the database has now."""
        if self._parts is None or self._parts.unit.shape.catalog is not catalog:
            shape = self._site.shape(self.connection, catalog, self.revisions)
            self._parts = Parts(self._unit_of(shape))

    @property
    def parts(self) -> Parts:
        """What knows records; StoreUnavailable before the first ``use``."""
        if self._parts is None:
            raise StoreUnavailable(say("no definitions are installed"))
        return self._parts

    @property
    def unit(self) -> Unit:
        """The transaction as the parts of the store see it."""
        return self.parts.unit

    @property
    def shape(self) -> Shape:
        """The definitions as they stand in this database."""
        return self.parts.unit.shape

    @property
    def catalog(self) -> Catalog:
        """The definitions this transaction works with."""
        return self.shape.catalog

    @property
    def columns(self) -> Columns:
        """The attributes of records as SQL columns."""
        return self.parts.columns

    @property
    def records(self) -> Records:
        """Reading and writing records."""
        return self.parts.records

    @property
    def trash(self) -> Trash:
        """Deleting and restoring records."""
        return self.parts.trash

    @property
    def history(self) -> History:
        """What happened to records."""
        return self.parts.history

    @property
    def sequences(self) -> Sequences:
        """Business numbers."""
        return self.parts.sequences

    @property
    def shares(self) -> Shares:
        """Who else may see or edit single records."""
        return self.parts.shares

    @property
    def reassignments(self) -> Reassignments:
        """What changed hands together."""
        return self.parts.reassignments

    @property
    def files(self) -> Files:
        """Uploaded files."""
        return self.parts.files

    @property
    def search(self) -> SearchIndex:
        """The search entries of records."""
        return self.records.search

    def put_in_force(self, catalog: Catalog, renames: Renames) -> Assignment:
        """Give ``catalog`` its numbers and slots, claim what has become unique, and work with it from here on.

        What has been renamed keeps what it had.

        Raises UniqueViolation when records already have the same value of what is to be unique.
        """
        renaming.carry(self.connection, self.workspace, renames)
        assignment = slots.assign(self.connection, self.workspace, catalog)
        layout = slots.load(self.connection, self.workspace)
        shape = Shape(catalog, layout, self.connection.dialect.name, self.workspace)
        self._parts = Parts(self._unit_of(shape))
        rebuild.claim_new_values(self.unit)
        return assignment

    def _unit_of(self, shape: Shape) -> Unit:
        return Unit(
            self.connection,
            shape,
            self.now,
            self.after_commit,
            self._site.holds,
            self._site.day(self.now),
        )

    def after_commit(self, action: Callable[[], object]) -> None:
        """Have ``action`` run once the transaction is committed; never, when it is not."""
        self._after.append(action)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what happens inside if it raises, and leave the rest of the transaction as it is."""
        with self.connection.begin_nested():
            yield

    def run_after_commit(self) -> None:
        """Run what waited for the commit; what fails there is logged, for the data is safe already."""
        for action in self._after:
            try:
                action()
            except Exception:  # noqa: BLE001 -- whatever it is, the data is safe and the others still run
                _log.exception("an action after the commit failed")
