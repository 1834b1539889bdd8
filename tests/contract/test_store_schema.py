"""The migrations make exactly the tables the code works with, go both ways, and an unsafe SQLite is refused."""

from __future__ import annotations

import types
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from formwright.errors import StoreUnavailable
from formwright.store import database, schema
from formwright.store.store import Store
from formwright.store.tables import metadata


@pytest.fixture
def engine(database_url: str) -> Any:
    made = database.make_engine(database_url)
    yield made
    made.dispose()


def differences(engine: Engine) -> list[Any]:
    def include(name: str | None, kind: str, _parents: Any) -> bool:
        return not (kind == "table" and str(name).startswith("search_token"))

    def include_object(*described: Any) -> bool:
        """Leave out the one index that only PostgreSQL has; ``described`` is object, name, kind, ..."""
        return not (described[1] == "ix_search_tokens" and engine.dialect.name == "sqlite")

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": include, "include_object": include_object, "compare_type": True},
        )
        return list(compare_metadata(context, metadata))


def test_the_migrated_schema_is_the_one_the_code_works_with(engine: Engine) -> None:
    schema.upgrade(engine)
    assert differences(engine) == []


def test_every_migration_can_be_taken_back_and_done_again(engine: Engine) -> None:
    schema.upgrade(engine)
    schema.downgrade(engine)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    schema.upgrade(engine)
    assert differences(engine) == []


def test_a_database_without_our_tables_is_refused_with_a_way_out(engine: Engine) -> None:
    with pytest.raises(StoreUnavailable, match="formwright init"):
        schema.require_current(engine)
    schema.upgrade(engine)
    schema.require_current(engine)


def test_every_table_has_the_workspace_first_in_its_key_and_in_every_index() -> None:
    for table in metadata.tables.values():
        assert next(iter(table.primary_key.columns)).name == "workspace_id", table.name
        for index in table.indexes:
            columns = [column.name for column in index.columns]
            assert columns[0] == "workspace_id" or columns == ["tokens"], index.name


def test_partial_indexes_and_code_point_order_are_in_place(engine: Engine) -> None:
    schema.upgrade(engine)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_schema WHERE name = 'ix_record_t1'"
            ).scalar_one()
            assert found.endswith("WHERE t1 IS NOT NULL")
        else:
            found = connection.exec_driver_sql(
                "SELECT pg_get_indexdef('ix_record_t1'::regclass), "
                "(SELECT collname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation "
                "WHERE attrelid = 'record'::regclass AND attname = 't1')"
            ).one()
            assert found[0].endswith("WHERE (t1 IS NOT NULL)")
            assert found[1] == "C"


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ("3.40.1", False),
        ("3.44.6", True),
        ("3.50.6", False),
        ("3.50.7", True),
        ("3.51.2", False),
        ("3.51.3", True),
        ("3.53.4", True),
    ],
)
def test_a_sqlite_that_can_damage_a_database_is_refused(version: str, safe: bool) -> None:
    module = types.ModuleType("driver")
    module.sqlite_version = version  # type: ignore[attr-defined]
    if safe:
        database.require_safe_sqlite(module)
        return
    with pytest.raises(StoreUnavailable, match="SQLite " + version.replace(".", r"\.")):
        database.require_safe_sqlite(module)


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(StoreUnavailable, match="mysql"):
        database.engine_options("mysql://localhost/x")


def test_sqlite_writes_safely_whoever_connects(tmp_path: Any) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'x.db'}")
    with store.engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "mmap_size",
                "trusted_schema",
                "busy_timeout",
            )
        }
    store.close()
    assert told == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0, "trusted_schema": 0,
        "busy_timeout": database.WAIT_MS,
    }  # fmt: skip


def test_a_writing_transaction_of_sqlite_has_the_lock_from_its_beginning(tmp_path: Any) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'x.db'}")
    schema.upgrade(store.engine)
    # The same library: locks of two SQLites in one process do not see each other.
    driver: Any = database.sqlite_module()
    other = driver.connect(tmp_path / "x.db", timeout=0, isolation_level=None)
    with store.transaction(write=False):
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    with store.transaction(write=True), pytest.raises(driver.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    store.close()
