"""List views and menus: the written ones, and one list for each entity that has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from formwright.definitions.build_forms import role_names
from formwright.definitions.building import Building, EntityDraft
from formwright.definitions.formulas import Formulas
from formwright.definitions.model import (
    App,
    Column,
    Field,
    MenuItem,
    QuickFilter,
    Sort,
    Style,
    View,
)
from formwright.definitions.parts import Part
from formwright.definitions.paths import Found, find_path
from formwright.errors import Location
from formwright.expressions.kinds import Base
from formwright.texts import say

_MAX_PAGE = 500
_MAIN_COLUMNS = 6
_SUMS = frozenset({"sum", "avg"})
_FILTERED = frozenset({"choice", "user", "boolean", "reference"})
_LONG = frozenset(
    {"long_text", "rich_text", "file", "image", "address", "choices", "tags", "references"}
)


class ViewBuilder:
    """Makes views and apps."""

    def __init__(self, building: Building, formulas: Formulas) -> None:
        self._building = building
        self._formulas = formulas

    def views(self) -> dict[str, View]:
        """Return all views by qualified name, the generated ones last."""
        found: dict[str, View] = {}
        for name, part in self._building.all_of("view"):
            view = self._view(part)
            if view is not None:
                self._check_default(view, part, found)
                found[name] = view
        served = {view.entity for view in found.values()}
        for draft in self._building.entities.values():
            if draft.kind == "record" and draft.name not in served:
                view = self._generated(draft, found)
                found[view.name] = view
        return found

    def _check_default(self, view: View, part: Part, others: Mapping[str, View]) -> None:
        first = next(
            (other for other in others.values() if other.entity == view.entity and other.default),
            None,
        )
        if view.default and first is not None:
            message = say(
                "'%(view)s' is the default view of '%(entity)s' already",
                view=first.name,
                entity=view.entity,
            )
            self._building.problem(part.at("default"), "FW109", message)

    def _view(self, part: Part) -> View | None:
        building = self._building
        entity = building.find("entity", part.text("entity"), part.package, part.at("entity"))
        if entity is None:
            return None
        draft = building.entities[entity]
        size = part.get("page_size", 50)
        if not 1 <= size <= _MAX_PAGE:
            message = say("the value must be between %(low)s and %(high)s", low=1, high=_MAX_PAGE)
            building.problem(part.at("page_size"), "FW106", message)
        columns = (
            tuple(self._columns(part, entity))
            if part.get("columns")
            else tuple(main_columns(draft))
        )
        return View(
            key=part.key,
            package=part.package,
            entity=entity,
            title=building.label(part, "title"),
            type=part.text("type", "list"),
            default=part.get("default", False),
            filter=self._formulas.condition(part, "filter", entity, in_sql=True),
            sort=tuple(self._sort(part, entity)),
            columns=columns,
            quick_filters=tuple(self._quick_filters(part, entity)),
            search=self._search(part, entity),
            row_style=tuple(self._styles(part, "row_style", entity)),
            page_size=size,
            roles=role_names(building, part),
            empty_text=building.label(part, "empty_text"),
        )

    def _generated(self, draft: EntityDraft, taken: Mapping[str, View]) -> View:
        key = f"{draft.part.key}_list"
        while f"{draft.package}.{key}" in taken:
            key += "_"
        part = draft.part
        name = "title_plural" if "title_plural" in part else "title"
        title = self._building.label(part, name, part.key)
        filters = [
            found
            for found in draft.fields.values()
            if found.type.name in _FILTERED and _is_plain(found)
        ]
        return View(
            key, draft.package, draft.name, title, default=True, columns=tuple(main_columns(draft)),
            sort=(Sort("created_at", descending=True),),
            quick_filters=tuple(QuickFilter(found.key, found.title, field=found.key) for found in filters[:3]),
        )  # fmt: skip

    # --- parts ----------------------------------------------------------------------------------------------

    def _columns(self, part: Part, entity: str) -> Iterator[Column]:
        seen: set[str] = set()
        for index, (written, item) in enumerate(part.items("columns", "field")):
            path = item.text("field") if isinstance(written, dict) else str(written)
            place = (
                item.at("field") if isinstance(written, dict) else part.at_item("columns", index)
            )
            found = find_path(self._building, entity, path, place)
            if found is None:
                continue
            if path in seen:
                self._building.problem(
                    place, "FW205", say("the column '%(name)s' is given twice", name=path)
                )
            seen.add(path)
            yield self._column(item, found, entity)

    def _column(self, item: Part, found: Found, entity: str) -> Column:
        aggregate = item.text("aggregate")
        if aggregate in _SUMS and (
            found.field is None or found.field.kind.base not in {Base.NUMBER, Base.MONEY}
        ):
            message = say(
                "'%(name)s' is no number, it has no %(total)s", name=found.path, total=aggregate
            )
            self._building.problem(item.at("aggregate"), "FW109", message)
        path = ".".join((*item.path, "title"))
        title = self._building.label(item, "title", path=path) if "title" in item else found.title
        return Column(
            found.path,
            title,
            item.text("format"),
            aggregate,
            tuple(self._styles(item, "style", entity)),
        )

    def _sort(self, part: Part, entity: str) -> Iterator[Sort]:
        for index, written in enumerate(part.get("sort", ())):
            path = written.removeprefix("-")
            place = part.at_item("sort", index)
            found = find_path(self._building, entity, path, place)
            if found is None:
                continue
            if found.field is not None and not _can_sort(found.field):
                self._building.problem(
                    place, "FW206", say("lists cannot be sorted by '%(name)s'", name=path)
                )
                continue
            yield Sort(path, descending=written.startswith("-"))

    def _search(self, part: Part, entity: str) -> tuple[str, ...]:
        given = part.get("search", ())
        found = (
            find_path(self._building, entity, path, part.at_item("search", index))
            for index, path in enumerate(given)
        )
        return tuple(each.path for each in found if each is not None)

    def _quick_filters(self, part: Part, entity: str) -> Iterator[QuickFilter]:
        for index, (written, item) in enumerate(part.items("quick_filters", "key")):
            found = self._quick_filter(
                written, item, entity, index, part.at_item("quick_filters", index)
            )
            if found is not None:
                yield found

    def _quick_filter(
        self, written: Any, item: Part, entity: str, index: int, place: Location
    ) -> QuickFilter | None:
        building = self._building
        named = item.text("field") if isinstance(written, dict) else str(written)
        key = item.text("key") or named or f"filter_{index + 1}"
        path = ".".join((*item.path[:-1], key, "title"))
        if "filter" in item:
            condition = self._formulas.condition(item, "filter", entity, in_sql=True)
            if "title" not in item:
                building.problem(
                    place, "FW104", say("'%(name)s' is missing", name="title"), ("title",)
                )
            return QuickFilter(key, building.label(item, "title", key, path=path), condition)
        if not named:
            building.problem(
                place, "FW104", say("'%(name)s' is missing", name="filter"), ("filter", "field")
            )
            return None
        found = building.field(
            entity, named, item.at("field") if isinstance(written, dict) else place
        )
        if found is None:
            return None
        if not found.filterable or found.type.virtual:
            building.problem(
                place, "FW206", say("lists cannot be filtered by '%(name)s'", name=named)
            )
        title = building.label(item, "title", path=path) if "title" in item else found.title
        return QuickFilter(key, title, field=named)

    def _styles(self, part: Part, name: str, entity: str) -> Iterator[Style]:
        for _, item in part.items(name):
            when = self._formulas.condition(item, "when", entity)
            text = self._building.label(item, "text")
            if "color" in item and "icon" not in item and "text" not in item:
                message = say("a colour alone tells too little: add an icon or a text")
                self._building.problem(item.at("color"), "FW109", message, ("icon", "text"))
            if when is not None:
                yield Style(when, item.text("color"), item.text("icon"), text)

    # --- menus ----------------------------------------------------------------------------------------------

    def apps(self) -> dict[str, App]:
        """Return all apps by qualified name."""
        return {name: self._app(part) for name, part in self._building.all_of("app")}

    def _app(self, part: Part) -> App:
        building = self._building
        menu = tuple(self._menu(part, "menu"))
        return App(
            part.key,
            part.package,
            building.label(part, "title"),
            menu,
            part.text("icon"),
            role_names(building, part),
        )

    def _menu(self, holder: Part, name: str) -> Iterator[MenuItem]:
        for index, (_, item) in enumerate(holder.items(name)):
            found = self._menu_item(item, index)
            if found is not None:
                yield found

    def _menu_item(self, item: Part, index: int) -> MenuItem | None:
        building = self._building
        given = [name for name in ("view", "entity", "group") if name in item]
        if len(given) != 1:
            message = say("a part of a menu names a view, an entity or a group")
            building.problem(item.location, "FW104", message, ("view", "entity", "group"))
            return None
        kind = given[0]
        if "items" in item and kind != "group":
            building.problem(item.at("items"), "FW109", say("only a group holds others"))
        if kind == "group":
            key = item.text("key", f"group_{index + 1}")
            path = ".".join((*item.path[:-1], key))
            title = building.text(
                item.package, f"{path}.group", item.text("group"), f"{path}.title", path
            )
            item.path = (*item.path[:-1], key)
            return MenuItem(title, icon=item.text("icon"), items=tuple(self._menu(item, "items")))
        name = building.find(kind, item.text(kind), item.package, item.at(kind))
        if name is None:
            return None
        part = building.part_of(kind, name)
        path = ".".join((*item.path[:-1], item.text(kind), "title"))
        own = "title_plural" if "title_plural" in part else "title"
        title = (
            building.label(item, "title", path=path)
            if "title" in item
            else building.label(part, own, part.key)
        )
        icon = item.text("icon") or part.text("icon")
        return MenuItem(
            title, name if kind == "view" else "", name if kind == "entity" else "", icon
        )


def main_columns(draft: EntityDraft) -> Iterator[Column]:
    """Yield the columns of a list for which none are written: the first few plain fields."""
    plain = [found for found in draft.fields.values() if _is_plain(found)]
    for found in plain[:_MAIN_COLUMNS]:
        yield Column(found.key, found.title)


def _is_plain(found: Field) -> bool:
    return not (
        found.hidden
        or found.deprecated
        or found.type.virtual
        or found.type.name in _LONG
        or found.multiple
    )


def _can_sort(found: Field) -> bool:
    many = {Base.LIST, Base.RECORDS, Base.OBJECT}
    return found.sortable and not found.type.virtual and found.kind.base not in many
