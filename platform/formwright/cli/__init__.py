"""The command line ``formwright``. Each command is a module that is imported when it is called."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the entry point of the installed script."""
    from formwright.cli.program import run  # noqa: PLC0415 -- importing the package costs nothing

    run()
