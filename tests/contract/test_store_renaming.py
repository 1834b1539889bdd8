"""Fields and entities get another key: what is stored comes along, from the first moment, in every way of asking."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from formwright.definitions.model import Catalog, Constraint, Sort
from formwright.definitions.renames import renames
from formwright.store import backfill, tables
from formwright.store.problems import UniqueViolation
from formwright.store.query import ListQuery
from formwright.store.store import Store

#: Types with a value each; some have a copy in a slot, some only stand in the document.
VALUES: dict[str, tuple[dict[str, Any], Any]] = {
    "text": ({"type": "text", "indexed": True, "unique": True, "searchable": True}, "张三丰"),
    "long": ({"type": "long_text"}, "much to say"),
    "count": ({"type": "integer", "sortable": False}, 7),
    "money": ({"type": "money", "scale": 2, "currency": "CNY", "indexed": True}, Decimal("12.50")),
    "flag": ({"type": "boolean", "sortable": False}, True),
    "day": ({"type": "date", "sortable": False}, date(2026, 3, 2)),
    "tags": ({"type": "tags"}, ("red", "blue")),
    "friend": ({"type": "reference", "target": "t.target", "on_delete": "set_null"}, 1),
    "friends": ({"type": "references", "target": "t.target", "on_delete": "set_null"}, (1,)),
}


@pytest.fixture
def catalog_of(make_entity: Any, make_catalog: Any) -> Any:
    """Make the catalog in which the fields of VALUES have a prefix, and know the keys of another."""

    def make(prefix: str, *former: str, entity: str = "t.thing", **options: Any) -> Catalog:
        fields = {
            f"{prefix}{key}": {**given, "was": tuple(f"{old}{key}" for old in former)}
            for key, (given, _) in VALUES.items()
        }
        constraint = Constraint("pair", "unique", (f"{prefix}text", f"{prefix}day"))
        return make_catalog(
            make_entity("t.target", {"name": {"type": "text"}}),
            make_entity(entity, fields, constraints={"pair": constraint}, **options),
            revision=0,
        )

    return make


def filled(store: Store, prefix: str, entity: str = "t.thing", **changes: Any) -> tuple[int, int]:
    """Store a record with every value, and the one it refers to."""
    with store.transaction() as tx:
        target = tx.records.insert("t.target", {"name": "T"}, by=None, channel="form").id
        values = {f"{prefix}{key}": value for key, (_, value) in VALUES.items()}
        values |= {f"{prefix}friend": target, f"{prefix}friends": (target,)}
        values |= {f"{prefix}{key}": value for key, value in changes.items()}
        return tx.records.insert(entity, values, by=None, channel="form").id, target


def publish(store: Store, old: Catalog, new: Catalog) -> None:
    """Put definitions in force without what follows in the background."""
    with store.transaction() as tx:
        tx.put_in_force(new, renames(old, new))
    store._default = new  # noqa: SLF001 -- as Store.use does, which goes on with the background work
    store._shape = None  # noqa: SLF001 -- as above


def documents(store: Store) -> list[Mapping[str, Any]]:
    with store.transaction(write=False) as tx:
        number = next(p.id for n, p in tx.shape.layout.entities.items() if n != "t.target")
        query = select(tables.record.c.data).where(tables.record.c.entity_id == number)
        return list(tx.connection.scalars(query))


def check_everything(store: Store, record: int, target: int, entity: str = "t.thing") -> None:
    """Ask for the values in every way there is, by the keys that begin with ``new_``."""
    with store.transaction(write=False) as tx:
        found = tx.records.get(entity, record)
        expected = {f"new_{key}": value for key, (_, value) in VALUES.items()}
        expected |= {"new_friend": target, "new_friends": (target,)}
        assert dict(found.values) == expected
        assert found.extra == {}
        row = tx.columns.record(entity)
        asked = {
            "new_text": "张三丰", "new_long": "much to say", "new_count": 7, "new_money": 1250,
            "new_day": date(2026, 3, 2), "new_friend": target,
        }  # fmt: skip
        for key, value in asked.items():
            listed = tx.records.list(ListQuery(row, where=(row.value(key) == value,)))
            assert [each.id for each in listed.records] == [record], key
        tags = row.items("new_tags")
        red = select(tags.c.value).select_from(tags).where(tags.c.value == "red").exists()
        for condition in (row.value("new_flag"), red):
            listed = tx.records.list(ListQuery(row, where=(condition,)))
            assert [each.id for each in listed.records] == [record]
        found_by_words = tx.records.list(ListQuery(row, search="张三丰"))
        assert [each.id for each in found_by_words.records] == [record]
        assert tx.records.links.count(entity, "new_friend", [target]) == 1
        assert tx.records.links.count(entity, "new_friends", [target]) == 1
        assert tx.records.unique.find(entity, "new_text", "张三丰") == record
        assert set(tx.history.of(entity, record)[-1].changes) == set(expected)
        assert backfill.mismatches(tx.connection, tx.shape, entity) == 0
    with pytest.raises(UniqueViolation):
        filled(store, "new_", entity)


def test_values_come_along_with_a_renamed_field(open_store: Any, catalog_of: Any) -> None:
    store = open_store()
    old, new = catalog_of(""), catalog_of("new_", "")
    store.use(old)
    record, target = filled(store, "")
    with store.transaction(write=False) as tx:
        slots = dict(tx.shape.place("t.thing").read)
    publish(store, old, new)
    assert "text" in documents(store)[0]
    with store.transaction(write=False) as tx:
        assert tx.shape.place("t.thing").read == {f"new_{key}": at for key, at in slots.items()}
    check_everything(store, record, target)
    store.backfill(new)
    assert not set(documents(store)[0]) & set(VALUES)
    check_everything(store, record, target)


def test_a_renamed_entity_keeps_its_records_and_its_fields_theirs(
    open_store: Any, catalog_of: Any
) -> None:
    store = open_store()
    old = catalog_of("")
    new = catalog_of("new_", "", entity="t.item", was=("thing",))
    store.use(old)
    record, target = filled(store, "")
    publish(store, old, new)
    check_everything(store, record, target, "t.item")
    store.backfill(new)
    check_everything(store, record, target, "t.item")


def test_one_renaming_after_another_before_the_documents_are_written_again(
    open_store: Any, catalog_of: Any
) -> None:
    store = open_store()
    first, second, third = catalog_of(""), catalog_of("mid_", ""), catalog_of("new_", "", "mid_")
    store.use(first)
    record, target = filled(store, "")
    publish(store, first, second)
    other, _ = filled(store, "mid_", text="李四", day=date(2026, 3, 3), count=8, money=Decimal(1),
                      long="-", tags=("green",), flag=False)  # fmt: skip
    publish(store, second, third)
    check_everything(store, record, target)
    store.backfill(third)
    check_everything(store, record, target)
    assert all(key.startswith("new_") for document in documents(store) for key in document)
    with store.transaction(write=False) as tx:
        assert tx.records.get("t.thing", other).values["new_text"] == "李四"


def test_an_emptied_value_does_not_come_back_from_the_former_key(
    open_store: Any, catalog_of: Any
) -> None:
    store = open_store()
    old, new = catalog_of(""), catalog_of("new_", "")
    store.use(old)
    record, _ = filled(store, "")
    publish(store, old, new)
    with store.transaction() as tx:
        found = tx.records.get("t.thing", record)
        values = {**found.values, "new_long": None, "new_flag": False, "new_text": None}
        tx.records.change(found, values, by=None, channel="form")
    for _ in range(2):
        with store.transaction(write=False) as tx:
            values = tx.records.get("t.thing", record).values
            assert (values["new_long"], values["new_flag"], values["new_text"]) == (None, False, None)  # fmt: skip
            assert tx.records.unique.find("t.thing", "new_text", "张三丰") is None
        store.backfill(new)


def test_what_is_in_the_trash_comes_back_under_the_new_keys(
    open_store: Any, catalog_of: Any
) -> None:
    store = open_store()
    old, new = catalog_of(""), catalog_of("new_", "")
    store.use(old)
    record, target = filled(store, "")
    with store.transaction() as tx:
        deletion = tx.trash.delete(tx.records.get("t.thing", record), by=None, channel="form").id
    store.use(new)
    with store.transaction() as tx:
        tx.trash.restore(deletion, by=None, channel="form")
    check_everything(store, record, target)


def test_a_freed_slot_of_the_new_key_is_no_obstacle(open_store: Any, catalog_of: Any) -> None:
    store = open_store()
    both = catalog_of("new_")
    store.use(both)
    filled(store, "new_", text="gone", day=None)
    old = catalog_of("")
    publish(store, both, old)  # the fields are removed, their slots are still to be cleared
    record, target = filled(store, "")
    new = catalog_of("new_", "")
    publish(store, old, new)
    with store.transaction(write=False) as tx:
        row = tx.columns.record("t.thing")
        listed = tx.records.list(
            ListQuery(row, where=(row.value("new_text") == "张三丰",), sort=(Sort("new_text"),))
        )
        assert [each.id for each in listed.records] == [record]
    store.backfill(new)
    with store.transaction(write=False) as tx:
        assert backfill.mismatches(tx.connection, tx.shape, "t.thing") == 0
        assert tx.records.links.count("t.thing", "new_friend", [target]) == 1


def test_a_writer_of_the_old_names_is_waited_for(open_store: Any, catalog_of: Any) -> None:
    store, elsewhere = open_store(), open_store()
    old, new = catalog_of(""), catalog_of("new_", "")
    for each in (store, elsewhere):
        each.use(old)
    written: list[int] = []
    has_begun, go = threading.Event(), threading.Event()

    def write() -> None:
        with elsewhere.transaction() as tx:
            target = tx.records.insert("t.target", {"name": "T"}, by=None, channel="form").id
            has_begun.set()
            go.wait(10)
            values = {key: value for key, (_, value) in VALUES.items()}
            values |= {"friend": target, "friends": (target,)}
            written.append(tx.records.insert("t.thing", values, by=None, channel="form").id)
        written.append(target)

    writer = threading.Thread(target=write)
    publisher = threading.Thread(target=publish, args=(store, old, new))
    writer.start()
    has_begun.wait(10)
    publisher.start()
    publisher.join(0.5)
    assert publisher.is_alive()
    go.set()
    writer.join(10)
    publisher.join(10)
    check_everything(store, *written)
