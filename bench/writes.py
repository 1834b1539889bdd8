"""What is measured of writing: every operation with its commit, beside a native row with a history by hand."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bench import native
from bench.native import customers_of
from bench.rows import CUSTOMER, NOW, SOURCES, STAGES, customers
from bench.workloads import Known, Ours, Theirs, Workload, chance
from formwright import ids
from formwright.store.rows import StoredRecord
from formwright.store.transaction import Transaction


def writes(known: Known) -> Iterator[Workload]:
    """Yield every comparison that changes something."""
    fresh = _Fresh(known)
    yield Workload("02", "insert, the row alone", 1.5, *_row_alone(fresh), writes=True)
    yield Workload(
        "02w", "insert: unique values, history, search", 3.0, *_whole(fresh, known), writes=True
    )
    for name, title, keys in (
        ("03a", "update two indexed fields, history", ("amount", "stage")),
        ("03b", "update two other fields, history", ("visits", "street")),
    ):
        yield Workload(name, title, 1.5, *_update(known, keys), writes=True)


class _Fresh:
    """Customers that are not there yet."""

    def __init__(self, known: Known) -> None:
        self._values = customers(1_000_000_000, known.owners)
        self._numbers = itertools.count()

    def next(self) -> dict[str, Any]:
        number = next(self._numbers)
        return {
            **next(self._values),
            "phone": f"+8619{number:09d}",
            "email": f"new{number}@example.com",
        }


def _row_alone(fresh: _Fresh) -> tuple[Ours, Theirs]:
    def ours() -> Callable[[Transaction], object]:
        def write(tx: Transaction) -> None:
            values = fresh.next()
            encoded = tx.shape.codec(CUSTOMER).encode(values)
            number, owner = ids.new_id(), values["owner"]
            record = StoredRecord(CUSTOMER, number, 1, values, owner, NOW, owner, NOW, owner)
            tx.records.rows.add(record, encoded)

        return write

    def theirs() -> Callable[[Connection], object]:
        return lambda connection: _insert(connection, fresh.next())

    return ours, theirs


def _whole(fresh: _Fresh, known: Known) -> tuple[Ours, Theirs]:
    def ours() -> Callable[[Transaction], object]:
        return lambda tx: tx.records.insert(
            CUSTOMER, fresh.next(), by=known.owners[0], channel="form"
        )

    def theirs() -> Callable[[Connection], object]:
        def write(connection: Connection) -> None:
            values = fresh.next()
            number = _insert(connection, values)
            _note(connection, number, {key: str(value) for key, value in values.items()})

        return write

    return ours, theirs


def _update(known: Known, keys: tuple[str, ...]) -> tuple[Ours, Theirs]:
    table = native.customer
    query = select(table).where(table.c.id == bindparam("id"))

    def ours() -> Callable[[Transaction], object]:
        pick = chance()

        def write(tx: Transaction) -> None:
            before = tx.records.get(CUSTOMER, pick.choice(known.customers))
            values = {**before.values, **_new_values(pick, keys)}
            tx.records.change(before, values, by=known.owners[0], channel="form")

        return write

    def theirs() -> Callable[[Connection], object]:
        pick = chance()

        def write(connection: Connection) -> None:
            number = pick.choice(known.customers)
            (before,) = customers_of(connection.execute(query, {"id": number}))
            values = _new_values(pick, keys)
            connection.execute(
                update(table)
                .where(table.c.id == number, table.c.version == before.version)
                .values(version=before.version + 1, updated_at=NOW, **values)
            )
            _note(
                connection,
                number,
                {key: [str(getattr(before, key)), str(values[key])] for key in keys},
            )

        return write

    return ours, theirs


def _new_values(pick: random.Random, keys: tuple[str, ...]) -> dict[str, Any]:
    every = {
        "amount": Decimal(pick.randrange(10_000_000)).scaleb(-2),
        "stage": pick.choice(STAGES),
        "visits": pick.randrange(1_000_000),
        "street": f"{pick.choice(SOURCES)} {pick.randrange(1_000_000)}",
    }
    return {key: every[key] for key in keys}


def _insert(connection: Connection, values: Mapping[str, Any]) -> int:
    number = ids.new_id()
    connection.execute(insert(native.customer), native.as_row(number, NOW, values))
    return number


def _note(connection: Connection, number: int, changes: Mapping[str, Any]) -> None:
    row = {"id": ids.new_id(), "record": number, "at": NOW, "by": 1, "changes": dict(changes)}
    connection.execute(insert(native.change), row)
