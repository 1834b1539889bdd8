"""flask-htmx, taught the headers and answers of htmx 4; the only module that knows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import flask_htmx
from flask import Flask, Response, request
from markupsafe import Markup, escape

#: Ways to put an answer into the page; the first word of a swap.
_SWAPS = frozenset(
    {"innerHTML", "outerHTML", "innerMorph", "outerMorph", "outerSync", "beforebegin", "afterbegin"}
    | {"beforeend", "afterend", "delete", "none", "textContent"}
)


class Htmx(flask_htmx.HTMX):  # type: ignore[misc]  # the package ships no types
    """What a request says about the htmx that sent it.

    htmx 4 names elements as ``tag#id`` and tells a part of a page from a whole one; flask-htmx knows neither.
    """

    def init_app(self, app: Flask) -> None:
        """Attach to ``app``; a page differs by these headers, so caches are told."""
        super().init_app(app)
        app.after_request(self._vary)

    @staticmethod
    def _vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.update({"HX-Request", "HX-Request-Type"})
        return response

    @property
    def target(self) -> str | None:
        """The id of the element that the answer will be put into."""
        return _id(super().target)

    @property
    def source(self) -> str | None:
        """The id of the element that sent the request."""
        return _id(request.headers.get("HX-Source"))

    @property
    def partial(self) -> bool:
        """True when a part of a page is wanted: not for a boosted visit, nor for going back."""
        if not self or self.history_restore_request or self.boosted:
            return False
        return request.headers.get("HX-Request-Type", "partial") == "partial"


def _id(element: str | None) -> str | None:
    return (element or "").partition("#")[2] or None


def respond(
    body: str = "",
    status: int = 200,
    *,
    reswap: str = "",
    retarget: str = "",
    location: Mapping[str, str] | None = None,
    push_url: str = "",
    events: Mapping[str, Any] | None = None,
) -> Response:
    """Return an answer for htmx; ``events`` are dispatched in the browser by name, ``location`` visits a page."""
    response: Response = flask_htmx.make_response(
        body,
        status,
        location=json.dumps(dict(location)) if location else None,
        push_url=push_url or None,
        trigger=json.dumps(dict(events)) if events else None,
    )
    if reswap:
        if reswap.split(maxsplit=1)[0] not in _SWAPS:
            raise ValueError(f"{reswap!r} is no way to swap")
        # flask-htmx knows neither morphing nor modifiers.
        response.headers["HX-Reswap"] = reswap
    if retarget:
        response.headers["HX-Retarget"] = retarget
    return response


def part(target: str, html: str, swap: str = "innerMorph") -> Markup:
    """Return one more change of the page that rides on the same answer; ``html`` is escaped unless it is Markup."""
    return Markup('<hx-partial hx-target="{}" hx-swap="{}">{}</hx-partial>').format(
        target, swap, escape(html)
    )
