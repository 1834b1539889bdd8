"""Passkeys: keys that a person's devices keep, each for this address only; logging in with one is two steps at once."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from formwright.engine.audit import Event, tell
from formwright.engine.two_step import ISSUER
from formwright.ids import format_id

if TYPE_CHECKING:
    from formwright.engine.actor import Actor
    from formwright.store.transaction import Transaction

_ADDING, _LOGGING_IN = "passkey_adding", "passkey_log_in"
#: How long somebody may take to find the key.
_TIME = timedelta(minutes=5)
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Party:
    """For whom keys are made: a host name, and the address that pages of it have."""

    id: str
    origin: str


def party(address: str) -> Party | None:
    """Return the party of an address; None where browsers make no passkeys, as for a bare IP address."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_safe = parts.scheme == "https" or host == "localhost"
        return Party(host, address) if host and is_safe else None
    return None


def begin_adding(tx: Transaction, ours: Party, actor: Actor, browser: str) -> str:
    """Return what the browser needs to make a key (JSON); ``browser`` is what this one is told from others by."""
    user = actor.id or 0
    challenge = tx.one_time.add(_ADDING, user, lifetime=_TIME, bound=browser)
    options = webauthn.generate_registration_options(
        rp_id=ours.id,
        rp_name=ISSUER,
        user_name=actor.login,
        user_display_name=actor.name,
        user_id=format_id(user).encode(),
        challenge=base64url_to_bytes(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential))
            for key in tx.second_steps.passkeys(user)
        ],
    )
    return webauthn.options_to_json(options)


def add(
    tx: Transaction, ours: Party, actor: Actor, answer: str, *, name: str, browser: str
) -> bool:
    """Keep the key that a browser has made for a person; False for an answer that is not right, or not to us."""
    user = actor.id or 0
    try:
        credential = parse_registration_credential_json(answer)
        challenge = _challenge(credential.response.client_data_json)
        found = tx.one_time.use(challenge, _ADDING)
        if found is None or (found.user, found.bound) != (user, browser):
            return False
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=ours.id,
            expected_origin=ours.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    added = tx.second_steps.add_passkey(
        user,
        bytes_to_base64url(verified.credential_id),
        verified.credential_public_key,
        verified.sign_count,
        name.strip()[:_LONGEST_NAME],
    )
    if added:
        tell(tx, Event.PASSKEY_ADDED, user=user)
    return added


def begin_log_in(tx: Transaction, ours: Party, browser: str) -> str:
    """Return what the browser needs to ask for a key (JSON); who it is only the key will say."""
    challenge = tx.one_time.add(_LOGGING_IN, None, lifetime=_TIME, bound=browser)
    options = webauthn.generate_authentication_options(
        rp_id=ours.id,
        challenge=base64url_to_bytes(challenge),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def log_in(tx: Transaction, ours: Party, answer: str, *, browser: str) -> int | None:
    """Return who has shown a key, None for an answer that is not right, not to us, or from nobody who may log in."""
    try:
        credential = parse_authentication_credential_json(answer)
        challenge = _challenge(credential.response.client_data_json)
        found = tx.one_time.use(challenge, _LOGGING_IN)
        key = tx.second_steps.passkey(bytes_to_base64url(credential.raw_id))
        if found is None or found.bound != browser or key is None:
            return None
        handle = credential.response.user_handle
        if handle is not None and handle != format_id(key.user).encode():
            return None
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=ours.id,
            expected_origin=ours.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    holder = tx.users.credential_of(key.user)
    if holder is None or not holder.active:
        return None
    return key.user if tx.second_steps.use_passkey(key, verified.new_sign_count) else None


def remove(tx: Transaction, user: int, number: int) -> bool:
    """Forget one of a person's keys; False when there is none such."""
    removed = tx.second_steps.remove_passkey(user, number)
    if removed:
        tell(tx, Event.PASSKEY_REMOVED, user=user)
    return removed


def _challenge(client_data: bytes) -> str:
    """Return the challenge that a browser says it has answered; whether it was ours is asked of the store."""
    return bytes_to_base64url(parse_client_data_json(client_data).challenge)
