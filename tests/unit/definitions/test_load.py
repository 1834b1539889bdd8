"""Packages out of folders and texts: put together, in order, every problem at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from formwright.definitions.load import find_packages, load_packages, load_sources
from formwright.definitions.model import SYSTEM, Action
from formwright.errors import DefinitionErrors
from formwright.fieldtypes.registry import MissingFieldType, Registry

HOME = Path(__file__).resolve().parents[2] / "homes" / "inspection" / "apps_definitions"
THING = "entities:\n  thing:\n    fields:\n      name: {type: text}\n"


def test_a_folder_of_packages_becomes_a_catalog(registry: Registry) -> None:
    catalog = load_packages(find_packages(HOME), registry)
    assert list(catalog.packages) == ["core", "inspection"]
    assert list(catalog.entities) == [
        "core.user",
        "inspection.equipment",
        "inspection.inspection",
        "inspection.finding",
    ]
    assert catalog.packages["inspection"].home == "inspection.workshop"
    assert catalog.revision == 0


def test_the_same_from_texts(registry: Registry) -> None:
    files = {
        str(path.relative_to(HOME)): path.read_text(encoding="utf-8")
        for path in HOME.rglob("*")
        if path.is_file()
    }
    one, other = load_sources(files, registry), load_packages(find_packages(HOME), registry)
    assert list(one.entities) == list(other.entities)
    assert [grant.key for grant in one.grants] == [grant.key for grant in other.grants]


def test_maps_of_several_files_are_put_together(load: Callable[..., Any]) -> None:
    catalog = load(
        {
            "shop/a.yaml": THING,
            "shop/b.yaml": THING.replace("thing", "other"),
            "shop/zh.yaml": "translations: {zh-CN: {entities.thing.title: 东西}}\n",
            "shop/zh2.yaml": "translations: {zh-CN: {entities.other.title: 其他}}\n",
        }
    )
    assert list(catalog.entities) == ["core.user", "shop.thing", "shop.other"]
    titles = [
        catalog.entities[name].title.in_language("zh-CN") for name in ("shop.thing", "shop.other")
    ]
    assert titles == ["东西", "其他"]


def test_a_key_defined_in_two_files_names_both_places(problems: Callable[..., Any]) -> None:
    found = problems({"shop/a.yaml": THING, "shop/b.yaml": "# second\n" + THING})
    assert [problem.code for problem in found] == ["FW002"]
    assert str(found[0].location) == "shop/b.yaml:3:3"
    assert "shop/a.yaml:2:3" in str(found[0].message)


def test_all_problems_of_all_files_come_at_once_and_in_order(problems: Callable[..., Any]) -> None:
    found = problems(
        {
            "shop/a.yaml": THING + "      age: {type: intger}\n",
            "shop/b.yaml": "views:\n  v: {entity: thin, title: V}\n",
            "shop/c.yaml": "grants:\n  g: {role: boss, entity: thing, actions: [read], scope: nam == 'x'}\n",
        }
    )
    assert [(problem.location.file, problem.code) for problem in found] == [
        ("shop/a.yaml", "FW102"),
        ("shop/b.yaml", "FW201"),
        ("shop/c.yaml", "FW201"),
    ]


def test_an_unreadable_file_keeps_the_others_from_being_blamed(
    problems: Callable[..., Any],
) -> None:
    found = problems(
        {
            "shop/a.yaml": "entities: {thing: [\n",
            "shop/b.yaml": "views:\n  v: {entity: thing, title: V, colums: []}\n",
        }
    )
    assert [problem.code for problem in found] == ["FW001", "FW101"]


def test_a_folder_that_is_not_there_is_a_problem(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(DefinitionErrors, match="no such folder"):
        load_packages([tmp_path / "nothing"], registry)


def test_hidden_files_and_other_files_are_left_alone(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    (folder / ".git").mkdir(parents=True)
    (folder / "package.yaml").write_text("package: {key: shop, title: Shop, version: 1.0.0}\n")
    (folder / ".git" / "x.yaml").write_text("not: [valid\n")
    (folder / "readme.md").write_text("not: [valid\n")
    assert list(load_packages([folder], registry).packages) == ["shop"]


@pytest.mark.parametrize(
    ("requires", "code"),
    [
        ("{core: '^1.0'}", None),
        ("{core: '>=1.0,<2'}", None),
        ("{core: '^2.0'}", "FW203"),
        ("{cor: '*'}", "FW203"),
        ("{shop: '*'}", "FW204"),
    ],
)
def test_requirements_are_met_or_a_problem(
    requires: str, code: str | None, registry: Registry
) -> None:
    files = {
        "core/package.yaml": (HOME / "core" / "package.yaml").read_text(encoding="utf-8"),
        "shop/package.yaml": f"package: {{key: shop, title: Shop, version: 1.0.0, requires: {requires}}}\n",
    }
    if code is None:
        assert "shop" in load_sources(files, registry).packages
        return
    with pytest.raises(DefinitionErrors) as caught:
        load_sources(files, registry)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert str(caught.value.problems[0].location).startswith("shop/package.yaml:1:")


def test_packages_come_after_what_they_require(registry: Registry) -> None:
    head = "package: {{key: {0}, title: {0}, version: 1.0.0, requires: {1}}}\n"
    files = {
        "a/package.yaml": head.format("a", "{b: '*'}"),
        "b/package.yaml": head.format("b", "{c: '*'}"),
        "c/package.yaml": head.format("c", "{}"),
    }
    assert list(load_sources(files, registry).packages) == ["c", "b", "a"]


def test_packages_that_require_each_other_are_a_problem_that_shows_the_circle(
    registry: Registry,
) -> None:
    head = "package: {{key: {0}, title: {0}, version: 1.0.0, requires: {1}}}\n"
    files = {
        "a/package.yaml": head.format("a", "{b: '*'}"),
        "b/package.yaml": head.format("b", "{a: '*'}"),
    }
    with pytest.raises(DefinitionErrors) as caught:
        load_sources(files, registry)
    assert "a → b → a" in str(caught.value.problems[0].message)


def test_a_package_for_another_platform_is_refused(registry: Registry) -> None:
    text = "package: {key: shop, title: Shop, version: 1.0.0, platform: '>=99'}\n"
    with pytest.raises(DefinitionErrors, match="FW203"):
        load_sources({"shop/package.yaml": text}, registry)


def test_a_bare_name_must_mean_one_thing(registry: Registry) -> None:
    entity = "package: {{key: {0}, title: {0}, version: 1.0.0}}\nentities:\n  thing: {{fields: {{name: {{type: text}}}}}}\n"
    user = (
        "package: {{key: c, title: C, version: 1.0.0, requires: {{a: '*', b: '*'}}}}\n"
        "entities:\n  mine: {{fields: {{other: {{type: reference, to: {0}}}}}}}\n"
    )
    files = {"a/p.yaml": entity.format("a"), "b/p.yaml": entity.format("b")}
    with pytest.raises(DefinitionErrors) as caught:
        load_sources({**files, "c/p.yaml": user.format("thing")}, registry)
    assert [problem.code for problem in caught.value.problems] == ["FW202"]
    assert caught.value.problems[0].expected == ("a.thing", "b.thing")
    catalog = load_sources({**files, "c/p.yaml": user.format("b.thing")}, registry)
    assert catalog.entities["c.mine"].fields["other"].target == "b.thing"


def test_a_name_of_a_package_that_is_not_required_is_refused(registry: Registry) -> None:
    files = {
        "a/p.yaml": "package: {key: a, title: A, version: 1.0.0}\nentities: {thing: {fields: {name: {type: text}}}}\n",
        "b/p.yaml": "package: {key: b, title: B, version: 1.0.0}\nentities: {mine: {fields: {x: {type: reference, to: a.thing}}}}\n",
    }
    with pytest.raises(DefinitionErrors) as caught:
        load_sources(files, registry)
    assert [problem.code for problem in caught.value.problems] == ["FW203"]


def test_a_lost_field_type_is_a_problem_when_checked_and_a_stand_in_when_in_force(
    problems: Callable[..., Any], load: Callable[..., Any]
) -> None:
    text = THING + "      number: {type: tax_number, hint: 18 characters}\n"
    assert problems(text)[0].code in {"FW101", "FW102"}
    text = THING + "      number: {type: tax_number, maxLength: 18}\n"
    field = load(text, lost_types=True).entities["shop.thing"].fields["number"]
    assert isinstance(field.type, MissingFieldType)


def test_grants_are_found_by_entity_and_action(registry: Registry) -> None:
    catalog = load_packages(find_packages(HOME), registry)
    found = catalog.grants_by["inspection.equipment", Action.UPDATE]
    written = [grant.key for grant in found if grant.role != SYSTEM]
    assert written == ["inspector_own_machines", "foreman_machines"]
    assert catalog.roles_of(["inspection.foreman"]) == {
        "inspection.foreman",
        "inspection.inspector",
    }


def test_references_to_an_entity_are_known(registry: Registry) -> None:
    catalog = load_packages(find_packages(HOME), registry)
    assert set(catalog.referrers["inspection.equipment"]) == {
        ("inspection.equipment", "spare_for"), ("inspection.inspection", "machine"),
    }  # fmt: skip
    assert catalog.referrers["core.user"] == (("inspection.equipment", "keeper"),)
