"""Uploaded files and the records that have them: a file belongs to one record, and is swept when none has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formwright.engine.drafts import Violation
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.pipeline import Work
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

_WITH_FILES = frozenset({"file", "image"})


def attach(unit: Unit, work: Work, record: StoredRecord) -> None:
    """Tie the files that a record names to it, and let go of those it names no more.

    A file that somebody else has uploaded, or that another record has, is a violation: the record is not stored.
    """
    for key, field in work.plan.fields.items():
        if field.type.name not in _WITH_FILES:
            continue
        before = _ids(work.before.values.get(key)) if work.before is not None else set()
        now = _ids(work.values.get(key))
        fresh = now - before
        if (
            fresh
            and unit.tx.files.claim(fresh, record.entity, record.id, key, by=unit.actor.id) != fresh
        ):
            work.violations.append(
                Violation(say("A file is not there any more; upload it again."), key)
            )
        if before - now:
            unit.tx.files.release(before - now)


def _ids(value: Any) -> set[int]:
    return {file["id"] for file in value or ()}
