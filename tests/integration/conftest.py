"""Databases with the shipped packages in force, ready to be copied: installing takes seconds, a copy takes none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from formwright import paths
from formwright.engine import packages
from formwright.engine.runtime import Runtime
from formwright.plugins import manager
from formwright.store import schema
from formwright.store.store import Store


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
