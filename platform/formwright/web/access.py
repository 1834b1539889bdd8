"""Who may ask for a page at all: each view says so, by itself or through its blueprint, or the server does not start.

There are no patterns of paths here that a request could slip past: the rule belongs to the view that would answer.
What a person may do on records is the engine's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Flask

from formwright.errors import FormwrightError
from formwright.texts import say

View = TypeVar("View", bound=Callable[..., object])
#: Open to everybody; open to whoever is logged in; "role:core.admin": to whoever has that role.
PUBLIC, LOGIN, ROLE = "public", "login", "role:"

_of_view: dict[Callable[..., object], str] = {}
_of_blueprint: dict[str, str] = {}


class UndeclaredAccess(FormwrightError):
    """A view of which nobody has said who may ask for it."""


def access(rule: str) -> Callable[[View], View]:
    """Declare who may ask for a view: ``public``, ``login``, or ``role:`` with the name of a role."""
    checked = _checked(rule)

    def declare_view(view: View) -> View:
        _of_view[view] = checked
        return view

    return declare_view


def declare(blueprint: Blueprint, rule: str) -> Blueprint:
    """Declare who may ask for those views of a blueprint that do not say it themselves; return the blueprint."""
    _of_blueprint[blueprint.name] = _checked(rule)
    return blueprint


def rule_of(app: Flask, endpoint: str) -> str | None:
    """Return the rule of an endpoint, None when there is no such endpoint or nobody has declared one."""
    view = app.view_functions.get(endpoint)
    if view is None:
        return None
    return _of_view.get(view) or _of_blueprint.get(endpoint.rpartition(".")[0])


def require_declared(app: Flask) -> None:
    """Raise UndeclaredAccess when one endpoint of ``app`` has no rule."""
    for endpoint in app.view_functions:
        if rule_of(app, endpoint) is None:
            raise UndeclaredAccess(
                say("the view '%(name)s' does not declare who may ask for it", name=endpoint)
            )


def _checked(rule: str) -> str:
    if rule not in {PUBLIC, LOGIN} and not (rule.startswith(ROLE) and rule != ROLE):
        raise UndeclaredAccess(say("'%(name)s' is no rule of access", name=rule))
    return rule
