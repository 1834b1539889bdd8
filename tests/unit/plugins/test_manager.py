from importlib import metadata
from pathlib import Path

import pytest

from formwright.fieldtypes.registry import builtin
from formwright.plugins import manager

GOOD = '''
"""A colour, and two functions."""
from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import BOOLEAN, TEXT, Base
from formwright.fieldtypes.text import TextType
from formwright.plugins.hookspecs import hookimpl
from formwright.plugins.wording import wording


class ColourType(TextType):
    """A colour."""

    name = "{type}"


def function(name, result, evaluate):
    words = wording("Does something.", chinese="做某事。")
    return Function(name, "plugin", words, (Parameter("text", (Base.TEXT,)),), result, evaluate)


@hookimpl
def formwright_field_types():
    """Return the colour."""
    return [ColourType()]


@hookimpl
def formwright_functions():
    """Return a function."""
    return [function("{function}", TEXT, str.upper)]


@hookimpl
def formwright_validators():
    """Return a check."""
    return [function("IS_{function}", {result}, str.isupper)]
'''


def plugin(folder: Path, name: str, text: str = "", **parts: str) -> Path:
    text = text or GOOD.replace("{result}", parts.get("result", "BOOLEAN")).replace(
        "{type}", parts.get("type", "colour")
    ).replace("{function}", parts.get("function", "SHOUT"))
    file = folder / name / "plugin.py"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return folder


def load(*folders: Path) -> manager.Plugins:
    return manager.load(folders, entry_points=False)


def problem(found: manager.Plugins) -> str:
    (report,) = found.broken
    return str(report.problem)


def test_a_folder_with_one_file_adds_a_type_a_function_and_a_check(tmp_path):
    found = load(plugin(tmp_path, "paint"))
    assert "colour" in found.registry
    assert found.registry.provider("colour") == "paint"
    assert found.functions.find("SHOUT").evaluate("a") == "A"
    assert found.functions.find("IS_SHOUT") is found.validators["IS_SHOUT"]
    (report,) = found.report
    assert report.works
    assert (report.field_types, report.functions, report.validators) == (
        ("colour",),
        ("SHOUT",),
        ("IS_SHOUT",),
    )


def test_without_plugins_there_is_what_the_platform_brings(tmp_path):
    found = load(tmp_path / "nothing")
    assert found.registry.names() == builtin().names()
    assert found.report == ()


def test_what_one_load_adds_is_not_there_in_the_next(tmp_path):
    load(plugin(tmp_path, "paint"))
    assert manager.load((), entry_points=False).functions.find("SHOUT") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import a_module_that_is_not_there", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("def broken(:", "SyntaxError"),
        (GOOD.replace("return [ColourType()]", "return 1 / 0"), "ZeroDivisionError"),
        (GOOD.replace("return [ColourType()]", "return ['colour']"), "'colour' is no field type"),
        (GOOD.replace("formwright_functions", "formwright_funktions"), "hook that does not exist"),
        (GOOD.replace("{type}", "date"), "'date' is already provided by formwright"),
        (GOOD.replace("{function}", "shout"), "'shout' is no name for a function"),
        (GOOD.replace("{function}", "ROUND"), "there is a function ROUND already"),
        (GOOD.replace("IS_{function}", "SHOUT"), "there is a function SHOUT already"),
        (GOOD.replace("{result}", "TEXT"), "must give true or false"),
        (GOOD.replace("str.isupper", "None"), "has nothing to call"),
    ],
)
def test_a_broken_plugin_is_named_and_left_out_as_a_whole_while_others_work(tmp_path, text, said):
    text = (
        text.replace("{type}", "shade")
        .replace("{function}", "SHOUT")
        .replace("{result}", "BOOLEAN")
    )
    plugin(tmp_path, "broken", text)
    found = load(plugin(tmp_path, "working", type="colour", function="OTHER"))
    assert said in problem(found)
    assert found.broken[0].source == str(tmp_path / "broken" / "plugin.py")
    assert "shade" not in found.registry
    assert found.functions.find("SHOUT") is None
    assert "colour" in found.registry


def test_the_report_is_there_in_chinese(tmp_path):
    found = load(plugin(tmp_path, "paint", type="date"))
    assert found.broken[0].problem.in_language("zh-CN") == "字段类型“date”已由 formwright 提供"


def test_the_first_of_two_plugins_that_want_one_name_wins(tmp_path):
    plugin(tmp_path, "a_paint")
    found = load(plugin(tmp_path, "b_paint", function="CRY"))
    assert "already provided by a_paint" in problem(found)
    assert found.functions.find("CRY") is None


def test_a_plugin_in_a_second_folder_does_not_replace_the_first(tmp_path):
    first, second = (
        plugin(tmp_path / "one", "paint"),
        plugin(tmp_path / "two", "paint", type="tint", function="CRY"),
    )
    found = load(first, second)
    assert "already loaded" in problem(found)
    assert "tint" not in found.registry


def test_a_folder_that_could_not_be_named_is_no_plugin(tmp_path):
    assert "no name for a plugin" in problem(load(plugin(tmp_path, "My-Plugin")))


def test_a_folder_without_the_file_is_no_plugin(tmp_path):
    (tmp_path / "notes").mkdir()
    assert load(tmp_path).report == ()


def test_an_installed_package_announces_its_plugin_by_an_entry_point(tmp_path, monkeypatch):
    (tmp_path / "paint_shop.py").write_text(
        GOOD.replace("{result}", "BOOLEAN")
        .replace("{type}", "colour")
        .replace("{function}", "SHOUT"),
        encoding="utf-8",
    )
    info = tmp_path / "paint_shop-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: paint-shop\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(
        "[formwright.plugins]\npaint = paint_shop\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert any(point.name == "paint" for point in metadata.entry_points(group=manager.ENTRY_POINTS))
    found = manager.load()
    (report,) = [each for each in found.report if each.name == "paint"]
    assert report.works
    assert report.source == "paint-shop 1.0"
    assert "colour" in found.registry
