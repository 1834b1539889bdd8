"""Commands on records: work out, create, update, delete, restore. Pages, imports and programs all come through here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formwright.definitions.model import Action, Form
from formwright.engine import access
from formwright.engine.actor import Actor
from formwright.engine.attachments import attach
from formwright.engine.drafts import (
    Accepted,
    Draft,
    FieldState,
    Input,
    Outcome,
    Rejected,
    RowDraft,
    Violation,
)
from formwright.engine.logins import LastAdministrator, follow_user, let_go_of_user
from formwright.engine.pipeline import Work, condition_holds, present, rows_differ, work_out
from formwright.engine.references import check_references
from formwright.engine.runtime import Runtime, Unit
from formwright.errors import Conflict, Forbidden, NotFound
from formwright.store.across import counts, refers, which_of
from formwright.store.problems import (
    AlreadyStored,
    Referrer,
    Restricted,
    UniqueViolation,
    ValueTooLong,
)
from formwright.store.rows import StoredRecord
from formwright.store.trash import Discarded
from formwright.texts import say

NO_SUCH_RECORD = say("There is no such record, or you may not see it.")


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


class Refused(Exception):
    """Something is wrong with a record; raised to leave the transaction, so that nothing of it stays."""

    def __init__(self, work: Work) -> None:
        super().__init__("refused")
        self.work = work


class _Undone(Exception):
    """Carries the draft of a refused record out of the transaction that is being undone."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("undone")
        self.draft = draft


# --- reading one record ---------------------------------------------------------------------------------------------


def find(unit: Unit, action: Action, entity_name: str, record_id: int) -> StoredRecord:
    """Return a record on which the actor may do ``action``; NotFound for unknown and forbidden alike."""
    unit.entity(entity_name)
    conditions = access.scope(unit, action, unit.columns.main(entity_name))
    record = (
        None if conditions is None else unit.tx.records.find(entity_name, record_id, conditions)
    )
    if record is None:
        raise NotFound(NO_SUCH_RECORD)
    return record


def stored_rows(unit: Unit, record: StoredRecord) -> dict[str, list[StoredRecord]]:
    """Return the rows of each subform of ``record``, in order; of rows with grants of their own those one may read."""
    entity = unit.entity(record.entity)
    found = {}
    for field in entity.fields.values():
        if field.is_subform:
            rows = unit.tx.records.children(field.target, [record.id])
            found[field.key] = _within(unit, Action.READ, field.target, rows)
    return found


def _within(
    unit: Unit, action: Action, entity: str, rows: list[StoredRecord]
) -> list[StoredRecord]:
    """Return those of some subform rows on which the actor may do ``action``."""
    if not rows or not access.has_own_grants(unit.catalog, entity):
        return rows
    conditions = access.scope(unit, action, unit.columns.main(entity))
    if conditions is None:
        return []
    inside = which_of(unit.tx, entity, [row.id for row in rows], conditions)
    return [row for row in rows if row.id in inside]


# --- drafts ---------------------------------------------------------------------------------------------------------


def draft(
    unit: Unit,
    entity_name: str,
    *,
    record: StoredRecord | None = None,
    given: Input | None = None,
    changed: str = "",
    form: Form | None = None,
) -> Draft:
    """Return a record as a form shows it, with what is typed worked out; nothing is written."""
    if record is None:
        access.require(unit.catalog, unit.actor, Action.CREATE, entity_name)
    rows = stored_rows(unit, record) if record is not None else {}
    work = work_out(
        unit.plan(entity_name),
        unit.context(),
        given or Input(),
        before=record,
        before_rows=rows,
        changed=changed,
        form=form,
    )
    if given is not None:
        check_references(unit, [work])
    return as_draft(unit, work)


def as_draft(unit: Unit, work: Work) -> Draft:
    """Return what a form shows of ``work``."""
    result = Draft(work.plan.entity, work.before, _states(unit, work))
    result.violations = work.violations
    for key, rows in work.rows.items():
        result.rows[key] = [
            RowDraft(row.key, row.before.id if row.before else None, _states(unit, row))
            for row in rows
        ]
    return result


def _states(unit: Unit, work: Work) -> dict[str, FieldState]:
    work.row.computer = (
        unit.sight.compute
    )  # what is shown follows references as far as the actor may read
    environment = unit.sight.environment(work.row)
    states = {}
    for key, field in work.plan.entity.fields.items():
        immutable = (
            field.immutable and work.before is not None and work.before.values.get(key) is not None
        )
        states[key] = FieldState(
            field=field,
            value=work.row.get(key) if not field.type.virtual else None,
            typed=work.typed.get(key),
            visible=key not in work.hidden,
            readonly=not field.writable or key in work.readonly or immutable,
            required=key in work.required,
            options=tuple(
                option
                for option in field.options
                if (not option.deprecated or option.value == work.values.get(key))
                and condition_holds(option.when, environment)
            ),
        )
    return states


# --- create and update ----------------------------------------------------------------------------------------------


def create(
    runtime: Runtime,
    actor: Actor,
    entity_name: str,
    given: Input,
    *,
    channel: str = "form",
    form: Form | None = None,
    record_id: int | None = None,
) -> Outcome:
    """Create the record that ``given`` describes, or say everything that is wrong with it.

    The record, its rows and its history are stored in one transaction: after Accepted all of it is there, after
    Rejected or an exception none. Raises Forbidden before it looks at ``given``. Under a ``record_id`` that is stored
    already nothing is created, and the record that has it is returned: sent twice, a form makes one record.
    """
    try:
        return _write(
            runtime,
            actor,
            lambda unit: create_in(
                unit, entity_name, given, channel=channel, form=form, record_id=record_id
            ),
        )
    except AlreadyStored as there:
        with runtime.unit(actor) as unit:
            return Accepted(find(unit, Action.READ, entity_name, there.record_id), changed=False)


def _write(runtime: Runtime, actor: Actor, act: Callable[[Unit], Accepted]) -> Outcome:
    """Run a command in a transaction of its own; what is wrong undoes all of it and comes back as a draft."""
    try:
        with runtime.unit(actor, write=True) as unit:
            try:
                return act(unit)
            except Refused as wrong:
                # Drawn while the transaction is open: what is shown may follow references.
                raise _Undone(as_draft(unit, wrong.work)) from wrong
    except _Undone as undone:
        return Rejected(undone.draft)


def create_in(
    unit: Unit,
    entity_name: str,
    given: Input,
    *,
    channel: str = "form",
    form: Form | None = None,
    record_id: int | None = None,
) -> Accepted:
    """Create a record inside a unit of work that is already open; raises to leave it when something is wrong."""
    _refuse_rows(unit, entity_name)
    access.require(unit.catalog, unit.actor, Action.CREATE, entity_name)
    work = work_out(unit.plan(entity_name), unit.context(channel), given, form=form)
    check_references(unit, [work])
    _judge_document(unit, work)
    _stop_if_wrong(work, given)
    number(unit, work)
    with _clashes(work):
        record = _insert(unit, entity_name, work, channel, record_id)
        follow_user(unit, None, record)
    _write_rows(unit, work, record, channel)
    _attach_files(unit, work, record)
    _require_scope(unit, Action.CREATE, work, record)
    return Accepted(record)


def _insert(
    unit: Unit, entity_name: str, work: Work, channel: str, record_id: int | None
) -> StoredRecord:
    try:
        return unit.tx.records.insert(
            entity_name, work.values, by=unit.actor.id, channel=channel, id=record_id
        )
    except UniqueViolation as taken:
        # Two at once: the other one, under the same id, holds the unique values by now.
        if record_id is not None and any(clash.holder == record_id for clash in taken.clashes):
            raise AlreadyStored(record_id) from taken
        raise


def update(
    runtime: Runtime,
    actor: Actor,
    entity_name: str,
    record_id: int,
    given: Input,
    *,
    version: int | None,
    channel: str = "form",
    form: Form | None = None,
) -> Outcome:
    """Change a record, or say everything that is wrong.

    ``version`` is the one the writer has seen (None: whatever is stored now). Raises Conflict when somebody was
    faster, NotFound for unknown and forbidden records alike.
    """
    return _write(
        runtime,
        actor,
        lambda unit: update_in(
            unit, entity_name, record_id, given, version=version, channel=channel, form=form
        ),
    )


def update_in(
    unit: Unit,
    entity_name: str,
    record_id: int,
    given: Input,
    *,
    version: int | None,
    channel: str = "form",
    form: Form | None = None,
) -> Accepted:
    """Change a record inside a unit of work that is already open."""
    _refuse_rows(unit, entity_name)
    before = find(unit, Action.UPDATE, entity_name, record_id)
    if version is not None and before.version != version:
        raise Conflict(say("Someone else has changed this record in the meantime."), before.version)
    rows = stored_rows(unit, before)
    work = work_out(
        unit.plan(entity_name),
        unit.context(channel),
        given,
        before=before,
        before_rows=rows,
        form=form,
    )
    check_references(unit, [work])
    _judge_document(unit, work)
    _stop_if_wrong(work, given)
    rows_changed = any(rows_differ(work, key) for key in work.rows)
    if work.values == present(before.values) and not rows_changed:
        return Accepted(before, changed=False)
    with _clashes(work):
        record = unit.tx.records.change(
            before, work.values, by=unit.actor.id, channel=channel, touch=rows_changed
        )
        follow_user(unit, before, record)
    _write_rows(unit, work, record, channel, rows)
    _attach_files(unit, work, record)
    _require_scope(unit, Action.UPDATE, work, record)
    return Accepted(record)


def _attach_files(unit: Unit, work: Work, record: StoredRecord) -> None:
    attach(unit, work, record)
    if work.errors:
        raise Refused(work)


def number(unit: Unit, work: Work) -> None:
    """Draw the business numbers that a new record still lacks."""
    number_all(unit, [work])


def number_all(unit: Unit, works: Sequence[Work]) -> None:
    """Draw the business numbers that new records of one entity still lack, for all of them at once."""
    if not works:
        return
    for field in works[0].plan.numbered:
        lacking = [work.values for work in works if work.values.get(field.key) is None]
        if lacking:
            sequence = unit.catalog.sequences[field.sequence]
            numbers = unit.tx.sequences.draw_many(sequence, lacking)
            for values, drawn in zip(lacking, numbers, strict=True):
                values[field.key] = drawn


class _clashes:  # noqa: N801 -- reads as a verb in `with`
    """Turns a uniqueness clash of the store into violations at their fields."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UniqueViolation):
            self._work.violations.extend(clash_violations(self._work, error))
            raise Refused(self._work) from error
        if isinstance(error, ValueTooLong | LastAdministrator):
            self._work.violations.append(Violation(error.text, error.field))
            raise Refused(self._work) from error


def clash_violations(work: Work, error: UniqueViolation) -> list[Violation]:
    """Return the violations for every value that another record has already."""
    found = []
    for clash in error.clashes:
        constraint = work.plan.entity.constraints.get(clash.key)
        if constraint is not None:
            message = constraint.message or say("There is a record with these values already.")
            found.append(Violation(message, clash.fields[0]))
        else:
            found.append(Violation(say("Another record has this value already."), clash.key))
    return found


def _judge_document(unit: Unit, work: Work) -> None:
    """Have JSON Schema judge the document as it would be stored, when nothing else is wrong with it."""
    if work.errors:
        return
    codec = unit.tx.shape.codec(work.plan.entity.name)
    before = codec.document(work.before.values) if work.before is not None else {}
    work.violations += work.plan.judge.violations(codec.document(work.values), before)


def _stop_if_wrong(work: Work, given: Input) -> None:
    if work.errors or (work.violations and not given.confirmed):
        raise Refused(work)


def _write_rows(
    unit: Unit,
    work: Work,
    parent: StoredRecord,
    channel: str,
    before: dict[str, list[StoredRecord]] | None = None,
) -> None:
    """Bring the stored rows of each subform to what ``work`` has, in its order."""
    for key, rows in work.rows.items():
        entity = work.plan.entity.fields[key].target
        kept = {row.before.id for row in rows if row.before is not None}
        gone = [record for record in (before or {}).get(key, []) if record.id not in kept]
        new = [(position, row) for position, row in enumerate(rows) if row.before is None]
        changed = [
            (position, row, row.before)
            for position, row in enumerate(rows)
            if row.before is not None
            and (row.values != present(row.before.values) or row.before.position != position)
        ]
        _require_rights_on_rows(unit, entity, bool(new), [r for _, _, r in changed], gone)
        if gone:
            unit.tx.records.delete_rows(gone, by=unit.actor.id, channel=channel)
        number_all(unit, [row for _, row in new])
        with _row_clashes(work, key):
            if new:
                values = [(position, row.values) for position, row in new]
                unit.tx.records.insert_rows(
                    entity, parent.id, values, by=unit.actor.id, channel=channel
                )
            for position, row, stored in changed:
                unit.tx.records.change(
                    stored, row.values, by=unit.actor.id, channel=channel, position=position
                )


def _require_rights_on_rows(
    unit: Unit,
    entity: str,
    creates: bool,
    changed: list[StoredRecord],
    gone: list[StoredRecord],
) -> None:
    """Raise Forbidden where rows have grants of their own that do not let the actor do what is to be done."""
    if not access.has_own_grants(unit.catalog, entity):
        return
    if creates:
        access.require(unit.catalog, unit.actor, Action.CREATE, entity)
    for action, rows in ((Action.UPDATE, changed), (Action.DELETE, gone)):
        if len(_within(unit, action, entity, rows)) < len(rows):
            raise Forbidden(say("You do not have the right to do this."))


class _row_clashes:  # noqa: N801 -- reads as a verb in `with`
    """Turns a uniqueness clash among the rows of a subform into violations at their fields."""

    def __init__(self, work: Work, key: str) -> None:
        self._work = work
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if not isinstance(error, UniqueViolation):
            return
        rows = self._work.rows[self._key]
        for wrong in clash_violations(rows[0], error):
            values = [row.values.get(wrong.field) for row in rows]
            twice = [row for row in rows if values.count(row.values.get(wrong.field)) > 1]
            place = next(
                (row for row in twice or rows if row.before is None or row.changed(wrong.field)),
                rows[0],
            )
            found = Violation(wrong.message, self._key, place.key, wrong.field)
            self._work.violations.append(found)
            place.violations.append(wrong)
        raise Refused(self._work) from error


def _require_scope(unit: Unit, action: Action, work: Work, record: StoredRecord) -> None:
    """Check the right on the record as it is now; leaving the actor's own scope is refused and undone."""
    conditions = access.scope(unit, action, unit.columns.main(record.entity))
    if conditions is None:
        raise Forbidden(say("You do not have the right to do this."))
    if conditions and unit.tx.records.find(record.entity, record.id, conditions) is None:
        work.violations.append(
            Violation(say("With these values the record would not be yours to save."))
        )
        raise Refused(work)


# --- delete and restore ---------------------------------------------------------------------------------------------


def delete(
    runtime: Runtime, actor: Actor, entity_name: str, record_id: int, *, channel: str = "form"
) -> Deletion:
    """Move a record, its rows and what cascades to the trash.

    Raises ``store.problems.Restricted`` while records that restrict its deletion refer to it.
    """
    with runtime.unit(actor, write=True) as unit:
        _refuse_rows(unit, entity_name)
        record = find(unit, Action.DELETE, entity_name, record_id)
        title = title_of(unit, record)
        conditions = access.scope(unit, Action.DELETE, unit.columns.main(entity_name)) or []
        let_go_of_user(unit, record)
        try:
            deletion = unit.tx.trash.delete(
                record, by=unit.actor.id, channel=channel, where=conditions
            )
        except Restricted as held:
            raise Restricted(_as_far_as_seen(unit, record, held)) from None
        return Deletion(deletion.id, deletion.count, title)


def _refuse_rows(unit: Unit, entity_name: str) -> None:
    """Refuse to write a row of a subform by itself: totals, limits and versions of its record would not know."""
    if unit.entity(entity_name).parent:
        raise Forbidden(say("Rows are changed through the record they belong to."))


def _as_far_as_seen(unit: Unit, record: StoredRecord, held: Restricted) -> list[Referrer]:
    """Return who holds on to a record, each counted as far as the actor may read; others as nobody in particular."""
    found = []
    for referrer in held.referrers:
        row = unit.columns.record(referrer.entity)
        scope = access.readable(unit, row)
        seen = 0
        if scope is not None:
            conditions = [refers(unit.tx, row, referrer.field, record.id), *scope]
            seen = counts(unit.tx, [(row, conditions)], referrer.count)[0][0]
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
        row = unit.columns.main(record.entity)
        conditions = _restore_scope(unit, deletion.deleted_by, row)
        if conditions is None or unit.tx.records.find(record.entity, record.id, conditions) is None:
            raise NotFound(NO_SUCH_RECORD)
        return record


def _may_restore(unit: Unit, deletion: Any) -> bool:
    mine = deletion.deleted_by is not None and deletion.deleted_by == unit.actor.id
    return mine or access.may(unit.catalog, unit.actor, Action.RESTORE, deletion.entity)


def _restore_scope(unit: Unit, deleted_by: int | None, row: Any) -> list[Any] | None:
    """Undoing one's own deletion asks for the right to delete; anybody else's for the right to restore."""
    action = (
        Action.DELETE if deleted_by is not None and deleted_by == unit.actor.id else Action.RESTORE
    )
    conditions = access.scope(unit, action, row)
    return access.scope(unit, Action.RESTORE, row) if conditions is None else conditions


def trash(unit: Unit, entity_name: str, limit: int = 50) -> list[TrashedRecord]:
    """Return the newest deletions of an entity that the actor may restore."""
    access.require(unit.catalog, unit.actor, Action.RESTORE, entity_name)
    items = [
        item
        for item in unit.tx.trash.newest(entity_name, limit)
        if access.allows(unit, Action.RESTORE, unit.lookup.wrap(item.record))
    ]
    people = {item.deleted_by for item in items if item.deleted_by is not None}
    unit.sight.preload({"core.user": people})
    return [_trashed(unit, item) for item in items]


def _trashed(unit: Unit, item: Discarded) -> TrashedRecord:
    by = unit.sight.row("core.user", item.deleted_by) if item.deleted_by is not None else None
    name = str(by.get("name") or "") if by else ""
    title = title_of(unit, item.record)
    return TrashedRecord(item.deletion_id, item.record.id, title, item.deleted_at, name)


def title_of(unit: Unit, record: StoredRecord) -> str:
    """Return how a record is named everywhere."""
    return unit.title(unit.sight.wrap(record))
