"""A small catalog made by hand, and a store that uses it, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from formwright.clock import FixedClock
from formwright.definitions.model import (
    Catalog,
    Constraint,
    Entity,
    Field,
    Package,
    QuickFilter,
    Sort,
    View,
)
from formwright.fieldtypes.registry import builtin
from formwright.store import schema
from formwright.store.store import Store
from formwright.texts import Label

TYPES = builtin()


def make_field(entity: str, key: str, type: str, **options: Any) -> Field:  # noqa: A002
    return Field(key, entity, TYPES[type], Label(key), **options)


def make_entity(name: str, fields: Mapping[str, Mapping[str, Any]], **options: Any) -> Entity:
    package, key = name.split(".")
    made = {each: make_field(name, each, **dict(given)) for each, given in fields.items()}
    return Entity(key, package, Label(key), Label(key), None, made, **options)  # type: ignore[arg-type]


def make_catalog(*entities: Entity, views: tuple[View, ...] = (), revision: int = 1) -> Catalog:
    by_name = {entity.name: entity for entity in entities}
    referrers: dict[str, list[tuple[str, str]]] = {}
    for entity in entities:
        for key, field in entity.fields.items():
            if field.type.name in {"reference", "references", "user"}:
                referrers.setdefault(field.target, []).append((entity.name, key))
    return Catalog(
        packages={"t": Package("t", Label("t"), "1")},
        entities=by_name,
        forms={},
        views={view.name: view for view in views},
        apps={},
        roles={},
        grants=(),
        settings={},
        sequences={},
        datasets=(),
        revision=revision,
        referrers={name: tuple(pairs) for name, pairs in referrers.items()},
    )


def customer(**changes: Mapping[str, Any]) -> Entity:
    fields: dict[str, Mapping[str, Any]] = {
        "name": {"type": "text", "searchable": True, "required": True},
        "phone": {"type": "phone", "unique": True, "searchable": True},
        "email": {"type": "email", "unique": True, "searchable": True},
        "grade": {"type": "text", "indexed": True},
        "city": {"type": "text"},
        "amount": {"type": "money", "scale": 2, "currency": "CNY"},
        "discount": {"type": "percent", "scale": 2},
        "visits": {"type": "integer"},
        "active": {"type": "boolean"},
        "since": {"type": "date"},
        "next_at": {"type": "datetime"},
        "opens": {"type": "time"},
        "notes": {"type": "long_text"},
        "tags": {"type": "tags"},
        "address": {"type": "address"},
        "owner": {"type": "user", "target": "core.user", "on_delete": "set_null"},
        "parent": {"type": "reference", "target": "t.customer", "on_delete": "set_null"},
    }
    return make_entity("t.customer", {**fields, **changes}, owner_field="owner")


def entities() -> tuple[Entity, ...]:
    return (
        make_entity("core.user", {"name": {"type": "text", "searchable": True}}),
        customer(),
        make_entity(
            "t.contact",
            {
                "name": {"type": "text", "searchable": True},
                "customer": {"type": "reference", "target": "t.customer", "on_delete": "cascade"},
            },
        ),
        make_entity(
            "t.product",
            {"code": {"type": "text"}, "region": {"type": "text"}},
            constraints={
                "code_in_region": Constraint("code_in_region", "unique", ("region", "code"))
            },
        ),
        make_entity(
            "t.order",
            {
                "number": {"type": "text"},
                "customer": {"type": "reference", "target": "t.customer", "on_delete": "restrict"},
                "watchers": {"type": "references", "target": "t.customer", "on_delete": "set_null"},
                "lines": {"type": "subform", "target": "t.order_line"},
            },
        ),
        make_entity(
            "t.order_line",
            {
                "product": {"type": "reference", "target": "t.product", "on_delete": "restrict"},
                "quantity": {"type": "integer"},
            },
            kind="child",
            parent="t.order",
            parent_field="lines",
        ),
    )


def views() -> tuple[View, ...]:
    return (
        View(
            "customers", "t", "t.customer", Label("customers"),
            sort=(Sort("amount", descending=True),),
            quick_filters=(QuickFilter("city", Label("city"), field="city"),),
        ),
    )  # fmt: skip


@pytest.fixture
def catalog() -> Catalog:
    return make_catalog(*entities(), views=views())


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))


@pytest.fixture
def open_store(database_url: str, clock: FixedClock) -> Iterator[Callable[[], Store]]:
    """Open as many stores on the one database as a test wants."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(Store.open(database_url, clock=clock))
        return opened[-1]

    schema.upgrade(open_one().engine)
    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store], catalog: Catalog) -> Store:
    made = open_store()
    made.use(catalog)
    return made


@pytest.fixture(name="make_entity")
def entity_maker() -> Callable[..., Entity]:
    return make_entity


@pytest.fixture(name="make_catalog")
def catalog_maker() -> Callable[..., Catalog]:
    return make_catalog
