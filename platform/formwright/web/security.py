"""What every answer says to the browser, where a request may come from, and where a redirect may go."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden

#: Nothing inline, nothing from elsewhere. blob: shows a picture before it is uploaded.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask, *, https: bool) -> None:
    """Guard every request and mark every answer of ``app``."""
    headers = {**_HEADERS, "Strict-Transport-Security": "max-age=31536000"} if https else _HEADERS

    def mark(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if not response.cache_control.public:
            response.vary.add("Cookie")
        return response

    app.before_request(refuse_foreign_origin)
    app.after_request(mark)


def refuse_foreign_origin() -> None:
    """Refuse what another site's page has sent: to write anything, besides the token; to read, unless a person comes."""
    site = request.headers.get("Sec-Fetch-Site")
    if request.method in _SAFE_METHODS:
        # Another site may lead people here, but not load our pages and pictures as parts of its own.
        if site == "cross-site" and request.headers.get("Sec-Fetch-Mode") != "navigate":
            raise Forbidden
        return
    if site is not None and site not in {"same-origin", "none"}:
        raise Forbidden
    origin = request.headers.get("Origin")
    if origin == "null" and site == "same-origin":
        return  # a page of ours that sends no referrer, so that the token in its address stays here
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise Forbidden


def local_path(wanted: str | None, fallback: str) -> str:
    r"""Return ``wanted`` when it is a path of this server, else ``fallback``.

    >>> local_path("/views/crm.customers?q=1", "/")
    '/views/crm.customers?q=1'
    >>> [local_path(bad, "/") for bad in ("//evil.example", "https://evil.example", r"/\evil.example", "", None)]
    ['/', '/', '/', '/', '/']
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return fallback
    if any(
        character == "\\" or ord(character) < 0x20 or ord(character) == 0x7F for character in wanted
    ):
        return fallback
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return fallback
    return wanted if not parts.scheme and not parts.netloc else fallback
