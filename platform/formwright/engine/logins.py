"""What a user record says about logging in: under which name, and whether at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formwright.engine.audit import Event, note, tell
from formwright.engine.granting import holds_all_of
from formwright.errors import FormwrightError
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord

_USER = "core.user"
_ADMIN = "core.admin"


class LogInRefused(FormwrightError):
    """A change of a user that must not be; ``field`` is the one that says so."""

    def __init__(self, text: Text, field: str = "active") -> None:
        super().__init__(text)
        self.field = field


class LastAdministrator(LogInRefused):
    """Without this person nobody could look after the instance."""


def keep_an_administrator(unit: Unit, user: int) -> None:
    """Raise LastAdministrator when nobody but this user is an administrator who may log in."""
    roles = [name for name in unit.catalog.roles if _ADMIN in unit.catalog.roles_of([name])]
    if unit.tx.users.hold_those_with(roles, _USER) == {user}:
        raise LastAdministrator(
            say("This is the last administrator. Make somebody else one first, then try again.")
        )


def _require_no_more(unit: Unit, user: int, field: str) -> None:
    """Refuse to touch the log-in of somebody who carries more than the actor holds: no form is a way around that."""
    if user != unit.actor.id and not holds_all_of(unit, unit.tx.users.roles(user)):
        raise LogInRefused(
            say("This person carries more than you hold, so you cannot change the account."), field
        )


def follow_user(unit: Unit, before: StoredRecord | None, after: StoredRecord) -> None:
    """Keep the log-in of a user in step with the record, in the transaction that writes the record.

    Somebody who is not active any more, or has another log-in name, is logged out everywhere. Raises UniqueViolation
    when somebody else logs in under the name, LogInRefused when nobody would be left to let people in, or the person
    carries more than the actor holds. Records of other entities, and people who cannot log in, are no matter.
    """
    if after.entity != _USER or before is None:
        return
    login, active = after.values.get("login"), after.values.get("active")
    if login != before.values.get("login"):
        _require_no_more(unit, after.id, "login")
        unit.tx.users.rename(after.id, str(login or ""))
        note(unit.tx, unit.actor, Event.USER_RENAMED, entity=_USER, record=after.id)
    if active != before.values.get("active"):
        _require_no_more(unit, after.id, "active")
        if not active:
            keep_an_administrator(unit, after.id)
        unit.tx.users.set_active(after.id, active=bool(active))
        tell(unit, Event.USER_ACTIVATED if active else Event.USER_DEACTIVATED, user=after.id)


def let_go_of_user(unit: Unit, record: StoredRecord) -> None:
    """End every session of a user who is about to be deleted; LogInRefused as for one who is shut out."""
    if record.entity != _USER:
        return
    _require_no_more(unit, record.id, "")
    keep_an_administrator(unit, record.id)
    unit.tx.users.revoke_all(record.id)
    tell(unit, Event.USER_DELETED, user=record.id)
