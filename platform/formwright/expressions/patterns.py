"""Regular expressions of definitions: linear-time RE2 only, compiled once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

MAXIMUM_PATTERN = 500


class PatternError(Exception):
    """A pattern that RE2 does not take: look-around and back-references do not exist there."""


def matches(pattern: str, text: str) -> bool:
    """Return whether ``pattern`` occurs anywhere in ``text``; raise PatternError when it is no pattern."""
    return _compiled(pattern).search(text) is not None


def check_pattern(pattern: str) -> None:
    """Raise PatternError when ``pattern`` cannot be used."""
    _compiled(pattern)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    if len(pattern) > MAXIMUM_PATTERN:
        raise PatternError(f"longer than {MAXIMUM_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise PatternError(_reason(error)) from None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
