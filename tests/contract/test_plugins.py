"""What every shipped plugin promises, and what is left of an application when it goes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from formwright.definitions.load import load_sources
from formwright.errors import DefinitionErrors
from formwright.expressions.check import check
from formwright.expressions.environment import Environment
from formwright.expressions.evaluate import evaluate
from formwright.fieldtypes.registry import MissingFieldType
from formwright.plugins import manager
from formwright.texts import Reader

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "plugins"
PLUGINS = manager.load([FOLDER], entry_points=False)
WITHOUT = manager.load((), entry_points=False)
ADDED = [
    PLUGINS.functions.find(name)
    for report in PLUGINS.report
    for name in (*report.functions, *report.validators)
]
CORE = ROOT / "apps_definitions" / "core"
CODE = "91350100M000100Y43"
PACKAGE = """
package: {key: shop, title: Shop, version: 1.0.0}
entities:
  firm:
    title: Firm
    fields:
      name: {type: text}
      tax_no: {type: uscc, title: Tax number}
"""
WITH_FUNCTIONS = """
      amount: {type: money, currency: CNY}
      words: {type: formula, compute: "CNY_UPPERCASE(amount)"}
      owner_id:
        type: text
        rules:
          real: {assert: "owner_id == null || VALID_CN_ID(owner_id)", message: This number has a mistake.}
"""


class NoNames:
    def member(self, entity, name):  # noqa: ARG002 -- a schema without fields
        return None

    def member_names(self, entity):  # noqa: ARG002 -- see above
        return ()


def catalog(package, plugins, **more):
    files = {
        f"core/{file.relative_to(CORE)}": file.read_text(encoding="utf-8")
        for file in CORE.rglob("*.yaml")
    }
    files["shop/package.yaml"] = package
    return load_sources(files, plugins.registry, functions=plugins.functions, **more)


def test_every_shipped_plugin_works():
    assert PLUGINS.report
    assert [str(report.problem) for report in PLUGINS.broken] == []


@pytest.mark.parametrize("report", PLUGINS.report, ids=lambda report: report.name)
def test_a_plugins_readme_names_all_it_adds(report):
    readme = (FOLDER / report.name / "README.md").read_text(encoding="utf-8")
    for name in (*report.field_types, *report.functions, *report.validators):
        assert f"`{name}" in readme


@pytest.mark.parametrize("function", ADDED, ids=lambda function: function.name)
def test_the_examples_of_a_plugins_function_give_what_they_say(function):
    assert function.examples
    for expression, expected in function.examples:
        checked = check(expression, NoNames(), None, functions=PLUGINS.functions)
        result = evaluate(checked, Environment.without_record(datetime(2026, 11, 21, tzinfo=UTC)))
        assert (str(result).lower() if isinstance(result, bool) else str(result)) == expected


@pytest.mark.parametrize("function", ADDED, ids=lambda function: function.name)
def test_a_plugins_function_is_described_in_both_languages(function):
    assert function.doc.in_language("zh-CN") != function.doc.in_language("en")


def test_definitions_can_use_what_a_plugin_adds():
    fields = catalog(PACKAGE + WITH_FUNCTIONS, PLUGINS).entities["shop.firm"].fields
    assert fields["tax_no"].type.name == "uscc"
    assert fields["words"].kind.base == "text"


def test_new_definitions_with_a_lost_type_are_refused():
    with pytest.raises(DefinitionErrors, match="'uscc'"):
        catalog(PACKAGE, WITHOUT)


def test_definitions_in_force_keep_the_values_of_a_lost_type_readable():
    before = catalog(PACKAGE, PLUGINS).entities["shop.firm"].fields["tax_no"]
    stored = before.type.to_stored(before, CODE)
    after = catalog(PACKAGE, WITHOUT, lost_types=True).entities["shop.firm"].fields["tax_no"]
    assert isinstance(after.type, MissingFieldType)
    value = after.type.from_stored(after, stored)
    assert after.type.format(after, value, Reader()) == CODE
    assert after.type.to_stored(after, value) == stored
