"""Uploaded files and the records that have them: a file belongs to one record, and is swept when none has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from formwright.engine.drafts import Violation
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.pipeline import Work
    from formwright.engine.runtime import Unit
    from formwright.store.files import StoredFile
    from formwright.store.rows import StoredRecord

WITH_FILES = frozenset({"file", "image"})


def attach(unit: Unit, work: Work, record: StoredRecord) -> None:
    """Tie the files that a record and its rows name to them, and let go of those they name no more.

    A file that somebody else has uploaded, that another record has, or that is not what is said of it, is a
    violation: the record is not stored.
    """
    for key in _tie(unit, work, record):
        work.violations.append(Violation(_gone(), key))
    for subform, rows in work.rows.items():
        if not rows or not _file_fields(rows[0]):
            continue
        for row, stored in _with_records(unit, work, subform, rows, record):
            for key in _tie(unit, row, stored):
                work.violations.append(Violation(_gone(), subform, row.key, key))


def description(file: StoredFile) -> dict[str, Any]:
    """Return what a record keeps of an uploaded file."""
    return {"id": file.id, "name": file.name, "size": file.size, "type": file.mime}


def enter(unit: Unit, sha256: str, name: str, kind: str, size: int) -> StoredFile:
    """Enter an upload, whose content is kept already; a record claims it when the form is saved."""
    return unit.tx.files.add(sha256, name, kind, size, by=unit.actor.id)


def uploaded(unit: Unit, numbers: Iterable[int]) -> dict[int, StoredFile]:
    """Return those of some files that the actor has uploaded and no record has claimed yet."""
    wanted = set(numbers)
    found = unit.tx.files.find_many(wanted) if wanted else {}
    return {number: file for number, file in found.items() if _is_own(unit, file)}


def file_of(unit: Unit, number: int) -> StoredFile | None:
    """Return a file that the actor may have: in a field that he may read of a record that he sees, or his own upload."""
    file = unit.tx.files.find(number)
    if file is None or file.record is None:
        return file if file is not None and _is_own(unit, file) else None
    entity = unit.tx.shape.name_of(file.entity_id or 0)
    if entity is None or entity not in unit.catalog.entities:
        return None
    record = unit.gate.look(entity, file.record)
    return file if record is not None and file.attribute not in record.withheld else None


def _is_own(unit: Unit, file: StoredFile) -> bool:
    return file.record is None and file.created_by is not None and file.created_by == unit.actor.id


def _gone() -> Any:
    return say("A file is not there any more; upload it again.")


def _file_fields(work: Work) -> list[str]:
    return [key for key, field in work.plan.fields.items() if field.type.name in WITH_FILES]


def _with_records(
    unit: Unit, work: Work, subform: str, rows: Sequence[Work], parent: StoredRecord
) -> list[tuple[Work, StoredRecord]]:
    """Return the rows that name or named files, with the records that they were stored as."""
    keys = [key for key in _file_fields(rows[0]) if any(_names_files(row, key) for row in rows)]
    if not keys:
        return []
    target = work.plan.entity.fields[subform].target
    kept = {row.before.id for row in rows if row.before is not None}
    stored = unit.tx.records.children(target, [parent.id])
    # Rows that were just stored, and not others at the same place that the actor does not see.
    fresh = {
        each.position: each
        for each in stored
        if each.id not in kept and each.created_at == unit.now
    }
    found = []
    for position, row in enumerate(rows):
        record = row.before if row.before is not None else fresh.get(position)
        if record is not None:
            found.append((row, record))
    return found


def _names_files(row: Work, key: str) -> bool:
    before = row.before.values.get(key) if row.before is not None else None
    return bool(row.values.get(key) or before)


def _tie(unit: Unit, work: Work, record: StoredRecord) -> list[str]:
    """Claim and release the files of one record; return the fields with a file that it cannot have."""
    wrong = []
    for key in _file_fields(work):
        before = _by_id(work.before.values.get(key)) if work.before is not None else {}
        now = _by_id(work.values.get(key))
        fresh = now.keys() - before.keys()
        same = all(now[number] == before[number] for number in now.keys() & before.keys())
        if not same or not _claim(unit, {number: now[number] for number in fresh}, record, key):
            wrong.append(key)
        if before.keys() - now.keys():
            unit.tx.files.release(before.keys() - now.keys())
    return wrong


def _claim(unit: Unit, files: dict[int, Any], record: StoredRecord, key: str) -> bool:
    """Return whether all files could be claimed, each being what is said of it."""
    if not files:
        return True
    known = unit.tx.files.find_many(files)
    if any(n not in known or description(known[n]) != said for n, said in files.items()):
        return False
    tied = unit.tx.files.claim(files, record.entity, record.id, key, by=unit.actor.id)
    return tied == files.keys()


def _by_id(value: Any) -> dict[int, dict[str, Any]]:
    return {file["id"]: dict(file) for file in value or ()}
