"""Looking through somebody else's eyes: beginning, ending, the banner, and that nothing is written meanwhile."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from formwright.engine import seeing_as
from formwright.engine.actor import ONLY_LOOKING
from formwright.errors import NotFound, OnlyLooking
from formwright.ids import format_id, parse_id
from formwright.texts import say
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare

blueprint = declare(Blueprint("seeing", __name__), LOGIN)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What may be posted all the same: ending it, leaving, and looking for what a filter can be set to.
_STILL_OPEN = frozenset({"seeing.end", "auth.log_out", "views.pick"})
#: How a person logs in, and from where, is nobody else's business.
_PRIVATE = frozenset({"account", "two_step", "passkeys"})


@blueprint.post("/seeing-as")
def begin() -> Response:
    """Look through somebody else's eyes from now on; the session goes on knowing who really looks."""
    actor, session = current.actor(), current.open_session()
    user = parse_id(request.form.get("person", ""))
    current.release()
    if user is None or session is None:
        raise NotFound(say("There is no such user."))
    with current.runtime().unit(actor, write=True) as unit:
        kept = seeing_as.begin(unit, user)
        unit.tx.users.put_values(session, {**session.values, **kept})
    return respond.leave("/")


@blueprint.post("/seeing-as/end")
def end() -> Response:
    """Look through one's own eyes again."""
    actor, session = current.actor(), current.open_session()
    current.release()
    if session is not None:
        with current.runtime().store.transaction(write=True) as tx:
            unit = current.runtime().unit_in(tx, actor)
            tx.users.put_values(session, seeing_as.end(unit, session.values))
    back = f"/records/core.user/{format_id(actor.id or 0)}" if actor.seen_by is not None else "/"
    return respond.leave(back)


def refuse() -> None:
    """Refuse what could change something, and what is private, through somebody else's eyes; runs before every view."""
    reading = request.method in _SAFE_METHODS or request.endpoint in _STILL_OPEN
    if reading and request.blueprint not in _PRIVATE:
        return
    if current.actor().seen_by is not None:
        raise OnlyLooking(ONLY_LOOKING)
