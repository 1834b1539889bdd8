"""Records while they are written, as a form shows them: as far as the actor may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Field, Form
from formwright.engine.drafts import Draft, FieldState, Input, RowDraft
from formwright.engine.pipeline import Work, condition_holds, work_out
from formwright.engine.references import check_references

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.expressions.environment import Environment
    from formwright.store.rows import StoredRecord


def draft(
    unit: Unit,
    entity_name: str,
    *,
    record: StoredRecord | None = None,
    given: Input | None = None,
    changed: str = "",
    form: Form | None = None,
) -> Draft:
    """Return a record as a form shows it, with what is typed worked out; nothing is written.

    ``record`` is as the actor may see it: what is kept from him plays no part in what the form shows.
    """
    if record is None:
        unit.access.require(Action.CREATE, entity_name)
    work = work_out(
        unit.plan(entity_name),
        unit.context(),
        given or Input(),
        before=record,
        before_rows=seen_rows(unit, record) if record is not None else {},
        changed=changed,
        form=form,
        closed=record.withheld if record is not None else unit.gate.closed(entity_name),
    )
    if given is not None:
        check_references(unit, [work])
    found = as_draft(unit, work)
    kept_back = record.withheld if record is not None else frozenset[str]()
    found.violations = [each for each in found.violations if each.field not in kept_back]
    return found


def seen_rows(unit: Unit, record: StoredRecord) -> dict[str, list[StoredRecord]]:
    """Return the rows of each subform of ``record``, in order, as the actor may see them."""
    fields = unit.entity(record.entity).fields.values()
    return {field.key: unit.gate.rows_of(record, field) for field in fields if field.is_subform}


def as_draft(unit: Unit, work: Work) -> Draft:
    """Return what a form shows of ``work``."""
    before = unit.gate.seen(work.before) if work.before is not None else None
    result = Draft(work.plan.entity, before, _states(unit, work, before))
    result.violations = work.violations
    for key, rows in work.rows.items():
        if before is None or key not in before.withheld:
            result.rows[key] = [_row(unit, row) for row in rows]
    return result


def _row(unit: Unit, work: Work) -> RowDraft:
    before = unit.gate.seen(work.before) if work.before is not None else None
    return RowDraft(work.key, before.id if before else None, _states(unit, work, before))


def _states(unit: Unit, work: Work, before: StoredRecord | None) -> dict[str, FieldState]:
    work.row.computer = (
        unit.sight.compute
    )  # what is shown follows references as far as the actor may read
    environment = unit.sight.environment(work.row)
    name = work.plan.entity.name
    masks: Mapping[str, str] = {}
    if before is None:
        withheld = unit.gate.closed(name)
        locked = unit.gate.locked_at_best(Action.CREATE, name)
    else:
        withheld, masks, locked = before.withheld, before.masks, before.locked
    return {
        key: _masked(field, masks[key])
        if key in masks
        else _state(work, field, environment, locked=key in locked)
        for key, field in work.plan.entity.fields.items()
        if key not in withheld or key in masks
    }


def _masked(field: Field, mask: str) -> FieldState:
    return FieldState(field, readonly=True, mask=mask)


def _state(work: Work, field: Field, environment: Environment, *, locked: bool) -> FieldState:
    key = field.key
    settled = (
        field.immutable and work.before is not None and work.before.values.get(key) is not None
    )
    return FieldState(
        field=field,
        value=work.row.get(key) if not field.type.virtual else None,
        typed=work.typed.get(key),
        visible=key not in work.hidden,
        readonly=locked or settled or not field.writable or key in work.readonly,
        required=key in work.required,
        options=tuple(
            option
            for option in field.options
            if (not option.deprecated or option.value == work.values.get(key))
            and condition_holds(option.when, environment)
        ),
    )
