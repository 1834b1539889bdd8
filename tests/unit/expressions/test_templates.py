"""Templates print fields and choose by conditions; they can do nothing else."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from formwright.expressions import kinds
from formwright.expressions.evaluate import Environment, ValueRow
from formwright.expressions.filters_of_text import FILTERS
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.templates import parse
from formwright.texts import Reader

NOW = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)


@pytest.fixture
def render(model, deal, records):
    def run(text, language="en", formats=None, escape=None):
        roots = {
            "me": ValueRow("core.user", 1, {"name": "Anna"}),
            "old": ValueRow("crm.deal", 7, {"title": "Before"}),
        }
        environment = Environment(deal, NOW, "UTC", roots, records)
        template = parse(text, model, "crm.deal", {"old": kinds.reference("crm.deal")})
        return template.render(environment, Reader(language, "Asia/Shanghai"), formats, escape)

    return run


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("no places", "no places"),
        ("", ""),
        ("{{ title }}", "Pumps"),
        ("{{title}}!", "Pumps!"),
        ("{{ customer.owner.name }}", "Anna"),
        ("{{ me.name }} was {{ old.title }}", "Anna was Before"),
        ("{{ this.title }}", "Pumps"),
        ("{{ note }}", ""),
        ("{{ note | default('none') }}", "none"),
        ("{{ title | default('none') | urlencode }}", "Pumps"),
        ("{{ address.city }}", "广州"),
        ("{{ address.city | urlencode }}", "%E5%B9%BF%E5%B7%9E"),
        ("{{ price | money }}", "CN¥19.99"),
        ("{{ qty | number }} / {{ rate | percent }}", "3 / 0.5%"),
        ("{{ due | date }}", "Mar 3, 2026"),
        ("{{ starts | datetime }}", "Mar 3, 2026, 12:30:00\u202fAM"),
        ("{{ opens | time }}", "9:00\u202fAM"),
        ("{{ due | relative }}", "in 0 days"),
        ("{{ title | truncate(3) }}", "Pu…"),
        ("{{ title | mask }}", "•••••"),
        ("{% if ok %}yes{% else %}no{% endif %}", "yes"),
        ("{% if qty > 5 %}many{% else %}{% if qty > 2 %}some{% endif %}{% endif %}", "some"),
        ("{% if title == '%}' %}a{% endif %}b", "b"),
        ("a } b { c %} d", "a } b { c %} d"),
    ],
)
def test_what_is_printed(render, text, printed):
    assert render(text) == printed


def test_dates_and_numbers_follow_the_language_of_the_reader(render):
    assert render("{{ due | date }}", "zh-CN") == "2026年3月3日"
    assert render("{{ price | money }}", "zh-CN") == "¥19.99"


def test_values_without_a_filter_are_printed_by_the_caller(render):
    seen = []

    def formats(row, path, value, reader):
        seen.append((row.id, path, value, reader.language))
        return f"<{value}>"

    assert (
        render("{{ stage }} {{ old.title }} {{ customer.name | truncate(20) }}", formats=formats)
        == "<won> <Before> <Brook>"
    )
    assert seen == [
        (7, ("stage",), "won", "en"),
        (7, ("title",), "Before", "en"),
        (7, ("customer", "name"), "Brook", "en"),
    ]


def test_only_what_is_put_in_is_escaped(render):
    assert render("<b>{{ title }}</b>", escape=lambda text: f"[{text}]") == "<b>[Pumps]</b>"


def test_a_template_knows_what_it_reads(model):
    template = parse(
        "{% if customer.active %}{{ title }}{% endif %} {{ me.name }}", model, "crm.deal"
    )
    assert template.reads == {("customer", "active"), ("title",)}
    assert template.root_reads == {("me", "name")}
    assert bool(template)
    assert not parse("", model, "crm.deal")


@pytest.mark.parametrize(
    ("text", "span", "words", "suggestion"),
    [
        ("{{ titel }}", (3, 8), "not a field", "title"),
        ("Dear {{ customer.nam }}", (17, 20), "not a field", "name"),
        ("{{ title", (0, 8), "missing", "}}"),
        ("{% if ok %}x", (12, 12), "no 'endif'", "{% endif %}"),
        ("{% else %}", (0, 10), "without an 'if'", None),
        ("{% for line in lines %}", (0, 23), "no part of a template", None),
        ("{% if ok %}{% else %}{% else %}{% endif %}", (21, 31), "two 'else'", None),
        ("{% if title %}x{% endif %}", (6, 11), "yes or no", "title != null"),
        ("{{ qty + 1 }}", (3, 10), "prints fields", None),
        ("{{ LEN(title) }}", (3, 13), "prints fields", None),
        ("{{ title | uppr }}", (10, 16), "no filter", None),
        ("{{ title | money }}", (10, 17), "does not fit", None),
        ("{{ title | truncate }}", (10, 20), "needs a value", None),
        ("{{ title | truncate('x') }}", (10, 25), "does not take", None),
        ("{{ title | upper | x() y }}", (10, 17), "no filter", None),
        ("{{ }}", (2, 3), "empty", None),
        ("{{ title.__class__ }}", (3, 18), "has no fields", None),
        ("{{ ''.join }}", (3, 10), "has no fields", None),
    ],
)
def test_mistakes_are_named_with_their_place(model, text, span, words, suggestion):
    with pytest.raises(ExpressionError, match=words) as caught:
        parse(text, model, "crm.deal")
    assert (caught.value.span, caught.value.suggestion) == (span, suggestion)


def test_large_templates_are_refused(model):
    for text in ("x" * 20_001, "{{ title }}" * 201, "{% if ok %}" * 12 + "{% endif %}" * 12):
        with pytest.raises(ExpressionError):
            parse(text, model, "crm.deal")


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_is_documented_in_both_languages(name):
    assert FILTERS[name].doc.in_language("zh-CN") != FILTERS[name].doc.message


def test_printing_a_title_is_quick(model, deal):
    template = parse("{{ title }}", model, "crm.deal")
    environment, reader = Environment(deal, NOW), Reader()
    template.render(environment, reader)
    begun = time.perf_counter()
    for _ in range(2000):
        template.render(environment, reader)
    assert (
        time.perf_counter() - begun
    ) / 2000 < 30e-6  # it takes a tenth of that; machines may be busy
