"""Who asks: from the token of a browser to the actor of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from formwright.engine.accounts import USER
from formwright.engine.actor import Actor, teams_of
from formwright.engine.two_step import is_demanded
from formwright.store.users import OpenSession
from formwright.texts import Reader

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime
    from formwright.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in.

    ``must_change`` asks for a new password before anything else, ``must_set_up`` for two-step log-in.
    ``language`` is the one the person chose, "" for none: then the browser knows best.
    """

    session: OpenSession
    actor: Actor
    must_change: bool
    must_set_up: bool = False
    language: str = ""


def visit(runtime: Runtime, tx: Transaction, token: str) -> Visitor | None:
    """Return whoever the session of ``token`` belongs to; None when it has ended, or the person may not log in.

    Roles, language and whether the person may still log in are read anew for every request, so that taking a role
    away takes effect at once.
    """
    found = tx.users.visit(token, USER)
    if found is None:
        return None
    tx.revisions.note_newest(found.newest)
    definitions = runtime.refresh(tx)
    tx.use(definitions.catalog)
    values = tx.shape.codec(USER).decode(found.document)
    if not values.get("active"):
        return None
    reader = Reader(
        language=values.get("language") or runtime.site.language,
        timezone=_known_zone(values.get("timezone")) or runtime.site.timezone,
        region=runtime.site.region,
    )
    roles = definitions.catalog.roles_of(found.roles)
    login, name = values.get("login") or "", values.get("name") or ""
    actor = Actor(found.session.user, login, name, roles, reader, teams_of(values))
    return Visitor(
        found.session,
        actor,
        found.must_change,
        must_set_up=not found.two_step and is_demanded(definitions.catalog, roles),
        language=values.get("language") or "",
    )


def _known_zone(name: str | None) -> str:
    """Return the name of a time zone, "" for one that nobody knows: it must not keep the person out."""
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, ValueError, OSError):
        return ""
