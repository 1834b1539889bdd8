"""Who acts: every call of the engine carries one."""

from __future__ import annotations

from dataclasses import dataclass, field

from formwright.texts import Reader


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


#: Nobody in particular: what a request without a session acts as. It has no role, hence no right.
ANONYMOUS = Actor(None, "", "", frozenset())
