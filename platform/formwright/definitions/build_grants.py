"""Grants and guards: who may do what with which records and which of their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from formwright.definitions.building import Building
from formwright.definitions.formulas import Formulas, holds_always
from formwright.definitions.model import SYSTEM, Action, Entity, Grant, Guard
from formwright.definitions.overlays import Overlay
from formwright.definitions.parts import Part
from formwright.expressions import kinds
from formwright.expressions.check import Checked
from formwright.texts import say

#: Words that stand for a scope; what each means depends on the entity.
SCOPE_WORDS = ("all", "own", "shared", "team", "pool")
#: Older words for actions.
_FORMER = {"unmask": "reveal"}


def scope_text(word: str, entity: Entity) -> str | None:
    """Return the expression that a scope word stands for; "true" for all, None where the entity has no such thing."""
    owner = entity.owner_field or "created_by"
    match word:
        case "all":
            return "true"
        case "own":
            return f"{owner} == me"
        case "shared" if entity.collaborators_field:
            return f"{owner} == me || me in {entity.collaborators_field}"
        case "shared":
            return f"{owner} == me"
        case "team":
            return f"{owner} == me || {owner} in me.led_people"
        case "pool" if entity.owner_field:
            return f"{owner} == null"
        case _:
            return None


class GrantBuilder:
    """Makes the frozen grants and guards."""

    def __init__(
        self, building: Building, formulas: Formulas, entities: Mapping[str, Entity]
    ) -> None:
        self._building = building
        self._formulas = formulas
        self._entities = entities
        #: Grants that an overlay switches off, as they would be.
        self.disabled: list[Grant] = []
        #: Entities that any grant names, also one that is switched off.
        self.granted: frozenset[str] = frozenset()

    def grants(self) -> tuple[Grant, ...]:
        """Return all grants in force, in order, and behind them those of the platform's own work."""
        written: list[Grant] = []
        overlay = Overlay(self._building)
        for package in self._building.packages.values():
            for part in package.root.parts("grants"):
                grant = self._overlaid(part, overlay)
                if grant is None:
                    continue
                if not overlay.is_enabled(grant.name):
                    self.disabled.append(grant)
                elif not self._goes_round(grant, written, part):
                    written.append(grant)
        self.granted = frozenset(grant.entity for grant in (*written, *self.disabled))
        own = (
            Grant(f"system_{entity.key}", entity.package, SYSTEM, entity.name, frozenset(Action))
            for entity in self._entities.values()
            if not entity.parent or entity.name in self.granted
        )
        return (*written, *own)

    def _overlaid(self, part: Part, overlay: Overlay) -> Grant | None:
        """Return a grant with what this installation has changed about it."""
        name = f"{part.package}.{part.key}"
        grant = self._grant(overlay.laid_over(part, name))
        changed = overlay.changed(name)
        return replace(grant, overlaid=changed) if grant is not None and changed else grant

    def _goes_round(self, grant: Grant, earlier: Iterable[Grant], part: Part) -> bool:
        """Note a grant that, with those before it, makes reading a record depend on reading that very record."""
        leads: dict[str, set[str]] = {}
        for each in (*earlier, grant):
            if each.via and Action.READ in each.actions:
                target = self._entities[each.entity].fields[each.via].target
                leads.setdefault(each.entity, set()).add(target)
        if not grant.via or Action.READ not in grant.actions:
            return False
        ways = [[grant.entity]]
        while ways:
            way = ways.pop()
            for target in leads.get(way[-1], ()):
                if target == grant.entity:
                    cycle = " → ".join([*way, target])
                    message = say(
                        "a grant reaches its own records through 'via': %(cycle)s", cycle=cycle
                    )
                    self._building.problem(part.at("via"), "FW207", message)
                    return True
                if target not in way:
                    ways.append([*way, target])
        return False

    def guards(self) -> tuple[Guard, ...]:
        """Return all guards, in order."""
        return tuple(
            guard
            for package in self._building.packages.values()
            for part in package.root.parts("guards")
            if (guard := self._guard(part)) is not None
        )

    def _grant(self, part: Part) -> Grant | None:
        building = self._building
        role = building.find("role", part.text("role"), part.package, part.at("role"))
        entity = self._entity(part)
        if not part.get("actions"):
            building.problem(part.at("actions"), "FW106", say("the list is empty"))
        if role is None or entity is None:
            return None
        description = building.label(part, "description")
        scope, good = self._scope(part, entity)
        via, states = self._via(part, entity), self._states(part, entity)
        limited = (via or "via" not in part) and (states or "states" not in part)
        if not (good and limited):
            return None  # a limit that is wrong must never count as none
        hidden, masks, locked = self._fields(part.part("fields"), entity)
        return Grant(
            part.key, part.package, role, entity.name, _actions(part), scope, via, states,
            self._until(part), hidden, masks, locked, description, _scope_word(part),
        )  # fmt: skip

    def _guard(self, part: Part) -> Guard | None:
        building = self._building
        entity = self._entity(part)
        roles = (
            building.find("role", role, part.package, part.at_item("exempt", index))
            for index, role in enumerate(part.get("exempt", ()))
        )
        exempt = frozenset(role for role in roles if role)
        message = building.label(part, "message")
        description = building.label(part, "description")
        if entity is None:
            return None
        scope, _ = self._scope(part, entity)
        if scope is None:
            return None
        actions = _actions(part) if "actions" in part else frozenset(Action)
        return Guard(
            part.key, part.package, entity.name, scope, actions, exempt, message, description
        )

    def _entity(self, part: Part) -> Entity | None:
        name = self._building.find("entity", part.text("entity"), part.package, part.at("entity"))
        return self._entities.get(name) if name else None

    def _scope(self, part: Part, entity: Entity) -> tuple[Checked | None, bool]:
        """Return the scope, None for every record; and whether it could be understood."""
        written = part.get("scope")
        if written is None or holds_always(written) or written == "all":
            return None, True
        if written not in SCOPE_WORDS:
            found = self._formulas.condition(part, "scope", entity.name, in_sql=True)
            return found, found is not None
        text = scope_text(written, entity)
        if text is None:
            message = say(
                "'%(entity)s' has no owner field, so that '%(name)s' means nothing here",
                entity=entity.name,
                name=written,
            )
            self._building.problem(part.at("scope"), "FW206", message)
            return None, False
        found = self._formulas.check(text, text, part, "scope", entity.name, kinds.BOOLEAN)
        return found, found is not None

    def _via(self, part: Part, entity: Entity) -> str:
        key = part.text("via")
        if not key:
            return ""
        field = self._building.field(entity.name, key, part.at("via"))
        if field is None:
            return ""
        if not field.is_reference:
            message = say("'%(name)s' does not refer to one other record", name=key)
            self._building.problem(part.at("via"), "FW206", message)
            return ""
        return key

    def _states(self, part: Part, entity: Entity) -> frozenset[str]:
        field = entity.fields.get(entity.state_field)
        listed = part.get("states", ())
        if listed and field is None:
            message = say("'%(entity)s' has no state_field", entity=entity.name)
            self._building.problem(part.at("states"), "FW206", message)
        known = [option.value for option in field.options] if field is not None else []
        for index, state in enumerate(listed if known else ()):
            if state not in known:
                message = say(
                    "'%(name)s' is no state of '%(entity)s'", name=state, entity=entity.name
                )
                self._building.unknown(part.at_item("states", index), message, state, known)
        return frozenset(state for state in listed if state in known)

    def _until(self, part: Part) -> date | None:
        if "until" not in part:
            return None
        try:
            return date.fromisoformat(part.text("until"))
        except ValueError:
            message = say("there is no such day: %(day)s", day=part.text("until"))
            self._building.problem(part.at("until"), "FW106", message)
            return date.min  # what is wrong must never hold for ever

    def _fields(
        self, part: Part, entity: Entity
    ) -> tuple[frozenset[str], Mapping[str, str], frozenset[str]]:
        """Return the fields that are hidden, masked and locked."""
        everything = frozenset(entity.fields)
        hidden = (everything - self._set(part, "read", entity, everything)) | self._set(
            part, "hide", entity, frozenset()
        )
        clear = self._set(part, "clear", entity, frozenset())
        masks = {
            key: field.mask
            for key, field in entity.fields.items()
            if field.mask != "none" and key not in clear
        }
        for key, mask in part.get("mask", {}).items():
            place = part.part("mask").place.of_key(key)
            field = self._building.field(entity.name, key, place)
            if field is not None and (field.target or field.type.virtual):
                message = say("'%(name)s' cannot be masked; hide it", name=key)
                self._building.problem(place, "FW206", message)
            elif field is not None:
                masks[key] = mask
        shown = {key: mask for key, mask in masks.items() if key not in hidden}
        written = self._set(part, "write", entity, everything - hidden)
        locked = (everything - written) | self._set(part, "except", entity, frozenset())
        return hidden, MappingProxyType(shown), locked

    def _set(
        self, part: Part, name: str, entity: Entity, default: frozenset[str]
    ) -> frozenset[str]:
        listed = part.get(name)
        if listed is None:
            return default
        if listed == "*":
            return frozenset(entity.fields)
        found = (
            self._building.field(entity.name, key, part.at_item(name, index))
            for index, key in enumerate(listed)
        )
        return frozenset(field.key for field in found if field is not None)


def _actions(part: Part) -> frozenset[Action]:
    return frozenset(Action(_FORMER.get(name, name)) for name in part.get("actions", ()))


def _scope_word(part: Part) -> str:
    written = part.get("scope")
    return written if written in SCOPE_WORDS else ""
