"""Packages put in force: atomic, repeatable, seen by every process without a restart."""

from __future__ import annotations

import shutil
from pathlib import Path
from unittest import mock

import pytest

from formwright import paths
from formwright.definitions.effects import Kind
from formwright.definitions.model import Action
from formwright.engine import packages, views
from formwright.engine.packages import PackageError
from formwright.engine.runtime import Runtime
from formwright.errors import DefinitionErrors
from formwright.plugins import manager
from formwright.store.store import Store

HERE = Path(__file__).resolve().parents[3]


@pytest.fixture
def inspection(tmp_path: Path) -> Path:
    folder = tmp_path / "inspection"
    shutil.copytree(HERE / "docs/examples/inspection", folder)
    return folder


def publish(office, folder, **more):
    return packages.apply_folder(
        office.runtime, packages.installer(office.runtime.catalog), folder, **more
    )


def edit(folder: Path, old: str, new: str) -> None:
    for path in folder.rglob("*.yaml"):
        text = path.read_text("utf-8")
        if old in text:
            path.write_text(text.replace(old, new, 1), "utf-8")
            return
    raise AssertionError(old)


def test_a_new_package_is_usable_at_once_in_every_process(office, inspection, installed_url):
    store = Store.open(installed_url)
    elsewhere = Runtime(store, manager.load([paths.tree("plugins")]))
    assert "inspection.equipment" not in elsewhere.catalog.entities
    published = publish(office, inspection)
    actor = packages.installer(office.runtime.catalog)
    with elsewhere.unit(actor) as unit:
        assert unit.catalog.revision == published.number
        entity = next(name for name in unit.catalog.entities if name.startswith("inspection."))
        assert views.default_view(unit, entity)
    store.close()


def test_applying_twice_changes_nothing(office, inspection):
    first = publish(office, inspection)
    second = publish(office, inspection)
    assert second.number == first.number
    assert second.plan.same_files


def test_a_broken_package_leaves_everything_as_it_was(office, inspection):
    before = office.runtime.catalog.revision
    edit(inspection, "type: text", "type: txt")
    with pytest.raises(DefinitionErrors) as raised:
        publish(office, inspection)
    problem = raised.value.problems[0]
    assert problem.suggestion == "text"
    assert problem.location.line > 1
    with office.runtime.unit(packages.installer(office.runtime.catalog)) as unit:
        assert unit.catalog.revision == before


TOOLS = """
package: {key: tools, title: Tools, version: 1.0.0}
entities:
  tool:
    title: Tool
    fields:
      name: {type: text, title: Name, required: true}
      maker: {type: text, title: Maker}
      size: {type: choice, title: Size, options: [small, large]}
roles:
  smith: {title: Smith}
grants:
  all: {role: smith, entity: tool, actions: [read, create, update]}
"""


def test_a_plan_says_what_would_change_and_how_many_records_it_touches(office, tmp_path):
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "package.yaml").write_text(TOOLS, "utf-8")
    publish(office, folder)
    for maker in ("Gedore", ""):
        office.accept(
            "tools.tool",
            office.person("smith", "tools.smith"),
            name="Hammer",
            maker=maker,
            size="small",
        )
    edit(folder, "      maker: {type: text, title: Maker}\n", "")
    edit(folder, "options: [small, large]", "options: [large]")
    with office.runtime.unit(office.person("smith")) as unit:
        plan, *_ = packages.plan(unit, packages.files_to_publish(unit, folder))
    touched = {change.field: count for change, count in plan.counts if change.field}
    assert touched["maker"] == 1
    assert touched["size"] == 2
    with pytest.raises(PackageError):
        publish(office, folder)
    publish(office, folder, accept_loss=True)
    assert "maker" not in office.runtime.catalog.entities["tools.tool"].fields


def test_installing_again_adds_no_rows(office):
    actor = packages.installer(office.runtime.catalog)
    packages.install(office.runtime, actor, "crm", demo=True)
    with office.runtime.unit(actor) as unit:
        first = views.list_view(unit, "crm.customers", views.ListState()).count
    packages.install(office.runtime, actor, "crm", demo=True)
    with office.runtime.unit(actor) as unit:
        assert views.list_view(unit, "crm.customers", views.ListState()).count == first >= 40


def test_renaming_a_field_and_its_entity_keeps_what_people_have_stored(office, tmp_path):
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "package.yaml").write_text(TOOLS, "utf-8")
    publish(office, folder)
    smith = office.person("smith", "tools.smith")
    record = office.accept("tools.tool", smith, name="Hammer", maker="Gedore").record
    office.update(smith, record, name="Hammer", maker="Stahlwille")

    edit(folder, "  tool:\n", "  device:\n    was: [tool]\n")
    edit(folder, "maker: {type: text, title: Maker}", "brand: {type: text, title: Brand, was: [maker]}")  # fmt: skip
    with office.runtime.unit(smith) as unit:
        plan, *_ = packages.plan(unit, packages.files_to_publish(unit, folder))
    renamed = [(str(each.text), count) for each, count in plan.counts if each.kind is Kind.RENAMED]
    assert plan.refused == ()
    assert renamed == [
        ("Entity “Tool” is renamed from tool to device; its records stay.", 1),
        ("Field “Brand” of “Tool” is renamed from maker to brand; its values come along.", 1),
    ]
    publish(office, folder)
    with office.runtime.unit(smith) as unit:  # the grant still says "tool"
        found = unit.gate.find(Action.READ, "tools.device", record.id)
        assert found.values["brand"] == "Stahlwille"
        newest = unit.tx.history.of("tools.device", record.id)[0]
    assert newest.changes["brand"] == ["Gedore", "Stahlwille"]


def test_a_key_can_be_used_anew_once_its_values_have_gone(office, tmp_path):
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "package.yaml").write_text(TOOLS, "utf-8")
    publish(office, folder)
    smith = office.person("smith", "tools.smith")
    record = office.accept("tools.tool", smith, name="Hammer", maker="Gedore").record
    edit(folder, "maker: {type: text, title: Maker}", "brand: {type: text, was: [maker]}")
    with mock.patch.object(office.runtime.store, "catch_up"):
        publish(office, folder)
    edit(folder, "brand: {type: text, was: [maker]}", "brand: {type: text}\n      maker: {type: text}")  # fmt: skip
    publish(office, folder)
    with office.runtime.unit(smith) as unit:
        values = unit.tx.records.get("tools.tool", record.id).values
        assert (values["brand"], values["maker"]) == ("Gedore", None)
