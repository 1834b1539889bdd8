"""The difference of two versions of a package, in words, with what it means for the records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from formwright.definitions.changes import Effect, Kind, Touched, compare

HEAD = "entities:\n  thing:\n    title: Thing\n    fields:\n      name: {type: text, title: Name}\n"


def difference(load: Callable[..., Any], old: str, new: str) -> Any:
    return compare(load(old), load(new))


def field_changes(load: Callable[..., Any], old: str, new: str) -> Any:
    return difference(load, f"{HEAD}      x: {old}\n", f"{HEAD}      x: {new}\n")


def test_nothing_changes_between_equal_packages(load: Callable[..., Any]) -> None:
    found = difference(load, HEAD, HEAD)
    assert not found
    assert (found.sentences, found.to_count, found.recompute) == ((), (), ())


def test_everything_is_new_when_there_was_nothing(load: Callable[..., Any]) -> None:
    found = compare(None, load(HEAD))
    assert found.entities(Kind.ADDED) == ("core.user", "shop.thing")
    assert (found.needs_answer, found.loses_data) == ((), ())
    assert "Entity “Thing” is added, with 1 fields." in [str(text) for text in found.sentences]


def test_sentences_speak_both_languages(load: Callable[..., Any]) -> None:
    zh = "translations: {zh-CN: {entities.thing.title: 东西}}\n"
    found = difference(load, HEAD + zh, HEAD + "      x: {type: text, title: X}\n" + zh)
    (change,) = [change for change in found.changes if change.field]
    assert change.text.in_language("en") == "Field “X” of “Thing” is added."
    assert change.text.in_language("zh-CN") == "“东西”新增字段“X”。"


@pytest.mark.parametrize(
    ("old", "new", "effect", "code", "touched"),
    [
        ("{type: text}", "{type: long_text}", Effect.SAFE, "", Touched.NONE),
        ("{type: text}", "{type: text, title: Other}", Effect.SAFE, "", Touched.NONE),
        ("{type: text}", "{type: integer}", Effect.LOSES_DATA, "FW402", Touched.FILLED),
        ("{type: decimal}", "{type: decimal, scale: 4}", Effect.LOSES_DATA, "FW402", Touched.FILLED),
        ("{type: money, currency: CNY}", "{type: money, currency: EUR}", Effect.NEEDS_ANSWER, "FW402", Touched.FILLED),
        ("{type: reference, to: thing}", "{type: reference, to: core.user}", Effect.LOSES_DATA, "FW402", Touched.FILLED),
        ("{type: decimal}", "{type: decimal, compute: '1'}", Effect.LOSES_DATA, "FW402", Touched.FILLED),
        ("{type: formula, compute: '1'}", "{type: formula, compute: '2'}", Effect.SAFE, "", Touched.NONE),
        ("{type: choice, options: [a, b]}", "{type: choice, options: [a]}", Effect.NEEDS_ANSWER, "FW403", Touched.VALUES),
        ("{type: choice, options: [a]}", "{type: choice, options: [a, b]}", Effect.SAFE, "", Touched.NONE),
        ("{type: choice, options: [b]}", "{type: choice, options: [{value: a, was: [b]}]}", Effect.SAFE, "", Touched.NONE),
        ("{type: text}", "{type: text, required: true}", Effect.NEEDS_ANSWER, "FW404", Touched.EMPTY),
        ("{type: text}", "{type: text, unique: true}", Effect.NEEDS_ANSWER, "FW405", Touched.FILLED),
        ("{type: text}", "{type: text, maxLength: 3}", Effect.NEEDS_ANSWER, "FW406", Touched.FILLED),
        ("{type: text, maxLength: 3}", "{type: text, maxLength: 9}", Effect.SAFE, "", Touched.NONE),
        ("{type: integer, minimum: 1}", "{type: integer, minimum: 5}", Effect.NEEDS_ANSWER, "FW406", Touched.FILLED),
        ("{type: text}", "{type: text, pattern: '^a'}", Effect.NEEDS_ANSWER, "FW406", Touched.FILLED),
    ],
)  # fmt: skip
def test_what_a_change_of_a_field_means(
    old: str, new: str, effect: Effect, code: str, touched: Touched, load: Callable[..., Any]
) -> None:
    found = [change for change in field_changes(load, old, new).changes if change.field == "x"]
    assert [(change.kind, change.effect, change.code, change.touched) for change in found] == [
        (Kind.CHANGED, effect, code, touched)
    ]
    if touched is Touched.VALUES:
        assert found[0].values == ("b",)


def test_a_field_that_goes_takes_its_values_along(load: Callable[..., Any]) -> None:
    found = difference(load, f"{HEAD}      x: {{type: text}}\n", HEAD)
    assert [(change.code, change.field) for change in found.loses_data] == [("FW401", "x")]
    assert (found.fields(Kind.REMOVED), found.to_count) == (
        (("shop.thing", "x"),),
        (("shop.thing", "x"),),
    )


def test_a_computed_field_that_goes_takes_nothing_along(load: Callable[..., Any]) -> None:
    found = difference(load, f"{HEAD}      x: {{type: formula, compute: '1'}}\n", HEAD)
    assert found.loses_data == ()


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        ("{type: text, required: true}", True),
        ("{type: text, required: true, default: a}", False),
        ("{type: text, required: true, default_from: name}", False),
        ("{type: text}", False),
    ],
)
def test_a_new_required_field_needs_an_answer_unless_it_has_a_default(
    line: str, needs: bool, load: Callable[..., Any]
) -> None:
    found = difference(load, HEAD, f"{HEAD}      x: {line}\n")
    assert [change.code for change in found.needs_answer] == (["FW404"] if needs else [])
    assert found.fields(Kind.ADDED) == (("shop.thing", "x"),)


def test_an_entity_that_goes_takes_its_records_along(load: Callable[..., Any]) -> None:
    other = "  other:\n    fields:\n      name: {type: text}\n"
    found = difference(load, HEAD + other, HEAD)
    assert [(change.code, change.entity, change.touched) for change in found.loses_data] == [
        ("FW401", "shop.other", Touched.ALL)
    ]
    assert found.to_count == (("shop.other", ""),)


def test_a_new_constraint_needs_an_answer(load: Callable[..., Any]) -> None:
    new = HEAD.replace("    fields:", "    constraints: {c: {fields: [name]}}\n    fields:")
    found = difference(load, HEAD, new)
    assert [change.code for change in found.needs_answer] == ["FW405"]
    assert not difference(load, new, HEAD).needs_answer


def test_computed_values_are_worked_out_again_when_their_expression_changes(
    load: Callable[..., Any],
) -> None:
    formula = "{type: formula, compute: LEN(name)}"
    assert field_changes(
        load, formula, formula.replace("LEN(name)", "LEN(name) + 1")
    ).recompute == (("shop.thing", "x"),)
    assert difference(load, HEAD, f"{HEAD}      x: {formula}\n").recompute == (("shop.thing", "x"),)
    assert field_changes(load, formula, formula.replace("}", ", title: Y}")).recompute == ()
    assert compare(None, load(f"{HEAD}      x: {formula}\n")).recompute == ()


def test_changes_of_rights_are_told(load: Callable[..., Any]) -> None:
    roles = HEAD + "roles:\n  clerk: {title: Clerk}\n"
    grant = roles + "grants:\n  g: {role: clerk, entity: thing, actions: [read]}\n"
    told = [str(text) for text in difference(load, roles, grant).sentences]
    assert told == ["Rights: shop.clerk gains read on shop.thing (g)."]
    changed = difference(load, grant, grant.replace("[read]", "[read, delete]")).sentences
    assert [str(text) for text in changed] == [
        "Rights: what shop.clerk may do on shop.thing is changed (g)."
    ]


def test_everything_else_is_told_by_name(load: Callable[..., Any]) -> None:
    more = (
        "views:\n  v: {entity: thing, title: All}\nforms:\n  f: {entity: thing}\n"
        "apps:\n  a: {title: App, menu: [{view: v}]}\nsettings:\n  s: {type: text, title: S}\n"
        "sequences:\n  q: {pattern: '{##}'}\n"
        "data:\n  seed:\n    d: {entity: thing, key_field: name, rows: [{name: A}]}\n"
    )
    added = difference(load, HEAD, HEAD + more)
    assert len([change for change in added.changes if change.kind is Kind.ADDED]) == 6
    removed = difference(load, HEAD + more, HEAD)
    assert len([change for change in removed.changes if change.kind is Kind.REMOVED]) == 6
    assert {change.effect for change in (*added.changes, *removed.changes)} == {Effect.SAFE}


def test_a_former_key_makes_a_renaming(load: Callable[..., Any]) -> None:
    found = difference(
        load,
        f"{HEAD}      x: {{type: text, title: X, unique: true}}\n",
        f"{HEAD}      y: {{type: text, title: X, unique: true, was: [x]}}\n",
    )
    (change,) = [change for change in found.changes if change.entity]
    assert str(change.text) == (
        "Field “X” of “Thing” is renamed from x to y; its values come along."
    )
    assert (change.kind, change.effect, change.touched) == (
        Kind.RENAMED,
        Effect.SAFE,
        Touched.FILLED,
    )
    assert found.renames.fields == {"shop.thing": {"y": "x"}}


def test_renaming_an_entity_changes_nothing_about_what_refers_to_it(
    load: Callable[..., Any],
) -> None:
    old = "entities: {a: {title: A, fields: {n: {type: text}}}, b: {fields: {to_a: {type: reference, to: a}}}}"
    new = old.replace("{a: {title: A,", "{c: {title: A, was: [a],").replace("to: a}", "to: c}")
    found = difference(load, old, new)
    concerned = [(change.kind, change.entity) for change in found.changes if change.entity]
    assert concerned == [(Kind.RENAMED, "shop.c")]
    assert (found.loses_data, found.renames.entities) == ((), {"shop.c": "shop.a"})


def test_a_renaming_that_cannot_be_carried_loses_data(load: Callable[..., Any]) -> None:
    found = difference(
        load,
        f"{HEAD}      x: {{type: text}}\n",
        f"{HEAD}      y: {{type: integer, title: Y, was: [x]}}\n",
    )
    (change,) = found.loses_data
    assert (change.code, change.field) == ("FW402", "y")
    assert "changes its type from text to integer" in str(change.text)


def test_keys_of_long_ago_rename_nothing(load: Callable[..., Any]) -> None:
    found = difference(
        load, HEAD, f"{HEAD}      y: {{type: text, title: Y, was: [long_ago, before]}}\n"
    )
    assert found.fields(Kind.ADDED) == (("shop.thing", "y"),)
    assert not found.renames


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("{a: {type: text}, b: {type: text, was: [a]}}", "'a' is still a key of its own"),
        ("{a: {type: text, was: [b]}, b: {type: text, was: [a]}}", "'b' is still a key of its own"),
        ("{b: {type: text, was: [a]}, c: {type: text, was: [b]}}", "'b' is still a key of its own"),
        ("{b: {type: text, was: [a]}, c: {type: text, was: [a]}}", "'a' is a former key of 'b'"),
    ],
)
def test_a_former_key_is_free_and_named_once(
    problems: Callable[..., Any], fields: str, said: str
) -> None:
    found = problems(f"entities: {{thing: {{fields: {fields}}}}}")
    assert found[0].code == "FW209"
    assert said in str(found[0].message)


def test_a_former_key_of_an_entity_is_free_too(problems: Callable[..., Any]) -> None:
    found = problems(
        "entities: {a: {fields: {n: {type: text}}}, b: {was: [a], fields: {n: {type: text}}}}"
    )
    assert [problem.code for problem in found] == ["FW209"]


def test_what_is_said_about_a_former_key_of_an_entity_holds_on(load: Callable[..., Any]) -> None:
    catalog = load(
        "entities: {c: {was: [a], fields: {n: {type: text}}}}\n"
        "roles: {clerk: {title: Clerk}}\n"
        "grants: {all: {role: clerk, entity: a, actions: [read]}}"
    )
    assert [grant.entity for grant in catalog.grants if grant.key == "all"] == ["shop.c"]
