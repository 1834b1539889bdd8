"""The shipped packages in use: installed with their rows, every list runs, every form and record opens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from formwright.clock import FixedClock
from formwright.definitions.model import Action, Catalog
from formwright.engine import drafting, packages, reading, records, views
from formwright.engine.actor import Actor
from formwright.engine.drafts import Accepted, Input, Rejected, RowInput, Typed
from formwright.engine.runtime import Runtime, Unit
from formwright.engine.views import ListState
from formwright.plugins import manager
from formwright.store import schema
from formwright.store.store import Store
from formwright.texts import Reader

READERS = (Reader("en", "Asia/Shanghai"), Reader("zh-CN", "Asia/Shanghai"))
NOW = datetime(2026, 3, 12, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    path = tmp_path_factory.mktemp("packages") / "packages.db"
    store = Store.open(f"sqlite:///{path}")
    schema.upgrade(store.engine)
    runtime = Runtime(store, manager.load([]), clock=FixedClock(NOW), site=READERS[0])
    for key in packages.shipped():
        packages.install(runtime, system(runtime.catalog), key, demo=True)
    yield runtime
    store.close()


def system(catalog: Catalog, reader: Reader = READERS[0]) -> Actor:
    return Actor(None, "install", "Installation", frozenset(catalog.roles), reader)


def person(unit: Unit, login: str, *roles: str) -> Actor:
    page = views.list_view(unit, "core.users", ListState(search=login))
    assert len(page.rows) == 1
    return Actor(page.rows[0].id, login, login, frozenset({"core.member", *roles}), READERS[1])


@pytest.fixture(scope="module")
def liqiang(runtime: Runtime) -> Actor:
    with runtime.unit(system(runtime.catalog)) as unit:
        return person(unit, "liqiang", "crm.sales_rep")


@pytest.fixture(scope="module")
def wangmin(runtime: Runtime) -> Actor:
    with runtime.unit(system(runtime.catalog)) as unit:
        return person(unit, "wangmin", "crm.sales_rep", "crm.sales_manager")


def test_every_field_that_wishes_for_an_index_gets_one(runtime: Runtime) -> None:
    with runtime.unit(system(runtime.catalog)) as unit:
        assert list(unit.tx.slots.unplaced(unit.catalog)) == []


def test_installing_again_adds_nothing(runtime: Runtime) -> None:
    assert packages.bring_rows(runtime, packages.shipped(), demo=True) == 0


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
def test_every_list_runs_with_each_of_its_filters(runtime: Runtime, reader: Reader) -> None:
    with runtime.unit(system(runtime.catalog, reader)) as unit:
        for view in unit.catalog.views.values():
            whole = views.list_view(unit, view.name, ListState())
            if view.default and view.package == "crm" and view.name != "crm.my_tasks":
                assert whole.count > 0, view.name
            for quick in whole.quick_filters:
                value = quick.options[0].value if quick.options else "on"
                state = ListState(filters={quick.filter.key: value})
                assert views.list_view(unit, view.name, state).count <= whole.count, view.name


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
def test_every_form_opens_empty_and_every_kind_of_record_opens(
    runtime: Runtime, reader: Reader
) -> None:
    with runtime.unit(system(runtime.catalog, reader)) as unit:
        for form in unit.catalog.forms.values():
            assert set(drafting.draft(unit, form.entity, form=form).states) == set(
                unit.entity(form.entity).fields
            )
        for entity in unit.catalog.entities.values():
            if entity.kind == "record" and entity.package in packages.shipped():
                view = views.default_view(unit, entity.name)
                name = view.name.replace(".my_", ".")  # the installer has nothing of its own
                first = views.list_view(unit, name, ListState()).rows[0]
                assert reading.open_record(unit, entity.name, first.id).title


def test_a_rep_sees_the_own_customers_and_what_belongs_to_them(
    runtime: Runtime, liqiang: Actor
) -> None:
    with runtime.unit(system(runtime.catalog)) as unit:
        all_of_them = views.list_view(unit, "crm.customers", ListState()).count
    with runtime.unit(liqiang) as unit:
        mine, shared, pool = (
            views.list_view(unit, f"crm.{name}", ListState()).count
            for name in ("my_customers", "shared_customers", "customer_pool")
        )
        seen = views.list_view(unit, "crm.customers", ListState())
        assert 0 < mine < seen.count == mine + shared + pool < all_of_them
        assert shared
        assert pool
        ids = {row.id for row in seen.rows}
        for row in views.list_view(unit, "crm.follow_ups", ListState()).rows:
            assert unit.gate.find(Action.READ, "crm.follow_up", row.id).values["customer"] in ids
        assert views.list_view(unit, "crm.products", ListState()).count == 24


def test_the_totals_of_an_order_are_exact(runtime: Runtime, wangmin: Actor) -> None:
    with runtime.unit(wangmin) as unit:
        for row in views.list_view(unit, "crm.orders", ListState()).rows:
            order = unit.gate.find(Action.READ, "crm.order", row.id)
            lines = [line.values for line in drafting.seen_rows(unit, order)["lines"]]
            amounts = [cents(line["qty"] * line["price"]) for line in lines]
            taxes = [
                cents(amount * line["tax_rate"] / 100)
                for amount, line in zip(amounts, lines, strict=True)
            ]
            assert order.values["subtotal"] == sum(amounts)
            assert order.values["total"] == sum(amounts) + sum(taxes) - (
                order.values["extra_discount"] or 0
            )


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def create(runtime: Runtime, actor: Actor, entity: str, **typed: str) -> Accepted | Rejected:
    return records.create(
        runtime, actor, entity, Input({key: Typed((text,)) for key, text in typed.items()})
    )


def wrong_fields(outcome: Accepted | Rejected) -> set[str]:
    assert isinstance(outcome, Rejected)
    return {violation.field for violation in outcome.draft.violations}


def test_a_name_and_a_phone_make_a_customer_of_whoever_typed_them(
    runtime: Runtime, liqiang: Actor
) -> None:
    made = create(runtime, liqiang, "crm.customer", name="新城机电", phone="+86 138-0013-8000")
    assert isinstance(made, Accepted)
    values = made.record.values
    assert values["owner"] == liqiang.id
    assert (values["kind"], values["type"], values["company_name"]) == (
        "company",
        "potential",
        "新城机电",
    )
    assert values["code"].startswith("C2026")
    with runtime.unit(liqiang) as unit:
        assert views.list_view(unit, "crm.customers", ListState()).rows[0].id == made.record.id


def test_a_customer_whom_nobody_can_reach_is_refused(runtime: Runtime, liqiang: Actor) -> None:
    assert wrong_fields(create(runtime, liqiang, "crm.customer", name="无名机械厂")) == {"phone"}


def test_a_phone_that_another_customer_has_is_refused(runtime: Runtime, liqiang: Actor) -> None:
    assert isinstance(
        create(runtime, liqiang, "crm.customer", name="甲方工厂", phone="13900139001"), Accepted
    )
    assert wrong_fields(
        create(runtime, liqiang, "crm.customer", name="乙方工厂", phone="139 0013 9001")
    ) == {"phone"}


def test_a_lost_opportunity_says_why(runtime: Runtime, liqiang: Actor) -> None:
    with runtime.unit(liqiang) as unit:
        customer = unit.gate.find(
            Action.READ,
            "crm.customer",
            views.list_view(unit, "crm.customers", ListState()).rows[0].id,
        )
    given = {"name": "改造项目", "customer": customer.id, "amount": Decimal(50000), "stage": "lost"}
    assert wrong_fields(records.create(runtime, liqiang, "crm.opportunity", Input(given))) == {
        "closed_on",
        "lost_reason",
    }
    more = {**given, "closed_on": NOW.date(), "lost_reason": "price"}
    made = records.create(runtime, liqiang, "crm.opportunity", Input(more))
    assert isinstance(made, Accepted)
    assert (made.record.values["probability"], made.record.values["weighted"]) == (0, 0)


def test_a_follow_up_is_about_somebody_and_not_in_the_future(
    runtime: Runtime, liqiang: Actor
) -> None:
    outcome = create(
        runtime,
        liqiang,
        "crm.follow_up",
        method="phone",
        content="电话沟通",
        followed_at="2026-03-20 10:00",
    )
    assert wrong_fields(outcome) == {"customer", "followed_at"}


def test_a_contact_of_another_customer_cannot_be_chosen(runtime: Runtime, wangmin: Actor) -> None:
    with runtime.unit(wangmin) as unit:
        rows = views.list_view(unit, "crm.contacts", ListState()).rows
        contacts = [unit.gate.find(Action.READ, "crm.contact", row.id) for row in rows]
    one = contacts[0]
    other = next(each for each in contacts if each.values["customer"] != one.values["customer"])
    given = {
        "customer": other.values["customer"],
        "contact": one.id,
        "method": "phone",
        "content": "电话沟通",
    }
    assert wrong_fields(records.create(runtime, wangmin, "crm.follow_up", Input(given))) == {
        "contact"
    }
    given["contact"] = other.id
    assert isinstance(records.create(runtime, wangmin, "crm.follow_up", Input(given)), Accepted)


def test_the_example_package_is_applied_and_works(runtime: Runtime) -> None:
    folder = Path(__file__).resolve().parents[2] / "docs" / "examples" / "inspection"
    actor = system(runtime.catalog)
    packages.apply_folder(runtime, actor, folder)
    assert packages.apply_folder(runtime, actor, folder).plan.same_files
    with runtime.unit(system(runtime.catalog)) as unit:
        actor = person(unit, "wangmin", "inspection.supervisor", "inspection.inspector")
    pump = create(runtime, actor, "inspection.equipment", code="P-101", name="给水泵", kind="pump")
    assert isinstance(pump, Accepted)
    outcome = records.create(
        runtime, actor, "inspection.inspection", inspection(pump.record.id, reason="")
    )
    assert isinstance(outcome, Rejected)
    wrong = {
        (violation.field, violation.row, violation.row_field)
        for violation in outcome.draft.violations
    }
    assert wrong == {("items", "new-2", "reason")}
    made = records.create(
        runtime, actor, "inspection.inspection", inspection(pump.record.id, reason="轴封渗油")
    )
    assert isinstance(made, Accepted)
    values = made.record.values
    assert (values["passed"], values["failed"], values["score"]) == (2, 1, 67)


def inspection(equipment: int, reason: str) -> Input:
    rows = [("new-0", "ok", ""), ("new-1", "ok", ""), ("new-2", "fail", reason)]
    return Input(
        {"equipment": equipment, "measures": "更换密封"},
        {
            "items": [
                RowInput(key, {"what": f"检查 {key}", "result": result, "reason": Typed((why,))})
                for key, result, why in rows
            ]
        },
    )
