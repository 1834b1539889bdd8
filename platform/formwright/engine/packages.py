"""Packages: check a folder, say what it would change, publish it as a revision, bring its rows along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formwright.definitions import changes
from formwright.definitions.changes import Changes
from formwright.definitions.load import load_sources, read_folder
from formwright.definitions.model import Catalog, Dataset, Entity, Field, Package
from formwright.engine.actor import Actor
from formwright.engine.drafts import Input, RowInput, Typed
from formwright.engine.records import Refused, create_in
from formwright.engine.runtime import Runtime, Unit
from formwright.errors import FormwrightError
from formwright.expressions import check, evaluate
from formwright.texts import Reader, Text, say

#: The package that brings users; every installation has it.
CORE = "core"


class PackageError(FormwrightError):
    """A package cannot be published or its rows cannot be stored; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a folder would do. ``touched`` says how many records each changed field has."""

    packages: tuple[str, ...]
    changes: Changes
    touched: Mapping[tuple[str, str], int]
    #: Fields that wish for an index and would get none.
    without_index: tuple[tuple[str, str], ...]
    refused: tuple[Text, ...]

    @property
    def is_empty(self) -> bool:
        """True when publishing would change nothing."""
        return self.changes.is_empty


@dataclass(frozen=True, slots=True)
class Published:
    """A revision that is now in force; ``number`` is the old one when nothing had changed."""

    number: int
    plan: Plan


def installer(catalog: Catalog) -> Actor:
    """Return the named actor of installations: it holds every role, and is nobody's account."""
    return Actor(None, "install", "Installation", frozenset(catalog.roles), Reader())


def check_folder(runtime: Runtime, folder: Path) -> Catalog:
    """Return what a folder defines together with the core package; raises DefinitionErrors."""
    files = {**runtime.shipped(CORE), **read_folder(folder)}
    return load_sources(files, runtime.plugins)


def plan_folder(runtime: Runtime, unit: Unit, files: Mapping[str, str]) -> tuple[Plan, Catalog, Mapping[str, str]]:
    """Return what publishing ``files`` would change, the catalog that would be in force, and its files."""
    together = _together(runtime, unit, files)
    new = load_sources(together, runtime.plugins)
    difference = changes.compare(unit.catalog, new)
    touched = {pair: unit.tx.records.count_with_value(*pair) for pair in difference.touches}
    refused = tuple(
        text for change in difference.unsafe if (text := _refusal(change, touched)) is not None
    )
    keys = tuple(key for key in new.packages if key not in unit.catalog.packages or _package_changed(key, unit, together))
    return Plan(keys, difference, touched, unit.tx.slots.unplaced(new), refused), new, together


def _together(runtime: Runtime, unit: Unit, files: Mapping[str, str]) -> dict[str, str]:
    """Return the files in force, with those of the given packages replaced as a whole."""
    number = unit.catalog.revision
    current = dict(unit.tx.revisions.files(number)) if number else dict(runtime.shipped(CORE))
    replaced = {path.split("/")[0] for path in files}
    kept = {path: text for path, text in current.items() if path.split("/")[0] not in replaced}
    return {**kept, **files}


def _package_changed(key: str, unit: Unit, files: Mapping[str, str]) -> bool:
    number = unit.catalog.revision
    before = unit.tx.revisions.files(number) if number else {}
    prefix = f"{key}/"
    return {p: t for p, t in before.items() if p.startswith(prefix)} != {
        p: t for p, t in files.items() if p.startswith(prefix)
    }


def _refusal(change: Any, touched: Mapping[tuple[str, str], int]) -> Text | None:
    count = touched.get(change.field, 0)
    if not count:
        return None
    return say("%(change)s: %(count)s records have a value", change=change.text, count=count)


def publish(runtime: Runtime, actor: Actor, files: Mapping[str, str], note: str = "") -> Published:
    """Put ``files`` (path below the packages' folder -> text) in force as one revision, or change nothing at all.

    Publishing what is in force already writes nothing.
    """
    with runtime.unit(actor, write=True) as unit:
        plan, catalog, together = plan_folder(runtime, unit, files)
        if plan.refused:
            raise PackageError(plan.refused[0])
        if plan.is_empty and unit.catalog.revision:
            return Published(unit.catalog.revision, plan)
        number = unit.tx.revisions.add(together, catalog, by=actor.id, author=actor.login, note=note)
    runtime.store.backfill()
    return Published(number, plan)


def install(runtime: Runtime, actor: Actor, package: str, *, demo: bool = False) -> Published:
    """Publish a shipped package with what it requires, and bring its rows along; doing it again adds nothing."""
    files: dict[str, str] = {}
    for key in _required(runtime, package):
        files.update(runtime.shipped(key))
    published = publish(runtime, actor, files, note=f"install {package}")
    bring_rows(runtime, [package], demo=demo)
    return published


def _required(runtime: Runtime, package: str) -> list[str]:
    """Return the shipped packages that ``package`` needs, itself last."""
    order: list[str] = [CORE]

    def visit(key: str, chain: tuple[str, ...]) -> None:
        if key in order or key in chain:
            return
        for other in runtime.shipped_requirements(key):
            visit(other, (*chain, key))
        order.append(key)

    visit(package, ())
    return order


# --- rows that come with a package ----------------------------------------------------------------------------------


def bring_rows(runtime: Runtime, packages: Iterable[str], *, demo: bool) -> int:
    """Store the rows of the packages' datasets that are not there yet; return how many were new."""
    wanted = set(packages)
    with runtime.unit(installer(runtime.catalog), write=True) as unit:
        unit = runtime.unit_in(unit.tx, installer(unit.catalog))
        datasets = [d for d in unit.catalog.datasets if d.package in wanted and (demo or not d.demo)]
        return _Rows(unit).store(datasets)


class _Rows:
    """Stores datasets in order; rows refer to each other as ``@set/key``."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._ids: dict[tuple[str, str], int] = {}
        self._new = 0

    def store(self, datasets: Sequence[Dataset]) -> int:
        for dataset in datasets:
            entity = self._unit.entity(dataset.entity)
            existing = self._existing(entity, dataset)
            for row in dataset.rows:
                key = str(row.get(dataset.key_field, ""))
                number = existing.get(key)
                if number is None:
                    number = self._create(entity, dataset, row, key)
                    self._new += 1
                self._ids[dataset.key, key] = number
        return self._new

    def _existing(self, entity: Entity, dataset: Dataset) -> dict[str, int]:
        field = entity.fields[dataset.key_field]
        wanted = {}
        for row in dataset.rows:
            value = field.type.accept(field, row.get(dataset.key_field))
            wanted[str(row.get(dataset.key_field))] = value
        found = self._unit.tx.records.ids_by_value(entity.name, field.key, list(wanted.values()))
        return {key: found[value] for key, value in wanted.items() if value in found}

    def _create(self, entity: Entity, dataset: Dataset, row: Mapping[str, Any], key: str) -> int:
        given = self._input(entity, row)
        try:
            return create_in(self._unit, entity.name, given, channel="data").record.id
        except Refused as refused:
            violation = refused.work.violations[0]
            raise PackageError(
                say(
                    "row '%(row)s' of %(set)s: %(field)s: %(reason)s",
                    row=key,
                    set=dataset.key,
                    field=violation.field or "-",
                    reason=violation.message,
                )
            ) from refused

    def _input(self, entity: Entity, row: Mapping[str, Any]) -> Input:
        values: dict[str, Any] = {}
        rows: dict[str, list[RowInput]] = {}
        for key, raw in row.items():
            field = entity.fields.get(key)
            if field is not None and field.is_subform:
                child = self._unit.entity(field.target)
                rows[key] = [
                    RowInput(f"new-{number}", self._input(child, each).values) for number, each in enumerate(raw)
                ]
            else:
                values[key] = self._value(entity, field, raw)
        return Input(values, rows, confirmed=True)

    def _value(self, entity: Entity, field: Field | None, raw: Any) -> Any:
        if isinstance(raw, str) and raw.startswith("@"):
            return self._reference(raw)
        if isinstance(raw, str) and raw.startswith("="):
            return self._computed(entity, raw[1:])
        if isinstance(raw, list):
            return tuple(self._value(entity, field, each) for each in raw)
        if isinstance(raw, str):
            return Typed((raw,))
        return raw

    def _reference(self, raw: str) -> int:
        dataset, _, key = raw[1:].partition("/")
        found = self._ids.get((dataset, key))
        if found is None:
            raise PackageError(say("there is no row '%(key)s' in '%(set)s'", key=key, set=dataset))
        return found

    def _computed(self, entity: Entity, text: str) -> Any:
        checked = check.check(text, self._unit.definitions.schema, entity.name)
        return evaluate.evaluate(checked, self._unit.bindings())


# --- what is there --------------------------------------------------------------------------------------------------


def installed(unit: Unit) -> list[Package]:
    """Return the packages in force."""
    return list(unit.catalog.packages.values())
