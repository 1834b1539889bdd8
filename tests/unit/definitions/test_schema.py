"""The schema judges every file, and what it finds is said in friendly words at the right place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from formwright.definitions.judge import validator_for
from formwright.definitions.schema import json_schema
from formwright.fieldtypes.registry import Registry

ENTITY = "entities:\n  thing:\n    fields:\n      name: {type: text}\n"


def test_the_published_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    ("text", "code", "piece"),
    [
        ("entities:\n  thing:\n    titel: X\n    fields: {a: {type: text}}\n", "FW101", "titel"),
        ("entitis: {}\n", "FW101", "entitis"),
        ("entities:\n  thing:\n    fields:\n      a: {type: txt}\n", "FW102", "txt"),
        ("entities:\n  thing:\n    fields:\n      a: {type: text, on_hide: forget}\n", "FW102", "forget"),
        ("entities:\n  thing:\n    fields:\n      a: {type: text, title: 5}\n", "FW103", "5}"),
        ("entities:\n  thing:\n    fields:\n      a: {type: text, required: 'yes'}\n", "FW103", "'yes'"),
        ("entities:\n  thing:\n    fields: []\n", "FW103", "[]"),
        ("entities:\n  thing:\n    fields:\n      a:\n", "FW103", "\n\x00"),
        ("entities:\n  thing:\n    fields:\n      a: {title: A}\n", "FW104", "a: {title"),
        ("entities:\n  thing: {title: A}\n", "FW104", "thing"),
        ("entities:\n  thing:\n    fields:\n      a: {type: reference}\n", "FW104", "a: {type"),
        ("entities:\n  thing:\n    fields:\n      a: {type: date, maxLength: 5}\n", "FW105", "maxLength"),
        ("entities:\n  thing:\n    fields:\n      a: {type: boolean, options: [x]}\n", "FW105", "options"),
        ("entities:\n  thing:\n    color: rainbow\n    fields: {a: {type: text}}\n", "FW106", "rainbow"),
        ("entities:\n  thing:\n    retention: {trash: 30 days}\n    fields: {a: {type: text}}\n", "FW106", "30 days"),
        ("entities:\n  Thing:\n    fields: {a: {type: text}}\n", "FW107", "Thing"),
        ("entities:\n  thing:\n    fields:\n      a-b: {type: text}\n", "FW107", "a-b"),
        ("entities:\n  thing:\n    fields:\n      a: {type: rollup}\n", "FW108", "rollup"),
        ("entities:\n  thing:\n    kind: singleton\n    fields: {a: {type: text}}\n", "FW108", "singleton"),
        ("workflows: {}\n", "FW108", "workflows"),
        ("entities:\n  thing:\n    workflow: w\n    fields: {a: {type: text}}\n", "FW108", "workflow"),
        (ENTITY + "views:\n  v: {entity: thing, title: V, type: kanban}\n", "FW108", "kanban"),
    ],
)  # fmt: skip
def test_each_kind_of_mistake_has_its_code_and_place(
    text: str,
    code: str,
    piece: str,
    problems: Callable[..., Any],
    place: Callable[..., tuple[int, int]],
) -> None:
    found = problems(text)
    assert [problem.code for problem in found] == [code]
    if piece in text:
        assert (found[0].location.line, found[0].location.column) == place(text, piece)


def test_an_unknown_key_suggests_the_nearest(problems: Callable[..., Any]) -> None:
    (found,) = problems("entities:\n  thing:\n    fields:\n      a: {type: text, requird: true}\n")
    assert found.suggestion == "required"
    assert "required" in found.expected


def test_an_unknown_type_lists_what_there_is(
    problems: Callable[..., Any], registry: Registry
) -> None:
    (found,) = problems("entities:\n  thing:\n    fields:\n      a: {type: txt}\n")
    assert set(found.expected) == set(registry.names())
    assert found.suggestion == "text"


def test_a_construct_of_a_later_version_lists_what_there_is(problems: Callable[..., Any]) -> None:
    (found,) = problems("reminders: {}\n")
    assert found.code == "FW108"
    assert "entities" in found.expected


def test_a_number_where_text_is_asked_for_comes_with_the_quotes(
    problems: Callable[..., Any],
) -> None:
    (found,) = problems("entities:\n  thing:\n    title: 2024\n    fields: {a: {type: text}}\n")
    assert found.expected == ('"2024"',)


def test_problems_speak_both_languages(problems: Callable[..., Any]) -> None:
    (found,) = problems("entities:\n  thing:\n    fields:\n      a: {type: text, requird: true}\n")
    assert "unknown key 'requird'" in found.in_language("en")
    assert "requird" in found.in_language("zh-CN")
    assert found.in_language("zh-CN") != found.in_language("en")


def test_patterns_are_matched_in_linear_time() -> None:
    validator = validator_for({"$id": "urn:test", "type": "string", "pattern": "^(a+)+$"})
    assert not validator.is_valid("a" * 50_000 + "!")


def test_no_remote_reference_is_ever_fetched() -> None:
    # The suite refuses the network; what must come is the complaint of the registry, not a connection.
    validator = validator_for({"$id": "urn:test", "$ref": "http://127.0.0.1:9/schema.json"})
    with pytest.raises(Exception, match="Unresolvable"):
        validator.is_valid({})


def test_one_wrong_field_brings_no_complaints_about_what_uses_it(
    problems: Callable[..., Any],
) -> None:
    found = problems(
        "entities:\n  thing:\n    display: '{{ size }}'\n    fields:\n      size: {type: sise}\n"
        "      big: {type: formula, compute: 'size > 3'}\n"
        "views:\n  v: {entity: thing, title: V, columns: [size, big]}\n"
    )
    assert [problem.code for problem in found] == ["FW102"]
