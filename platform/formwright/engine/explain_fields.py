"""Why somebody reads or writes a field in full, as a mask, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from formwright.definitions.model import Action, Entity, Field, Grant
from formwright.engine.rights import grants_for
from formwright.engine.words import MASKS, ConditionWords, Words
from formwright.errors import NotFound
from formwright.texts import Label, Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

_WRITING = frozenset({Action.CREATE, Action.UPDATE, Action.IMPORT})


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """How far a field is open: ``open``, ``masked``, ``hidden``, ``locked``, or ``some`` for what depends on the record."""

    key: str
    title: Label
    level: str
    verdict: Text
    because: tuple[Words, ...]


class Asked(Protocol):
    """The question that a field is a part of."""

    unit: Unit
    person: Unit
    action: Action
    entity: Entity
    field: str | None
    name: str
    everything: bool
    row: Any

    @property
    def record(self) -> StoredRecord | None:
        """The record in question."""
        ...

    @property
    def seen(self) -> StoredRecord | None:
        """The record as whoever asks may see it."""
        ...

    @property
    def what(self) -> Words:
        """What the question is about, within a sentence."""
        ...

    def holds(self, key: tuple[str, ...]) -> bool | None:
        """Return whether a condition holds."""
        ...


class FieldQuestion:
    """What has to be asked of a record for a field to be explained."""

    def __init__(self, person: Unit, row: Any, field: Field) -> None:
        sight = person.gate.sight.of(row.entity)
        #: The condition under which each grant reaches the record, whatever else it says.
        self.conditions: dict[tuple[str, ...], list[Any]] = {
            ("reaches", grant.name): [person.access.reaches(Action.READ, grant, row)]
            for grant in _grants(person, Action.READ, row.entity)
        }
        for path in sorted(field.compute.reads) if field.compute is not None else ():
            inputs = sight.followed(row, path)
            if inputs:
                self.conditions["input", *path] = list(inputs)


def answer_field(asked: Asked) -> FieldAnswer:
    """Return how far a field is open to the person, and which grants or inputs decide that."""
    return _Answering(asked).answer()


class _Answering:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._key = asked.field or ""
        self._field = asked.entity.fields[self._key]
        self._person = asked.person

    def answer(self) -> FieldAnswer:
        level, mask = self._level()
        because = [*self._inputs(), *self._grants(level)]
        if level != "hidden" and self._asked.action in _WRITING:
            locked, more = self._locked(level)
            because += more
            level = "locked" if locked else level
        return FieldAnswer(
            self._key, self._field.title, level, self._verdict(level, mask), tuple(because)
        )

    # --- how far ----------------------------------------------------------------------------------------------

    @cached_property
    def _own(self) -> StoredRecord | None:
        """The record as the person sees it."""
        record = self._asked.record
        if record is None:
            return None
        try:
            return self._person.gate.find(Action.READ, record.entity, record.id)
        except NotFound:
            return None

    def _level(self) -> tuple[str, str]:
        if self._asked.record is not None:
            if self._own is None or (
                self._key in self._own.withheld and self._key not in self._own.masks
            ):
                return "hidden", ""
            if self._key in self._own.masks:
                return "masked", self._own.masks[self._key]
            return "open", ""
        sight = self._person.gate.sight.of(self._asked.entity.name)
        shown = sight.shown(self._asked.row, self._key)
        if sight.scope(self._asked.row) is None or (
            shown is None and self._key in sight.most.hidden
        ):
            return "hidden", ""
        if shown is None:
            return "masked", ""
        return ("some" if shown else "open"), ""

    def _locked(self, level: str) -> tuple[bool, list[Words]]:
        """Return whether the field cannot be written, and what decides that."""
        gate, record, action = self._person.gate, self._asked.record, self._asked.action
        if self._field.compute is not None or not self._field.writable:
            return True, [say("It is worked out, so nobody writes it.")]
        if level == "masked":
            return True, [say("What is masked cannot be written.")]
        if record is not None and action is Action.UPDATE:
            stands = gate.stands(action, record)
            locked = stands is None or self._key in stands
        else:
            locked = self._key in gate.locked_at_best(action, self._asked.entity.name)
        found: list[Words] = [
            say("%(grant)s does not let it be written.", grant=self._name(grant))
            for grant in _grants(self._person, action, self._asked.entity.name)
            if self._key in grant.locked
        ]
        return locked, found

    def _verdict(self, level: str, mask: str) -> Text:
        places = {"person": self._asked.name, "field": self._field.title, "what": self._asked.what}
        match level:
            case "masked" if mask and self._shows(mask):
                return say(
                    "%(person)s sees “%(field)s” of %(what)s masked, as %(mask)s.",
                    mask=mask,
                    **places,
                )
            case "masked":
                return say("%(person)s sees “%(field)s” of %(what)s masked.", **places)
            case "hidden":
                return say("%(person)s does not see “%(field)s” of %(what)s.", **places)
            case "locked":
                return say("%(person)s cannot write “%(field)s” of %(what)s.", **places)
            case "some":
                return say(
                    "%(person)s sees “%(field)s” of %(what)s in full in some cases; it depends on the record.",
                    **places,
                )
            case _ if self._asked.action in _WRITING:
                return say(
                    "%(person)s sees “%(field)s” of %(what)s in full, and can write it.", **places
                )
            case _:
                return say("%(person)s sees “%(field)s” of %(what)s in full.", **places)

    def _shows(self, mask: str) -> bool:
        """Return whether whoever asks may see what the mask leaves."""
        seen = self._asked.seen
        return seen is not None and (
            self._key not in seen.withheld or seen.masks.get(self._key) == mask
        )

    # --- why --------------------------------------------------------------------------------------------------

    def _inputs(self) -> Iterable[Words]:
        """Yield what of a computed field's inputs is out of reach."""
        if self._field.compute is None:
            return
        sight = self._person.gate.sight.of(self._asked.entity.name)
        words = ConditionWords(self._asked.unit.catalog, self._asked.entity, self._asked.name)
        for path in sorted(self._field.compute.reads):
            inputs = sight.followed(self._asked.row, path)
            closed = inputs is None or (inputs and self._asked.holds(("input", *path)) is False)
            if closed:
                yield say(
                    "It is worked out from %(input)s, which %(person)s may not read.",
                    input=words.path(path),
                    person=self._asked.name,
                )

    def _grants(self, level: str) -> Iterable[Words]:
        """Yield what each grant that reaches the record says about the field."""
        reaching = [
            grant
            for grant in _grants(self._person, Action.READ, self._asked.entity.name)
            if self._asked.holds(("reaches", grant.name)) is not False
        ]
        for grant in reaching:
            yield self._says(grant)
        if level == "masked" and reaching:
            yield say("No grant that reaches it shows it in full.")

    def _says(self, grant: Grant) -> Text:
        name, key = self._name(grant), self._key
        if key in grant.hidden:
            return say("%(grant)s hides it.", grant=name)
        mask = grant.masks.get(key)
        if mask is None:
            return say("%(grant)s shows it in full.", grant=name)
        if mask == self._field.mask:
            return say(
                "The field is masked by itself, %(mask)s, and %(grant)s does not lift that.",
                grant=name,
                mask=MASKS[mask],
            )
        return say("%(grant)s masks it: %(mask)s.", grant=name, mask=MASKS[mask])

    def _name(self, grant: Grant) -> Words:
        role = self._asked.unit.catalog.roles.get(grant.role)
        return say(
            "%(grant)s (%(role)s)",
            grant=grant.name,
            role=role.title if role is not None else grant.role,
        )


def _grants(person: Unit, action: Action, entity: str) -> list[Grant]:
    return grants_for(person.catalog, person.actor, action, entity, person.access.day)
