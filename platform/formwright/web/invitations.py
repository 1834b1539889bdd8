"""Where somebody who was invited, or has forgotten the password, sets one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import accounts, invitations, passwords
from formwright.engine.actor import ANONYMOUS
from formwright.engine.invitations import Invited
from formwright.texts import Text
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.alone import AlonePage, frame
from formwright.web.auth import UNEQUAL

blueprint = declare(Blueprint("invitations", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class InvitationPage(AlonePage):
    """Whom the link is for; nobody when it is good no longer, whatever the reason."""

    token: str = ""
    login: str = ""
    name: str = ""
    good: bool = False


@blueprint.get("/invitation/<token>")
@current.public
def show(token: str) -> BaseResponse:
    """Ask for a password; the link stays good until one is set."""
    with current.runtime().unit(ANONYMOUS) as unit:
        who = invitations.holder(unit, token)
    return _page(token, who, 200 if who is not None else 410)


@blueprint.post("/invitation/<token>")
@current.public
def accept(token: str) -> BaseResponse:
    """Set the password; the link is used up, and every session of the person ends."""
    current.release()
    runtime, new = current.runtime(), request.form.get("new", "")
    with runtime.unit(ANONYMOUS) as unit:
        who = invitations.holder(unit, token)
        wrong = accounts.problem_for(unit, who.user, new) if who is not None else None
    if who is None:
        return _page(token, None, 410)
    if new != request.form.get("again", ""):
        wrong = UNEQUAL
    if wrong is not None:
        return _page(token, who, 422, wrong)
    hashed = passwords.hash_password(new)
    with runtime.unit(ANONYMOUS, write=True) as unit:
        done = invitations.redeem(unit, token, hashed)
    # Not logged in at once: the second step, where there is one, is asked for as ever.
    return redirect("/log-in?set=1", 303) if done is not None else _page(token, None, 410)


def _page(token: str, who: Invited | None, status: int, wrong: Text | None = None) -> Response:
    here = frame(f"/invitation/{token}", wrong)
    page = InvitationPage(*here)
    if who is not None:
        page = InvitationPage(*here, token=token, login=who.login, name=who.name, good=True)
    response = respond.page("auth/invitation.html", status, page=page)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
