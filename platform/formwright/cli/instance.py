"""The instance at hand: opening it for a command, making it ready, its version."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

import formwright
from formwright.cli.language import _, language
from formwright.cli.output import say_line, write_json
from formwright.cli.passwords import password_option, read_password
from formwright.errors import Forbidden, FormwrightError
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.actor import Actor
    from formwright.engine.runtime import Runtime
    from formwright.settings import Settings
    from formwright.store.transaction import Transaction


class NotReady(FormwrightError):
    """The instance lacks something that a command needs first."""


@contextmanager
def open_instance(settings: Settings | None = None, *, ready: bool = True) -> Iterator[Runtime]:
    """Open the instance that the settings describe; with ``ready``, refuse one that ``init`` has not seen."""
    from formwright import paths  # noqa: PLC0415 -- keeps `--help` quick
    from formwright import settings as settings_  # noqa: PLC0415
    from formwright.engine.runtime import Runtime  # noqa: PLC0415
    from formwright.plugins import manager  # noqa: PLC0415
    from formwright.store import health, schema  # noqa: PLC0415
    from formwright.store.audit_sealing import Safe  # noqa: PLC0415
    from formwright.store.store import Store  # noqa: PLC0415
    from formwright.texts import Reader  # noqa: PLC0415

    settings = settings or settings_.load()
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    in_memory = settings.url == "sqlite://"  # nothing of it stays, so no key is made for it
    safe = None if in_memory else Safe(settings.key_of_audit(), settings.audit_head)
    store = Store.open(settings.url, safe=safe)
    try:
        health.require_reachable(store.engine)
        if ready:
            schema.require_current(store.engine)
        site = Reader(language(), settings.timezone, settings.region)
        runtime = Runtime(
            store, manager.load([paths.tree("plugins"), settings.home / "plugins"]), site=site
        )
        if ready and store.is_behind():
            store.catch_up(runtime.catalog)  # a publication was interrupted
        yield runtime
    finally:
        store.close()


def system(runtime: Runtime) -> Actor:
    """Return the actor of work that belongs to nobody: installing, making accounts."""
    from dataclasses import replace  # noqa: PLC0415 -- keeps `--help` quick

    from formwright.engine.actor import Origin  # noqa: PLC0415
    from formwright.engine.packages import installer  # noqa: PLC0415

    return replace(installer(runtime.catalog), origin=Origin("cli"))


def acting(runtime: Runtime, login: str) -> Actor:
    """Return the person as whom a command works: the one named, or else the first administrator."""
    from formwright.engine.accounts import first_administrator  # noqa: PLC0415 -- keeps `--help` quick

    with runtime.unit(system(runtime)) as unit:
        if login:
            credential = unit.tx.users.credential(login)
            if credential is None:
                raise Forbidden(say("Nobody logs in as '%(login)s'.", login=login))
            return _speaking(runtime, unit.tx, credential.user)
        administrator = first_administrator(unit.tx)
        if administrator is None:
            raise NotReady(say("There is no administrator yet; run 'formwright init'."))
        return _speaking(runtime, unit.tx, administrator)


def _speaking(runtime: Runtime, tx: Transaction, user: int) -> Actor:
    """Return the actor of a user, in the language of this terminal."""
    from dataclasses import replace  # noqa: PLC0415 -- only where an actor is needed

    found = runtime.actor(tx, user)
    return replace(
        found, reader=replace(found.reader, language=language()), origin=system(runtime).origin
    )


def entity_name(runtime: Runtime, name: str) -> str:
    """Return the qualified name of the entity that ``name`` means; its package may be left out when that is clear."""
    from formwright.errors import UnknownName  # noqa: PLC0415 -- only after a mistake
    from formwright.suggest import closest  # noqa: PLC0415

    entities = runtime.catalog.entities
    if name in entities:
        return name
    found = [key for key, entity in entities.items() if entity.key == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownName(
            say("'%(name)s' can be any of %(names)s.", name=name, names=", ".join(sorted(found)))
        )
    near = closest(name, [*entities, *(entity.key for entity in entities.values())])
    if near is None:
        raise UnknownName(say("There is no entity '%(name)s'.", name=name))
    raise UnknownName(
        say("There is no entity '%(name)s'; did you mean '%(near)s'?", name=name, near=near)
    )


def make_ready(runtime: Runtime) -> bool:
    """Bring the database to this version and put the core package into force; return whether it was new."""
    from formwright.engine import packages  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.store import schema  # noqa: PLC0415

    new = schema.current(runtime.store.engine) is None
    schema.upgrade(runtime.store.engine)
    with runtime.store.transaction(write=False) as tx:
        published = tx.revisions.newest_number()
    if not published:
        packages.install(runtime, system(runtime), packages.CORE)
    return new


@click.command(help=_("Make the database ready and the first administrator; safe to run again."))
@click.option(
    "--login", default="admin", show_default=True, help=_("Log-in name of the administrator.")
)
@click.option("--name", default="", help=_("Full name of the administrator."))
@password_option
def init(login: str, name: str, password_file: TextIO | None) -> None:
    """Make the instance ready."""
    with open_instance(ready=False) as runtime:
        new = make_ready(runtime)
        say_line(
            _("The database is ready.") if new else _("The database was ready; it is up to date.")
        )
        made = ensure_administrator(runtime, login, name, read_password(password_file))
        if made:
            say_line(_("Administrator: %(login)s", login=login))
            if made != "-":
                say_line(_("Password: %(password)s", password=made))


def ensure_administrator(runtime: Runtime, login: str, name: str, password: str) -> str:
    """Make the first administrator, if there is none yet.

    Return "" when there was one, "-" when he has the password that was given, or else the password made up.
    """
    from formwright.engine import accounts, passwords  # noqa: PLC0415 -- keeps `--help` quick

    with runtime.unit(system(runtime), write=True) as unit:
        if accounts.first_administrator(unit.tx) is not None:
            return ""
        chosen = password or passwords.fresh_password()
        accounts.add_account(
            unit, login=login, name=name or login, password=chosen, roles=[accounts.ADMIN]
        )
    return "-" if password else chosen


@click.command(help=_("Print the version."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def version(*, as_json: bool) -> None:
    """Print the version of the platform and of what it runs on."""
    from formwright.store.database import sqlite_module  # noqa: PLC0415 -- keeps `--help` quick

    found = {
        "formwright": formwright.__version__,
        "python": sys.version.split()[0],
        "sqlite": sqlite_module().sqlite_version,
    }
    if as_json:
        write_json(found)
    else:
        say_line(
            f"Formwright {found['formwright']} (Python {found['python']}, SQLite {found['sqlite']})"
        )
