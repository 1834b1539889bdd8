"""Records follow their definitions: slots, unique values, search entries and edges of what exists already."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from formwright.definitions.model import Catalog, Constraint, Entity, Sort
from formwright.errors import Conflict
from formwright.store import backfill, slots, tables
from formwright.store.problems import UniqueViolation
from formwright.store.query import ListQuery
from formwright.store.store import Store

Fields = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def thing(make_entity: Any, make_catalog: Any) -> Any:
    """Make a catalog of one entity out of fields."""

    def make(fields: Fields, revision: int = 0, **options: Any) -> Catalog:
        target: Entity = make_entity("t.target", {"name": {"type": "text"}})
        catalog: Catalog = make_catalog(
            make_entity("t.thing", fields, **options), target, revision=revision
        )
        return catalog

    return make


def columns_of(store: Store, name: str = "t.thing") -> Mapping[str, str]:
    with store.transaction(write=False) as tx:
        return dict(tx.shape.place(name).read)


def insert(store: Store, values: dict[str, Any], entity: str = "t.thing") -> int:
    with store.transaction() as tx:
        return tx.records.insert(entity, values, by=None, channel="form").id


def names(store: Store, **query: Any) -> list[Any]:
    with store.transaction(write=False) as tx:
        page = tx.records.list(ListQuery(tx.columns.record("t.thing"), **query))
        return [record.values["a"] for record in page.records]


def test_an_assignment_stays_when_others_come_and_go(open_store: Any, thing: Any) -> None:
    store = open_store()
    store.use(thing({"b": {"type": "text", "indexed": True}}))
    insert(store, {"b": "x"})
    first = columns_of(store)["b"]
    store.use(
        thing({"a": {"type": "text", "indexed": True}, "b": {"type": "text", "indexed": True}})
    )
    assert columns_of(store)["b"] == first
    assert columns_of(store)["a"] != first
    store.use(thing({"b": {"type": "text", "indexed": False, "sortable": False}}))
    assert columns_of(store) == {"b": first}


def test_a_new_slot_is_filled_from_what_is_stored(open_store: Any, thing: Any) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "a": {"type": "text"}, "m": {"type": "money", "scale": 2}, "n": {"type": "integer"}, "f": {"type": "boolean"},
        "d": {"type": "date"}, "w": {"type": "datetime"}, "o": {"type": "time"},
        "r": {"type": "reference", "target": "t.target"},
    }  # fmt: skip
    plain = {key: {**options, "sortable": False} for key, options in kinds.items() if key != "r"}
    store = open_store()
    store.use(thing(plain))
    assert columns_of(store) == {"m": "m1", "n": "m2"}
    with store.transaction() as tx:
        rows = [{"a": str(n), "m": Decimal(n), "n": n, "f": bool(n % 2)} for n in range(25)]
        tx.records.insert_many("t.thing", [*rows, {}], by=None, channel="import")
    indexed = {key: {**options, "indexed": True} for key, options in kinds.items()}
    store.use(thing(indexed))
    assert set(columns_of(store)) == set(kinds)
    assert not any(slots.is_measure(column) for column in columns_of(store).values())
    with store.transaction(write=False) as tx:
        assert backfill.mismatches(tx.connection, tx.shape, "t.thing") == 0
    assert names(store, sort=(Sort("m", descending=True),), limit=2) == ["24", "23"]
    assert names(store, sort=(Sort("m"),), limit=2) == [None, "0"]


def test_a_number_without_an_index_has_a_column_that_sums_read(open_store: Any, thing: Any) -> None:
    store = open_store()
    named = {"a": {"type": "text", "sortable": False}}
    store.use(thing({**named, "n": {"type": "integer", "sortable": False}}))
    assert columns_of(store) == {"n": "m1"}
    for number in (None, 3, 40):
        insert(store, {"n": number, "a": str(number)})
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.thing")
        assert row.slot("n") is None
        total = select(func.sum(row.value("n")), func.count(row.value("n"))).where(row.belongs())
        assert "m1" in str(total)
        assert tuple(tx.connection.execute(total).one()) == (43, 2)
        assert backfill.mismatches(tx.connection, tx.shape, "t.thing") == 0
    assert names(store, sort=(Sort("n", descending=True),)) == ["40", "3", "None"]
    assert names(store, sort=(Sort("n"),)) == ["None", "3", "40"]


def test_a_column_that_a_number_has_left_says_nothing_about_the_next(
    open_store: Any, thing: Any
) -> None:
    store = open_store()
    store.use(thing({"n": {"type": "integer", "sortable": False}}))
    insert(store, {"n": 7})
    store.use(thing({"n": {"type": "integer", "indexed": True}}))
    assert columns_of(store) == {"n": "n1"}
    later = {"n": {"type": "integer", "indexed": True}, "k": {"type": "integer", "sortable": False}}
    store.use(thing(later))
    assert columns_of(store) == {"n": "n1", "k": "m1"}
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.thing")
        found = tx.connection.execute(select(row.value("n"), row.value("k")).where(row.belongs()))
        assert [tuple(each) for each in found] == [(7, None)]
        assert backfill.mismatches(tx.connection, tx.shape, "t.thing") == 0


def test_a_slot_is_given_to_another_field_only_when_it_is_empty(
    open_store: Any, thing: Any
) -> None:
    store = open_store()
    store.use(thing({"a": {"type": "text", "indexed": True}}))
    insert(store, {"a": "old"})
    column = columns_of(store)["a"]
    store.use(thing({}))
    with store.engine.connect() as connection:
        assert (
            connection.scalar(select(tables.record.c[column]).where(tables.record.c.entity_id == 1))
            is None
        )
    store.use(thing({"b": {"type": "text", "indexed": True}}))
    assert columns_of(store)["b"] == column


def test_what_gets_no_slot_is_named_and_works_all_the_same(open_store: Any, thing: Any) -> None:
    many = {f"f{n}": {"type": "text", "indexed": True} for n in range(tables.SLOT_COUNTS["t"] + 1)}
    references = {
        f"r{n}": {"type": "reference", "target": "t.target", "on_delete": "set_null"}
        for n in range(tables.SLOT_COUNTS["r"] + 1)
    }
    store = open_store()
    assignment = store.use(thing({**many, **references, "a": {"type": "text", "sortable": False}}))
    last, last_reference = list(many)[-1], list(references)[-1]
    assert assignment.unplaced == (("t.thing", last), ("t.thing", last_reference))
    target = insert(store, {"name": "T"}, "t.target")
    insert(store, {"a": "1", last: "x", last_reference: target})
    insert(store, {"a": "2", last: "y"})
    assert names(store, sort=(Sort(last, descending=True),)) == ["2", "1"]
    with store.transaction() as tx:
        assert tx.records.links.count("t.thing", last_reference, [target]) == 1
        changed = tx.trash.delete(
            tx.records.get("t.target", target), by=None, channel="form"
        ).changed
    assert [record.values["a"] for record in changed] == ["1"]


def test_fields_that_would_only_be_sorted_leave_room_for_later_indexes(
    open_store: Any, thing: Any
) -> None:
    store = open_store()
    count = tables.SLOT_COUNTS["t"]
    store.use(thing({f"f{n}": {"type": "text"} for n in range(count + 3)}))
    assert len(columns_of(store)) == count - slots.RESERVE


def test_a_field_that_becomes_unique_holds_for_what_is_stored(open_store: Any, thing: Any) -> None:
    store = open_store()
    store.use(thing({"a": {"type": "text"}}))
    first = insert(store, {"a": "Été"})
    unique = thing({"a": {"type": "text", "unique": True}})
    store.use(unique)
    with pytest.raises(UniqueViolation) as caught:
        insert(store, {"a": "ete"})
    assert caught.value.clashes[0].holder == first
    store.use(thing({"a": {"type": "text"}}))
    insert(store, {"a": "ete"})
    with pytest.raises(UniqueViolation):
        store.use(unique)
    insert(store, {"a": "ete"})


def test_a_constraint_over_several_fields_is_held(open_store: Any, thing: Any) -> None:
    fields: Fields = {"a": {"type": "text"}, "b": {"type": "integer"}}
    store = open_store()
    store.use(thing(fields, constraints={"pair": Constraint("pair", "unique", ("a", "b"))}))
    insert(store, {"a": "x", "b": 1})
    insert(store, {"a": "x", "b": 2})
    insert(store, {"a": "x"})
    insert(store, {"a": "x"})
    with pytest.raises(UniqueViolation) as caught:
        insert(store, {"a": "X", "b": 1})
    assert [(clash.key, clash.fields) for clash in caught.value.clashes] == [("pair", ("a", "b"))]


def test_a_field_that_becomes_searchable_is_searched_in_what_is_stored(
    open_store: Any, thing: Any
) -> None:
    store = open_store()
    store.use(thing({"a": {"type": "text"}, "b": {"type": "text", "searchable": True}}))
    insert(store, {"a": "张三", "b": "李四"})
    assert (names(store, search="张三"), names(store, search="李四")) == ([], ["张三"])
    store.use(thing({"a": {"type": "text", "searchable": True}, "b": {"type": "text"}}))
    assert (names(store, search="张三"), names(store, search="李四")) == (["张三"], [])


def test_every_process_takes_up_a_revision_and_its_filled_slots(
    open_store: Any, thing: Any
) -> None:
    one, other = open_store(), open_store()
    old = thing({"a": {"type": "text", "sortable": False}}, revision=1)
    new = thing({"a": {"type": "text", "indexed": True}}, revision=2)
    with one.transaction() as tx:
        assert tx.revisions.add({"t/x.yaml": "1"}, old, by=None) == 1
        tx.records.insert("t.thing", {"a": "x"}, by=None, channel="form")
    with one.transaction() as tx:
        assert tx.revisions.add({"t/x.yaml": "2"}, new, by=5, author="ann", note="more") == 2
    with other.transaction(write=False) as tx:
        assert (tx.revisions.newest_number(), tx.revisions.files(2)) == (2, {"t/x.yaml": "2"})
        tx.use(new)
        assert tx.shape.place("t.thing").read == {}
    one.backfill(new)
    with other.transaction(write=False) as tx:
        tx.use(new)
        assert set(tx.shape.place("t.thing").read) == {"a"}


def test_of_two_revisions_made_at_once_the_second_is_refused(open_store: Any, thing: Any) -> None:
    store = open_store()
    catalog = thing({"a": {"type": "text"}})
    with store.transaction() as tx:
        tx.revisions.add({}, catalog, by=None)
    with store.transaction() as tx:
        tx.revisions._newest = (0, 0)  # noqa: SLF001 -- as if it had been read before the first was stored
        with pytest.raises(Conflict):
            tx.revisions.add({}, catalog, by=None)


def test_what_no_field_claims_any_more_is_kept_by_updates(open_store: Any, thing: Any) -> None:
    store = open_store()
    store.use(thing({"a": {"type": "text"}, "b": {"type": "text"}}))
    number = insert(store, {"a": "1", "b": "kept"})
    store.use(thing({"a": {"type": "text"}}))
    with store.transaction() as tx:
        record = tx.records.get("t.thing", number)
        assert dict(record.values) == {"a": "1"}
        tx.records.change(record, {"a": "2"}, by=None, channel="form")
    store.use(thing({"a": {"type": "text"}, "b": {"type": "text"}}))
    with store.transaction(write=False) as tx:
        assert dict(tx.records.get("t.thing", number).values) == {"a": "2", "b": "kept"}


ODD = {
    "integer": "abc",
    "money": "12",
    "date": "2024-02-30",
    "datetime": "soon",
    "time": "noon",
    "boolean": "yes",
    "tags": "one, two",
    "text": 7,
    "long_text": 7,
    "rich_text": 7,
    "address": "here",
    "reference": "x",
    "references": "x",
}


@pytest.mark.parametrize("indexed", [False, True])
def test_what_a_field_of_another_type_has_left_is_read_as_empty_and_kept(
    open_store: Any, thing: Any, indexed: bool
) -> None:
    store = open_store()
    name = {"a": {"type": "text"}}
    was = {
        key: {"type": "integer" if odd == 7 else "text", "sortable": False}
        for key, odd in ODD.items()
    }
    store.use(thing({**name, **was}))
    number = insert(store, {"a": "old", **ODD})
    options = {"indexed": indexed, "sortable": indexed, "target": "t.target"}
    store.use(thing({**name, **{key: {"type": key, **options} for key in ODD}}))

    empty = {key: False if key == "boolean" else None for key in ODD}
    with store.transaction() as tx:
        record = tx.records.get("t.thing", number)
        assert (record.values, record.extra) == ({"a": "old", **empty}, ODD)
        tx.records.change(record, {**record.values, "a": "new"}, by=None, channel="form")
    assert names(store) == ["new"]
    with store.transaction(write=False) as tx:
        kept = {key: odd for key, odd in ODD.items() if key != "boolean"}
        assert tx.records.get("t.thing", number).extra == kept
        row = tx.columns.record("t.thing")
        for key in ("integer", "money", "date", "datetime", "reference"):
            assert tx.connection.execute(select(row.value(key)).where(row.belongs())).all() == [
                (None,)
            ]
        for key in ("tags", "references"):
            query = select(row.id).where(select(row.items(key).c.value).exists())
            assert tx.connection.execute(query).all() == []
        assert backfill.mismatches(tx.connection, tx.shape, "t.thing") == 0
    if indexed:
        for key in ("integer", "date"):
            assert names(store, sort=(Sort(key),)) == ["new"]


def test_a_new_value_takes_the_place_of_what_a_field_of_another_type_has_left(
    open_store: Any, thing: Any
) -> None:
    store = open_store()
    store.use(thing({"x": {"type": "text"}}))
    number = insert(store, {"x": "abc"})
    store.use(thing({"x": {"type": "integer"}}))
    with store.transaction() as tx:
        record = tx.records.change(
            tx.records.get("t.thing", number), {"x": 5}, by=None, channel="form"
        )
        record = tx.records.change(record, {"x": None}, by=None, channel="form")
    with store.transaction(write=False) as tx:
        found = tx.records.get("t.thing", number)
        assert (found.values["x"], found.extra) == (None, {})
