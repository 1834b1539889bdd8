"""Whether the database is set up so that it keeps what it says it has; for operators, never in a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from formwright.errors import StoreUnavailable
from formwright.store import schema
from formwright.store.database import is_safe_sqlite
from formwright.texts import Text, say


class Level(StrEnum):
    """How good or bad a finding is."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and what to do about it when it is not good."""

    name: str
    level: Level
    found: str
    advice: Text | None = None


def examine(engine: Engine) -> Iterator[Finding]:
    """Yield what there is to say about the database behind ``engine``."""
    with engine.connect() as connection, connection.begin():
        sqlite = connection.dialect.name == "sqlite"
        yield from _sqlite(connection) if sqlite else _postgres(connection)
    yield _schema(engine)


def require_reachable(engine: Engine) -> None:
    """Raise StoreUnavailable, with the reason, when the database does not answer."""
    try:
        with engine.connect():
            pass
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise StoreUnavailable(
            say("The database cannot be reached: %(reason)s", reason=reason)
        ) from None


def _judged(
    name: str, found: object, advice: Text, *, good: bool, bad: Level = Level.BAD
) -> Finding:
    return Finding(name, Level.GOOD, str(found)) if good else Finding(name, bad, str(found), advice)


def _schema(engine: Engine) -> Finding:
    found, newest = schema.current(engine), schema.newest()
    advice = say(
        "Run 'formwright init' to bring the database to revision %(newest)s.", newest=newest
    )
    return _judged("schema", found or "-", advice, good=found == newest)


def _value(connection: Connection, statement: str) -> str:
    return str(connection.exec_driver_sql(statement).scalar_one())


def _sqlite(connection: Connection) -> Iterator[Finding]:
    version = _value(connection, "SELECT sqlite_version()")
    yield _judged(
        "sqlite",
        version,
        say(
            "Install the package pysqlite3: this SQLite can damage a database that several processes write to."
        ),
        good=is_safe_sqlite(tuple(map(int, version.split(".")))),
    )
    yield _judged(
        "journal_mode",
        mode := _value(connection, "PRAGMA journal_mode"),
        say(
            "The database has to be in WAL mode. Is the file on a network drive? Move it to a local one."
        ),
        good=mode in {"wal", "memory"},
    )
    yield _judged(
        "synchronous",
        level := _value(connection, "PRAGMA synchronous"),
        say("With less than FULL (2), a power failure can lose what was saved."),
        good=int(level) >= 2,
    )
    yield _judged(
        "quick_check",
        found := _value(connection, "PRAGMA quick_check(1)"),
        say("The file is damaged. Stop the server and restore a backup."),
        good=found == "ok",
    )


def _postgres(connection: Connection) -> Iterator[Finding]:
    number = int(_value(connection, "SHOW server_version_num"))
    yield _judged(
        "postgresql",
        _value(connection, "SHOW server_version"),
        say("PostgreSQL 15 or newer is needed."),
        good=number >= 150_000,
    )
    for name in ("fsync", "full_page_writes"):
        advice = say(
            "Switch %(name)s on: without it a power failure can destroy the database.", name=name
        )
        yield _judged(name, found := _value(connection, f"SHOW {name}"), advice, good=found == "on")
    commit = _value(connection, "SHOW synchronous_commit")
    yield _judged(
        "synchronous_commit",
        commit,
        say(
            "Switch synchronous_commit on: without it a power failure can lose what was saved last."
        ),
        good=commit in {"on", "remote_apply", "remote_write", "local"},
    )
    yield _judged(
        "encoding",
        encoding := _value(connection, "SHOW server_encoding"),
        say("The database has to be made with the encoding UTF8."),
        good=encoding == "UTF8",
    )
    yield _judged(
        "data_checksums",
        sums := _value(connection, "SHOW data_checksums"),
        say("With data checksums a failing disk is noticed; switch them on with pg_checksums."),
        good=sums == "on",
        bad=Level.WARNING,
    )
    power = _value(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    yield _judged(
        "role",
        _value(connection, "SELECT current_user"),
        say("Use a role of its own that is no superuser."),
        good=power == "False",
        bad=Level.WARNING,
    )
