"""The extensions that every application of ours has, made once and bound to an application by the factory."""

from __future__ import annotations

from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from formwright.store.tables import metadata
from formwright.web.htmx import Htmx

#: Holds the engine and makes the sessions; all statements are the store's.
db = SQLAlchemy(metadata=metadata, session_options={"expire_on_commit": False})
csrf = CSRFProtect()
htmx = Htmx()
