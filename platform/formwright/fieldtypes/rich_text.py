"""The field type for formatted text."""

from __future__ import annotations

from typing import Any, ClassVar

from formwright.fieldtypes import markdown, spelling
from formwright.fieldtypes.base import Example, FieldLike
from formwright.fieldtypes.text import LongTextType
from formwright.texts import Reader

_LONGEST = 100_000


class RichTextType(LongTextType):
    """Markdown. HTML in it is cleaned whichever way it comes in, and again when it is shown."""

    name = "rich_text"
    attributes = frozenset({"minLength", "maxLength", "rows"})
    widget = "rich_text"
    examples: ClassVar[tuple[Example, ...]] = (
        Example("## Agreed\n\n- price **holds**\n- [offer](https://example.com/offer)",
                "## Agreed\n\n- price **holds**\n- [offer](https://example.com/offer)"),
        Example("请在 <b>周五</b> 之前回复", "请在 <b>周五</b> 之前回复"),
        Example("<script>alert(1)</script>\n\nHello", "Hello"),
        Example("<img src=x onerror=alert(1)>", None),
        Example(" \n ", None),
        Example("x" * (_LONGEST + 1), wrong=True),
    )  # fmt: skip
    longest = _LONGEST

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the cleaned Markdown, or None for blank."""
        lines = spelling.many_lines(typed)
        limit = field.max_length if field.max_length is not None else _LONGEST
        # What is too long is refused as it is: looking through it could take long.
        return (markdown.clean(lines) if len(lines) <= limit else lines).strip() or None

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the words without their form."""
        return markdown.plain(value)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the Markdown."""
        return str(value)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return the words."""
        return markdown.plain(value)
