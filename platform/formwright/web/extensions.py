"""The extensions that every application of ours has, made once and bound to an application by the factory."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from flask_wtf.csrf import CSRFProtect

from formwright.store.tables import metadata
from formwright.web.htmx import Htmx


class BoundSession(Session):
    """A session that knows its engine, so that it works outside of a request as well."""

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Any = None, **more: Any
    ) -> Any:
        """Return the engine that the session was made for."""
        chosen = bind if bind is not None else self.bind
        return (
            chosen if chosen is not None else super().get_bind(mapper=mapper, clause=clause, **more)
        )


csrf = CSRFProtect()
htmx = Htmx()


def open_database(app: Flask) -> Any:
    """Have Flask-SQLAlchemy make the engine and the sessions of ``app``; return the maker of sessions.

    Its own for each application, so that several can live in one process. All statements are the store's.
    """
    db = SQLAlchemy(
        app, metadata=metadata, session_options={"class_": BoundSession, "expire_on_commit": False}
    )
    with app.app_context():
        db.session.session_factory.configure(bind=db.engine)
    return db.session.session_factory
