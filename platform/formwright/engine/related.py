"""Backlinks and subforms that expressions follow from the rows of a page, read for all rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from formwright.definitions.model import Entity, Field
from formwright.engine.rows import ValuesRow

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

Path: TypeAlias = tuple[str, ...]
#: Formulas that read formulas are opened this often.
_DEPTH = 4


def opened(entity: Entity, paths: Iterable[Path], depth: int = _DEPTH) -> list[Path]:
    """Return ``paths`` with what the formulas at their beginning read, where these are worked out on reading."""
    found: list[Path] = []
    for path in paths:
        found.append(path)
        field = entity.fields.get(path[0]) if path else None
        if depth and field is not None and field.compute is not None and not field.stored:
            found += opened(entity, field.compute.reads, depth - 1)
    return found


def followed(entity: Entity, paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the backlinks and subforms that ``paths`` begin with, and how they go on from there."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        field = entity.fields.get(path[0]) if path else None
        if field is not None and field.target and field.type.virtual:
            found.setdefault(field.key, []).extend([path[1:]] if path[1:] else [])
    return found


def read_related(unit: Unit, field: Field, rows: Sequence[ValuesRow]) -> list[ValuesRow]:
    """Read what ``rows`` (of the unit's sight) have behind a backlink or subform, and hand it to them."""
    waiting = {row.id: row for row in rows if row.id is not None and field.key not in row.children}
    if not waiting:
        return []
    read = _children if field.is_subform else _referring
    behind = read(unit, field, waiting)
    for number, row in waiting.items():
        row.children[field.key] = behind.get(number, [])
    return [row for found in behind.values() for row in found]


def _referring(unit: Unit, field: Field, rows: dict[int, ValuesRow]) -> dict[int, list[ValuesRow]]:
    found = unit.gate.referring_to_many(field, list(rows))
    return {
        number: [unit.sight.wrap(record) for record in records] for number, records in found.items()
    }


def _children(unit: Unit, field: Field, rows: dict[int, ValuesRow]) -> dict[int, list[ValuesRow]]:
    found: dict[int, list[ValuesRow]] = {}
    parents = [row.built_in for row in rows.values() if row.built_in is not None]
    for record in unit.gate.rows_of_many(parents, field):
        child = unit.sight.wrap(record)
        child.parent = rows[record.parent_id or 0]
        found.setdefault(record.parent_id or 0, []).append(child)
    return found
