"""Search finds parts: two characters of a name, three digits of a number, in any case and width."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formwright.definitions.model import Sort
from formwright.store import query as list_queries
from formwright.store.grams import fold, grams, words
from formwright.store.query import ListQuery
from formwright.store.store import Store

CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"name": "广州白云机械有限公司", "phone": "+8613800138000", "email": "info@baiyun.cn"},
    {"name": "张三", "phone": "+8613900139000", "email": "zhang.san@example.com"},
    {"name": "Müller & Söhne GmbH", "phone": "+862087654321", "email": "post@mueller.de"},
    {"name": "王小明", "phone": "+8618612345678"},
    {"name": "Acme 100% Widgets_Ltd"},
)


@pytest.fixture
def filled(store: Store) -> Store:
    with store.transaction() as tx:
        for values in CUSTOMERS:
            tx.records.insert("t.customer", values, by=None, channel="form")
    return store


def found(store: Store, query: str) -> list[str]:
    with store.transaction(write=False) as tx:
        page = tx.records.list(ListQuery(tx.columns.record("t.customer"), search=query))
        return [record.values["name"] for record in page.records]


#: Query -> the one customer it finds, by its place in CUSTOMERS.
PARTS = {
    "张三": 1, "小明": 3, "白云": 0, "云机": 0, "有限公司": 0, "王": 3,
    "138001": 0, "0138000": 0, "13800138000": 0, "138-0013-8000": 0, "+86 138 0013 8000": 0,
    "１３８００１３８０００": 0, "345": 3, "87654321": 2,
    "zhang.san": 1, "san@exam": 1, "ZHANG": 1, "baiyun.cn": 0,
    "muller": 2, "MÜLLER": 2, "söhne gmbh": 2, "gmbh söhne": 2, "ｍｕｅｌｌｅｒ": 2,
    "100%": 4, "ts_l": 4, "acme ltd": 4, "白云 138": 0,
}  # fmt: skip
NOBODY = (
    "李四",
    "云白",
    "139001380",
    "张三 138001",
    "zhang+san",
    "'; DROP TABLE",
    '"',
    "\x00",
    "%%",
    "__",
)


def test_a_part_finds_its_record_alone(filled: Store) -> None:
    expected = {query: [CUSTOMERS[number]["name"]] for query, number in PARTS.items()}
    assert {query: found(filled, query) for query in PARTS} == expected


def test_what_nobody_has_finds_nothing(filled: Store) -> None:
    assert {query: found(filled, query) for query in NOBODY} == {query: [] for query in NOBODY}


def test_hits_come_newest_first_and_page_by_page(store: Store) -> None:
    with store.transaction() as tx:
        tx.records.insert_many(
            "t.customer", [{"name": f"有限公司{n}"} for n in range(7)], by=None, channel="import"
        )
    names: list[str] = []
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.customer")
        page = tx.records.list(ListQuery(row, search="有限", limit=3))
        names += [record.values["name"] for record in page.records]
        while page.next:
            page = tx.records.list(ListQuery(row, search="有限", limit=3, after=page.next))
            names += [record.values["name"] for record in page.records]
        back = tx.records.list(ListQuery(row, search="有限", limit=3, before=page.previous))
    assert names == [f"有限公司{n}" for n in reversed(range(7))]
    assert [record.values["name"] for record in back.records] == names[3:6]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("every", [1, 2, 7, 40])
def test_hits_are_the_same_whether_the_nearest_entries_hold_them_or_not(
    store: Store, monkeypatch: pytest.MonkeyPatch, every: int, *, descending: bool
) -> None:
    monkeypatch.setattr(list_queries, "_RECENT", {"sqlite": 6, "postgresql": 6})
    rows = [{"name": "张三" if n % every == 0 else "王五", "visits": n} for n in range(90)]
    with store.transaction() as tx:
        tx.records.insert_many("t.customer", rows, by=None, channel="import")
        tx.records.insert("t.contact", {"name": "张三"}, by=None, channel="form")
    expected = [n for n in range(90) if n % every == 0]
    if descending:
        expected.reverse()
    seen: list[int] = []
    with store.transaction(write=False) as tx:
        query = ListQuery(
            tx.columns.record("t.customer"), sort=(Sort("id", descending),), limit=4, search="张三"
        )
        page = tx.records.list(query)
        seen += [record.values["visits"] for record in page.records]
        while page.next:
            last = page
            page = tx.records.list(replace(query, after=page.next))
            seen += [record.values["visits"] for record in page.records]
            assert tx.records.list(replace(query, before=page.previous)).records == last.records
    assert seen == expected


def test_a_record_is_found_by_what_it_says_now(filled: Store) -> None:
    with filled.transaction() as tx:
        row = tx.columns.record("t.customer")
        record = tx.records.list(ListQuery(row, search="张三")).records[0]
        tx.records.change(record, {**record.values, "name": "李四"}, by=None, channel="form")
    assert (found(filled, "张三"), found(filled, "李四")) == ([], ["李四"])
    with filled.transaction() as tx:
        record = tx.records.get("t.customer", record.id)
        tx.records.change(record, {"visits": 1}, by=None, channel="form")
    assert found(filled, "李四") == []


def test_a_deleted_record_is_found_again_once_it_is_restored(filled: Store) -> None:
    with filled.transaction() as tx:
        record = tx.records.list(ListQuery(tx.columns.record("t.customer"), search="张三")).records[
            0
        ]
        deletion = tx.trash.delete(record, by=None, channel="form")
    assert found(filled, "张三") == []
    with filled.transaction() as tx:
        tx.trash.restore(deletion.id, by=None, channel="form")
    assert found(filled, "张三") == ["张三"]


def test_entities_are_searched_apart(filled: Store) -> None:
    with filled.transaction() as tx:
        tx.records.insert("t.contact", {"name": "张三丰"}, by=None, channel="form")
        page = tx.records.list(ListQuery(tx.columns.record("t.contact"), search="张三"))
    assert [record.values["name"] for record in page.records] == ["张三丰"]
    assert found(filled, "张三") == ["张三"]


TEXT = st.text(alphabet="ab1234张三é Ａ-", max_size=14)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXT, start=st.integers(0, 14), length=st.integers(0, 14))
def test_the_pieces_of_a_part_are_pieces_of_the_whole(text: str, start: int, length: int) -> None:
    folded = fold(text)
    assert grams(folded[start : start + length], 7) <= grams(folded, 7)


def test_a_phone_number_is_one_word_however_it_is_spaced() -> None:
    assert words("+86 138-0013-8000") == words("0086 13800138000") == ("13800138000",)
    assert words("020 8765 4321") == ("02087654321",)
    assert words("订单 2026") == ("订单", "2026")
