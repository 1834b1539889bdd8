"""Databases with the shipped packages in force, ready to be copied: installing takes seconds, a copy takes none."""

from __future__ import annotations

import inspect
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from formwright import paths
from formwright.cli.language import language
from formwright.cli.program import run
from formwright.engine import packages
from formwright.engine.runtime import Runtime
from formwright.plugins import manager
from formwright.store import schema
from formwright.store.records import Records
from formwright.store.store import Store

#: Ways to read records of the store, and the modules that may take them. Everybody else asks the gate.
READS = ("find", "get", "get_many", "children", "list", "count", "ids_by_value")
READERS = frozenset(
    {
        "formwright.engine.gate",
        "formwright.engine.accounts",  # log-ins of user records
        "formwright.engine.attachments",  # the rows that were just written
        "formwright.engine.handover",  # what one has given away oneself and takes back
        "formwright.engine.invitations",  # who is let in by a link, before any log-in
        "formwright.engine.imports.batches",  # what the gate said is within reach
        "formwright.engine.packages",  # rows that are there already, by key
        "formwright.engine.runtime",  # who the actor is
    }
)


def reader_of(frame: FrameType | None) -> str:
    """Return the module of ours that reads; "" for a test, and for the store itself on behalf of somebody."""
    name = str(frame.f_globals.get("__name__", "")) if frame is not None else ""
    outside = name.startswith("formwright.") and not name.startswith("formwright.store")
    return name if outside else ""


@pytest.fixture(autouse=True)
def trap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail every read of records that goes around the gate."""

    def guarded(read: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            reader = reader_of(getattr(inspect.currentframe(), "f_back", None))
            assert not reader or reader in READERS, f"{reader} reads records around the gate"
            return read(*arguments, **named)

        return ask

    for name in READS:
        monkeypatch.setattr(Records, name, guarded(getattr(Records, name)))


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
    engine = create_engine(
        url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection.exec_driver_sql


def install(url: str) -> None:
    """Put the shipped packages in force in an empty database."""
    store = Store.open(url)
    schema.upgrade(store.engine)
    runtime = Runtime(store, manager.load([paths.tree("plugins")]))
    packages.install(runtime, packages.installer(runtime.catalog), "crm")
    store.close()


@contextmanager
def copied(request: pytest.FixtureRequest, folder: Path, suffix: str) -> Iterator[str]:
    """Yield the URL of a database with the CRM in force that nobody else uses; the parameter says of which kind."""
    if request.param == "sqlite":
        path = folder / "formwright.db"
        shutil.copy(request.getfixturevalue("installed_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("installed_postgres")
    url = make_url(request.getfixturevalue("postgres_database"))
    name = f"{url.database}_{suffix}"
    with administer(url) as run:
        run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield url.set(database=name).render_as_string(hide_password=False)
    with administer(url) as run:
        run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


EACH_DATABASE = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=EACH_DATABASE)
def installed_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database of the test's own with the CRM in force."""
    with copied(request, tmp_path, "copy") as url:
        yield url


@pytest.fixture(scope="module", params=EACH_DATABASE)
def installed_for_module(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return the same for all tests of a module."""
    with copied(request, tmp_path_factory.mktemp("module"), "module") as url:
        yield url


@dataclass(frozen=True)
class Shell:
    """The command line on an instance of the test's own."""

    home: Path
    url: str

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a process that works on this instance and nothing else."""
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith("FORMWRIGHT_")
        }
        own = {
            "FORMWRIGHT_HOME": str(self.home),
            "FORMWRIGHT_DATABASE_URL": self.url,
            "LANG": "C.UTF-8",
        }
        return {**kept, **own, **more}

    def __call__(self, *arguments: object, code: int = 0, **more: str) -> str:
        """Run one command inside this process, which is quicker; return what it wrote, errors last."""
        out, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        language.cache_clear()
        with (
            mock.patch.dict(os.environ, self.environment(**more), clear=True),
            redirect_stdout(out),
            redirect_stderr(errors),
            pytest.raises(SystemExit) as left,
        ):
            run([str(argument) for argument in arguments])
        said = "".join(part.buffer.getvalue().decode() for part in _flushed(out, errors))
        assert left.value.code == code, said
        return said

    def process(self, *arguments: object, code: int = 0, **more: str) -> str:
        """Run one command in a process of its own, as people do; return what it wrote, errors last."""
        done = subprocess.run(
            [sys.executable, "-m", "formwright", *map(str, arguments)],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert done.returncode == code, said
        return said

    def json(self, *arguments: object, code: int = 0) -> Any:
        """Run one command with ``--json`` and return what it answers."""
        return json.loads(self(*arguments, "--json", code=code))


def _flushed(*files: io.TextIOWrapper) -> tuple[io.TextIOWrapper, ...]:
    for file in files:
        file.flush()
    return files


@pytest.fixture
def shell(installed_sqlite: Path, tmp_path: Path) -> Shell:
    """Return the command line on a SQLite instance with the CRM in force and an administrator."""
    path = tmp_path / "formwright.db"
    shutil.copy(installed_sqlite, path)
    found = Shell(tmp_path / "home", f"sqlite:///{path}")
    found("init")
    return found


@pytest.fixture
def shell_of_each(installed_url: str, tmp_path: Path) -> Shell:
    """Return the command line on an instance like ``shell``, once on each database."""
    found = Shell(tmp_path / "home", installed_url)
    found("init")
    return found


@pytest.fixture
def empty_shell(tmp_path: Path) -> Shell:
    """Return the command line on an instance that nothing has been done with."""
    return Shell(tmp_path / "home", f"sqlite:///{tmp_path / 'empty.db'}")
