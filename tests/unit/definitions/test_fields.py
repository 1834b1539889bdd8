"""Fields: what they take, what they point to, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

HEAD = "entities:\n  thing:\n    fields:\n      name: {type: text}\n"
LINES = (
    "entities:\n  order:\n    fields:\n      no: {type: text}\n      lines: {type: subform, of: line}\n"
    "  line:\n    kind: child\n    fields:\n      amount: {type: decimal}\n      note: {type: text}\n"
)


def field(load: Callable[..., Any], line: str) -> Any:
    return load(f"{HEAD}      x: {line}\n").entities["shop.thing"].fields["x"]


def test_attributes_arrive_in_the_model(load: Callable[..., Any]) -> None:
    found = field(
        load,
        "{type: decimal, title: X, description: D, required: true, minimum: 0.5, maximum: 9, scale: 3, unique: true, was: [y], "
        "searchable: true, sensitive: personal, mask: last4, synonyms: [Ex], hidden: true}",
    )
    assert (found.minimum, found.maximum, found.scale) == (Decimal("0.5"), Decimal(9), 3)
    assert (found.required, found.unique, found.searchable, found.hidden) == (
        True,
        True,
        True,
        True,
    )
    assert (found.was, found.synonyms, found.sensitive, found.mask) == (
        ("y",),
        ("Ex",),
        "personal",
        "last4",
    )


def test_a_title_is_the_key_in_words_when_none_is_given(load: Callable[..., Any]) -> None:
    catalog = load("entities:\n  follow_up:\n    fields:\n      next_step: {type: text}\n")
    entity = catalog.entities["shop.follow_up"]
    assert (str(entity.title), str(entity.title_plural), str(entity.fields["next_step"].title)) == (
        "Follow up",
        "Follow up",
        "Next step",
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("{type: integer, default: 3}", 3),
        ("{type: decimal, default: 2.5}", Decimal("2.5")),
        ("{type: money, currency: CNY, default: 100}", Decimal(100)),
        ("{type: boolean, default: true}", True),
        ("{type: choice, options: [a, b], default: b}", "b"),
        ("{type: choices, options: [a, b], default: [b, a]}", ("a", "b")),
        ("{type: phone, default: 138 0013 8000}", "+8613800138000"),
    ],
)
def test_defaults_are_values_of_the_type(line: str, value: Any, load: Callable[..., Any]) -> None:
    assert field(load, line).default == value


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("{type: file, max_size: 20MB}", 20 << 20),
        ("{type: file, max_size: 500KB}", 500 << 10),
        ("{type: file}", 25 << 20),
    ],
)
def test_sizes_are_bytes(line: str, size: int, load: Callable[..., Any]) -> None:
    assert field(load, line).max_size == size


def test_options_may_be_words_or_maps_and_shared(load: Callable[..., Any]) -> None:
    catalog = load(
        "option_sets:\n  size: {options: [s, {value: m, title: Middle, color: red, was: [medium]}, 5]}\n"
        "translations: {zh-CN: {option_sets.size.m: 中, option_sets.size.s.title: 小}}\n"
        + HEAD
        + "      x: {type: choice, option_set: size}\n"
    )
    found = catalog.entities["shop.thing"].fields["x"]
    assert [option.value for option in found.options] == ["s", "m", "5"]
    assert (str(found.options[1].title), found.options[1].was, found.option_set) == (
        "Middle",
        ("medium",),
        "shop.size",
    )
    assert [option.title.in_language("zh-CN") for option in found.options] == ["小", "中", "5"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{type: choice}", "FW104"),
        ("{type: choice, options: [a, a]}", "FW205"),
        ("{type: choice, options: [a], default: z}", "FW110"),
        ("{type: integer, default: three}", "FW110"),
        ("{type: integer, default: [1]}", "FW110"),
        ("{type: text, maxLength: 3, default: abcdef}", "FW110"),
        ("{type: date, default: tomorrow}", "FW110"),
        ("{type: email, default: nobody}", "FW110"),
        ("{type: reference, to: thing, default: Ann}", "FW110"),
        ("{type: integer, minimum: 5, default: 3}", "FW110"),
        ("{type: integer, examples: [x]}", "FW110"),
        ("{type: text, pattern: '(?=a)'}", "FW111"),
        ("{type: text, pattern: '(a)\\1'}", "FW111"),
        ("{type: text, pattern: '['}", "FW111"),
        ("{type: decimal, minimum: 5, maximum: 4}", "FW109"),
        ("{type: text, minLength: 5, maxLength: 4}", "FW109"),
        ("{type: text, maxLength: -1}", "FW106"),
        ("{type: decimal, scale: 20}", "FW106"),
        ("{type: decimal, multipleOf: 0}", "FW106"),
        ("{type: money, currency: XQX}", "FW102"),
        ("{type: money, currency: yuan}", "FW106"),
        ("{type: money, currency: CNY, currency_from: name}", "FW109"),
        ("{type: money, currency_from: nam}", "FW201"),
        ("{type: money, currency_from: created}", "FW201"),
        ("{type: reference, to: thin}", "FW201"),
        ("{type: reference, to: thing, required: true, on_delete: set_null}", "FW109"),
        ("{type: reference, to: thing, inverse: name}", "FW205"),
        ("{type: reference, to: thing, inverse: id}", "FW205"),
        ("{type: backlink, from: thing}", "FW206"),
        ("{type: backlink, from: thing.name}", "FW206"),
        ("{type: backlink, from: thing.nam}", "FW201"),
        ("{type: subform, of: thing}", "FW206"),
        ("{type: sequence, sequence: nothing}", "FW201"),
        ("{type: formula, compute: '1', default: 1}", "FW109"),
        ("{type: formula, compute: '1', required: true}", "FW109"),
        ("{type: text, stored: false}", "FW109"),
        ("{type: formula, compute: '1', stored: false, unique: true}", "FW109"),
        ("{type: references, to: thing, unique: true}", "FW105"),
        ("{type: text, fill_from: {value: name}}", "FW109"),
        ("{type: formula, compute: '1', returns: subform}", "FW102"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_problem(
    line: str, code: str, problems: Callable[..., Any]
) -> None:
    found = problems(f"{HEAD}      x: {line}\n")
    assert [problem.code for problem in found] == [code]
    assert found[0].location.line == 5


@pytest.mark.parametrize(
    "key", ["id", "created_at", "created_by", "updated_at", "updated_by", "version", "deleted_at"]
)
def test_the_columns_of_every_record_are_no_field_keys(
    key: str, problems: Callable[..., Any]
) -> None:
    found = problems(f"{HEAD}      {key}: {{type: text}}\n")
    assert [(problem.code, problem.location.column) for problem in found] == [("FW205", 7)]


@pytest.mark.parametrize("key", ["item", "steps", "parent", "import", "this", "true", "now", "me"])
def test_words_that_only_expressions_reserve_may_be_field_keys(
    key: str, load: Callable[..., Any]
) -> None:
    assert key in load(f"{HEAD}      {key}: {{type: text}}\n").entities["shop.thing"].fields


def test_an_inverse_creates_the_other_side(load: Callable[..., Any]) -> None:
    catalog = load(
        "entities:\n  customer: {fields: {name: {type: text}}}\n"
        "  contact:\n    title_plural: People\n    fields:\n      name: {type: text}\n      customer: {type: reference, to: customer, inverse: contacts}\n"
        "translations: {zh-CN: {entities.contact.title_plural: 联系人}}\n"
    )
    made = catalog.entities["shop.customer"].fields["contacts"]
    assert (made.type.name, made.target, made.via) == ("backlink", "shop.contact", "customer")
    assert (str(made.title), made.title.in_language("zh-CN")) == ("People", "联系人")


def test_an_inverse_may_meet_the_backlink_that_is_written(load: Callable[..., Any]) -> None:
    catalog = load(
        f"{HEAD}      above: {{type: reference, to: thing, inverse: below}}\n      below: {{type: backlink, title: Below, from: thing.above}}\n"
    )
    assert str(catalog.entities["shop.thing"].fields["below"].title) == "Below"


def test_a_subform_gives_its_rows_a_parent(load: Callable[..., Any]) -> None:
    child = load(LINES).entities["shop.line"]
    assert (child.kind, child.parent, child.parent_field) == ("child", "shop.order", "lines")


def test_rows_belong_to_exactly_one_subform(problems: Callable[..., Any]) -> None:
    found = problems(
        LINES.replace(
            "lines: {type: subform, of: line}",
            "lines: {type: subform, of: line}\n      more: {type: subform, of: line}",
        )
    )
    assert [problem.code for problem in found] == ["FW206"]
    assert "shop.order.lines" in str(found[0].message)
    found = problems(LINES.replace("lines: {type: subform, of: line}", "x: {type: text}"))
    assert [problem.code for problem in found] == ["FW206"]


def test_rows_cannot_contain_themselves(problems: Callable[..., Any]) -> None:
    found = problems(
        "entities:\n  line:\n    kind: child\n    fields:\n      name: {type: text}\n      lines: {type: subform, of: line}\n"
    )
    assert [problem.code for problem in found] == ["FW207"]


def test_totals_are_of_number_columns(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    good = LINES.replace("of: line}", "of: line, totals: {amount: sum, note: count}}")
    assert dict(load(good).entities["shop.order"].fields["lines"].totals) == {
        "amount": "sum",
        "note": "count",
    }
    assert [problem.code for problem in problems(good.replace("note: count", "note: sum"))] == [
        "FW109"
    ]
    assert [
        problem.code for problem in problems(good.replace("note: count", "nothing: count"))
    ] == ["FW201"]


def test_other_packages_can_add_fields(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    text = "extend:\n  core.user:\n    fields:\n      badge: {type: text, title: Badge}\n    rules:\n      short: {assert: LEN(badge) < 9, message: Short}\n"
    user = load(text).entities["core.user"]
    assert str(user.fields["badge"].title) == "Badge"
    assert [rule.key for rule in user.rules] == ["short"]
    assert [
        problem.code
        for problem in problems(text.replace("badge:", "name:").replace("LEN(badge)", "LEN(name)"))
    ] == ["FW205"]
    assert [
        problem.code
        for problem in problems(HEAD + "extend: {thing: {fields: {x: {type: text}}}}\n")
    ] == ["FW206"]


def test_settings_are_shared_and_typed(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    text = (
        "settings:\n  rate: {type: percent, default: 13}\n"
        + HEAD
        + "      x: {type: formula, compute: settings.rate * 2}\n"
    )
    assert load(text).settings["rate"].field.default == Decimal(13)
    assert [
        problem.code for problem in problems(text.replace("settings.rate", "settings.rat"))
    ] == ["FW301"]
    assert [problem.code for problem in problems(text.replace("default: 13", "default: many"))] == [
        "FW110"
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{pattern: 'A-{YYYY}-{####}', reset: yearly}", None),
        ("{pattern: '{name}-{##}'}", None),
        ("{pattern: 'A-{YYYY}'}", "FW106"),
        ("{pattern: '{##}{##}'}", "FW106"),
        ("{pattern: '{##'}", "FW106"),
        ("{pattern: '{##}', reset: yearly}", "FW109"),
        ("{pattern: '{nam}-{##}'}", "FW201"),
        ("{pattern: '{##}', start: -1}", "FW106"),
        ("{pattern: '{##}', per: nam}", "FW201"),
    ],
)
def test_patterns_of_business_numbers_are_checked(
    line: str, code: str | None, load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    text = f"sequences:\n  no: {line}\n{HEAD}      number: {{type: sequence, sequence: no}}\n"
    if code is None:
        assert load(text).entities["shop.thing"].fields["number"].sequence == "shop.no"
    else:
        assert [problem.code for problem in problems(text)] == [code]
