"""What every package keeps without writing a test of its own: it loads, speaks both languages, and can be used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from formwright.definitions.load import load_packages
from formwright.definitions.model import SYSTEM, Action, Catalog, Dataset, Entity, Field, Form, Node
from formwright.engine.imports.mapping import field_names, fold
from formwright.fieldtypes.base import FieldType, ValueProblem
from formwright.fieldtypes.registry import builtin
from formwright.texts import Label

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.parent for path in (ROOT / "apps_definitions").glob("*/package.yaml"))
EXAMPLES = sorted(path.parent for path in (ROOT / "docs" / "examples").glob("*/package.yaml"))
CORE = ROOT / "apps_definitions" / "core"
ADMIN = "core.admin"
#: Titles that read the same in both languages.
SAME_IN_BOTH = {"English", "简体中文"}
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ICONS = {
    name
    for line in (ROOT / "frontend" / "icons.txt").read_text(encoding="utf-8").splitlines()
    for name in line.partition("#")[0].split()
}


def _required(folder: Path) -> list[Path]:
    """Return the folders a package is loaded with: all shipped ones, or an example with the core."""
    return SHIPPED if folder in SHIPPED else [CORE, folder]


@pytest.fixture(scope="module", params=[*SHIPPED, *EXAMPLES], ids=lambda folder: folder.name)
def package(request: pytest.FixtureRequest) -> tuple[str, Catalog]:
    """The key of a package, and the catalog with it and what it needs."""
    folder: Path = request.param
    return folder.name, load_packages(_required(folder), builtin())


@pytest.fixture(scope="module")
def catalog(package: tuple[str, Catalog]) -> Catalog:
    return package[1]


@pytest.fixture(scope="module")
def entities(package: tuple[str, Catalog]) -> list[Entity]:
    key, catalog = package
    return [entity for entity in catalog.entities.values() if entity.package == key]


@pytest.fixture(scope="module")
def datasets(package: tuple[str, Catalog]) -> list[Dataset]:
    key, catalog = package
    return [dataset for dataset in catalog.datasets if dataset.package == key]


def test_there_are_packages() -> None:
    assert {"core", "crm"} <= {folder.name for folder in SHIPPED}
    assert EXAMPLES


def test_a_package_is_called_like_its_folder(package: tuple[str, Catalog]) -> None:
    key, catalog = package
    assert key in catalog.packages


# --- texts ----------------------------------------------------------------------------------------------------------


def _labels(value: Any, path: str) -> Iterator[tuple[str, Label]]:
    """Yield every text below ``value`` with where it stands."""
    if isinstance(value, Label):
        yield path, value
    elif isinstance(value, FieldType | str | bytes):
        return
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _labels(part, f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for index, part in enumerate(value):
            yield from _labels(part, f"{path}.{getattr(part, 'key', index)}")
    elif is_dataclass(value):
        for each in fields(value):
            yield from _labels(getattr(value, each.name), f"{path}.{each.name}")


def _own_parts(key: str, catalog: Catalog) -> Iterator[tuple[str, Any]]:
    yield "package", catalog.packages[key]
    for kind in ("entities", "forms", "views", "apps", "roles", "settings"):
        for name, part in getattr(catalog, kind).items():
            if part.package == key:
                yield f"{kind}.{name}", part


def test_every_text_is_there_in_both_languages(package: tuple[str, Catalog]) -> None:
    missing = [
        (path, label.default)
        for start, part in _own_parts(*package)
        for path, label in _labels(part, start)
        if label.default and "zh-CN" not in label.translations
    ]
    assert not missing


def test_english_texts_are_english_and_chinese_ones_chinese(package: tuple[str, Catalog]) -> None:
    wrong = [
        (path, label.default, label.translations.get("zh-CN"))
        for start, part in _own_parts(*package)
        for path, label in _labels(part, start)
        if label.default not in SAME_IN_BOTH
        and (
            _CHINESE.search(label.default) or _is_plain_english(label.translations.get("zh-CN", ""))
        )
    ]
    assert not wrong


def _is_plain_english(text: str) -> bool:
    return bool(re.search(r"[a-z]{2}", text)) and not _CHINESE.search(text)


def test_every_field_has_a_title_of_its_own(entities: list[Entity]) -> None:
    for entity in entities:
        titles = Counter(field.title.in_language("zh-CN") for field in entity.fields.values())
        assert [title for title, count in titles.items() if count > 1] == [], entity.name


def test_icons_are_in_the_sprite(package: tuple[str, Catalog]) -> None:
    key, catalog = package
    used = {catalog.packages[key].icon}
    used |= {
        part.icon
        for part in (*catalog.entities.values(), *catalog.apps.values())
        if part.package == key
    }
    used |= {item.icon for app in catalog.apps.values() if app.package == key for item in app.menu}
    assert used - {""} <= _ICONS


# --- forms, views, menus --------------------------------------------------------------------------------------------


def _nodes(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _nodes(node.items)


def _shown(form: Form) -> list[str]:
    return [node.field for node in _nodes(form.layout) if node.field]


def _forms(catalog: Catalog, entity: Entity, purpose: str) -> list[Form]:
    return [
        form
        for form in catalog.forms.values()
        if form.entity == entity.name and purpose in form.purpose
    ]


def test_forms_name_existing_fields_and_each_once(catalog: Catalog) -> None:
    for form in catalog.forms.values():
        shown = Counter(_shown(form))
        assert set(shown) <= set(catalog.entities[form.entity].fields), form.name
        assert set(shown.values()) <= {1}, form.name


@pytest.mark.parametrize("purpose", ["create", "edit", "view"])
def test_every_kind_of_record_can_be_entered_changed_and_read(
    catalog: Catalog, entities: list[Entity], purpose: str
) -> None:
    for entity in entities:
        if entity.kind == "record":
            assert _forms(catalog, entity, purpose), entity.name


@pytest.mark.parametrize("purpose", ["create", "quick"])
def test_what_must_be_filled_is_in_the_form(
    catalog: Catalog, entities: list[Entity], purpose: str
) -> None:
    for entity in entities:
        for form in _forms(catalog, entity, purpose):
            missing = {
                field.key for field in entity.fields.values() if _must_be_typed(field)
            } - set(_shown(form))
            assert not missing, form.name


def _must_be_typed(field: Field) -> bool:
    given = (
        field.default is not None or field.default_from is not None or field.fill_from is not None
    )
    return (
        (field.required or bool(field.is_subform and field.min_items))
        and field.writable
        and not given
    )


def test_no_field_is_dead(catalog: Catalog, entities: list[Entity]) -> None:
    """A field that no form shows and no formula or rule reads serves nobody."""
    for entity in entities:
        if entity.kind != "record":
            continue
        shown = {
            key
            for form in catalog.forms.values()
            if form.entity == entity.name
            for key in _shown(form)
        }
        listed = {
            c.path.split(".")[0]
            for v in catalog.views.values()
            if v.entity == entity.name
            for c in v.columns
        }
        kept = {
            field.key
            for field in entity.fields.values()
            if field.hidden or field.type.name == "backlink"
        }
        assert set(entity.fields) - shown - listed - kept == set(), entity.name


def test_rows_show_existing_columns_and_all_they_need(catalog: Catalog) -> None:
    for form in catalog.forms.values():
        for node in _nodes(form.layout):
            if node.type != "subform":
                continue
            child = catalog.entities[catalog.entities[form.entity].fields[node.field].target]
            columns = set(node.columns_shown) or set(child.fields)
            assert columns <= set(child.fields), form.name
            assert {
                field.key for field in child.fields.values() if _must_be_typed(field)
            } <= columns, form.name


def test_every_kind_of_record_has_one_default_list(
    catalog: Catalog, entities: list[Entity]
) -> None:
    for entity in entities:
        if entity.kind == "record":
            views = [view for view in catalog.views.values() if view.entity == entity.name]
            assert [view.default for view in views].count(True) == 1, entity.name
            assert all(view.columns and view.sort and view.empty_text for view in views), (
                entity.name
            )


def test_every_kind_of_record_is_in_a_menu(
    package: tuple[str, Catalog], entities: list[Entity]
) -> None:
    key, catalog = package
    linked: set[str] = set()
    for app in catalog.apps.values():
        items = (
            [inner for item in app.menu for inner in (item, *item.items)]
            if app.package == key
            else []
        )
        linked |= {
            item.entity or catalog.views[item.view].entity
            for item in items
            if item.entity or item.view
        }
    assert {entity.name for entity in entities if entity.kind == "record"} == linked


# --- rights ---------------------------------------------------------------------------------------------------------


def test_an_administrator_may_do_everything_with_every_record(
    catalog: Catalog, entities: list[Entity]
) -> None:
    wanted = {
        Action.READ,
        Action.CREATE,
        Action.UPDATE,
        Action.DELETE,
        Action.RESTORE,
        Action.PURGE,
    }
    for entity in entities:
        if entity.kind == "record":
            held = {
                action
                for grant in catalog.grants
                if grant.role == ADMIN and grant.entity == entity.name and grant.scope is None
                for action in grant.actions
            }
            assert wanted <= held, entity.name


def test_whoever_may_write_may_read(catalog: Catalog) -> None:
    for grant in catalog.grants:
        if grant.role == SYSTEM:
            continue  # it may do everything
        readers = {
            other.role
            for other in catalog.grants
            if other.entity == grant.entity and Action.READ in other.actions
        }
        inherited = set(_inherited(catalog, grant.role))
        assert readers & inherited, grant.key


def _inherited(catalog: Catalog, role: str) -> Iterator[str]:
    yield role
    for other in catalog.roles[role].inherits:
        yield from _inherited(catalog, other)


# --- import ---------------------------------------------------------------------------------------------------------


def test_no_column_title_of_a_file_means_two_fields(entities: list[Entity]) -> None:
    """Titles win over synonyms, so a synonym that is another field's title would never be found."""
    for entity in entities:
        owners: dict[str, set[str]] = {}
        for field in entity.fields.values():
            if not field.type.virtual:
                for name in field_names(field):
                    owners.setdefault(fold(name), set()).add(field.key)
        assert {name: keys for name, keys in owners.items() if len(keys) > 1} == {}, entity.name


# --- rows that come along -------------------------------------------------------------------------------------------


def test_rows_that_come_along_are_small() -> None:
    for folder in (*SHIPPED, *EXAMPLES):
        size = sum(
            path.stat().st_size
            for path in folder.rglob("*.yaml")
            if "\n  demo:\n" in path.read_text("utf-8")
        )
        assert size < 300_000, folder.name


def test_keys_of_rows_are_unique(datasets: list[Dataset]) -> None:
    for dataset in datasets:
        keys = Counter(str(row[dataset.key_field]) for row in dataset.rows)
        assert set(keys.values()) <= {1}, dataset.key


def test_rows_refer_to_rows_above_them_or_to_sets_below(datasets: list[Dataset]) -> None:
    known: set[str] = set()
    below = [dataset.key for dataset in datasets]
    for dataset in datasets:
        below.remove(dataset.key)
        for row in dataset.rows:
            for value in _plain(row):
                if isinstance(value, str) and value.startswith("@"):
                    later = value[1:].partition("/")[0] in below
                    assert later or value in known, (dataset.key, row[dataset.key_field])
            known.add(f"@{dataset.key}/{row[dataset.key_field]}")


def test_rows_never_look_stale(datasets: list[Dataset]) -> None:
    for dataset in datasets:
        for row in dataset.rows:
            dates = [value for value in _plain(row) if re.search(r"\b20\d\d[-/年]", str(value))]
            assert not dates, (dataset.key, dates)


def _plain(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _plain(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _plain(part)
    else:
        yield value


def test_rows_fit_their_fields(catalog: Catalog, datasets: list[Dataset]) -> None:
    for dataset in datasets:
        entity = catalog.entities[dataset.entity]
        taken: dict[str, set[Any]] = {}
        for row in dataset.rows:
            where = f"{dataset.key}: {row[dataset.key_field]}"
            _check_row(catalog, entity, row, where)
            for field in entity.fields.values():
                if field.unique and row.get(field.key) is not None:
                    assert row[field.key] not in taken.setdefault(field.key, set()), where
                    taken[field.key].add(row[field.key])


def _check_row(catalog: Catalog, entity: Entity, row: Mapping[str, Any], where: str) -> None:
    missing = {field.key for field in entity.fields.values() if _must_be_typed(field)} - set(row)
    assert not missing, where
    for key, value in row.items():
        field = entity.fields[key]
        assert field.writable, f"{where}: {key}"
        if field.is_subform:
            for child in value:
                _check_row(catalog, catalog.entities[field.target], child, where)
        elif not field.target:
            _check_value(field, value, f"{where}: {key}")


def _check_value(field: Field, value: Any, where: str) -> None:
    if value is None or (isinstance(value, str) and value.startswith("=")):
        return
    try:
        accepted = field.type.accept(field, tuple(value) if isinstance(value, list) else value)
    except ValueProblem as problem:
        pytest.fail(f"{where}: {problem.text}")
    wrong = field.type.check(field, accepted)
    assert wrong is None, f"{where}: {wrong}"
