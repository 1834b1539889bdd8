"""Differences of what has no records: forms, views, apps, roles, rights, settings, sequences and data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from formwright.definitions.changes_of_fields import plain
from formwright.definitions.effects import Change, Kind
from formwright.definitions.model import SYSTEM, Catalog, Grant
from formwright.texts import Text, say

_Sentence: TypeAlias = Callable[[Any], Text]


def others(old: Catalog, new: Catalog) -> Iterator[Change]:
    """Yield the differences of everything that has no records."""
    for before, after, sentences in (
        (old.forms, new.forms, _FORM),
        (old.views, new.views, _VIEW),
        (old.apps, new.apps, _APP),
        (old.roles, new.roles, _ROLE),
        (_written(old.grants), _written(new.grants), _GRANT),
        (_by_name(old.guards), _by_name(new.guards), _GUARD),
        (old.settings, new.settings, _SETTING),
        (old.sequences, new.sequences, _SEQUENCE),
        (_by_name(old.datasets), _by_name(new.datasets), _DATASET),
    ):
        yield from _named(before, after, sentences)


def _named(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    sentences: tuple[_Sentence, _Sentence, _Sentence],
) -> Iterator[Change]:
    added, changed, removed = sentences
    for name, thing in new.items():
        if name not in old:
            yield Change(Kind.ADDED, added(thing))
        elif plain(old[name]) != plain(thing):
            yield Change(Kind.CHANGED, changed(thing))
    yield from (
        Change(Kind.REMOVED, removed(thing)) for name, thing in old.items() if name not in new
    )


def _written(grants: tuple[Grant, ...]) -> dict[str, Any]:
    """Return the grants that stand in files, without those of the platform's own work."""
    return _by_name(tuple(grant for grant in grants if grant.role != SYSTEM))


def _by_name(things: tuple[Any, ...]) -> dict[str, Any]:
    return {f"{thing.package}.{thing.key}": thing for thing in things}


_FORM = (
    lambda form: say("Form “%(title)s” (%(name)s) is added.", title=form.title, name=form.name),
    lambda form: say("Form “%(title)s” (%(name)s) is changed.", title=form.title, name=form.name),
    lambda form: say("Form “%(title)s” (%(name)s) is removed.", title=form.title, name=form.name),
)
_VIEW = (
    lambda view: say("View “%(title)s” (%(name)s) is added.", title=view.title, name=view.name),
    lambda view: say("View “%(title)s” (%(name)s) is changed.", title=view.title, name=view.name),
    lambda view: say("View “%(title)s” (%(name)s) is removed.", title=view.title, name=view.name),
)
_APP = (
    lambda app: say("App “%(title)s” is added.", title=app.title),
    lambda app: say("App “%(title)s” is changed.", title=app.title),
    lambda app: say("App “%(title)s” is removed.", title=app.title),
)
_ROLE = (
    lambda role: say("Role “%(title)s” is added.", title=role.title),
    lambda role: say("Role “%(title)s” is changed.", title=role.title),
    lambda role: say(
        "Role “%(title)s” is removed; whoever has it loses its rights.", title=role.title
    ),
)
_GRANT = (
    lambda grant: say(
        "Rights: %(role)s gains %(actions)s on %(entity)s (%(name)s).", **_rights(grant)
    ),
    lambda grant: say(
        "Rights: what %(role)s may do on %(entity)s is changed (%(name)s).", **_rights(grant)
    ),
    lambda grant: say(
        "Rights: %(role)s loses %(actions)s on %(entity)s (%(name)s).", **_rights(grant)
    ),
)
_GUARD = (
    lambda guard: say(
        "Rights: on %(entity)s, a limit over all grants is added (%(name)s).",
        entity=guard.entity,
        name=guard.key,
    ),
    lambda guard: say(
        "Rights: on %(entity)s, the limit %(name)s over all grants is changed.",
        entity=guard.entity,
        name=guard.key,
    ),
    lambda guard: say(
        "Rights: on %(entity)s, the limit %(name)s over all grants is lifted.",
        entity=guard.entity,
        name=guard.key,
    ),
)
_SETTING = (
    lambda setting: say("Setting “%(title)s” is added.", title=setting.field.title),
    lambda setting: say("Setting “%(title)s” is changed.", title=setting.field.title),
    lambda setting: say("Setting “%(title)s” is removed.", title=setting.field.title),
)
_SEQUENCE = (
    lambda sequence: say("Sequence %(name)s is added.", name=sequence.name),
    lambda sequence: say(
        "Sequence %(name)s is changed; numbers that were given stay.", name=sequence.name
    ),
    lambda sequence: say("Sequence %(name)s is removed.", name=sequence.name),
)
_DATASET = (
    lambda rows: say(
        "Data set %(name)s is added, with %(count)s rows.", name=rows.key, count=len(rows.rows)
    ),
    lambda rows: say("Data set %(name)s is changed.", name=rows.key),
    lambda rows: say("Data set %(name)s is removed; its rows stay.", name=rows.key),
)


def _rights(grant: Any) -> dict[str, str]:
    actions = ", ".join(sorted(grant.actions))
    return {"role": grant.role, "entity": grant.entity, "actions": actions, "name": grant.key}
