"""A statement is made once for all questions of one shape, and never carries over what an earlier one compared with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, select

from formwright.definitions.model import Sort
from formwright.store import prepared, tables
from formwright.store.columns import RecordColumns
from formwright.store.prepared import Prepared
from formwright.store.query import ListQuery
from formwright.store.store import Store
from formwright.store.transaction import Transaction

CUSTOMER, CONTACT = "t.customer", "t.contact"
BY_AMOUNT = (Sort("amount", descending=True),)


def people(store: Store) -> list[int]:
    """Store two people with customers 0, 2, 4, 6 of the one and 1, 3, 5, 7 of the other; return their ids."""
    with store.transaction() as tx:
        found = [tx.records.insert("core.user", {"name": n}, by=None, channel="x").id for n in "ab"]
        rows = [
            {"name": f"张{n}", "amount": Decimal(n), "owner": found[n % 2], "grade": "A"}
            for n in range(8)
        ]
        customers = tx.records.insert_many(CUSTOMER, rows, by=None, channel="x")
        contacts = [{"name": f"c{n}", "customer": customers[n]} for n in range(8)]
        tx.records.insert_many(CONTACT, contacts, by=None, channel="x")
    return found


def names(tx: Transaction, row: RecordColumns, **query: Any) -> list[str]:
    return [each.values["name"] for each in tx.records.list(ListQuery(row, **query)).records]


def owned(tx: Transaction, owner: int, **query: Any) -> list[str]:
    row = tx.columns.record(CUSTOMER)
    return names(tx, row, where=[row.value("owner") == owner], **query)


def test_everybody_gets_their_own_rows_from_the_statement_of_all(store: Store) -> None:
    first, second = people(store)
    with store.transaction(write=False) as tx:
        for ask in (
            {"sort": BY_AMOUNT}, {"sort": BY_AMOUNT, "limit": 2}, {"search": "张"}, {"search": "张", "sort": BY_AMOUNT},
        ):  # fmt: skip
            mine = owned(tx, first, **ask)
            shapes = len(tx.shape.prepared)
            theirs = owned(tx, second, **ask)
            assert (
                len(tx.shape.prepared) == shapes
            )  # the second was given the statement of the first
            assert mine == [f"张{n}" for n in (6, 4, 2, 0)][: ask.get("limit", 9)]
            assert theirs == [f"张{n}" for n in (7, 5, 3, 1)][: ask.get("limit", 9)]


def test_a_count_and_a_later_page_compare_with_what_is_asked_for(store: Store) -> None:
    first, second = people(store)
    with store.transaction(write=False) as tx:
        row = tx.columns.record(CUSTOMER)
        for most, found in ((500, 6), (300, 4), (100, 2)):
            assert tx.records.count(ListQuery(row, [row.value("amount") < most + 100])) == (
                found,
                False,
            )
        assert tx.records.count(ListQuery(row), cap=3) == (3, True)
        assert tx.records.count(ListQuery(row), cap=9) == (8, False)
        for owner, expected in ((first, "张2"), (second, "张3")):
            query = ListQuery(row, [row.value("owner") == owner], BY_AMOUNT, limit=2)
            page = tx.records.list(query)
            assert owned(tx, owner, sort=BY_AMOUNT, limit=2, after=page.next)[0] == expected


def test_what_a_sort_key_and_a_joined_record_bind_belongs_to_each_question(store: Store) -> None:
    """As where a field is shown to some: what is sorted by then holds a value of the reader."""
    first, second = people(store)
    with store.transaction(write=False) as tx:
        orders = []
        for owner in (first, second):
            row = tx.columns.record(CUSTOMER)
            own = case((row.value("owner") == owner, row.value("amount")))
            orders.append(names(tx, _Sorted(row, own), sort=(Sort("visits", descending=True),)))
        assert [order[:4] for order in orders] == [
            [f"张{n}" for n in (6, 4, 2, 0)],
            [f"张{n}" for n in (7, 5, 3, 1)],
        ]
        for owner, expected in ((first, "c6"), (second, "c7")):
            contact, customer = tx.columns.record(CONTACT), tx.columns.record(CUSTOMER)
            theirs = (
                select(customer.id)
                .where(customer.id == contact.value("customer"), customer.value("owner") == owner)
                .exists()
            )
            sort = (Sort("customer.amount", descending=True),)
            assert names(tx, contact, where=[theirs], sort=sort)[0] == expected


class _Sorted(RecordColumns):
    """The columns of a row whose visits are read through an expression."""

    def __init__(self, row: RecordColumns, expression: ColumnElement[Any]) -> None:
        super().__init__(row.columns, row.entity, row.table)
        self._expression = expression

    def value(self, key: str) -> ColumnElement[Any]:
        return self._expression if key == "visits" else super().value(key)


def test_a_value_that_is_kept_from_the_parts_would_stay_that_of_the_first(store: Store) -> None:
    """The control: only what is among the parts is asked for anew."""
    first, second = people(store)
    with store.transaction(write=False) as tx:
        statements: Prepared[Any] = Prepared()

        def ask(owner: int, *, told: bool) -> Sequence[int]:
            where = (tables.record.c.owner_id == owner, tables.record.c.parent_id.is_(None))
            query, values = statements.get(
                told, where if told else (), lambda: select(tables.record.c.owner_id).where(*where)
            )
            return tx.connection.scalars(query.distinct(), values).all()

        assert (ask(first, told=True), ask(second, told=True)) == ([first], [second])
        assert (ask(first, told=False), ask(second, told=False)) == ([first], [first])


def test_conditions_on_other_aliases_are_of_another_shape() -> None:
    statements: Prepared[str] = Prepared()
    one, two = tables.record.alias(), tables.record.alias()

    def shape(*parts: ColumnElement[bool]) -> str:
        return statements.get("", parts, lambda: str(len(statements)))[0]

    within = shape(one.c.id == one.c.parent_id, two.c.owner_id == 1)
    across = shape(one.c.id == two.c.parent_id, two.c.owner_id == 1)
    assert within != across
    assert shape(two.c.id == two.c.parent_id, one.c.owner_id == 2) == within
    assert shape(one.c.id == one.c.parent_id, one.c.owner_id == 1) not in {within, across}
    assert shape(one.c.id == one.c.parent_id, two.c.owner_id.is_(None)) not in {within, across}


def test_the_oldest_shape_makes_way() -> None:
    statements: Prepared[int] = Prepared()
    for number in range(prepared.MOST + 3):
        statements.get(number, (), lambda number=number: number)  # type: ignore[misc] # a default holds it
    assert len(statements) == prepared.MOST
    assert statements.get(0, (), lambda: -1) == (-1, {})
    assert statements.get(prepared.MOST + 2, (), lambda: -1) == (prepared.MOST + 2, {})
