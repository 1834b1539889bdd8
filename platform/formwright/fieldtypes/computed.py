"""Field types that nobody types: sequence, formula."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from formwright.expressions import kinds
from formwright.expressions.kinds import Base, Kind
from formwright.fieldtypes import numerals
from formwright.fieldtypes.base import Example, FieldLike, FieldType
from formwright.fieldtypes.boolean import BooleanType
from formwright.fieldtypes.date import DateTimeType, DateType, TimeType
from formwright.fieldtypes.link import ReferencesType, ReferenceType
from formwright.fieldtypes.number import DecimalType, MoneyType, as_decimal
from formwright.fieldtypes.tags import TagsType
from formwright.fieldtypes.text import LongTextType, TextType
from formwright.texts import Reader, Text


class SequenceType(TextType):
    """A business number that the platform gives out; an import may bring one along."""

    name = "sequence"
    attributes = frozenset({"sequence"})
    widget = "readonly"
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "contains",
        "starts_with",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example("SO-2026-00017", "SO-2026-00017"),
        Example("", None),
    )

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a read-only text."""
        return {**super().json_schema(field), "readOnly": True}


class FormulaType(FieldType):
    """The result of an expression; it behaves as the type that fits what the expression returns."""

    name = "formula"
    attributes = frozenset({"compute", "returns", "stored", "scale", "currency"})
    widget = "readonly"
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "lt",
        "lte",
        "gt",
        "gte",
        "between",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    examples: ClassVar[tuple[Example, ...]] = (Example("Any text", "Any text"), Example("", None))

    def kind(self, field: FieldLike) -> Kind:
        """Return what the expression returns."""
        return field.returns or kinds.TEXT

    def behaves_as(self, field: FieldLike) -> FieldType:
        """Return the type that reads, shows and stores results of the formula's kind."""
        return _FITTING[field.returns.base if field.returns else Base.TEXT]

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the value of a text: filters and imports name results, though nobody can set them."""
        return self.behaves_as(field).parse(field, typed, reader)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the result as its type shows it."""
        return self.behaves_as(field).format(field, value, reader)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the result as its type has it in an input."""
        return self.behaves_as(field).format_input(field, value, reader)

    def canonical(self, field: FieldLike, value: Any) -> str:
        """Return the result as its type exports it."""
        return self.behaves_as(field).canonical(field, value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the result in normal form; numbers are rounded half up to the field's scale."""
        if isinstance(value, Decimal | int | float) and not isinstance(value, bool):
            fitting = self.behaves_as(field)
            if isinstance(fitting, DecimalType):
                return numerals.rounded(as_decimal(value), field.scale)
        return self.behaves_as(field).accept(field, value)

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return nothing: what follows from other fields cannot be entered otherwise."""
        return None

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return what its type stores."""
        return self.behaves_as(field).to_stored(field, value)

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return what its type was given to store."""
        return self.behaves_as(field).from_stored(field, stored)

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return what its type compares by."""
        return self.behaves_as(field).compare_key(field, value)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return what its type is searched by."""
        return self.behaves_as(field).search_text(field, value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of its type, read-only and without the type's own limits."""
        schema = {**self.behaves_as(field).json_schema(field), "readOnly": True}
        schema.pop("maxLength", None)
        return schema


_TEXT = LongTextType()
#: Kinds without a type of their own are text; expressions that give them are refused when they are published.
_FITTING: Mapping[Base, FieldType] = dict.fromkeys(Base, _TEXT) | {
    Base.TEXT: TextType(),
    Base.NUMBER: DecimalType(),
    Base.MONEY: MoneyType(),
    Base.BOOLEAN: BooleanType(),
    Base.DATE: DateType(),
    Base.TIME: TimeType(),
    Base.DATETIME: DateTimeType(),
    Base.REFERENCE: ReferenceType(),
    Base.RECORDS: ReferencesType(),
    Base.LIST: TagsType(),
}
