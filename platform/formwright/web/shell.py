"""The frame around every page: menu, what can be created, language, theme, messages."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from flask import g, request

from formwright.definitions.model import Action, App, Catalog, Entity, MenuItem, View
from formwright.engine import access
from formwright.engine.accounts import ADMIN
from formwright.engine.actor import Actor
from formwright.engine.matrix import LOOKS_AFTER_RIGHTS
from formwright.engine.runtime import Unit
from formwright.texts import LANGUAGES, Label, say
from formwright.web import current, notes
from formwright.web.language import NAMES, theme
from formwright.web.notes import Note

PRODUCT = "Formwright"
#: The hues of avatars and of entities that name none.
HUES = ("indigo", "teal", "orange", "pink", "green", "blue", "violet", "amber", "cyan", "red")
#: What the script in the browser says by itself.
_WORDS = {
    "lost": say("The connection was lost. Nothing was saved; try again."),
    "leave": say("What you typed is not saved. Leave all the same?"),
    "results": say("%(count)s results"),
    "none": say("No results"),
    "moved": say("Row moved"),
    "removed": say("Row removed"),
    "undo": say("Undo"),
    "dismiss": say("Dismiss"),
    "uploading": say("Uploading %(name)s"),
    "tooLarge": say("%(name)s is too large."),
    "failed": say("%(name)s could not be uploaded."),
    "remove": say("Remove"),
    "found": say("%(count)s records"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the menu, or a titled group of links."""

    title: str
    url: str = ""
    icon: str = ""
    color: str = ""
    text: str = ""
    entity: str = ""
    items: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Switch:
    """A language or theme that can be chosen."""

    value: str
    title: str
    current: bool
    icon: str = ""

    @property
    def tag(self) -> str:
        """The BCP 47 tag of a language."""
        return self.value

    @property
    def name(self) -> str:
        """How a language calls itself."""
        return self.title


@dataclass(frozen=True, slots=True)
class Shell:
    """What the frame shows."""

    product: str
    language: str
    theme: str
    path: str
    here: str
    apps: tuple[Entry, ...]
    creatable: tuple[Entry, ...]
    user_name: str
    user_login: str
    languages: tuple[Switch, ...]
    themes: tuple[Switch, ...]
    notes: tuple[Note, ...]
    words: str
    entity: str
    home: str
    #: Whether the person looks after rights.
    rights: bool
    #: Through whose eyes somebody looks, "" for one's own; and who really looks.
    seeing_as: str = ""
    looking: str = ""

    def is_current(self, item: Entry) -> bool:
        """Tell whether the page at hand lies behind a link of the menu."""
        return item.url == self.path or (bool(item.entity) and item.entity == self.entity)


def shell() -> Shell:
    """Return the frame for this request; known by this name in templates."""
    actor, language = current.actor(), current.language()
    apps, creatable = menu(current.unit())
    return Shell(
        product=PRODUCT,
        language=language,
        theme=theme(),
        path=request.path,
        here=here(),
        apps=apps,
        creatable=creatable,
        user_name=actor.name or actor.login,
        user_login=actor.login,
        languages=languages(),
        themes=_themes(language),
        notes=tuple(notes.take()),
        words=_words(language),
        entity=g.get("entity", ""),
        home=_home(apps, g.get("entity", "")),
        rights=current.unit().access.may(*LOOKS_AFTER_RIGHTS),
        seeing_as=actor.name or actor.login if actor.seen_by is not None else "",
        looking=actor.seen_by.name or actor.seen_by.login if actor.seen_by is not None else "",
    )


def _home(entries: tuple[Entry, ...], entity: str) -> str:
    """Return the link of the menu under which the records of an entity are."""
    for entry in entries:
        found = (
            _home(entry.items, entity)
            if entry.items
            else entry.url
            if entity and entry.entity == entity
            else ""
        )
        if found:
            return found
    return ""


def here() -> str:
    """Return the address of this page, for coming back to it after a switch."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def languages() -> tuple[Switch, ...]:
    """Return the languages that can be chosen."""
    return tuple(Switch(tag, NAMES[tag], tag == current.language()) for tag in LANGUAGES)


@lru_cache(maxsize=64)
def _menu(
    catalog: _Catalog, roles: frozenset[str], language: str, day: date
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    maker = _MenuMaker(catalog.it, Actor(None, "", "", roles), language, day)
    apps = tuple(
        entry
        for app in catalog.it.apps.values()
        if (not app.roles or app.roles & roles) and (entry := maker.app(app)).items
    )
    creatable = tuple(maker.creatable(apps))
    if ADMIN in roles:
        apps += (_of_platform(language),)
    return apps, creatable


def _of_platform(language: str) -> Entry:
    """Return the pages of the platform itself, for administrators."""
    log = Entry(say("Audit log").in_language(language), "/audit", "history")
    return Entry(say("Security").in_language(language), icon="lock", items=(log,))


@dataclass(frozen=True, eq=False)
class _Catalog:
    """A catalog as a key of a cache: one is equal to itself only."""

    it: Catalog


_last: list[_Catalog] = []


def menu(unit: Unit) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Return the apps with their menus, and what can be created; made once a day for each set of roles."""
    if not _last or _last[0].it is not unit.catalog:
        _last[:] = [_Catalog(unit.catalog)]
        _menu.cache_clear()
    return _menu(_last[0], unit.actor.roles, unit.reader.language, unit.access.day)


class _MenuMaker:
    """Makes the menus of an actor."""

    def __init__(self, catalog: Catalog, actor: Actor, language: str, day: date) -> None:
        self._catalog = catalog
        self._actor = actor
        self._language = language
        self._day = day

    def app(self, app: App) -> Entry:
        """Return an app with its menu."""
        items = tuple(self._entries(app.menu))
        return Entry(app.title.in_language(self._language), icon=app.icon, items=items)

    def creatable(self, apps: tuple[Entry, ...]) -> list[Entry]:
        """Return a link for each entity of the menus of which the actor may create records."""
        found: dict[str, Entry] = {}

        def walk(entries: tuple[Entry, ...]) -> None:
            for entry in entries:
                walk(entry.items)
                if entry.entity and self._may(Action.CREATE, entry.entity):
                    found.setdefault(entry.entity, entry)

        walk(apps)
        return [
            Entry(entry.title, f"/records/{name}/new", entry.icon, entry.color, entity=name)
            for name, entry in found.items()
        ]

    def _may(self, action: Action, entity: str) -> bool:
        return access.may(self._catalog, self._actor, action, entity, self._day)

    def _entries(self, items: tuple[MenuItem, ...]) -> list[Entry]:
        found = []
        for item in items:
            if item.items:
                inner = tuple(self._entries(item.items))
                if inner:
                    title = item.title.in_language(self._language)
                    found.append(Entry(title, icon=item.icon, items=inner))
                continue
            entry = self._entry(item)
            if entry is not None:
                found.append(entry)
        return found

    def _entry(self, item: MenuItem) -> Entry | None:
        catalog, actor = self._catalog, self._actor
        view = catalog.views.get(item.view)
        entity = catalog.entities.get(view.entity if view is not None else item.entity)
        if entity is None or not self._may(Action.READ, entity.name):
            return None
        if view is None:
            view = first_view(catalog, entity, actor)
        if view is None or (view.roles and not view.roles & actor.roles):
            return None
        title = item.title or (view.title if item.view else entity.title_plural)
        return Entry(
            title.in_language(self._language),
            url=f"/views/{view.name}",
            icon=item.icon or entity.icon or "table",
            color=color_of(entity),
            entity="" if item.view and item.view != entity.default_view else entity.name,
            text=_short(entity.description, self._language),
        )


def first_view(catalog: Catalog, entity: Entity, actor: Actor) -> View | None:
    """Return the view of an entity that opens first for an actor, or None."""
    views = [
        v
        for v in catalog.views.values()
        if v.entity == entity.name and (not v.roles or v.roles & actor.roles)
    ]
    chosen = next((v for v in views if v.name == entity.default_view), None)
    return chosen or next((v for v in views if v.default), views[0] if views else None)


def color_of(entity: Entity) -> str:
    """Return the hue of an entity: its own, or one that its name always gives."""
    return entity.color or HUES[zlib.crc32(entity.name.encode()) % len(HUES)]


def hue(name: str) -> str:
    """Return the hue of a person's avatar; the same name always has the same."""
    return HUES[zlib.crc32(name.encode()) % len(HUES)]


def initials(name: str) -> str:
    """Return what stands on an avatar: the last character of a Chinese name, else up to two initials.

    >>> initials("Ada Lovelace"), initials("王小明"), initials("")
    ('AL', '明', '?')
    """
    words = name.split()
    if not words:
        return "?"
    if not name.isascii() and len(words) == 1:
        return name[-1]
    return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()


def _short(text: Label, language: str) -> str:
    shown = text.in_language(language)
    return shown if len(shown) <= 80 else ""


@lru_cache(maxsize=8)
def _words(language: str) -> str:
    return json.dumps(
        {key: text.in_language(language) for key, text in _WORDS.items()}, ensure_ascii=False
    )


def _themes(language: str) -> tuple[Switch, ...]:
    now = theme() or "system"
    titles = {
        "light": (say("Light"), "sun"),
        "dark": (say("Dark"), "moon"),
        "system": (say("As the system"), "device-desktop"),
    }
    return tuple(
        Switch(value, title.in_language(language), value == now, icon)
        for value, (title, icon) in titles.items()
    )
