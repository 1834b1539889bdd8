"""Deleting records, the trash, and bringing records back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from formwright.definitions.model import Action
from formwright.engine.actor import Actor
from formwright.engine.audit import Event, note
from formwright.engine.gate import NO_SUCH_RECORD, Query
from formwright.engine.logins import let_go_of_user
from formwright.engine.records import refuse_rows
from formwright.engine.runtime import Runtime, Unit
from formwright.errors import NotFound
from formwright.ids import format_id
from formwright.store.problems import Referrer, Restricted
from formwright.store.rows import StoredRecord
from formwright.store.trash import Discarded


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion took away, under the number by which it can be brought back."""

    id: int
    count: int
    title: str


@dataclass(frozen=True, slots=True)
class TrashedRecord:
    """A record in the trash."""

    deletion_id: int
    id: int
    title: str
    deleted_at: datetime
    deleted_by: str


def delete(
    runtime: Runtime, actor: Actor, entity_name: str, record_id: int, *, channel: str = "form"
) -> Deletion:
    """Move a record, its rows and what cascades to the trash.

    Raises ``store.problems.Restricted`` while records that restrict its deletion refer to it.
    """
    with runtime.unit(actor, write=True) as unit:
        refuse_rows(unit, entity_name)
        record = unit.gate.hold(Action.DELETE, entity_name, record_id)
        title = unit.title(unit.sight.wrap(unit.gate.seen(record)))
        conditions = unit.access.scope(Action.DELETE, unit.columns.main(entity_name)) or []
        let_go_of_user(unit, record)
        try:
            deletion = unit.tx.trash.delete(
                record, by=unit.actor.id, channel=channel, where=conditions
            )
        except Restricted as held:
            raise Restricted(_as_far_as_seen(unit, record, held)) from None
        said = {"deletion": format_id(deletion.id), "count": deletion.count}
        note(
            unit.tx, actor, Event.RECORD_DELETED, entity=entity_name, record=record_id, details=said
        )
        return Deletion(deletion.id, deletion.count, title)


def _as_far_as_seen(unit: Unit, record: StoredRecord, held: Restricted) -> list[Referrer]:
    """Return who holds on to a record, each counted as far as the actor may read; others as nobody in particular."""
    found = []
    for referrer in held.referrers:
        query = Query(referrer.entity, referring=(referrer.field, record.id))
        seen = unit.gate.counts([query], referrer.count)[0][0]
        if seen:
            found.append(Referrer(referrer.entity, referrer.field, seen))
    return found


def restore(
    runtime: Runtime, actor: Actor, deletion_id: int, *, channel: str = "form"
) -> StoredRecord:
    """Bring back everything that one deletion took away; raises UniqueViolation when a value is taken by now."""
    with runtime.unit(actor, write=True) as unit:
        deletion = unit.tx.trash.find(deletion_id)
        if deletion is None or not _may_restore(unit, deletion):
            raise NotFound(NO_SUCH_RECORD)
        record = unit.tx.trash.restore(deletion_id, by=unit.actor.id, channel=channel)
        action = _restoring(unit, deletion)
        if record.id not in unit.gate.inside(action, record.entity, [record.id]):
            raise NotFound(NO_SUCH_RECORD)
        said = {"deletion": format_id(deletion_id)}
        note(
            unit.tx,
            actor,
            Event.RECORD_RESTORED,
            entity=record.entity,
            record=record.id,
            details=said,
        )
        return record


def _may_restore(unit: Unit, deletion: Discarded) -> bool:
    return _is_mine(unit, deletion) or unit.access.may(Action.RESTORE, deletion.record.entity)


def _restoring(unit: Unit, deletion: Discarded) -> Action:
    """Undoing one's own deletion asks for the right to delete; anybody else's for the right to restore."""
    own = _is_mine(unit, deletion) and unit.access.may(Action.DELETE, deletion.record.entity)
    return Action.DELETE if own else Action.RESTORE


def _is_mine(unit: Unit, deletion: Discarded) -> bool:
    return deletion.deleted_by is not None and deletion.deleted_by == unit.actor.id


def trash(unit: Unit, entity_name: str, limit: int = 50) -> list[TrashedRecord]:
    """Return the newest deletions of an entity that the actor may restore."""
    unit.access.require(Action.RESTORE, entity_name)
    items = [
        item
        for item in unit.tx.trash.newest(entity_name, limit)
        if unit.access.allows(Action.RESTORE, unit.lookup.wrap(item.record))
    ]
    people = {item.deleted_by for item in items if item.deleted_by is not None}
    unit.sight.preload({"core.user": people})
    return [_trashed(unit, item) for item in items]


def _trashed(unit: Unit, item: Discarded) -> TrashedRecord:
    by = unit.sight.row("core.user", item.deleted_by) if item.deleted_by is not None else None
    name = str(by.get("name") or "") if by else ""
    title = unit.title(unit.sight.wrap(unit.gate.dead(item.record)))
    return TrashedRecord(item.deletion_id, item.record.id, title, item.deleted_at, name)
