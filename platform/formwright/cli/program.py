"""The program ``formwright``: its commands by name, and what becomes of errors."""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from formwright.cli.language import _, language
from formwright.errors import DefinitionErrors, FormwrightError
from formwright.texts import Text, say

#: What a command may end with, besides 0.
REFUSED = 1
WRONG_USE = 2

#: Command -> the module and the function that it is, and its line in the list of commands. Text here, so that the
#: list is shown without importing any of them.
_COMMANDS: dict[str, tuple[str, Text]] = {
    "init": ("instance:init", say("Make the database ready and the first administrator.")),
    "serve": ("serving:serve", say("Serve the applications.")),
    "demo": (
        "serving:demo",
        say("Install the CRM with demo data, if it is not there, and serve it."),
    ),
    "check": ("packages:check", say("Look for mistakes in packages.")),
    "plan": ("packages:plan", say("Say what applying a package would change.")),
    "apply": ("packages:apply", say("Put a package into force, in its present state.")),
    "install": ("packages:install", say("Install a shipped package.")),
    "packages": ("packages:packages", say("List the packages that are installed or shipped.")),
    "import": ("importing:import_", say("Bring a CSV or Excel file into an entity.")),
    "export": ("exporting:export", say("Write the records of an entity to a file.")),
    "user": ("users:user", say("Add, invite and list users, set passwords, let people go.")),
    "audit": ("audit:audit", say("Verify, list, export and shorten the audit log.")),
    "explain": ("explaining:explain", say("Say why somebody may do something, or not.")),
    "doctor": ("health:doctor", say("Check the instance, and say what to do about what is wrong.")),
    "schema": ("packages:schema", say("Print the JSON Schema of definitions, for editors.")),
    "version": ("instance:version", say("Print the version.")),
}


class _Program(click.Group):
    """The group of all commands, each imported when it is asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names, in the order in which people meet them."""
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _sep, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"formwright.cli.{module}"), name)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section(_("Commands")):
            formatter.write_dl(
                [
                    (name, line.in_language(language()))
                    for name, (_module, line) in _COMMANDS.items()
                ]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from formwright.suggest import closest  # noqa: PLC0415 -- only after a mistake

            near = closest(args[0], _COMMANDS)
            message = _("There is no command '%(name)s'.", name=args[0])
            hint = _("Did you mean '%(name)s'?", name=near) if near else ""
            raise click.UsageError(f"{message} {hint}".strip(), ctx)
        return super().resolve_command(ctx, args)


@click.command(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=_("Formwright: business applications from definitions."),
)
def program() -> None:
    """Stand for the whole command line."""


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code; what is wrong on purpose is told in a sentence."""
    try:
        code = program.main(args=arguments, prog_name="formwright", standalone_mode=False)
    except click.exceptions.Abort:
        complain(_("Stopped."))
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except DefinitionErrors as errors:
        for problem in errors.problems:
            complain(problem.in_language(language()))
        sys.exit(REFUSED)
    except FormwrightError as error:
        complain(error.text.in_language(language()))
        sys.exit(REFUSED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(REFUSED)
    sys.exit(code if isinstance(code, int) else 0)


def complain(sentence: str) -> None:
    """Write a sentence to standard error."""
    click.echo(sentence, err=True)
