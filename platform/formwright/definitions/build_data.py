"""Rows that come with a package: each value must fit its field, and each row that is named must exist."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from formwright.definitions.build_fields import FieldBuilder
from formwright.definitions.building import Building, EntityDraft
from formwright.definitions.formulas import Formulas
from formwright.definitions.model import Dataset, Field
from formwright.definitions.parts import Part
from formwright.errors import Location
from formwright.expressions.check import Checked
from formwright.texts import say


class DataBuilder:
    """Makes datasets."""

    def __init__(self, building: Building, formulas: Formulas, fields: FieldBuilder) -> None:
        self._building = building
        self._formulas = formulas
        self._fields = fields
        #: (package, set) -> entity and the keys of its rows.
        self._sets: dict[tuple[str, str], tuple[str, frozenset[str]]] = {}
        #: What the rows of the dataset in hand have worked out at install.
        self._computed: dict[tuple[str, str, str], Checked] = {}

    def datasets(self) -> tuple[Dataset, ...]:
        """Return all datasets: those of each package in order, what belongs to it before what is for trying out."""
        parts: list[tuple[Part, bool, str]] = []
        for package in self._building.packages.values():
            for part, demo in self._sections(package.root):
                entity = self._building.find(
                    "entity", part.text("entity"), part.package, part.at("entity")
                )
                if entity is not None:
                    parts.append((part, demo, entity))
                    self._note_keys(part, entity)
        return tuple(self._dataset(*each) for each in parts)

    def _sections(self, root: Part) -> list[tuple[Part, bool]]:
        data = root.part("data")
        seed = [(part, False) for part in data.parts("seed")]
        return seed + [(part, True) for part in data.parts("demo")]

    def _note_keys(self, part: Part, entity: str) -> None:
        field = part.text("key_field")
        keys = frozenset(
            str(row.get(field)) for row in part.get("rows", ()) if isinstance(row, dict)
        )
        place = (part.package, part.key)
        if place in self._sets:
            self._building.problem(
                part.location, "FW205", say("there is a set '%(name)s' already", name=part.key)
            )
        self._sets[place] = (entity, keys)

    def _dataset(self, part: Part, demo: bool, entity: str) -> Dataset:
        draft = self._building.entities[entity]
        key_field = part.text("key_field")
        self._building.field(entity, key_field, part.at("key_field"))
        seen: set[str] = set()
        self._computed = {}
        for _, row in part.items("rows"):
            key = row.get(key_field)
            if key is None:
                message = say(
                    "the row has no '%(name)s', by which it would be found again", name=key_field
                )
                self._building.problem(row.location, "FW104", message, (key_field,))
            elif str(key) in seen:
                message = say("there is a row '%(key)s' already", key=key)
                self._building.problem(row.at(key_field), "FW205", message)
            seen.add(str(key))
            self._check_row(row, draft)
        rows = tuple(MappingProxyType(dict(row)) for row in part.get("rows", ()))
        return Dataset(
            part.key, part.package, entity, key_field, rows, demo, MappingProxyType(self._computed)
        )

    def _check_row(self, row: Part, draft: EntityDraft) -> None:
        for key, value in row.data.items():
            found = self._building.field(draft.name, key, row.place.of_key(key))
            if found is None or value is None:
                continue
            if found.is_subform:
                self._check_rows_inside(row, key, found)
            elif found.type.virtual:
                message = say("'%(name)s' cannot be set: it fills itself", name=key)
                self._building.problem(row.place.of_key(key), "FW110", message)
            else:
                self._check_value(row, key, value, found, draft)

    def _check_rows_inside(self, row: Part, key: str, found: Field) -> None:
        child = self._building.entities.get(found.target)
        if not isinstance(row.get(key), list):
            message = say("'%(name)s' must be %(expected)s", name=key, expected=say("a list"))
            self._building.problem(row.at(key), "FW103", message)
        elif child is not None:
            for _, inner in row.items(key):
                self._check_row(inner, child)

    def _check_value(
        self, row: Part, key: str, value: Any, found: Field, draft: EntityDraft
    ) -> None:
        if isinstance(value, str) and value.startswith("="):
            text = value[1:]
            checked = self._formulas.check(text, value, row, key, draft.name, found.kind)
            if checked is not None:
                self._computed[draft.name, key, text] = checked
        elif found.target:
            values = value if isinstance(value, list) else [value]
            for each in values:
                self._check_link(each, found, row.package, row.at(key))
        else:
            self._fields.value(found, value, row, key)

    def _check_link(self, value: Any, found: Field, package: str, place: Location) -> None:
        if isinstance(value, str) and value.startswith("="):
            return
        name, _, key = str(value).removeprefix("@").partition("/")
        if not str(value).startswith("@") or not key:
            message = say("another row is named as @set/key, not as '%(value)s'", value=value)
            self._building.problem(place, "FW110", message)
            return
        known = self._sets.get((package, name))
        if known is None:
            candidates = [other for owner, other in self._sets if owner == package]
            self._building.unknown(
                place, say("there is no set '%(name)s'", name=name), name, candidates
            )
        elif known[0] != found.target:
            message = say(
                "the rows of '%(set)s' are no '%(entity)s'", set=name, entity=found.target
            )
            self._building.problem(place, "FW206", message)
        elif key not in known[1]:
            self._building.unknown(
                place,
                say("there is no row '%(key)s' in '%(set)s'", key=key, set=name),
                key,
                known[1],
            )
