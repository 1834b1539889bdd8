"""Field type for yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes.base import Example, FieldLike, FieldType, Slot, ValueProblem
from formwright.fieldtypes.spelling import squeeze
from formwright.texts import Reader, say

_YES = frozenset(
    [
        "true",
        "yes",
        "y",
        "t",
        "on",
        "1",
        "1.0",
        "是",
        "对",
        "有",
        "真",
        "√",
        "✓",
        "✔",
        "☑",
        "✅",
        "是的",
    ]
)
_NO = frozenset(
    [
        "false",
        "no",
        "n",
        "f",
        "off",
        "0",
        "0.0",
        "否",
        "不",
        "错",
        "无",
        "假",
        "×",
        "✗",
        "✘",
        "☐",
        "❌",
        "不是",
    ]
)


class BooleanType(FieldType):
    """Yes or no, never empty: nothing said means no. Where a third state matters, use a choice."""

    name = "boolean"
    attributes = frozenset()
    widget = "boolean"
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne")
    slot = Slot.NUMBER
    examples: ClassVar[tuple[Example, ...]] = (
        Example("是", value=True),
        Example("否", value=False),
        Example("TRUE", value=True),
        Example("no", value=False),
        Example("✓", value=True),
        Example("０", value=False),
        Example("", value=False),
        Example("maybe", wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of value for expressions."""
        return kinds.BOOLEAN

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return True or False; blank is False."""
        text = squeeze(typed).casefold()
        if text in _YES:
            return True
        if not text or text in _NO:
            return False
        raise ValueProblem(say("Answer yes or no."))

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the value of a check box: the last text counts, and none at all is False."""
        return self.parse(field, typed[-1], reader) if typed else False

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return yes or no in the reader's language."""
        return (say("Yes") if value else say("No")).in_language(reader.language)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return ``true`` or ``false``."""
        return "true" if value else "false"

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return ``value`` as True or False; None is False."""
        if value is None or isinstance(value, bool):
            return bool(value)
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        raise ValueProblem(say("Answer yes or no."))

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return ``true`` or ``false``."""
        return "true" if value else "false"

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return nothing: nobody searches for a yes."""
        return ""

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of true and false."""
        return {"type": "boolean"}
