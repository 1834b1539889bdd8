"""Lists: a view, what the actor may see of it, and what was searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from formwright.engine.formats import Titles, show
from formwright.engine.gate import Query
from formwright.engine.pipeline import condition_holds
from formwright.engine.rows import ValuesRow
from formwright.engine.titles import preload, titles_on
from formwright.errors import Forbidden
from formwright.expressions.evaluate import Environment
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
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
    masked: bool = False  # ``text`` is what a mask leaves of the value


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
    unit.access.require(Action.READ, view.entity)
    view = replace(view, columns=open_columns(unit, view))
    sort = _usable_sort(unit, entity, state.sort) or view.sort
    query = _query(unit, view, state, sort)
    page = unit.gate.read(query)
    alone = not (state.after or state.before or page.next)
    count, capped = (len(page.records), False) if alone else unit.gate.count(query, COUNT_CAP)
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
        quick_filters=tuple(_quick_filters(unit, entity, view, state)),
    )


def _query(unit: Unit, view: View, state: ListState, sort: tuple[Sort, ...]) -> Query:
    """Return the question that a view and what was chosen on it ask."""
    chosen = [(quick, state.filters.get(quick.key, "")) for quick in view.quick_filters]
    filters = [view.filter, *(quick.condition for quick, value in chosen if value)]
    return Query(
        view.entity,
        filters=tuple(each for each in filters if each is not None),
        choices=tuple(
            (quick.field, value)
            for quick, value in chosen
            if value and quick.condition is None and unit.gate.knows(view.entity, quick.field)
        ),
        search=state.search,
        sort=sort,
        limit=view.page_size,
        after=state.after,
        before=state.before,
    )


def open_columns(unit: Unit, view: View) -> tuple[Column, ...]:
    """Return the columns of a view of which the actor may see something on some record."""
    return tuple(
        column
        for column in view.columns
        if (head := column.path.partition(".")[0]) not in unit.entity(view.entity).fields
        or unit.gate.visible(view.entity, head)
    )


def _usable_sort(unit: Unit, entity: Entity, sort: Iterable[Sort]) -> tuple[Sort, ...]:
    """Keep what can be sorted by; a sort key comes from the URL, and one that may not be read is none."""
    return tuple(
        each
        for each in sort
        if each.path in ("created_at", "updated_at")
        or (
            (wanted := entity.fields.get(each.path)) is not None
            and wanted.sortable
            and wanted.type.slot
            and unit.gate.knows(entity.name, each.path)
        )
    )


def _quick_filters(
    unit: Unit, entity: Entity, view: View, state: ListState
) -> Iterable[QuickFilterState]:
    for quick in view.quick_filters:
        if quick.field and not unit.gate.knows(entity.name, quick.field):
            continue
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
    draw = _drawing_field(unit, definition, rest, titles)
    return draw if unit.gate.is_open(entity.name, head) else _masking(head, draw)


def _masking(key: str, draw: _Draw) -> _Draw:
    """Return ``draw`` for a field that is kept from the reader on some records: there is a mask, or nothing."""

    def masked(row: ValuesRow) -> Cell:
        record = row.built_in
        if record is None or key not in record.withheld:
            return draw(row)
        mask = record.masks.get(key, "")
        return Cell(mask, masked=bool(mask))

    return masked


def _drawing_field(unit: Unit, definition: Field, rest: str, titles: Titles) -> _Draw:
    head = definition.key
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
