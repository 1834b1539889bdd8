"""What an expression means: kinds, names, reads, and what a database can do with it."""

from __future__ import annotations

import pytest

from formwright.expressions import kinds
from formwright.expressions.check import check
from formwright.expressions.checked import Meaning
from formwright.expressions.kinds import Base
from formwright.expressions.syntax import walk
from formwright.expressions.tree import Name


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("qty * 2", kinds.NUMBER),
        ("price * qty", kinds.money("CNY")),
        ("price / fee", kinds.NUMBER),
        ("price - 5", kinds.money("CNY")),
        ("IF(ok, price, 0)", kinds.money("CNY")),
        ("ROUND(price, 1)", kinds.money("CNY")),
        ("title + note", kinds.TEXT),
        ("due", kinds.DATE),
        ("DATEADD(starts, 1, 'hour')", kinds.DATETIME),
        ("TRUNC(starts, 'month')", kinds.DATE),
        ("customer.owner", kinds.reference("core.user")),
        ("FIRST(lines, '-count').product", kinds.reference("crm.customer")),
        ("lines.count", kinds.list_of(kinds.NUMBER)),
        ("lines", kinds.records("crm.line")),
        ("address.city", kinds.TEXT),
        ("this", kinds.reference("crm.deal")),
        ("settings.days", kinds.NUMBER),
        ("me.roles", kinds.list_of(kinds.TEXT)),
        ("today == due", kinds.BOOLEAN),
        ("COALESCE(null, qty)", kinds.NUMBER),
    ],
)
def test_every_expression_has_a_kind(checked, text, kind):
    assert checked(text).kind == kind


@pytest.mark.parametrize(
    ("text", "span", "words", "suggestion"),
    [
        ("pirce > 1", (0, 5), "not a field of 'crm.deal'", "price"),
        ("customer.nme == 'x'", (9, 12), "not a field of 'crm.customer'", "name"),
        ("settings.day", (9, 12), "not a field", "days"),
        ("address.town", (8, 12), "no part", None),
        ("LENN(title)", (0, 4), "no function", "LEN"),
        ("EMPTY(title)", (0, 5), "no function", "ISBLANK"),
        ("ROUND(title)", (6, 11), "takes a number", None),
        ("LEN()", (0, 5), "was given 0 arguments", None),
        ("LEN(title, title)", (0, 17), "was given 2 arguments", None),
        ("title && ok", (0, 5), "yes or no is needed", "title != null"),
        ("!customer", (1, 9), "yes or no is needed", "customer != null"),
        ("title + 1", (0, 9), "does not fit a text and a number", None),
        ("due + 1", (0, 7), "does not fit", "DATEADD"),
        ("due - starts", (0, 12), "does not fit", "DATEDIFF"),
        ("price * fee", (0, 11), "does not fit", None),
        ("price + dollars", (0, 15), "does not fit an amount in CNY and an amount in USD", None),
        ("price == dollars", (0, 16), "cannot be compared", None),
        ("IF(ok, price, dollars)", (14, 21), "one branch", None),
        ("amount + price", (0, 14), "does not fit", None),
        ("title == 1", (0, 10), "cannot be compared", None),
        ("customer == owner", (0, 17), "cannot be compared", None),
        ("ok < true", (0, 9), "cannot be compared", None),
        ("customer < customer", (0, 19), "cannot be compared", None),
        ("1 < qty < 3", (0, 11), "cannot be chained", None),
        ("stage == 'wonn'", (9, 15), "not one of the choices", "won"),
        ("stage in ['new', 'wno']", (17, 22), "not one of the choices", "won"),
        ("due > 'soon'", (6, 12), "2026-02-28", None),
        ("title in note", (9, 13), "stands a list", "CONTAINS(note, title)"),
        ("qty in tags", (0, 3), "never in a list", None),
        ("IF(ok, 1, 'a')", (10, 13), "one branch is a number, another a text", None),
        ("[1, 'a']", (4, 7), "one branch", None),
        ("SUM(lines)", (4, 9), "numbers are needed", "SUM(lines.price)"),
        ("ANY(title, true)", (4, 9), "several records are needed", None),
        ("ANY(lines, count > 1)", (11, 16), "a field of the items", "item.count"),
        ("lines.tags", (0, 10), "list of lists", None),
        ("title.x", (0, 7), "has no fields", None),
        ("DATEADD(due, 1, 'moon')", (16, 22), "is no unit", "month"),
        ("DATEADD(due, 1, title)", (16, 21), "must be written down", None),
        ("DATEADD(due, 1, 'hour')", (16, 22), "has no hours", None),
        ("ROUND(qty, 1.5)", (11, 14), "whole number", None),
        ("MATCHES(title, '(?=a)b')", (15, 23), "no regular expression", None),
        ("CHANGED(title)", (8, 13), "'old' means nothing here", None),
        ("item", (0, 4), "the field is this.item", "this.item"),
        ("import", (0, 6), "word of the language", None),
        ("params.x", (0, 6), "means nothing here", None),
        ("FIRST(lines, 'size')", (13, 19), "not a field of 'crm.line'", None),
    ],
)
def test_mistakes_are_named_with_their_place_and_a_way_out(refused, text, span, words, suggestion):
    error = refused(text)
    assert words in str(error)
    assert (error.span, error.suggestion) == (span, suggestion)


def test_paths_are_at_most_four_steps_long(checked, refused):
    assert checked("customer.parent.parent.name").kind == kinds.TEXT
    assert checked("this.customer.parent.owner.name")
    assert "at most 4" in str(refused("customer.parent.parent.owner.name"))


def test_macros_stand_at_most_two_deep(checked, refused):
    assert checked("ANY(lines, ANY(item.product.deals, item.qty > 1))")
    deep = "ANY(lines, ANY(item.product.deals, ANY(item.lines, item.done)))"
    assert "at most 2" in str(refused(deep))


def test_what_it_reads_are_paths_from_the_record(checked):
    found = checked(
        "price > 1 && customer.owner == me && ANY(lines, item.product.name == title) && this.qty > 0"
    )
    assert found.reads == {
        ("price",),
        ("customer", "owner"),
        ("lines",),
        ("lines", "product", "name"),
        ("title",),
        ("qty",),
    }
    assert found.roots == {"me"}
    assert not found.time_dependent


def test_aggregates_read_the_field_they_add_up(checked):
    assert checked("SUM(lines.price) > 0").reads == {("lines", "price")}
    assert checked("FIRST(lines, '-count').name == ''").reads >= {
        ("lines", "count"),
        ("lines", "name"),
    }


def test_reads_of_roots_are_kept_apart(checked):
    found = checked("CHANGED(title) && settings.days > 1 && me.name == ''", old=True)
    assert found.reads == {("title",)}
    assert found.root_reads == {("old", "title"), ("settings", "days"), ("me", "name")}


def test_expressions_about_the_present_depend_on_time(checked):
    assert checked("due < today").time_dependent
    assert checked("starts < DATEADD(now, 1, 'hour')").time_dependent
    assert not checked("due == DATE('2026-01-01')").time_dependent


def test_this_may_be_another_record_than_the_one_in_question(checked):
    own = checked("customer == this.customer")
    assert own.reads == {("customer",)}
    other = checked("customer == this.customer", roots={"this": kinds.reference("crm.deal")})
    assert other.reads == {("customer",)}
    assert other.root_reads == {("this", "customer")}


def test_the_parent_of_a_row_is_reached_when_it_is_offered(checked, refused):
    roots = {"parent": kinds.reference("crm.deal")}
    found = checked("parent.title == name", entity="crm.line", roots=roots)
    assert found.reads == {("parent", "title"), ("name",)}
    assert "means nothing" in str(refused("parent.title == name", entity="crm.line"))


def test_amounts_of_the_records_own_currency_go_together_across_rows(checked, refused):
    assert checked("SUM(lines.price) + amount").kind.currency == "field:currency"
    roots = {"parent": kinds.reference("crm.deal")}
    assert checked("price + parent.amount", entity="crm.line", roots=roots)
    assert "does not fit" in str(refused("amount + customer.credit"))
    assert checked("customer.credit").kind.currency == "field:customer.currency"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("qty", kinds.TEXT),
        ("price", kinds.NUMBER),
        ("dollars", kinds.money("CNY")),
        ("starts", kinds.DATE),
    ],
)
def test_the_kind_that_is_asked_for_is_held(refused, text, expected):
    assert "is needed" in str(refused(text, expected=expected))


def test_a_text_becomes_the_day_or_record_that_is_asked_for(checked):
    assert checked("'2026-01-31'", expected=kinds.DATE).kind == kinds.DATE
    assert checked("due == '2026-01-31'").compiles
    assert checked("owner == '0000000000001'").kind == kinds.BOOLEAN
    assert checked("opens > '09:30'").kind == kinds.BOOLEAN


def test_conditions_must_be_yes_or_no(refused):
    assert "yes or no is needed" in str(refused("price", expected=kinds.BOOLEAN))


def test_without_a_record_there_are_no_fields(checked, refused):
    assert checked("DATEADD(today, 30, 'day')", entity=None).kind == kinds.DATE
    assert "there is no 'title' here" in str(refused("title", entity=None))


@pytest.mark.parametrize(
    "text",
    [
        "price > 10 && customer.owner == me",
        "stage in ['new', 'won']",
        "'a' in tags",
        "owner in watchers",
        "COUNT(lines, item.done) > 1",
        "SUM(FILTER(lines, item.done).price) > amount",
        "YEAR(starts) == 2026",
        "ISBLANK(tags) || tags == null",
        "MATCHES(me.name, 'a')",
        "NORMALISE(settings.days == 1 ? 'a' : 'b') == title",
        "ANY(me.teams, item == owner)",
        "CONTAINS(tags, 'a')",
    ],
)
def test_these_can_be_worked_out_by_a_database(checked, text):
    assert checked(text).compiles


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MATCHES(title, 'a')", "MATCHES"),
        ("NORMALISE(title) == 'a'", "NORMALISE"),
        ("tags == ['a']", "whole lists"),
        ("SUM([qty, 1]) > 1", "rows or values of a field"),
        ("COUNT(SPLIT(title, ',')) > 1", "SPLIT"),
        ("WORKDAYS_ADD(due, 1) > today", "WORKDAYS_ADD"),
        ("COUNT(IF(ok, tags, me.roles)) > 1", "single values"),
        ("FIRST(tags) == 'a'", "no order"),
        ("DATE(title) == today", "DATE"),
    ],
)
def test_these_cannot_and_say_why(checked, text, words):
    found = checked(text)
    assert not found.compiles
    assert any(words in str(reason) for _, reason in found.obstacles)


def test_an_expression_that_would_become_too_much_sql_does_not_compile(checked):
    nested = "qty"
    for _ in range(14):
        nested = f"(1 / {nested})"
    assert "too complicated" in str(checked(f"{nested} > 1").obstacles[0][1])


def test_equal_names_may_mean_different_things(checked):
    found = checked("ANY(lines, item.name == this.title) && this.item == 'x'")
    meanings = {found.meaning_of(node) for node in walk(found.node) if isinstance(node, Name)}
    assert meanings == {Meaning.FIELD, Meaning.ITEM, Meaning.SELF}
    assert all(isinstance(found.kind_of(node).base, Base) for node in walk(found.node))


def test_a_field_that_is_worked_out_on_read_is_only_as_good_as_its_formula(model, checked):
    class WithFormulas(type(model)):
        """A schema that knows which fields a database has to work out itself."""

        def formula(self, entity, name):  # noqa: ARG002 -- one entity is enough here
            return checked("MATCHES(note, 'a') ? 'x' : 'y'") if name == "title" else None

    assert check("title == note", model, "crm.deal").compiles
    found = check("title == note", WithFormulas(), "crm.deal")
    assert "MATCHES" in str(found.obstacles[0][1])
    assert check("qty == 1", WithFormulas(), "crm.deal").compiles
