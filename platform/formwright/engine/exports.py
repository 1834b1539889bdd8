"""Records out of the platform: CSV, XLSX or JSON lines, streamed, in the one spelling that an import reads back."""

from __future__ import annotations

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import orjson
import xlsxwriter

from formwright.definitions.model import Action, Entity, Field, Sort
from formwright.engine.audit import Event, note
from formwright.engine.gate import Query
from formwright.engine.imports.cells import quote
from formwright.engine.imports.parents import naming_fields
from formwright.errors import UnknownName
from formwright.fieldtypes.computed import FormulaType
from formwright.ids import format_id
from formwright.store.rows import StoredRecord
from formwright.suggest import closest
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

#: Columns of the record itself that can be exported beside its fields.
BUILT_IN = ("id", "version", "created_at", "updated_at")
_PAGE = 1_000
_MOST = 10_000_000
_BY_AGE = (Sort("id"),)
_SHEET_ROWS = 1_048_576
_EXACT_DIGITS = 15  # of a spreadsheet's numbers
_NUMBERS = frozenset({"integer", "decimal", "money", "percent", "rating"})

#: A value on its way out: None, or what JSON knows besides dates and exact numbers.
Cell: TypeAlias = Any


class Masked(str):
    """What is shown of a value that the actor may not read in full; never mistaken for the value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column of the export: its title, and how a record gives its value."""

    key: str
    title: str
    field: Field | None
    #: The field by which records on the other side of a reference are named; None: by id.
    naming: Field | None = None


def columns_of(
    unit: Unit, entity: Entity, keys: Sequence[str] = (), *, titles: bool = False
) -> list[ExportColumn]:
    """Return the columns for ``keys``, or for everything an export has; UnknownName offers the nearest name."""
    known = [
        key
        for key, field in entity.fields.items()
        if _exportable(field) and unit.gate.visible(entity.name, key)
    ]
    columns = []
    for key in keys or ("id", *known, "created_at", "updated_at"):
        if key not in known and key not in BUILT_IN:
            near = closest(key, [*known, *BUILT_IN]) or "id"
            raise UnknownName(
                say(
                    "%(entity)s has no field '%(name)s'; did you mean %(near)s?",
                    entity=entity.title,
                    name=key,
                    near=near,
                )
            )
        field = entity.fields.get(key)
        title = field.title.in_language(unit.reader.language) if field and titles else key
        columns.append(ExportColumn(key, title, field, _naming(unit, field)))
    return columns


def _exportable(field: Field) -> bool:
    return not (field.type.virtual or field.write_only or field.sensitive == "secret")


def _naming(unit: Unit, field: Field | None) -> Field | None:
    """Return the sure field that names the target of a reference: its key, or a unique one."""
    if field is None or not field.target:
        return None
    target = unit.catalog.entities[field.target]
    fields = naming_fields(target)
    return next((f for f in fields if f.unique or f.key in target.key_fields), None)


def count(unit: Unit, entity: Entity) -> int:
    """Return about how many records an export would write, for a progress bar."""
    found, _capped = unit.gate.count(_query(unit, entity), cap=_MOST)
    return found


def note_export(
    unit: Unit, entity: Entity, columns: Sequence[ExportColumn], kind: str, records: int
) -> None:
    """Write down that about so many records are about to leave; before the first one does, in a writing unit."""
    said = {"format": kind, "columns": [column.key for column in columns], "records": records}
    note(unit.tx, unit.actor, Event.EXPORTED, entity=entity.name, details=said)


def _query(unit: Unit, entity: Entity, after: str = "") -> Query:
    """Return the question for what the actor may take out; raise Forbidden when there is nothing such."""
    for action in (Action.READ, Action.EXPORT):
        unit.access.require(action, entity.name)
    return Query(entity.name, sort=_BY_AGE, limit=_PAGE, after=after, actions=(Action.EXPORT,))


def rows_of(unit: Unit, entity: Entity, columns: Sequence[ExportColumn]) -> Iterator[list[Cell]]:
    """Yield the values of each record that the actor may export, oldest first; one page is in memory at a time."""
    after = ""
    while True:
        page = unit.gate.read(_query(unit, entity, after))
        names = _names(unit, columns, page.records)
        for record in page.records:
            yield [_value(unit, record, column, names) for column in columns]
        if page.next is None:
            return
        after = page.next


_Names: TypeAlias = dict[str, dict[int, str]]


def _names(unit: Unit, columns: Sequence[ExportColumn], records: Sequence[StoredRecord]) -> _Names:
    """Return, for each reference column, what the records it leads to are called; those unreadable keep their id."""
    names: _Names = {}
    for column in columns:
        if column.field is None or column.naming is None:
            continue
        ids = {number for record in records for number in _ids(record.values.get(column.field.key))}
        names[column.key] = _names_of(unit, column.field.target, column.naming, sorted(ids))
    return names


def _names_of(unit: Unit, target: str, naming: Field, ids: Sequence[int]) -> dict[int, str]:
    unit.sight.preload({target: ids})
    found = {
        number: row.get(naming.key) for number in ids if (row := unit.sight.row(target, number))
    }
    return {number: str(value) for number, value in found.items() if value not in (None, "")}


def _ids(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _value(unit: Unit, record: StoredRecord, column: ExportColumn, names: _Names) -> Cell:
    if column.field is None:
        value = getattr(record, column.key)
        return format_id(value) if column.key == "id" else value
    if column.field.key in record.masks:
        return Masked(record.masks[column.field.key])
    value = record.values.get(column.field.key)
    if column.field.computed and not column.field.stored:
        value = unit.sight.wrap(record).get(column.field.key)
    if value is None or value == ():
        return None
    if column.field.target:
        known = names.get(column.key, {})
        texts = [known.get(number) or format_id(number) for number in _ids(value)]
        return texts if isinstance(value, tuple) else texts[0]
    return value


# ---- spellings ---------------------------------------------------------------------------------------------


def _is_number(field: Field | None) -> bool:
    if field is None:
        return False
    field_type = field.type
    if isinstance(field_type, FormulaType):
        field_type = field_type.behaves_as(field)
    return field_type.name in _NUMBERS


def text_of(column: ExportColumn, value: Cell) -> str:
    """Return the canonical text of a value, safe to open in a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, Masked):
        return quote(value)
    field = column.field
    if field is None:
        return (
            value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
        )
    if field.target:
        return quote("; ".join(value) if isinstance(value, list) else value)
    text = field.type.canonical(field, value)
    plain = _is_number(field) or isinstance(value, bool | date | time)
    return text if plain else quote(text)


def json_of(column: ExportColumn, value: Cell) -> Any:
    """Return a value for JSON: exact numbers as numbers, lists as lists, anything else as its canonical text."""
    field = column.field
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Masked):
        return {"masked": str(value)}
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, list):
        return value
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if field is None or field.target:
        return text_of(column, value) if isinstance(value, datetime) else value
    return field.type.canonical(field, value)


# ---- files -------------------------------------------------------------------------------------------------


class Writer(ABC):
    """Writes rows into one format."""

    def __init__(self, columns: Sequence[ExportColumn]) -> None:
        self.columns = columns

    @abstractmethod
    def write(self, row: Sequence[Cell]) -> None:
        """Write one record."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left."""


class CsvWriter(Writer):
    """Comma-separated text, one line for each record."""

    def __init__(
        self, columns: Sequence[ExportColumn], file: IO[bytes], encoding: str = "utf-8-sig"
    ) -> None:
        super().__init__(columns)
        self._text = io.TextIOWrapper(file, encoding=encoding, newline="", write_through=False)
        self._csv = csv.writer(self._text)
        self._csv.writerow([quote(column.title) for column in columns])

    def write(self, row: Sequence[Cell]) -> None:
        """Write one record."""
        self._csv.writerow(list(map(text_of, self.columns, row)))

    def close(self) -> None:
        """Flush, and leave the file to its owner."""
        self._text.flush()
        self._text.detach()


class JsonWriter(Writer):
    """One JSON object a line."""

    def __init__(self, columns: Sequence[ExportColumn], file: IO[bytes]) -> None:
        super().__init__(columns)
        self._file = file
        self._keys = [column.key for column in columns]

    def write(self, row: Sequence[Cell]) -> None:
        """Write one record, without its empty fields."""
        values = map(json_of, self.columns, row)
        found = {
            key: value for key, value in zip(self._keys, values, strict=True) if value is not None
        }
        self._file.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Do nothing: every line is written."""


class XlsxWriter(Writer):
    """A workbook, written row by row. No text ever becomes a formula or a link."""

    def __init__(self, columns: Sequence[ExportColumn], path: Path) -> None:
        super().__init__(columns)
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._bold = self._book.add_format({"bold": True})
        self._writers = [self._writer(column) for column in columns]
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        for at, column in enumerate(self.columns):
            self._sheet.write_string(0, at, quote(column.title), self._bold)

    def _writer(self, column: ExportColumn) -> Callable[[int, int, Cell], object]:
        def write(row: int, at: int, value: Cell) -> object:
            if isinstance(value, bool):
                return self._sheet.write_boolean(row, at, value)
            if isinstance(value, int | Decimal) and _is_exact(value):
                return self._sheet.write_number(row, at, float(value))
            if isinstance(value, date) and not isinstance(value, datetime):
                return self._sheet.write_datetime(row, at, value, self._day)
            return self._sheet.write_string(row, at, text_of(column, value))

        return write

    def write(self, row: Sequence[Cell]) -> None:
        """Write one record; another sheet begins when one is full."""
        if self._row + 1 >= _SHEET_ROWS:
            self._begin_sheet()
        self._row += 1
        for at, (write, value) in enumerate(zip(self._writers, row, strict=True)):
            if value is not None:
                write(self._row, at, value)

    def close(self) -> None:
        """Put the workbook together."""
        self._book.close()


def _is_exact(value: int | Decimal) -> bool:
    """Return whether a spreadsheet's number holds ``value`` without losing a digit."""
    digits = Decimal(value).normalize().as_tuple().digits
    return len(digits) <= _EXACT_DIGITS and abs(value) < 10**_EXACT_DIGITS
