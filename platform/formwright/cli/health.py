"""``formwright doctor``: whether the instance is sound."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from formwright.cli.instance import open_instance, system
from formwright.cli.language import _, tell
from formwright.cli.output import say_line, write_json
from formwright.cli.program import REFUSED
from formwright.errors import FormwrightError
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime
    from formwright.settings import Settings
    from formwright.store.health import Finding

_MARKS = {"good": "ok", "warning": "! ", "bad": "!!"}


@click.command(help=_("Check the instance, and say what to do about what is wrong."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def doctor(*, as_json: bool) -> int:
    """Look at everything an operator can get wrong. Return 1 when something is bad."""
    from formwright import settings  # noqa: PLC0415 -- keeps `--help` quick

    chosen = settings.load()
    with open_instance(chosen, ready=False) as runtime:
        findings = list(_examine(runtime, chosen))
    if as_json:
        write_json(
            [
                {
                    "name": finding.name,
                    "level": finding.level.value,
                    "found": finding.found,
                    "advice": tell(finding.advice) if finding.advice else None,
                }
                for finding in findings
            ]
        )
    else:
        for finding in findings:
            say_line(f"{_MARKS[finding.level]}  {finding.name}: {finding.found}")
            if finding.advice is not None:
                say_line(f"      {tell(finding.advice)}")
    return REFUSED if any(finding.level == "bad" for finding in findings) else 0


def _examine(runtime: Runtime, settings: Settings) -> Iterator[Finding]:
    from formwright.store import health  # noqa: PLC0415 -- keeps `--help` quick

    database = list(health.examine(runtime.store.engine))
    yield from database
    yield from _files(settings)
    yield from _plugins(runtime)
    if all(finding.name != "schema" or finding.level == "good" for finding in database):
        yield from _packages(runtime)


def _files(settings: Settings) -> Iterator[Finding]:
    """Say which of the files that hold secrets others on this machine can read."""
    from formwright.store.health import Finding, Level  # noqa: PLC0415 -- keeps `--help` quick

    yield Finding("home", Level.GOOD, str(settings.home.resolve()))
    for name in ("secret_key", "audit_key", "demo_password", "formwright.db"):
        path = settings.home / name
        if path.exists() and _is_open(path) and _is_open(settings.home):
            # The keys open every session and sign the audit log; the other two are the operator's own business.
            level = Level.BAD if name.endswith("_key") else Level.WARNING
            advice = say("Others on this machine can read it: chmod 600 %(path)s", path=str(path))
            yield Finding(name, level, f"{stat.S_IMODE(path.stat().st_mode):o}", advice)


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH))


def _plugins(runtime: Runtime) -> Iterator[Finding]:
    from formwright.store.health import Finding, Level  # noqa: PLC0415 -- keeps `--help` quick

    for plugin in runtime.plugins.report:
        name = f"plugin {plugin.name}"
        if plugin.works:
            yield Finding(name, Level.GOOD, plugin.source)
        else:
            yield Finding(name, Level.BAD, plugin.source, plugin.problem)


def _packages(runtime: Runtime) -> Iterator[Finding]:
    from formwright.engine import packages  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.store.health import Finding, Level  # noqa: PLC0415

    try:
        with runtime.unit(system(runtime)) as unit:
            for package in packages.installed(unit):
                yield Finding(f"package {package.key}", Level.GOOD, package.version)
            for lost in unit.catalog.lost:
                yield Finding("definitions", Level.BAD, str(lost.location), lost.message)
    except FormwrightError as error:
        yield Finding("packages", Level.BAD, "-", error.text)
