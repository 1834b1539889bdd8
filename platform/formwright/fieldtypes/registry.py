"""The field types there are, by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from formwright.errors import FormwrightError
from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes.address import AddressType
from formwright.fieldtypes.base import FieldLike, FieldType, ValueProblem
from formwright.fieldtypes.boolean import BooleanType
from formwright.fieldtypes.choice import ChoicesType, ChoiceType
from formwright.fieldtypes.computed import FormulaType, SequenceType
from formwright.fieldtypes.contact import EmailType, PhoneType, UrlType
from formwright.fieldtypes.date import DateTimeType, DateType, TimeType
from formwright.fieldtypes.file import FileType, ImageType
from formwright.fieldtypes.link import (
    BacklinkType,
    ReferencesType,
    ReferenceType,
    SubformType,
    UserType,
)
from formwright.fieldtypes.number import (
    DecimalType,
    IntegerType,
    MoneyType,
    PercentType,
    RatingType,
)
from formwright.fieldtypes.rich_text import RichTextType
from formwright.fieldtypes.tags import TagsType
from formwright.fieldtypes.text import LongTextType, TextType
from formwright.suggest import closest
from formwright.texts import Reader, Text, say

#: Who brings the types that are always there.
PLATFORM = "formwright"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_BUILTIN: tuple[type[FieldType], ...] = (
    TextType, LongTextType, RichTextType, IntegerType, DecimalType, MoneyType, PercentType, RatingType, BooleanType,
    DateType, TimeType, DateTimeType, EmailType, PhoneType, UrlType, AddressType, ChoiceType, ChoicesType,
    TagsType, ReferenceType, ReferencesType, BacklinkType, SubformType, UserType, FileType, ImageType,
    SequenceType, FormulaType,
)  # fmt: skip


class FieldTypeRefused(FormwrightError):
    """A field type that cannot be registered: its name is taken or is no name."""


class Registry:
    """Name -> field type, in the order in which they are offered; the platform's first, then each plugin's.

    >>> registry = builtin()
    >>> registry["date"].name, "date" in registry, registry.find("dat"), registry.closest("dat")
    ('date', True, None, 'date')
    """

    def __init__(self) -> None:
        self._types: dict[str, FieldType] = {}
        self._providers: dict[str, str] = {}

    def add(self, field_type: FieldType, provider: str = PLATFORM) -> None:
        """Register a type that ``provider`` (a plugin's name) brings; raise FieldTypeRefused for a bad name."""
        name = getattr(field_type, "name", "")
        if not _NAME.fullmatch(name):
            raise FieldTypeRefused(
                say(
                    "'%(name)s' is no name for a field type: use small letters, digits and _",
                    name=name,
                )
            )
        if name in self._types:
            raise FieldTypeRefused(
                say(
                    "the field type '%(name)s' of %(second)s is already provided by %(first)s",
                    name=name, first=self._providers[name], second=provider,
                )
            )  # fmt: skip
        self._types[name] = field_type
        self._providers[name] = provider

    def provider(self, name: str) -> str:
        """Return who brings the type ``name``: a plugin's name, or ``formwright``."""
        return self._providers[name]

    def find(self, name: str) -> FieldType | None:
        """Return the type ``name``, or None."""
        return self._types.get(name)

    def closest(self, name: str) -> str | None:
        """Return the nearest name of a type, or None."""
        return closest(name, self._types)

    def names(self) -> tuple[str, ...]:
        """Return the names of all types."""
        return tuple(self._types)

    def get_or_missing(self, name: str, provider: str = "") -> FieldType:
        """Return the type ``name``, or a stand-in that keeps what is stored readable.

        For definitions that are already in force; where new ones are checked, an unknown type is a problem.
        ``provider`` is the plugin that brought the type when they were published, if that is known.
        """
        return self._types.get(name) or MissingFieldType(name, provider)

    def __getitem__(self, name: str) -> FieldType:
        return self._types[name]

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[FieldType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)


def builtin() -> Registry:
    """Return a fresh registry with the platform's own types."""
    registry = Registry()
    for field_type in _BUILTIN:
        registry.add(field_type())
    return registry


class Kept(str):
    """The text of a value whose type is gone, with the JSON value it stands for."""

    __slots__ = ("stored",)
    stored: Any

    @classmethod
    def of(cls, stored: Any) -> Kept:
        """Return the text for a stored JSON value: a text itself, anything else as JSON."""
        kept = cls(stored if isinstance(stored, str) else json.dumps(stored, ensure_ascii=False))
        kept.stored = stored
        return kept


class MissingFieldType(FieldType):
    """A stand-in for a type whose plugin is not there: values are read as text and written back unchanged."""

    widget = "readonly"
    operators: ClassVar[tuple[str, ...]] = ("empty", "not_empty")

    def __init__(self, name: str, provider: str = "") -> None:
        self._name = name
        self._provider = provider

    @property
    def name(self) -> str:  # type: ignore[override]  # a class has one name, a stand-in that of the lost type
        """The name of the lost type."""
        return self._name

    @property
    def notice(self) -> Text:
        """What to tell whoever meets the field."""
        if self._provider:
            return say(
                "The plug-in “%(plugin)s” with the field type “%(name)s” is missing; the value can only be read.",
                plugin=self._provider, name=self._name,
            )  # fmt: skip
        return say(
            "The plug-in with the field type “%(name)s” is missing; the value can only be read.",
            name=self._name,
        )

    def kind(self, field: FieldLike) -> Kind:
        """Return text, whatever the lost type had."""
        return kinds.TEXT

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Refuse, and say why; blank is None."""
        if not typed.strip():
            return None
        raise ValueProblem(self.notice)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the stored text, or the stored value as JSON."""
        return str(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return a value that was read from a record; refuse every other."""
        if isinstance(value, Kept):
            return value
        raise ValueProblem(self.notice)

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return the JSON value as it was read."""
        return value.stored if isinstance(value, Kept) else value

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return a text that remembers what was stored."""
        return Kept.of(stored)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the schema that lets every value be."""
        return {"readOnly": True}


class MissingFormula(MissingFieldType):
    """A stand-in for a formula whose kind nobody knows: what was stored is kept and not shown."""

    def __init__(self, reason: Text) -> None:
        super().__init__("formula")
        self._reason = reason

    @property
    def notice(self) -> Text:
        """Why there is no value."""
        return self._reason

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return nothing: the stored form would be taken for the value."""
        return ""
