"""One unit of work on the database: everything in it happens, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from formwright.definitions.model import Catalog
from formwright.errors import StoreUnavailable
from formwright.store.columns import Columns
from formwright.store.files import Files
from formwright.store.history import History
from formwright.store.records import Records
from formwright.store.revisions import Revisions
from formwright.store.search import SearchIndex
from formwright.store.sequences import Sequences
from formwright.store.settings_values import SettingValues
from formwright.store.trash import Trash
from formwright.store.unit import Holds, Shape, Unit
from formwright.store.users import Users
from formwright.texts import say

_log = logging.getLogger(__name__)


class Transaction:
    """What a unit of work can do. The parts that know records need definitions: ``Store.use`` comes first."""

    def __init__(
        self, session: Session, connection: Connection, shape: Shape | None, workspace: int, now: datetime, holds: Holds
    ) -> None:
        """Begin to work on ``session``; ``now`` is the instant of all its writes."""
        self.session = session
        self.connection = connection
        self.workspace = workspace
        self.now = now
        self._shape = shape
        self._after: list[Callable[[], object]] = []
        if shape is not None:
            unit = Unit(connection, shape, now, self.after_commit, holds)
            self.unit = unit
            self.history = History(unit)
            self.records = Records(unit, self.history)
            self.trash = Trash(unit, self.records, self.history)
            self.sequences = Sequences(unit)
        self.users = Users(connection, workspace, now)
        self.revisions = Revisions(connection, workspace, now)
        self.settings = SettingValues(connection, workspace, now)
        self.files = Files(connection, workspace, now, shape)

    @property
    def shape(self) -> Shape:
        """The definitions as they stand in this database."""
        if self._shape is None:
            raise StoreUnavailable(say("no definitions are installed"))
        return self._shape

    @property
    def catalog(self) -> Catalog:
        """The definitions this transaction works with."""
        return self.shape.catalog

    @property
    def columns(self) -> Columns:
        """The attributes of records as SQL columns."""
        return self.shape.columns

    @property
    def search(self) -> SearchIndex:
        """The search entries of records."""
        return self.records.search

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
