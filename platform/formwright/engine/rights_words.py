"""Grants and guards in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from formwright.definitions.model import Action, Catalog, Entity, Grant, Guard
from formwright.texts import Label, Text, say

ACTION_TITLES: dict[Action, Text] = {
    Action.READ: say("read"),
    Action.CREATE: say("create"),
    Action.UPDATE: say("change"),
    Action.DELETE: say("delete"),
    Action.RESTORE: say("restore"),
    Action.PURGE: say("delete for good"),
    Action.SHARE: say("share"),
    Action.ASSIGN: say("assign from the pool"),
    Action.TRANSFER: say("hand over"),
    Action.COMMENT: say("comment"),
    Action.PRINT: say("print"),
    Action.EXPORT: say("export"),
    Action.IMPORT: say("import"),
    Action.BULK: say("change many at once"),
    Action.MERGE: say("merge"),
    Action.REVEAL: say("show masked values"),
    Action.FORCE_STATE: say("set any state"),
    Action.CONFIGURE: say("configure"),
}
SCOPE_TITLES: dict[str, Text] = {
    "all": say("all"),
    "own": say("own"),
    "shared": say("own and those one helps with"),
    "team": say("own and those of the teams one leads"),
    "pool": say("without an owner"),
}
MASK_TITLES: dict[str, Text] = {
    "last4": say("the last four characters"),
    "initials": say("initials"),
    "domain": say("the domain"),
    "all": say("dots only"),
}


def joined(texts: Iterable[Text | Label]) -> Text | Label:
    """Return several words as one list of words."""
    found = list(texts)
    if not found:
        return say("nothing")
    whole: Text | Label = found[0]
    for each in found[1:]:
        whole = say("%(one)s, %(next)s", one=whole, next=each)
    return whole


def actions_in_order(actions: Iterable[Action]) -> list[Action]:
    """Return actions in the order in which people think of them."""
    chosen = frozenset(actions)
    return [action for action in Action if action in chosen]


def action_words(actions: Iterable[Action]) -> Text | Label:
    """Return what actions are called."""
    return joined(ACTION_TITLES[action] for action in actions_in_order(actions))


def scope_words(catalog: Catalog, grant: Grant) -> Text | Label:
    """Return on which records a grant counts: the word of its scope, or its condition as it is written."""
    parts: list[Text | Label] = []
    if grant.scope_word and (grant.scope_word != "all" or not grant.limited):
        parts.append(SCOPE_TITLES[grant.scope_word])
    elif grant.scope is not None:
        parts.append(Label(grant.scope.source))
    entity = catalog.entities[grant.entity]
    if grant.via:
        title = entity.fields[grant.via].title
        parts.append(say("those whose “%(field)s” one may read", field=title))
    if grant.states:
        parts.append(say("in state %(states)s", states=joined(_states(entity, grant.states))))
    return joined(parts) if parts else SCOPE_TITLES["all"]


def _states(entity: Entity, states: Iterable[str]) -> list[Label]:
    options = entity.fields[entity.state_field].options
    return [option.title for option in options if option.value in frozenset(states)]


def field_words(catalog: Catalog, grant: Grant) -> list[Text]:
    """Return what a grant says about fields, a sentence each; nothing where every field is open."""
    fields = catalog.entities[grant.entity].fields
    found: list[Text] = []
    if grant.hidden and Action.READ in grant.actions:
        found.append(say("hidden: %(fields)s", fields=_titles(catalog, grant, grant.hidden)))
    if Action.READ in grant.actions:
        found += [
            say("of “%(field)s” only %(mask)s", field=fields[key].title, mask=MASK_TITLES[mask])
            for key, mask in grant.masks.items()
        ]
    writes = grant.actions & {Action.CREATE, Action.UPDATE, Action.IMPORT}
    locked = grant.locked - grant.hidden if Action.READ in grant.actions else grant.locked
    locked = frozenset(key for key in locked if fields[key].writable)
    if writes and locked:
        found.append(say("not to be changed: %(fields)s", fields=_titles(catalog, grant, locked)))
    return found


def _titles(catalog: Catalog, grant: Grant, keys: Iterable[str]) -> Text | Label:
    fields, chosen = catalog.entities[grant.entity].fields, frozenset(keys)
    return joined(field.title for key, field in fields.items() if key in chosen)


def guard_words(catalog: Catalog, guard: Guard) -> Text:
    """Return what a guard limits, in one sentence."""
    every = guard.actions == frozenset(Action)
    actions = say("whatever is done") if every else action_words(guard.actions)
    exempt: Sequence[Label] = [
        catalog.roles[name].title for name in sorted(guard.exempt) if name in catalog.roles
    ]
    if exempt:
        return say(
            "%(actions)s: only where %(condition)s, except for %(roles)s",
            actions=actions,
            condition=guard.scope.source,
            roles=joined(exempt),
        )
    return say(
        "%(actions)s: only where %(condition)s", actions=actions, condition=guard.scope.source
    )
