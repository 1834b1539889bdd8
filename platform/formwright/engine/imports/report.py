"""What came of an import: counts that add up, reasons by kind, and the files given back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from formwright.engine.drafts import Violation
from formwright.engine.imports.cells import RowValues
from formwright.engine.imports.mapping import ColumnMap, LeftOut
from formwright.texts import Label, Reader, Text

_SAMPLES = 20
_LONGEST = 60


@dataclass(slots=True)
class Counts:
    """How many rows went which way; ``rows`` is the sum of all the others."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    merged: int = 0
    bad: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another batch."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Counts:
        """Return the counts out of ``as_json``."""
        return cls(**{name: int(found.get(name, 0)) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken, with its reasons as sentences."""

    number: int
    cells: list[str]
    reasons: tuple[str, ...]
    #: Keys of the fields that are wrong.
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What an import did, over all its runs."""

    counts: Counts = field(default_factory=Counts)
    #: Number of bad rows by reason, of this run.
    reasons: Counter[str] = field(default_factory=Counter)
    #: The first bad rows of this run.
    samples: list[BadRow] = field(default_factory=list)
    #: Rows of the file that were merged into another: (row, into row), of this run.
    merged: list[tuple[int, int]] = field(default_factory=list)
    left_out: tuple[LeftOut, ...] = ()
    errors_file: Path | None = None
    merged_file: Path | None = None
    seconds: float = 0.0
    #: True when this run went on where an earlier one had stopped.
    resumed: bool = False
    #: True when the same import had been finished before, and nothing was done.
    repeated: bool = False

    def note_bad(self, row: BadRow) -> None:
        """Count a bad row and keep the first ones."""
        for reason in row.reasons:
            if len(self.reasons) < 1_000 or reason in self.reasons:
                self.reasons[reason] += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(row)


class Reasons:
    """Words violations for people: the column first, then the cell, then what is wrong with it."""

    def __init__(self, mapping: ColumnMap, reader: Reader) -> None:
        self._reader = reader
        self._columns: dict[str, list[tuple[str, int]]] = {}
        for column in mapping.columns:
            self._columns.setdefault(column.field.key, []).append((column.title, column.position))
        self._titles: dict[str, Label] = {}
        self._mapping = mapping

    def of(self, row: RowValues, violations: list[Violation]) -> BadRow:
        """Return ``row`` with its reasons; a field that is wrong is not called missing too."""
        own = {violation.field for violation in row.violations}
        told = [*row.violations]
        told += [v for v in violations if v.level == "error" and not (v.field and v.field in own)]
        sentences = tuple(dict.fromkeys(self._sentence(row, violation) for violation in told))
        fields = tuple(dict.fromkeys(violation.field for violation in told if violation.field))
        return BadRow(row.number, row.cells, sentences, fields)

    def _sentence(self, row: RowValues, violation: Violation) -> str:
        message: Text | Label = violation.message
        text = message.in_language(self._reader.language)
        columns = self._columns.get(violation.field)
        if not columns:
            return f"{violation.field}: {text}" if violation.field else text
        cells = [row.cells[at].strip() for _title, at in columns if at < len(row.cells)]
        shown = " ".join(cell for cell in cells if cell)
        shown = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
        name = " + ".join(title for title, _at in columns)
        return f"{name} “{shown}”: {text}" if shown else f"{name}: {text}"
