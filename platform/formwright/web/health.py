"""Whether this process can serve: for whoever watches over it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from formwright.web import current

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@current.public
def healthz() -> Response:
    """Answer 200 when the database answers; says nothing about the data."""
    with current.runtime().store.transaction(write=False) as tx:
        tx.revisions.newest_number()
    return jsonify(status="ok")
