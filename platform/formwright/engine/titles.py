"""The names of what records refer to, read a level at a time: one statement for a whole page, not one a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from formwright.definitions.model import Entity
from formwright.engine.formats import Titles, references_in
from formwright.engine.related import followed, opened, read_related
from formwright.engine.rows import ValuesRow

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

Path: TypeAlias = tuple[str, ...]
#: References are followed this far; deeper ones are read when an expression asks for them.
DEPTH = 4


def titles_of(unit: Unit, wanted: Mapping[str, set[int]]) -> Titles:
    """Return the titles of those of the ``wanted`` records that the actor may read."""
    unit.sight.preload(wanted)
    titles = Titles()
    for entity, numbers in wanted.items():
        found = [row for number in numbers if (row := unit.sight.row(entity, number)) is not None]
        preload(unit, unit.entity(entity), found, unit.entity(entity).display.reads)
        for row in found:
            titles.known[entity, row.id or 0] = unit.title(row)
    return titles


def titles_on(
    unit: Unit, entity: Entity, rows: Sequence[ValuesRow], paths: Iterable[Path]
) -> Titles:
    """Return the titles of every record that ``paths`` lead to from ``rows`` (of the unit's sight)."""
    paths = list(paths)
    preload(unit, entity, rows, paths)
    titles = Titles()
    _collect(unit, entity, rows, paths, titles)
    return titles


def preload(
    unit: Unit, entity: Entity, rows: Sequence[ValuesRow], paths: Iterable[Path], depth: int = DEPTH
) -> None:
    """Read everything that ``paths`` follow from ``rows``, and what the titles of it follow, level by level."""
    if not rows or not depth:
        return
    paths = opened(entity, paths)
    for key, rest in followed(entity, paths).items():
        field = entity.fields[key]
        found = read_related(unit, field, rows)
        preload(unit, unit.entity(field.target), found, rest, depth - 1)
    wanted, onwards = _step(entity, rows, paths)
    unit.sight.preload(wanted)
    for target, rest in onwards.items():
        definition = unit.entity(target)
        found = [row for number in wanted[target] if (row := unit.sight.row(target, number))]
        preload(unit, definition, found, [*rest, *definition.display.reads], depth - 1)


def _step(
    entity: Entity, rows: Sequence[ValuesRow], paths: Iterable[Path]
) -> tuple[dict[str, set[int]], dict[str, list[Path]]]:
    """Return the records that ``paths`` lead to first, by entity, and how the paths go on from there."""
    wanted: dict[str, set[int]] = {}
    onwards: dict[str, list[Path]] = {}
    for path in paths:
        field = entity.fields.get(path[0]) if path else None
        if field is None or not field.target or field.type.virtual:
            continue
        numbers = wanted.setdefault(field.target, set())
        for row in rows:
            numbers.update(references_in(field, row.values.get(field.key)))
        onwards.setdefault(field.target, []).extend([path[1:]] if path[1:] else [])
    return wanted, onwards


def _collect(
    unit: Unit, entity: Entity, rows: Sequence[ValuesRow], paths: Sequence[Path], titles: Titles
) -> None:
    wanted, onwards = _step(entity, rows, paths)
    for target, numbers in wanted.items():
        found = [row for number in numbers if (row := unit.sight.row(target, number)) is not None]
        for row in found:
            titles.known[target, row.id or 0] = unit.title(row)
        if onwards[target]:
            _collect(unit, unit.entity(target), found, onwards[target], titles)
