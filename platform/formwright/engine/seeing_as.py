"""Looking through somebody else's eyes: who may, what is kept with the session, and that it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import Action
from formwright.engine.accounts import ADMIN, USER
from formwright.engine.actor import Actor
from formwright.engine.audit import Event, note
from formwright.engine.explain_question import may_explain
from formwright.errors import Forbidden, FormwrightError, NotFound
from formwright.texts import Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit
    from formwright.store.transaction import Transaction

#: Under this name a session keeps through whose eyes its person looks.
_KEPT = "seeing_as"


class CannotSeeAs(FormwrightError):
    """Somebody through whose eyes nobody, or not this person, may look."""


def begin(unit: Unit, user: int) -> Mapping[str, Any]:
    """Return what the session has to keep for the actor to look through the eyes of a person; raises for a refusal."""
    if not may_explain(unit) or unit.actor.seen_by is not None:
        raise Forbidden(say("You do not have the right to do this."))
    record = unit.gate.judged(USER, user)
    if record is None:
        raise NotFound(say("There is no such user."))
    person = unit.runtime.actor(unit.tx, user)
    if user == unit.actor.id:
        raise CannotSeeAs(say("You are looking through your own eyes already."))
    if not record.values.get("active"):
        raise CannotSeeAs(
            say("%(person)s cannot log in: the account is not active.", person=person.name)
        )
    reason = _above(unit, person)
    if reason is not None:
        raise CannotSeeAs(reason)
    note(unit.tx, unit.actor, Event.SEE_AS_BEGUN, entity=USER, record=person.id)
    return {_KEPT: user}


def through(runtime: Runtime, tx: Transaction, actor: Actor, kept: Mapping[str, Any]) -> Actor:
    """Return as whom a person asks: as himself, or through the eyes that his session keeps.

    Judged anew for each request, so that it ends with the right to do it. Language and zone stay those of who looks.
    """
    user = kept.get(_KEPT)
    if not isinstance(user, int):
        return actor
    own = runtime.unit_in(tx, actor)
    if not may_explain(own):
        return actor
    record = own.gate.judged(USER, user)
    if record is None or not record.values.get("active"):
        return actor
    person = runtime.actor(tx, user)
    if _above(own, person) is not None:
        return actor
    origin = replace(actor.origin, behind=actor.id)
    return replace(person, reader=actor.reader, origin=origin, seen_by=actor)


def end(unit: Unit, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the session keeps once a person looks through his own eyes again."""
    looking = unit.actor.seen_by
    if looking is not None:
        note(unit.tx, looking, Event.SEE_AS_ENDED, entity=USER, record=unit.actor.id)
    return {key: value for key, value in kept.items() if key != _KEPT}


def _above(unit: Unit, person: Actor) -> Text | None:
    """Return why the actor may not look through these eyes: that person decides about what he does not."""
    catalog, mine = unit.catalog, unit.actor.roles
    if ADMIN in person.roles and ADMIN not in mine:
        return say("Only an administrator may look through the eyes of an administrator.")
    for (entity, action), grants in catalog.grants_by.items():
        theirs = action is Action.CONFIGURE and any(grant.role in person.roles for grant in grants)
        if theirs and not unit.access.may(Action.CONFIGURE, entity):
            return say(
                "%(person)s may configure %(entity)s, and you may not.",
                person=person.name,
                entity=catalog.entities[entity].title,
            )
    return None
