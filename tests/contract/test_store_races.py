"""What many do at once comes out as if they had done it one after another."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import pytest

from formwright.definitions.model import Catalog, Sequence
from formwright.errors import Conflict, NotFound
from formwright.store import backfill
from formwright.store.problems import MissingTarget, Restricted, UniqueViolation
from formwright.store.query import ListQuery
from formwright.store.store import Store
from formwright.store.trash import Trash

THREADS = 20
T = TypeVar("T")


def at_once(work: Callable[[int], T]) -> list[T]:
    """Have every thread begin at the same moment; return what each made of it."""
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_of_twenty_gets_a_unique_value_and_the_others_learn_who_has_it(store: Store) -> None:
    def insert(number: int) -> Any:
        try:
            with store.transaction() as tx:
                values = {"name": str(number), "phone": "+8613800138000"}
                return tx.records.insert("t.customer", values, by=None, channel="form").id
        except UniqueViolation as violation:
            return violation.clashes[0].holder

    results = at_once(insert)
    assert len(set(results)) == 1
    with store.transaction(write=False) as tx:
        assert tx.records.find("t.customer", results[0]) is not None
        assert tx.records.count_with_value("t.customer", "phone") == 1


def test_batches_that_overlap_store_every_value_once(store: Store) -> None:
    phones = [f"+861380013{n:04d}" for n in range(30)]

    def insert(number: int) -> int:
        mine = phones if number % 2 else phones[::-1]
        with store.transaction() as tx:
            rows = [{"name": "x", "phone": phone} for phone in mine]
            results = tx.records.insert_many("t.customer", rows, by=None, channel="import")
        return sum(isinstance(result, int) for result in results)

    assert sum(at_once(insert)) == len(phones)


def test_one_of_twenty_updates_of_one_version_goes_through(store: Store) -> None:
    with store.transaction() as tx:
        before = tx.records.insert(
            "t.customer", {"name": "A", "visits": 0}, by=None, channel="form"
        )

    def change(number: int) -> int:
        """Return the version that was there after the attempt, negative when it was refused."""
        values = {"name": "A", "visits": number + 1}
        try:
            with store.transaction() as tx:
                return tx.records.change(before, values, by=number, channel="form").version
        except Conflict as conflict:
            return -conflict.version

    assert sorted(at_once(change)) == [-2] * (THREADS - 1) + [2]


def test_business_numbers_are_gap_free_and_never_given_twice(store: Store) -> None:
    sequence = Sequence("so", "t", "SO-{YYYY}-{####}", reset="yearly", gap_free=True)

    def draw(number: int) -> str | None:
        with contextlib.suppress(ZeroDivisionError), store.transaction() as tx:
            drawn = tx.sequences.next(sequence, date(2026, 3, 1))
            _ = 1 / (number % 4)  # every fourth transaction is undone
            return drawn
        return None

    drawn = sorted(filter(None, at_once(draw)))
    assert drawn == [f"SO-2026-{n:04d}" for n in range(1, len(drawn) + 1)]
    assert len(drawn) == THREADS - THREADS // 4


def test_nobody_comes_to_refer_to_a_record_that_is_being_deleted(store: Store) -> None:
    with store.transaction() as tx:
        customer = tx.records.insert("t.customer", {"name": "A"}, by=None, channel="form")

    def work(number: int) -> str:
        try:
            with store.transaction() as tx:
                if number == THREADS // 2:
                    tx.trash.delete(customer, by=None, channel="form")
                    return "deleted"
                tx.records.insert("t.order", {"customer": customer.id}, by=None, channel="form")
                return "referred"
        except (Restricted, MissingTarget, NotFound) as refusal:
            return type(refusal).__name__

    results = at_once(work)
    if "deleted" in results:
        assert set(results) <= {"deleted", "MissingTarget"}
    else:
        assert results.count("Restricted") == 1
        assert results.count("referred") == THREADS - 1


def test_nobody_comes_to_refer_to_what_goes_along_with_a_deleted_record(
    open_store: Callable[[], Store],
    make_entity: Any,
    make_catalog: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_store()
    to_a = {"type": "reference", "target": "t.a", "on_delete": "cascade"}
    to_b = {"type": "reference", "target": "t.b", "on_delete": "restrict"}
    store.use(
        make_catalog(
            make_entity("t.a", {"name": {"type": "text"}}),
            make_entity("t.b", {"a": to_a}),
            make_entity("t.c", {"b": to_b}),
        )
    )
    with store.transaction() as tx:
        a = tx.records.insert("t.a", {"name": "A"}, by=None, channel="form")
        b = tx.records.insert("t.b", {"a": a.id}, by=None, channel="form")
    found, begun = threading.Event(), threading.Event()
    empty_references = Trash._empty_references  # noqa: SLF001 -- the moment when everything is found

    def wait_for_the_other(self: Trash, *given: Any) -> Any:
        found.set()
        begun.wait(10)
        time.sleep(0.3)
        return empty_references(self, *given)

    monkeypatch.setattr(Trash, "_empty_references", wait_for_the_other)

    def delete() -> int:
        with store.transaction() as tx:
            return tx.trash.delete(a, by=None, channel="form").count

    def refer() -> str:
        found.wait(10)
        begun.set()
        try:
            with store.transaction() as tx:
                tx.records.insert("t.c", {"b": b.id}, by=None, channel="form")
        except MissingTarget:
            return "missing"
        return "referred"

    with ThreadPoolExecutor(2) as pool:
        deleted, referred = pool.submit(delete), pool.submit(refer)
        assert (deleted.result(), referred.result()) == (2, "missing")


def test_what_is_moved_away_from_a_record_in_time_does_not_go_along_with_it(store: Store) -> None:
    with store.transaction() as tx:
        old, new = (
            tx.records.insert("t.customer", {"name": name}, by=None, channel="form")
            for name in ("old", "new")
        )
        contact = tx.records.insert(
            "t.contact", {"name": "A", "customer": old.id}, by=None, channel="form"
        )
        child = tx.records.insert(
            "t.customer", {"name": "C", "parent": old.id}, by=None, channel="form"
        )

    def delete() -> int:
        with store.transaction() as tx:
            return tx.trash.delete(old, by=None, channel="form").count

    with ThreadPoolExecutor(1) as pool:
        with store.transaction() as tx:
            for record, key in ((contact, "customer"), (child, "parent")):
                tx.records.change(record, {**record.values, key: new.id}, by=None, channel="form")
            deleted = pool.submit(delete)
            time.sleep(0.5)
        assert deleted.result() == 1
    with store.transaction(write=False) as tx:
        assert tx.records.get("t.contact", contact.id).values["customer"] == new.id
        assert tx.records.get("t.customer", child.id).values["parent"] == new.id


def with_index(make_entity: Any, make_catalog: Any, *, indexed: bool) -> Catalog:
    city = {"type": "text", "indexed": indexed, "sortable": False}
    thing: Catalog = make_catalog(make_entity("t.thing", {"city": city}), revision=0)
    return thing


@pytest.mark.parametrize("first", [True, False])
def test_a_writer_that_had_only_read_when_a_slot_was_assigned_is_waited_for(
    open_store: Callable[[], Store], make_entity: Any, make_catalog: Any, first: bool
) -> None:
    publisher, other = open_store(), open_store()
    for store in (publisher, other):
        store.use(with_index(make_entity, make_catalog, indexed=False))
    if not first:
        with publisher.transaction() as tx:
            tx.records.insert("t.thing", {"city": "x"}, by=None, channel="form")
    has_read, go = threading.Event(), threading.Event()

    def write() -> None:
        with other.transaction() as tx:
            assert tx.records.find("t.thing", 1) is None
            has_read.set()
            go.wait(10)
            tx.records.insert("t.thing", {"city": "x"}, by=None, channel="form")

    with ThreadPoolExecutor(2) as pool:
        written = pool.submit(write)
        has_read.wait(10)
        used = pool.submit(publisher.use, with_index(make_entity, make_catalog, indexed=True))
        time.sleep(0.5)
        go.set()
        written.result()
        used.result()
    with publisher.transaction(write=False) as tx:
        row = tx.columns.record("t.thing")
        assert row.slot("city") is not None
        assert backfill.mismatches(tx.connection, tx.shape, "t.thing") == 0
        found = tx.records.list(ListQuery(row, [row.value("city") == "x"])).records
        assert len(found) == (1 if first else 2)


def test_a_slot_stays_unread_while_a_writer_from_before_does_not_end(
    open_store: Callable[[], Store],
    make_entity: Any,
    make_catalog: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backfill, "PATIENCE", 0.2)
    publisher, other = open_store(), open_store()
    if publisher.dialect == "sqlite":
        pytest.skip("its writers come one by one")
    for store in (publisher, other):
        store.use(with_index(make_entity, make_catalog, indexed=False))
    indexed = with_index(make_entity, make_catalog, indexed=True)
    with other.transaction() as tx:
        assert tx.records.find("t.thing", 1) is None
        publisher.use(indexed)
        tx.records.insert("t.thing", {"city": "x"}, by=None, channel="form")
    with publisher.transaction(write=False) as tx:
        row = tx.columns.record("t.thing")
        assert row.slot("city") is None
        assert len(tx.records.list(ListQuery(row, [row.value("city") == "x"])).records) == 1
    publisher.backfill(indexed)
    with publisher.transaction(write=False) as tx:
        assert tx.columns.record("t.thing").slot("city") is not None
        assert backfill.mismatches(tx.connection, tx.shape, "t.thing") == 0


def test_a_backfill_that_was_interrupted_is_taken_up_again(
    open_store: Callable[[], Store], make_entity: Any, make_catalog: Any
) -> None:
    store = open_store()
    for number, indexed in ((1, False), (2, True)):
        catalog = replace(with_index(make_entity, make_catalog, indexed=indexed), revision=number)
        with store.transaction() as tx:
            assert tx.revisions.add({}, catalog, by=None, author="a", note="") == number
        assert store.is_behind()
        if number == 1:
            store.catch_up(catalog)
            assert not store.is_behind()
            with store.transaction() as tx:
                tx.use(catalog)
                tx.records.insert("t.thing", {"city": "x"}, by=None, channel="form")
    after = open_store()  # as after a crash between publishing and filling
    assert after.catch_up(catalog) == 1
    assert (after.is_behind(), after.catch_up(catalog)) == (False, 0)
    for each in (store, after):
        with each.transaction(write=False) as tx:
            tx.use(catalog)
            assert tx.columns.record("t.thing").slot("city") is not None
