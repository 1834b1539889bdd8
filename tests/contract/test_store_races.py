"""What many do at once comes out as if they had done it one after another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

from formwright.definitions.model import Sequence
from formwright.errors import Conflict, NotFound
from formwright.store.problems import MissingTarget, Restricted, UniqueViolation
from formwright.store.store import Store

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

    def change(number: int) -> bool:
        try:
            with store.transaction() as tx:
                tx.records.change(
                    before, {"name": "A", "visits": number + 1}, by=number, channel="form"
                )
        except Conflict as conflict:
            assert conflict.version == 2
            return False
        return True

    assert sum(at_once(change)) == 1


def test_business_numbers_are_gap_free_and_never_given_twice(store: Store) -> None:
    sequence = Sequence("so", "t", "SO-{YYYY}-{####}", reset="yearly", gap_free=True)

    class Undone(Exception):
        pass

    def draw(number: int) -> str | None:
        try:
            with store.transaction() as tx:
                drawn = tx.sequences.next(sequence, date(2026, 3, 1))
                if number % 4 == 0:
                    raise Undone
                return drawn
        except Undone:
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
