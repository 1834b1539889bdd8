"""Lists as a template draws them: columns that know how their cells look, rows with their address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from formwright.definitions.model import Entity, Field, Sort
from formwright.engine.views import Cell, ListRow
from formwright.expressions.kinds import Base
from formwright.ids import format_id
from formwright.texts import Reader

USER = "core.user"
_NUMBERS = frozenset({Base.NUMBER, Base.MONEY})
_KINDS = {
    "email": "mail",
    "phone": "phone",
    "url": "url",
    "rating": "stars",
    "choices": "badges",
    "tags": "badges",
}


class ColumnView(NamedTuple):
    """A column: its title, how its cells look, and where a click on the title leads."""

    title: str
    kind: str = "text"
    end: bool = False
    sorted: str = ""
    url: str = ""
    next_sort: str = ""


class RowView(NamedTuple):
    """A record in a list."""

    id: str
    url: str
    title: str
    color: str
    cells: Sequence[Cell]


def kind_of(definition: Field | None) -> str:
    """Return how cells of a field look: ``option`` is a badge, ``link`` leads to another record."""
    if definition is None:
        return "text"
    if definition.type.name == "choice":
        return "option"
    if definition.is_reference:
        return "text" if definition.target == USER else "link"  # a person is a name, no page
    return _KINDS.get(definition.type.name, "text")


def is_number(definition: Field | None) -> bool:
    """Tell whether values stand at the end of their cell."""
    return (
        definition is not None
        and definition.kind.base in _NUMBERS
        and definition.type.name != "rating"
    )


def target_of(entities: Any, entity: Entity, path: str) -> Field | None:
    """Return the field that a column shows; a path may go through one reference."""
    head, _, rest = path.partition(".")
    definition = entity.fields.get(head)
    if rest and definition is not None and definition.target in entities:
        return target_of(entities, entities[definition.target], rest)
    return definition


def columns_of(
    entities: Any,
    entity: Entity,
    columns: Iterable[Any],
    reader: Reader,
    sort: Sequence[Sort] = (),
    address: Any = None,
) -> list[ColumnView]:
    """Return the columns of a view; ``address`` makes the link of a sort, None for a list that is not sorted."""
    found = []
    for column in columns:
        definition = target_of(entities, entity, column.path)
        current = next((s for s in sort if s.path == column.path), None)
        turned = (
            f"-{column.path}" if current is not None and not current.descending else column.path
        )
        sortable = address is not None and _is_sortable(entity, column.path)
        found.append(
            ColumnView(
                title=column.title.in_language(reader.language),
                kind=kind_of(definition),
                end=is_number(definition),
                sorted=""
                if current is None
                else ("descending" if current.descending else "ascending"),
                url=address(turned) if sortable else "",
                next_sort=turned,
            )
        )
    return found


def _is_sortable(entity: Entity, path: str) -> bool:
    if path in {"created_at", "updated_at"}:
        return True
    definition = entity.fields.get(path)
    return (
        definition is not None
        and definition.sortable
        and bool(definition.type.slot)
        and not definition.target
    )


def rows_of(entity: str, rows: Iterable[ListRow]) -> list[RowView]:
    """Return the rows of a list with their addresses."""
    return [
        RowView(
            number := format_id(row.id),
            f"/records/{entity}/{number}",
            row.title,
            row.color,
            row.cells,
        )
        for row in rows
    ]


def record_path(link: tuple[str, int]) -> str:
    """Return the address of a record, from its entity and id."""
    return f"/records/{link[0]}/{format_id(link[1])}"
