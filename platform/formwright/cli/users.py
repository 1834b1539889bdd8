"""``formwright user``: accounts from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

from formwright.cli.instance import open_instance, system
from formwright.cli.language import _, language
from formwright.cli.output import say_line, write_json, write_table
from formwright.cli.passwords import password_option, read_password
from formwright.cli.refusals import told
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit


@click.group(help=_("Add, invite and list users, set passwords, let people go."))
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
    from formwright.engine import accounts, passwords  # noqa: PLC0415 -- keeps `--help` quick

    given = read_password(password_file)
    password = given or passwords.fresh_password()
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
    from formwright.engine import accounts, passwords  # noqa: PLC0415 -- keeps `--help` quick

    given = read_password(password_file)
    password = given or passwords.fresh_password()
    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        accounts.set_password(unit, login, password, must_change=not given)
    say_line(_("The password of %(login)s is changed.", login=login))
    if not given:
        say_line(_("Password: %(password)s", password=password))


@user.command(
    help=_("Make the link by which somebody sets a first password; adds whoever is not there yet.")
)
@click.argument("login")
@click.option("--name", default="", help=_("Full name."))
@click.option("--email", default="", help=_("E-mail address."))
@click.option(
    "--role", "roles", multiple=True, help=_("Role, such as crm.sales_rep; can be repeated.")
)
def invite(login: str, name: str, email: str, roles: tuple[str, ...]) -> None:
    """Invite somebody."""
    from formwright.engine import people  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime, told(), runtime.unit(system(runtime), write=True) as unit:
        known = _find_user(unit, login)
        if known is None:
            token = people.invite_new(unit, login=login, name=name, email=email, roles=roles)
        else:
            token = people.invite(unit, known)
            if roles:
                people.change_roles(unit, known, roles)
    _say_link(token, _("Good for one use, for 72 hours:"))


@user.command(
    "reset-link",
    help=_("Make the link by which somebody sets another password, good for 30 minutes."),
)
@click.argument("login")
def reset_link(login: str) -> None:
    """Make a link to reset a password."""
    from formwright.engine import people  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        token = people.reset_password(unit, _user(unit, login))
    _say_link(token, _("Good for one use, for 30 minutes:"))


@user.command(
    "reset-two-step", help=_("Take somebody's second step and passkeys away; every session ends.")
)
@click.argument("login")
def reset_two_step(login: str) -> None:
    """Reset two-step log-in."""
    from formwright.engine import people  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        people.reset_two_step(unit, _user(unit, login))
    say_line(_("The second step of %(login)s is gone.", login=login))


@user.command("end-sessions", help=_("End every session of somebody."))
@click.argument("login")
def end_sessions(login: str) -> None:
    """End sessions."""
    from formwright.engine import people  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        count = people.end_sessions(unit, _user(unit, login))
    say_line(_("Sessions that have ended: %(count)s", count=count))


@user.command(help=_("Shut somebody out at once, and hand the records over to somebody else."))
@click.argument("login")
@click.option(
    "--to", "successor", default="", help=_("Log-in name of whoever takes the records over.")
)
def deactivate(login: str, successor: str) -> None:
    """Deactivate somebody."""
    from formwright.engine import leaving, people  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.ids import format_id  # noqa: PLC0415

    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        who = _user(unit, login)
        people.set_active(unit, who, active=False)
        owned = [each for each in leaving.owned(unit, who) if each.count]
        handed = None
        if successor and owned:
            to = _user(unit, successor)
            handed = leaving.hand_over(unit, who, {each.entity.name: to for each in owned})
    say_line(_("%(login)s cannot log in any more.", login=login))
    for each in owned:
        title = each.entity.title_plural.in_language(language())
        if handed is None:
            say_line(_("Still owned: %(title)s (%(count)s)", title=title, count=each.count))
        else:
            say_line(_("Handed over: %(title)s (%(count)s)", title=title, count=each.count))
    if handed is not None:
        say_line(
            _("To take it back: formwright user undo-hand-over %(id)s", id=format_id(handed.id))
        )


@user.command("undo-hand-over", help=_("Take a whole hand-over back."))
@click.argument("number")
def undo_hand_over(number: str) -> None:
    """Undo a hand-over."""
    from formwright.engine import leaving  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.ids import parse_id  # noqa: PLC0415

    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        count = leaving.undo(unit, parse_id(number) or 0)
    say_line(_("Records that are back: %(count)s", count=count))


@user.command(help=_("Let somebody log in again."))
@click.argument("login")
def activate(login: str) -> None:
    """Activate somebody."""
    from formwright.engine import people  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime, runtime.unit(system(runtime), write=True) as unit:
        people.set_active(unit, _user(unit, login), active=True)
    say_line(_("%(login)s can log in again.", login=login))


def _find_user(unit: Unit, login: str) -> int | None:
    """Return the id of the user record with that log-in name, whether the person can log in or not."""
    from formwright.engine.profile import user_of_login  # noqa: PLC0415 -- keeps `--help` quick

    return user_of_login(unit, login)


def _user(unit: Unit, login: str) -> int:
    from formwright.errors import UnknownName  # noqa: PLC0415 -- only after a mistake

    found = _find_user(unit, login)
    if found is None:
        raise UnknownName(say("Nobody logs in as '%(login)s'.", login=login))
    return found


def _say_link(token: str, about: str) -> None:
    from formwright import settings  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.engine import invitations  # noqa: PLC0415

    say_line(about)
    say_line(invitations.link(settings.load().address, token))
