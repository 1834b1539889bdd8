"""List pages: a view with its tabs, search, filters, sort and pages. All of it stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from formwright.definitions.model import Action, Entity, Sort, View
from formwright.engine import reading, refused, titles
from formwright.engine import views as engine
from formwright.engine.drafts import Input
from formwright.engine.handover import may_hand_over
from formwright.engine.runtime import Unit
from formwright.engine.views import ListPage, ListState
from formwright.errors import NotFound
from formwright.ids import format_id, parse_id
from formwright.texts import Reader, say, say_many
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.drawn import Item, OptionView, RefusedView, options_of
from formwright.web.shell import color_of
from formwright.web.tables import ColumnView, RowView, columns_of, rows_of

blueprint = declare(Blueprint("views", __name__), LOGIN)
_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Tab:
    """Another view of the same entity."""

    title: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class FilterView:
    """A quick filter; without options it is on or off."""

    key: str
    name: str
    title: str
    options: Sequence[OptionView]
    current: str
    #: Where records to choose from are found; "" for a filter by options, or on and off.
    pick_url: str = ""
    picked: str = ""


@dataclass(frozen=True, slots=True)
class ListView:
    """Everything a list page draws."""

    title: str
    entity_title: str
    icon: str
    color: str
    url: str
    views: Sequence[Tab]
    new_url: str
    trash_url: str
    #: Where the records that are ticked are handed over; "" for whoever may not do that.
    hand_over_url: str
    searchable: bool
    search: str
    sort: str
    filters: Sequence[FilterView]
    columns: Sequence[ColumnView]
    rows: Sequence[RowView]
    count_text: str
    previous_url: str
    next_url: str
    narrowed: bool
    empty_text: str
    #: Why nothing can be added here, "" where something can.
    new_refused: RefusedView | None = None


@blueprint.get("/views/<name>")
def show(name: str) -> Response:
    """Show one page of a list."""
    unit = current.unit()
    state = state_of(unit.view(name))
    page = engine.list_view(unit, name, state)
    g.entity = page.entity.name
    return respond.page_or_part(
        "views/list.html", "views/_results.html", "results", page=list_view(unit, page, state)
    )


def state_of(view: View) -> ListState:
    """Return what the address asks of a list."""
    arguments = request.args
    filters = {
        quick.key: arguments[filter_name(quick.key)]
        for quick in view.quick_filters
        if arguments.get(filter_name(quick.key))
    }
    return ListState(
        search=arguments.get("q", "").strip()[:_LONGEST_SEARCH],
        filters=filters,
        sort=sort_of(arguments.get("sort", "")),
        after=arguments.get("after", ""),
        before=arguments.get("before", ""),
    )


def filter_name(key: str) -> str:
    """Return the name of a quick filter in an address."""
    return f"f-{key}"


def sort_of(text: str) -> tuple[Sort, ...]:
    """Return the order that ``-amount`` or ``name`` asks for."""
    return (Sort(text.removeprefix("-"), text.startswith("-")),) if text.removeprefix("-") else ()


def list_view(unit: Unit, page: ListPage, state: ListState) -> ListView:
    """Return what a list page draws."""
    reader, entity = unit.reader, page.entity
    url = f"/views/{page.view.name}"
    asked = _asked(state)

    def address(**changes: str) -> str:
        return (
            f"{url}?{urlencode(found)}"
            if (found := {k: v for k, v in {**asked, **changes}.items() if v})
            else url
        )

    may_create = unit.access.may(Action.CREATE, entity.name)
    may_restore = unit.access.may(Action.RESTORE, entity.name)
    return ListView(
        title=entity.title_plural.in_language(reader.language),
        entity_title=entity.title.in_language(reader.language),
        icon=entity.icon or "table",
        color=color_of(entity),
        url=url,
        views=_tabs(unit, page),
        new_url=f"/records/{entity.name}/new" if may_create else "",
        trash_url=f"/records/{entity.name}/trash" if may_restore else "",
        hand_over_url=f"/records/{entity.name}/hand-over"
        if may_hand_over(unit, entity.name)
        else "",
        searchable=bool(entity.search_fields or page.view.search),
        search=state.search,
        sort=request.args.get("sort", ""),
        filters=_filters(unit, page),
        columns=columns_of(
            unit.catalog.entities,
            entity,
            page.columns,
            reader,
            page.sort,
            lambda sort: address(sort=sort),
        ),
        rows=rows_of(entity.name, page.rows),
        count_text=count_text(page, reader),
        previous_url=address(before=page.previous) if page.previous else "",
        next_url=address(after=page.next) if page.next else "",
        narrowed=bool(state.search or state.filters),
        empty_text=page.view.empty_text.in_language(reader.language),
        new_refused=None if may_create else _no_new(unit, entity),
    )


def _no_new(unit: Unit, entity: Entity) -> RefusedView:
    """Return the button for a new record where it is off, with the reason."""
    new = say("New %(entity)s", entity=entity.title).in_language(unit.reader.language)
    return RefusedView(new, "plus", refused.why_not(unit, Action.CREATE, entity.name))


def _asked(state: ListState) -> dict[str, str]:
    """Return the address's arguments but for the page: another sort begins at the first page again."""
    found = {"q": state.search, "sort": request.args.get("sort", "")}
    return found | {filter_name(key): value for key, value in state.filters.items()}


def count_text(page: ListPage, reader: Reader) -> str:
    """Return how many records there are; counting stops at a thousand."""
    if page.capped:
        return say("%(count)s+ records", count=page.count).in_language(reader.language)
    return say_many("%(count)s record", "%(count)s records", page.count).in_language(
        reader.language
    )


def _tabs(unit: Unit, page: ListPage) -> list[Tab]:
    views = [view for view in engine.views_of(unit, page.entity.name) if view.type == "list"]
    return [
        Tab(
            view.title.in_language(unit.reader.language),
            f"/views/{view.name}",
            view.name == page.view.name,
        )
        for view in views
    ]


def _filters(unit: Unit, page: ListPage) -> list[FilterView]:
    found = []
    for each in page.quick_filters:
        key = each.filter.key
        field = page.entity.fields.get(each.filter.field)
        pickable = field is not None and field.is_reference
        if each.filter.condition is None and not each.options and not pickable:
            continue
        found.append(
            FilterView(
                key,
                filter_name(key),
                each.filter.title.in_language(unit.reader.language),
                options_of(each.options, unit.reader, (each.current,)),
                each.current,
                f"/views/{page.view.name}/pick/{key}" if pickable else "",
                _title_of(unit, field.target, each.current)
                if pickable and field is not None and each.current
                else "",
            )
        )
    return found


def _title_of(unit: Unit, entity: str, text: str) -> str:
    """Return the title of a record that a filter was set to, as far as the actor may read it."""
    number = parse_id(text)
    if number is None:
        return ""
    return titles.titles_of(unit, {entity: {number}}).of(entity, number, unit.reader)


@blueprint.post("/views/<name>/pick/<key>")
def pick(name: str, key: str) -> Response:
    """Answer with the records that a quick filter can be set to."""
    unit = current.unit()
    view = unit.view(name)
    quick = next((each for each in view.quick_filters if each.key == key and each.field), None)
    if quick is None:
        raise NotFound(say("There is no such filter."))
    text = request.form.get("_q", "").strip()[:_LONGEST_SEARCH]
    found = reading.pick(unit, view.entity, quick.field, text, Input())
    choices = [Item(format_id(choice.id), choice.title, choice.detail) for choice in found]
    return respond.page("records/_choices.html", choices=choices, list_id=f"filter-{key}-pick")
