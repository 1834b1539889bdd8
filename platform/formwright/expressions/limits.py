"""What evaluating may cost at most."""

from __future__ import annotations

STEPS = 10_000
ITEMS = 1_000
CHARACTERS = 10_000


class LimitReached(ValueError):
    """A text or a list that would grow too large; raised before it is made."""


def check_length(characters: int) -> None:
    """Raise LimitReached for a text of so many characters when that is too many."""
    if characters > CHARACTERS:
        raise LimitReached(f"more than {CHARACTERS} characters")


def check_items(items: int) -> None:
    """Raise LimitReached for a list of so many items when that is too many."""
    if items > ITEMS:
        raise LimitReached(f"more than {ITEMS} items")
