"""A first look through the file: which rows are about the same thing, and is there a date nobody can read for sure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias

from formwright.definitions.model import Field
from formwright.engine.imports.cells import ColumnReader, RowValues, begin_rows, unquote
from formwright.engine.imports.job import Job
from formwright.engine.imports.merging import Group, Mode, Repeats
from formwright.engine.imports.reading import Chunk, open_table
from formwright.fieldtypes import days
from formwright.fieldtypes.base import ValueProblem
from formwright.texts import Reader

DateOf: TypeAlias = Callable[[RowValues], datetime | None]

_SEPARATOR = "\x1f"


def chunks(job: Job, size: int = 1_000, rows: int | None = None) -> Generator[Chunk, None, None]:
    """Yield the rows of the job's file, at most ``rows`` of them."""
    left = rows
    with open_table(job.path, job.options.read, chunk=size) as table:
        for chunk in table:
            if left is None:
                yield chunk
                continue
            yield Chunk(chunk.numbers[:left], chunk.rows[:left], chunk.progress)
            left -= len(chunk.numbers)
            if left <= 0:
                return


def find_repeats(job: Job, found: Iterable[Chunk], reader: Reader, order: str) -> dict[int, Group]:
    """Return the group of each row that shares its match fields with another row of the file."""
    if job.mode is Mode.INSERT:
        return {}
    repeats = Repeats()
    keys = _Keys(job, reader, order)
    for chunk in found:
        for number, key in zip(chunk.numbers, keys.of(chunk), strict=True):
            if key:
                repeats.add(key, number)
    return repeats.by_row()


class _Keys:
    """Works out the text by which the rows of a file are compared."""

    def __init__(self, job: Job, reader: Reader, order: str) -> None:
        self._width = len(job.mapping.header)
        self._id_position = job.id_position
        columns = {column.field.key: column for column in job.mapping.columns if not column.part}
        self._fields: list[tuple[Field, int, ColumnReader | None]] = []
        for wanted in job.match_on:
            column = columns[wanted.key]
            plain = None if wanted.target else ColumnReader(column, reader, order)
            self._fields.append((wanted, column.position, plain))

    def of(self, chunk: Chunk) -> list[str]:
        """Return the key of each row; "" for a row without one: empty or wrong in a match field."""
        if self._id_position is not None:
            return [_folded(cells[self._id_position]) for cells in chunk.rows]
        rows = begin_rows(chunk.numbers, chunk.rows, self._width)
        for _wanted, _position, plain in self._fields:
            if plain is not None:
                plain.read(rows)
        keys = []
        for row in rows:
            parts = []
            for wanted, position, plain in self._fields:
                if plain is None:
                    parts.append(_folded(row.cells[position]))
                elif not row.violations and (value := row.values.get(wanted.key)) is not None:
                    parts.append(wanted.type.compare_key(wanted, value))
                else:
                    parts.append("")
            keys.append(_SEPARATOR.join(parts) if all(parts) else "")
        return keys


def _folded(text: str) -> str:
    return " ".join(unquote(text).split()).casefold()


def find_ambiguous(job: Job) -> str:
    """Return the first date of the file whose order of day and month cannot be known, or ""."""
    positions = [
        (column.position, column.field.type)
        for column in job.mapping.columns
        if column.field.type.name in {"date", "datetime"}
    ]
    if not positions and job.mapping.updated is None:
        return ""
    for chunk in chunks(job):
        for cells in chunk.rows:
            for position, field_type in positions:
                if cells[position] and field_type.is_ambiguous(cells[position]):
                    return cells[position]
            if _is_ambiguous_at(cells, job.mapping.updated):
                return cells[job.mapping.updated or 0]
    return ""


def _is_ambiguous_at(cells: Sequence[str], position: int | None) -> bool:
    return position is not None and bool(cells[position]) and days.is_ambiguous(cells[position])


def date_reader(job: Job, reader: Reader, order: str) -> DateOf:
    """Return the function that tells the file's own date of change of a row; None when it has none or is unreadable."""
    position = job.mapping.updated
    if position is None or job.mode is Mode.INSERT:
        return lambda _row: None

    @lru_cache(maxsize=10_000)
    def read(text: str) -> datetime | None:
        try:
            found = days.read_instant(unquote(text), order) if text else None
        except ValueProblem:
            return None
        if found is None:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=reader.zone)).astimezone(UTC)

    return lambda row: read(row.cells[position])
