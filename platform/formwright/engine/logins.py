"""What a user record says about logging in: under which name, and whether at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formwright.engine.audit import Event, note, tell
from formwright.errors import FormwrightError
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

_USER = "core.user"
_ADMIN = "core.admin"


class LastAdministrator(FormwrightError):
    """Without this person nobody could look after the instance; ``field`` is the one that would shut him out."""

    def __init__(self, text: Text, field: str = "active") -> None:
        super().__init__(text)
        self.field = field


def keep_an_administrator(unit: Unit, user: int) -> None:
    """Raise LastAdministrator when nobody but this user is an administrator who may log in."""
    roles = [name for name in unit.catalog.roles if _ADMIN in unit.catalog.roles_of([name])]
    if unit.tx.users.hold_those_with(roles, _USER) == {user}:
        raise LastAdministrator(
            say("This is the last administrator. Make somebody else one first, then try again.")
        )


def follow_user(unit: Unit, before: StoredRecord | None, after: StoredRecord) -> None:
    """Keep the log-in of a user in step with the record, in the transaction that writes the record.

    Somebody who is not active any more, or has another log-in name, is logged out everywhere. Raises UniqueViolation
    when somebody else logs in under the name, LastAdministrator when nobody would be left to let people in. Records
    of other entities, and people who cannot log in, are no matter.
    """
    if after.entity != _USER or before is None:
        return
    login, active = after.values.get("login"), after.values.get("active")
    if login != before.values.get("login"):
        unit.tx.users.rename(after.id, str(login or ""))
        note(unit.tx, unit.actor, Event.USER_RENAMED, entity=_USER, record=after.id)
    if active != before.values.get("active"):
        if not active:
            keep_an_administrator(unit, after.id)
        unit.tx.users.set_active(after.id, active=bool(active))
        tell(unit, Event.USER_ACTIVATED if active else Event.USER_DEACTIVATED, user=after.id)


def let_go_of_user(unit: Unit, record: StoredRecord) -> None:
    """End every session of a user who is about to be deleted; LastAdministrator as for one who is shut out."""
    if record.entity != _USER:
        return
    keep_an_administrator(unit, record.id)
    unit.tx.users.revoke_all(record.id)
    tell(unit, Event.USER_DELETED, user=record.id)
