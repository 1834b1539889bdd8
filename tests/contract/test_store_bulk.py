"""Many records at once are the same records as one after another, and those that clash are named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from formwright.store import backfill
from formwright.store.problems import UniqueViolation
from formwright.store.query import ListQuery
from formwright.store.store import Store
from formwright.store.transaction import Transaction

ROW: dict[str, Any] = {
    "name": "张三\t\\N \"quoted\"\n第二行", "phone": "+8613800138000", "amount": Decimal("-0.01"), "active": True,
    "since": date(1899, 1, 31), "next_at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "tags": ("a,b", "{c}"), "address": {"city": "广州", "detail": "\\路"}, "visits": -(2**40),
}  # fmt: skip


def test_a_batch_stores_what_single_inserts_store(store: Store) -> None:
    with store.transaction() as tx:
        single = tx.records.insert("t.customer", ROW, by=3, channel="import")
        (number,) = tx.records.insert_many(
            "t.customer", [{**ROW, "phone": None}], by=3, channel="import"
        )
        assert isinstance(number, int)
        batch = tx.records.get("t.customer", number)
        assert {**batch.values, "phone": ROW["phone"]} == single.values
        assert (batch.version, batch.created_by, batch.created_at, batch.owner_id) == (
            1, 3, single.created_at, single.owner_id,
        )  # fmt: skip
        of_one, of_batch = (tx.history.of("t.customer", n)[0] for n in (single.id, number))
        assert (of_batch.operation, of_batch.by, of_batch.channel) == ("create", 3, "import")
        assert {**of_batch.changes, "phone": (None, ROW["phone"])} == of_one.changes
        found = tx.records.list(ListQuery(tx.columns.record("t.customer"), search="张三"))
        assert [record.id for record in found.records] == [number, single.id]
        assert backfill.mismatches(tx.connection, tx.shape, "t.customer") == 0


def test_rows_that_clash_are_named_and_the_others_stored(store: Store) -> None:
    with store.transaction() as tx:
        taken = tx.records.insert(
            "t.customer", {"name": "A", "phone": "+8613800138000"}, by=None, channel="form"
        )
    rows: list[dict[str, Any]] = [
        {
            "name": "clashes with what is stored",
            "phone": "+8613800138000",
            "email": "a@example.com",
        },
        {"name": "is stored", "email": "a@example.com"},
        {
            "name": "clashes with the row before",
            "email": "a@example.com",
            "phone": "+8613900139000",
        },
        {"name": "is stored too", "phone": "+8613900139000"},
        {"name": "has nothing unique"},
        {"name": "clashes twice", "phone": "+8613800138000", "email": "a@example.com"},
    ]
    with store.transaction() as tx:
        results = tx.records.insert_many("t.customer", rows, by=None, channel="import")
    clashes = [
        [(clash.key, clash.holder) for clash in result.clashes]
        if isinstance(result, UniqueViolation)
        else None
        for result in results
    ]
    assert clashes == [
        [("phone", taken.id)], None, [("email", results[1])], None, None,
        [("phone", taken.id), ("email", results[1])],
    ]  # fmt: skip
    with store.transaction(write=False) as tx:
        names = {
            record.values["name"]
            for record in tx.records.list(ListQuery(tx.columns.record("t.customer"))).records
        }
    assert names == {"A", "is stored", "is stored too", "has nothing unique"}


def test_a_withdrawn_record_leaves_nothing_behind(store: Store) -> None:
    with store.transaction() as tx:
        (number,) = tx.records.insert_many("t.customer", [ROW], by=None, channel="import")
        assert isinstance(number, int)
        tx.records.withdraw("t.customer", [number])
        assert tx.history.of("t.customer", number) == []
        assert (
            tx.records.list(ListQuery(tx.columns.record("t.customer"), search="张三")).records == ()
        )
        tx.records.insert("t.customer", ROW, by=None, channel="form")


def test_nothing_of_a_transaction_that_fails_is_stored(store: Store) -> None:
    ran = []

    def fail() -> None:
        with store.transaction() as tx:
            tx.after_commit(lambda: ran.append(1))
            tx.records.insert("t.customer", ROW, by=None, channel="form")
            tx.records.insert_many("t.customer", [{"name": "B"}], by=None, channel="import")
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.transaction(write=False) as tx:
        assert tx.records.count(ListQuery(tx.columns.record("t.customer"))) == (0, False)
        assert tx.records.unique.find("t.customer", "phone", ROW["phone"]) is None
    assert ran == []


def test_a_savepoint_takes_back_what_is_inside_it_alone(store: Store) -> None:
    def fail(tx: Transaction) -> None:
        with tx.savepoint():
            tx.records.insert("t.customer", ROW, by=None, channel="form")
            _ = 1 / 0

    with store.transaction() as tx:
        tx.records.insert("t.customer", {"name": "stays"}, by=None, channel="form")
        with pytest.raises(ZeroDivisionError):
            fail(tx)
        tx.records.insert("t.customer", ROW, by=None, channel="form")
    with store.transaction(write=False) as tx:
        assert tx.records.count(ListQuery(tx.columns.record("t.customer"))) == (2, False)


def test_what_waits_for_the_commit_runs_after_it_and_cannot_undo_it(store: Store) -> None:
    ran = []

    def fail() -> None:
        raise ZeroDivisionError

    with store.transaction() as tx:
        tx.after_commit(fail)
        tx.after_commit(lambda: ran.append("ran"))
        number = tx.records.insert("t.customer", {"name": "A"}, by=None, channel="form").id
        assert ran == []
    assert ran == ["ran"]
    with store.transaction(write=False) as tx:
        assert tx.records.find("t.customer", number) is not None


def test_ids_are_found_by_value(store: Store) -> None:
    with store.transaction() as tx:
        a, b = (
            n
            for n in tx.records.insert_many(
                "t.product", [{"code": "a"}, {"code": "b"}], by=None, channel="data"
            )
        )
        assert tx.records.ids_by_value("t.product", "code", ["a", "b", "c"]) == {"a": a, "b": b}
        assert tx.records.count_with_value("t.product", "code") == 2
        assert tx.records.count_with_value("t.product", "region") == 0
