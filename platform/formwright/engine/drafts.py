"""A record while it is being written: what was typed, what it means, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

from formwright.definitions.model import Entity, Field, Option
from formwright.store.rows import StoredRecord
from formwright.texts import Label, Text

_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed or a file holds for one field; still to be parsed. Several texts for lists."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowInput:
    """One row of a subform. ``key``: the formatted id of a stored row, or any other word for a new one."""

    key: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Input:
    """What a writer wants: field key -> ``Typed`` or a value of the field's type; None clears.

    A field that is absent keeps its value. ``rows`` holds the complete, ordered list of rows of each subform that
    is to be written; a subform that is absent keeps its rows.
    """

    values: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    rows: Mapping[str, Sequence[RowInput]] = field(default_factory=lambda: _NONE)
    #: True when the writer has read the warnings and wants to go on.
    confirmed: bool = False
    #: True when every value that is not ``Typed`` is in its type's normal form already, as ``parse`` returned it.
    parsed: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong, at its place.

    ``field`` "" is the whole record; ``row`` and ``row_field`` lead into a subform.
    """

    message: Text | Label
    field: str = ""
    row: str = ""
    row_field: str = ""
    level: str = "error"


@dataclass(slots=True)
class FieldState:
    """A field of a draft as a form shows it."""

    field: Field
    value: Any = None
    #: What was typed, kept word for word while it cannot be parsed (and until the record is saved).
    typed: tuple[str, ...] | None = None
    visible: bool = True
    readonly: bool = False
    required: bool = False
    #: What is shown of a value that the actor may not read; None where it may be read.
    mask: str | None = None
    #: For choices: the options that may be offered now.
    options: tuple[Option, ...] = ()


@dataclass(slots=True)
class RowDraft:
    """One row of a subform while it is being written; ``id`` is None for a new one."""

    key: str
    id: int | None
    states: dict[str, FieldState]


@dataclass(slots=True)
class Draft:
    """A record being written, worked out: defaults, fills, computed values, visibility, violations."""

    entity: Entity
    before: StoredRecord | None
    states: dict[str, FieldState]
    rows: dict[str, list[RowDraft]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """The values without empties, as they would be stored."""
        return {key: state.value for key, state in self.states.items() if state.value is not None}

    def wrong(self, key: str, row: str = "", row_field: str = "") -> list[Violation]:
        """Return the violations at one place."""
        return [
            v for v in self.violations if (v.field, v.row, v.row_field) == (key, row, row_field)
        ]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The record is stored, with everything that follows from it."""

    record: StoredRecord
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing was written; the draft holds every violation and what was typed."""

    draft: Draft

    @property
    def violations(self) -> list[Violation]:
        """Everything that is wrong, not only the first."""
        return self.draft.violations


Outcome: TypeAlias = Accepted | Rejected
