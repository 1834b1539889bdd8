"""Field types for text: one line, several lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes import patterns, spelling
from formwright.fieldtypes.base import Example, FieldLike, FieldType, Slot, ValueProblem
from formwright.texts import Reader, Text, say, say_many

_LINE_LENGTH = 255


def length_problem(field: FieldLike, text: str, longest: int | None) -> Text | None:
    """Return what is wrong with the length of ``text``; ``longest`` holds where the field says nothing."""
    limit = field.max_length if field.max_length is not None else longest
    if limit is not None and len(text) > limit:
        return say(
            "Enter at most %(limit)s characters; these are %(count)s.", limit=limit, count=len(text)
        )
    if field.min_length is not None and len(text) < field.min_length:
        return say_many(
            "Enter at least %(count)s character.",
            "Enter at least %(count)s characters.",
            field.min_length,
        )
    return None


def pattern_mismatch(field: FieldLike, text: str) -> Text | None:
    """Return a sentence when ``text`` lacks the form that the field asks for."""
    if field.pattern is not None and not patterns.matches(field.pattern, text):
        return say("This does not have the required form (%(pattern)s).", pattern=field.pattern)
    return None


def text_schema(field: FieldLike, longest: int | None = None) -> dict[str, Any]:
    """Return the JSON Schema of a text with the limits of ``field``."""
    schema: dict[str, Any] = {"type": "string"}
    limit = field.max_length if field.max_length is not None else longest
    if field.min_length is not None:
        schema["minLength"] = field.min_length
    if limit is not None:
        schema["maxLength"] = limit
    if field.pattern is not None:
        schema["pattern"] = field.pattern
    return schema


def require_text(value: Any) -> str:
    """Return ``value`` when it is text; raise ValueProblem otherwise."""
    if not isinstance(value, str):
        raise ValueProblem(say("Enter a text."))
    return value


class TextType(FieldType):
    """One line of text; also the base for other types whose value is a text."""

    name = "text"
    attributes = frozenset({"minLength", "maxLength", "pattern", "format", "suggestions"})
    widget = "text"
    operators: ClassVar[tuple[str, ...]] = (
        "contains", "eq", "ne", "starts_with", "ends_with", "in", "not_in", "matches", "empty", "not_empty",
    )  # fmt: skip
    slot = Slot.TEXT
    examples: ClassVar[tuple[Example, ...]] = (
        Example("  Acme   Trading Ltd ", "Acme Trading Ltd"),
        Example("广州某某科技有限公司", "广州某某科技有限公司"),
        Example("   ", None),
        Example("x" * 256, wrong=True),
    )
    #: Longest text where the field sets no limit; None for no limit.
    longest: int | None = _LINE_LENGTH

    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of value for expressions."""
        return kinds.TEXT

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return one trimmed line in composed form, or None for blank."""
        return spelling.one_line(typed) or None

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the text itself."""
        return str(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return ``value`` as it would be had it been typed."""
        return self.parse(field, require_text(value), Reader())

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return what is wrong with length or form."""
        return length_problem(field, value, self.longest) or pattern_mismatch(field, value)

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return the text with case, width and accents ignored."""
        return spelling.comparable(value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of the text."""
        return text_schema(field, self.longest)


class LongTextType(TextType):
    """Several lines of text."""

    name = "long_text"
    attributes = frozenset({"minLength", "maxLength", "pattern", "rows"})
    widget = "long_text"
    operators: ClassVar[tuple[str, ...]] = ("contains", "matches", "empty", "not_empty")
    slot = Slot.NONE
    examples: ClassVar[tuple[Example, ...]] = (
        Example("第一行  \r\n第二行\n\n", "第一行\n第二行"),
        Example("One line", "One line"),
        Example(" \n ", None),
    )
    longest: int | None = None

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the lines, trimmed at their ends, or None for blank."""
        return spelling.many_lines(typed) or None
