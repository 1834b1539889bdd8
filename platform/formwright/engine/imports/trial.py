"""A trial: the first rows go the whole way in, are looked at, and are taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from formwright.definitions.model import Entity, Field
from formwright.engine.actor import Actor
from formwright.engine.formats import references_in, show
from formwright.engine.imports.batches import BatchWriter, Outcome, RowReader
from formwright.engine.imports.cells import RowValues
from formwright.engine.imports.job import ImportOptions, Job, prepare
from formwright.engine.imports.merging import Gathering
from formwright.engine.imports.reading import Chunk
from formwright.engine.imports.repeats import chunks, date_reader, find_repeats
from formwright.engine.imports.report import Counts, Reasons, Report
from formwright.engine.imports.running import AskOrder, date_order
from formwright.engine.titles import titles_of

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit

TRIAL_ROWS = 1_000
_SAMPLES = 3
_RECORDS = 20


@dataclass(slots=True)
class ColumnTrial:
    """How one column fared."""

    title: str
    field: Field
    good: int = 0
    empty: int = 0
    wrong: int = 0
    #: Some cells as they are in the file, with what they mean.
    samples: list[tuple[str, str]] = default(default_factory=list)
    #: Some cells that mean nothing: (row, cell).
    wrong_samples: list[tuple[int, str]] = default(default_factory=list)


@dataclass(slots=True)
class Trial:
    """What an import would do with the first rows of a file."""

    job: Job
    counts: Counts
    columns: list[ColumnTrial]
    #: Sample records as they would be: (row, [(label, text)]).
    records: list[tuple[int, list[tuple[str, str]]]]
    report: Report
    #: A date whose order of day and month nobody has told, or "".
    ambiguous: str


class _TakenBack(Exception):
    """Leaves the transaction with what was seen, so that nothing else of it stays."""

    def __init__(self, trial: Trial) -> None:
        super().__init__("taken back")
        self.trial = trial


def _take_back(trial: Trial) -> NoReturn:
    raise _TakenBack(trial)


def try_out(
    runtime: Runtime,
    actor: Actor,
    entity_name: str,
    path: Path,
    options: ImportOptions | None = None,
    *,
    rows: int = TRIAL_ROWS,
    ask_order: AskOrder | None = None,
) -> Trial:
    """Import the first ``rows`` rows, see what comes of them, and take everything back.

    The rows go through the database, so that uniqueness, rights and business numbers are what they would be.
    """
    with runtime.unit(actor) as unit:
        job = prepare(unit, entity_name, path, options or ImportOptions())
    order = date_order(job, "", ask_order)
    found = list(chunks(job, rows=rows))
    try:
        with runtime.unit(actor, write=True) as unit:
            _take_back(_try(unit, job, found, order))
    except _TakenBack as taken_back:
        return taken_back.trial


def _try(unit: Unit, job: Job, found: Sequence[Chunk], order: str) -> Trial:
    reader = unit.reader
    row_reader = RowReader(job, reader, unit.catalog.entities, order)
    groups = find_repeats(job, found, reader, order)
    gathering = Gathering(groups, job.mode, date_reader(job, reader, order))
    writer = BatchWriter(job, Reasons(job.mapping, reader))
    columns = _Columns(unit, job)
    counts, report = Counts(), Report()
    taken: list[tuple[int, Mapping[str, Any]]] = []
    for chunk in found:
        rows = row_reader.read(chunk)
        row_reader.resolve(unit, rows)
        values = {row.number: dict(row.values) for row in rows}
        outcome = writer.write(unit, gathering.feed(rows))
        columns.note(rows, values, outcome)
        counts.add(outcome.counts)
        for bad in outcome.bad:
            report.note_bad(bad)
        report.merged.extend((row.number, into) for row, into in outcome.merged)
        taken += outcome.taken[: _RECORDS - len(taken)]
    report.counts = counts
    records = [(number, _shown(unit, job.entity, record)) for number, record in taken]
    return Trial(job, counts, columns.all(), records, report, row_reader.ambiguous_sample)


class _Columns:
    """Counts good, empty and wrong cells of every column."""

    def __init__(self, unit: Unit, job: Job) -> None:
        self._unit = unit
        self._job = job
        self._trials = [ColumnTrial(column.title, column.field) for column in job.mapping.columns]

    def note(
        self, rows: Sequence[RowValues], values: dict[int, dict[str, Any]], outcome: Outcome
    ) -> None:
        """Note the cells of some rows; a cell is wrong when its field was refused."""
        wrong = {bad.number: set(bad.fields) for bad in outcome.bad}
        for column, trial in zip(self._job.mapping.columns, self._trials, strict=True):
            key = column.field.key
            for row in rows:
                cell = row.cells[column.position].strip()
                if key in wrong.get(row.number, ()):
                    trial.wrong += 1
                    if len(trial.wrong_samples) < _SAMPLES:
                        trial.wrong_samples.append((row.number, cell))
                elif not cell:
                    trial.empty += 1
                else:
                    trial.good += 1
                    if len(trial.samples) < _SAMPLES:
                        meant = values[row.number].get(key)
                        trial.samples.append((cell, self._text(column.field, meant)))

    def all(self) -> list[ColumnTrial]:
        """Return the columns in the order of the file."""
        return self._trials

    def _text(self, column_field: Field, value: Any) -> str:
        titles = titles_of(self._unit, _wanted([(column_field, value)]))
        return show(column_field, value, self._unit.reader, titles)


def _shown(unit: Unit, entity: Entity, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a record as a person would read it, without its empty fields."""
    pairs = [
        (found, values[key]) for key, found in entity.fields.items() if values.get(key) is not None
    ]
    titles = titles_of(unit, _wanted(pairs))
    language = unit.reader.language
    texts = [
        (f.title.in_language(language), show(f, value, unit.reader, titles)) for f, value in pairs
    ]
    return [(label, text) for label, text in texts if text]


def _wanted(pairs: Sequence[tuple[Field, Any]]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = {}
    for found, value in pairs:
        ids = references_in(found, value)
        if ids:
            wanted.setdefault(found.target, set()).update(ids)
    return wanted
