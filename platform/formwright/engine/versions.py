"""How records were in former versions, as far as their history tells and their reader may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord


def changed_since(unit: Unit, record: StoredRecord, version: int) -> dict[str, Any]:
    """Return, for each field of a record that was changed since ``version``, the value it had then."""
    found: dict[str, Any] = {}
    fields = unit.entity(record.entity).fields
    for change in unit.tx.history.of(record.entity, record.id):  # newest first
        if change.version <= version or change.operation == "create":
            break
        for key, (before, _after) in change.changes.items():
            field = fields.get(key)
            if field is not None and key not in record.withheld:
                found[key] = None if before is None else field.type.from_stored(field, before)
    return found


def values_at(
    unit: Unit, entity_name: str, row_id: int, stored: StoredRecord | None, version: int
) -> Mapping[str, Any] | None:
    """Return the values that a row had in a version, None when that cannot be told any more.

    ``stored`` is the row as it is now; without one it is looked for in the trash.
    """
    if stored is None:
        gone = unit.tx.trash.find_record(entity_name, row_id)
        stored = unit.gate.dead(gone.record) if gone is not None else None
    if stored is None or stored.version == version:
        return stored.values if stored is not None else None
    if not unit.entity(entity_name).history:
        return None
    return {**stored.values, **changed_since(unit, stored, version)}


def was_made(unit: Unit, entity_name: str, record_id: int) -> bool:
    """Return whether there is, or was, a record of that id."""
    if unit.entity(entity_name).history:  # tells both at once
        return bool(unit.tx.history.of(entity_name, record_id, limit=1))
    gone = unit.tx.trash.find_record(entity_name, record_id)
    return gone is not None or unit.gate.exists(entity_name, record_id)
