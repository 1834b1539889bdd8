"""One batch of rows on its way into the store, inside a unit of work that somebody else commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import Field
from formwright.engine.bulk import insert_batch
from formwright.engine.drafts import Input, Violation
from formwright.engine.imports.cells import RowValues, begin_rows, column_readers, unquote
from formwright.engine.imports.job import Job
from formwright.engine.imports.merging import Candidate, Mode
from formwright.engine.imports.parents import ReferenceReader
from formwright.engine.imports.reading import Chunk
from formwright.engine.imports.report import BadRow, Counts, Reasons
from formwright.engine.pipeline import Work, work_out
from formwright.engine.records import Refused, update_in
from formwright.errors import NotFound
from formwright.ids import parse_id
from formwright.store import history
from formwright.store.rows import StoredRecord
from formwright.texts import Reader, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

CHANNEL = "import"


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    counts: Counts = field(default_factory=Counts)
    bad: list[BadRow] = field(default_factory=list)
    #: Rows merged into another, with the number of the row that stayed.
    merged: list[tuple[RowValues, int]] = field(default_factory=list)
    #: The records that were made or changed, in row order: (row number, values).
    taken: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)


class RowReader:
    """Turns the cells of a file into values, with everything settled that is the same for each row."""

    def __init__(self, job: Job, reader: Reader, targets: Any, date_order: str) -> None:
        self._width = len(job.mapping.header)
        self._columns = column_readers(job.mapping, reader, date_order)
        self._references = [
            ReferenceReader(column, targets[column.field.target])
            for column in job.mapping.columns
            if column.field.target
        ]

    def read(self, chunk: Chunk) -> list[RowValues]:
        """Return the rows of ``chunk`` with their plain values; needs no database."""
        rows = begin_rows(chunk.numbers, chunk.rows, self._width)
        for column in self._columns:
            column.read(rows)
        return rows

    def resolve(self, unit: Unit, rows: Sequence[RowValues]) -> None:
        """Put in the records that the rows refer to."""
        for reference in self._references:
            reference.read(unit, rows)

    @property
    def ambiguous_sample(self) -> str:
        """A date whose order of day and month nobody has told, or ""."""
        return next((found for c in self._columns if (found := c.ambiguous_sample)), "")


class BatchWriter:
    """Works candidates out as the engine does every record, and stores them."""

    def __init__(self, job: Job, reasons: Reasons) -> None:
        self._job = job
        self._reasons = reasons

    def write(self, unit: Unit, candidates: Sequence[Candidate]) -> Outcome:
        """Store the good ones among ``candidates``; the counts say what became of every row."""
        outcome = Outcome()
        known = self._known(unit, candidates)
        fresh = []
        for candidate in candidates:
            if candidate.row.violations:
                self._refuse(outcome, candidate, self._judge(unit, candidate).violations)
            elif id(candidate) in known:
                self._change(unit, outcome, candidate, known[id(candidate)])
            else:
                fresh.append(candidate)
        self._create(unit, outcome, fresh)
        outcome.counts.rows = sum(1 + len(candidate.older) for candidate in candidates)
        outcome.bad.sort(key=lambda row: row.number)
        return outcome

    # -- new records ---------------------------------------------------------------------------------------------

    def _create(self, unit: Unit, outcome: Outcome, candidates: Sequence[Candidate]) -> None:
        context, plan = unit.context(CHANNEL), unit.plan(self._job.entity.name)
        works = [work_out(plan, context, candidate.row.input) for candidate in candidates]
        results = insert_batch(unit, self._job.entity.name, works, channel=CHANNEL)
        for candidate, work, result in zip(candidates, works, results, strict=True):
            if isinstance(result, list):
                self._refuse(outcome, candidate, result)
            else:
                outcome.counts.created += 1
                self._took(outcome, candidate, work.values)

    def _judge(self, unit: Unit, candidate: Candidate) -> Work:
        """Work out a row that is refused already, for what else is wrong with it."""
        plan = unit.plan(self._job.entity.name)
        return work_out(plan, unit.context(CHANNEL), candidate.row.input)

    # -- known records -------------------------------------------------------------------------------------------

    def _known(self, unit: Unit, candidates: Sequence[Candidate]) -> dict[int, StoredRecord]:
        """Return the record of each candidate that has one, as the actor sees it, by the candidate's identity."""
        if self._job.mode is Mode.INSERT:
            return {}
        good = [candidate for candidate in candidates if not candidate.row.violations]
        ids = self._ids(unit, good)
        there = unit.gate.get_many(self._job.entity.name, set(ids.values()))
        records = {record.id: record for record in there}
        return {key: records[number] for key, number in ids.items() if number in records}

    def _ids(self, unit: Unit, candidates: Sequence[Candidate]) -> dict[int, int]:
        position = self._job.id_position
        if position is not None:
            cells = {id(c): unquote(c.row.cells[position]).strip().lower() for c in candidates}
            return {key: number for key, cell in cells.items() if (number := parse_id(cell))}
        first, *others = self._job.match_on
        keyed = [
            (c, c.row.values[first.key]) for c in candidates if _complete(c, self._job.match_on)
        ]
        if not others and first.unique:
            held = unit.gate.by_unique(self._job.entity.name, first.key, [v for _, v in keyed])
            return {id(c): held[value] for c, value in keyed if value in held}
        return self._ids_by_several(unit, [c for c, _ in keyed])

    def _ids_by_several(self, unit: Unit, candidates: Sequence[Candidate]) -> dict[int, int]:
        """Look up by the first field and compare the others on the records found; the newest one counts."""
        first, *others = self._job.match_on
        stored = {id(c): first.type.to_stored(first, c.row.values[first.key]) for c in candidates}
        name = self._job.entity.name
        held = unit.gate.by_value(name, first.key, list(set(stored.values())))
        numbers = {number for ids in held.values() for number in ids}
        records = {record.id: record for record in unit.gate.get_many(name, numbers)}
        found = {}
        for candidate in candidates:
            for number in sorted(held.get(stored[id(candidate)], ()), reverse=True):
                record = records.get(number)
                if record is not None and all(
                    record.values.get(f.key) == candidate.row.values[f.key] for f in others
                ):
                    found[id(candidate)] = number
                    break
        return found

    def _change(
        self, unit: Unit, outcome: Outcome, candidate: Candidate, record: StoredRecord
    ) -> None:
        if self._job.mode is Mode.SKIP:
            outcome.counts.skipped += 1 + len(candidate.older)
            return
        values = _what_changes(unit, self._job, candidate, record)
        if all(record.values.get(key) == value for key, value in values.items()):
            outcome.counts.unchanged += 1
            self._took(outcome, candidate, record.values)
            return
        try:
            with unit.tx.savepoint():
                accepted = update_in(
                    unit,
                    self._job.entity.name,
                    record.id,
                    Input(values, confirmed=True, parsed=True),
                    version=None,
                    channel=CHANNEL,
                )
        except Refused as refused:
            self._refuse(outcome, candidate, refused.work.violations)
        except NotFound:
            self._refuse(outcome, candidate, [Violation(_NOT_YOURS)])
        else:
            outcome.counts.updated += accepted.changed
            outcome.counts.unchanged += not accepted.changed
            self._took(outcome, candidate, accepted.record.without(record.withheld, {}).values)

    # -- what became of a row ------------------------------------------------------------------------------------

    def _took(self, outcome: Outcome, candidate: Candidate, values: Mapping[str, Any]) -> None:
        outcome.counts.merged += len(candidate.older)
        outcome.merged.extend((row, candidate.row.number) for row in candidate.older)
        outcome.taken.append((candidate.row.number, values))

    def _refuse(
        self, outcome: Outcome, candidate: Candidate, violations: Sequence[Violation]
    ) -> None:
        """Give back the row, and the rows that would have been merged into it."""
        outcome.bad.append(self._reasons.of(candidate.row, list(violations)))
        for row in candidate.older:
            merged = say(
                "The row was merged into row %(row)s, which was refused.", row=candidate.row.number
            )
            outcome.bad.append(self._reasons.of(row, [Violation(merged)]))
        outcome.counts.bad += 1 + len(candidate.older)


_NOT_YOURS = say("There is such a record already, and you may not change it.")


def _complete(candidate: Candidate, fields: Sequence[Field]) -> bool:
    return all(candidate.row.values.get(wanted.key) not in (None, "") for wanted in fields)


def _what_changes(
    unit: Unit, job: Job, candidate: Candidate, record: StoredRecord
) -> dict[str, Any]:
    """Return the values that the stored record takes over from the row.

    The newer of the two stays, and what is empty in it is filled from the other. The file's own date of change
    decides where there is one, otherwise the file is newer; it also is when the record was last written by an
    import, for then its date says only when that import ran.
    """
    values = candidate.row.values
    older = (
        job.mode is Mode.KEEP_LATEST
        and candidate.changed_at is not None
        and candidate.changed_at < record.updated_at
        and not _came_from_a_file(unit, record)
    )
    if not older:
        return values
    return {key: value for key, value in values.items() if record.values.get(key) in (None, "", ())}


def _came_from_a_file(unit: Unit, record: StoredRecord) -> bool:
    entries = unit.tx.history.of(record.entity, record.id)
    written = [entry for entry in entries if entry.operation in {history.CREATE, history.UPDATE}]
    return bool(written) and written[0].channel == CHANNEL
