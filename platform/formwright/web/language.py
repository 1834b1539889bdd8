"""In which language a page is, and how to change that."""

from __future__ import annotations

from functools import lru_cache

from flask import Blueprint, current_app, redirect, request
from werkzeug.wrappers import Response

from formwright.engine import profile
from formwright.texts import LANGUAGES, Text
from formwright.web import current
from formwright.web.security import local_path
from formwright.web.sessions import cookie_name

blueprint = Blueprint("language", __name__)
_YEAR = 365 * 86400
#: How each language calls itself.
NAMES = {"en": "English", "zh-CN": "简体中文"}
THEMES = ("light", "dark", "system")
THEME_COOKIE = "formwright_theme"


def translate(message: str, /, **places: object) -> str:
    """Return a sentence in the language of the page; ``_`` in templates."""
    language = current.language()
    return Text(message, places).in_language(language) if places else _plain(message, language)


@lru_cache(maxsize=2_048)
def _plain(message: str, language: str) -> str:
    return Text(message).in_language(language)


def translate_many(one: str, many: str, count: int, /, **places: object) -> str:
    """Return a sentence that depends on a number; ``ngettext`` in templates."""
    return Text(one, {"count": count, **places}, many).in_language(current.language())


def theme() -> str:
    """Return ``light`` or ``dark`` where the person chose one, "" for what the system says."""
    wanted = request.cookies.get(cookie_name(THEME_COOKIE), "")
    return wanted if wanted in {"light", "dark"} else ""


@blueprint.post("/language/<tag>")
@current.public
def switch(tag: str) -> Response:
    """Show everything in another language from now on; kept by the browser and with the person's account."""
    back = redirect(local_path(request.form.get("next"), "/"), 303)
    if tag in LANGUAGES:
        _keep(back, current.LANGUAGE_COOKIE, tag, hidden=True)
        _remember(tag)
    return back


@blueprint.post("/theme")
@current.public
def switch_theme() -> Response:
    """Show everything light, dark, or as the system is set."""
    back = redirect(local_path(request.form.get("next"), "/"), 303)
    wanted = request.form.get("theme", "")
    if wanted in THEMES:
        _keep(back, THEME_COOKIE, wanted, hidden=False)
    return back


def _keep(response: Response, cookie: str, value: str, *, hidden: bool) -> None:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        cookie_name(cookie), value, max_age=_YEAR, samesite="Lax", httponly=hidden, secure=secure
    )


def _remember(tag: str) -> None:
    """Keep the language with the account, so that it is there on the next device."""
    who = current.actor()
    if who.id is None:
        return
    current.release()
    profile.choose_language(current.runtime(), who, tag)
