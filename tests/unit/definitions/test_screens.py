"""Forms, views, menus, roles, grants, rows and translations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from formwright.definitions.model import NodeType

HEAD = (
    "entities:\n  thing:\n    title_plural: Things\n    fields:\n      name: {type: text, searchable: true}\n      size: {type: decimal}\n"
    "      notes: {type: long_text}\n      secret: {type: text, hidden: true}\n      owner: {type: user}\n      above: {type: reference, to: thing, inverse: below}\n"
    "      tags: {type: tags}\n      lines: {type: subform, of: line}\n"
    "  line:\n    kind: child\n    fields:\n      text: {type: text}\n"
)
ROLES = "roles:\n  clerk: {title: Clerk}\n"


def codes(found: Any) -> list[str]:
    return [problem.code for problem in found]


def test_an_entity_without_forms_gets_one_with_all_its_fields(load: Callable[..., Any]) -> None:
    catalog = load(HEAD)
    assert set(catalog.forms) == {
        "core.user_form",
        "shop.thing_form",
    }  # rows are entered in their parent
    form = catalog.forms["shop.thing_form"]
    assert [(node.key, node.type) for node in form.layout] == [
        ("facts", NodeType.SECTION), ("lines", NodeType.SUBFORM), ("below", NodeType.RELATED),
    ]  # fmt: skip
    assert [node.field for node in form.layout[0].items] == [
        "name",
        "size",
        "notes",
        "owner",
        "above",
        "tags",
    ]
    assert catalog.entities["shop.thing"].default_form == "shop.thing_form"


def test_an_entity_without_views_gets_a_list(load: Callable[..., Any]) -> None:
    catalog = load(HEAD)
    assert set(catalog.views) == {"core.user_list", "shop.thing_list"}
    view = catalog.views["shop.thing_list"]
    assert ([column.path for column in view.columns], str(view.title)) == (
        ["name", "size", "owner", "above"],
        "Things",
    )
    assert [each.field for each in view.quick_filters] == ["owner", "above"]
    assert catalog.entities["shop.thing"].default_view == "shop.thing_list"


def test_a_layout_of_short_and_long_parts(load: Callable[..., Any]) -> None:
    text = (
        HEAD
        + (
            "forms:\n  f:\n    entity: thing\n    purpose: [create, quick]\n    roles: [clerk]\n    layout:\n"
            "      name: {}\n"
            "      more:\n        type: tab\n        title: More\n        badge: COUNT(lines)\n"
            "        items:\n          inner: {columns: 2, fields: {size: {required: true}, notes: {widget: plain}}}\n"
            "      lines: {columns_shown: [text]}\n"
            "      hint: {type: text, text: Hello}\n"
            "      below: {}\n"
        )
        + ROLES
    )
    form = load(text).forms["shop.f"]
    name, more, lines, hint, below = form.layout
    assert (name.type, name.field) == (NodeType.FIELD, "name")
    assert (more.type, more.badge is not None, more.items[0].type, more.items[0].columns) == (
        NodeType.TAB,
        True,
        NodeType.SECTION,
        2,
    )
    assert [(node.field, node.required, node.widget) for node in more.items[0].items] == [
        ("size", True, ""),
        ("notes", False, "plain"),
    ]
    assert (lines.type, lines.columns_shown) == (NodeType.SUBFORM, ("text",))
    assert (hint.type, str(hint.text)) == (NodeType.TEXT, "Hello")
    assert (below.type, below.path) == (NodeType.RELATED, "below")
    assert (form.purpose, form.roles) == (frozenset({"create", "quick"}), frozenset({"shop.clerk"}))


@pytest.mark.parametrize(
    ("layout", "code"),
    [
        ("{nam: {}}", "FW201"),
        ("{a: {fields: [nam]}}", "FW201"),
        ("{a: {fields: [name, name]}}", "FW205"),
        ("{name: {}, a: {fields: [name]}}", "FW205"),
        ("{a: {type: field, fields: [name]}}", "FW109"),
        ("{a: {columns: 9, fields: [name]}}", "FW106"),
        ("{a: {type: related, path: name}}", "FW206"),
        ("{a: {type: related, path: belw}}", "FW201"),
        ("{below: {type: related, view: vv}}", "FW201"),
        ("{lines: {columns_shown: [txt]}}", "FW201"),
        ("{name: {columns_shown: [name]}}", "FW109"),
        ("{name: {visible_when: nam == ''}}", "FW301"),
        ("{name: {default_from: size}}", "FW301"),
        ("{name: {type: button}}", "FW108"),
        ("{name: {width: wide}}", "FW103"),
        ("[name]", "FW103"),
    ],
)
def test_mistakes_in_a_layout(layout: str, code: str, problems: Callable[..., Any]) -> None:
    found = problems(f"{HEAD}forms:\n  f:\n    entity: thing\n    layout: {layout}\n")
    assert codes(found) == [code]
    assert found[0].location.line == HEAD.count("\n") + 4


def test_columns_take_their_titles_from_the_fields_at_the_end_of_the_path(
    load: Callable[..., Any],
) -> None:
    text = (
        HEAD
        + "views:\n  v: {entity: thing, title: V, columns: [above.name, created_at, {field: size, title: How big}], sort: [-above.size, name]}\n"
    )
    view = load(text).views["shop.v"]
    assert [(column.path, str(column.title)) for column in view.columns] == [
        ("above.name", "Name"), ("created_at", "Created on"), ("size", "How big"),
    ]  # fmt: skip
    assert [(sort.path, sort.descending) for sort in view.sort] == [
        ("above.size", True),
        ("name", False),
    ]
    assert view.columns[1].title.in_language("zh-CN") != "Created on"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ("columns: [nam]", "FW201"),
        ("columns: [name, name]", "FW205"),
        ("columns: [above.nam]", "FW201"),
        ("columns: [name.size]", "FW206"),
        ("columns: [above.above.name]", "FW206"),
        ("columns: [{field: name, aggregate: sum}]", "FW109"),
        ("columns: [{title: X}]", "FW104"),
        ("columns: [{field: size, style: [{when: size > 3, color: red}]}]", "FW109"),
        ("columns: [{field: size, style: [{color: red, text: x}]}]", "FW104"),
        ("sort: [nam]", "FW201"),
        ("sort: [tags]", "FW206"),
        ("sort: [lines]", "FW206"),
        ("search: [nam]", "FW201"),
        ("quick_filters: [nam]", "FW201"),
        ("quick_filters: [lines]", "FW206"),
        ("quick_filters: [{title: X}]", "FW104"),
        ("quick_filters: [{filter: size > 3}]", "FW104"),
        ("quick_filters: [{title: X, filter: siez > 3}]", "FW301"),
        ("filter: size", "FW301"),
        ("page_size: 0", "FW106"),
        ("page_size: 100000", "FW106"),
        ("roles: [clrk]", "FW201"),
        ("entity: thin", "FW201"),
        ("group_by: [owner]", "FW108"),
    ],
)
def test_mistakes_in_a_view(attributes: str, code: str, problems: Callable[..., Any]) -> None:
    entity = "" if attributes.startswith("entity") else "entity: thing, "
    found = problems(f"{HEAD}{ROLES}views:\n  v: {{{entity}title: V, {attributes}}}\n")
    assert codes(found) == [code]
    assert found[0].location.line == HEAD.count("\n") + 4


def test_only_one_view_is_the_default(problems: Callable[..., Any]) -> None:
    text = (
        HEAD
        + "views:\n  v: {entity: thing, title: V, default: true}\n  w: {entity: thing, title: W, default: true}\n"
    )
    assert codes(problems(text)) == ["FW109"]


@pytest.mark.parametrize(
    ("attributes", "code"),
    [("default_view: vv", "FW201"), ("default_view: core_list", "FW206"), ("default_form: ff", "FW201"), ("search_fields: [nam]", "FW201"),
     ("search_fields: [lines]", "FW206"), ("key_fields: [nam]", "FW201"), ("ownership: {owner_field: name}", "FW206"), ("display: ''", "FW106")],
)  # fmt: skip
def test_mistakes_in_an_entity(attributes: str, code: str, problems: Callable[..., Any]) -> None:
    views = "views:\n  core_list: {entity: core.user, title: Users}\n"
    text = HEAD.replace("    title_plural", f"    {attributes}\n    title_plural") + views
    assert codes(problems(text)) == [code]


def test_menus_link_views_and_entities_in_groups(load: Callable[..., Any]) -> None:
    text = HEAD + (
        "views:\n  v: {entity: thing, title: All of them}\n"
        "apps:\n  a:\n    title: A\n    menu: [{entity: thing}, {group: Lists, items: [{view: v}, {view: v, title: Again}]}]\n"
        "translations: {zh-CN: {apps.a.menu.group_2: 列表, apps.a.menu.group_2.items.v.title: 再次}}\n"
    )
    first, group = load(text).apps["shop.a"].menu
    assert (first.entity, str(first.title)) == ("shop.thing", "Things")
    assert ([str(item.title) for item in group.items], group.title.in_language("zh-CN")) == (
        ["All of them", "Again"],
        "列表",
    )
    assert group.items[1].title.in_language("zh-CN") == "再次"


@pytest.mark.parametrize(
    ("item", "code"),
    [("{}", "FW104"), ("{view: vv}", "FW201"), ("{entity: thin}", "FW201"), ("{entity: thing, group: G}", "FW104"),
     ("{entity: thing, items: []}", "FW109"), ("{dashboard: d}", "FW108")],
)  # fmt: skip
def test_mistakes_in_a_menu(item: str, code: str, problems: Callable[..., Any]) -> None:
    assert codes(problems(f"{HEAD}apps:\n  a:\n    title: A\n    menu: [{item}]\n")) == [code]


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        ("{role: clrk, entity: thing, actions: [read]}", "FW201"),
        ("{role: clerk, entity: thin, actions: [read]}", "FW201"),
        ("{role: clerk, entity: thing, actions: [reed]}", "FW102"),
        ("{role: clerk, entity: thing, actions: []}", "FW106"),
        ("{role: clerk, entity: thing}", "FW104"),
        ("{role: clerk, entity: thing, actions: [read], scope: ownr == me}", "FW301"),
        ("{role: clerk, entity: thing, actions: [read], scope: name}", "FW301"),
        ("{role: clerk, entity: thing, actions: [read], scope: \"MATCHES(name, 'a')\"}", "FW304"),
        ("{role: clerk, entity: thing, actions: [read], scope: pool}", "FW206"),
        ("{role: clerk, entity: thing, actions: [read], scope: ours}", "FW301"),
        ("{role: clerk, entity: thing, actions: [read], scope_after: own}", "FW108"),
        ("{role: clerk, entity: thing, actions: [read], via: name}", "FW206"),
        ("{role: clerk, entity: thing, actions: [read], via: nam}", "FW201"),
        ("{role: clerk, entity: thing, actions: [read], states: [open]}", "FW206"),
        ("{role: clerk, entity: thing, actions: [read], until: 2027-02-30}", "FW106"),
        ("{role: clerk, entity: thing, actions: [read], until: soon}", "FW106"),
        ("{role: clerk, entity: thing, actions: [read], fields: {read: all}}", "FW106"),
        ("{role: clerk, entity: thing, actions: [read], fields: {hide: [nam]}}", "FW201"),
        ("{role: clerk, entity: thing, actions: [read], fields: {mask: {nam: all}}}", "FW201"),
        ("{role: clerk, entity: thing, actions: [read], fields: {mask: {name: half}}}", "FW102"),
    ],
)
def test_mistakes_in_a_grant(grant: str, code: str, problems: Callable[..., Any]) -> None:
    assert codes(problems(f"{HEAD}{ROLES}grants:\n  g: {grant}\n")) == [code]


@pytest.mark.parametrize(
    ("guard", "code"),
    [
        ("{entity: thin, scope: 'true'}", "FW201"),
        ("{entity: thing}", "FW104"),
        ("{entity: thing, scope: nam == 'x'}", "FW301"),
        ("{entity: thing, scope: name == 'x', exempt: [clrk]}", "FW201"),
        ("{entity: thing, scope: name == 'x', actions: [reed]}", "FW102"),
    ],
)
def test_mistakes_in_a_guard(guard: str, code: str, problems: Callable[..., Any]) -> None:
    assert codes(problems(f"{HEAD}{ROLES}guards:\n  g: {guard}\n")) == [code]


def test_what_a_grant_says_of_fields(load: Callable[..., Any]) -> None:
    (grant, *_) = load(
        f"{HEAD}{ROLES}grants:\n  g: {{role: clerk, entity: thing, actions: [read, update],"
        " fields: {hide: [owner], write: [], mask: {name: initials}}}\n"
    ).grants
    assert (grant.hidden, dict(grant.masks)) == ({"owner"}, {"name": "initials"})
    assert "name" in grant.locked


def test_reading_via_each_other_is_refused(problems: Callable[..., Any]) -> None:
    text = """
package: {key: ring, title: Ring, version: 1.0.0}
entities:
  a: {title: A, fields: {b: {type: reference, to: b, title: B}}}
  b: {title: B, fields: {a: {type: reference, to: a, title: A}}}
roles: {clerk: {title: Clerk}}
grants:
  one: {role: clerk, entity: a, actions: [read], via: b}
  two: {role: clerk, entity: b, actions: [read], via: a}
"""
    assert codes(problems(text)) == ["FW207"]


def test_a_scope_becomes_part_of_the_grant(load: Callable[..., Any]) -> None:
    grants = load(
        f"{HEAD}{ROLES}grants:\n  g: {{role: clerk, entity: thing, actions: [read], scope: owner == me}}\n"
        "  h: {role: core.admin, entity: thing, actions: [read, delete], scope: true}\n"
    ).grants
    assert (grants[0].scope.reads, grants[1].scope, grants[1].role) == (
        {("owner",)},
        None,
        "core.admin",
    )


def test_a_role_that_inherits_itself_is_shown(problems: Callable[..., Any]) -> None:
    found = problems(
        "roles:\n  a: {title: A, inherits: [b]}\n  b: {title: B, inherits: [c]}\n  c: {title: C, inherits: [b]}\n"
    )
    assert codes(found) == ["FW207", "FW207"]
    assert "shop.b → shop.c → shop.b" in str(found[0].message)


def test_constraints_name_fields_with_a_single_value(
    load: Callable[..., Any], problems: Callable[..., Any]
) -> None:
    text = HEAD.replace(
        "    title_plural",
        "    constraints:\n      c: {fields: [name, size], where: size > 3}\n    title_plural",
    )
    constraint = load(text).entities["shop.thing"].constraints["c"]
    assert (constraint.fields, constraint.where is not None) == (("name", "size"), True)
    assert codes(problems(text.replace("[name, size]", "[name, tags]"))) == ["FW206"]
    assert codes(problems(text.replace("[name, size]", "[nam]"))) == ["FW201"]
    assert codes(problems(text.replace("[name, size]", "[]"))) == ["FW106"]


def test_rows_of_a_package_are_kept_with_their_expressions(load: Callable[..., Any]) -> None:
    text = HEAD + (
        "data:\n  seed:\n    things: {entity: thing, key_field: name, rows: [{name: A, size: '=1 + 2'}, {name: B, above: '@things/A', lines: [{text: x}]}]}\n"
    )
    (dataset,) = load(text).datasets
    assert (dataset.key, dataset.entity, dataset.demo, len(dataset.rows)) == (
        "things",
        "shop.thing",
        False,
        2,
    )
    assert list(dataset.computed) == [("shop.thing", "size", "1 + 2")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("{nam: A}", "FW104"),
        ("{name: A, siez: 3}", "FW201"),
        ("{name: A, size: many}", "FW110"),
        ("{name: A, size: '=1 +'}", "FW301"),
        ("{name: A, size: '=name'}", "FW301"),
        ("{name: A, above: B}", "FW110"),
        ("{name: A, above: '@thing/B'}", "FW201"),
        ("{name: A, above: '@things/Z'}", "FW201"),
        ("{name: A, owner: '@things/B'}", "FW206"),
        ("{name: B}", "FW205"),
        ("{name: A, lines: x}", "FW103"),
        ("{name: A, lines: [{txt: x}]}", "FW201"),
        ("{name: A, below: x}", "FW110"),
        ("x", "FW103"),
    ],
)
def test_mistakes_in_rows(row: str, code: str, problems: Callable[..., Any]) -> None:
    text = f"{HEAD}data:\n  demo:\n    things: {{entity: thing, key_field: name, rows: [{{name: B}}, {row}]}}\n"
    found = problems(text)
    assert code in codes(found)
    assert found[0].location.line == HEAD.count("\n") + 3


def test_translations_reach_every_text(load: Callable[..., Any]) -> None:
    text = (
        HEAD
        + "translations:\n  zh-CN:\n    entities.thing.title: 东西\n    entities.thing.fields.name.title: 名称\n  de:\n    entities.thing.title: Ding\n"
    )
    entity = load(text).entities["shop.thing"]
    titles = [
        entity.title.in_language(language) for language in ("en", "zh-CN", "zh-TW", "de", "fr")
    ]
    assert titles == ["Thing", "东西", "东西", "Ding", "Thing"]
    assert entity.fields["name"].title.in_language("zh-CN") == "名称"


def test_a_translation_of_nothing_is_a_problem_with_a_proposal(
    problems: Callable[..., Any],
) -> None:
    text = HEAD + "translations:\n  zh-CN:\n    entities.thing.fields.nmae.title: 名称\n"
    (found,) = problems(text)
    assert (found.code, found.suggestion) == ("FW208", "entities.thing.fields.name.title")
    assert (found.location.line, found.location.column) == (text.count("\n"), 5)
