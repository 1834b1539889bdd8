"""A seeded database for each module, with the CRM and the package of this folder in force."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import (
    EACH_DATABASE,
    copied,
    installed_postgres,
    installed_sqlite,
    postgres_copies,
)
from rights.oracle import Oracle
from rights.world import Office
from rights.world import office as open_office

__all__ = [
    "installed_postgres",
    "installed_sqlite",
    "postgres_copies",
]  # fixtures of the tests beside these


@pytest.fixture(scope="module", params=EACH_DATABASE)
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """Return a seeded database that the tests of a module leave as it is, once on each kind."""
    with (
        copied(request, tmp_path_factory.mktemp("rights"), "rights") as url,
        open_office(url) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def office_on_sqlite(
    installed_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """Return the same on SQLite alone, for the controls: what they take out is the same on both."""
    path = tmp_path_factory.mktemp("controls") / "formwright.db"
    shutil.copy(installed_sqlite, path)
    with open_office(f"sqlite:///{path}") as made:
        yield made


@pytest.fixture(scope="module")
def oracle(office: Office) -> Oracle:
    """Return the oracle over it."""
    return office.oracle()
