"""Records keep what they are given, change only at the version that was read, and go to the trash whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from formwright.errors import Conflict, NotFound
from formwright.store.problems import UniqueViolation
from formwright.store.store import Store

FULL: dict[str, Any] = {
    "name": "广州某某科技有限公司",
    "phone": "+8613800138000",
    "email": "info@example.com",
    "grade": "A",
    "city": "广州",
    "amount": Decimal("1234567.89"),
    "discount": Decimal("12.50"),
    "visits": 3,
    "active": True,
    "since": date(2024, 2, 29),
    "next_at": datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
    "opens": time(9, 0),
    "notes": "一\n二",
    "tags": ("重点", "vip"),
    "address": {"province": "广东", "city": "广州", "detail": "某路 1 号"},
    "owner": None,
    "parent": None,
}


def insert(store: Store, entity: str, values: dict[str, Any], **options: Any) -> int:
    with store.transaction() as tx:
        return tx.records.insert(entity, values, by=None, channel="form", **options).id


def test_every_value_comes_back_as_it_was_stored(store: Store) -> None:
    number = insert(store, "t.customer", FULL)
    with store.transaction(write=False) as tx:
        found = tx.records.get("t.customer", number)
    assert dict(found.values) == FULL
    assert (found.version, found.created_at) == (1, datetime(2026, 3, 1, 8, 0, tzinfo=UTC))


def test_empty_values_are_none_and_booleans_are_false(store: Store) -> None:
    number = insert(store, "t.customer", {"name": "A"})
    with store.transaction(write=False) as tx:
        found = tx.records.get("t.customer", number)
    assert found.values["active"] is False
    assert {key for key, value in found.values.items() if value is not None} == {"name", "active"}


def test_an_update_at_the_version_read_goes_through_and_counts_up(store: Store) -> None:
    number = insert(store, "t.customer", FULL)
    with store.transaction() as tx:
        before = tx.records.get("t.customer", number)
        after = tx.records.update(
            "t.customer", number, {**before.values, "city": None, "amount": Decimal("2.00")},
            before=before, version=1, by=7, channel="form",
        )  # fmt: skip
    assert (after.version, after.values["city"], after.updated_by) == (2, None, 7)
    with store.transaction(write=False) as tx:
        assert tx.records.get("t.customer", number) == after
        changes = tx.history.of("t.customer", number)
    assert [(change.operation, change.version, change.by) for change in changes] == [
        ("update", 2, 7),
        ("create", 1, None),
    ]
    assert changes[0].changes == {"city": ["广州", None], "amount": [123456789, 200]}
    assert changes[1].changes["amount"] == (None, 123456789)


def test_an_update_at_an_older_version_is_a_conflict_and_changes_nothing(store: Store) -> None:
    number = insert(store, "t.customer", FULL)
    with store.transaction() as tx:
        before = tx.records.get("t.customer", number)
        tx.records.update(
            "t.customer",
            number,
            {**before.values, "city": "深圳"},
            before=before,
            version=1,
            by=1,
            channel="form",
        )
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.records.update(
            "t.customer",
            number,
            {**before.values, "city": "北京"},
            before=before,
            version=1,
            by=2,
            channel="form",
        )
    assert caught.value.version == 2
    with store.transaction(write=False) as tx:
        assert tx.records.get("t.customer", number).values["city"] == "深圳"


def test_conditions_hide_a_record_from_reading_and_changing(store: Store) -> None:
    number = insert(store, "t.customer", FULL)
    with store.transaction() as tx:
        row = tx.columns.main("t.customer")
        mine, others = (row.value("grade") == "A",), (row.value("grade") == "B",)
        before = tx.records.get("t.customer", number, mine)
        with pytest.raises(NotFound):
            tx.records.get("t.customer", number, others)
        with pytest.raises(NotFound):
            tx.records.update(
                "t.customer", number, {**before.values, "city": None},
                before=before, version=1, by=1, channel="form", where=others,
            )  # fmt: skip
        with pytest.raises(NotFound):
            tx.trash.delete(before, by=1, channel="form", where=others)
        tx.records.update(
            "t.customer", number, {**before.values, "city": None},
            before=before, version=1, by=1, channel="form", where=mine,
        )  # fmt: skip


def test_every_unique_value_that_is_taken_is_named_with_its_holder(store: Store) -> None:
    first = insert(store, "t.customer", FULL)
    with pytest.raises(UniqueViolation) as caught:
        insert(store, "t.customer", {**FULL, "name": "B", "email": FULL["email"]})
    assert {(clash.key, clash.holder) for clash in caught.value.clashes} == {
        ("phone", first),
        ("email", first),
    }
    insert(store, "t.customer", {**FULL, "phone": None, "email": None})


def test_a_unique_value_is_free_again_once_its_holder_has_another(store: Store) -> None:
    number = insert(store, "t.customer", FULL)
    with store.transaction() as tx:
        before = tx.records.get("t.customer", number)
        tx.records.update(
            "t.customer", number, {**before.values, "phone": "+8613900139000"},
            before=before, version=1, by=None, channel="form",
        )  # fmt: skip
    insert(store, "t.customer", {"name": "B", "phone": "+8613800138000"})
    with pytest.raises(UniqueViolation):
        insert(store, "t.customer", {"name": "C", "phone": "+8613900139000"})
