"""The audit log: which events are worth an entry, and the one call that writes it.

``note`` stands inside the transaction of what it records: either both are there, or neither. Details name things by
their ids and keys; what people typed, and what records say, is not copied into the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from formwright.engine.actor import ANONYMOUS, Actor, Origin
from formwright.store.transaction import Transaction
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit


class Event(StrEnum):
    """What the audit log knows, by the name that the database keeps."""

    LOG_IN = "log_in"
    LOG_IN_FAILED = "log_in_failed"
    LOG_OUT = "log_out"
    SESSION_ENDED = "session_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- the name of an event
    PASSWORD_FORGOTTEN = "password_forgotten"  # noqa: S105 -- the name of an event
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODE_USED = "recovery_code_used"
    USER_INVITED = "user_invited"
    RECOVERY_CODES_DRAWN = "recovery_codes_drawn"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    RESET_LINK_MADE = "reset_link_made"
    LINK_USED = "link_used"
    USER_ADDED = "user_added"
    USER_ACTIVATED = "user_activated"
    USER_DEACTIVATED = "user_deactivated"
    USER_RENAMED = "user_renamed"
    USER_DELETED = "user_deleted"
    ROLES_CHANGED = "roles_changed"
    HANDED_OVER = "handed_over"
    HAND_OVER_UNDONE = "hand_over_undone"
    SEE_AS_BEGUN = "see_as_begun"
    SEE_AS_ENDED = "see_as_ended"
    DEFINITIONS_APPLIED = "definitions_applied"
    SETTING_CHANGED = "setting_changed"
    EXPORTED = "exported"
    IMPORT_BEGUN = "import_begun"
    IMPORT_FINISHED = "import_finished"
    RECORD_DELETED = "record_deleted"
    RECORD_RESTORED = "record_restored"
    RECORDS_PURGED = "records_purged"
    VALUE_REVEALED = "value_revealed"
    RECORD_SHARED = "record_shared"
    RECORD_UNSHARED = "record_unshared"
    AUDIT_EXPORTED = "audit_exported"
    AUDIT_PRUNED = "audit_pruned"


#: How each event is called.
TITLES: Mapping[Event, Text] = {
    Event.LOG_IN: say("Logged in"),
    Event.LOG_IN_FAILED: say("Log-in refused"),
    Event.LOG_OUT: say("Logged out"),
    Event.SESSION_ENDED: say("Session ended"),
    Event.PASSWORD_CHANGED: say("Password changed"),
    Event.PASSWORD_FORGOTTEN: say("Asked for a new password"),
    Event.SECOND_FACTOR_ADDED: say("Second factor added"),
    Event.SECOND_FACTOR_REMOVED: say("Second factor removed"),
    Event.RECOVERY_CODE_USED: say("Recovery code used"),
    Event.USER_INVITED: say("User invited"),
    Event.RECOVERY_CODES_DRAWN: say("Recovery codes drawn"),
    Event.PASSKEY_ADDED: say("Passkey added"),
    Event.PASSKEY_REMOVED: say("Passkey removed"),
    Event.RESET_LINK_MADE: say("Link for a new password made"),
    Event.LINK_USED: say("One-time link used"),
    Event.USER_ADDED: say("User added"),
    Event.USER_ACTIVATED: say("User activated"),
    Event.USER_DEACTIVATED: say("User deactivated"),
    Event.USER_RENAMED: say("Log-in name changed"),
    Event.USER_DELETED: say("User deleted"),
    Event.ROLES_CHANGED: say("Roles changed"),
    Event.HANDED_OVER: say("Records handed over"),
    Event.HAND_OVER_UNDONE: say("Hand-over taken back"),
    Event.SEE_AS_BEGUN: say("Began to see as somebody else"),
    Event.SEE_AS_ENDED: say("Ended to see as somebody else"),
    Event.DEFINITIONS_APPLIED: say("Definitions put in force"),
    Event.SETTING_CHANGED: say("Setting changed"),
    Event.EXPORTED: say("Records exported"),
    Event.IMPORT_BEGUN: say("Import begun"),
    Event.IMPORT_FINISHED: say("Import finished"),
    Event.RECORD_DELETED: say("Record deleted"),
    Event.RECORD_RESTORED: say("Record restored"),
    Event.RECORDS_PURGED: say("Records removed for good"),
    Event.VALUE_REVEALED: say("Value revealed"),
    Event.RECORD_SHARED: say("Record shared"),
    Event.RECORD_UNSHARED: say("Sharing ended"),
    Event.AUDIT_EXPORTED: say("Audit log exported"),
    Event.AUDIT_PRUNED: say("Old audit entries removed"),
}


_USER = "core.user"
#: From where the request or command at hand comes, for what is told without an actor: set where it begins.
ORIGIN: ContextVar[Origin | None] = ContextVar("origin", default=None)


def tell(
    at: Unit | Transaction, event: Event, *, user: int | None = None, **details: str | int | None
) -> None:
    """Write down an event around a user's log-in or rights.

    In a unit its actor is who does it; in a bare transaction, which belongs to nobody yet, it is the user himself,
    but for log-ins that were refused: those are nobody's doing.
    """
    known = {key: value for key, value in details.items() if value not in (None, "")}
    tx, actor = (at, None) if isinstance(at, Transaction) else (at.tx, at.actor)
    if actor is None:
        own = None if event is Event.LOG_IN_FAILED else user
        actor = replace(ANONYMOUS, id=own, origin=ORIGIN.get() or Origin())
    note(tx, actor, event, entity=_USER if user else "", record=user, details=known or None)


def note(
    tx: Transaction,
    actor: Actor,
    event: Event,
    *,
    entity: str = "",
    record: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down that ``actor`` does ``event``, in the transaction ``tx`` that does it.

    ``details`` is what JSON knows: ids (as text), keys, counts. Whoever acts in another's name is the actor of the
    entry, and the other one is the one on whose behalf it is done.
    """
    behind = actor.origin.behind
    tx.audit.append(
        event.value,
        actor=actor.id if behind is None else behind,
        on_behalf_of=None if behind is None else actor.id,
        channel=actor.origin.channel,
        entity=entity,
        record=record,
        details=details,
        request=actor.origin.request,
        address=actor.origin.address,
    )
