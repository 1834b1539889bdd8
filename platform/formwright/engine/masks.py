"""What is shown of a value that may not be read in full."""

from __future__ import annotations

from typing import Any

from formwright.definitions.model import Field
from formwright.texts import Reader

_DOTS = "•••"
_STARS = "****"
#: Signs of a text that stay at its end under ``last4``; of a telephone number also three at its beginning.
_TAIL = 4
_HEAD = 3


def mask_of(field: Field, value: Any, style: str, reader: Reader) -> str:
    """Return what ``style`` leaves of a value; "" for an empty one, so that a mask never stands for nothing."""
    if value is None or value == ():
        return ""
    text = field.type.format(field, value, reader)
    match style:
        case "last4":
            return _last(text, head=_HEAD if field.type.name == "phone" else 0)
        case "initials":
            return " ".join(f"{word[0]}{_STARS}" for word in text.split()) or _DOTS
        case "domain":
            return _domain(text)
        case _:
            return _DOTS


def _last(text: str, head: int) -> str:
    """Keep the end of a text, and nothing of one that would hardly be shorter."""
    if len(text) < 2 * _TAIL or len(text) <= head + _TAIL:
        return _DOTS
    return f"{text[:head]}{_STARS}{text[-_TAIL:]}"


def _domain(text: str) -> str:
    """Keep what comes behind the @ of an address, and its first sign."""
    name, at, domain = text.partition("@")
    return f"{name[:1]}***@{domain}" if at else _DOTS
