"""``formwright serve`` and ``formwright demo``: the web server."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import secrets
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from formwright.cli.instance import (
    NotReady,
    ensure_administrator,
    make_ready,
    open_instance,
    system,
)
from formwright.cli.language import _, language
from formwright.cli.output import progress, say_line, write_table
from formwright.errors import StoreUnavailable
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit
    from formwright.settings import Settings

_DEMO_PACKAGE = "crm"
#: Log-in -> role, of the people that the demo data brings and who may log in to look around.
_DEMO_ROLES = {
    "wangmin": "crm.sales_manager",
    "liqiang": "crm.sales_rep",
    "chenjing": "crm.sales_rep",
    "zhaolei": "crm.sales_rep",
    "liuyang": "crm.sales_manager",
    "sunli": "crm.sales_rep",
    "zhoujie": "crm.sales_rep",
    "hefang": "crm.support_agent",
    "wuhao": "crm.support_agent",
    "zhengshuang": "crm.marketing",
    "qianhui": "crm.finance",
}


@click.command(help=_("Serve the applications."))
@click.option("--host", help=_("Address to listen on (FORMWRIGHT_HOST)."))
@click.option(
    "--port", type=click.IntRange(0, 65535), help=_("Port to listen on (FORMWRIGHT_PORT).")
)
@click.option("--workers", type=click.IntRange(1, 64), help=_("Server processes."))
@click.option("--threads", type=click.IntRange(1, 64), help=_("Threads in each process."))
def serve(host: str | None, port: int | None, workers: int | None, threads: int | None) -> None:
    """Serve until stopped."""
    settings = _settings(host, port, workers, threads)
    with open_instance(settings):
        pass  # says what is wrong before a server process has to
    run_server(settings)


@click.command(help=_("Install the CRM with demo data, if it is not there, and serve it."))
@click.option("--host", help=_("Address to listen on (FORMWRIGHT_HOST)."))
@click.option(
    "--port", type=click.IntRange(0, 65535), help=_("Port to listen on (FORMWRIGHT_PORT).")
)
@click.option("--no-serve", is_flag=True, help=_("Only prepare, do not serve."))
def demo(host: str | None, port: int | None, *, no_serve: bool) -> None:
    """Prepare a demonstration and serve it; a second start finds everything as it was left."""
    settings = _settings(host, port, None, None)
    with open_instance(settings, ready=False) as runtime:
        make_ready(runtime)
        password = _demo_password(settings)
        _install_demo(runtime)
        ensure_administrator(runtime, "admin", "Admin", password)
        people = _let_people_in(runtime, password)
    say_line(_("Log in as one of these people:"))
    write_table((_("Log-in"), _("Name"), _("Role"), _("Team")), people)
    say_line(_("Password, unless you have changed it: %(password)s", password=password))
    if not no_serve:
        run_server(settings)


def _settings(
    host: str | None, port: int | None, workers: int | None, threads: int | None
) -> Settings:
    """Return the settings, with what the command line says in place of the environment, and fitting processes."""
    from formwright import settings as settings_  # noqa: PLC0415 -- keeps `--help` quick

    found = settings_.load()
    sqlite = found.url.startswith("sqlite")
    # One writer at a time is SQLite's way: threads of one process wait for each other better than processes do.
    default_workers = 1 if sqlite and "FORMWRIGHT_WORKERS" not in os.environ else found.workers
    default_threads = 8 if sqlite and "FORMWRIGHT_THREADS" not in os.environ else found.threads
    return replace(
        found,
        host=host or found.host,
        port=found.port if port is None else port,
        workers=workers or default_workers,
        threads=threads or default_threads,
    )


# ---- the server --------------------------------------------------------------------------------------------


def run_server(settings: Settings) -> None:
    """Listen, say where, and serve until told to stop. Does not return."""
    listener = _listen(settings)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    say_line(_("Serving at %(address)s (stop with Ctrl+C).", address=f"http://{shown}:{port}/"))
    try:
        from gunicorn.app.base import BaseApplication  # noqa: PLC0415, F401 -- not on every system
    except ImportError:
        _serve_simply(settings, listener)
    else:
        _serve_with_gunicorn(settings, listener)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise NotReady(
            say(
                "Cannot listen on %(host)s:%(port)s: %(reason)s. Choose another port with --port.",
                host=settings.host,
                port=settings.port,
                reason=error.strerror or str(error),
            )
        ) from None
    listener.listen(256)
    return listener


def _create_app(settings: Settings) -> Any:
    # The application is above this layer, and only the running server needs it.
    return importlib.import_module("formwright.factory").create_app(settings)


def _create_app_to_share(settings: Settings) -> Any:
    """Return the application with everything loaded that each process would load for itself otherwise.

    The processes are forked from this one: they start at once and share its memory, as long as nobody writes to it.
    So the collector of garbage leaves alone what is there by now, and looks less often: nearly all that a page makes is
    gone with it without being looked for. No connection may be shared.
    """
    app = _create_app(settings)
    runtime = importlib.import_module("formwright.factory").runtime_of(app)
    with contextlib.suppress(StoreUnavailable):  # nothing is installed yet; the pages will say so
        _ = runtime.definitions.plans
    runtime.store.close()
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    return app


def _serve_with_gunicorn(settings: Settings, listener: socket.socket) -> None:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 -- not on every system

    class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
        """gunicorn, told everything by us instead of by a file."""

        def load_config(self) -> None:
            for name, value in _gunicorn_options(settings, listener).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return _create_app_to_share(settings)

    Server().run()


def _gunicorn_options(settings: Settings, listener: socket.socket) -> dict[str, Any]:
    listener.set_inheritable(True)
    return {
        "bind": [f"fd://{listener.fileno()}"],
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "gthread",
        "preload_app": True,
        "timeout": 120,
        "graceful_timeout": 20,
        "keepalive": 5,
        "max_requests": 100_000,
        "max_requests_jitter": 10_000,
        "loglevel": settings.log_level.lower(),
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 -- memory, not a shared file
        "proc_name": "formwright",
        "control_socket_disable": True,
        "post_worker_init": _seal_what_was_left,
    }


def _seal_what_was_left(worker: Any) -> None:
    """Have the audit entries sealed that a process wrote which did not live to seal them."""
    worker.wsgi.extensions["formwright"].store.sealer.soon()


def _serve_simply(settings: Settings, listener: socket.socket) -> None:
    from werkzeug.serving import make_server  # noqa: PLC0415 -- only without gunicorn

    app = _create_app(settings)
    server = make_server(settings.host, settings.port, app, threaded=True, fd=listener.fileno())
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


# ---- the demonstration -------------------------------------------------------------------------------------


def _demo_password(settings: Settings) -> str:
    """Return the password of the demo people: made up once, kept in the home folder, readable by its owner only."""
    from formwright.engine import passwords  # noqa: PLC0415 -- keeps `--help` quick

    path = settings.home / "demo_password"
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(passwords.fresh_password() + "\n")
        fresh.replace(path)
    return path.read_text(encoding="ascii").strip()


def _install_demo(runtime: Runtime) -> None:
    from formwright.engine import packages  # noqa: PLC0415 -- keeps `--help` quick

    with runtime.unit(system(runtime)) as unit:
        if _DEMO_PACKAGE in unit.catalog.packages:
            return
    with progress(_("Installing the CRM with its demo data")):
        packages.install(runtime, system(runtime), _DEMO_PACKAGE, demo=True)


def _let_people_in(runtime: Runtime, password: str) -> list[list[str]]:
    """Give the demo people a log-in, if they have none; return who can look around, with role and team."""
    from formwright.engine import accounts  # noqa: PLC0415 -- keeps `--help` quick

    with runtime.unit(system(runtime), write=True) as unit:
        found = unit.gate.by_unique(accounts.USER, "login", ["admin", *_DEMO_ROLES])
        for login, user in found.items():
            if unit.tx.users.credential_of(user) is None:
                accounts.give_access(
                    unit, user, login, password, ["core.member", _DEMO_ROLES[login]]
                )
        roles = {"admin": "core.admin", **_DEMO_ROLES}
        return [
            _presented(unit, login, found[login], roles[login]) for login in roles if login in found
        ]


def _presented(unit: Unit, login: str, user: int, role: str) -> list[str]:
    """Return a line about somebody: log-in, name, role and team."""
    person = unit.sight.row("core.user", user)
    team = person.get("team") if person is not None else None
    group = unit.sight.row("core.team", team) if isinstance(team, int) else None
    return [
        login,
        str(person.get("name") or "") if person is not None else "",
        unit.catalog.roles[role].title.in_language(language()),
        unit.title(group) if group is not None else "",
    ]
