"""Cells to values, a column at a time: everything that is the same for each row is settled before the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from formwright.definitions.model import Field
from formwright.engine.drafts import Input, Typed, Violation
from formwright.engine.imports.mapping import Column, ColumnMap
from formwright.expressions.kinds import Base
from formwright.fieldtypes.base import FieldType, ValueProblem
from formwright.fieldtypes.number import PercentType
from formwright.texts import Reader, Text, say

CellParser: TypeAlias = Callable[[str], Any]

#: Types whose texts repeat from row to row; anything else is read each time.
_REPEATING = frozenset(
    {"choice", "choices", "tags", "boolean", "date", "datetime", "time", "rating", "percent"}
)
_REMEMBERED = 10_000
_PERCENTAGE = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)%")
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
        return Input(self.values, confirmed=True, parsed=True)


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


class AddressReader:
    """Reads the columns that hold the parts of one address, and perhaps one more with its street or all of it."""

    #: Parts are plain words.
    ambiguous_sample = ""

    def __init__(self, columns: Sequence[Column], reader: Reader) -> None:
        self._field = columns[0].field
        self._parts = [(column.part, column.position) for column in columns if column.part]
        self._whole = next((column.position for column in columns if not column.part), None)
        self._reader = reader
        self._known: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._in_one_line = self._field.regions == "cn" and self._whole is not None

    def read(self, rows: Sequence[RowValues]) -> None:
        """Put the address of each row together."""
        for row in rows:
            try:
                value = self._value(row.cells)
            except ValueProblem as problem:
                row.violations.append(Violation(problem.text, self._field.key))
                continue
            if value:
                row.values[self._field.key] = value

    def _value(self, cells: Sequence[str]) -> Any:
        parts = {part: text for part, at in self._parts if (text := _words(cells[at]))}
        whole = _words(cells[self._whole]) if self._whole is not None else ""
        province = parts.get("province", "")
        if whole and self._in_one_line and (not province or whole.startswith(province)):
            found = self._field.type.parse(self._field, whole, self._reader) or {}
            return self._field.type.accept(self._field, {**found, **parts})
        if whole:
            parts["detail"] = whole
        return self._accepted(parts) if parts else None

    def _accepted(self, parts: dict[str, str]) -> Any:
        """Return the parts in normal form; towns come again and again, and are looked up once."""
        detail = parts.get("detail", "")
        if "postcode" in parts or not detail.isprintable():
            return self._field.type.accept(self._field, parts)
        places = tuple(part for part in parts.items() if part[0] != "detail")
        known = self._known.get(places)
        if known is None:
            found = self._field.type.accept(self._field, dict(places)) if places else None
            known = found or {}
            if len(self._known) < _REMEMBERED:
                self._known[places] = known
        return {**known, "detail": detail} if detail else (dict(known) or None)


def _words(cell: str) -> str:
    return " ".join(unquote(cell).split())


def column_readers(
    mapping: ColumnMap, reader: Reader, date_order: str = ""
) -> list[ColumnReader | AddressReader]:
    """Return the readers of every column that is read by its field's type.

    References and users are not among them: they are looked up for many rows at once.
    """
    plain = [column for column in mapping.columns if not column.field.target]
    split = {column.field.key for column in plain if column.part}
    readers: list[ColumnReader | AddressReader] = [
        ColumnReader(column, reader, date_order)
        for column in plain
        if column.field.key not in split
    ]
    readers.extend(AddressReader([c for c in plain if c.field.key == key], reader) for key in split)
    return readers


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

    if field_.kind.base is Base.NUMBER and not isinstance(field_type, PercentType):
        return lambda text: read(fraction(text))
    return _remembering(read) if field_type.name in _REPEATING else read


def fraction(text: str) -> str:
    """Return a percentage as the number that it is, for fields that count no hundredths; any other text as it is.

    >>> fraction("12.5%"), fraction("12.5"), fraction("%")
    ('0.125', '12.5', '%')
    """
    match = _PERCENTAGE.fullmatch(text)
    return f"{Decimal(match[1]).scaleb(-2):f}" if match else text


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
