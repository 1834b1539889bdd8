"""Between typed values and what a row holds: the document, and the copies in slots; prepared once an entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import orjson

from formwright.definitions.model import Entity, Field
from formwright.expressions.kinds import Base
from formwright.fieldtypes.base import FieldType, Slot
from formwright.store.problems import NumberTooLarge, ValueTooLong
from formwright.store.values import Values

#: Longest text an index entry may hold, in characters.
SLOT_TEXT = 500
_HUGE = 1 << 63
_FAMILIES = {
    Base.TEXT: Slot.TEXT,
    Base.TIME: Slot.TEXT,
    Base.NUMBER: Slot.NUMBER,
    Base.MONEY: Slot.NUMBER,
    Base.BOOLEAN: Slot.NUMBER,
    Base.DATE: Slot.MOMENT,
    Base.DATETIME: Slot.MOMENT,
    Base.REFERENCE: Slot.REFERENCE,
}
#: What a stored value must be for its field, whatever the field was of when it was written.
_FORMS: dict[Slot, type] = {
    Slot.TEXT: str,
    Slot.NUMBER: int,
    Slot.MOMENT: str,
    Slot.REFERENCE: int,
}
_NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})
#: What field types raise that are given something else than they store.
_MISFIT = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


def is_stored(field: Field) -> bool:
    """Tell whether the document has a place for the field."""
    return not field.type.virtual and (field.stored or not field.computed)


def is_list(field: Field) -> bool:
    """Tell whether the field holds several values."""
    return field.multiple or field.type.many or field.kind.base in {Base.LIST, Base.RECORDS}


def family(field: Field) -> Slot:
    """Return which family of slots can carry a copy of the field's value, NONE when none can."""
    if not is_stored(field) or is_list(field):
        return Slot.NONE
    if field.max_length is not None and field.max_length > SLOT_TEXT:
        return Slot.NONE
    declared = field.type.slot
    if declared is Slot.NONE and not field.computed:
        return Slot.NONE
    return _FAMILIES.get(field.kind.base, Slot.NONE)


def document_family(field: Field) -> Slot:
    """Return the family of the field's stored value, whether or not a slot may carry it."""
    return Slot.NONE if is_list(field) else _FAMILIES.get(field.kind.base, Slot.NONE)


def item_is_number(field: Field) -> bool:
    """Tell whether the items of a list field are stored as integers (ids)."""
    kind = field.kind
    return kind.base is Base.RECORDS or bool(
        kind.of and kind.of.base in {Base.REFERENCE, Base.NUMBER}
    )


def former_keys(entity: Entity) -> dict[str, Sequence[str]]:
    """Return the keys that fields of ``entity`` had before, the newest first, for what no renaming goes over."""
    return {key: field.was[::-1] for key, field in entity.fields.items() if field.was}


def carried(document: Mapping[str, Any], former: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
    """Return ``document`` with what stands under former keys under those of today, which go before."""
    found: dict[str, Any] | None = None
    for key, keys in former.items():
        for old in keys:
            if old in document:
                found = dict(document) if found is None else found
                found.setdefault(key, found.pop(old))
    return document if found is None else found


@dataclass(frozen=True, slots=True)
class Encoded:
    """A record's values as they are written."""

    document: dict[str, Any]
    slots: dict[str, Any]

    def json(self) -> str:
        """Return the document as text."""
        return orjson.dumps(self.document).decode()


class Codec:
    """Converts the values of one entity."""

    def __init__(
        self,
        entity: Entity,
        columns: Mapping[str, str],
        former: Mapping[str, Sequence[str]] = _NOTHING,
    ) -> None:
        """Prepare for ``entity``, whose attributes have copies in ``columns`` (attribute -> slot column).

        ``former`` are keys under which documents may still hold the value of an attribute.
        """
        self.entity = entity
        self._former = former
        self.fields = {key: field for key, field in entity.fields.items() if is_stored(field)}
        self._empty: dict[str, Any] = {
            key: False if field.kind.base is Base.BOOLEAN else None
            for key, field in self.fields.items()
        }
        self._flags = [key for key, empty in self._empty.items() if empty is False]
        self._readers = {key: (_form(field), _reader(field)) for key, field in self.fields.items()}
        self._writers = {
            key: _bound(field, "to_stored")
            for key, field in self.fields.items()
            if _converts(field, "to_stored")
        }
        self._slots = [
            (key, column, _SLOT_WRITERS[column[0]])
            for key, column in columns.items()
            if key in self.fields
        ]
        self.no_slots: dict[str, Any] = {column: None for _, column, _ in self._slots}

    def decode(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the typed values of a document; every stored field is there, empty ones as None (False)."""
        return self.split(document)[0]

    def lazy(self, source: str | Mapping[str, Any]) -> Values:
        """Return the typed values of a document, each worked out when it is asked for."""
        return Values(source, self.read_one, self.split)

    def read_one(self, key: str, document: Mapping[str, Any]) -> Any:
        """Return one typed value as ``split`` does; KeyError for what is no stored field."""
        form, read = self._readers[key]
        if self._former:
            document = carried(document, self._former)
        stored = document.get(key)
        if stored is None or (
            form is not None and type(stored) is not form and not _is_form(stored, form)
        ):
            return self._empty[key]
        if read is None:
            return stored
        try:
            return read(stored)
        except _MISFIT:
            return self._empty[key]

    def split(self, document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the typed values of a document, and what of it updates have to keep as it is.

        That is what no field claims, and what a field cannot read because it was of another type once; such a
        field is empty until it gets a new value.
        """
        values, kept = self._empty.copy(), {}
        readers = self._readers
        if self._former:
            document = carried(document, self._former)
        for key, stored in document.items():
            if key not in readers:
                kept[key] = stored
                continue
            form, read = readers[key]
            if form is not None and type(stored) is not form and not _is_form(stored, form):
                kept[key] = stored
            elif read is None:
                values[key] = stored
            else:
                try:
                    values[key] = read(stored)
                except _MISFIT:
                    kept[key] = stored
        return values, kept

    def document(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document of typed ``values``; empty values have no place in it."""
        writers = self._writers
        stored: dict[str, Any] = {}
        for key in self.fields:
            value = values.get(key)
            if value is None or value == ():
                continue
            writer = writers.get(key)
            stored[key] = value if writer is None else writer(value)
        for key in self._flags:
            stored.setdefault(key, False)
        return stored

    def encode_raw(
        self, values: Mapping[str, Any], *, postgres: bool
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return document and slots as a driver takes them, with moments as text."""
        document = self.document(values)
        moment = _postgres_moment if postgres else _sqlite_moment
        slots: dict[str, Any] = {}
        for key, column, write in self._slots:
            stored = document.get(key)
            if stored is None:
                slots[column] = None
            else:
                slots[column] = moment(stored) if column[0] == "d" else write(key, stored)
        return document, slots

    def encode(self, values: Mapping[str, Any]) -> Encoded:
        """Return document and slots of typed ``values``."""
        document = self.document(values)
        slots = {
            column: write(key, document[key]) if key in document else None
            for key, column, write in self._slots
        }
        return Encoded(document, slots)


def _converts(field: Field, method: str) -> bool:
    return getattr(type(field.type), method) is not getattr(FieldType, method)


def _is_form(stored: Any, form: type) -> bool:
    """Tell whether a value that is not exactly of a type is of a kind of it; to JSON, booleans are no numbers."""
    return isinstance(stored, form) and not isinstance(stored, bool)


def _form(field: Field) -> type | None:
    """Return the JSON type of the field's stored values, None when only the field type itself can tell."""
    own = _converts(field, "from_stored")
    if own and field.type.slot is Slot.NONE and not field.computed and not is_list(field):
        return None
    if field.kind.base is Base.BOOLEAN:
        return bool
    return list if is_list(field) else _FORMS.get(document_family(field))


def _reader(field: Field) -> Callable[[Any], Any] | None:
    if not _converts(field, "from_stored"):
        return None
    read = _bound(field, "from_stored")
    if document_family(field) is not Slot.MOMENT:
        return read

    def read_moment(stored: str) -> Any:
        if len(stored) not in {10, 27} or stored[4] != "-" or stored[7] != "-":
            raise ValueError(stored)
        return read(stored)

    return read_moment


def _bound(field: Field, method: str) -> Callable[[Any], Any]:
    return partial(getattr(field.type, method), field)


def _text(key: str, stored: Any) -> str:
    text = str(stored)
    if len(text) > SLOT_TEXT:
        raise ValueTooLong(key, SLOT_TEXT)
    return text


def _number(key: str, stored: Any) -> int:
    if not -_HUGE <= stored < _HUGE:
        raise NumberTooLarge(key)
    return int(stored)


def _moment(_key: str, stored: Any) -> datetime:
    if len(stored) == 10:
        day = date.fromisoformat(stored)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return datetime.fromisoformat(stored)


def _postgres_moment(stored: str) -> str:
    return stored.rstrip("Z")


def _sqlite_moment(stored: str) -> str:
    return stored if len(stored) > 10 else f"{stored}T00:00:00.000000Z"


_SLOT_WRITERS: dict[str, Callable[[str, Any], Any]] = {
    "t": _text,
    "n": _number,
    "m": _number,
    "d": _moment,
    "r": _number,
}
