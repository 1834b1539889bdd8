"""The SQL of the common forms is what indexes serve, and everything known beforehand is bound."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from sqlalchemy import literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from formwright.definitions.model import Catalog, Entity, Field, Option, Package
from formwright.expressions import kinds
from formwright.expressions.builtin import BUILTIN, builtin
from formwright.expressions.check import check
from formwright.expressions.environment import Environment, ValueRow
from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import Base
from formwright.fieldtypes.registry import builtin as builtin_types
from formwright.store.columns import Columns
from formwright.store.compile import CannotCompile, compile_condition, compile_value
from formwright.store.compile_calls import FORMS
from formwright.store.slots import EntityLayout, Layout
from formwright.texts import Label, say

TYPES = builtin_types()
DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}
DEAL, CUSTOMER, LINE, USER = "t.deal", "t.customer", "t.line", "core.user"
NOW = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)
SLOTS = {
    DEAL: {
        "title": "t1",
        "stage": "t2",
        "qty": "n1",
        "price": "n2",
        "due": "d1",
        "starts": "d2",
        "customer": "r1",
    },
    CUSTOMER: {"name": "t1", "active": "n1", "owner": "r1"},
    LINE: {"amount": "n1"},
    USER: {},
}


def entity(name, fields, **more):
    made = {
        key: Field(key, name, TYPES[kind], Label(key), **options)
        for key, (kind, options) in fields.items()
    }
    return Entity(
        name.split(".")[1], name.split(".")[0], Label(name), Label(name), None, made, **more
    )


def make_catalog():
    stages = tuple(Option(each, Label(each)) for each in ("new", "won"))
    found = [
        entity(USER, {"name": ("text", {})}),
        entity(
            CUSTOMER,
            {"name": ("text", {}), "active": ("boolean", {}), "owner": ("user", {"target": USER})},
        ),
        entity(
            DEAL,
            {
                "title": ("text", {}),
                "code": ("text", {}),
                "stage": ("choice", {"options": stages}),
                "qty": ("integer", {}),
                "price": ("money", {"scale": 2, "currency": "CNY"}),
                "rate": ("decimal", {"scale": 3}),
                "due": ("date", {}),
                "starts": ("datetime", {}),
                "ok": ("boolean", {}),
                "tags": ("tags", {}),
                "customer": ("reference", {"target": CUSTOMER}),
                "lines": ("subform", {"target": LINE}),
                "double": ("formula", {"returns": kinds.money("CNY"), "stored": False}),
            },
        ),
        entity(
            LINE,
            {"amount": ("money", {"scale": 2, "currency": "CNY"})},
            kind="child",
            parent=DEAL,
            parent_field="lines",
        ),
    ]
    by_name = {each.name: each for each in found}
    catalog = Catalog({"t": Package("t", Label("t"), "1")}, by_name, {}, {}, {}, {}, (), {}, {}, ())
    deal = by_name[DEAL]
    computed = check("price * 2", Names(catalog), DEAL)
    fields = {**deal.fields, "double": replace(deal.fields["double"], compute=computed)}
    by_name[DEAL] = replace(deal, fields=fields)
    return catalog


class Names:
    def __init__(self, catalog):
        self.catalog = catalog

    def member(self, entity, name):
        if entity == "@me":
            return {"teams": kinds.list_of(kinds.reference(CUSTOMER))}.get(name)
        found = self.catalog.entities.get(entity)
        field = found.fields.get(name) if found else None
        return field.kind if field else None

    def member_names(self, entity):
        return self.catalog.entities[entity].fields


CATALOG = make_catalog()
LAYOUT = Layout(
    MappingProxyType(
        {
            name: EntityLayout(number, SLOTS[name], SLOTS[name])
            for number, name in enumerate(CATALOG.entities, 1)
        }
    )
)


def bindings(**roots):
    me = ValueRow(USER, 5, {"teams": (8, 9)})
    return Environment.without_record(NOW, timezone="Asia/Shanghai", roots={"me": me, **roots})


def sql(text, dialect="postgresql", functions=BUILTIN, **roots):
    """Return the condition as SQL with its values in it, without quotation of the alias and the entity's condition."""
    columns = Columns(CATALOG, LAYOUT, dialect, 1)
    kinds_of_roots = {name: kinds.reference(DEAL) for name in roots}
    checked = check(text, Names(CATALOG), DEAL, kinds_of_roots, kinds.BOOLEAN, functions)
    row = columns.record(DEAL)
    condition = compile_condition(checked, row, columns, bindings(**roots))
    compiled = (
        select(literal_column("1"))
        .select_from(row.table)
        .where(condition)
        .compile(dialect=DIALECTS[dialect], compile_kwargs={"literal_binds": True})
    )
    return " ".join(str(compiled).split("WHERE", 1)[1].replace("record_1.", "").split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title == 'a'", "t1 = 'a'"),
        ("'a' == title", "t1 = 'a'"),
        ("title == null", "t1 IS NULL"),
        ("title != null", "(t1 IS NOT NULL)"),
        ("stage in ['new', 'won']", "t2 IN ('new', 'won')"),
        ("title > 'a'", "t1 > 'a'"),
        ("qty == 3", "n1 = 3"),
        ("qty > 2.5", "n1 > 2"),
        ("qty >= 2.5", "n1 >= 3"),
        ("qty < 2.5", "n1 < 3"),
        ("qty == 2.5", "false"),
        ("price >= 19.99", "n2 >= 1999"),
        ("price >= 19.991", "n2 >= 2000"),
        ("price == 10 + 10", "n2 = 2000"),
        ("customer == '0000000000008'", "r1 = 8"),
        ("customer in me.teams", "r1 IN (8, 9)"),
        ("customer == this.customer", "r1 = 42"),
        ("qty > 1 && qty < 5", "n1 > 1 AND n1 < 5"),
        ("qty > 1 || title == 'a'", "n1 > 1 OR t1 = 'a'"),
        ("qty > 10000000000000000000", "false"),
        ("qty < 10000000000000000000", "n1 IS NOT NULL"),
        ("MATCHES('abc', 'b')", "true"),
        ("qty > LEN('abc')", "n1 > 3"),
        ("STARTSWITH(title, 'SO-')", "t1 >= 'SO-' AND t1 < 'SO.'"),
    ],
)
def test_common_conditions_are_what_an_index_serves(text, expected):
    this = ValueRow(DEAL, 77, {"customer": 42})
    assert sql(text, this=this) == expected
    on_sqlite = sql(text, "sqlite", this=this)
    assert on_sqlite == expected.replace("false", "0 = 1").replace("true", "1 = 1")


def test_days_become_ranges_of_instants():
    first, behind = "2026-03-02 16:00:00", "2026-03-03 16:00:00"
    assert sql("due == today") == "d1 = '2026-03-03 00:00:00'"
    assert sql("due < today", "sqlite") == "d1 < '2026-03-03T00:00:00.000000Z'"
    assert sql("starts == today") == f"d2 >= '{first}' AND d2 < '{behind}'"
    assert sql("starts < today") == f"d2 < '{first}'"
    assert sql("starts <= today") == f"d2 < '{behind}'"
    assert sql("starts > today") == f"d2 >= '{behind}'"


def test_a_path_becomes_exists_that_can_start_at_either_end():
    found = sql("customer.owner == me")
    assert found.startswith("EXISTS (SELECT true")
    assert "record_2.r1 = 5" in found
    assert "record_2.id = r1" in found


def test_a_chain_of_references_is_followed_from_record_to_record():
    found = sql("customer.owner.name == 'Anna'")
    assert found.count("EXISTS") == 2
    assert "ANON" not in found.upper().replace("ANON_1", "").replace("ANON_2", "")


def test_rows_of_a_subform_are_found_by_their_parent():
    assert "record_2.parent_id = id" in sql("ANY(lines, item.amount > 5)")
    found = sql("SUM(lines.amount) > 100")
    assert "sum(" in found
    assert found.endswith("> 10000")


def test_values_of_a_list_are_looked_for_in_the_document():
    for dialect, function in (
        ("postgresql", "jsonb_array_elements_text("),
        ("sqlite", "json_each("),
    ):
        found = sql("'a' in tags", dialect)
        assert found.startswith("EXISTS")
        assert function in found
        assert "tags" in found


def test_a_formula_that_is_not_stored_is_worked_out_in_place():
    assert "n2" in sql("double > 10")


def test_numbers_of_different_scales_are_compared_exactly():
    assert "NUMERIC" in sql("price > qty")
    assert "fw_compare" in sql("price > qty", "sqlite")
    assert sql("price > price") == "n2 > n2"


def test_negation_counts_null_as_no():
    assert sql("!(qty > 1)") == "(NOT coalesce(n1 > 1, false))"
    assert sql("qty != 1") == "n1 IS DISTINCT FROM 1"


def test_an_error_that_is_known_beforehand_selects_nothing():
    assert sql("qty > 1 / 0") == "NULL"
    assert sql("qty > 1 || 1 / 0 > 1") == "n1 > 1 OR NULL"


@pytest.mark.parametrize(
    "text",
    ["ENDSWITH(title, LEFT('a', DECIMAL('x')))", "IF(ok, title, LEFT('a', DECIMAL('x'))) == code"],
)
def test_a_known_null_never_becomes_a_test_for_null(text):
    columns = Columns(CATALOG, LAYOUT, "postgresql", 1)
    condition = compile_condition(
        check(text, Names(CATALOG), DEAL), columns.record(DEAL), columns, bindings()
    )
    assert "IS NULL" not in str(condition.compile(dialect=DIALECTS["postgresql"]))


def test_nobody_is_nobodys_owner():
    columns = Columns(CATALOG, LAYOUT, "postgresql", 1)
    row = columns.record(CUSTOMER)
    nobody = Environment.without_record(NOW, roots={"me": ValueRow(USER, None)})
    for text, expected in (
        ("owner == me", "false"),
        ("owner in [me]", "false"),
        ("owner != me", "true"),
    ):
        condition = compile_condition(check(text, Names(CATALOG), CUSTOMER), row, columns, nobody)
        assert str(condition.compile(dialect=DIALECTS["postgresql"])) == expected


def test_what_cannot_be_compiled_is_refused_with_the_reason():
    assert not check("MATCHES(title, 'a')", Names(CATALOG), DEAL).compiles
    with pytest.raises(CannotCompile, match="MATCHES"):
        sql("MATCHES(title, 'a')")


def test_every_function_that_says_so_has_a_form_in_sql():
    samples = ([kinds.DATE], [kinds.TEXT], [kinds.NUMBER])
    claimed = {
        function.name for function in BUILTIN if any(function.has_sql(kind) for kind in samples)
    }
    assert claimed == set(FORMS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_function_of_a_plugin_brings_its_own_sql(dialect):
    functions = builtin()
    functions.add(
        Function(
            "TWICE", "text", say("Twice."), (Parameter("text", (Base.TEXT,)),), kinds.TEXT,
            lambda text: text * 2, sql=lambda _dialect, text: text.concat(text),
        )
    )  # fmt: skip
    assert "t1 || t1" in sql("TWICE(title) == 'aa'", dialect, functions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price", "n2"),
        ("title", "t1"),
        ("due", "d1"),
        ("qty > 1", "coalesce(n1 > 1, false)"),
        ("customer", "r1"),
    ],
)
def test_values_come_in_stored_form(text, expected):
    columns = Columns(CATALOG, LAYOUT, "postgresql", 1)
    value = compile_value(
        check(text, Names(CATALOG), DEAL), columns.record(DEAL), columns, bindings()
    )
    compiled = value.compile(dialect=DIALECTS["postgresql"], compile_kwargs={"literal_binds": True})
    assert str(compiled).replace("record_1.", "") == expected


def test_numbers_come_as_integers_of_the_scale_asked_for():
    columns = Columns(CATALOG, LAYOUT, "sqlite", 1)
    value = compile_value(
        check("price / 3", Names(CATALOG), DEAL), columns.record(DEAL), columns, bindings(), scale=4
    )
    assert str(value.compile(dialect=DIALECTS["sqlite"])).startswith("CASE")
    assert "fw_to_scaled" in str(value.compile(dialect=DIALECTS["sqlite"]))


def test_nothing_written_in_an_expression_becomes_part_of_the_statement():
    columns = Columns(CATALOG, LAYOUT, "postgresql", 1)
    checked = check("title == '\\' OR 1=1 --' || CONTAINS(code, ')); DROP')", Names(CATALOG), DEAL)
    condition = compile_condition(checked, columns.record(DEAL), columns, bindings())
    compiled = condition.compile(dialect=DIALECTS["postgresql"])
    assert "DROP" not in str(compiled)
    assert "OR 1=1" not in str(compiled)
    assert {"' OR 1=1 --", ")); DROP"} <= set(compiled.params.values())
