"""Packages: check a folder, say what it would change, publish it as a revision, bring its rows along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formwright.definitions import changes
from formwright.definitions.changes import Change, Changes, Effect, Touched
from formwright.definitions.load import find_packages, load_packages
from formwright.definitions.model import SYSTEM, Catalog, Dataset, Entity, Package
from formwright.definitions.renames import Renames
from formwright.definitions.source import SUFFIXES, parse
from formwright.engine.actor import Actor
from formwright.engine.audit import Event
from formwright.engine.audit import note as note_event
from formwright.engine.drafts import Input, RowInput, Typed
from formwright.engine.impact import impact
from formwright.engine.records import Refused, create_in, update_in
from formwright.engine.runtime import Runtime, Unit
from formwright.errors import FormwrightError
from formwright.expressions.check import Checked
from formwright.expressions.evaluate import evaluate
from formwright.paths import tree
from formwright.store.across import count_all, count_values
from formwright.suggest import closest
from formwright.texts import Reader, Text, say

#: The package that brings users; every installation has it.
CORE = "core"


class PackageError(FormwrightError):
    """A package cannot be published or its rows cannot be stored; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a folder would do, each change with the number of records it touches."""

    packages: tuple[str, ...]
    changes: Changes
    counts: tuple[tuple[Change, int], ...]
    #: Fields that wish for an index and would get none.
    without_index: tuple[tuple[str, str], ...]
    refused: tuple[Text, ...]
    #: Who gains or loses which rights, in sentences.
    rights: tuple[Text, ...]
    #: True when the very same files are in force already.
    same_files: bool


@dataclass(frozen=True, slots=True)
class Published:
    """A revision that is now in force; ``number`` is the old one when nothing had changed."""

    number: int
    plan: Plan


def installer(catalog: Catalog) -> Actor:
    """Return the named actor of installations, which is nobody's account: it has grants of its own."""
    return Actor(None, "install", "Installation", frozenset(catalog.roles) | {SYSTEM}, Reader())


def check_folder(runtime: Runtime, folder: Path) -> Catalog:
    """Return what a folder defines together with the core package; raises DefinitionErrors."""
    plugins = runtime.plugins
    return load_packages(
        _with_requirements(package_folders(folder)), plugins.registry, functions=plugins.functions
    )


def package_folders(path: Path) -> list[Path]:
    """Return the package folders at ``path``: itself when it holds a definition file, else those below it."""
    if path.is_dir() and not any(each.suffix in SUFFIXES for each in path.iterdir()):
        return find_packages(path)
    return [path]


def files_of(folder: Path) -> dict[str, str]:
    """Return the definition files of a package folder by the path that a revision keeps: ``crm/package.yaml``."""
    return {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES and path.is_file() and not path.name.startswith(".")
    }


def shipped_folder(key: str) -> Path:
    """Return the folder of a package that is shipped; PackageError offers the nearest."""
    found = {folder.name: folder for folder in find_packages(tree("apps_definitions"))}
    if key in found:
        return found[key]
    near = closest(key, found)
    if near:
        raise PackageError(
            say("There is no package '%(name)s'; did you mean '%(near)s'?", name=key, near=near)
        )
    raise PackageError(say("There is no package '%(name)s'.", name=key))


def shipped() -> list[str]:
    """Return the keys of the packages that are shipped."""
    return [folder.name for folder in find_packages(tree("apps_definitions"))]


def _requires(folder: Path) -> list[str]:
    """Return the keys of the packages that the package in ``folder`` names as required."""
    for path, text in files_of(folder).items():
        document = parse(path, text, [])
        manifest = document.data.get("package") if document is not None else None
        if isinstance(manifest, dict):
            return list(manifest.get("requires") or {})
    return []


def _with_requirements(folders: Sequence[Path]) -> list[Path]:
    """Return ``folders`` with the shipped packages they need, each behind those it needs."""
    own = {folder.name: folder for folder in folders}
    ordered: dict[str, Path] = {CORE: own.get(CORE) or shipped_folder(CORE)}
    on_the_way: set[str] = set()

    def add(key: str, folder: Path) -> None:
        if key in ordered or key in on_the_way:
            return
        on_the_way.add(key)
        for needed in _requires(folder):
            if needed in own:
                add(needed, own[needed])
            elif needed in shipped():
                add(needed, shipped_folder(needed))
        ordered[key] = folder

    for key, folder in own.items():
        add(key, folder)
    return list(ordered.values())


# --- what publishing would do ---------------------------------------------------------------------------------------


def plan(unit: Unit, files: Mapping[str, str]) -> tuple[Plan, Catalog, dict[str, str]]:
    """Return what publishing ``files`` would change, the catalog that would then be in force, and all its files."""
    current = dict(unit.tx.revisions.files(unit.catalog.revision))
    replaced = {path.split("/")[0] for path in files}
    together = {
        path: text for path, text in current.items() if path.split("/")[0] not in replaced
    } | dict(files)
    new = unit.runtime.load(together)
    difference = changes.compare(unit.catalog, new)
    counts = tuple(
        (change, _count(unit, change, difference.renames)) for change in difference.changes
    )
    refused = tuple(
        _refusal(change, count)
        for change, count in counts
        if count and change.effect is Effect.LOSES_DATA
    )
    found = Plan(
        packages=tuple(sorted(replaced)),
        changes=difference,
        counts=counts,
        without_index=unit.tx.slots.unplaced(new, difference.renames),
        refused=refused,
        rights=impact(unit.tx, unit.catalog, new, unit.access.day),
        same_files=together == current,
    )
    return found, new, together


def _count(unit: Unit, change: Change, renames: Renames) -> int:
    """Return how many records a change touches; they still have the names of before."""
    if change.touched is Touched.NONE or not change.entity:
        return 0
    entity = renames.old_entity(change.entity)
    key = renames.old_field(change.entity, change.field)
    everything = count_all(unit.tx, entity)
    if change.touched is Touched.ALL or not everything:
        return everything
    filled = unit.tx.records.count_with_value(entity, key)
    if change.touched is Touched.VALUES:
        return count_values(unit.tx, entity, key, change.values)
    return filled if change.touched is Touched.FILLED else everything - filled


def _refusal(change: Change, count: int) -> Text:
    return say(
        "%(code)s %(change)s (%(count)s records)", code=change.code, change=change.text, count=count
    )


def publish(
    runtime: Runtime,
    actor: Actor,
    files: Mapping[str, str],
    note: str = "",
    *,
    accept_loss: bool = False,
) -> Published:
    """Put ``files`` (``crm/package.yaml`` -> text) in force as one revision, or change nothing at all.

    Publishing what is in force already writes nothing, but takes up a backfill that was interrupted. Raises
    DefinitionErrors for wrong definitions and, unless ``accept_loss``, PackageError when records have values that
    nobody could read any more.
    """
    with runtime.unit(actor) as unit:
        current = unit.catalog
    runtime.store.catch_up(current)  # what was renamed before is out of the way of other names
    with runtime.unit(actor, write=True) as unit:
        found, catalog, together = plan(unit, files)
        if found.refused and not accept_loss:
            raise PackageError(found.refused[0])
        number = unit.catalog.revision
        if not found.same_files:
            number = unit.tx.revisions.add(
                together,
                catalog,
                by=actor.id,
                author=actor.login,
                note=note,
                renames=found.changes.renames,
            )
            said = {"revision": number, "packages": found.packages, "note": note}
            note_event(unit.tx, actor, Event.DEFINITIONS_APPLIED, details=said)
    with runtime.unit(actor) as unit:
        catalog = unit.catalog
    runtime.store.catch_up(catalog)
    return Published(number, found)


def apply_folder(
    runtime: Runtime, actor: Actor, path: Path, note: str = "", *, accept_loss: bool = False
) -> Published:
    """Publish the package (or the packages) in a folder, with the shipped ones they need."""
    with runtime.unit(actor) as unit:
        files = files_to_publish(unit, path)
    return publish(runtime, actor, files, note, accept_loss=accept_loss)


def files_to_publish(unit: Unit, path: Path) -> dict[str, str]:
    """Return the files of the packages at ``path``, with those of shipped ones they need and that are not there."""
    own = package_folders(path)
    files: dict[str, str] = {}
    for folder in _with_requirements(own):
        if folder in own or folder.name not in unit.catalog.packages:
            files.update(files_of(folder))
    return files


def install(runtime: Runtime, actor: Actor, package: str, *, demo: bool = False) -> Published:
    """Publish a shipped package with what it requires, and bring its rows along; doing it again adds nothing."""
    published = apply_folder(runtime, actor, shipped_folder(package), note=f"install {package}")
    with runtime.unit(actor) as unit:
        keys = [key for key in unit.catalog.packages if key in {CORE, package}]
    bring_rows(runtime, keys, demo=demo)
    return published


# --- rows that come with a package ----------------------------------------------------------------------------------


def bring_rows(runtime: Runtime, packages: Iterable[str], *, demo: bool) -> int:
    """Store the rows of the packages' datasets that are not there yet; return how many were new."""
    wanted = set(packages)
    with runtime.unit(installer(runtime.catalog), write=True) as unit:
        datasets = [
            d for d in unit.catalog.datasets if d.package in wanted and (demo or not d.demo)
        ]
        return _Rows(unit).store(datasets)


class _Rows:
    """Stores datasets in order; rows refer to each other as ``@set/key``.

    A reference to a row that comes later is put in once that is stored: teams have a lead, and people a team.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._ids: dict[tuple[str, str], int] = {}
        self._coming: set[str] = set()
        #: References to be put in at the end: (entity, key of the row, field, what it refers to).
        self._later: list[tuple[str, tuple[str, str], str, str]] = []
        self._computed: Mapping[tuple[str, str, str], Checked] = {}
        self._new = 0

    def store(self, datasets: Sequence[Dataset]) -> int:
        self._coming = {dataset.key for dataset in datasets}
        for dataset in datasets:
            self._coming.discard(dataset.key)
            self._computed = dataset.computed
            entity = self._unit.entity(dataset.entity)
            existing = self._existing(entity, dataset)
            for row in dataset.rows:
                key = str(row.get(dataset.key_field, ""))
                number = existing.get(key)
                if number is None:
                    number = self._create(entity, dataset, row, key)
                    self._new += 1
                self._ids[dataset.key, key] = number
        for entity_name, place, field, reference in self._later:
            given = Input({field: self._reference(reference)}, confirmed=True)
            update_in(
                self._unit, entity_name, self._ids[place], given, version=None, channel="data"
            )
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
        later = {field: raw for field, raw in row.items() if self._is_coming(raw)}
        self._later += [
            (entity.name, (dataset.key, key), field, raw) for field, raw in later.items()
        ]
        given = self._input(entity, {k: raw for k, raw in row.items() if k not in later})
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
                    RowInput(f"new-{number}", self._input(child, each).values)
                    for number, each in enumerate(raw)
                ]
            else:
                values[key] = self._value(entity, key, raw)
        return Input(values, rows, confirmed=True)

    def _value(self, entity: Entity, key: str, raw: Any) -> Any:
        if isinstance(raw, list):
            if all(isinstance(each, str) and each[:1] not in "@=" for each in raw):
                return Typed(tuple(raw))
            return tuple(self._value(entity, key, each) for each in raw)
        if not isinstance(raw, str):
            return raw
        if raw.startswith("@"):
            return self._reference(raw)
        if raw.startswith("="):
            return evaluate(self._computed[entity.name, key, raw[1:]], self._unit.bindings())
        return Typed((raw,))

    def _is_coming(self, raw: Any) -> bool:
        return (
            isinstance(raw, str)
            and raw.startswith("@")
            and raw[1:].partition("/")[0] in self._coming
        )

    def _reference(self, raw: str) -> int:
        dataset, _, key = raw[1:].partition("/")
        found = self._ids.get((dataset, key))
        if found is None:
            raise PackageError(say("there is no row '%(key)s' in '%(set)s'", key=key, set=dataset))
        return found


# --- what is there --------------------------------------------------------------------------------------------------


def installed(unit: Unit) -> list[Package]:
    """Return the packages in force."""
    return list(unit.catalog.packages.values())
