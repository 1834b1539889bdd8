"""The reference is made from the code, is complete in both languages, and is the one that is committed."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from formwright.definitions import codes
from formwright.definitions.language import CONSTRUCTS, FILE
from formwright.definitions.language_types import TYPE_WORDS
from formwright.definitions.reference import FOLDERS, SCHEMA_FILE, pages
from formwright.definitions.schema import json_schema
from formwright.definitions.shapes import Attribute
from formwright.expressions.builtin import BUILTIN
from formwright.fieldtypes.registry import builtin
from formwright.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
CODE = ROOT / "platform" / "formwright"
PAGES = pages()
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

ATTRIBUTES = [
    (construct.name, attribute)
    for construct in (*CONSTRUCTS.values(), FILE)
    for attribute in construct.attributes
]


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_the_code_makes(name: str) -> None:
    committed = REFERENCE / name
    assert committed.is_file()
    assert committed.read_text(encoding="utf-8") == PAGES[name], (
        "run python -m formwright.definitions.reference"
    )


def test_nothing_else_lies_in_the_folder_of_the_reference() -> None:
    there = {
        path.relative_to(REFERENCE).as_posix() for path in REFERENCE.rglob("*") if path.is_file()
    }
    assert there == set(PAGES)


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_every_attribute_is_documented(folder: str) -> None:
    text = "\n".join(
        page for name, page in PAGES.items() if name.startswith(folder) and name.endswith(".md")
    )
    missing = [
        f"{owner}.{attribute.name}"
        for owner, attribute in ATTRIBUTES
        if f"| `{attribute.name}` |" not in text
    ]
    assert missing == []


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_every_field_type_and_function_is_documented(folder: str) -> None:
    fields, expressions = PAGES[f"{folder}fields.md"], PAGES[f"{folder}expressions.md"]
    assert [kind.name for kind in builtin() if f"### {kind.name}\n" not in fields] == []
    assert [
        function.name for function in BUILTIN if f"| `{function.name}(" not in expressions
    ] == []


def test_every_field_type_has_a_sentence_in_both_languages() -> None:
    assert set(TYPE_WORDS) == set(builtin().names())


@pytest.mark.parametrize(
    "attribute", [attribute for _, attribute in ATTRIBUTES], ids=lambda each: each.name
)
def test_every_attribute_has_its_meaning_in_both_languages(attribute: Attribute) -> None:
    assert attribute.en.endswith(".")
    assert not _CHINESE.search(attribute.en)
    assert _CHINESE.search(attribute.zh)
    assert attribute.required or attribute.default is not None


def test_every_attribute_a_field_type_takes_is_in_the_table_or_comes_later() -> None:
    field = CONSTRUCTS["field"]
    known = {*field.names, *field.later}
    unknown = {(kind.name, name) for kind in builtin() for name in kind.attributes - known}
    assert unknown == set()


def test_every_own_attribute_is_taken_by_a_field_type() -> None:
    taken = {name for kind in builtin() for name in kind.attributes}
    assert [
        attribute.name
        for attribute in CONSTRUCTS["field"].attributes
        if attribute.own and attribute.name not in taken
    ] == []


def used_codes() -> dict[str, str]:
    """Return every problem code that stands in the code of the platform, with a file that has it."""
    found: dict[str, str] = {}
    for path in CODE.rglob("*.py"):
        if path.name == "codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= dict.fromkeys(re.findall(r"^FW[0-9]{3}$", node.value), path.name)
    return found


def test_every_problem_code_is_explained_and_used() -> None:
    assert set(used_codes()) == {code.code for code in codes.CODES}


@pytest.mark.parametrize("code", codes.CODES, ids=lambda each: each.code)
def test_a_problem_code_says_what_it_means_and_the_way_out(code: codes.Code) -> None:
    assert code.en.endswith(".")
    assert code.out_en.endswith(".")
    assert _CHINESE.search(code.zh)
    assert _CHINESE.search(code.out_zh)
    assert all(f"| {code.code} |" in PAGES[f"{folder}problems.md"] for folder in FOLDERS.values())


def test_codes_are_in_order_and_unique() -> None:
    listed = [code.code for code in codes.CODES]
    assert listed == sorted(set(listed))
    assert codes.find("FW101") is not None
    assert codes.find("FW999") is None


def test_the_published_schema_is_the_one_that_judges() -> None:
    assert json.loads(PAGES[SCHEMA_FILE]) == json_schema()


def test_every_example_of_the_reference_is_valid() -> None:
    # Each example is a file of its own; the names in it need not exist, but its shape must be right.
    from formwright.definitions.judge import Judge  # noqa: PLC0415 -- it compiles the schema
    from formwright.definitions.source import parse  # noqa: PLC0415 -- only here

    judge = Judge(builtin())
    for construct in CONSTRUCTS.values():
        top = construct.example.partition(":")[0]
        if not construct.example or FILE.get(top) is None:
            continue
        document = parse(f"{construct.name}.yaml", construct.example, [])
        assert document is not None
        assert judge.problems(document) == []


def test_every_setting_is_documented() -> None:
    guides = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))
    )
    names = [f"FORMWRIGHT_{name.upper()}" for name in Settings.__dataclass_fields__]
    assert [name for name in names if name not in guides] == []
