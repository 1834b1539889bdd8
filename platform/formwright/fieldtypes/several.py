"""What types with several values share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from formwright.fieldtypes.base import FieldLike, ValueProblem
from formwright.texts import Reader, Text, say

#: What parts several words in one text, in either width.
SEPARATOR = re.compile(r"[,，、;；\n]")


def enumerate_words(words: Iterable[str], reader: Reader) -> str:
    """Return ``words`` in a row as the reader's language writes it.

    >>> enumerate_words(["a", "b"], Reader("zh-CN")), enumerate_words(["a", "b"], Reader("en"))
    ('a、b', 'a, b')
    """
    return ("、" if reader.language.startswith("zh") else ", ").join(words)


def texts_of(value: Any) -> list[str]:
    """Return the texts of a list; raise ValueProblem when it is none."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueProblem(say("Enter a list of texts."))
    return list(value)


def count_problem(field: FieldLike, count: int) -> Text | None:
    """Return a sentence when a field has too many or too few values."""
    if field.max_items is not None and count > field.max_items:
        return say("Choose at most %(limit)s.", limit=field.max_items)
    if field.min_items is not None and count < field.min_items:
        return say("Choose at least %(limit)s.", limit=field.min_items)
    return None


def items_schema(field: FieldLike) -> dict[str, int]:
    """Return the JSON Schema words for how many values a field has."""
    limits = {"minItems": field.min_items, "maxItems": field.max_items}
    return {word: limit for word, limit in limits.items() if limit is not None}
