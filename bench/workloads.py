"""What is measured: each question to the store, and the same one to the native tables."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, or_, select, tuple_

from bench import native
from bench.native import customers_of, follow_ups_of
from bench.rows import CUSTOMER, FOLLOW_UP, GRADES, STAGES
from formwright.definitions.model import Sort
from formwright.store import keyset
from formwright.store.query import ListQuery
from formwright.store.transaction import Transaction

#: A question, asked again and again with other values. Made anew for each measurement, so that both sides
#: are asked about the same.
Ours = Callable[[], Callable[[Transaction], object]]
Theirs = Callable[[], Callable[[Connection], object]]
#: Conditions out of a way to name columns and a source of chance.
Where = Callable[[Any, random.Random], list[Any]]
PAGE = 50


@dataclass(frozen=True)
class Workload:
    """One comparison; ``at_most`` is the ratio that is aimed at."""

    name: str
    title: str
    at_most: float
    ours: Ours
    theirs: Theirs
    writes: bool = False


@dataclass(frozen=True)
class Known:
    """What both sides are asked about."""

    customers: list[int]
    owners: list[int]
    phones: list[str]
    #: Creation and id of a customer in the middle of the list.
    middle: tuple[datetime, int]


def chance() -> random.Random:
    """Return the same sequence of choices every time."""
    return random.Random(7)  # noqa: S311


def reads(known: Known) -> Iterator[Workload]:
    """Yield every comparison that changes nothing."""
    yield Workload("01", "read one", 1.5, *_point(known))
    yield Workload("11", "who has this phone", 1.5, *_unique(known))
    yield Workload("12", "20 follow-ups of a customer", 1.5, *_related(known))
    yield from _lists(known)
    yield Workload("08d", "count up to 1000", 1.5, *_capped())
    yield Workload("09a", "sum by source", 2.0, *_grouped("source", "amount"))
    yield Workload("09c", "sum of a field without a slot", 2.0, *_grouped("source", "discount"))
    yield from _searches()


def _point(known: Known) -> tuple[Ours, Theirs]:
    table = native.customer
    query = select(table).where(table.c.id == bindparam("id"))

    def ours() -> Callable[[Transaction], object]:
        pick = chance()
        return lambda tx: tx.records.get(CUSTOMER, pick.choice(known.customers))

    def theirs() -> Callable[[Connection], object]:
        pick = chance()
        return lambda connection: customers_of(
            connection.execute(query, {"id": pick.choice(known.customers)})
        )

    return ours, theirs


def _unique(known: Known) -> tuple[Ours, Theirs]:
    table = native.customer
    query = select(table.c.id).where(table.c.phone == bindparam("phone"))

    def ours() -> Callable[[Transaction], object]:
        pick = chance()
        return lambda tx: tx.records.unique.find(CUSTOMER, "phone", pick.choice(known.phones))

    def theirs() -> Callable[[Connection], object]:
        pick = chance()
        return lambda connection: connection.execute(
            query, {"phone": pick.choice(known.phones)}
        ).scalar()

    return ours, theirs


def _related(known: Known) -> tuple[Ours, Theirs]:
    table = native.follow_up

    def ours() -> Callable[[Transaction], object]:
        pick = chance()

        def ask(tx: Transaction) -> object:
            row = tx.columns.record(FOLLOW_UP)
            where = [row.value("customer") == pick.choice(known.customers)]
            return tx.records.list(ListQuery(row, where, (Sort("at", descending=True),), limit=20))

        return ask

    def theirs() -> Callable[[Connection], object]:
        pick = chance()

        def ask(connection: Connection) -> object:
            query = select(table).where(table.c.customer == pick.choice(known.customers))
            return follow_ups_of(
                connection.execute(query.order_by(table.c.at.desc(), table.c.id.desc()).limit(20))
            )

        return ask

    return ours, theirs


def _list(
    name: str, title: str, where: Where, key: str, after: tuple[Any, int] | None = None
) -> Workload:
    """Return a list of 50, the largest ``key`` first, after a position when one is given."""
    column = native.customer.c
    sort = (Sort(key, descending=True),)
    token = None
    if after is not None:
        token = keyset.write_token(
            keyset.signature([(key, True)], CUSTOMER), keyset.Position((after[0],), after[1])
        )

    def ours() -> Callable[[Transaction], object]:
        pick = chance()

        def ask(tx: Transaction) -> object:
            row = tx.columns.record(CUSTOMER)
            return tx.records.list(
                ListQuery(row, where(row.value, pick), sort, limit=PAGE, after=token)
            )

        return ask

    def theirs() -> Callable[[Connection], object]:
        pick = chance()

        def ask(connection: Connection) -> object:
            query = select(native.customer).where(
                *where(column.__getitem__, pick), column[key].is_not(None)
            )
            if after is not None:
                # with the column's own type: an instant is text on SQLite, and any other spelling compares wrongly
                start = literal(after[0], column[key].type)
                query = query.where(
                    tuple_(column[key], column.id) < tuple_(start, after[1]),
                    column[key] <= start,
                )
            return customers_of(
                connection.execute(query.order_by(column[key].desc(), column.id.desc()).limit(PAGE))
            )

        return ask

    return Workload(name, title, 1.5, ours, theirs)


def _lists(known: Known) -> Iterator[Workload]:
    def everything(_value: Any, _pick: random.Random) -> list[Any]:
        return []

    def owner_and_grade(value: Any, pick: random.Random) -> list[Any]:
        return [value("owner") == pick.choice(known.owners), value("grade") == pick.choice(GRADES)]

    def months_and_stage(value: Any, pick: random.Random) -> list[Any]:
        year, month = pick.randrange(2017, 2025), pick.randrange(1, 11)
        since = value("since")
        return [
            since >= date(year, month, 1), since < date(year, month + 2, 1), value("stage") == pick.choice(STAGES),
        ]  # fmt: skip

    def ten_owners(value: Any, pick: random.Random) -> list[Any]:
        return [value("owner").in_(pick.sample(known.owners, 10))]

    yield _list("06a", "list: newest", everything, "created_at")
    yield _list("06b", "list: page in the middle", everything, "created_at", known.middle)
    yield _list("16", "list: by amount", everything, "amount")
    yield _list("05b", "list: owner and grade, by next contact", owner_and_grade, "next_at")
    yield _list("07", "list: two months and a stage, by amount", months_and_stage, "amount")
    yield _list("15", "list: ten owners, by last change", ten_owners, "updated_at")


def _capped() -> tuple[Ours, Theirs]:
    column = native.customer.c

    def ours() -> Callable[[Transaction], object]:
        pick = chance()

        def ask(tx: Transaction) -> object:
            row = tx.columns.record(CUSTOMER)
            return tx.records.count(ListQuery(row, [row.value("stage") == pick.choice(STAGES)]))

        return ask

    def theirs() -> Callable[[Connection], object]:
        pick = chance()

        def ask(connection: Connection) -> object:
            inner = (
                select(column.id).where(column.stage == pick.choice(STAGES)).limit(1001).subquery()
            )
            return connection.execute(select(func.count()).select_from(inner)).scalar()

        return ask

    return ours, theirs


def _grouped(key: str, measure: str) -> tuple[Ours, Theirs]:
    column = native.customer.c

    def ours() -> Callable[[Transaction], object]:
        def ask(tx: Transaction) -> object:
            row = tx.columns.record(CUSTOMER)
            group, value = row.value(key), row.value(measure)
            query = (
                select(group, func.count(), func.sum(value)).where(row.belongs()).group_by(group)
            )
            return tx.connection.execute(query).all()

        return ask

    def theirs() -> Callable[[Connection], object]:
        query = select(column[key], func.count(), func.sum(column[measure])).group_by(column[key])
        return lambda connection: connection.execute(query).all()

    return ours, theirs


def _searches() -> Iterator[Workload]:
    for name, title, at_most, queries in (
        ("17a", "search: two characters of a name", 1.0, ("芳娜", "王伟", "李军", "建明")),
        ("17b", "search: part of a phone", 1.0, ("13800001", "0004567", "00123", "5800")),
        ("17c", "search: what many have", 2.0, ("有限公司", "example", "科技")),
        ("17d", "search: two words", 2.0, ("科技 广州", "orion 77", "贸易 北京")),
        ("17e", "search: what nobody has", 1.0, ("例外没有", "zz9999")),
    ):
        yield Workload(name, title, at_most, *_search(queries))


def _search(queries: tuple[str, ...]) -> tuple[Ours, Theirs]:
    column = native.customer.c
    fields = (column.name, column.phone, column.email, column.contact)

    def ours() -> Callable[[Transaction], object]:
        pick = chance()

        def ask(tx: Transaction) -> object:
            row = tx.columns.record(CUSTOMER)
            return tx.records.list(ListQuery(row, search=pick.choice(queries), limit=PAGE))

        return ask

    def theirs() -> Callable[[Connection], object]:
        pick = chance()

        def ask(connection: Connection) -> object:
            words = pick.choice(queries).split()
            where = [or_(*(field.ilike(f"%{word}%") for field in fields)) for word in words]
            query = select(native.customer).where(*where).order_by(column.id.desc()).limit(PAGE)
            return customers_of(connection.execute(query))

        return ask

    return ours, theirs
