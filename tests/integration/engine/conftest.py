"""A running engine with the shipped packages in force, on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from formwright import paths
from formwright.clock import FixedClock
from formwright.engine import packages, records
from formwright.engine.actor import Actor
from formwright.engine.drafts import Accepted, Input, Outcome, Rejected, RowInput, Typed
from formwright.engine.runtime import Runtime
from formwright.plugins import manager
from formwright.store.store import Store
from formwright.texts import Reader

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
SITE = Reader("zh-CN", "Asia/Shanghai")


def given(rows: dict[str, list[dict[str, object]]] | None = None, **typed: object) -> Input:
    """Return input as typed texts; values that are no text are passed on as they are."""

    def wrap(values: dict[str, object]) -> dict[str, object]:
        return {
            key: Typed((value,)) if isinstance(value, str) else value
            for key, value in values.items()
        }

    return Input(
        wrap(typed),
        {
            key: [RowInput(f"new-{number}", wrap(row)) for number, row in enumerate(each)]
            for key, each in (rows or {}).items()
        },
    )


def said(outcome: Outcome) -> dict[str, str]:
    """Return what is wrong, field -> sentence."""
    assert isinstance(outcome, Rejected)
    return {violation.field: str(violation.message) for violation in outcome.violations}


@dataclass
class Office:
    """A small firm that uses the CRM: the engine, and people of different roles."""

    runtime: Runtime
    clock: FixedClock
    people: dict[str, Actor]

    def person(self, login: str, *roles: str) -> Actor:
        """Return the actor of a user with ``roles``, made on first use."""
        if login not in self.people:
            installer = packages.installer(self.runtime.catalog)
            user = self.accept("core.user", installer, name=login.title(), login=login).record
            known = self.runtime.catalog.roles_of(roles)
            self.people[login] = Actor(user.id, login, login.title(), known, SITE)
        return self.people[login]

    def lead(self, leader: Actor, *people: Actor) -> None:
        """Put people into a team of which ``leader`` is the lead."""
        system = packages.installer(self.runtime.catalog)
        team = self.accept("core.team", system, name=f"{leader.name}'s", lead=leader.id).record
        for each in people:
            moved = Input({"team": team.id})
            records.update(self.runtime, system, "core.user", each.id or 0, moved, version=None)

    def create(self, entity: str, actor: Actor, rows=None, **typed: object) -> Outcome:
        """Create a record from what a person types."""
        return records.create(self.runtime, actor, entity, given(rows, **typed))

    def accept(self, entity: str, actor: Actor, rows=None, **typed: object) -> Accepted:
        """Create a record that must be accepted."""
        outcome = self.create(entity, actor, rows, **typed)
        assert isinstance(outcome, Accepted), said(outcome)
        return outcome

    def update(self, actor: Actor, record, rows=None, **typed: object) -> Outcome:
        """Change a record as it was read."""
        wanted = given(rows, **typed)
        return records.update(
            self.runtime, actor, record.entity, record.id, wanted, version=record.version
        )


@pytest.fixture(name="given")
def given_fixture() -> Callable[..., Input]:
    return given


@pytest.fixture(name="said")
def said_fixture() -> Callable[[Outcome], dict[str, str]]:
    return said


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def office(installed_url: str, clock: FixedClock) -> Iterator[Office]:
    store = Store.open(installed_url, clock=clock)
    runtime = Runtime(store, manager.load([paths.tree("plugins")]), clock, SITE)
    yield Office(runtime, clock, {})
    store.close()


@pytest.fixture
def count_statements(office: Office) -> Callable[[], AbstractContextManager[list[str]]]:
    """Return a context manager that collects the statements sent to the database inside it."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            if not statement.upper().startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
                statements.append(statement)

        event.listen(office.runtime.store.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(office.runtime.store.engine, "before_cursor_execute", note)

    return collect
