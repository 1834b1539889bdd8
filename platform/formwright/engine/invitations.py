"""Links that are good once: for somebody invited, and for somebody who has forgotten the password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from formwright.engine.accounts import USER
from formwright.engine.audit import Event, tell

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.users import Credential

INVITATION, RESET = "invitation", "password_reset"
_MADE = {INVITATION: Event.USER_INVITED, RESET: Event.RESET_LINK_MADE}
LIFETIMES = {INVITATION: timedelta(hours=72), RESET: timedelta(minutes=30)}


@dataclass(frozen=True, slots=True)
class Invited:
    """Whoever holds a link that is still good."""

    user: int
    login: str
    name: str


def link(address: str, token: str) -> str:
    """Return the link of a token; ``address`` is that of the settings, never one that a request has named."""
    return f"{address}/invitation/{token}"


def give_token(unit: Unit, user: int, purpose: str) -> str:
    """Make a token with which a person sets a password; an earlier one is worth nothing from now on."""
    credential = unit.tx.users.credential_of(user)
    unit.tx.one_time.cancel(user, INVITATION, RESET)
    bound = _version(credential)
    token = unit.tx.one_time.add(
        purpose, user, lifetime=LIFETIMES[purpose], bound=bound, by=unit.actor.id
    )
    tell(unit, _MADE[purpose], user=user)
    return token


def holder(unit: Unit, token: str) -> Invited | None:
    """Return who holds a token, which stays good; None for one that is unknown, used, too old, or outdated."""
    found = unit.tx.one_time.find(token, INVITATION, RESET)
    return _invited(unit, found.user, found.bound) if found is not None else None


def redeem(unit: Unit, token: str, password_hash: str) -> Invited | None:
    """Set the password and use the token up; of any number who try at once exactly one is not told None."""
    found = unit.tx.one_time.use(token, INVITATION, RESET)
    who = _invited(unit, found.user, found.bound) if found is not None else None
    if found is None or who is None:
        return None
    unit.tx.users.set_password(who.user, password_hash)
    tell(unit, Event.LINK_USED, user=who.user)
    return who


def _invited(unit: Unit, user: int | None, bound: str) -> Invited | None:
    credential = unit.tx.users.credential_of(user) if user is not None else None
    if credential is None or not credential.active or bound != _version(credential):
        return None
    record = unit.tx.records.find(USER, credential.user)
    if record is None:
        return None
    return Invited(credential.user, credential.login, str(record.values.get("name") or ""))


def _version(credential: Credential | None) -> str:
    """Return what changes whenever the password does."""
    return credential.changed_at.isoformat() if credential is not None else ""
