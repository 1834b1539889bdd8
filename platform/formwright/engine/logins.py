"""What a user record says about logging in: under which name, and whether at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formwright.engine.audit import Event, note

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

_USER = "core.user"


def follow_user(unit: Unit, before: StoredRecord | None, after: StoredRecord) -> None:
    """Keep the log-in of a user in step with the record, in the transaction that writes the record.

    Somebody who is not active any more, or has another log-in name, is logged out everywhere. Raises UniqueViolation
    when somebody else logs in under the name. Records of other entities, and people who cannot log in, are no matter.
    """
    if after.entity != _USER or before is None:
        return
    login, active = after.values.get("login"), after.values.get("active")
    if login != before.values.get("login"):
        unit.tx.users.rename(after.id, str(login or ""))
        note(unit.tx, unit.actor, Event.USER_RENAMED, entity=_USER, record=after.id)
    if active != before.values.get("active"):
        unit.tx.users.set_active(after.id, active=bool(active))
        event = Event.USER_ACTIVATED if active else Event.USER_DEACTIVATED
        note(unit.tx, unit.actor, event, entity=_USER, record=after.id)
