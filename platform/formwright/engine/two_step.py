"""Two-step log-in: a one-time code of an app after the password, or a recovery code where the app is lost."""

from __future__ import annotations

import hmac
import logging
import secrets
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyotp

from formwright.engine.audit import Event, tell
from formwright.engine.vault import Unreadable, Vault

if TYPE_CHECKING:
    from datetime import datetime

    from formwright.definitions.model import Catalog
    from formwright.store.transaction import Transaction

_log = logging.getLogger(__name__)
#: What the app shows above the code.
ISSUER = "Formwright"
RECOVERY_CODES = 10
_SECONDS = 30
#: The code before and after count too: clocks differ, and typing takes a moment.
_WINDOW = (0, -1, 1)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def is_demanded(catalog: Catalog, roles: Iterable[str]) -> bool:
    """Return whether one of the roles, inherited ones among them, asks for a second step."""
    return any(catalog.roles[role].two_factor for role in roles if role in catalog.roles)


def is_on(tx: Transaction, user: int) -> bool:
    """Return whether a person has set it up."""
    found = tx.second_steps.two_factor(user)
    return found is not None and found.confirmed_at is not None


def begin(tx: Transaction, vault: Vault, user: int) -> None:
    """Draw a secret for a person, who has to show that the app has it before it counts."""
    tx.second_steps.begin(user, vault.seal(pyotp.random_base32(), _about(tx, user)))


def waiting_secret(tx: Transaction, vault: Vault, user: int) -> str | None:
    """Return the secret that a person has yet to confirm; once it is confirmed nobody sees it again."""
    found = tx.second_steps.two_factor(user)
    if found is None or found.confirmed_at is not None:
        return None
    try:
        return vault.open(found.secret, _about(tx, user))
    except Unreadable:
        return None


def address(secret: str, login: str) -> str:
    """Return what a QR code tells the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def confirm(tx: Transaction, vault: Vault, user: int, code: str) -> list[str] | None:
    """Turn it on for a person whose app shows the right code; return the recovery codes, to be shown once.

    None for a wrong code.
    """
    secret = waiting_secret(tx, vault, user)
    counter = _counter(secret, code, tx.now) if secret is not None else None
    if counter is None or not tx.second_steps.accept(user, counter, confirm=True):
        return None
    tell(tx, Event.SECOND_FACTOR_ADDED, user=user)
    return fresh_recovery_codes(tx, user)


def fresh_recovery_codes(tx: Transaction, user: int) -> list[str]:
    """Draw recovery codes in place of all earlier ones; each is good once."""
    codes = [
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP))
        for _ in range(RECOVERY_CODES)
    ]
    tx.second_steps.put_recovery_codes(user, codes)
    tell(tx, Event.RECOVERY_CODES_DRAWN, user=user)
    return [
        "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)) for code in codes
    ]


def is_right(tx: Transaction, vault: Vault, user: int, typed: str) -> bool:
    """Return whether somebody typed the app's code or a recovery code, and see to it that it is good only once."""
    code = _plain(typed)
    found = tx.second_steps.two_factor(user)
    if found is None or found.confirmed_at is None:
        return False
    if not code.isdigit():
        used = tx.second_steps.use_recovery_code(user, code)
        if used:
            tell(tx, Event.RECOVERY_CODE_USED, user=user)
        return used
    try:
        secret = vault.open(found.secret, _about(tx, user))
    except Unreadable as error:
        _log.warning(
            "a two-step secret cannot be read; an administrator can reset it", exc_info=error
        )
        return False
    counter = _counter(secret, code, tx.now)
    return counter is not None and tx.second_steps.accept(user, counter)


def turn_off(tx: Transaction, user: int) -> None:
    """Forget a person's secret and recovery codes."""
    tx.second_steps.forget(user)
    tell(tx, Event.SECOND_FACTOR_REMOVED, user=user)


def _counter(secret: str, typed: str, now: datetime) -> int | None:
    """Return for which half minute a code is right, None for none of those that count."""
    code = _plain(typed)
    present = int(now.timestamp()) // _SECONDS
    generator = pyotp.TOTP(secret)
    right = [
        present + step
        for step in _WINDOW
        if hmac.compare_digest(generator.generate_otp(present + step).encode(), code.encode())
    ]
    return max(right, default=None)


def _plain(typed: str) -> str:
    """Return a code without the spaces and dashes between its groups, in small letters of the usual width."""
    shown = unicodedata.normalize("NFKC", typed).casefold()
    return "".join(sign for sign in shown if sign.isalnum())


def _about(tx: Transaction, user: int) -> str:
    return f"two_factor|{tx.workspace}|{user}"
