"""Engines for the two databases: options, what every connection is told, and refusal of an unsafe SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import StaticPool

from formwright.errors import StoreUnavailable
from formwright.store.sqlite_functions import register_sqlite_functions
from formwright.store.tables import slot_names
from formwright.texts import say

#: Execution option of a connection whose transaction is going to write.
WRITE = "formwright_write"
#: Milliseconds that a writer waits for the one before it (SQLite), or for a lock (PostgreSQL).
WAIT_MS = 10_000
PAGE_SIZE = 8192
#: Seconds after which a connection to PostgreSQL that nobody used is tried before it is used again.
TRUSTED_REST = 1.0
_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def sqlite_module() -> ModuleType:
    """Return the SQLite driver: the one that brings a current SQLite, or Python's own where there is none."""
    try:
        from pysqlite3 import dbapi2  # noqa: PLC0415 -- there is no wheel of it for every platform
    except ImportError:
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


def is_safe_sqlite(version: tuple[int, ...]) -> bool:
    """Tell whether a SQLite is free of the write-ahead log bug that can damage a file.

    Fixed in 3.51.3, and in the last releases of two older branches.

    >>> is_safe_sqlite((3, 53, 4)), is_safe_sqlite((3, 50, 7)), is_safe_sqlite((3, 51, 2)), is_safe_sqlite((3, 40, 1))
    (True, True, False, False)
    """
    newest, *branches = _FIXED
    return version >= newest or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in branches
    )


def require_safe_sqlite(module: ModuleType | None = None) -> None:
    """Raise StoreUnavailable when the SQLite at hand may damage a database in write-ahead mode."""
    version = (module or sqlite_module()).sqlite_version
    if not is_safe_sqlite(tuple(int(part) for part in version.split("."))):
        raise StoreUnavailable(
            say(
                "SQLite %(version)s can damage a database that several processes write to; "
                "install the package pysqlite3, or SQLite 3.51.3 or newer, or use PostgreSQL",
                version=version,
            )
        )


def engine_options(url: str | URL) -> dict[str, Any]:
    """Return the keyword arguments of ``create_engine`` for the database at ``url``.

    Raises StoreUnavailable for a SQLite that must not be used, and for any other database.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite_options(parsed)
        case "postgresql":
            return {
                "pool_size": 8,
                "max_overflow": 8,
                "pool_timeout": 15,
                "pool_use_lifo": True,
                "connect_args": {"options": _postgres_settings(), "application_name": "formwright"},
            }
        case other:
            raise StoreUnavailable(
                say("there is no support for the database '%(name)s'", name=other)
            )


def normal_url(url: str | URL) -> URL:
    """Return ``url`` with the driver named that this platform brings: ``postgresql://`` means psycopg 3."""
    parsed = make_url(url)
    return (
        parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername in {"postgresql", "postgres"}
        else parsed
    )


def make_engine(url: str | URL) -> Engine:
    """Return an engine that is ready for the store."""
    engine = create_engine(normal_url(url), **engine_options(normal_url(url)))
    configure(engine)
    return engine


def configure(engine: Engine) -> None:
    """Have every new connection of ``engine`` set up for the store; doing it twice changes nothing."""
    if event.contains(engine, "begin", _begin):
        return
    event.listen(engine, "begin", _begin)
    event.listen(
        engine, "connect", _set_up_sqlite if engine.dialect.name == "sqlite" else _set_up_postgres
    )
    if engine.dialect.name == "postgresql":
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", _try_after_rest)


def analyze(connection: Connection) -> None:
    """Bring the planner's statistics up to date, inside a writing transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE (SKIP_LOCKED)")
        connection.exec_driver_sql("SELECT gin_clean_pending_list('ix_search_tokens')")
        return
    newest = connection.exec_driver_sql("SELECT max(rowid) FROM record").scalar() or 0
    limit = 0 if newest < _COUNT_ALL else _COUNT_SOME
    connection.exec_driver_sql(f"PRAGMA analysis_limit = {limit}")
    connection.exec_driver_sql("ANALYZE")
    connection.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE tbl = 'record' AND stat LIKE '0 %'")
    counted = {
        name
        for (name,) in connection.exec_driver_sql(
            "SELECT idx FROM sqlite_stat1 WHERE tbl = 'record'"
        )
    }
    for name, rows in _expected_rows():
        if name not in counted:
            statistic = " ".join(str(number) for number in (_EXPECTED, *rows))
            connection.exec_driver_sql(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('record', ?, ?)",
                (name, statistic),
            )
    # To skip the leading workspace of an index always costs more than to follow it.
    connection.exec_driver_sql(
        "UPDATE sqlite_stat1 SET stat = stat || ' noskipscan' WHERE idx IS NOT NULL"
    )
    connection.exec_driver_sql("ANALYZE sqlite_schema")


#: Up to how many records SQLite counts all of them (writers wait meanwhile), and beyond that how many an index.
_COUNT_ALL, _COUNT_SOME = 400_000, 20_000
#: How many records SQLite is told there are before they can be counted, and how many of them are of one entity.
_EXPECTED, _OF_ENTITY = 100_000, 20_000
_SAME_VALUE = {"t": 50, "n": 50, "d": 5, "r": 10}


def _expected_rows() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each index of the record table with how many records share its first columns, as in sqlite_stat1.

    What is empty today must not look like the best index tomorrow; and knowing nothing, SQLite takes an index
    for good whose leading workspace and entity are all that the question names.
    """
    leading = (_EXPECTED, _OF_ENTITY)
    yield "sqlite_autoindex_record_1", (*leading, 1)
    yield "ix_record_created", (*leading, 5, 1)
    yield "ix_record_updated", (*leading, 5, 1)
    yield "ix_record_owner", (*leading, 1000, 5, 1)
    yield "ix_record_parent", (*leading, 5, 1, 1)
    for name in slot_names():
        yield f"ix_record_{name}", (*leading, _SAME_VALUE[name[0]], 1)


def _sqlite_options(url: URL) -> dict[str, Any]:
    module = sqlite_module()
    require_safe_sqlite(module)
    options: dict[str, Any] = {
        "module": module,
        "connect_args": {"timeout": WAIT_MS / 1000, "cached_statements": 256},
    }
    if url.database in {None, "", ":memory:"}:
        options["poolclass"] = StaticPool
        options["connect_args"]["check_same_thread"] = False
    else:
        options |= {"pool_size": 8, "max_overflow": 24, "pool_timeout": 15}
    return options


def _postgres_settings() -> str:
    settings = {
        "timezone": "UTC",
        "statement_timeout": "60s",
        "lock_timeout": f"{WAIT_MS}ms",
        "idle_in_transaction_session_timeout": "60s",
        "default_transaction_isolation": "read\\ committed",
        "jit": "off",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin
    register_sqlite_functions(connection)
    cursor = connection.cursor()
    for pragma in (
        f"page_size = {PAGE_SIZE}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {WAIT_MS}",
        "mmap_size = 0",
        "trusted_schema = OFF",
        "cache_size = -65536",
        "temp_store = MEMORY",
        "journal_size_limit = 67108864",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_up_postgres(connection: Any, _record: object) -> None:
    from psycopg.types.json import set_json_loads  # noqa: PLC0415 -- only where PostgreSQL is used

    set_json_loads(orjson.loads, connection)


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _try_after_rest(connection: Any, record: Any, _proxy: object) -> None:
    """Ask a connection that has rested whether it is still one; the pool replaces those that are not.

    The server or something on the way closes what is idle. To ask before each transaction would cost every request a
    way to the server and back, and nothing is idle under load.
    """
    from psycopg import Error  # noqa: PLC0415 -- only where PostgreSQL is used

    rests_since = record.info.get("rests_since")
    if rests_since is None or time.monotonic() - rests_since < TRUSTED_REST:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Error as error:
        raise InvalidatePoolError from error


def _begin(connection: Connection) -> None:
    """Begin the transaction as what it is going to be: a SQLite writer takes the write lock at once."""
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
