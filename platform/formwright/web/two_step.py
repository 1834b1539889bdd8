"""Setting up two-step log-in, and taking it away again."""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
from flask import Blueprint, Response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import two_step
from formwright.errors import Forbidden
from formwright.texts import Text, say
from formwright.web import current, entering, respond
from formwright.web.access import LOGIN, declare
from formwright.web.alone import AlonePage, frame
from formwright.web.notes import Note
from formwright.web.sessions import browser

blueprint = declare(Blueprint("two_step", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class TwoStepPage(AlonePage):
    """Where somebody stands: on, off, or with a secret that the app is to be shown."""

    on: bool = False
    demanded: bool = False
    secret: str = ""
    picture: Markup = field(default_factory=Markup)
    codes: tuple[str, ...] = ()
    left: int = 0


@blueprint.get("/account/two-step")
def show() -> Response:
    """Show the secret that is to be confirmed, or what can be done."""
    return _page()


@blueprint.post("/account/two-step")
def begin() -> BaseResponse:
    """Draw a secret; nothing is asked for at log-in before it is confirmed."""
    user = _user()
    current.release()
    with current.runtime().store.transaction(write=True) as tx:
        if not two_step.is_on(tx, user):
            two_step.begin(tx, current.vault(), user)
    return respond.leave("/account/two-step")


@blueprint.post("/account/two-step/confirm")
def confirm() -> BaseResponse:
    """Turn it on, show the recovery codes this once, and go on in a fresh session; all others end."""
    user, code = _user(), request.form.get("code", "")
    current.release()
    with current.runtime().store.transaction(write=True) as tx:
        codes = two_step.confirm(tx, current.vault(), user, code)
        if codes is not None:
            tx.users.revoke_all(user)
            browser().become(entering.open_session(tx, user))
    if codes is None:
        return _page(422, entering.WRONG_CODE)
    return respond.page("auth/recovery_codes.html", page=_codes(codes))


@blueprint.post("/account/two-step/codes")
def renew() -> BaseResponse:
    """Show fresh recovery codes to somebody who gives the password again."""
    user = _user()
    wrong = _ask_password(user)
    if wrong is not None:
        return _page(entering.status_of(wrong), wrong)
    with current.runtime().store.transaction(write=True) as tx:
        codes = two_step.fresh_recovery_codes(tx, user) if two_step.is_on(tx, user) else []
    return respond.page("auth/recovery_codes.html", page=_codes(codes)) if codes else _page()


@blueprint.post("/account/two-step/off")
def turn_off() -> BaseResponse:
    """Turn it off for somebody who gives the password again, and whose roles do not demand it."""
    user = _user()
    if _is_demanded():
        raise Forbidden(say("A role of yours demands two-step log-in."))
    wrong = _ask_password(user)
    if wrong is not None:
        return _page(entering.status_of(wrong), wrong)
    with current.runtime().store.transaction(write=True) as tx:
        two_step.turn_off(tx, user)
        tx.users.revoke_all(user)
        browser().become(entering.open_session(tx, user))
    text = say("Two-step log-in is off").in_language(current.language())
    return respond.moved("/account", Note(text))


def _ask_password(user: int) -> Text | None:
    current.release()
    with current.runtime().store.transaction(write=False) as tx:
        credential = tx.users.credential_of(user)
    return entering.confirm_password(credential, request.form.get("password", ""))


def _user() -> int:
    return current.actor().id or 0


def _is_demanded() -> bool:
    return two_step.is_demanded(current.unit().catalog, current.actor().roles)


def _page(status: int = 200, wrong: Text | None = None) -> Response:
    actor, tx = current.actor(), current.unit().tx
    user = actor.id or 0
    secret = two_step.waiting_secret(tx, current.vault(), user) or ""
    picture = Markup()
    if secret:
        drawn = segno.make(two_step.address(secret, actor.login), error="m")
        title = say("QR code for the app").in_language(current.language())
        picture = respond.drawing(drawn.svg_inline(scale=5, border=2, title=title))
    page = TwoStepPage(
        *frame("/account/two-step", wrong),
        on=two_step.is_on(tx, user),
        demanded=_is_demanded(),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=picture,
        left=tx.second_steps.recovery_codes_left(user),
    )
    return respond.page("auth/two_step.html", status, page=page)


def _codes(codes: list[str]) -> TwoStepPage:
    return TwoStepPage(*frame("/account/two-step"), on=True, codes=tuple(codes))
