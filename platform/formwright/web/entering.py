"""Judging who wants in: names, passwords and codes, and how often they may be tried."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import request

from formwright.engine import passwords, profile, two_step
from formwright.engine.actor import ANONYMOUS
from formwright.engine.audit import Event, tell
from formwright.store.users import token_hash
from formwright.texts import Text, say
from formwright.web import current
from formwright.web.sessions import browser

if TYPE_CHECKING:
    from formwright.store.transaction import Transaction
    from formwright.store.users import Credential

#: Failures within this time count; so many for one name, so many from one address, and it is enough for a while.
WINDOW = timedelta(minutes=15)
PER_NAME, PER_ADDRESS = 5, 50
#: One sentence for an unknown name, a wrong password and a closed account: none is told from another.
REFUSED = say("The name or the password is not right.")
WAIT = say("There were too many attempts. Wait a quarter of an hour, then try again.")

WRONG_PASSWORD = say("The old password is not right.")
WRONG_CODE = say("The code is not right, or was used before. Wait for the next one.")

#: What stands between the two steps of a log-in: no session yet, and good for a few minutes only.
BETWEEN, _BETWEEN_STEPS = "second_step", timedelta(minutes=10)
#: Each check takes 64 MB for a moment; more than these at once wait.
_checking = threading.BoundedSemaphore(4)


@dataclass(frozen=True, slots=True)
class Entry:
    """How an attempt went: what keeps somebody out, or the token for the browser and whether a code is asked for."""

    wrong: Text | None = None
    token: str = ""
    asks_code: bool = False


def attempt(login: str, password: str, address: str) -> Entry:
    """Judge a name and a password.

    The attempt counts as failed before the password is looked at, so that a thousand at once are no more than a few
    one after another. The password is checked outside any transaction: that takes long on purpose, and a writer must
    not wait for it.
    """
    store = current.runtime().store
    with store.transaction(write=True) as tx:
        credential = _credential(tx, login)
        # However a person's name or address is spelled, it is one person whose password is tried.
        name = credential.login if credential is not None else login
        claimed = _claim(tx, name, address)
    if claimed is None:
        return Entry(WAIT)
    right = verify(credential, password)
    with store.transaction(write=True) as tx:
        if not right or credential is None:
            # What was typed is not copied: people type passwords into the field for the name.
            tell(tx, Event.LOG_IN_FAILED, user=credential.user if credential else None)
            return Entry(REFUSED)
        if passwords.is_outdated(credential.password_hash):
            tx.users.rehash(credential.user, passwords.hash_password(password))
        if two_step.is_on(tx, credential.user):
            # Neither a failure nor a success: whoever has the password must not get endless tries at the code.
            tx.attempts.settle(claimed, succeeded=None)
            bound = credential.changed_at.isoformat()
            token = tx.one_time.add(BETWEEN, credential.user, lifetime=_BETWEEN_STEPS, bound=bound)
            return Entry(token=token, asks_code=True)
        tx.attempts.settle(claimed, succeeded=True)
        return Entry(token=open_session(tx, credential.user))


def second_step(code: str, address: str) -> Entry:
    """Judge the code of somebody who has given the password; neither a token nor a refusal when that is too long ago."""
    runtime, token = current.runtime(), browser().token
    with runtime.store.transaction(write=True) as tx:
        found = tx.one_time.find(token, BETWEEN)
        credential = tx.users.credential_of(found.user or 0) if found is not None else None
        if (
            found is None
            or credential is None
            or not credential.active
            or credential.changed_at.isoformat() != found.bound
        ):
            return Entry()
        claimed = _claim(tx, credential.login, address)
        if claimed is None:
            return Entry(WAIT)
        if not two_step.is_right(tx, current.vault(), credential.user, code):
            tell(tx, Event.LOG_IN_FAILED, user=credential.user, way="code")
            return Entry(WRONG_CODE)
        if tx.one_time.use(token, BETWEEN) is None:
            return Entry()
        tx.attempts.settle(claimed, succeeded=True)
        return Entry(token=open_session(tx, credential.user))


def confirm_password(credential: Credential | None, password: str) -> Text | None:
    """Return what is wrong with the password that somebody who is logged in gives once more, or None.

    It counts like an attempt to log in, so that whoever finds a browser open cannot try them all.
    """
    name = credential.login if credential is not None else ""
    store = current.runtime().store
    with store.transaction(write=True) as tx:
        claimed = _claim(tx, name, request.remote_addr or "")
    if claimed is None:
        return WAIT
    if not verify(credential, password):
        return WRONG_PASSWORD
    with store.transaction(write=True) as tx:
        tx.attempts.settle(claimed, succeeded=None)
    return None


def status_of(wrong: Text) -> int:
    """Return the status of an answer that says what is wrong."""
    return 429 if wrong is WAIT else 422


def open_session(tx: Transaction, user: int) -> str:
    """Open a session in the browser that asks, in place of the one it has; return the token for the cookie."""
    tx.users.revoke(token_hash(browser().token))
    token, _session = tx.users.open_session(
        user,
        lifetime=timedelta(days=current.settings().session_days),
        address=request.remote_addr or "",
        agent=request.headers.get("User-Agent", ""),
    )
    tell(tx, Event.LOG_IN, user=user)
    return token


def _claim(tx: Transaction, name: str, address: str) -> int | None:
    return tx.attempts.claim(
        name, address, since=tx.now - WINDOW, per_name=PER_NAME, per_address=PER_ADDRESS
    )


def verify(credential: Credential | None, password: str) -> bool:
    """Return whether the password is right; takes as long for a name that nobody has, or without a password yet."""
    usable = credential is not None and credential.active
    known = credential.password_hash if credential is not None else ""
    with _checking:
        return passwords.is_password(known or _nobody(), password) and usable


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Return the hash of a password that nobody has."""
    return passwords.hash_password(secrets.token_urlsafe(32))


def _credential(tx: Transaction, login: str) -> Credential | None:
    """Return the credential of a log-in name or an e-mail address."""
    found = tx.users.credential(login)
    if found is None and "@" in login:
        user = profile.user_of_email(current.runtime().unit_in(tx, ANONYMOUS), login)
        found = tx.users.credential_of(user) if user is not None else None
    return found
