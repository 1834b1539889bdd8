"""Cells that name other records: customers by number, phone or name, people by log-in or name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import Action, Entity, Field
from formwright.engine.drafts import Typed, Violation
from formwright.engine.imports.cells import RowValues, unquote
from formwright.engine.imports.mapping import Column
from formwright.fieldtypes.base import ValueProblem
from formwright.ids import parse_id
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

_REMEMBERED = 200_000
_SEPARATOR = re.compile(r"[,，、;；\n]")
_ONE_FIELD = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")


def title_field(entity: Entity) -> Field | None:
    """Return the field that alone is the record's title, or None when the title is made of more."""
    match = _ONE_FIELD.fullmatch(entity.display.source.strip())
    return entity.fields.get(match[1]) if match else None


def naming_fields(entity: Entity) -> list[Field]:
    """Return the fields by which somebody may name a record of ``entity``, the surest first."""
    keys = list(entity.key_fields) if len(entity.key_fields) == 1 else []
    keys += [key for key, field in entity.fields.items() if field.unique]
    title = title_field(entity)
    keys += [title.key] if title else []
    fields = (entity.fields.get(key) for key in dict.fromkeys(keys))
    return [field for field in fields if field is not None and not field.target]


class Finder:
    """Finds the records of one entity by what a file calls them; what was found once is remembered."""

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self._fields = naming_fields(entity)
        self._known: dict[str, int | Text] = {}

    def find(self, unit: Unit, texts: Iterable[str]) -> dict[str, int | Text]:
        """Return the record that each text names, or the sentence that says why there is none."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        wanted = set(texts)
        missing = [text for text in wanted if text not in self._known]
        if missing:
            self._known.update(self._search(unit, missing))
        return {text: self._known[text] for text in wanted}

    def _search(self, unit: Unit, texts: Sequence[str]) -> dict[str, int | Text]:
        if not unit.access.may(Action.READ, self._entity.name):
            return dict.fromkeys(texts, self._none())
        found: dict[str, int | Text] = self._by_id(unit, texts)
        for field in self._fields:
            if not unit.gate.knows(self._entity.name, field.key):
                continue
            rest = [text for text in texts if text not in found]
            if not rest:
                break
            found |= self._by_field(unit, field, rest)
        return {text: found.get(text, self._none()) for text in texts}

    def _by_id(self, unit: Unit, texts: Sequence[str]) -> dict[str, int | Text]:
        numbers = {text: number for text in texts if (number := parse_id(text.lower())) is not None}
        if not numbers:
            return {}
        there = unit.gate.inside(Action.READ, self._entity.name, list(numbers.values()))
        return {text: number for text, number in numbers.items() if number in there}

    def _by_field(self, unit: Unit, field: Field, texts: Sequence[str]) -> dict[str, int | Text]:
        stored: dict[Any, list[str]] = {}
        for text in texts:
            try:
                value = _value(field, text, unit)
            except ValueProblem:
                continue
            if value is not None:
                stored.setdefault(value, []).append(text)
        ids = unit.gate.by_value(self._entity.name, field.key, list(stored))
        found: dict[str, int | Text] = {}
        for value, holders in ids.items():
            answer = holders[0] if len(holders) == 1 else self._several(field)
            found.update(dict.fromkeys(stored.get(value, ()), answer))
        return found

    def _none(self) -> Text:
        return say("There is no such record of %(entity)s.", entity=self._entity.title)

    def _several(self, field: Field) -> Text:
        better = [other.title for other in self._fields if other is not field]
        if not better:
            return say("Several records of %(entity)s are called this.", entity=self._entity.title)
        return say(
            "Several records of %(entity)s are called this; name the one by %(field)s.",
            entity=self._entity.title,
            field=better[0],
        )


class ReferenceReader:
    """Reads a column of references into the rows' values, a batch at a time."""

    def __init__(self, column: Column, target: Entity) -> None:
        self.column = column
        self._finder = Finder(target)
        self._many = column.field.type.many or column.field.multiple

    def read(self, unit: Unit, rows: Sequence[RowValues]) -> None:
        """Put the ids of the records that the cells of ``rows`` name into their values."""
        position, key = self.column.position, self.column.field.key
        named = [
            (row, self._names(unquote(row.cells[position]))) for row in rows if row.cells[position]
        ]
        found = self._finder.find(unit, (name for _, names in named for name in names))
        for row, names in named:
            answers = [found[name] for name in names]
            wrong = next((answer for answer in answers if isinstance(answer, Text)), None)
            if wrong is not None:
                row.values[key] = Typed(tuple(names))
                row.violations.append(Violation(wrong, key))
            elif answers:
                row.values[key] = tuple(dict.fromkeys(answers)) if self._many else answers[0]

    def _names(self, text: str) -> list[str]:
        parts = _SEPARATOR.split(text) if self._many else [text]
        return [name for part in parts if (name := " ".join(part.split()))]


def _value(field: Field, text: str, unit: Unit) -> Any:
    """Return the stored value of ``field`` that ``text`` means."""
    if field.type.name == "sequence":
        return text
    value = field.type.parse(field, text, unit.reader)
    return None if value is None else field.type.to_stored(field, value)
