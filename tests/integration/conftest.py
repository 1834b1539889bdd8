"""Databases with the shipped packages in force, ready to be copied: installing takes seconds, a copy takes none."""

from __future__ import annotations

import inspect
import io
import json
import os
import shutil
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
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
from formwright.definitions.load import load_sources
from formwright.definitions.model import Catalog
from formwright.engine import packages, runtime
from formwright.engine.runtime import Runtime
from formwright.expressions.functions import Functions
from formwright.fieldtypes.registry import Registry
from formwright.plugins import manager
from formwright.store import schema
from formwright.store.records import Records
from formwright.store.store import Store

#: Catalogs that are kept in memory: nearly every test puts the same packages in force.
_CATALOGS: OrderedDict[Any, Catalog] = OrderedDict()
_KEPT = 24


def remembered(
    files: Mapping[str, str], registry: Registry, *, functions: Functions, lost_types: bool = False
) -> Catalog:
    """Return what ``load_sources`` does, worked out once for the same files and the same names of plugins."""
    names = (registry.names(), tuple(each.name for each in functions))
    key = (tuple(sorted(files.items())), names, lost_types)
    if key not in _CATALOGS:
        _CATALOGS[key] = load_sources(files, registry, functions=functions, lost_types=lost_types)
        if len(_CATALOGS) > _KEPT:
            _CATALOGS.popitem(last=False)
    _CATALOGS.move_to_end(key)
    return _CATALOGS[key]


@pytest.fixture(autouse=True)
def quick_catalogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests the reading of the same definitions over and over; processes of their own read them."""
    monkeypatch.setattr(runtime, "load_sources", remembered)


#: Ways to read records of the store, and the modules that may take them. Everybody else asks the gate.
READS = ("find", "get", "get_many", "children", "list", "count", "ids_by_value")
READERS = frozenset(
    {
        "formwright.engine.gate",
        "formwright.engine.accounts",  # log-ins of user records
        "formwright.engine.audit_log",  # the names of people in it, which only administrators read
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
def administer(url: URL, database: str | None = "postgres") -> Iterator[Callable[[str], Any]]:
    """Yield a function that runs a command about databases, or inside one."""
    engine = create_engine(
        url.set(database=database), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection.exec_driver_sql


def install(url: str) -> None:
    """Put the shipped packages in force in an empty database."""
    store = Store.open(url)
    schema.upgrade(store.engine)
    engine = Runtime(store, manager.load([paths.tree("plugins")]))
    packages.install(engine, packages.installer(engine.catalog), "crm")
    store.close()


class Copies:
    """Databases of PostgreSQL with the CRM in force, filled again for each test: making one takes seconds."""

    def __init__(self, url: URL, template: str) -> None:
        self._url = url
        self._template = template
        self._made: set[str] = set()

    def fresh(self, suffix: str) -> str:
        """Return the URL of a database that is as it was installed."""
        url = self._url.set(database=f"{self._url.database}_{suffix}")
        if suffix not in self._made:
            self.drop(suffix)
            with administer(url) as run:
                run(f"CREATE DATABASE {url.database} TEMPLATE {self._template}")
            with administer(url, url.database) as run:
                run("CREATE SCHEMA pristine")
                for table in self._tables(run):
                    run(f'CREATE TABLE pristine."{table}" AS TABLE public."{table}"')
            self._made.add(suffix)
            return url.render_as_string(hide_password=False)
        with administer(url, url.database) as run:
            # A connection that an earlier test left open could hold a lock; the wait for it would never end.
            run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            names = [f'"{table}"' for table in self._tables(run)]
            # The audit log refuses to be emptied; deleting few rows is quicker than making new files.
            steps = ["BEGIN", "SET LOCAL session_replication_role = replica"]
            steps += [f"DELETE FROM public.{name}" for name in names]  # noqa: S608 -- our own tables
            steps += [f"INSERT INTO public.{n} TABLE pristine.{n}" for n in names]
            run("; ".join([*steps, "COMMIT"]))
        return url.render_as_string(hide_password=False)

    def drop(self, suffix: str) -> None:
        """Remove a database."""
        with administer(self._url) as run:
            run(f"DROP DATABASE IF EXISTS {self._url.database}_{suffix} WITH (FORCE)")

    def drop_all(self) -> None:
        """Remove what was made."""
        for suffix in self._made:
            self.drop(suffix)

    @staticmethod
    def _tables(run: Callable[[str], Any]) -> list[str]:
        found = run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row[0] for row in found]


@pytest.fixture(scope="session")
def postgres_copies(postgres_database: str, installed_postgres: str) -> Iterator[Copies]:
    """Return the databases of this worker."""
    copies = Copies(make_url(postgres_database), installed_postgres)
    yield copies
    copies.drop_all()


@contextmanager
def copied(request: pytest.FixtureRequest, folder: Path, suffix: str) -> Iterator[str]:
    """Yield the URL of a database with the CRM in force that nobody else uses; the parameter says of which kind."""
    if request.param == "sqlite":
        path = folder / "formwright.db"
        shutil.copy(request.getfixturevalue("installed_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    copies: Copies = request.getfixturevalue("postgres_copies")
    yield copies.fresh(suffix)


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
