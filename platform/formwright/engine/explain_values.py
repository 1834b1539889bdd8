"""The values that decide whether a grant reaches a record, as far as whoever asks may read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from formwright.definitions.model import Entity, Field
from formwright.engine.formats import Titles, references_in, show
from formwright.engine.titles import titles_of
from formwright.engine.words import ConditionWords, Words, joined
from formwright.expressions.checked import Checked
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.rows import ValuesRow
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

USER = "core.user"
#: As many people or teams are named.
_MOST = 8
_AND_MORE = "…"


class Facts:
    """Writes conditions and what they depend on: ``unit`` is of whoever asks, ``person`` of whom it is about."""

    def __init__(
        self,
        unit: Unit,
        person: Unit,
        record: StoredRecord | None,
        entity: Entity,
        everything: bool,
    ) -> None:
        self._unit = unit
        self._person = person
        self._record = record
        self._entity = entity
        #: True when whoever asks may read every condition, whatever it is about.
        self._everything = everything
        name = person.actor.name or person.actor.login
        self._words = ConditionWords(unit.catalog, entity, name)
        self._name = name

    def condition(self, checked: Checked) -> tuple[Words, tuple[Words, ...]]:
        """Return a condition in words, and the values that decide it."""
        if not self._everything and not all(map(self._is_open, checked.reads)):
            return say("a condition holds that you may not read"), ()
        values = [fact for path in sorted(checked.reads) if (fact := self._fact(path))]
        return self._words.condition(checked), (*values, *self._of_person(checked))

    def states(self, states: Iterable[str]) -> tuple[Words, tuple[Words, ...]]:
        """Return in words that a record has to be in one of some states, and in which it is."""
        field = self._entity.fields[self._entity.state_field]
        titles = [option.title for option in field.options if option.value in set(states)]
        text = say(
            "only where %(condition)s",
            condition=say(
                "%(left)s is among %(right)s",
                left=field.title,
                right=joined(titles, say("%(left)s, %(right)s")),
            ),
        )
        fact = self._fact((field.key,))
        return text, (fact,) if fact else ()

    def via(self, key: str, person: str) -> tuple[Words, tuple[Words, ...]]:
        """Return in words that a record is reached through the one that it refers to, and to which it refers."""
        text = say(
            "only where %(person)s may see the %(field)s",
            person=person,
            field=self._entity.fields[key].title,
        )
        fact = self._fact((key,))
        return text, (fact,) if fact else ()

    # --- values -----------------------------------------------------------------------------------------------

    def _is_open(self, path: Sequence[str]) -> bool:
        record, head = self._record, path[0]
        if record is not None and head in record.withheld:
            return False
        return self._unit.gate.knows(self._entity.name, ".".join(path))

    def _fact(self, path: Sequence[str]) -> Words | None:
        """Return the value at the end of a path as a sentence; None for what is no single value."""
        if self._record is None:
            return None
        entity, row = self._entity, self._row()
        for key in path[:-1]:
            number = row.get(key) if row is not None else None
            field = entity.fields.get(key)
            target = entity.parent if key == "parent" else field.target if field is not None else ""
            if not target or (field is not None and not field.is_reference):
                return None
            if key == "parent":
                number = self._record.parent_id
            entity = self._unit.entity(target)
            row = self._unit.sight.row(target, number) if isinstance(number, int) else None
        return self._last(entity, row, path)

    def _row(self) -> ValuesRow | None:
        return None if self._record is None else self._unit.sight.wrap(self._record)

    def _last(self, entity: Entity, row: ValuesRow | None, path: Sequence[str]) -> Words | None:
        key, label = path[-1], self._words.path(path)
        field = entity.fields.get(key)
        if field is not None and field.type.virtual and field.compute is None:
            return None
        if row is None:
            return say("%(field)s: nothing that you may see", field=label)
        record = row.built_in
        if record is not None and key in record.withheld:
            return say("%(field)s: you may not read it", field=label)
        text = self._text(field, key, row)
        if not text:
            return say("%(field)s here: empty", field=label)
        return say("%(field)s here: %(value)s", field=label, value=text)

    def _text(self, field: Field | None, key: str, row: ValuesRow) -> str:
        unit, value = self._unit, row.get(key)
        if field is not None:
            wanted = {field.target: set(references_in(field, value))} if field.target else {}
            return show(field, value, unit.reader, titles_of(unit, wanted) if wanted else Titles())
        if value is None:
            return ""
        if key in {"created_by", "updated_by"} and isinstance(value, int):
            return titles_of(unit, {USER: {value}}).of(USER, value, unit.reader)
        return unit.show_built_in(value)

    # --- the person -------------------------------------------------------------------------------------------

    def _of_person(self, checked: Checked) -> Iterable[Words]:
        """Yield what the condition asks of the person: whom and which teams he leads, in which teams he is."""
        asked = {path[1] for path in checked.root_reads if path[0] == "me" and len(path) > 1}
        me = self._person.lookup.roots["me"]
        for name, target, some, none in (
            (
                "led_people",
                USER,
                say("%(person)s leads: %(names)s"),
                say("%(person)s leads nobody"),
            ),
            (
                "led_teams",
                "core.team",
                say("%(person)s leads: %(names)s"),
                say("%(person)s leads no team"),
            ),
            (
                "teams",
                "core.team",
                say("%(person)s is in: %(names)s"),
                say("%(person)s is in no team"),
            ),
        ):
            if name in asked:
                numbers = getattr(me, "get")(name) or ()  # noqa: B009 -- a root may be a plain value
                names = self._titles(target, tuple(numbers))
                yield say(
                    (some if names else none).message,
                    person=self._name,
                    **({"names": names} if names else {}),
                )

    def _titles(self, entity: str, numbers: tuple[int, ...]) -> str:
        shown = numbers[:_MOST]
        titles = titles_of(self._unit, {entity: set(shown)})
        names = [titles.of(entity, number, self._unit.reader) for number in shown]
        return ", ".join([*names, _AND_MORE] if len(numbers) > _MOST else names)
