"""What a change of rights means for people: who gains or loses what, in words, before it is in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from formwright.definitions.model import Action, Catalog, Grant, Guard
from formwright.engine.actor import Actor
from formwright.engine.rights import Levels, Standing, standing
from formwright.engine.rights_words import action_words, joined, scope_words
from formwright.texts import Label, Text, say, say_many

if TYPE_CHECKING:
    from formwright.store.transaction import Transaction

Words: TypeAlias = Text | Label


@dataclass(frozen=True, slots=True)
class _Side:
    """The rights of a set of roles under one catalog."""

    catalog: Catalog
    actor: Actor
    day: date

    @classmethod
    def of(cls, catalog: Catalog, given: frozenset[str], day: date) -> _Side:
        return cls(catalog, Actor(None, "", "", catalog.roles_of(given)), day)

    def standing(self, action: Action, entity: str) -> Standing:
        return standing(self.catalog, self.actor, action, entity, self.day)

    def guards(self, action: Action, entity: str) -> dict[str, Guard]:
        """Return what limits the action, by its condition."""
        return {
            guard.scope.source: guard
            for guard in self.catalog.guards
            if guard.entity == entity
            and action in guard.actions
            and not guard.exempt & self.actor.roles
        }


@dataclass(frozen=True, slots=True)
class _Difference:
    """One thing that somebody gains or loses; ``kind`` chooses the sentence."""

    kind: str
    entity: str
    #: The records or the field it is about, as written; part of what makes two differences the same.
    about: str = ""


def impact(tx: Transaction, old: Catalog, new: Catalog, day: date) -> tuple[Text, ...]:
    """Return what people gain and lose when ``new`` takes the place of ``old``, a sentence each.

    Compared is what each set of roles that somebody has adds up to. Kinds of record that come or go as a whole are
    left out: the plan says so by itself.
    """
    found: dict[tuple[_Difference, tuple[Action, ...]], int] = {}
    words: dict[_Difference, tuple[Words, Words]] = {}
    for given, count in _people(tx).items():
        before, after = _Side.of(old, given, day), _Side.of(new, given, day)
        actions: dict[_Difference, list[Action]] = {}
        for entity in new.entities:
            if entity in old.entities:
                for action, difference, about in _entity(before, after, entity):
                    actions.setdefault(difference, []).append(action)
                    words[difference] = (new.entities[entity].title, about)
        for difference, listed in actions.items():
            key = (difference, () if difference.kind in _OF_FIELDS else tuple(listed))
            found[key] = found.get(key, 0) + count
    return tuple(
        _sentence(difference.kind, count, listed, *words[difference])
        for (difference, listed), count in found.items()
    )


def _people(tx: Transaction) -> Mapping[frozenset[str], int]:
    """Return how many people have each set of roles; who cannot log in any more does not count."""
    gone = {credential.user for credential in tx.users.credentials() if not credential.active}
    found: dict[frozenset[str], int] = {}
    for user, roles in tx.users.roles_of_all().items():
        if user not in gone:
            found[roles] = found.get(roles, 0) + 1
    return found


def _entity(
    before: _Side, after: _Side, entity: str
) -> Iterator[tuple[Action, _Difference, Words]]:
    """Yield what is different about one kind of record."""
    for action in Action:
        old, new = before.standing(action, entity), after.standing(action, entity)
        reach = list(_reach(before, after, old, new))
        for kind, about in reach:
            yield action, _Difference(kind, entity, str(about)), about
        if old.profiles and new.profiles:
            for kind, about in _guards(before, after, action, entity):
                yield action, _Difference(kind, entity, str(about)), about
            for kind, key in _fields(action, old, new, same_reach=not reach):
                field = after.catalog.entities[entity].fields.get(key)
                if field is not None or kind == "other":
                    title: Words = field.title if field is not None else say("fields")
                    yield action, _Difference(kind, entity, key), title


def _reach(
    before: _Side, after: _Side, old: Standing, new: Standing
) -> Iterator[tuple[str, Words]]:
    if not old.profiles and not new.profiles:
        return
    if not old.profiles:
        yield ("gain", Label("")) if new.everywhere else ("gain_some", _scopes(after, new.grants))
    elif not new.profiles:
        yield ("lose", Label("")) if old.everywhere else ("lose_some", _scopes(before, old.grants))
    elif old.everywhere and not new.everywhere:
        yield "lose_outside", _scopes(after, new.grants)
    elif new.everywhere and not old.everywhere:
        yield "gain_outside", _scopes(before, old.grants)
    elif not old.everywhere:
        yield from _some(before, after, old.grants, new.grants)


def _some(
    before: _Side, after: _Side, old: Iterable[Grant], new: Iterable[Grant]
) -> Iterator[tuple[str, Words]]:
    """Compare grants that all reach some records only."""
    had, has = _by_reach(old), _by_reach(new)
    gained = [grant for mark, grant in has.items() if mark not in had]
    lost = [grant for mark, grant in had.items() if mark not in has]
    if gained:
        yield "gain_some", _scopes(after, gained)
    if lost:
        yield "lose_some", _scopes(before, lost)


def _by_reach(grants: Iterable[Grant]) -> dict[tuple[object, ...], Grant]:
    return {
        (grant.scope.source if grant.scope is not None else "", grant.via, grant.states): grant
        for grant in grants
    }


def _scopes(side: _Side, grants: Iterable[Grant]) -> Words:
    return joined(scope_words(side.catalog, grant) for grant in _by_reach(grants).values())


def _guards(
    before: _Side, after: _Side, action: Action, entity: str
) -> Iterator[tuple[str, Words]]:
    had, has = before.guards(action, entity), after.guards(action, entity)
    for source in has:
        if source not in had:
            yield "lose_outside", Label(source)
    for source in had:
        if source not in has:
            yield "gain_outside", Label(source)


def _fields(
    action: Action, old: Standing, new: Standing, *, same_reach: bool
) -> Iterator[tuple[str, str]]:
    """Yield what is different about fields: the sentence, and the key of the field."""
    had, has = old.most, new.most
    if action is Action.READ:
        for key in sorted(_limited(had) | _limited(has)):
            before, after = _sight(had, key), _sight(has, key)
            if before != after:
                yield f"see_{after}", key
    elif action in {Action.UPDATE, Action.CREATE}:
        yield from (("write_not", key) for key in sorted(has.locked - had.locked - has.hidden))
        yield from (("write", key) for key in sorted(had.locked - has.locked))
    if same_reach and had == has and _by_levels(old) != _by_levels(new):
        yield "other", ""


def _limited(levels: Levels) -> frozenset[str]:
    return levels.hidden | levels.masks.keys()


def _sight(levels: Levels, key: str) -> str:
    if key in levels.hidden:
        return "none"
    return "part" if key in levels.masks else "full"


def _by_levels(found: Standing) -> frozenset[tuple[object, ...]]:
    return frozenset(
        (
            *mark,
            profile.levels.hidden,
            frozenset(profile.levels.masks.items()),
            profile.levels.locked,
        )
        for profile in found.profiles
        for mark in _by_reach(profile.grants)
    )


def _sentence(
    kind: str, count: int, actions: tuple[Action, ...], entity: Words, about: Words
) -> Text:
    form = _SENTENCES[kind]
    return say_many(
        form.message,
        form.plural or form.message,
        count,
        actions=action_words(actions),
        entity=entity,
        about=about,
    )


#: The sentences by kind; the number of people is put in where one is used.
_SENTENCES: Mapping[str, Text] = {
    "gain": say_many(
        "%(count)s person gains on all of “%(entity)s”: %(actions)s",
        "%(count)s people gain on all of “%(entity)s”: %(actions)s",
        0,
    ),
    "gain_some": say_many(
        "%(count)s person gains on some of “%(entity)s” (%(about)s): %(actions)s",
        "%(count)s people gain on some of “%(entity)s” (%(about)s): %(actions)s",
        0,
    ),
    "gain_outside": say_many(
        "%(count)s person gains on all of “%(entity)s”, so far only on some (%(about)s): %(actions)s",
        "%(count)s people gain on all of “%(entity)s”, so far only on some (%(about)s): %(actions)s",
        0,
    ),
    "lose": say_many(
        "%(count)s person loses on all of “%(entity)s”: %(actions)s",
        "%(count)s people lose on all of “%(entity)s”: %(actions)s",
        0,
    ),
    "lose_some": say_many(
        "%(count)s person loses on some of “%(entity)s” (%(about)s): %(actions)s",
        "%(count)s people lose on some of “%(entity)s” (%(about)s): %(actions)s",
        0,
    ),
    "lose_outside": say_many(
        "%(count)s person loses on “%(entity)s” outside of “%(about)s”: %(actions)s",
        "%(count)s people lose on “%(entity)s” outside of “%(about)s”: %(actions)s",
        0,
    ),
    "see_full": say_many(
        "%(count)s person sees “%(about)s” of “%(entity)s” in full now",
        "%(count)s people see “%(about)s” of “%(entity)s” in full now",
        0,
    ),
    "see_part": say_many(
        "%(count)s person sees only a part of “%(about)s” of “%(entity)s” now",
        "%(count)s people see only a part of “%(about)s” of “%(entity)s” now",
        0,
    ),
    "see_none": say_many(
        "%(count)s person no longer sees “%(about)s” of “%(entity)s”",
        "%(count)s people no longer see “%(about)s” of “%(entity)s”",
        0,
    ),
    "write": say_many(
        "%(count)s person may change “%(about)s” of “%(entity)s” now",
        "%(count)s people may change “%(about)s” of “%(entity)s” now",
        0,
    ),
    "write_not": say_many(
        "%(count)s person may no longer change “%(about)s” of “%(entity)s”",
        "%(count)s people may no longer change “%(about)s” of “%(entity)s”",
        0,
    ),
    "other": say_many(
        "%(count)s person sees or changes other fields of some records of “%(entity)s”",
        "%(count)s people see or change other fields of some records of “%(entity)s”",
        0,
    ),
}
#: About fields: which of the actions brought it to light does not matter.
_OF_FIELDS = frozenset({"see_full", "see_part", "see_none", "write", "write_not", "other"})
