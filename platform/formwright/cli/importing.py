"""``formwright import``: a CSV or Excel file into an entity, on trial or for good."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from formwright.cli import reports
from formwright.cli.instance import acting, entity_name, open_instance
from formwright.cli.language import _
from formwright.cli.output import progress, say_line

if TYPE_CHECKING:
    from formwright.engine.imports.job import ImportOptions
    from formwright.engine.imports.report import Counts

_MODES = ("keep_latest", "update", "skip", "insert")


@click.command(
    "import",
    help=_(
        "Bring a CSV or Excel file into an entity. Good rows go in; bad ones come back as a file."
    ),
)
@click.argument("entity")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--trial", is_flag=True, help=_("Write nothing; show what the first rows would become.")
)
@click.option(
    "--rows", type=click.IntRange(1), default=1_000, show_default=True, help=_("Rows of a trial.")
)
@click.option(
    "--match-on",
    multiple=True,
    metavar="FIELD",
    help=_("Field by which records are known; can be repeated."),
)
@click.option(
    "--mode",
    type=click.Choice(_MODES),
    help=_("What to do about known records: with --match-on, keep_latest by default."),
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="COLUMN=FIELD",
    help=_("Put a column into a field; COLUMN= leaves it out."),
)
@click.option(
    "--date-order",
    type=click.Choice(["dmy", "mdy"]),
    help=_("How 03/04/2024 is meant: day first or month first."),
)
@click.option("--sheet", default="", help=_("Sheet of a workbook; the first without it."))
@click.option("--encoding", default="", help=_("Encoding of a CSV file; found out without it."))
@click.option("--delimiter", default="", help=_("Delimiter of a CSV file; found out without it."))
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=2_000,
    show_default=True,
    help=_("Rows in one transaction."),
)
@click.option(
    "--errors",
    type=click.Path(path_type=Path),
    help=_("Where bad rows go; beside the file without it."),
)
@click.option(
    "--again", is_flag=True, help=_("Import a file once more that has been imported already.")
)
@click.option("--as", "login", default="", help=_("Log-in of the person as whom to work."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def import_(entity: str, file: Path, **options: Any) -> int:
    """Import a file. Return 1 when some of its rows were refused."""
    from formwright.engine.imports import running, trial  # noqa: PLC0415 -- keeps `--help` quick

    wanted = _options(options)
    ask = _ask if sys.stdin.isatty() and sys.stderr.isatty() else None
    with open_instance() as runtime:
        actor = acting(runtime, options["login"])
        name = entity_name(runtime, entity)
        if options["trial"]:
            found = trial.try_out(
                runtime, actor, name, file, wanted, rows=options["rows"], ask_order=ask
            )
            (reports.write_trial_json if options["as_json"] else reports.write_trial)(found)
            return int(found.counts.bad > 0)
        with progress(_("Importing")) as bar:

            def advance(part: float, counts: Counts) -> None:
                bar(part, _("%(count)s rows", count=counts.rows))

            report = running.run(runtime, actor, name, file, wanted, advance=advance, ask_order=ask)
    (reports.write_report_json if options["as_json"] else reports.write_report)(report)
    return int(report.counts.bad > 0)


def _options(given: dict[str, Any]) -> ImportOptions:
    from formwright.engine.imports.job import ImportOptions  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.engine.imports.merging import Mode  # noqa: PLC0415
    from formwright.engine.imports.reading import ReadOptions  # noqa: PLC0415

    delimiter = given["delimiter"].replace("\\t", "\t")
    match_on = tuple(
        name.strip() for each in given["match_on"] for name in each.split(",") if name.strip()
    )
    return ImportOptions(
        read=ReadOptions(given["sheet"], given["encoding"], delimiter),
        columns=dict(_pair(each) for each in given["columns"]),
        match_on=match_on,
        mode=Mode(given["mode"]) if given["mode"] else None,
        date_order=given["date_order"] or "",
        batch=given["batch"],
        errors=given["errors"],
        again=given["again"],
    )


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals or not column.strip():
        raise click.UsageError(_("--map takes COLUMN=FIELD, not '%(text)s'.", text=text))
    return column.strip(), field.strip()


def _ask(sample: str) -> str:
    """Ask how a date is meant, once for the file."""
    say_line(_("Some dates can be read in two ways, such as %(date)s.", date=sample))
    return str(
        click.prompt(
            _("Which comes first: the day (dmy) or the month (mdy)?"),
            type=click.Choice(["dmy", "mdy"]),
            err=True,
        )
    )
