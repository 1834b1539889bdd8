"""``formwright user``: accounts from the command line."""

from __future__ import annotations

from typing import TextIO

import click

from formwright.cli.instance import open_instance, system
from formwright.cli.language import _
from formwright.cli.output import say_line, write_json, write_table
from formwright.cli.passwords import password_option, read_password
from formwright.cli.refusals import told


@click.group(help=_("Add and list users, set passwords."))
def user() -> None:
    """Stand for the commands on accounts."""


@user.command(help=_("Add somebody who can log in."))
@click.argument("login")
@click.option("--name", default="", help=_("Full name."))
@click.option("--email", default="", help=_("E-mail address."))
@click.option(
    "--role", "roles", multiple=True, help=_("Role, such as crm.sales_rep; can be repeated.")
)
@click.option("--language", type=click.Choice(["en", "zh-CN"]), help=_("Language of the person."))
@password_option
def add(
    login: str,
    name: str,
    email: str,
    roles: tuple[str, ...],
    language: str | None,
    password_file: TextIO | None,
) -> None:
    """Make an account."""
    from formwright.engine import accounts  # noqa: PLC0415 -- keeps `--help` quick

    given = read_password(password_file)
    password = given or accounts.fresh_password()
    with open_instance() as runtime, told(), runtime.unit(system(runtime), write=True) as unit:
        accounts.add_account(
            unit,
            login=login,
            name=name,
            password=password,
            roles=roles or ["core.member"],
            email=email,
            language=language or "",
            must_change=not given,
        )
    say_line(_("%(login)s can log in.", login=login))
    if not given:
        say_line(_("Password: %(password)s", password=password))


@user.command("list", help=_("List who can log in."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def list_(*, as_json: bool) -> None:
    """List the accounts."""
    from formwright.engine import accounts  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.ids import format_id  # noqa: PLC0415

    with open_instance() as runtime, runtime.unit(system(runtime)) as unit:
        found = accounts.accounts(unit)
    if as_json:
        write_json(
            [
                {
                    "id": format_id(each.id),
                    "login": each.login,
                    "name": each.name,
                    "roles": each.roles,
                    "active": each.active,
                }
                for each in found
            ]
        )
        return
    write_table(
        [_("Log-in"), _("Name"), _("Roles"), _("Active")],
        [[e.login, e.name, ", ".join(e.roles), _("yes") if e.active else _("no")] for e in found],
    )


@user.command(help=_("Set somebody's password; every session of the person ends."))
@click.argument("login")
@password_option
def passwd(login: str, password_file: TextIO | None) -> None:
    """Change a password."""
    from formwright.engine import accounts  # noqa: PLC0415 -- keeps `--help` quick

    given = read_password(password_file)
    password = given or accounts.fresh_password()
    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        accounts.set_password(unit, login, password, must_change=not given)
    say_line(_("The password of %(login)s is changed.", login=login))
    if not given:
        say_line(_("Password: %(password)s", password=password))
