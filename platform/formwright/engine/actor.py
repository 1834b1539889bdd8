"""Who acts: every call of the engine carries one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from formwright.texts import Reader, say

ONLY_LOOKING = say("You only look through somebody else's eyes here; nothing can be changed.")


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody acts, for the audit log."""

    #: web, cli, or system for work that nobody asked for just now.
    channel: str = "system"
    #: Stands for one request; everything it does bears it.
    request: str = ""
    address: str = ""
    #: The person who really acts, where one acts in another's name.
    behind: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or named system work, with the roles that decide what it may do.

    ``id`` is the record id of the user, None for system work. ``roles`` are qualified names with everything they
    inherit, resolved once per request.
    """

    id: int | None
    login: str
    name: str
    roles: frozenset[str]
    reader: Reader = field(default_factory=Reader)
    #: The record ids of the teams that the person is in.
    teams: tuple[int, ...] = ()
    origin: Origin = Origin()
    #: Who looks through this person's eyes; nothing can be written then, and no more is seen than that one may see.
    seen_by: Actor | None = None


def teams_of(values: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the teams that a person with these values of the user record is in."""
    own, further = values.get("team"), values.get("more_teams") or ()
    return tuple(dict.fromkeys([*([own] if own is not None else []), *further]))


#: Nobody in particular: what a request without a session acts as. It has no role, hence no right.
ANONYMOUS = Actor(None, "", "", frozenset())
