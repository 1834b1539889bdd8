"""Commands on records: create and update. Pages, imports and programs all come through here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from formwright.definitions.model import Action, Form
from formwright.engine.actor import Actor
from formwright.engine.attachments import attach
from formwright.engine.drafting import as_draft
from formwright.engine.drafts import Accepted, Draft, Input, Outcome, Rejected, Violation
from formwright.engine.logins import LogInRefused, follow_user
from formwright.engine.pipeline import NOT_WRITABLE, Work, present, rows_differ, work_out
from formwright.engine.references import check_references
from formwright.engine.runtime import Runtime, Unit
from formwright.errors import Conflict, Forbidden
from formwright.store.problems import AlreadyStored, UniqueViolation, ValueTooLong
from formwright.store.rows import StoredRecord
from formwright.texts import say

_NOT_YOURS_TO_GIVE = say("You do not have the right to give this record to somebody else.")


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
            found = unit.gate.find(Action.READ, entity_name, there.record_id)
            return Accepted(found, changed=False)


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
    refuse_rows(unit, entity_name)
    unit.access.require(Action.CREATE, entity_name)
    work = work_out(
        unit.plan(entity_name),
        unit.context(channel),
        given,
        form=form,
        closed=unit.gate.closed(entity_name),
    )
    check_references(unit, [work])
    refuse_locked(work, unit.gate.locked_at_best(Action.CREATE, entity_name))
    _refuse_locked_rows(unit, work)
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
    refuse_rows(unit, entity_name)
    before = unit.gate.hold(Action.UPDATE, entity_name, record_id)
    if version is not None and before.version != version:
        raise Conflict(say("Someone else has changed this record in the meantime."), before.version)
    rows = hold_rows(unit, before)
    work = work_out(
        unit.plan(entity_name),
        unit.context(channel),
        given,
        before=before,
        before_rows=rows,
        form=form,
        closed=unit.gate.seen(before).withheld,
    )
    check_references(unit, [work])
    refuse_locked(work, before.locked)
    _refuse_locked_rows(unit, work)
    _require_handing_over(unit, work)
    _judge_document(unit, work)
    _stop_if_wrong(work, given)
    rows_changed = any(rows_differ(work, key) for key in work.rows)
    if work.values == present(before.values) and not rows_changed:
        return Accepted(before, changed=False)
    record = write_change(unit, work, before, rows, channel)
    _require_scope(unit, Action.UPDATE, work, record)
    return Accepted(record)


def write_change(
    unit: Unit,
    work: Work,
    before: StoredRecord,
    rows: dict[str, list[StoredRecord]],
    channel: str,
) -> StoredRecord:
    """Store what a change has been worked out to be; the caller has judged it and the right to it."""
    rows_changed = any(rows_differ(work, key) for key in work.rows)
    with _clashes(work):
        record = unit.tx.records.change(
            before, work.values, by=unit.actor.id, channel=channel, touch=rows_changed
        )
        follow_user(unit, before, record)
    _write_rows(unit, work, record, channel, rows)
    _attach_files(unit, work, record)
    return record


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
        if isinstance(error, ValueTooLong | LogInRefused):
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
    if not unit.access.has_own_grants(entity):
        return
    if creates:
        unit.access.require(Action.CREATE, entity)
    for action, rows in ((Action.UPDATE, changed), (Action.DELETE, gone)):
        ids = [row.id for row in rows]
        if len(unit.gate.inside(action, entity, ids)) < len(ids):
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
    locked = unit.gate.stands(action, record)
    if locked is None:
        work.violations.append(
            Violation(say("With these values the record would not be yours to save."))
        )
    else:
        refuse_locked(work, locked)
    if work.errors:
        raise Refused(work)


def refuse_locked(work: Work, locked: frozenset[str]) -> list[Violation]:
    """Add a violation for each field that was given another value and may not be written by this actor; return them."""
    given = [k for k in work.given & locked if work.changed(k) and not _is_default(work, k)]
    rows = [key for key in work.written_rows & locked if rows_differ(work, key)]
    found = [Violation(NOT_WRITABLE, key) for key in sorted([*given, *rows])]
    work.violations += found
    return found


def _is_default(work: Work, key: str) -> bool:
    """Return whether a new record has in a field what it would have without anybody's doing."""
    return work.before is None and work.values.get(key) == work.plan.defaults.get(key)


def _refuse_locked_rows(unit: Unit, work: Work) -> None:
    """Add the same for the rows of subforms that have grants of their own."""
    for key, rows in work.rows.items():
        entity = work.plan.entity.fields[key].target
        for row in rows if unit.access.has_own_grants(entity) else ():
            action = Action.CREATE if row.before is None else Action.UPDATE
            work.violations += [
                Violation(wrong.message, key, row.key, wrong.field)
                for wrong in refuse_locked(row, unit.gate.locked_at_best(action, entity))
            ]


def _require_handing_over(unit: Unit, work: Work) -> None:
    """Refuse another owner to whoever may change a record but not give it away."""
    key, before = work.plan.entity.owner_field, work.before
    if not key or before is None or not work.changed(key):
        return
    action = Action.ASSIGN if before.values.get(key) is None else Action.TRANSFER
    if action not in unit.gate.actions_on(before, [action]):
        work.violations.append(Violation(_NOT_YOURS_TO_GIVE, key))


def refuse_rows(unit: Unit, entity_name: str) -> None:
    """Refuse to write a row of a subform by itself: totals, limits and versions of its record would not know."""
    if unit.entity(entity_name).parent:
        raise Forbidden(say("Rows are changed through the record they belong to."))


def hold_rows(unit: Unit, record: StoredRecord) -> dict[str, list[StoredRecord]]:
    """Return all of the rows of each subform of ``record``, in order; of rows with grants of their own those one may read."""
    fields = unit.entity(record.entity).fields.values()
    return {field.key: unit.gate.hold_rows(record, field) for field in fields if field.is_subform}
