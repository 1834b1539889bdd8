"""The databases find what lists, checks and pages ask for by their indexes, before and after they have counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import BigInteger, event, literal

from formwright.definitions.model import Sort
from formwright.store.query import ListQuery
from formwright.store.store import Store
from formwright.store.transaction import Transaction

COUNT = 3000


@pytest.fixture(params=["uncounted", "counted"])
def filled(store: Store, request: pytest.FixtureRequest) -> Store:
    with store.transaction() as tx:
        owners = tx.records.insert_many(
            "core.user", [{"name": f"u{n}"} for n in range(30)], by=None, channel="x"
        )
    for start in range(0, COUNT, 500):
        with store.transaction() as tx:
            tx.records.insert_many(
                "t.customer",
                [row(n, owners) for n in range(start, start + 500)],
                by=None,
                channel="x",
            )
    with store.transaction() as tx:
        page = tx.records.list(ListQuery(tx.columns.record("t.customer"), limit=100))
        contacts = [{"name": f"c{n}", "customer": page.records[n % 100].id} for n in range(COUNT)]
        tx.records.insert_many("t.contact", contacts, by=None, channel="x")
    if request.param == "counted":
        store.analyze()
    return store


def row(number: int, owners: list[Any]) -> dict[str, Any]:
    return {
        "name": f"name {number}", "phone": f"+86138{number:08d}", "grade": "ABCD"[number % 4],
        "amount": Decimal(number % 997), "since": date.fromordinal(730_000 + number),
        "owner": owners[number % 30],
    }  # fmt: skip


class Plan:
    """The plans of the statements that a piece of work ran, as text."""

    def __init__(self, texts: list[str]) -> None:
        self.text = "\n".join(texts)

    def uses(self, index: str) -> bool:
        return re.search(rf"(USING (COVERING )?INDEX|using|on) {index}\b", self.text) is not None

    @property
    def reads_everything(self) -> bool:
        return (
            re.search(r"Seq Scan on record|SCAN record\S*$|SCAN record\S* *\n", self.text)
            is not None
        )

    @property
    def sorts(self) -> bool:
        return "TEMP B-TREE" in self.text or re.search(r"\bSort\b", self.text) is not None


def plan_of(store: Store, work: Callable[[Transaction], object]) -> Plan:
    statements: list[tuple[str, Any]] = []

    def remember(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any
    ) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    with store.transaction(write=False) as tx:
        event.listen(store.engine, "before_cursor_execute", remember)
        try:
            work(tx)
        finally:
            event.remove(store.engine, "before_cursor_execute", remember)
        explain = "EXPLAIN " if store.dialect == "postgresql" else "EXPLAIN QUERY PLAN "
        return Plan(
            [
                str(line[-1])
                for statement, parameters in statements
                if re.search(r"FROM record|JOIN record|unique_value", statement)
                for line in tx.connection.exec_driver_sql(explain + statement, parameters)
            ]
        )


def slot(store: Store, key: str) -> str:
    with store.transaction(write=False) as tx:
        return "ix_record_" + tx.shape.place("t.customer").read[key]


def listed(tx: Transaction, *sort: Sort, entity: str = "t.customer", **options: Any) -> ListQuery:
    return ListQuery(tx.columns.record(entity), sort=sort, limit=20, **options)


def test_a_list_in_the_order_of_a_slot_reads_the_slots_index_in_order(filled: Store) -> None:
    for key, descending in (("amount", True), ("amount", False), ("name", False), ("since", True)):
        sort = Sort(key, descending)
        plan = plan_of(filled, lambda tx, sort=sort: tx.records.list(listed(tx, sort)))  # type: ignore[misc]
        assert plan.uses(slot(filled, key)), plan.text
        assert not plan.sorts, plan.text
        assert not plan.reads_everything, plan.text


def test_a_later_page_starts_in_the_middle_of_the_index(filled: Store) -> None:
    for key in ("amount", "name", "created_at", "updated_at"):

        def second(tx: Transaction, key: str = key) -> None:
            query = listed(tx, Sort(key, descending=True))
            after = tx.records.list(query).next
            tx.records.list(ListQuery(query.row, sort=query.sort, limit=20, after=after))

        plan = plan_of(filled, second)
        built_in = key.endswith("_at")
        assert plan.uses(
            "ix_record_" + key.removesuffix("_at") if built_in else slot(filled, key)
        ), plan.text
        assert not plan.sorts, plan.text


def test_a_choice_and_a_range_find_their_records_by_index(filled: Store) -> None:
    def some(tx: Transaction) -> None:
        row = tx.columns.record("t.customer")
        tx.records.list(ListQuery(row, where=[row.value("since") == date.fromordinal(730_007)]))
        tx.records.list(
            ListQuery(row, where=[row.value("amount") > 99_500, row.value("amount") < 99_700])
        )

    plan = plan_of(filled, some)
    assert plan.uses(slot(filled, "since")), plan.text
    assert plan.uses(slot(filled, "amount")), plan.text
    assert not plan.reads_everything, plan.text


def test_who_holds_a_known_record_is_found_from_the_records_side(filled: Store) -> None:
    def watched(tx: Transaction) -> None:
        row = tx.columns.record("t.customer")
        tx.records.list(ListQuery(row, where=[row.refers("watchers", literal(7, BigInteger))]))

    plan = plan_of(filled, watched)
    assert plan.uses("ix_link_target"), plan.text


def test_what_belongs_to_an_owner_is_found_by_owner(filled: Store) -> None:
    def mine(tx: Transaction) -> None:
        row = tx.columns.record("t.customer")
        tx.records.list(
            ListQuery(
                row, where=[row.value("owner") == 5], sort=(Sort("updated_at", descending=True),)
            )
        )

    plan = plan_of(filled, mine)
    assert plan.uses("ix_record_owner"), plan.text
    assert not plan.sorts, plan.text


def test_related_records_are_found_by_their_reference(filled: Store) -> None:
    def related(tx: Transaction) -> None:
        row = tx.columns.record("t.contact")
        tx.records.list(
            ListQuery(
                row, where=[row.value("customer") == 5], sort=(Sort("created_at", descending=True),)
            )
        )

    with filled.transaction(write=False) as tx:
        index = "ix_record_" + tx.shape.place("t.contact").read["customer"]
    assert plan_of(filled, related).uses(index)


def test_one_record_and_a_unique_value_are_found_by_their_keys(filled: Store) -> None:
    plan = plan_of(filled, lambda tx: tx.records.find("t.customer", 5))
    assert plan.uses("(pk_record|sqlite_autoindex_record_1)"), plan.text
    plan = plan_of(
        filled, lambda tx: tx.records.unique.find("t.customer", "phone", "+8613800000001")
    )
    assert plan.uses("(pk_unique_value)") or "PRIMARY KEY" in plan.text, plan.text


def test_a_search_reads_entries_of_its_entity_alone(filled: Store) -> None:
    plan = plan_of(
        filled,
        lambda tx: tx.records.list(ListQuery(tx.columns.record("t.customer"), search="zz 0001234")),
    )
    assert "Seq Scan on search" not in plan.text, plan.text
    if filled.dialect == "sqlite":
        assert "SCAN search_token_1 VIRTUAL TABLE" in plan.text, plan.text


def test_a_search_among_many_starts_from_its_index(store: Store) -> None:
    with store.transaction() as tx:
        for start in range(0, 12_000, 2000):
            rows = [{"name": f"name {number:06d}"} for number in range(start, start + 2000)]
            tx.records.insert_many("t.customer", rows, by=None, channel="x")
    store.analyze()
    plan = plan_of(
        store,
        lambda tx: tx.records.list(ListQuery(tx.columns.record("t.customer"), search="004321")),
    )
    assert plan.uses("ix_search_tokens") or "VIRTUAL TABLE" in plan.text, plan.text


def test_no_list_skips_rows_by_number(filled: Store) -> None:
    statements: list[str] = []

    def remember(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any
    ) -> None:
        statements.append(statement)
        if "OFFSET" in statement:  # SQLite's LIMIT ? OFFSET ? comes with a constant 0
            assert parameters[-1] == 0, statement

    event.listen(filled.engine, "before_cursor_execute", remember)
    with filled.transaction(write=False) as tx:
        for page in pages(tx):
            assert page
    event.remove(filled.engine, "before_cursor_execute", remember)
    assert statements


def pages(tx: Transaction) -> Iterator[bool]:
    query = listed(tx, Sort("amount"))
    after = None
    for _ in range(5):
        page = tx.records.list(ListQuery(query.row, sort=query.sort, limit=20, after=after))
        after = page.next
        yield bool(page.records)
