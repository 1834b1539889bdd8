"""Passwords on the command line: from a file or a pipe, typed unseen, or made up; never an argument."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

import click

from formwright.cli.language import _

Command = TypeVar("Command", bound=Callable[..., Any])


def password_option(command: Command) -> Command:
    """Give a command the option ``--password-file``."""
    return click.option(
        "--password-file",
        type=click.File(),
        help=_(
            "File with the password, - for standard input. Without one it is asked for, or made up and printed."
        ),
    )(command)


def read_password(file: TextIO | None) -> str:
    """Return the password out of the file or from the terminal; "" when one is to be made up."""
    if file is not None:
        return file.read().strip("\r\n")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    return str(
        click.prompt(
            _("Password (empty: make one up)"),
            default="",
            show_default=False,
            hide_input=True,
            confirmation_prompt=True,
        )
    )
