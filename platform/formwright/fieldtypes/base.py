"""What every field type promises, to the engine, the store, the pages and to plugin authors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from formwright.expressions.kinds import Kind
from formwright.texts import Label, Reader, Text


class Slot(StrEnum):
    """Which family of typed columns of a record row can carry a copy of a value."""

    TEXT = "t"  # text, compared by code point
    NUMBER = "n"  # 64-bit integer: scaled by 10**scale
    MOMENT = "d"  # a date, or an instant in UTC
    REFERENCE = "r"  # a record id
    NONE = ""  # lives in the document only, or nowhere (virtual)


class OptionLike(Protocol):
    """One choice of a field, as the definitions have it."""

    @property
    def value(self) -> str: ...
    @property
    def title(self) -> Label: ...
    @property
    def deprecated(self) -> bool: ...
    @property
    def was(self) -> Sequence[str]: ...


class FieldLike(Protocol):
    """What a field type may ask of the field it serves (definitions.model.Field has all of it)."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> Label: ...
    @property
    def options(self) -> Sequence[OptionLike]: ...
    @property
    def allow_other(self) -> bool: ...
    @property
    def scale(self) -> int: ...
    @property
    def suggestions(self) -> Sequence[str]: ...
    @property
    def computed(self) -> bool: ...
    @property
    def currency(self) -> str: ...
    @property
    def currency_from(self) -> str: ...
    @property
    def minimum(self) -> Decimal | None: ...
    @property
    def maximum(self) -> Decimal | None: ...
    @property
    def exclusive_minimum(self) -> Decimal | None: ...
    @property
    def exclusive_maximum(self) -> Decimal | None: ...
    @property
    def multiple_of(self) -> Decimal | None: ...
    @property
    def min_items(self) -> int | None: ...
    @property
    def max_items(self) -> int | None: ...
    @property
    def min_length(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def pattern(self) -> str | None: ...
    @property
    def multiple(self) -> bool: ...
    @property
    def accept(self) -> Sequence[str]: ...
    @property
    def max_size(self) -> int: ...
    @property
    def target(self) -> str: ...
    @property
    def default_region(self) -> str: ...
    @property
    def line(self) -> str: ...
    @property
    def regions(self) -> str: ...
    @property
    def returns(self) -> Kind | None: ...


class ValueProblem(Exception):
    """A value that a field type cannot take; ``text`` says what is accepted."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


@dataclass(frozen=True, slots=True)
class Example:
    """What somebody may type, and the value it means; None as ``value`` with ``wrong`` set is refused.

    The contract tests, the reference pages and the generated demo data are made from these.
    """

    typed: str
    value: Any = None
    wrong: bool = False


class FieldType(ABC):
    """One type of field: it converts between what is typed, the value, and what is stored.

    An instance holds no state; every method is given the field. Values are what expressions work on
    (``expressions.kinds.Value``); None stands for empty and never reaches ``format`` or ``to_stored``.
    """

    #: The word in definitions: ``type: date``.
    name: ClassVar[str]
    #: The attributes of LANGUAGE.md's field table, besides the common ones, that make sense for this type.
    attributes: ClassVar[frozenset[str]] = frozenset()
    #: File name of the input: ``templates/widgets/<widget>.html``.
    widget: ClassVar[str]
    #: Operators of filter objects that make sense, in the order in which they are offered.
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "empty", "not_empty")
    #: Column family that can index it.
    slot: ClassVar[Slot] = Slot.NONE
    #: True when it has no value of its own in the document: backlink, subform.
    virtual: ClassVar[bool] = False
    #: True when several values are stored as a list.
    many: ClassVar[bool] = False
    #: Typed texts with their values, for an otherwise plain field of this type.
    examples: ClassVar[tuple[Example, ...]] = ()

    @abstractmethod
    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of value for expressions."""

    @abstractmethod
    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the value that ``typed`` means, or None for blank; raise ValueProblem when it means nothing.

        Every spelling that a person may use is understood here, whether it was typed, pasted or imported.
        """

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the value of a control that sends several texts (``many`` types); the default takes the first."""
        return self.parse(field, typed[0], reader) if typed else None

    @abstractmethod
    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the text shown for ``value`` in lists and on record pages."""

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the text for the input control; ``parse`` of it gives ``value`` back."""
        return self.format(field, value, reader)

    def canonical(self, field: FieldLike, value: Any) -> str:
        """Return the one spelling used in exports; independent of language, and understood by ``parse``."""
        return self.format_input(field, value, Reader())

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the normal form of a typed ``value`` (a default, a computed result, JSON input).

        Raise ValueProblem when it does not fit. The default understands text as ``parse`` does.
        """
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        return value

    def with_date_order(self, order: str) -> FieldType:
        """Return this type reading 03/04/2024 by ``order`` (``dmy`` or ``mdy``), as an importer was told.

        Types that read no dates return themselves.
        """
        return self

    def is_ambiguous(self, typed: str) -> bool:
        """Return True when ``typed`` means a value only once the order of day and month is known."""
        return False

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return what is wrong with a value of the right kind (limits, pattern, options), or None."""
        return None

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return the JSON value kept in the record's document: str, int, bool, list or dict; never float."""
        return value

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the value that ``to_stored`` was given."""
        return stored

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return the text by which ``unique`` compares: case, width and accents ignored for words."""
        return str(self.to_stored(field, value))

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return what a search should find this value by; "" for nothing."""
        return self.canonical(field, value)

    @abstractmethod
    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema 2020-12 of the value in documents, with the limits of ``field``."""
