"""Checked data to the frozen model: resolves names, checks expressions, collects every problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from formwright.definitions import build_access
from formwright.definitions.build_data import DataBuilder
from formwright.definitions.build_entities import EntityBuilder
from formwright.definitions.build_fields import FieldBuilder
from formwright.definitions.build_former import check_former_keys
from formwright.definitions.build_forms import FormBuilder
from formwright.definitions.build_formulas import FormulaBuilder
from formwright.definitions.build_grants import GrantBuilder
from formwright.definitions.build_links import draft_entities, link_entities
from formwright.definitions.build_sequences import sequences
from formwright.definitions.build_views import ViewBuilder
from formwright.definitions.building import Building
from formwright.definitions.collect import PackageSource
from formwright.definitions.formulas import Formulas
from formwright.definitions.model import Catalog, Entity, Form, Package, View
from formwright.errors import Problem
from formwright.expressions.functions import Functions
from formwright.fieldtypes.registry import Registry
from formwright.texts import say


def build(
    packages: Mapping[str, PackageSource],
    registry: Registry,
    functions: Functions,
    *,
    lost_types: bool,
) -> tuple[Catalog, list[Problem]]:
    """Return the catalog of ``packages``, which come in the order of their requirements, and all problems.

    With problems the catalog is incomplete and must not be used.
    """
    building = Building(packages, registry, lost_types=lost_types)
    formulas = Formulas(building, functions)
    fields = FieldBuilder(building)
    fields.add_option_sets()
    fields.add_settings()
    draft_entities(building, fields)
    check_former_keys(building)
    link_entities(building)
    computing = FormulaBuilder(building, formulas, fields)
    computing.infer_kinds()
    computing.complete()
    entities = EntityBuilder(building, formulas, computing).entities()
    views = ViewBuilder(building, formulas)
    all_views = views.views()
    forms = FormBuilder(building, formulas).forms()
    roles = build_access.roles(building)
    rights = GrantBuilder(building, formulas, entities)
    grants = rights.grants()
    catalog = Catalog(
        packages=MappingProxyType(
            {key: _package(building, source) for key, source in packages.items()}
        ),
        entities=MappingProxyType(_with_defaults(building, entities, all_views, forms)),
        forms=MappingProxyType(forms),
        views=MappingProxyType(all_views),
        apps=MappingProxyType(views.apps()),
        roles=MappingProxyType(roles),
        grants=grants,
        guards=rights.guards(),
        disabled=tuple(rights.disabled),
        granted=rights.granted,
        settings=MappingProxyType(building.settings),
        sequences=MappingProxyType(sequences(building)),
        datasets=DataBuilder(building, formulas, fields).datasets(),
        grants_by=build_access.by_entity_and_action(grants),
        referrers=_referrers(entities.values()),
        lost=tuple(building.lost),
    )
    _check_translations(building)
    return catalog, building.problems


def _package(building: Building, source: PackageSource) -> Package:
    part = source.root.part("package")
    home = (
        building.find("app", part.text("home"), source.key, part.at("home"))
        if "home" in part
        else None
    )
    changelog = part.part("changelog")
    return Package(
        key=source.key,
        title=building.label(part, "title"),
        version=part.text("version"),
        description=building.label(part, "description"),
        requires=MappingProxyType(dict(part.get("requires", {}))),
        license=part.text("license"),
        authors=tuple(part.get("authors", ())),
        categories=tuple(part.get("categories", ())),
        home=home or "",
        default_locale=part.text("default_locale", "en"),
        changelog=MappingProxyType(
            {version: building.label(changelog, version) for version in changelog.data}
        ),
        icon=part.text("icon"),
    )


def _with_defaults(
    building: Building,
    entities: Mapping[str, Entity],
    views: Mapping[str, View],
    forms: Mapping[str, Form],
) -> dict[str, Entity]:
    """Return the entities, each with the view and the form that open first."""
    return {
        name: replace(
            entity,
            default_view=_chosen(building, name, "view") or _first_view(name, views),
            default_form=_chosen(building, name, "form") or _first_form(name, forms),
        )
        for name, entity in entities.items()
    }


def _chosen(building: Building, entity: str, construct: str) -> str:
    part = building.part_of("entity", entity)
    written = f"default_{construct}"
    if written not in part:
        return ""
    name = building.find(construct, part.text(written), part.package, part.at(written))
    if name is None:
        return ""
    target = building.part_of(construct, name)
    if building.find("entity", target.text("entity"), target.package, part.at(written)) != entity:
        message = say("'%(name)s' does not show '%(entity)s'", name=name, entity=entity)
        building.problem(part.at(written), "FW206", message)
    return name


def _first_view(entity: str, views: Mapping[str, View]) -> str:
    own = [view for view in views.values() if view.entity == entity]
    return next((view.name for view in own if view.default), own[0].name if own else "")


def _first_form(entity: str, forms: Mapping[str, Form]) -> str:
    own = [form for form in forms.values() if form.entity == entity]
    full = (form.name for form in own if form.purpose & {"edit", "view"})
    return next(full, own[0].name if own else "")


def _referrers(entities: Iterable[Entity]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return for each entity the fields that refer to its records."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for entity in entities:
        for field in entity.fields.values():
            if field.target and not field.type.virtual:
                found[field.target] = (*found.get(field.target, ()), (entity.name, field.key))
    return MappingProxyType(found)


def _check_translations(building: Building) -> None:
    """Note translations of texts that do not exist: they are of something that was renamed, or misspelt."""
    for package in building.packages.values():
        known = building.text_paths[package.key]
        for locale in package.root.parts("translations"):
            for path in locale.data:
                if path not in known and not building.broken.intersection(path.split(".")):
                    message = say("there is no text '%(path)s' to translate", path=path)
                    building.problem(
                        locale.place.of_key(path),
                        "FW208",
                        message,
                        (),
                        _near(building, path, known),
                    )


def _near(building: Building, path: str, known: Iterable[str]) -> str | None:
    """Return the nearest of the paths that share their beginning with ``path``."""
    start = path.split(".")[:2]
    return building.hint(path, [other for other in known if other.split(".")[:2] == start] or known)
