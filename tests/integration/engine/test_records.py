"""Writing records through the engine: what a form, an import or a program relies on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from formwright.definitions.model import Action
from formwright.engine import reading, records, trash
from formwright.engine.drafts import Accepted, Input, Rejected, RowInput, Typed
from formwright.errors import Conflict, Forbidden, NotFound
from formwright.ids import format_id
from formwright.store.problems import Restricted


def customer(office, actor, **more):
    typed = {"name": "北京液压", "phone": "138 0013 8000", "source": "search"} | more
    return office.accept("crm.customer", actor, **typed).record


def order_of(office, actor, lines, **more):
    return office.create("crm.order", actor, {"lines": lines}, order_date="2026-03-01", **more)


@pytest.fixture
def rep(office):
    return office.person("li", "crm.sales_rep")


@pytest.fixture
def manager(office):
    return office.person("wang", "crm.sales_manager")


def test_a_phone_is_stored_in_one_spelling_and_shown_with_eleven_digits(office, rep):
    record = customer(office, rep, phone="+86 138-0013-8000")
    assert record.values["phone"] == "+8613800138000"
    with office.runtime.unit(rep) as unit:
        page = reading.open_record(unit, "crm.customer", record.id)
        field = page.draft.states["phone"].field
        assert (
            field.type.format(field, page.draft.states["phone"].value, rep.reader) == "13800138000"
        )


def test_everything_wrong_is_said_at_once_and_typed_text_is_kept(office, rep, said):
    outcome = office.create(
        "crm.customer", rep, name="", phone="1380013800", email="no address", source="search"
    )
    assert isinstance(outcome, Rejected)
    assert set(said(outcome)) == {"name", "phone", "email"}
    assert outcome.draft.states["phone"].typed == ("1380013800",)
    assert outcome.draft.states["phone"].value is None


def test_a_rejected_record_leaves_nothing_behind(office, rep, said):
    customer(office, rep)
    outcome = office.create(
        "crm.customer", rep, name="Second", phone="13800138000", source="search"
    )
    assert said(outcome) == {"phone": "Another record has this value already."}
    with office.runtime.unit(rep) as unit:
        assert [
            choice.title for _, found in reading.search_all(unit, "Second") for choice in found
        ] == []
    third = customer(office, rep, name="Third", phone="13900139000")
    assert third.values["code"].endswith("0002"), "a refused record must not use up a number"


def test_a_missing_value_breaks_no_rule_about_its_size(office, rep, said):
    assert customer(office, rep).values["birthday"] is None
    late = office.create(
        "crm.customer",
        rep,
        name="A",
        kind="person",
        phone="13700137000",
        source="search",
        birthday="2030-01-01",
    )
    assert set(said(late)) == {"birthday"}


def test_a_warning_stops_until_it_is_confirmed(office, rep, given):
    quiet = customer(office, rep, do_not_disturb="yes")
    typed = {
        "customer": quiet.id,
        "method": "phone",
        "content": "called about prices",
        "outcome": "follow",
    }
    outcome = office.create("crm.follow_up", rep, **typed)
    assert {violation.level for violation in outcome.violations} == {"warning"}
    confirmed = records.create(
        office.runtime, rep, "crm.follow_up", Input(given(**typed).values, confirmed=True)
    )
    assert isinstance(confirmed, Accepted)


def test_an_order_adds_up_exactly_and_copies_prices_from_products(office, rep, manager, said):
    buyer = customer(office, rep)
    pump = office.accept(
        "crm.product",
        manager,
        code="P1",
        name="Pump",
        category="hardware",
        list_price="0.10",
        tax_rate="13",
    ).record
    outcome = order_of(
        office, rep,
        [{"product": pump.id, "qty": "3"}, {"product": pump.id, "qty": "1.5", "price": "1,000.005"[:-1]}],
        customer=buyer.id,
    )  # fmt: skip
    assert isinstance(outcome, Accepted), said(outcome)
    values = outcome.record.values
    assert values["subtotal"] == Decimal("1500.30")
    assert values["tax"] == Decimal("195.04")
    assert values["total"] == Decimal("1695.34")
    with office.runtime.unit(rep) as unit:
        lines = unit.tx.records.children("crm.order_line", [outcome.record.id])
        assert [line.values["price"] for line in lines] == [Decimal("0.10"), Decimal("1000.00")]
        assert [line.position for line in lines] == [0, 1]


def test_a_wrong_line_is_named_by_row_and_nothing_is_stored(office, rep):
    buyer = customer(office, rep)
    outcome = order_of(office, rep, [{"product": 1, "qty": "-2"}], customer=buyer.id)
    assert {(v.field, v.row, v.row_field) for v in outcome.violations} >= {
        ("lines", "new-0", "product")
    }
    with office.runtime.unit(rep) as unit:
        assert reading.search_all(unit, "SO2026") == []


def test_rows_are_changed_added_removed_and_reordered_in_one_save(office, rep, manager, said):
    buyer = customer(office, rep)
    products = [
        office.accept(
            "crm.product",
            manager,
            code=f"P{n}",
            name=f"Part {n}",
            category="spare",
            list_price=str(n),
        ).record
        for n in (1, 2, 3)
    ]
    order = order_of(
        office, rep, [{"product": p.id, "qty": "1"} for p in products], customer=buyer.id
    ).record
    with office.runtime.unit(rep) as unit:
        first, second, third = unit.tx.records.children("crm.order_line", [order.id])
    rows = [
        RowInput(format_id(third.id), {}),
        RowInput("new-1", {"product": products[1].id, "qty": Typed(("5",))}),
        RowInput(format_id(first.id), {"qty": Typed(("2",))}),
    ]
    outcome = records.update(
        office.runtime,
        rep,
        "crm.order",
        order.id,
        Input(rows={"lines": rows}),
        version=order.version,
    )
    assert isinstance(outcome, Accepted), said(outcome)
    assert outcome.record.version == order.version + 1
    with office.runtime.unit(rep) as unit:
        lines = unit.tx.records.children("crm.order_line", [order.id])
    assert [(line.id == third.id, line.values["qty"]) for line in lines] == [
        (True, Decimal(1)), (False, Decimal(5)), (False, Decimal(2)),
    ]  # fmt: skip
    assert lines[2].id == first.id
    assert second.id not in {line.id for line in lines}


def test_a_second_save_of_the_same_version_is_a_conflict(office, rep, given):
    record = customer(office, rep)
    records.update(office.runtime, rep, "crm.customer", record.id, given(name="First"), version=1)
    with pytest.raises(Conflict) as raised:
        records.update(
            office.runtime, rep, "crm.customer", record.id, given(name="Second"), version=1
        )
    assert raised.value.version == 2
    with office.runtime.unit(rep) as unit:
        assert unit.gate.find(Action.READ, "crm.customer", record.id).values["name"] == "First"


def test_saving_without_a_change_writes_nothing(office, rep, given):
    record = customer(office, rep)
    outcome = records.update(
        office.runtime, rep, "crm.customer", record.id, given(phone="0086 13800138000"), version=1
    )
    assert isinstance(outcome, Accepted)
    assert not outcome.changed
    assert outcome.record.version == 1


def test_a_computed_or_read_only_field_cannot_be_set(office, rep, said):
    buyer = customer(office, rep)
    outcome = office.create(
        "crm.customer", rep, name="B", phone="13600136000", source="search", code="C1"
    )
    assert said(outcome) == {"code": "This field cannot be changed here."}
    assert buyer.values["code"]


def test_an_unknown_field_is_refused(office, rep, said):
    outcome = office.create(
        "crm.customer", rep, name="B", phone="13600136000", source="search", nme="x"
    )
    assert "There is no field 'nme' here." in said(outcome).values()


def test_nobody_else_reads_changes_or_refers_to_a_record_outside_the_scope(
    office, rep, given, said
):
    other = office.person("chen", "crm.sales_rep")
    record = customer(office, rep)
    with office.runtime.unit(other) as unit:
        with pytest.raises(NotFound) as forbidden:
            reading.open_record(unit, "crm.customer", record.id)
        with pytest.raises(NotFound) as unknown:
            reading.open_record(unit, "crm.customer", 12345)
        assert str(forbidden.value) == str(unknown.value)
        assert reading.search_all(unit, "北京") == []
    with pytest.raises(NotFound):
        records.update(
            office.runtime, other, "crm.customer", record.id, given(name="Mine"), version=1
        )
    contact = office.create("crm.contact", other, name="Zhang", customer=record.id)
    assert said(contact) == {"customer": "Choose one from the list."}


def test_a_role_without_a_grant_can_do_nothing(office, rep):
    nobody = office.person("nobody")
    with pytest.raises(Forbidden):
        office.create("crm.customer", nobody, name="A", phone="13800138000", source="search")
    record = customer(office, rep)
    with pytest.raises(NotFound):
        trash.delete(office.runtime, nobody, "crm.customer", record.id)


def test_giving_a_record_away_beyond_ones_own_scope_is_refused(office, rep):
    other = office.person("chen", "crm.sales_rep")
    record = customer(office, rep)
    outcome = records.update(
        office.runtime, rep, "crm.customer", record.id, Input({"owner": other.id}), version=1
    )
    assert isinstance(outcome, Rejected)
    with office.runtime.unit(rep) as unit:
        assert unit.gate.find(Action.READ, "crm.customer", record.id).version == 1


def test_a_deleted_customer_comes_back_with_its_contacts(office, rep, manager):
    office.lead(manager, rep)
    record = customer(office, rep)
    office.accept("crm.contact", rep, name="Zhang San", customer=record.id)
    deletion = trash.delete(office.runtime, manager, "crm.customer", record.id)
    with office.runtime.unit(manager) as unit:
        with pytest.raises(NotFound):
            reading.open_record(unit, "crm.customer", record.id)
        assert [item.title for item in trash.trash(unit, "crm.customer")] == ["北京液压"]
    trash.restore(office.runtime, manager, deletion.id)
    with office.runtime.unit(manager) as unit:
        page = reading.open_record(unit, "crm.customer", record.id)
        counts = {related.field.key: related.count for related in page.related}
        assert counts["contacts"] == 1
        assert [entry.operation for entry in page.history] == ["restore", "delete", "create"]


def test_what_is_referred_to_is_not_deleted(office, rep, manager):
    pump = office.accept(
        "crm.product", manager, code="P1", name="Pump", category="hardware", list_price="5"
    ).record
    buyer = customer(office, rep)
    assert isinstance(
        order_of(office, rep, [{"product": pump.id, "qty": "1"}], customer=buyer.id), Accepted
    )
    admin = office.person("admin", "crm.admin", "core.admin")
    with pytest.raises(Restricted):
        trash.delete(office.runtime, admin, "crm.product", pump.id)


def test_history_tells_who_changed_what_from_what_to_what(office, rep, manager, given):
    office.lead(manager, rep)
    record = customer(office, rep)
    records.update(
        office.runtime, manager, "crm.customer", record.id, given(phone="13900139000"), version=1
    )
    with office.runtime.unit(rep) as unit:
        newest = reading.open_record(unit, "crm.customer", record.id).history[0]
    assert newest.by == "Wang"
    assert newest.channel == "form"
    assert [(line.before, line.after) for line in newest.lines] == [("13800138000", "13900139000")]


def test_a_save_stays_within_its_query_budget(office, rep, count_statements, given):
    customer(office, rep)
    with count_statements() as statements:
        record = customer(office, rep, name="Second", phone="13500135000")
    assert len(statements) <= 12, "\n".join(statements)
    with count_statements() as statements:
        records.update(
            office.runtime, rep, "crm.customer", record.id, given(phone="13400134000"), version=1
        )
    assert len(statements) <= 12, "\n".join(statements)


def test_a_record_page_stays_within_its_query_budget(office, rep, count_statements):
    record = customer(office, rep)
    with count_statements() as statements, office.runtime.unit(rep) as unit:
        reading.open_record(unit, "crm.customer", record.id)
    assert len(statements) <= 7, "\n".join(statements)  # the session is the eighth
