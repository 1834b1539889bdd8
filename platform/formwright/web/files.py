"""Uploads in, downloads out. Nothing that a person uploaded runs or shows itself under our name."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, jsonify, make_response, request, send_file
from PIL import Image, UnidentifiedImageError
from werkzeug.exceptions import BadRequest
from werkzeug.exceptions import NotFound as NotFoundPage

from formwright.engine.attachments import file_of
from formwright.ids import parse_id
from formwright.store.files import StoredFile
from formwright.web import current, uploads
from formwright.web.access import LOGIN, declare
from formwright.web.drawn import file_view

blueprint = declare(Blueprint("files", __name__), LOGIN)
_SANDBOX = "sandbox; default-src 'none'"


@blueprint.post("/files")
def upload() -> Response:
    """Take one file; a form names it by the id in the answer."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise BadRequest
    who = current.actor()
    current.release()
    stored = uploads.enter(sent, who)
    view = file_view(
        {"id": stored.id, "name": stored.name, "size": stored.size, "type": stored.mime}
    )
    return jsonify(id=view.id, name=view.name, size=view.size, url=view.url, picture=view.picture)


@blueprint.get("/files/<number>/<path:_name>")
def download(number: str, _name: str) -> Response:
    """Hand a file out as a download; a picture may be asked for drawn anew, to be shown in a page."""
    stored = _find(number)
    path = uploads.path_of(stored.sha256)
    if request.args.get("as") == "picture":
        return _picture(stored)
    response = send_file(path, mimetype=uploads.OTHER, conditional=True, etag=stored.sha256)
    response.headers["Content-Type"] = _served_type(stored.mime)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{_ascii(stored.name)}\"; filename*=UTF-8''{quote(stored.name, safe='')}"
    )
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Cache-Control"] = "no-store"
    return response


def _picture(stored: StoredFile) -> Response:
    try:
        drawn = uploads.picture_of(uploads.path_of(stored.sha256))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise NotFoundPage from None
    response = make_response(drawn)
    response.headers["Content-Type"] = "image/webp"
    response.headers["Content-Security-Policy"] = _SANDBOX
    # Lists show many: the browser may keep them, but asks each time whether they may still be seen.
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(stored.sha256)
    response.make_conditional(request)
    return response


def _find(number: str) -> StoredFile:
    """Return a file that the actor may have: of a record that is open to him, or his own upload."""
    stored = file_of(current.unit(), parse_id(number) or 0)
    if stored is None or not uploads.path_of(stored.sha256).is_file():
        raise NotFoundPage
    return stored


def _served_type(kind: str) -> str:
    """Return the kind as it is sent: out of a short list, anything else is just bytes."""
    safe = kind in {
        "application/pdf",
        "application/zip",
        "text/csv",
        "text/plain",
    } or kind.startswith("application/vnd.")
    return kind if safe or kind in uploads.PICTURES.values() else uploads.OTHER


def _ascii(name: str) -> str:
    return "".join(sign if sign.isascii() and sign not in '"\\' else "_" for sign in name)
