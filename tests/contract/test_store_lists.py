"""Lists: any order, page by page in both directions, equals what Python makes of the same records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formwright.definitions.model import Catalog, Sort
from formwright.store import keyset
from formwright.store.problems import UnusableToken
from formwright.store.query import ListQuery
from formwright.store.rows import StoredRecord
from formwright.store.store import Store

ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["b", "B", "张三", "李四", "a b", "é"]),
            "city": st.sampled_from(["广州", "深圳"]),
            "amount": st.sampled_from([Decimal("0.00"), Decimal("-3.10"), Decimal("99999999.99")]),
            "visits": st.integers(-2, 2),
            "active": st.booleans(),
            "since": st.sampled_from([date(2024, 2, 29), date(1999, 12, 31)]),
            "next_at": st.sampled_from(
                [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
            ),
            "notes": st.sampled_from(["x", "y"]),
            "grade": st.sampled_from(["A", "C"]),
        },
    ),
    max_size=14,
)
PATHS = (
    "name",
    "city",
    "amount",
    "visits",
    "active",
    "since",
    "next_at",
    "notes",
    "grade",
    "created_at",
    "id",
)
SORTS = st.lists(
    st.builds(Sort, st.sampled_from(PATHS), st.booleans()),
    max_size=3,
    unique_by=lambda sort: sort.path,
)


class Least:
    """Smaller than every value, as null is."""

    def __lt__(self, other: object) -> bool:
        return not isinstance(other, Least)

    def __gt__(self, other: object) -> bool:
        return False


def value_of(record: StoredRecord, path: str) -> Any:
    value = getattr(record, path) if path in {"id", "created_at"} else record.values[path]
    return Least() if value is None else value


def in_order(records: list[StoredRecord], sorts: list[Sort]) -> list[int]:
    """Sort by the last key first: Python's sort keeps what was before."""
    up_to = next((n for n, sort in enumerate(sorts) if sort.path == "id"), None)
    keys = sorts if up_to is None else sorts[: up_to + 1]
    down = keys[0].descending if keys else True
    ordered = sorted(records, key=lambda record: record.id, reverse=down)
    for sort in reversed(keys):
        ordered.sort(
            key=lambda record, path=sort.path: value_of(record, path), reverse=sort.descending
        )  # type: ignore[misc]
    return [record.id for record in ordered]


def walk(store: Store, sorts: list[Sort], limit: int) -> tuple[list[int], list[int]]:
    """Return the ids going forward page by page, and those coming back from the last page."""
    forward: list[int] = []
    backward: list[int] = []
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.customer")
        page = tx.records.list(ListQuery(row, sort=tuple(sorts), limit=limit))
        assert page.previous is None
        while True:
            forward += [record.id for record in page.records]
            if page.next is None:
                break
            assert len(forward) < 100, "going round in circles"
            page = tx.records.list(ListQuery(row, sort=tuple(sorts), limit=limit, after=page.next))
        backward = [record.id for record in page.records]
        while page.previous is not None:
            page = tx.records.list(
                ListQuery(row, sort=tuple(sorts), limit=limit, before=page.previous)
            )
            backward = [record.id for record in page.records] + backward
            assert page.next is not None
            assert len(backward) < 100, "going round in circles"
    return forward, backward


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, sorts=SORTS, limit=st.integers(1, 5))
def test_pages_in_both_directions_make_up_the_sorted_list(
    store: Store, rows: list[dict[str, Any]], sorts: list[Sort], limit: int
) -> None:
    with store.transaction() as tx:
        row = tx.columns.main("t.customer")
        everything = tx.records.list(ListQuery(row, limit=1000)).records
        tx.records.withdraw("t.customer", [record.id for record in everything])
        numbers = tx.records.insert_many("t.customer", rows, by=None, channel="import")
        records = tx.records.get_many("t.customer", [n for n in numbers if isinstance(n, int)])
    expected = in_order(records, sorts)
    forward, backward = walk(store, sorts, limit)
    assert forward == expected
    assert backward == expected


def fill(store: Store, rows: list[dict[str, Any]]) -> list[int]:
    with store.transaction() as tx:
        return [
            n
            for n in tx.records.insert_many("t.customer", rows, by=None, channel="import")
            if isinstance(n, int)
        ]


def test_conditions_searches_and_counts_work_together(store: Store) -> None:
    fill(store, [{"name": f"张{n}", "grade": "AB"[n % 2], "amount": Decimal(n)} for n in range(10)])
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.customer")
        query = ListQuery(
            row,
            where=[row.value("grade") == "A", row.value("amount") >= 400],
            sort=(Sort("amount"),),
            search="张",
        )
        assert [record.values["amount"] for record in tx.records.list(query).records] == [4, 6, 8]
        assert tx.records.count(query) == (3, False)
        assert tx.records.count(ListQuery(row), cap=4) == (4, True)
        assert tx.records.count(ListQuery(row), cap=10) == (10, False)


def test_a_list_can_be_sorted_by_what_a_reference_leads_to(store: Store) -> None:
    b, a = fill(store, [{"name": "b"}, {"name": "a"}])
    with store.transaction() as tx:
        rows = [{"name": "1", "customer": b}, {"name": "2", "customer": a}, {"name": "3"}]
        tx.records.insert_many("t.contact", rows, by=None, channel="import")
        row = tx.columns.record("t.contact")
        found: list[str] = []
        page = tx.records.list(ListQuery(row, sort=(Sort("customer.name"),), limit=2))
        found += [record.values["name"] for record in page.records]
        page = tx.records.list(
            ListQuery(row, sort=(Sort("customer.name"),), limit=2, after=page.next)
        )
        found += [record.values["name"] for record in page.records]
        assert found == ["3", "2", "1"]


def test_a_page_stands_still_while_records_are_added_before_it(store: Store) -> None:
    fill(store, [{"name": f"n{n}"} for n in range(6)])
    with store.transaction(write=False) as tx:
        first = tx.records.list(ListQuery(tx.columns.record("t.customer"), limit=3))
    fill(store, [{"name": "new"}])
    with store.transaction(write=False) as tx:
        second = tx.records.list(
            ListQuery(tx.columns.record("t.customer"), limit=3, after=first.next)
        )
    assert [record.values["name"] for record in second.records] == ["n2", "n1", "n0"]


MADE_UP = (
    "",
    "x",
    "!!!",
    "W10",
    "bnVsbA",
    "WyJhIiwxLDJd",
    "9" * 5000,
    "WzEsMiwzXQ==\x00",
    "'; DROP TABLE record; --",
)


def test_a_made_up_token_is_refused(store: Store) -> None:
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.customer")
        for token in MADE_UP:
            with pytest.raises(UnusableToken):
                tx.records.list(ListQuery(row, sort=(Sort("name"),), after=token))


def test_a_token_with_a_moment_beyond_the_calendar_is_refused(store: Store) -> None:
    mark = keyset.signature([("next_at", False)], "t.customer")
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.customer")
        for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "?"):
            token = keyset.write_token(mark, keyset.Position((moment,), 1))
            with pytest.raises(UnusableToken):
                tx.records.list(ListQuery(row, sort=(Sort("next_at"),), after=token))


def test_a_token_of_another_order_is_refused(store: Store) -> None:
    fill(store, [{"name": "a"}, {"name": "b"}])
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.customer")
        page = tx.records.list(ListQuery(row, sort=(Sort("name"),), limit=1))
        with pytest.raises(UnusableToken):
            tx.records.list(
                ListQuery(row, sort=(Sort("name", descending=True),), limit=1, after=page.next)
            )


def test_a_record_without_the_first_key_is_found_though_none_was_without_it_before(
    open_store: Callable[[], Store], catalog: Catalog
) -> None:
    one, other = open_store(), open_store()
    for store in (one, other):
        store.use(catalog)
    fill(one, [{"grade": "A"}])
    sort = (Sort("grade"),)
    with other.transaction(write=False) as tx:
        assert (
            len(tx.records.list(ListQuery(tx.columns.record("t.customer"), sort=sort)).records) == 1
        )
    fill(one, [{"name": "without a grade"}])
    with other.transaction(write=False) as tx:
        page = tx.records.list(ListQuery(tx.columns.record("t.customer"), sort=sort))
    assert [record.values["grade"] for record in page.records] == [None, "A"]
    with other.transaction(write=False) as tx:
        row = tx.columns.record("t.customer")
        named = [row.value("name") == "without a grade"]
        for down in (False, True):  # no row with a grade is there to tell of the others
            found = tx.records.list(ListQuery(row, named, (Sort("grade", descending=down),)))
            assert [record.values["name"] for record in found.records] == ["without a grade"]
