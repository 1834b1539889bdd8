"""An import from the first row to the last: in batches that are whole or not there, and that are never done twice."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from formwright.engine.actor import Actor
from formwright.engine.audit import Event, note
from formwright.engine.imports.batches import BatchWriter, Outcome, RowReader
from formwright.engine.imports.cells import RowValues
from formwright.engine.imports.job import ImportOptions, Job, prepare
from formwright.engine.imports.mapping import MERGED_TITLES, REASON_TITLES, ROW_TITLES
from formwright.engine.imports.merging import Gathering
from formwright.engine.imports.reading import Chunk
from formwright.engine.imports.rejects import RowFile
from formwright.engine.imports.repeats import chunks, date_reader, find_ambiguous, find_repeats
from formwright.engine.imports.report import Counts, Reasons, Report
from formwright.store.import_runs import ImportRuns

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit

#: Told after each batch: part of the file that is done, and the counts so far.
Advance: TypeAlias = Callable[[float, Counts], None]
#: Asked once a file, with a date such as 03/04/2024: is it dmy or mdy? "" is no answer.
AskOrder: TypeAlias = Callable[[str], str]

_CHUNK = 1_000
#: How many chunks are read while a batch is stored.
_AHEAD = 2
#: After so many new records the database counts what it has, and after ten times as many again: it plans its answers
#: by what it counted last, and an import can make a table of another size.
_COUNT_AT = 10_000


@dataclass(slots=True)
class Progress:
    """How far an import has come, as the database has it."""

    batch: int = 0
    #: Number of the last row of the file that is settled.
    row: int = 0
    errors_size: int = 0
    merged_size: int = 0
    date_order: str = ""
    counts: Counts = field(default_factory=Counts)

    def as_json(self) -> dict[str, Any]:
        """Return what a later run needs to go on."""
        return {
            "row": self.row,
            "errors_size": self.errors_size,
            "merged_size": self.merged_size,
            "date_order": self.date_order,
            "counts": self.counts.as_json(),
        }


def run(
    runtime: Runtime,
    actor: Actor,
    entity_name: str,
    path: Path,
    options: ImportOptions | None = None,
    *,
    advance: Advance | None = None,
    ask_order: AskOrder | None = None,
) -> Report:
    """Import the file; what an earlier, interrupted run of the same import has done is not done again.

    Each batch is one transaction, which also notes that the batch is done. Raises before the first row when the file
    or its columns cannot be used; what is wrong with a row keeps only that row out.
    """
    with runtime.unit(actor) as unit:
        job = prepare(unit, entity_name, path, options or ImportOptions())
    started = time.monotonic()
    with _fewer_collections():
        report = _Run(runtime, actor, job, advance or _nobody_looks).go(ask_order)
    report.seconds = time.monotonic() - started
    return report


def date_order(job: Job, known: str, ask_order: AskOrder | None) -> str:
    """Return how 03/04/2024 is meant: as said, as said in an earlier run, or as answered now, once for the file."""
    said = job.options.date_order or known
    if said or ask_order is None:
        return said
    sample = find_ambiguous(job)
    return ask_order(sample) if sample else ""


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Have Python look for garbage less often: a batch makes many objects that all live until its end."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _nobody_looks(_part: float, _counts: Counts) -> None:
    """Stand in for a progress bar."""


class _Run:
    """A run of one import."""

    def __init__(self, runtime: Runtime, actor: Actor, job: Job, advance: Advance) -> None:
        self._runtime = runtime
        self._actor = actor
        self._job = job
        self._advance = advance
        self._report = Report(left_out=job.mapping.left_out)
        self._progress = Progress()
        self._count_at = _COUNT_AT
        self._writer = BatchWriter(job, Reasons(job.mapping, actor.reader))

    def go(self, ask_order: AskOrder | None) -> Report:
        """Import what is not in yet."""
        if not self._begin():
            return self._report
        self._open_files()
        progress = self._progress
        order = progress.date_order = date_order(self._job, progress.date_order, ask_order)
        reader = self._actor.reader
        self._rows = RowReader(self._job, reader, self._runtime.catalog.entities, order)
        self._groups = find_repeats(self._job, chunks(self._job), reader, order)
        self._gathering = Gathering(
            self._groups, self._job.mode, date_reader(self._job, reader, order)
        )
        self._import_rows()
        self._finish()
        return self._report

    # -- bookkeeping ---------------------------------------------------------------------------------------------

    def _begin(self) -> bool:
        """Find out where to go on; return False when this import was finished before."""
        key = self._job.key
        with self._runtime.unit(self._actor, write=True) as unit:
            runs = ImportRuns(unit.tx.unit)
            if self._job.options.again:
                runs.forget(key)
            found = runs.find(key)
            if found is None:
                runs.begin(key, self._job.entity.name, self._summary(), by=self._actor.id)
                self._note(unit, Event.IMPORT_BEGUN)
                return True
            if found.finished_at is not None:
                self._report.repeated = True
                self._report.counts = Counts.from_json(found.summary["counts"])
                return False
            last = runs.last_batch(key)
        if last is not None:
            said = dict(last.summary)
            counts = Counts.from_json(said.pop("counts"))
            self._progress = Progress(batch=last.number, counts=counts, **said)
            self._report.resumed = True
        return True

    def _finish(self) -> None:
        with self._runtime.unit(self._actor, write=True) as unit:
            ImportRuns(unit.tx.unit).finish(self._job.key, self._summary())
            self._note(unit, Event.IMPORT_FINISHED)
        self._report.counts = self._progress.counts
        self._report.errors_file = self._errors.path if self._errors.size else None
        self._report.merged_file = self._merged.path if self._merged.size else None

    def _note(self, unit: Unit, event: Event) -> None:
        """Write down how far the import is; the key leads to the import itself, which names the file."""
        said = {"import": self._job.key, "mode": self._job.mode.value}
        counts = self._progress.counts.as_json() if event is Event.IMPORT_FINISHED else {}
        entity = self._job.entity.name
        note(unit.tx, self._actor, event, entity=entity, details={**said, **counts})

    def _summary(self) -> dict[str, Any]:
        return {
            "file": self._job.path.name,
            "mode": self._job.mode.value,
            "counts": self._progress.counts.as_json(),
        }

    def _open_files(self) -> None:
        chinese = self._actor.reader.language.startswith("zh")
        row, reason, into = (pair[chinese] for pair in (ROW_TITLES, REASON_TITLES, MERGED_TITLES))
        header, progress = self._job.mapping.header, self._progress
        self._errors = RowFile(self._job.errors_file, [row, *header, reason], progress.errors_size)
        self._merged = RowFile(self._job.merged_file, [row, *header, into], progress.merged_size)

    # -- rows ----------------------------------------------------------------------------------------------------

    def _import_rows(self) -> None:
        size = max(self._job.options.batch, 1)
        settled = self._progress.row
        waiting: list[RowValues] = []
        part = 0.0
        for chunk, rows in self._read_ahead(min(size, _CHUNK)):
            part = chunk.progress
            if rows[0].number <= settled:
                waiting += [row for row in rows if self._is_open(row, settled)]
            else:
                waiting += rows
            if len(waiting) >= size:
                self._settle(waiting, settled, part)
                waiting = []
        if waiting:
            self._settle(waiting, settled, 1.0)

    def _read_ahead(self, size: int) -> Iterator[tuple[Chunk, list[RowValues]]]:
        """Yield the rows of each chunk; the next chunks are read by a thread while the database stores these."""
        with closing(chunks(self._job, size)) as source, ThreadPoolExecutor(1) as reader:

            def read() -> tuple[Chunk, list[RowValues]] | None:
                chunk = next(source, None)
                return None if chunk is None else (chunk, self._rows.read(chunk))

            coming: deque[Future[tuple[Chunk, list[RowValues]] | None]] = deque(
                reader.submit(read) for _ in range(_AHEAD)
            )
            while (found := coming.popleft().result()) is not None:
                coming.append(reader.submit(read))
                yield found

    def _is_open(self, row: RowValues, settled: int) -> bool:
        """Return whether ``row`` is still to be settled: it comes later, or belongs to a group that does."""
        group = self._groups.get(row.number)
        return row.number > settled or (group is not None and group.last > settled)

    def _settle(self, rows: Sequence[RowValues], settled: int, part: float) -> None:
        """Store one batch with the note that it is done; the rows it gives back are on disk before that."""
        with self._runtime.unit(self._actor, write=True) as unit:
            outcome = self._write(unit, rows, settled)
            progress = self._progress
            progress.counts.add(outcome.counts)
            progress.batch += 1
            progress.row = rows[-1].number
            progress.errors_size, progress.merged_size = self._errors.size, self._merged.size
            ImportRuns(unit.tx.unit).add_batch(self._job.key, progress.batch, progress.as_json())
        for bad in outcome.bad:
            self._report.note_bad(bad)
        self._report.merged.extend((row.number, into) for row, into in outcome.merged)
        self._advance(part, self._progress.counts)
        self._have_counted()

    def _have_counted(self) -> None:
        """Let the database count when the import has made ten times as many records as it knew of."""
        if self._progress.counts.created >= self._count_at:
            self._runtime.store.analyze()
            self._count_at = self._progress.counts.created * 10

    def _write(self, unit: Unit, rows: Sequence[RowValues], settled: int) -> Outcome:
        self._rows.resolve(unit, rows)
        # A bad row before the point of going on was given back then; a good one waits for the rest of its group.
        candidates = self._gathering.feed(
            row for row in rows if row.number > settled or not row.violations
        )
        outcome = self._writer.write(unit, candidates)
        self._errors.write(
            [str(bad.number), *bad.cells, "; ".join(bad.reasons)] for bad in outcome.bad
        )
        self._merged.write([str(row.number), *row.cells, str(into)] for row, into in outcome.merged)
        return outcome
