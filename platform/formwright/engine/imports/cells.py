"""Cells to values, a column at a time: everything that is the same for each row is settled before the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from formwright.definitions.model import Field
from formwright.engine.drafts import Input, Typed, Violation
from formwright.engine.imports.mapping import Column, ColumnMap
from formwright.fieldtypes.base import FieldType, ValueProblem
from formwright.texts import Reader, Text, say

CellParser: TypeAlias = Callable[[str], Any]

#: Types whose texts repeat from row to row; anything else is read each time.
_REPEATING = frozenset(
    {"choice", "choices", "tags", "boolean", "date", "datetime", "time", "rating", "percent"}
)
_REMEMBERED = 10_000
#: The quote that an export puts before a text that a spreadsheet would take for a formula.
_QUOTED = re.compile(r"'('*[=+\-@\t\r\n\0＝＋－＠])")

AMBIGUOUS = say(
    "03/04/2024 can be the 3rd of April or the 4th of March: "
    "say --date-order dmy (day first) or --date-order mdy (month first)."
)


class _Wrong:
    """A remembered text that means nothing."""

    __slots__ = ("text",)

    def __init__(self, text: Text) -> None:
        self.text = text


@dataclass(slots=True)
class RowValues:
    """A row on its way in: its number and cells, what they mean, and what is wrong with them."""

    number: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)

    @property
    def input(self) -> Input:
        """The row as the engine takes it."""
        return Input(self.values)


class ColumnReader:
    """Reads one column of every row into the rows' values.

    A cell that means nothing is refused, and stays in the row as ``Typed``: the engine then knows that the field is
    not empty but wrong, and spares the row the reasons that follow from that.
    """

    def __init__(self, column: Column, reader: Reader, date_order: str = "") -> None:
        #: The first text whose order of day and month is not known.
        self.ambiguous_sample = ""
        self._key = column.field.key
        self._position = column.position
        self._parse = _parser(column.field, _ordered(column.field.type, date_order), reader)
        # The type that was told the order answers False.
        self._is_ambiguous = _ordered(column.field.type, date_order).is_ambiguous
        self._asks = column.field.type.name in {"date", "datetime"} and not date_order

    def read(self, rows: Sequence[RowValues]) -> None:
        """Read this column of ``rows``; blank cells give nothing."""
        position, key, parse = self._position, self._key, self._parse
        for row in rows:
            text = row.cells[position]
            if not text:
                continue
            if text[0] == "'":
                text = unquote(text)
            try:
                value = parse(text)
            except ValueProblem as problem:
                self._refuse(row, text, problem.text)
                continue
            if value is not None:
                row.values[key] = value

    def _refuse(self, row: RowValues, text: str, reason: Text) -> None:
        if self._asks and self._is_ambiguous(text):
            self.ambiguous_sample = self.ambiguous_sample or text
            reason = AMBIGUOUS
        row.violations.append(Violation(reason, self._key))
        row.values[self._key] = Typed((text,))


class PartReader:
    """Reads a column that holds one part of an address."""

    #: Parts are plain words.
    ambiguous_sample = ""

    def __init__(self, column: Column) -> None:
        self._key = column.field.key
        self._part = column.part
        self._position = column.position

    def read(self, rows: Sequence[RowValues]) -> None:
        """Put this column's texts into the parts of the address, in place of what the address column said."""
        for row in rows:
            text = " ".join(unquote(row.cells[self._position]).split())
            if not text:
                continue
            found = row.values.get(self._key)
            parts = dict(found) if isinstance(found, Mapping) else {}
            if isinstance(found, Typed):
                parts["detail"] = found.texts[0].strip()
            parts[self._part] = text
            row.values[self._key] = parts


def column_readers(
    mapping: ColumnMap, reader: Reader, date_order: str = ""
) -> list[ColumnReader | PartReader]:
    """Return the readers of every column that is read by its field's type; parts of an address come last.

    References and users are not among them: they are looked up for many rows at once.
    """
    plain = [column for column in mapping.columns if not column.field.target]
    whole: list[ColumnReader | PartReader] = [
        ColumnReader(column, reader, date_order) for column in plain if not column.part
    ]
    return whole + [PartReader(column) for column in plain if column.part]


def begin_rows(numbers: Sequence[int], cells: Sequence[list[str]], width: int) -> list[RowValues]:
    """Return the rows of a chunk before anything is read; one with more cells than titles is already refused."""
    rows = []
    for number, row_cells in zip(numbers, cells, strict=True):
        row = RowValues(number, row_cells)
        if len(row_cells) > width:
            row.violations.append(Violation(_TOO_MANY))
        rows.append(row)
    return rows


_TOO_MANY = say("The row has more cells than there are column titles; something in it has shifted.")


def unquote(text: str) -> str:
    """Return ``text`` without the quote that guards it against being taken for a formula.

    >>> unquote("'=1+1"), unquote("'tis")
    ('=1+1', "'tis")
    """
    match = _QUOTED.match(text)
    return text[1:] if match else text


def quote(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula; ``unquote`` takes the guard off again.

    >>> quote("=1+1"), quote("'=1+1"), quote("plain")
    ("'=1+1", "''=1+1", 'plain')
    """
    return "'" + text if _QUOTED.match("'" + text) else text


def _ordered(field_type: FieldType, date_order: str) -> FieldType:
    return field_type.with_date_order(date_order) if date_order else field_type


def _parser(field_: Field, field_type: FieldType, reader: Reader) -> CellParser:
    parse = field_type.parse

    def read(text: str) -> Any:
        return parse(field_, text, reader)

    return _remembering(read) if field_type.name in _REPEATING else read


def _remembering(parse: CellParser) -> CellParser:
    """Return ``parse`` with its answers, refusals too, kept for texts that come again."""
    known: dict[str, Any] = {}

    def read(text: str) -> Any:
        value = known.get(text, known)
        if value is known:
            try:
                value = parse(text)
            except ValueProblem as problem:
                value = _Wrong(problem.text)
            if len(known) < _REMEMBERED:
                known[text] = value
        if value.__class__ is _Wrong:
            raise ValueProblem(value.text)
        return value

    return read
