"""Rights in words: actions, the conditions of grants and guards, and the values that decide them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from formwright.definitions.model import Action, Catalog, Entity
from formwright.expressions.checked import Checked
from formwright.expressions.printing import to_text
from formwright.expressions.tree import Compare, ListOf, Literal, Logic, Member, Name, Node, Not
from formwright.texts import Label, Text, say

if TYPE_CHECKING:
    from formwright.definitions.model import Field

#: What can stand in a place of a sentence.
Words: TypeAlias = Text | Label | str

#: What somebody may or may not, to be read as "may … a customer".
ACTIONS: dict[Action, Text] = {
    Action.READ: say("see"),
    Action.CREATE: say("create"),
    Action.UPDATE: say("edit"),
    Action.DELETE: say("delete"),
    Action.RESTORE: say("restore"),
    Action.PURGE: say("delete for good"),
    Action.SHARE: say("share"),
    Action.ASSIGN: say("assign"),
    Action.TRANSFER: say("hand over"),
    Action.COMMENT: say("comment on"),
    Action.PRINT: say("print"),
    Action.EXPORT: say("export"),
    Action.IMPORT: say("import"),
    Action.BULK: say("change in bulk"),
    Action.MERGE: say("merge"),
    Action.REVEAL: say("uncover"),
    Action.FORCE_STATE: say("force the state of"),
    Action.CONFIGURE: say("configure"),
}
#: What is left of a value that is masked.
MASKS: dict[str, Text] = {
    "last4": say("all but the last four signs"),
    "initials": say("all but the initials"),
    "domain": say("all but the domain"),
    "all": say("all of it"),
}
_COMPARISONS: dict[str, Text] = {
    "==": say("%(left)s is %(right)s"),
    "!=": say("%(left)s is not %(right)s"),
    "<": say("%(left)s is below %(right)s"),
    "<=": say("%(left)s is at most %(right)s"),
    ">": say("%(left)s is above %(right)s"),
    ">=": say("%(left)s is at least %(right)s"),
    "in": say("%(left)s is among %(right)s"),
}
_BUILT_IN: dict[str, Text] = {
    "id": say("Number"),
    "created_at": say("Created at"),
    "created_by": say("Created by"),
    "updated_at": say("Changed at"),
    "updated_by": say("Changed by"),
    "version": say("Version"),
}
_MINE: dict[str, Text] = {
    "led_people": say("the people whom %(person)s leads"),
    "led_teams": say("the teams that %(person)s leads"),
    "teams": say("the teams of %(person)s"),
    "roles": say("the roles of %(person)s"),
}


def joined(parts: Sequence[Words], link: Text) -> Words:
    """Return several parts as one, linked by a sentence with ``left`` and ``right``."""
    whole = parts[0]
    for part in parts[1:]:
        whole = say(link.message, left=whole, right=part)
    return whole


def named(entity: Entity, title: str) -> Text:
    """Return how a record is called within a sentence."""
    return say("%(entity)s “%(title)s”", entity=entity.title, title=title)


class ConditionWords:
    """Writes conditions on records of one entity, as they are for one person, in words."""

    def __init__(self, catalog: Catalog, entity: Entity, person: str) -> None:
        self._catalog = catalog
        self._entity = entity
        self._person = person

    def condition(self, checked: Checked) -> Words:
        """Return a condition in words; what has no words stands as it is written."""
        return self._write(checked.node)

    def path(self, path: Sequence[str]) -> Words:
        """Return the titles along a path."""
        parts: list[Words] = []
        entity = self._entity
        for key in path:
            field = entity.fields.get(key)
            if field is not None:
                parts.append(field.title)
                entity = self._catalog.entities.get(field.target, entity)
            elif key == "parent" and entity.parent:
                entity = self._catalog.entities[entity.parent]
                parts.append(entity.title)
            else:
                parts.append(_BUILT_IN.get(key, key))
        return joined(parts, say("%(left)s → %(right)s"))

    def _write(self, node: Node, inside: str = "") -> Words:
        match node:
            case Logic():
                link = (
                    say("%(left)s and %(right)s")
                    if node.operator == "&&"
                    else say("%(left)s or %(right)s")
                )
                whole = joined([self._write(part, node.operator) for part in node.parts], link)
                return say("(%(condition)s)", condition=whole) if inside else whole
            case Not():
                return say("not: %(condition)s", condition=self._write(node.operand, "!"))
            case Compare():
                return self._compare(node)
            case Name() | Member() if (way := self._way(node)) is not None and way[0] != "me":
                return say("“%(field)s” is ticked", field=self.path(way))
            case _:
                return to_text(node)

    def _compare(self, node: Compare) -> Words:
        if isinstance(node.right, Literal) and node.right.value is None:
            left = self._term(node.left)
            if node.operator == "==":
                return say("%(left)s is empty", left=left)
            return say("%(left)s is filled", left=left)
        sentence = _COMPARISONS[node.operator]
        beside = self._field(node.left) or self._field(node.right)
        return say(
            sentence.message,
            left=self._term(node.left, beside),
            right=self._term(node.right, beside),
        )

    def _term(self, node: Node, beside: Field | None = None) -> Words:
        way = self._way(node)
        if way == ["me"]:
            return self._person
        if way is not None and way[0] == "me":
            known = _MINE.get(way[1])
            return (
                say(known.message, person=self._person)
                if known and len(way) == 2
                else to_text(node)
            )
        if way is not None:
            return self.path(way)
        if isinstance(node, ListOf) and node.items:
            return joined(
                [self._term(each, beside) for each in node.items], say("%(left)s, %(right)s")
            )
        if isinstance(node, Literal) and beside is not None:
            titles = {option.value: option.title for option in beside.options}
            return (
                titles.get(node.value, to_text(node))
                if isinstance(node.value, str)
                else to_text(node)
            )
        return to_text(node)

    def _way(self, node: Node) -> list[str] | None:
        """Return the names of a path that begins with a field of the record, or with ``me``."""
        match node:
            case Name():
                known = node.name in self._entity.fields or node.name in _BUILT_IN
                return [node.name] if known or node.name in {"me", "parent"} else None
            case Member():
                way = self._way(node.owner)
                if way is None:
                    return [node.name] if _is_this(node.owner) else None
                return [*way, node.name]
            case _:
                return None

    def _field(self, node: Node) -> Field | None:
        way = self._way(node)
        field: Field | None = None
        entity: Entity | None = self._entity
        for key in way or ():
            field = entity.fields.get(key) if entity is not None else None
            entity = self._catalog.entities.get(field.target) if field is not None else None
        return field


def _is_this(node: Node) -> bool:
    return isinstance(node, Name) and node.name == "this"
