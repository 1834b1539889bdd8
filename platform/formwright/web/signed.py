"""What a form carries and nobody may change: under which id the new record will be stored."""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from formwright.engine.actor import Actor


def write_key(number: int, actor: Actor, entity: str) -> str:
    """Return the signed id of a record that does not exist yet, good for this actor and entity only."""
    return str(_signer().dumps([number, actor.id, entity]))


def read_key(text: str, actor: Actor, entity: str) -> int | None:
    """Return the id, or None when it was not signed for this actor and entity."""
    try:
        number, owner, name = _signer().loads(text)
    except (BadSignature, ValueError, TypeError):
        return None
    return number if isinstance(number, int) and (owner, name) == (actor.id, entity) else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="new-record")
