"""Showing one masked value in full: to whoever may, one value at a time, and never without a note of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formwright.definitions.model import Action
from formwright.engine import audit
from formwright.engine.actor import Actor
from formwright.engine.audit import Event
from formwright.engine.formats import Titles, show
from formwright.engine.gate import NO_SUCH_RECORD
from formwright.errors import NotFound

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit
    from formwright.store.rows import StoredRecord


def reveal(runtime: Runtime, actor: Actor, entity_name: str, record_id: int, key: str) -> str:
    """Return the text of a value that is masked for the actor; noted in the transaction that reads it.

    NotFound for everything else alike: unknown and hidden fields, those that are not masked, records out of reach.
    """
    with runtime.unit(actor, write=True) as unit:
        record = unit.gate.find(Action.READ, entity_name, record_id)
        whole = unit.gate.hold(Action.REVEAL, entity_name, record_id)
        if key not in record.masks:
            raise NotFound(NO_SUCH_RECORD)
        field = unit.entity(entity_name).fields[key]
        note_reveal(unit, whole, key)
        return show(field, whole.values.get(key), unit.reader, Titles())


def note_reveal(unit: Unit, record: StoredRecord, key: str) -> None:
    """Note that the unit's actor is shown a masked value in full: who, when, of which record which field, never what.

    The one place where this is noted, inside the transaction that reads the value: what it raises keeps the value
    from being shown.
    """
    audit.note(
        unit.tx,
        unit.actor,
        Event.VALUE_REVEALED,
        entity=record.entity,
        record=record.id,
        details={"field": key},
    )
