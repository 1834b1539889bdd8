"""Field type for free words: tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes.base import Example, FieldLike, FieldType
from formwright.fieldtypes.several import (
    SEPARATOR,
    count_problem,
    enumerate_words,
    items_schema,
    texts_of,
)
from formwright.fieldtypes.spelling import narrow, one_line
from formwright.texts import Reader, Text, say

_TAG_LENGTH = 60


class TagsType(FieldType):
    """Some words, free to choose."""

    name = "tags"
    attributes = frozenset({"suggestions", "minItems", "maxItems"})
    widget = "tags"
    operators: ClassVar[tuple[str, ...]] = ("any", "all", "none", "empty", "not_empty")
    many = True
    examples: ClassVar[tuple[Example, ...]] = (
        Example("VIP, 老客户；华南", ("VIP", "老客户", "华南")),
        Example("a、b，a", ("a", "b")),
        Example("VIP vip", ("VIP vip",)),
        Example(" ,; ", None),
        Example("x" * 61, wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return a list of texts."""
        return kinds.list_of(kinds.TEXT)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the words between commas or semicolons of either width, each once whatever its case."""
        return self.parse_many(field, [typed], reader)

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the words of all texts; one that differs from a suggestion by case only becomes it."""
        suggested = {_fold(word): word for word in field.suggestions}
        found: dict[str, str] = {}
        for text in typed:
            for piece in SEPARATOR.split(text):
                word = one_line(piece)
                if word:
                    folded = _fold(word)
                    found.setdefault(folded, suggested.get(folded, word))
        return tuple(found.values()) or None

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the words."""
        return enumerate_words(value, reader)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the words with commas."""
        return ", ".join(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the words, given as a list or as text."""
        return self.parse_many(
            field, [value] if isinstance(value, str) else texts_of(value), Reader()
        )

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for a word that is too long, or for too many or too few."""
        for word in value:
            if len(word) > _TAG_LENGTH:
                return say("A tag has at most %(limit)s characters.", limit=_TAG_LENGTH)
        return count_problem(field, len(value))

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return a list."""
        return list(value)

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return a tuple."""
        return tuple(stored)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return the words."""
        return " ".join(value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a list of different words."""
        words = {"type": "string", "minLength": 1, "maxLength": _TAG_LENGTH}
        return {"type": "array", "items": words, "uniqueItems": True, **items_schema(field)}


def _fold(word: str) -> str:
    return narrow(word).casefold()
