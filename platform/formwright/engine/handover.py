"""Records change hands: assigned out of the pool, claimed, transferred, given back to the pool; one or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from formwright.definitions.model import Action
from formwright.engine.accounts import is_active
from formwright.engine.actor import Actor
from formwright.engine.drafts import Input, Violation
from formwright.engine.gate import NO_SUCH_RECORD
from formwright.engine.pipeline import Work, work_out
from formwright.engine.records import Refused, hold_rows, refuse_rows, write_change
from formwright.engine.references import check_references
from formwright.errors import Conflict, FormwrightError, NotFound
from formwright.ids import new_id
from formwright.texts import Label, Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit
    from formwright.store.reassignments import Reassignment
    from formwright.store.rows import StoredRecord

#: The channel of these changes in the history.
CHANNEL = "hand_over"
#: For so long whoever handed something over can take it back.
UNDO = timedelta(days=1)
_NOT_YOURS = say("You do not have the right to hand it over.")


class CannotHandOver(FormwrightError):
    """Nothing can be handed over in this way; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that stayed as it was; without a title for whoever may not see it."""

    id: int
    title: str
    reason: Text | Label


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What changed hands, under the number by which it can be taken back, and what did not."""

    group: int
    changed: tuple[int, ...]
    skipped: tuple[Skipped, ...]


def assign(
    runtime: Runtime, actor: Actor, entity_name: str, ids: Iterable[int], owner: int | None
) -> HandedOver:
    """Give records to ``owner``, None for the pool; each is judged by itself, as it is before it changes hands.

    A record that nobody owns asks for the right to assign, an owned one for the right to transfer it.
    """
    with runtime.unit(actor, write=True) as unit:
        return assign_in(unit, entity_name, ids, owner, group=new_id())


def assign_in(
    unit: Unit, entity_name: str, ids: Iterable[int], owner: int | None, *, group: int
) -> HandedOver:
    """Do the same inside a unit of work that is already open.

    Nothing but the owner, and what is computed or copied from it, changes. What carries the same ``group`` (a fresh
    ``ids.new_id()``), of whatever entities, is taken back by one ``undo``.
    """
    wanted = list(dict.fromkeys(ids))
    _require_owner_field(unit, entity_name)
    _require_active(unit, owner)
    seen = {record.id: record for record in unit.gate.get_many(entity_name, wanted)}
    allowed = _allowed(unit, entity_name, list(seen.values()))
    moved: list[tuple[int, int | None]] = []
    skipped: list[Skipped] = []
    for number in wanted:
        record = seen.get(number)
        reason = (
            NO_SUCH_RECORD
            if record is None
            else _reason(unit, record, owner, may=number in allowed)
        )
        if record is not None and reason is None:
            moved.append((number, record.owner_id))
        elif reason is not None:
            skipped.append(Skipped(number, _title(unit, record), reason))
    unit.tx.reassignments.sweep(unit.now - UNDO)
    unit.tx.reassignments.add(group, entity_name, moved, owner, by=unit.actor.id)
    return HandedOver(group, tuple(number for number, _ in moved), tuple(skipped))


def undo(runtime: Runtime, actor: Actor, group: int) -> HandedOver:
    """Give back everything of one hand-over to whom it was taken from, where it has not changed hands since.

    Only whoever did it can, within a day, and while he may still hand over records of the kind.
    """
    with runtime.unit(actor, write=True) as unit:
        done = unit.tx.reassignments.of(group)
        mine = [each for each in done if each.by is not None and each.by == unit.actor.id]
        if not mine or any(unit.now - each.at > UNDO for each in mine):
            raise NotFound(say("There is nothing to take back any more."))
        for each in mine:
            action = Action.ASSIGN if each.before is None else Action.TRANSFER
            unit.access.require(action, each.entity)
        unit.tx.reassignments.forget(group)
        results = [(each.record_id, _give_back(unit, each)) for each in mine]
        changed = tuple(number for number, skipped in results if skipped is None)
        return HandedOver(group, changed, tuple(skipped for _, skipped in results if skipped))


def may_hand_over(unit: Unit, entity_name: str) -> bool:
    """Return whether the actor may hand over any records of an entity; for buttons."""
    entity = unit.entity(entity_name)
    return bool(entity.owner_field) and any(
        unit.access.may(action, entity_name) for action in (Action.ASSIGN, Action.TRANSFER)
    )


def _require_owner_field(unit: Unit, entity_name: str) -> None:
    refuse_rows(unit, entity_name)
    entity = unit.entity(entity_name)
    if not entity.owner_field:
        raise CannotHandOver(
            say("Records of “%(entity)s” belong to nobody in particular.", entity=entity.title)
        )


def _require_active(unit: Unit, owner: int | None) -> None:
    if owner is not None and not is_active(unit, owner):
        raise CannotHandOver(say("Choose somebody who is active."))


def _allowed(unit: Unit, entity_name: str, records: Sequence[StoredRecord]) -> set[int]:
    """Return those of some records that the actor may hand over as they are."""
    free = [record.id for record in records if record.owner_id is None]
    owned = [record.id for record in records if record.owner_id is not None]
    assignable = unit.gate.inside(Action.ASSIGN, entity_name, free)
    return assignable | unit.gate.inside(Action.TRANSFER, entity_name, owned)


def _reason(
    unit: Unit, record: StoredRecord, owner: int | None, *, may: bool
) -> Text | Label | None:
    """Hand a record over; return what keeps it from that, None when it is done."""
    if record.owner_id == owner:
        return (
            say("It is in the pool already.")
            if owner is None
            else say("It belongs to this person already.")
        )
    if not may:
        return _NOT_YOURS
    action = Action.ASSIGN if record.owner_id is None else Action.TRANSFER
    return _give(unit, unit.gate.hold(action, record.entity, record.id), owner)


def _give_back(unit: Unit, done: Reassignment) -> Skipped | None:
    # Looked up without the actor's conditions: what he has given away may be out of his reach by now.
    record = unit.tx.records.find(done.entity, done.record_id)
    if record is None:
        return Skipped(done.record_id, "", NO_SUCH_RECORD)
    if record.owner_id != done.after:
        reason: Text | Label | None = say("It has changed hands since.")
    else:
        reason = _give(unit, record, done.before)
    if reason is None:
        return None
    seen = unit.gate.get_many(done.entity, [record.id])
    return Skipped(record.id, _title(unit, seen[0] if seen else None), reason)


def _give(unit: Unit, before: StoredRecord, owner: int | None) -> Text | Label | None:
    """Write another owner; return what is wrong with the record that was not wrong with it before, or None."""
    key = unit.entity(before.entity).owner_field
    rows = hold_rows(unit, before)
    work = _work(unit, before, rows, Input({key: owner}, confirmed=True), changed=key)
    check_references(unit, [work])
    known = _work(unit, before, rows, Input(), changed="").violations
    wrong = [each for each in work.violations if each.level == "error" and each not in known]
    if wrong:
        return _sentence(unit, before, wrong[0])
    work.violations.clear()  # what was wrong with it before stays as it was
    try:
        with unit.tx.savepoint():
            write_change(unit, work, before, rows, CHANNEL)
    except Refused as refused:
        return _sentence(unit, before, refused.work.violations[-1])
    except Conflict as conflict:
        return conflict.text
    return None


def _work(
    unit: Unit,
    before: StoredRecord,
    rows: dict[str, list[StoredRecord]],
    given: Input,
    *,
    changed: str,
) -> Work:
    return work_out(
        unit.plan(before.entity),
        unit.context(CHANNEL),
        given,
        before=before,
        before_rows=rows,
        changed=changed,
    )


def _sentence(unit: Unit, record: StoredRecord, wrong: Violation) -> Text | Label:
    field = unit.entity(record.entity).fields.get(wrong.field)
    if field is None:
        return wrong.message
    return say("%(field)s: %(reason)s", field=field.title, reason=wrong.message)


def _title(unit: Unit, record: StoredRecord | None) -> str:
    return "" if record is None else unit.title(unit.sight.wrap(record))
