"""Field types that lead to other records: reference, references, backlink, subform, user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from formwright import ids
from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes.base import Example, FieldLike, FieldType, Slot, ValueProblem
from formwright.fieldtypes.several import count_problem, items_schema
from formwright.texts import Reader, Text, say, say_many

#: The entity of the people who log in.
USER = "core.user"
_SOME_ID = 123_456_789
_SEPARATOR = re.compile(r"[\s,;]+")
_HIGHEST_ID = (1 << 63) - 1


class ReferenceType(FieldType):
    """Another record, known by its id.

    Only ids are read and written here. Titles are found by the pages and the importer, which know who asks.
    """

    name = "reference"
    attributes = frozenset({"to", "filter", "inverse", "on_delete", "quick_create", "display"})
    widget = "reference"
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "in", "not_in", "empty", "not_empty")
    slot = Slot.REFERENCE
    examples: ClassVar[tuple[Example, ...]] = (
        Example(ids.format_id(_SOME_ID), _SOME_ID),
        Example("", None),
        Example("Acme", wrong=True),
        Example("17", wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return a reference to the target's records."""
        return kinds.reference(field.target)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the id; blank is None."""
        text = typed.strip().lower()
        return _read_id(text) if text else None

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the id as in addresses; whoever can look the record up shows its title instead."""
        return ids.format_id(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return an id, given as a number or as text."""
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        return _require_id(value)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return nothing: the other record is found by its own words."""
        return ""

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of an id, with the entity it belongs to."""
        return _id_schema(field.target)


class ReferencesType(FieldType):
    """Several other records, in the order in which they were picked."""

    name = "references"
    attributes = frozenset(
        {"to", "filter", "inverse", "on_delete", "quick_create", "minItems", "maxItems"}
    )
    widget = "references"
    operators: ClassVar[tuple[str, ...]] = ("any", "all", "none", "empty", "not_empty")
    many = True
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            f"{ids.format_id(_SOME_ID)}, {ids.format_id(_SOME_ID + 1)}", (_SOME_ID, _SOME_ID + 1)
        ),
        Example("", None),
        Example("Acme, Globex", wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return a set of the target's records."""
        return kinds.records(field.target)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the ids between commas or spaces, each once."""
        return self.parse_many(field, [typed], reader)

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the ids of all texts, each once."""
        texts = (text for each in typed for text in _SEPARATOR.split(each.strip().lower()) if text)
        return tuple(dict.fromkeys(_read_id(text) for text in texts)) or None

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the ids as in addresses."""
        return ", ".join(ids.format_id(item) for item in value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return ids, given as a list of numbers or texts, or as one text."""
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        if not isinstance(value, list | tuple):
            raise ValueProblem(say("Choose records from the list."))
        found = (_read_id(item) if isinstance(item, str) else _require_id(item) for item in value)
        return tuple(dict.fromkeys(found)) or None

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for too many or too few."""
        return count_problem(field, len(value))

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return a list of ids."""
        return list(value)

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return a tuple of ids."""
        return tuple(stored)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return nothing."""
        return ""

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a list of different ids."""
        return {
            "type": "array",
            "items": _id_schema(field.target),
            "uniqueItems": True,
            **items_schema(field),
        }


class UserType(FieldType):
    """A person who logs in; several with ``multiple``."""

    name = "user"
    attributes = frozenset({"multiple", "filter", "inverse", "on_delete", "minItems", "maxItems"})
    widget = "user"
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "in", "not_in", "empty", "not_empty")
    slot = Slot.REFERENCE
    examples: ClassVar[tuple[Example, ...]] = (
        Example(ids.format_id(_SOME_ID), _SOME_ID),
        Example("", None),
        Example("me", wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return a reference to a person, or a set of people."""
        target = field.target or USER
        return kinds.records(target) if field.multiple else kinds.reference(target)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the id, or the ids with ``multiple``."""
        return _single_or_several(field).parse(field, typed, reader)

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the ids of all texts with ``multiple``, else the first."""
        return _single_or_several(field).parse_many(field, typed, reader)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the id or ids as in addresses."""
        return _single_or_several(field).format(field, value, reader)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the id or ids."""
        return _single_or_several(field).accept(field, value)

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for too many or too few."""
        return _single_or_several(field).check(field, value)

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return the id, or a list of them."""
        return _single_or_several(field).to_stored(field, value)

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the id, or a tuple of them."""
        return _single_or_several(field).from_stored(field, stored)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return nothing."""
        return ""

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of an id, or of a list of them."""
        one = _id_schema(field.target or USER)
        if not field.multiple:
            return one
        return {"type": "array", "items": one, "uniqueItems": True, **items_schema(field)}


class BacklinkType(FieldType):
    """The records that refer to this one: nothing is stored here."""

    name = "backlink"
    attributes = frozenset({"from"})
    widget = "backlink"
    operators: ClassVar[tuple[str, ...]] = ("any", "all", "none", "empty", "not_empty")
    virtual = True
    many = True
    examples: ClassVar[tuple[Example, ...]] = (Example(ids.format_id(_SOME_ID), wrong=True),)

    def kind(self, field: FieldLike) -> Kind:
        """Return a set of the records on the other side."""
        return kinds.records(field.target)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Refuse: the link is made on the other side."""
        raise ValueProblem(say("This list fills itself from the records that refer to this one."))

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return how many there are."""
        return say_many("%(count)s record", "%(count)s records", len(value)).in_language(
            reader.language
        )

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Refuse: the link is made on the other side."""
        return self.parse(field, "", Reader())

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return nothing."""
        return ""

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a read-only list of ids."""
        return {"type": "array", "items": _id_schema(field.target), "readOnly": True}


class SubformType(BacklinkType):
    """The rows of a child entity, edited in their parent and kept as records of their own."""

    name = "subform"
    attributes = frozenset({"of", "totals", "minItems", "maxItems"})
    widget = "subform"
    examples: ClassVar[tuple[Example, ...]] = (Example("1 x Chair", wrong=True),)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Refuse: each row has fields of its own."""
        raise ValueProblem(say("Rows are entered field by field."))

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return how many rows there are."""
        return say_many("%(count)s row", "%(count)s rows", len(value)).in_language(reader.language)

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for too many or too few rows."""
        if field.max_items is not None and len(value) > field.max_items:
            return say_many(
                "Enter at most %(count)s row.", "Enter at most %(count)s rows.", field.max_items
            )
        if field.min_items is not None and len(value) < field.min_items:
            return say_many(
                "Enter at least %(count)s row.", "Enter at least %(count)s rows.", field.min_items
            )
        return None

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a list of rows; the rows' own is that of the child entity."""
        return {
            "type": "array",
            "items": {"type": "object", "x-entity": field.target},
            **items_schema(field),
        }


_ONE = ReferenceType()
_SEVERAL = ReferencesType()


def _single_or_several(field: FieldLike) -> FieldType:
    return _SEVERAL if field.multiple else _ONE


def _read_id(text: str) -> int:
    found = ids.parse_id(text)
    return found if found is not None else _refuse()


def _require_id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _HIGHEST_ID:
        _refuse()
    return int(value)


def _refuse() -> NoReturn:
    raise ValueProblem(say("Choose a record from the list."))


def _id_schema(target: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "x-reference": target}
