"""Regular expressions out of definitions, for fields: matched in linear time."""

from __future__ import annotations

from formwright.expressions.patterns import PatternError, check_pattern, matches
from formwright.texts import Text, say

__all__ = ["matches", "pattern_problem"]


def pattern_problem(pattern: str) -> Text | None:
    """Return why ``pattern`` cannot be used, or None.

    >>> pattern_problem("[0-9]{4}") is None
    True
    >>> str(pattern_problem("(?=a)b"))
    'The pattern cannot be used: invalid perl operator: (?=. Look-around and back-references are not available.'
    """
    try:
        check_pattern(pattern)
    except PatternError as error:
        return say(
            "The pattern cannot be used: %(reason)s. Look-around and back-references are not available.",
            reason=str(error),
        )
    return None
