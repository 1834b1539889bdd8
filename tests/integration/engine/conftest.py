"""A running engine with the shipped packages in force, on each database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from formwright import paths
from formwright.clock import FixedClock
from formwright.engine import packages, records
from formwright.engine.actor import Actor
from formwright.engine.drafts import Accepted, Input, Outcome, Rejected, RowInput, Typed
from formwright.engine.runtime import Runtime
from formwright.plugins import manager
from formwright.store import schema
from formwright.store.store import Store
from formwright.texts import Reader

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
SITE = Reader("zh-CN", "Asia/Shanghai")


def given(rows: dict[str, list[dict[str, object]]] | None = None, **typed: object) -> Input:
    """Return input as typed texts; values that are no text are passed on as they are."""

    def wrap(values: dict[str, object]) -> dict[str, object]:
        return {key: Typed((value,)) if isinstance(value, str) else value for key, value in values.items()}

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
        return records.update(self.runtime, actor, record.entity, record.id, wanted, version=record.version)


@pytest.fixture
def given_input() -> Callable[..., Input]:
    return given


@pytest.fixture
def complaints() -> Callable[[Outcome], dict[str, str]]:
    return said


@pytest.fixture(scope="session")
def installed_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the CRM in force, to be copied: installing takes seconds."""
    path = tmp_path_factory.mktemp("installed") / "formwright.db"
    install(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def installed_postgres(postgres_database: str) -> Iterator[str]:
    """Return the name of a PostgreSQL database with the CRM in force, to be copied."""
    url = make_url(postgres_database)
    name = f"{url.database}_installed"
    with administer(url) as run:
        run(f"DROP DATABASE IF EXISTS {name}")
        run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    install(url.set(database=name).render_as_string(hide_password=False))
    yield name
    with administer(url) as run:
        run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def administer(url: URL) -> Iterator[Callable[[str], object]]:
    """Yield a function that runs a command about databases."""
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection.exec_driver_sql


def install(url: str) -> None:
    """Put the shipped packages in force in an empty database."""
    store = Store.open(url)
    schema.upgrade(store.engine)
    runtime = Runtime(store, manager.load([paths.tree("plugins")]))
    packages.install(runtime, packages.installer(runtime.catalog), "crm")
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def installed_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database of the test's own with the CRM in force."""
    if request.param == "sqlite":
        path = tmp_path / "formwright.db"
        shutil.copy(request.getfixturevalue("installed_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("installed_postgres")
    url = make_url(request.getfixturevalue("postgres_database"))
    name = f"{url.database}_copy"
    with administer(url) as run:
        run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield url.set(database=name).render_as_string(hide_password=False)
    with administer(url) as run:
        run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


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
