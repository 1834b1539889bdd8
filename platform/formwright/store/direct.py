"""Single rows, written by statements that the driver gets as they are: to prepare them by name takes most of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

#: Turns a value into what the driver takes, None where it takes it as it is.
_Bind = Callable[[Any], Any] | None


def insert_row(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert one row of column -> value."""
    names = tuple(values)
    connection.exec_driver_sql(
        _insert(table, names, _mark(connection)),
        _bound(connection.dialect, table, names, values.values()),
    )


def update_rows(
    connection: Connection, table: Table, where: Mapping[str, Any], values: Mapping[str, Any]
) -> int:
    """Set ``values`` in the rows that have exactly what ``where`` says; return how many there were."""
    names, keys = tuple(values), tuple(where)
    return connection.exec_driver_sql(
        _update(table, keys, names, _mark(connection)),
        (
            *_bound(connection.dialect, table, names, values.values()),
            *_bound(connection.dialect, table, keys, where.values()),
        ),
    ).rowcount


def _mark(connection: Connection) -> str:
    return "%s" if connection.dialect.name == "postgresql" else "?"


@lru_cache(maxsize=512)
def _insert(table: Table, names: tuple[str, ...], mark: str) -> str:
    columns = ", ".join(_quoted(table, name) for name in names)
    marks = ", ".join([mark] * len(names))
    return f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608 -- names are our own columns


@lru_cache(maxsize=512)
def _update(table: Table, keys: tuple[str, ...], names: tuple[str, ...], mark: str) -> str:
    sets = ", ".join(f"{_quoted(table, name)} = {mark}" for name in names)
    where = " AND ".join(f"{_quoted(table, name)} = {mark}" for name in keys)
    return f"UPDATE {table.name} SET {sets} WHERE {where}"  # noqa: S608 -- names are our own columns


def _bound(
    dialect: Dialect, table: Table, names: tuple[str, ...], values: Iterable[Any]
) -> tuple[Any, ...]:
    return tuple(
        [
            value if bind is None or value is None else bind(value)
            for bind, value in zip(_binds(dialect, table, names), values, strict=True)
        ]
    )


@lru_cache(maxsize=512)
def _binds(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[_Bind, ...]:
    """Return what the columns' types do to a value on its way in."""
    return tuple(table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)


def _quoted(table: Table, name: str) -> str:
    return f'"{table.c[name].name}"'
