"""Fills a database with the same rows twice, asks both the same, and says how many times slower ours is."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url

from bench import native, rows
from bench.workloads import Known, Workload, reads
from bench.writes import writes
from formwright.store import schema, tables
from formwright.store.database import WRITE
from formwright.store.query import Page
from formwright.store.store import Store
from formwright.store.transaction import Transaction

BATCH = 1000
_POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Figure:
    """One comparison, in milliseconds."""

    name: str
    title: str
    at_most: float
    ours: float
    ours_p95: float
    theirs: float
    theirs_p95: float
    times: int

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.theirs


@dataclass
class Result:
    """What was measured on one database."""

    database: str
    version: str
    customers: int
    follow_ups: int
    #: Rows a second through ``insert_many``, with history, unique values and search.
    load: float = 0.0
    native_load: float = 0.0
    sizes: dict[str, float] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            **asdict(self),
            "figures": [{**asdict(each), "ratio": each.ratio} for each in self.figures],
        }


def measure(database: str, count: int, say: Callable[[str], object]) -> Result:
    """Measure everything on ``sqlite`` or ``postgresql``."""
    with empty_database(database) as url:
        store = Store.open(url)
        try:
            schema.upgrade(store.engine)
            store.use(rows.catalog())
            return _measure(store, count, say)
        finally:
            store.close()


def _measure(store: Store, count: int, say: Callable[[str], object]) -> Result:
    with store.engine.connect() as connection:
        query = "SELECT sqlite_version()" if store.dialect == "sqlite" else "SHOW server_version"
        version = str(connection.exec_driver_sql(query).scalar())
    result = Result(store.dialect, version, count, count // 2)
    say(f"{store.dialect} {version}: {count} customers, {count // 2} follow-ups")
    known = _fill(store, result)
    say(
        f"  stored {result.load:.0f} rows/s with history and search; natively {result.native_load:.0f}"
    )
    for workload in (*reads(known), *writes(known)):
        if not workload.writes:
            _agree(store, workload)
        figure = _compare(store, workload)
        result.figures.append(figure)
        say(
            f"  {figure.name:4} {figure.title:42} {figure.ours:9.3f} ms {figure.theirs:9.3f} ms"
            f"  x {figure.ratio:5.2f}  {'' if figure.ratio <= figure.at_most else f'more than {figure.at_most}'}"
        )
    result.sizes = _sizes(store)
    return result


def _fill(store: Store, result: Result) -> Known:
    """Store the rows on both sides; ours first, for its ids serve both."""
    with store.transaction() as tx:
        owners = [
            n
            for n in tx.records.insert_many("core.user", rows.users(), by=None, channel="bench")
            if isinstance(n, int)
        ]
    started = time.perf_counter()
    numbers = _insert_all(store, rows.CUSTOMER, rows.customers(result.customers, owners))
    result.load = result.customers / (time.perf_counter() - started)
    follow_up_numbers = _insert_all(
        store, rows.FOLLOW_UP, rows.follow_ups(result.follow_ups, numbers)
    )
    writing = store.engine.execution_options(**{WRITE: True})
    with writing.begin() as connection:
        native.metadata.create_all(connection)
        record = tables.record.c
        query = select(record.id, record.created_at).where(record.id.in_(numbers[::BATCH]))
        created = {row.id: row.created_at for row in connection.execute(query)}
    started = time.perf_counter()
    with writing.begin() as connection:
        customers = rows.customers(result.customers, owners)
        native.fill(
            connection,
            zip(numbers, _moments(numbers, created), customers, strict=True),
            zip(follow_up_numbers, rows.follow_ups(result.follow_ups, numbers), strict=True),
        )
    result.native_load = (result.customers + result.follow_ups) / (time.perf_counter() - started)
    store.analyze()
    _settle(store)
    middle = numbers[len(numbers) // 2]
    with store.transaction(write=False) as tx:
        record = tx.records.get(rows.CUSTOMER, middle)
        phones = [
            r.values["phone"]
            for r in tx.records.get_many(rows.CUSTOMER, numbers[:: max(1, len(numbers) // 2000)])
        ]
    sample = numbers[:: max(1, len(numbers) // 5000)]
    return Known(sample, owners, phones, (record.created_at, middle))


def _moments(numbers: list[int], known: dict[int, Any]) -> Iterator[Any]:
    """Yield when each customer was created; a batch has one moment."""
    current = None
    for place, number in enumerate(numbers):
        if place % BATCH == 0:
            current = known[number]
        yield current


def _insert_all(store: Store, entity: str, values: Iterator[dict[str, Any]]) -> list[int]:
    numbers: list[int] = []
    batch: list[dict[str, Any]] = []

    def flush() -> None:
        with store.transaction() as tx:
            numbers.extend(
                n
                for n in tx.records.insert_many(entity, batch, by=None, channel="bench")
                if isinstance(n, int)
            )
        batch.clear()

    for each in values:
        batch.append(each)
        if len(batch) == BATCH:
            flush()
    if batch:
        flush()
    return numbers


def _settle(store: Store) -> None:
    """Let the database tidy up, so that it does not do so while it is measured."""
    if store.dialect == "sqlite":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")


def _compare(store: Store, workload: Workload, seconds: float = 3.0) -> Figure:
    """Measure both sides in turns, so that whatever else the machine does hits both alike."""
    ours, theirs = workload.ours(), workload.theirs()
    mine: list[float] = []
    native_times: list[float] = []
    deadline = time.perf_counter() + seconds
    while len(mine) < 12 or (time.perf_counter() < deadline and len(mine) < 3000):
        mine.append(_time_ours(store, ours, writes=workload.writes))
        native_times.append(_time_theirs(store, theirs, writes=workload.writes))
    mine, native_times = sorted(mine[8:]), sorted(native_times[8:])  # the first ones warm up
    return Figure(
        workload.name, workload.title, workload.at_most,
        _at(mine, 0.5), _at(mine, 0.95), _at(native_times, 0.5), _at(native_times, 0.95), len(mine),
    )  # fmt: skip


def _agree(store: Store, workload: Workload, questions: int = 20) -> None:
    """Make sure that both sides list the same records: a quick answer to another question would tell nothing.

    Ours has the records without a value of the sort key at the end; natively they are left out. Searches differ, as
    ours folds accents and spellings of numbers.
    """
    ours, theirs = workload.ours(), workload.theirs()
    found = 0
    for _ in range(questions):
        with store.transaction(write=False) as tx:
            mine = ours(tx)
            answer = theirs(tx.connection)
        if not isinstance(mine, Page) or workload.name.startswith("17"):
            return
        assert isinstance(answer, list)
        wanted = [each.id for each in answer]
        got = [record.id for record in mine.records]
        assert got[: len(wanted)] == wanted, f"{workload.title}: the answers differ"
        found += len(wanted)
    assert found, f"{workload.title}: nothing was found"


def _time_ours(store: Store, work: Callable[[Transaction], object], *, writes: bool) -> float:
    """Return the milliseconds of a question in an open transaction, or of a change with its commit."""
    begun = time.perf_counter()
    with store.transaction(writes) as tx:
        started = begun if writes else time.perf_counter()
        work(tx)
        ended = time.perf_counter()
    return ((time.perf_counter() if writes else ended) - started) * 1000


def _time_theirs(store: Store, work: Callable[[Connection], object], *, writes: bool) -> float:
    begun = time.perf_counter()
    with store.engine.execution_options(**{WRITE: writes}).begin() as connection:
        started = begun if writes else time.perf_counter()
        work(connection)
        ended = time.perf_counter()
    return ((time.perf_counter() if writes else ended) - started) * 1000


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _sizes(store: Store) -> dict[str, float]:
    """Return the size of each table with its indexes, in MiB."""
    if store.dialect == "sqlite":
        return {"database": Path(str(store.engine.url.database)).stat().st_size / 2**20}
    query = (
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    with store.engine.connect() as connection:
        found = {name: size / 2**20 for name, size in connection.exec_driver_sql(query)}
    return {
        name: round(size, 1)
        for name, size in sorted(found.items(), key=lambda item: -item[1])
        if size >= 1
    }


@contextmanager
def empty_database(kind: str) -> Iterator[str]:
    """Make an empty database for the measurement, and remove it afterwards."""
    if kind == "sqlite":
        folder = Path(
            tempfile.mkdtemp(
                prefix="formwright-bench-", dir=os.environ.get("FORMWRIGHT_BENCH_FOLDER")
            )
        )
        try:
            yield f"sqlite:///{folder / 'bench.db'}"
        finally:
            shutil.rmtree(folder)
        return
    server = make_url(os.environ.get("FORMWRIGHT_BENCH_POSTGRES_URL", _POSTGRES))
    name = f"formwright_bench_{os.getpid()}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")  # type: ignore[arg-type]
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]
