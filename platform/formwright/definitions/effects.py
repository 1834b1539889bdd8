"""What a change of definitions means for the records that are there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from formwright.texts import Text


class Kind(StrEnum):
    """Whether something comes, goes, or becomes different."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RENAMED = "renamed"


class Effect(StrEnum):
    """What becomes of the records."""

    SAFE = "safe"
    NEEDS_ANSWER = "needs_answer"
    LOSES_DATA = "loses_data"


class Touched(StrEnum):
    """Which records of an entity a change touches, so that they can be counted."""

    NONE = "none"
    ALL = "all"
    FILLED = "filled"  # those with a value in the field
    EMPTY = "empty"  # those without one
    VALUES = "values"  # those whose value is one of ``values``


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, in a sentence.

    ``code`` is that of problems (FW4xx) when the change needs an answer or loses data. ``field`` is "" when the
    whole entity is meant; ``entity`` is "" when no records are concerned.
    """

    kind: Kind
    text: Text
    effect: Effect = Effect.SAFE
    code: str = ""
    entity: str = ""
    field: str = ""
    touched: Touched = Touched.NONE
    values: tuple[str, ...] = ()
