"""Expressions in definitions: exact places, what formulas return, and the order in which they are worked out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from formwright.expressions.kinds import Base

HEAD = "entities:\n  thing:\n    fields:\n      name: {type: text}\n      size: {type: decimal}\n      due: {type: date}\n"
LINES = (
    "entities:\n  order:\n    fields:\n      no: {type: text}\n      lines: {type: subform, of: line}\n"
    "      discount: {type: percent}\n      total: {type: formula, compute: SUM(lines.amount)}\n"
    "  line:\n    kind: child\n    fields:\n      count: {type: integer}\n      price: {type: decimal}\n"
    "      amount: {type: formula, compute: 'count * price * (100 - COALESCE(parent.discount, 0)) / 100'}\n"
)


def codes(found: Any) -> list[str]:
    return [problem.code for problem in found]


@pytest.mark.parametrize(
    ("line", "piece"),
    [
        ("x: {type: formula, compute: name + sise}", "sise"),
        ("x: {type: formula, compute: 'size * siez'}", "siez"),
        ('x: {type: formula, compute: "ROUDN(size, 2)"}', "ROUDN"),
        ("x: {type: text, visible_when: size > && 3}", "&& 3"),
        ("x: {type: text, required_when: size}", "size}"),
        ("x: {type: text, readonly_when: name == 'a' || size == 'a'}", "size == 'a'"),
        ("x: {type: text, default_from: me.nmae}", "nmae"),
        ("x: {type: date, default_from: size}", "size}"),
        ("x: {type: integer, compute: name}", "name}"),
        ("x: {type: reference, to: thing, filter: nam == this.name}", "nam =="),
        ("x: {type: reference, to: thing, filter: name == this.nam}", "this.nam"),
        ("x: {type: text, rules: {r: {assert: LEN(nam) > 3, message: M}}}", "nam)"),
    ],
)  # fmt: skip
def test_a_mistake_is_located_inside_the_expression(
    line: str, piece: str, problems: Callable[..., Any], place: Callable[..., tuple[int, int]]
) -> None:
    text = f"{HEAD}      {line}\n"
    (found,) = problems(text)
    assert found.code == "FW301"
    line_number, column = place(text, piece)
    assert found.location.line == line_number
    assert abs(found.location.column - column) <= 5  # the owner of a member may be pointed at
    if "this" not in piece and "nmae" not in piece:
        assert found.location.column == column


def test_a_mistake_in_a_block_is_located_in_its_line(problems: Callable[..., Any]) -> None:
    text = f"{HEAD}      x:\n        type: formula\n        compute: |\n          size *\n          siez\n"
    (found,) = problems(text)
    assert (found.location.line, found.location.column, found.suggestion) == (11, 11, "size")


def test_a_filter_object_is_a_condition(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    text = (
        HEAD
        + "views:\n  v:\n    entity: thing\n    title: V\n    filter:\n      all:\n        - size: {gte: 3}\n        - name: {empty: false}\n"
    )
    condition = load(text).views["shop.v"].filter
    assert condition.reads == {("size",), ("name",)}
    assert codes(problems(text.replace("size: {gte", "sise: {gte"))) == ["FW301"]
    assert codes(problems(text.replace("gte", "gt_e"))) == ["FW301"]


@pytest.mark.parametrize(
    ("compute", "base"),
    [
        ("size * 2", Base.NUMBER), ("name + '!'", Base.TEXT), ("due < today", Base.BOOLEAN),
        ("DATEADD(due, 1, 'month')", Base.DATE), ("NOW", None),
    ],
)  # fmt: skip
def test_the_kind_of_a_formula_follows_from_its_expression(
    compute: str, base: Base | None, load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    text = f'{HEAD}      x: {{type: formula, compute: "{compute}", stored: false}}\n'
    if base is None:
        assert codes(problems(text)) == ["FW301"]
    else:
        assert load(text).entities["shop.thing"].fields["x"].kind.base is base


def test_formulas_may_be_made_of_formulas_in_any_order(load: Callable[..., Any]) -> None:
    text = HEAD + "".join(
        f"      {key}: {{type: formula, compute: {compute}}}\n"
        for key, compute in (("c", "b + 1"), ("b", "a * 2"), ("a", "size - 1"))
    )
    entity = load(text).entities["shop.thing"]
    assert entity.compute_order == ("a", "b", "c")
    assert entity.fields["c"].kind.base is Base.NUMBER


def test_totals_over_rows_come_after_the_rows(load: Callable[..., Any]) -> None:
    catalog = load(LINES)
    assert catalog.entities["shop.order"].compute_order == ("total",)
    assert catalog.entities["shop.line"].compute_order == ("amount",)


@pytest.mark.parametrize(
    ("fields", "cycle"),
    [
        ({"a": "a + 1"}, "shop.thing.a → shop.thing.a"),
        ({"a": "b + 1", "b": "a + 1"}, "shop.thing.a → shop.thing.b → shop.thing.a"),
        (
            {"c": "a + 1", "a": "b + 1", "b": "c + 1"},
            "shop.thing.a → shop.thing.b → shop.thing.c → shop.thing.a",
        ),
    ],
)
@pytest.mark.parametrize("returns", ["", ", returns: decimal"])
def test_a_circle_of_formulas_is_shown(
    fields: dict[str, str], cycle: str, returns: str, problems: Callable[..., Any]
) -> None:
    text = HEAD + "".join(
        f"      {key}: {{type: formula, compute: {compute}{returns}}}\n"
        for key, compute in fields.items()
    )
    found = problems(text)
    assert codes(found) == ["FW302"]
    assert cycle in str(found[0].message)


def test_a_circle_through_rows_is_shown(problems: Callable[..., Any]) -> None:
    found = problems(
        LINES.replace(
            "discount: {type: percent}",
            "discount: {type: formula, returns: percent, compute: total / 100}",
        )
    )
    assert codes(found) == ["FW302"]
    assert "shop.line.amount → shop.order.discount → shop.order.total → shop.line.amount" in str(
        found[0].message
    )


def test_formulas_that_follow_from_very_many_others_ask_for_their_type(
    problems: Callable[..., Any],
) -> None:
    text = HEAD + "".join(
        f"      f{n}: {{type: formula, compute: f{n + 1} + 1}}\n" for n in range(300)
    )
    assert "FW305" in codes(problems(text + "      f300: {type: formula, compute: '1'}\n"))


@pytest.mark.parametrize("compute", ["due < today", "DATEDIFF(due, today, 'day')", "now"])
def test_a_stored_value_must_not_depend_on_the_time(
    compute: str, problems: Callable[..., Any], load: Callable[..., Any]
) -> None:
    text = f'{HEAD}      x: {{type: formula, compute: "{compute}"}}\n'
    (found,) = problems(text)
    assert (found.code, found.expected) == ("FW303", ("stored: false",))
    assert (
        load(text.replace('"}', '", stored: false}')).entities["shop.thing"].fields["x"].stored
        is False
    )


def test_a_stored_value_must_not_be_made_of_one_that_depends_on_the_time(
    problems: Callable[..., Any],
) -> None:
    text = (
        HEAD
        + "      late: {type: formula, compute: due < today, stored: false}\n      mark: {type: formula, compute: 'IF(late, 1, 0)'}\n"
    )
    assert codes(problems(text)) == ["FW303"]


def test_a_condition_that_chooses_records_must_become_sql(problems: Callable[..., Any]) -> None:
    # The last row by name is more than a database is asked for.
    text = (
        HEAD
        + "views:\n  v: {entity: thing, title: V, filter: \"MATCHES(name, '^a') && LEN(name) > 3\"}\n"
    )
    found = problems(text)
    assert codes(found) == ["FW304"]


def test_fill_from_knows_what_triggers_it(load: Callable[..., Any]) -> None:
    text = (
        HEAD
        + "      other: {type: reference, to: thing}\n      label: {type: text, fill_from: {value: other.name}}\n"
    )
    found = load(text).entities["shop.thing"].fields["label"].fill_from
    assert (found.when, found.triggers) == ("changed", frozenset({"other"}))


def test_rows_reach_their_record_as_parent(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    assert load(LINES).entities["shop.line"].fields["amount"].compute.reads == {
        ("count",),
        ("price",),
        ("parent", "discount"),
    }
    assert codes(problems(f"{HEAD}      x: {{type: formula, compute: parent.name}}\n")) == ["FW301"]


def test_options_may_depend_on_other_fields(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    text = HEAD + "      x: {type: choice, options: [a, {value: b, when: size > 3}]}\n"
    options = load(text).entities["shop.thing"].fields["x"].options
    assert [option.when is None for option in options] == [True, False]
    assert codes(problems(text.replace("size > 3", "siez > 3"))) == ["FW301"]


def test_conditions_of_shared_options_are_judged_by_each_field(
    problems: Callable[..., Any],
) -> None:
    text = (
        "option_sets:\n  s: {options: [{value: a, when: size > 3}]}\n"
        + HEAD
        + "      x: {type: choice, option_set: s}\n"
    )
    found = problems(text + "  other:\n    fields:\n      y: {type: choice, option_set: s}\n")
    assert codes(found) == ["FW301"]


def test_the_constant_true_is_no_condition(load: Callable[..., Any]) -> None:
    text = (
        HEAD
        + "      x: {type: text, visible_when: true, required_when: true}\nviews:\n  v: {entity: thing, title: V, filter: 'true'}\n"
    )
    catalog = load(text)
    found = catalog.entities["shop.thing"].fields["x"]
    assert (found.visible_when, catalog.views["shop.v"].filter) == (None, None)
    assert found.required_when is not None


def test_a_display_names_records_by_their_first_text_unless_it_is_written(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    assert load(HEAD).entities["shop.thing"].display.reads == {("name",)}
    text = HEAD.replace("    fields:", '    display: "{{ name }} {{ due | date }}"\n    fields:')
    assert load(text).entities["shop.thing"].display.reads == {("name",), ("due",)}
    found = problems(text.replace("{{ due", "{{ deu"))
    assert codes(found) == ["FW301"]
    assert (found[0].location.line, found[0].location.column) == (3, 29)
