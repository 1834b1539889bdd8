"""Where everything meets: settings, store, engine and pages become one Flask application."""

from __future__ import annotations

import logging

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from formwright import paths
from formwright import settings as settings_module
from formwright.engine.runtime import Runtime
from formwright.engine.vault import Vault
from formwright.plugins import manager
from formwright.settings import Settings
from formwright.store import database
from formwright.store.audit_sealing import Safe
from formwright.store.store import Store
from formwright.texts import Reader
from formwright.web import (
    access,
    account,
    assets,
    audit,
    auth,
    current,
    drafting,
    entry,
    errors,
    explaining,
    files,
    handover,
    health,
    home,
    invitations,
    language,
    leaving,
    log,
    notes,
    passkeys,
    people,
    records,
    respond,
    revealing,
    rich_text,
    rights,
    rights_changes,
    search,
    security,
    seeing,
    sessions,
    sharing,
    shell,
    tables,
    two_step,
    views,
)
from formwright.web.extensions import csrf, htmx, open_database

_MB = 1024 * 1024
_BLUEPRINTS = (
    account, assets, audit, auth, drafting, entry, explaining, files, handover, health, home, invitations, language,
    leaving, passkeys, people, records, revealing, rich_text, rights, rights_changes, search, seeing, sharing, two_step,
    views,
)  # fmt: skip


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for ``settings``, or for what the environment says."""
    chosen = settings or settings_module.load()
    log.configure(chosen.log_level)
    chosen.home.mkdir(parents=True, exist_ok=True)
    app = Flask("formwright", template_folder=str(paths.tree("templates")), static_folder=None)
    _configure(app, chosen)
    _open_store(app, chosen)
    _attach_web(app, chosen)
    return app


def runtime_of(app: Flask) -> Runtime:
    """Return the engine's hands of an application."""
    found: Runtime = app.extensions["formwright"]
    return found


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.key(),
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SQLALCHEMY_DATABASE_URI=database.normal_url(settings.url).render_as_string(
            hide_password=False
        ),
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(database.normal_url(settings.url)),
        MAX_CONTENT_LENGTH=(settings.max_upload_mb + 2) * _MB,
        MAX_FORM_MEMORY_SIZE=4 * _MB,
        MAX_FORM_PARTS=20_000,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session, since a form may lie open for a day
        WTF_CSRF_SSL_STRICT=False,  # security.refuse_foreign_origin asks for more, and not for a Referer
        WTF_CSRF_CHECK_DEFAULT=True,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        _=language.translate,
        ngettext=language.translate_many,
        icon=assets.icon,
        asset_url=assets.asset_url,
        shell=shell.shell,
        hue=shell.hue,
        record_path=tables.record_path,
        zip=zip,
        initials=shell.initials,
        theme_cookie=lambda: sessions.cookie_name(language.THEME_COOKIE),
    )


def _open_store(app: Flask, settings: Settings) -> None:
    plugins = manager.load([paths.tree("plugins"), settings.home / "plugins"], entry_points=True)
    site = Reader(settings.language, settings.timezone, settings.region)
    app.extensions["formwright"] = Runtime(
        Store(
            open_database(app),
            timezone=settings.timezone,
            safe=Safe(settings.key_of_audit(), settings.audit_head),
        ),
        plugins,
        site=site,
    )
    app.extensions["formwright_settings"] = settings
    app.extensions["formwright_vault"] = Vault(settings.key_for_data())


def _attach_web(app: Flask, settings: Settings) -> None:
    app.session_interface = sessions.BrowserSessions(
        secure=settings.secure_cookies, days=settings.session_days
    )
    app.extensions["formwright_assets"] = assets.Assets()
    errors.init_app(app)
    # Functions after a request run in reverse: compressed last of all, then only what waits until it is sent.
    app.after_request(current.touch_session)
    app.after_request(respond.compress)
    security.init_app(app, https=settings.secure_cookies)
    csrf.init_app(app)
    htmx.init_app(app)
    app.before_request(auth.demand)
    app.before_request(seeing.refuse)
    app.after_request(notes.forget)
    app.teardown_request(_finish)
    for module in _BLUEPRINTS:
        app.register_blueprint(module.blueprint)
    access.require_declared(app)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    logging.getLogger(__name__).info(
        "ready", extra={"facts": {"database": settings.url.split(":", 1)[0]}}
    )


def _finish(_error: BaseException | None) -> None:
    current.release()
