"""``formwright check``, ``plan``, ``apply``, ``install``, ``packages`` and ``schema``: definitions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from formwright.cli.instance import open_instance, system
from formwright.cli.language import _, language, tell
from formwright.cli.output import progress, say_line, write_json, write_table
from formwright.cli.program import REFUSED
from formwright.errors import DefinitionErrors, Problem

if TYPE_CHECKING:
    from formwright.definitions.model import Catalog
    from formwright.engine.packages import Plan

_PATH = click.Path(path_type=Path)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(help=_("Look for mistakes in packages; needs no database and changes nothing."))
@click.argument("path", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def check(path: Path, *, as_json: bool) -> int:
    """Check the package, or the packages, in a folder."""
    from formwright import settings  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.engine import packages  # noqa: PLC0415

    problems: tuple[Problem, ...] = ()
    found: Catalog | None = None
    # An empty database in memory: what a package means does not depend on what is installed.
    with open_instance(replace(settings.load(), database_url="sqlite://"), ready=False) as runtime:
        try:
            found = packages.check_folder(runtime, path)
        except DefinitionErrors as errors:
            problems = errors.problems
    if as_json:
        write_json({"problems": [_problem_json(problem) for problem in problems]})
    else:
        for problem in problems:
            click.echo(problem.in_language(language()), err=True)
        if found is not None:
            say_line(_("No mistakes: %(names)s.", names=", ".join(found.packages)))
        else:
            click.echo(_("%(count)s mistakes.", count=len(problems)), err=True)
    return REFUSED if problems else 0


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.location.file,
        "line": problem.location.line,
        "column": problem.location.column,
        "code": problem.code,
        "message": tell(problem.message),
        "expected": problem.expected,
        "suggestion": problem.suggestion,
    }


@click.command(
    help=_("Say what applying a package would change, and how many records that touches.")
)
@click.argument("path", type=_FOLDER)
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def plan(path: Path, *, as_json: bool) -> int:
    """Plan the package in a folder. Return 1 when it could not be applied."""
    from formwright.engine import packages  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime, runtime.unit(system(runtime)) as unit:
        found = packages.plan(unit, packages.files_to_publish(unit, path))[0]
    if as_json:
        write_json(_plan_json(found))
    else:
        _write_plan(found)
    return REFUSED if found.refused else 0


def _write_plan(found: Plan) -> None:
    if found.same_files:
        say_line(_("Nothing would change: this is in force already."))
    elif not found.changes:
        say_line(_("Only the wording of files would change."))
    for change, count in found.counts:
        records = _(" (%(count)s records)", count=count) if count else ""
        say_line(f"  {tell(change.text)}{records}")
    for sentence in found.rights:
        say_line("  " + _("Rights of people: %(change)s", change=tell(sentence)))
    for entity, field in found.without_index:
        say_line(
            _(
                "%(place)s wishes for an index and gets none: there are no free columns.",
                place=f"{entity}.{field}",
            )
        )
    for sentence in found.refused:
        click.echo(_("Would lose data: %(reason)s", reason=tell(sentence)), err=True)


def _plan_json(found: Plan) -> dict[str, Any]:
    return {
        "packages": found.packages,
        "same_files": found.same_files,
        "changes": [
            {
                "code": change.code,
                "text": tell(change.text),
                "entity": change.entity,
                "field": change.field,
                "effect": change.effect.value,
                "records": count,
            }
            for change, count in found.counts
        ],
        "rights": [tell(sentence) for sentence in found.rights],
        "without_index": [f"{entity}.{field}" for entity, field in found.without_index],
        "refused": [tell(sentence) for sentence in found.refused],
    }


@click.command(
    "apply", help=_("Put a package into force, in its present state: all of it, or nothing.")
)
@click.argument("path", type=_FOLDER)
@click.option("--accept-loss", is_flag=True, help=_("Go on although stored values would be lost."))
@click.option("--note", default="", help=_("What the change is for; kept with the revision."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def apply(path: Path, note: str, *, accept_loss: bool, as_json: bool) -> None:
    """Apply the package in a folder; doing it again changes nothing."""
    from formwright.engine import packages  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime:
        published = packages.apply_folder(
            runtime, system(runtime), path, note, accept_loss=accept_loss
        )
    if as_json:
        write_json({"revision": published.number, **_plan_json(published.plan)})
        return
    _write_plan(published.plan)
    say_line(_("Revision %(number)s is in force.", number=published.number))


@click.command(help=_("Install a shipped package, with those it needs."))
@click.argument("package")
@click.option("--demo", is_flag=True, help=_("Bring its demo data along."))
def install(package: str, *, demo: bool) -> None:
    """Install a package; doing it again changes nothing."""
    from formwright.engine import packages  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime:
        with progress(_("Installing %(package)s", package=package)):
            published = packages.install(runtime, system(runtime), package, demo=demo)
        say_line(
            _(
                "%(package)s is installed (revision %(number)s).",
                package=package,
                number=published.number,
            )
        )


@click.command(help=_("List the packages that are installed or shipped."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def packages(*, as_json: bool) -> None:
    """List packages."""
    from formwright.engine import packages as engine  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime:
        with runtime.unit(system(runtime)) as unit:
            installed = {package.key: package for package in engine.installed(unit)}
        keys = dict.fromkeys([*installed, *engine.shipped()])
    rows = [
        {
            "package": key,
            "title": installed[key].title.in_language(language()) if key in installed else "",
            "version": installed[key].version if key in installed else "",
            "installed": key in installed,
        }
        for key in keys
    ]
    if as_json:
        write_json(rows)
        return
    write_table(
        [_("Package"), _("Title"), _("Version"), _("Installed")],
        [
            [r["package"], r["title"], r["version"], _("yes") if r["installed"] else _("no")]
            for r in rows
        ],
    )


@click.command(help=_("Print the JSON Schema of definitions, for editors."))
@click.option("--output", "-o", type=_PATH, help=_("The file; standard output without it."))
def schema(output: Path | None) -> None:
    """Print the schema of the language, with the field types of the plugins at hand."""
    import json  # noqa: PLC0415 -- only here

    from formwright import paths  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.definitions.schema import json_schema  # noqa: PLC0415
    from formwright.plugins import manager  # noqa: PLC0415

    plugins = manager.load([paths.tree("plugins")])
    text = json.dumps(json_schema(plugins.registry), ensure_ascii=False, indent=2)
    if output is None:
        say_line(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        say_line(_("The schema is in %(file)s.", file=str(output)))
