"""The rows of a subform as they were when a form was drawn: what tells whose change a difference in rows is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from formwright.engine.drafts import Draft, FieldState
from formwright.engine.runtime import Unit
from formwright.engine.versions import values_at
from formwright.ids import format_id, parse_id
from formwright.store.rows import StoredRecord
from formwright.web.controls import Control
from formwright.web.forms import Sent

_ROW = re.compile(r"([0-9a-zA-Z]{1,20})\.([0-9]{1,18})")


def note(key: str, rows: Sequence[StoredRecord]) -> tuple[str, str]:
    """Return the hidden input with ids and versions of the rows that a form is drawn from."""
    return _name(key), " ".join(f"{format_id(row.id)}.{row.version}" for row in rows)


def noted(key: str) -> tuple[str, str] | None:
    """Return the hidden input as the form brought it along, None when the form is drawn for the first time."""
    text = request.form.get(_name(key))
    return (_name(key), text) if text is not None else None


def are_touched(
    unit: Unit, key: str, mine: Draft, sent: Sent, stored: Sequence[StoredRecord]
) -> bool:
    """Tell whether the person changed the rows; True also where the history does not tell how they were."""
    drawn = [(row, int(version)) for row, version in _ROW.findall(request.form.get(_name(key), ""))]
    rows = mine.rows.get(key, [])
    if [row.key for row in rows] != [row for row, _ in drawn]:
        return True
    child = sent.plan.subforms[key].field.target
    now = {format_id(row.id): row for row in stored}
    typed = {row.key: row.controls for row in sent.rows.get(key, ())}
    for row, (name, version) in zip(rows, drawn, strict=True):
        base = values_at(unit, child, parse_id(name) or 0, now.get(name), version)
        if base is None or differs(row.states, base, typed.get(name, {})):
            return True
    return False


def _name(key: str) -> str:
    return f"_drawn-{key}"


def differs(
    states: Mapping[str, FieldState], values: Mapping[str, Any], controls: Mapping[str, Control]
) -> bool:
    """Tell whether what was sent in inputs, worked out as ``states``, is something else than ``values``."""
    return any(
        states[key].typed is not None
        or _worth(states[key], states[key].value) != _worth(states[key], values.get(key))
        for key, control in controls.items()
        if control.sent and key in states and states[key].field.writable
    )


def _worth(state: FieldState, value: Any) -> Any:
    return bool(value) if state.field.type.name == "boolean" else value
