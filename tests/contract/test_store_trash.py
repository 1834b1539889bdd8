"""Deleting takes along what belongs to a record, restoring brings all of it back, and references are kept whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from formwright.clock import FixedClock
from formwright.errors import Conflict, NotFound
from formwright.store.problems import MissingTarget, Referrer, Restricted, UniqueViolation
from formwright.store.rows import StoredRecord
from formwright.store.store import Store
from formwright.store.trash import Deletion


def insert(store: Store, entity: str, values: dict[str, Any], **options: Any) -> StoredRecord:
    with store.transaction() as tx:
        return tx.records.insert(entity, values, by=None, channel="form", **options)


def delete(store: Store, record: StoredRecord) -> Deletion:
    with store.transaction() as tx:
        return tx.trash.delete(record, by=9, channel="form")


def get(store: Store, record: StoredRecord) -> StoredRecord | None:
    with store.transaction(write=False) as tx:
        return tx.records.find(record.entity, record.id)


def test_a_deleted_record_is_gone_and_comes_back_as_it_was(store: Store) -> None:
    record = insert(
        store, "t.customer", {"name": "张三", "phone": "+8613800138000", "city": "广州"}
    )
    deletion = delete(store, record)
    assert (deletion.count, get(store, record)) == (1, None)
    with store.transaction(write=False) as tx:
        found = tx.trash.newest("t.customer")
        assert [(item.record.id, item.deleted_by, item.root) for item in found] == [
            (record.id, 9, True)
        ]
        assert tx.trash.find(deletion.id) == found[0]
    with store.transaction() as tx:
        back = tx.trash.restore(deletion.id, by=9, channel="form")
    assert (back.values, back.id, back.version) == (record.values, record.id, 3)
    assert get(store, record) == back
    with store.transaction(write=False) as tx:
        operations = [change.operation for change in tx.history.of("t.customer", record.id)]
        assert operations == ["restore", "delete", "create"]
        assert tx.trash.newest("t.customer") == []
        assert tx.records.unique.find("t.customer", "phone", "+8613800138000") == record.id


def test_what_was_changed_since_it_was_read_is_not_deleted(store: Store) -> None:
    record = insert(store, "t.customer", {"name": "A"})
    with store.transaction() as tx:
        tx.records.change(record, {"name": "B"}, by=None, channel="form")
    with pytest.raises(Conflict):
        delete(store, record)


def test_subform_rows_and_cascading_references_go_and_come_back_together(store: Store) -> None:
    customer = insert(store, "t.customer", {"name": "A"})
    contact = insert(store, "t.contact", {"name": "张三", "customer": customer.id})
    product = insert(store, "t.product", {"code": "P"})
    order = insert(store, "t.order", {"number": "1"})
    with store.transaction() as tx:
        lines = tx.records.insert_rows(
            "t.order_line",
            order.id,
            [(0, {"product": product.id}), (1, {"quantity": 2})],
            by=None,
            channel="form",
        )
    first, second = delete(store, customer), delete(store, order)
    assert {record.id for record in first.records} == {customer.id, contact.id}
    assert {record.id for record in second.records} == {order.id, *lines}
    with store.transaction() as tx:
        tx.trash.restore(first.id, by=None, channel="form")
        tx.trash.restore(second.id, by=None, channel="form")
        assert [row.id for row in tx.records.children("t.order_line", [order.id])] == lines
        assert tx.records.get("t.contact", contact.id).values["customer"] == customer.id


def test_a_record_that_others_hold_on_to_is_not_deleted_and_says_who(store: Store) -> None:
    customer = insert(store, "t.customer", {"name": "A"})
    for number in "12":
        insert(store, "t.order", {"number": number, "customer": customer.id})
    with pytest.raises(Restricted) as caught:
        delete(store, customer)
    assert caught.value.referrers == (Referrer("t.order", "customer", 2),)
    assert get(store, customer) is not None


def test_references_that_may_be_empty_are_emptied_and_filled_again(store: Store) -> None:
    parent, other = (
        insert(store, "t.customer", {"name": "P"}),
        insert(store, "t.customer", {"name": "O"}),
    )
    child = insert(store, "t.customer", {"name": "C", "parent": parent.id})
    order = insert(store, "t.order", {"watchers": (parent.id, other.id)})
    deletion = delete(store, parent)
    assert {record.id for record in deletion.changed} == {child.id, order.id}
    assert get(store, child).values["parent"] is None  # type: ignore[union-attr]
    assert get(store, order).values["watchers"] == (other.id,)  # type: ignore[union-attr]
    with store.transaction() as tx:
        tx.trash.restore(deletion.id, by=None, channel="form")
    assert get(store, child).values["parent"] == parent.id  # type: ignore[union-attr]
    assert set(get(store, order).values["watchers"]) == {parent.id, other.id}  # type: ignore[union-attr]


def test_restoring_names_every_value_that_is_taken_by_now(store: Store) -> None:
    values = {"name": "A", "phone": "+8613800138000", "email": "a@example.com"}
    deletion = delete(store, insert(store, "t.customer", values))
    holder = insert(store, "t.customer", values)
    with pytest.raises(UniqueViolation) as caught, store.transaction() as tx:
        tx.trash.restore(deletion.id, by=None, channel="form")
    assert {(clash.key, clash.holder) for clash in caught.value.clashes} == {
        ("phone", holder.id), ("email", holder.id),
    }  # fmt: skip
    with store.transaction(write=False) as tx:
        assert tx.trash.find(deletion.id) is not None


def test_a_row_taken_out_of_a_subform_is_in_the_history_but_not_in_the_trash_list(
    store: Store,
) -> None:
    order = insert(store, "t.order", {"number": "1"})
    with store.transaction() as tx:
        tx.records.insert_rows(
            "t.order_line", order.id, [(0, {"quantity": 1})], by=None, channel="form"
        )
        lines = tx.records.children("t.order_line", [order.id])
        tx.records.delete_rows(lines, by=3, channel="form")
    with store.transaction(write=False) as tx:
        assert tx.records.children("t.order_line", [order.id]) == []
        assert tx.trash.newest("t.order_line") == []
        assert [change.operation for change in tx.history.of("t.order_line", lines[0].id)] == [
            "delete",
            "create",
        ]


def test_a_reference_to_nothing_is_refused(store: Store) -> None:
    with pytest.raises(MissingTarget) as caught:
        insert(store, "t.contact", {"name": "A", "customer": 12345})
    assert (caught.value.entity, caught.value.targets) == ("t.customer", (12345,))
    with pytest.raises(MissingTarget), store.transaction() as tx:
        tx.records.insert_many(
            "t.contact", [{"name": "B", "customer": 12345}], by=None, channel="import"
        )


def test_the_trash_forgets_what_is_older_than_asked(store: Store, clock: FixedClock) -> None:
    old = delete(store, insert(store, "t.customer", {"name": "A"}))
    clock.instant += timedelta(days=31)
    young = delete(store, insert(store, "t.customer", {"name": "B"}))
    with store.transaction() as tx:
        assert tx.trash.purge("t.customer", clock.instant - timedelta(days=30)) == 1
        assert (tx.trash.find(old.id), tx.trash.find(young.id) is not None) == (None, True)
    with pytest.raises(NotFound), store.transaction() as tx:
        tx.trash.restore(old.id, by=None, channel="form")
