"""Lists: a view, what the actor may see of it, and what was searched, filtered and sorted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import (
    Action,
    Column,
    Entity,
    Field,
    Option,
    QuickFilter,
    Sort,
    View,
)
from formwright.engine.formats import Titles, show
from formwright.engine.gate import Query
from formwright.engine.pipeline import condition_holds
from formwright.engine.rows import ValuesRow
from formwright.engine.titles import preload, titles_on
from formwright.errors import Forbidden
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


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in a list, as shown."""

    text: str
    field: Field | None = None
    value: Any = None
    link: tuple[str, int] | None = None
    color: str = ""
    mark: str = ""  # what a screen reader says of the style
    masked: bool = False  # ``text`` is what a mask leaves of the value


@dataclass(frozen=True, slots=True)
class ListRow:
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
    return [_list_row(unit, entity, view, row, titles) for row in rows]


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


def _list_row(unit: Unit, entity: Entity, view: View, row: ValuesRow, titles: Titles) -> ListRow:
    environment = unit.sight.environment(row)
    color = next(
        (style.color for style in view.row_style if condition_holds(style.when, environment)), ""
    )
    cells = []
    for column in view.columns:
        cell = _cell(unit, entity, column.path, row, titles)
        style = next(
            (style for style in column.style if condition_holds(style.when, environment)), None
        )
        if style is not None:
            mark = style.text.in_language(unit.reader.language)
            cell = replace(cell, color=style.color, mark=mark)
        cells.append(cell)
    title = unit.title(row)
    return ListRow(row.id or 0, title, tuple(cells), color)


def _cell(unit: Unit, entity: Entity, path: str, row: ValuesRow, titles: Titles) -> Cell:
    head, _, rest = path.partition(".")
    definition = entity.fields.get(head)
    if definition is None:
        return _built_in_cell(unit, head, row, titles)
    record = row.built_in
    if record is not None and head in record.withheld:
        mask = record.masks.get(head, "")
        return Cell(mask, masked=bool(mask))
    value = row.get(head)
    if rest and definition.is_reference:
        if not isinstance(value, int) or not titles.readable(definition.target, value):
            return Cell("")
        target = unit.sight.row(definition.target, value)
        return (
            _cell(unit, unit.entity(definition.target), rest, target, titles)
            if target
            else Cell("")
        )
    text = show(definition, value, unit.reader, titles)
    link = None
    if (
        definition.is_reference
        and isinstance(value, int)
        and titles.readable(definition.target, value)
    ):
        link = (definition.target, value)
    color = (
        next((o.color for o in definition.options if o.value == value), "")
        if definition.options
        else ""
    )
    return Cell(text, definition, value, link, color)


def _built_in_cell(unit: Unit, name: str, row: ValuesRow, titles: Titles) -> Cell:
    value = row.get(name)
    if value is None:
        return Cell("")
    if name in ("created_by", "updated_by") and isinstance(value, int):
        return Cell(titles.of("core.user", value, unit.reader), None, value)
    return Cell(unit.show_built_in(value), None, value)
