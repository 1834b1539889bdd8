"""Lists: a view, what the actor may see of it, and what was searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from formwright.definitions.model import (
    Action,
    Column,
    Entity,
    Field,
    Option,
    QuickFilter,
    Sort,
    Style,
    View,
)
from formwright.engine import access
from formwright.engine.formats import Titles, show
from formwright.engine.pipeline import condition_holds
from formwright.engine.rows import ValuesRow
from formwright.engine.titles import preload, titles_on
from formwright.errors import Forbidden
from formwright.expressions.evaluate import Environment
from formwright.store.across import equals
from formwright.store.compile import compile_condition
from formwright.store.query import ListQuery
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.columns import RecordColumns
    from formwright.store.rows import StoredRecord

#: Counting stops here; beyond it a list says "1000+".
COUNT_CAP = 1000


@dataclass(frozen=True, slots=True)
class ListState:
    """What a person asked of a list; all of it stands in the URL."""

    search: str = ""
    #: Quick filter key -> "on", or the chosen value of a field.
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sort: tuple[Sort, ...] = ()
    after: str = ""
    before: str = ""


class Cell(NamedTuple):
    """One value in a list, as shown."""

    text: str
    field: Field | None = None
    value: Any = None
    link: tuple[str, int] | None = None
    color: str = ""
    mark: str = ""  # what a screen reader says of the style


#: Works out the cell of one column for a row; made once a page.
_Draw: TypeAlias = Callable[[ValuesRow], Cell]
_EMPTY = Cell("")


class ListRow(NamedTuple):
    """One record in a list."""

    id: int
    title: str
    cells: tuple[Cell, ...]
    color: str = ""


@dataclass(frozen=True, slots=True)
class QuickFilterState:
    """A quick filter with what can be chosen and what is chosen."""

    filter: QuickFilter
    options: tuple[Option, ...]
    current: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list. ``next`` and ``previous`` are tokens for ``ListState.after`` and ``before``, or ""."""

    view: View
    entity: Entity
    columns: tuple[Column, ...]
    rows: tuple[ListRow, ...]
    next: str = ""
    previous: str = ""
    count: int = 0
    capped: bool = False
    sort: tuple[Sort, ...] = ()
    quick_filters: tuple[QuickFilterState, ...] = ()


def views_of(unit: Unit, entity_name: str) -> list[View]:
    """Return the views of an entity that the actor's roles may use, in file order."""
    return [
        view
        for view in unit.catalog.views.values()
        if view.entity == entity_name and (not view.roles or view.roles & unit.actor.roles)
    ]


def default_view(unit: Unit, entity_name: str) -> View:
    """Return the view that opens first: the one marked, else the first the actor may use."""
    views = views_of(unit, entity_name)
    if not views:
        raise Forbidden(say("You do not have the right to do this."))
    chosen = unit.entity(entity_name).default_view
    return next(
        (v for v in views if v.name == chosen), next((v for v in views if v.default), views[0])
    )


def list_view(unit: Unit, view_name: str, state: ListState) -> ListPage:
    """Return one page of the view as the actor may see it."""
    view = unit.view(view_name)
    if view.roles and not view.roles & unit.actor.roles:
        raise Forbidden(say("You do not have the right to do this."))
    entity = unit.entity(view.entity)
    row = unit.columns.record(view.entity)
    sort = _usable_sort(entity, state.sort) or view.sort
    conditions = list_conditions(unit, view, state, row)
    if conditions is None:
        raise Forbidden(say("You do not have the right to do this."))
    query = ListQuery(
        row=row,
        where=conditions,
        sort=sort,
        limit=view.page_size,
        after=state.after or None,
        before=state.before or None,
        search=state.search,
    )
    page = unit.tx.records.list(query)
    alone = not (state.after or state.before or page.next)
    count, capped = (len(page.records), False) if alone else unit.tx.records.count(query, COUNT_CAP)
    return ListPage(
        view=view,
        entity=entity,
        columns=view.columns,
        rows=tuple(list_rows(unit, view, page.records)),
        next=page.next or "",
        previous=page.previous or "",
        count=count,
        capped=capped,
        sort=sort,
        quick_filters=tuple(_quick_filters(entity, view, state)),
    )


def list_conditions(
    unit: Unit, view: View, state: ListState, row: RecordColumns
) -> list[Any] | None:
    """Return what selects the rows: the actor's scope, the view's filter, the quick filters; None for no right."""
    scope = access.scope(unit, Action.READ, row)
    if scope is None:
        return None
    conditions = list(scope)
    bindings = unit.bindings()
    checked = [view.filter] if view.filter is not None else []
    for quick in view.quick_filters:
        chosen = state.filters.get(quick.key, "")
        if chosen and quick.condition is not None:
            checked.append(quick.condition)
        elif chosen:
            conditions.append(equals(row, quick.field, chosen))
    conditions += [compile_condition(each, row, unit.columns, bindings) for each in checked]
    return conditions


def _usable_sort(entity: Entity, sort: Iterable[Sort]) -> tuple[Sort, ...]:
    """Keep what can be sorted by; a sort key comes from the URL."""
    return tuple(
        each
        for each in sort
        if each.path in ("created_at", "updated_at")
        or (
            (wanted := entity.fields.get(each.path)) is not None
            and wanted.sortable
            and wanted.type.slot
        )
    )


def _quick_filters(entity: Entity, view: View, state: ListState) -> Iterable[QuickFilterState]:
    for quick in view.quick_filters:
        wanted = entity.fields.get(quick.field) if quick.field else None
        yield QuickFilterState(
            quick, wanted.options if wanted else (), state.filters.get(quick.key, "")
        )


# --- rows -----------------------------------------------------------------------------------------------------------


def list_rows(unit: Unit, view: View, records: Sequence[StoredRecord]) -> list[ListRow]:
    """Return the rows as shown; everything they refer to is read a level at a time."""
    entity = unit.entity(view.entity)
    rows = [unit.sight.wrap(record) for record in records]
    shown = [tuple(column.path.split(".")) for column in view.columns]
    preload(unit, entity, rows, [*shown, *_followed(entity, view)])
    titles = titles_on(unit, entity, rows, shown)
    columns = [
        (_drawing(unit, entity, column.path, titles), column.style) for column in view.columns
    ]
    styled = bool(view.row_style) or any(style for _, style in columns)
    return [_list_row(unit, view, row, columns, styled=styled) for row in rows]


def _followed(entity: Entity, view: View) -> Iterable[tuple[str, ...]]:
    """Yield the paths that titles, marks and computed columns follow without showing what lies on the way."""
    yield from entity.display.reads
    styles = [*view.row_style, *(style for column in view.columns for style in column.style)]
    for style in styles:
        yield from style.when.reads
    for column in view.columns:
        field = entity.fields.get(column.path)
        if field is not None and field.compute is not None and not field.stored:
            yield from field.compute.reads


def generated_view(entity: Entity) -> View:
    """Return a plain list of an entity's first fields, where no view of it is open to the actor."""
    fields = [f for f in entity.fields.values() if not f.type.virtual and not f.hidden][:6]
    columns = tuple(Column(field.key, field.title) for field in fields)
    return View(entity.key, entity.package, entity.name, entity.title_plural, columns=columns)


def _list_row(
    unit: Unit,
    view: View,
    row: ValuesRow,
    columns: Sequence[tuple[_Draw, Sequence[Style]]],
    *,
    styled: bool,
) -> ListRow:
    cells = tuple(draw(row) for draw, _ in columns)
    color = ""
    if styled:
        environment = unit.sight.environment(row)
        color = next(
            (style.color for style in view.row_style if condition_holds(style.when, environment)),
            "",
        )
        cells = tuple(
            _styled(unit, cell, style, environment) if style else cell
            for cell, (_, style) in zip(cells, columns, strict=True)
        )
    return ListRow(row.id or 0, unit.title(row), cells, color)


def _styled(unit: Unit, cell: Cell, styles: Sequence[Style], environment: Environment) -> Cell:
    """Return ``cell`` in the first style whose condition holds."""
    for style in styles:
        if condition_holds(style.when, environment):
            mark = style.text.in_language(unit.reader.language)
            return cell._replace(color=style.color, mark=mark)
    return cell


def _drawing(unit: Unit, entity: Entity, path: str, titles: Titles) -> _Draw:
    """Return what makes the cell of ``path`` for a row of ``entity``: all that is the same for each row is settled."""
    head, _, rest = path.partition(".")
    definition = entity.fields.get(head)
    if definition is None:
        return lambda row: _built_in_cell(unit, head, row, titles)
    if rest and definition.is_reference:
        onwards = _drawing(unit, unit.entity(definition.target), rest, titles)
        return lambda row: _cell_behind(unit, definition, row, titles, onwards)
    if definition.is_reference:
        return lambda row: _reference_cell(unit, definition, row, titles)
    reader, colors = unit.reader, {option.value: option.color for option in definition.options}

    def draw(row: ValuesRow) -> Cell:
        value = row.get(head)
        text = show(definition, value, reader, titles)
        color = colors.get(value, "") if isinstance(value, str) else ""
        return Cell(text, definition, value, None, color)

    return _remembering(head, draw) if definition.type.name in _REPEATING else draw


def _remembering(key: str, draw: _Draw) -> _Draw:
    """Return ``draw`` with the cells kept, for a column whose values come again from row to row."""
    known: dict[Any, Cell] = {}

    def remembered(row: ValuesRow) -> Cell:
        value = row.get(key)
        cell = known.get(value)
        if cell is None:
            cell = known[value] = draw(row)
        return cell

    return remembered


def _cell_behind(
    unit: Unit, definition: Field, row: ValuesRow, titles: Titles, onwards: _Draw
) -> Cell:
    value = row.get(definition.key)
    if not isinstance(value, int) or not titles.readable(definition.target, value):
        return _EMPTY
    target = unit.sight.row(definition.target, value)
    return onwards(target) if target else _EMPTY


def _reference_cell(unit: Unit, definition: Field, row: ValuesRow, titles: Titles) -> Cell:
    value = row.get(definition.key)
    text = show(definition, value, unit.reader, titles)
    if isinstance(value, int) and titles.readable(definition.target, value):
        return Cell(text, definition, value, (definition.target, value))
    return Cell(text, definition, value)


#: Types with few values, or values that many records have: a cell is worked out once for each.
_REPEATING = frozenset({"choice", "boolean", "date", "rating"})


def _built_in_cell(unit: Unit, name: str, row: ValuesRow, titles: Titles) -> Cell:
    value = row.get(name)
    if value is None:
        return _EMPTY
    if name in ("created_by", "updated_by") and isinstance(value, int):
        return Cell(titles.of("core.user", value, unit.reader), None, value)
    return Cell(unit.show_built_in(value), None, value)
