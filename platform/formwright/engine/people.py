"""Looking after people: letting them in, their roles, and letting them go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from formwright.definitions.model import Action
from formwright.engine import invitations, two_step
from formwright.engine.accounts import (
    ADMIN,
    MEMBER,
    USER,
    AccountError,
    add_person,
    role_name,
    set_roles,
)
from formwright.engine.audit import Event, tell
from formwright.engine.granting import is_in_charge, may_give, require_charge, require_may_give
from formwright.engine.invitations import INVITATION, RESET
from formwright.engine.logins import follow_user, keep_an_administrator
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.rows import StoredRecord
    from formwright.store.users import Credential, OpenSession


@dataclass(frozen=True, slots=True)
class RoleState:
    """A role as it stands with a person; ``open`` when the actor may give and take it."""

    name: str
    title: str
    description: str
    given: bool
    open: bool


@dataclass(frozen=True, slots=True)
class AccountState:
    """Everything that whoever looks after a person sees of the account.

    ``credential`` is None for somebody who was never let in; without ``charge`` nothing of it may be changed.
    """

    user: int
    name: str
    login: str
    active: bool
    charge: bool
    credential: Credential | None
    link_until: datetime | None
    two_step: bool
    passkeys: int
    sessions: tuple[OpenSession, ...]
    roles: tuple[RoleState, ...]

    @property
    def invited(self) -> bool:
        """True for somebody who may come in and has not set a password yet."""
        return self.credential is not None and not self.credential.password_hash


def may_look_after(unit: Unit) -> bool:
    """Return whether the actor looks after people at all."""
    return unit.access.may(Action.CONFIGURE, USER)


def state(unit: Unit, record: StoredRecord) -> AccountState:
    """Return how the account of a person stands; the caller has made sure that the actor may see it."""
    user, tx = record.id, unit.tx
    given = tx.users.roles(user)
    return AccountState(
        user=user,
        name=str(record.values.get("name") or ""),
        login=str(record.values.get("login") or ""),
        active=bool(record.values.get("active")),
        charge=is_in_charge(unit, user),
        credential=tx.users.credential_of(user),
        link_until=tx.one_time.open_until(user, INVITATION, RESET),
        two_step=two_step.is_on(tx, user),
        passkeys=len(tx.second_steps.passkeys(user)),
        sessions=tuple(tx.users.sessions_of(user)),
        roles=tuple(_roles(unit, given)),
    )


def invite(unit: Unit, user: int) -> str:
    """Let a person in who sets the password by a link; return its token. Whoever has no role becomes a member."""
    record = require_charge(unit, user)
    _require_active(record)
    credential = unit.tx.users.credential_of(user)
    if credential is not None and credential.password_hash:
        raise AccountError(say("This person has a password already; make a link to reset it."))
    if credential is None:
        unit.tx.users.put_credential(user, str(record.values.get("login") or ""), "")
    if not unit.tx.users.roles(user):
        set_roles(unit, user, [MEMBER])
    return invitations.give_token(unit, user, INVITATION)


def invite_new(
    unit: Unit,
    *,
    login: str,
    name: str = "",
    email: str = "",
    language: str = "",
    roles: Iterable[str] = (),
) -> str:
    """Make a person and invite them; return the token of the link. Raises Refused as the user form does."""
    qualified = [role_name(unit, role) for role in roles]
    require_may_give(unit, qualified)
    user = add_person(unit, login=login, name=name, email=email, language=language)
    unit.tx.users.set_roles(user, qualified, by=unit.actor.id)
    return invite(unit, user)


def reset_password(unit: Unit, user: int) -> str:
    """Return the token of a link with which a person sets another password; the present one works until then."""
    record = require_charge(unit, user)
    _require_active(record)
    credential = unit.tx.users.credential_of(user)
    if credential is None or not credential.password_hash:
        return invite(unit, user)
    return invitations.give_token(unit, user, RESET)


def reset_two_step(unit: Unit, user: int) -> None:
    """Take away a person's second step and passkeys, and end every session: for somebody who lost the phone."""
    require_charge(unit, user)
    two_step.turn_off(unit.tx, user)
    unit.tx.second_steps.remove_passkeys(user)
    unit.tx.users.revoke_all(user)


def end_sessions(unit: Unit, user: int, hashed: str = "") -> int:
    """End one session of a person, or all of them without ``hashed``; return how many."""
    require_charge(unit, user)
    ended = int(unit.tx.users.revoke_of(user, hashed)) if hashed else unit.tx.users.revoke_all(user)
    if ended:
        tell(unit, Event.SESSION_ENDED, user=user, count=ended)
    return ended


def change_roles(unit: Unit, user: int, roles: Iterable[str]) -> bool:
    """Give a person exactly these roles, as far as the actor may; return whether anything changed.

    Every session of the person ends, so that no cookie outlives what it stood for. Roles of packages that are gone
    stay as they are.
    """
    require_charge(unit, user)
    present = unit.tx.users.roles(user)
    gone = {role for role in present if role not in unit.catalog.roles}
    wanted = {role_name(unit, role) for role in roles} | gone
    if wanted == present:
        return False
    require_may_give(unit, wanted ^ present)
    if _takes_administration(unit, present, wanted):
        keep_an_administrator(unit, user)
    set_roles(unit, user, wanted)
    unit.tx.users.revoke_all(user)
    return True


def set_active(unit: Unit, user: int, *, active: bool) -> bool:
    """Let a person in again, or keep him out: every session ends at once. Return whether anything changed.

    Nothing but that field is looked at, so that an old record with faults keeps nobody in.
    """
    record = require_charge(unit, user)
    if bool(record.values.get("active")) == active:
        return False
    after = unit.tx.records.change(
        record, {**record.values, "active": active}, by=unit.actor.id, channel="form"
    )
    follow_user(unit, record, after)
    return True


def _takes_administration(unit: Unit, present: Iterable[str], wanted: Iterable[str]) -> bool:
    roles_of = unit.catalog.roles_of
    return ADMIN in roles_of(present) and ADMIN not in roles_of(wanted)


def _roles(unit: Unit, given: frozenset[str]) -> Iterable[RoleState]:
    language = unit.reader.language
    for name, role in unit.catalog.roles.items():
        yield RoleState(
            name,
            role.title.in_language(language),
            role.description.in_language(language),
            name in given,
            may_give(unit.catalog, unit.actor, name, unit.access.day),
        )


def _require_active(record: StoredRecord) -> None:
    if not record.values.get("active"):
        raise AccountError(say("This person is not active. Activate them first."))
