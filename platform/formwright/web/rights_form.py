"""The form of one grant: what is ticked and chosen, and the attributes of the language it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import request

from formwright.definitions.model import Action, Entity, Field, Grant
from formwright.engine.rights_words import (
    ACTION_TITLES,
    MASK_TITLES,
    SCOPE_TITLES,
    actions_in_order,
)
from formwright.texts import Text, say

#: What a field can be: in full, one of the masks, or hidden.
_SIGHTS: Mapping[str, Text] = {"full": say("in full"), **MASK_TITLES, "hidden": say("hidden")}
_CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of the form."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """What a grant says about one field."""

    key: str
    title: str
    sights: Sequence[Option]
    #: None where nobody ever writes it.
    write: bool | None


@dataclass(frozen=True, slots=True)
class GrantForm:
    """Everything the form draws."""

    enabled: bool
    actions: Sequence[Option]
    scopes: Sequence[Option]
    condition: str
    until: str
    fields: Sequence[FieldChoice]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a grant is to say."""

    entity: Entity
    enabled: bool
    actions: frozenset[str]
    scope: str
    condition: str
    until: str
    #: Field -> full, a mask, or hidden.
    sights: Mapping[str, str]
    #: Fields that can be written.
    writes: frozenset[str]

    def drawn(self, language: str) -> GrantForm:
        """Return the form as it is drawn."""
        return GrantForm(
            self.enabled,
            [
                Option(
                    action.value,
                    ACTION_TITLES[action].in_language(language),
                    action in self.actions,
                )
                for action in Action
            ],
            [
                Option(word, title.in_language(language), word == self.scope)
                for word, title in {
                    **SCOPE_TITLES,
                    _CONDITION: say("where a condition holds"),
                }.items()
            ],
            self.condition,
            self.until,
            [self._field(field, language) for field in self.entity.fields.values()],
        )

    def _field(self, field: Field, language: str) -> FieldChoice:
        maskable = field.stored and not field.target
        sight = self.sights.get(field.key, "full")
        options = [
            Option(value, title.in_language(language), value == sight)
            for value, title in _SIGHTS.items()
            if maskable or value in {"full", "hidden"}
        ]
        write = field.key in self.writes if field.writable else None
        return FieldChoice(field.key, field.title.in_language(language), options, write)


def empty(entity: Entity) -> Wanted:
    """Return a new grant: to read everything, with the fields' own masks."""
    sights = {key: field.mask if field.mask != "none" else "full" for key, field in entity.fields.items()}  # fmt: skip
    return Wanted(entity, True, frozenset({"read"}), "all", "", "", MappingProxyType(sights), frozenset(entity.fields))  # fmt: skip


def form_of(entity: Entity, grant: Grant, *, enabled: bool) -> Wanted:
    """Return what a grant says."""
    sights = {
        key: "hidden" if key in grant.hidden else grant.masks.get(key, "full")
        for key in entity.fields
    }
    scope = grant.scope_word or ("all" if grant.scope is None else _CONDITION)
    return Wanted(
        entity,
        enabled,
        frozenset(action.value for action in grant.actions),
        scope,
        grant.scope.source if scope == _CONDITION and grant.scope is not None else "",
        grant.until.isoformat() if grant.until is not None else "",
        MappingProxyType(sights),
        frozenset(entity.fields) - grant.locked,
    )


def read(entity: Entity) -> Wanted:
    """Return what the form at hand was filled in with."""
    sent = request.form
    return Wanted(
        entity,
        "enabled" in sent,
        frozenset(sent.getlist("action")) & {action.value for action in Action},
        sent.get("scope", "all"),
        sent.get("condition", "").strip(),
        sent.get("until", "").strip(),
        MappingProxyType({key: sent.get(f"see-{key}", "full") for key in entity.fields}),
        frozenset(key for key in entity.fields if f"write-{key}" in sent),
    )


def attributes(entity: Entity, wanted: Wanted) -> dict[str, Any]:
    """Return the attributes of a grant that say what is wanted; what needs no saying is left out."""
    chosen = frozenset(Action(name) for name in wanted.actions)
    found: dict[str, Any] = {"actions": [action.value for action in actions_in_order(chosen)]}
    if wanted.scope == _CONDITION:
        found["scope"] = wanted.condition
    elif wanted.scope != "all":
        found["scope"] = wanted.scope
    fields = _fields(entity, wanted)
    if fields:
        found["fields"] = fields
    if wanted.until:
        found["until"] = wanted.until
    return found


def _fields(entity: Entity, wanted: Wanted) -> dict[str, Any]:
    sights, fields = wanted.sights, entity.fields
    hidden = [key for key in fields if sights[key] == "hidden"]
    own = {key: field.mask for key, field in fields.items() if field.mask != "none"}
    masks = {
        key: s for key, s in sights.items() if s not in {"full", "hidden"} and own.get(key) != s
    }
    clear = [key for key in own if sights[key] == "full"]
    locked = [
        key
        for key, field in fields.items()
        if field.writable and key not in wanted.writes and key not in hidden
    ]
    found = {"hide": hidden, "mask": masks, "clear": clear, "except": locked}
    return {key: value for key, value in found.items() if value}
