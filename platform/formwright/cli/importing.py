"""``formwright import``: a CSV or Excel file into an entity, on trial or for good."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from formwright.cli.instance import acting, entity_name, open_instance
from formwright.cli.language import _, language, tell
from formwright.cli.output import progress, say_line, write_json, write_table
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.imports.job import ImportOptions
    from formwright.engine.imports.report import Counts, Report
    from formwright.engine.imports.trial import ColumnTrial, Trial

_MODES = ("keep_latest", "update", "skip", "insert")
_REASONS = 20


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
            (_write_trial_json if options["as_json"] else _write_trial)(found)
            return int(found.counts.bad > 0)
        with progress(_("Importing")) as bar:

            def advance(part: float, counts: Counts) -> None:
                bar(part, _("%(count)s rows", count=counts.rows))

            report = running.run(runtime, actor, name, file, wanted, advance=advance, ask_order=ask)
    (_write_report_json if options["as_json"] else _write_report)(report)
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


# ---- what came of it ---------------------------------------------------------------------------------------


def _write_report(report: Report) -> None:
    if report.repeated:
        say_line(
            _(
                "This file has been imported already, in the same way; nothing was done. Repeat it with --again."
            )
        )
    if report.resumed:
        say_line(_("An earlier run had stopped; this one went on behind its last batch."))
    _write_counts(report.counts)
    if report.seconds and not report.repeated:
        say_line(_("%(seconds)s seconds", seconds=f"{report.seconds:.1f}"))
    _write_reasons(report)
    if report.errors_file:
        say_line(_("The refused rows, with reasons: %(file)s", file=str(report.errors_file)))
    if report.merged_file:
        say_line(_("The rows merged into newer ones: %(file)s", file=str(report.merged_file)))


def _write_counts(counts: Counts) -> None:
    words = (
        (counts.rows, say("rows read")),
        (counts.created, say("created")),
        (counts.updated, say("updated")),
        (counts.unchanged, say("known and unchanged")),
        (counts.skipped, say("known and skipped")),
        (counts.merged, say("merged into newer rows")),
        (counts.bad, say("refused")),
    )
    for number, text in words:
        if number or text is words[0][1]:
            say_line(f"{number:>10,}  {tell(text)}")


def _write_reasons(report: Report) -> None:
    for bad in report.samples[:_REASONS]:
        say_line(_("row %(row)s: %(reasons)s", row=bad.number, reasons="; ".join(bad.reasons)))
    more = report.counts.bad - len(report.samples[:_REASONS])
    if report.samples and more > 0:
        say_line(_("… and %(count)s more", count=more))


def _write_report_json(report: Report) -> None:
    write_json(_report_json(report))


def _report_json(report: Report) -> dict[str, Any]:
    return {
        "counts": report.counts.as_json(),
        "repeated": report.repeated,
        "resumed": report.resumed,
        "seconds": round(report.seconds, 2),
        "errors_file": report.errors_file,
        "merged_file": report.merged_file,
        "bad": [{"row": bad.number, "reasons": bad.reasons} for bad in report.samples],
        "merged": [{"row": row, "into": into} for row, into in report.merged],
    }


# ---- a trial -----------------------------------------------------------------------------------------------


def _write_trial(trial: Trial) -> None:
    say_line(_("Trial: nothing is written."))
    if trial.ambiguous:
        say_line(
            _(
                "Some dates can be read in two ways, such as %(date)s: say --date-order dmy or --date-order mdy.",
                date=trial.ambiguous,
            )
        )
    _write_columns(trial)
    _write_left_over(trial)
    _write_counts(trial.counts)
    _write_reasons(trial.report)
    for number, texts in trial.records:
        say_line(_("row %(row)s would become:", row=number))
        for label, text in texts:
            say_line(f"    {label}: {text}")


def _write_columns(trial: Trial) -> None:
    rows = [
        [
            each.title,
            _field_name(each),
            each.good,
            each.empty,
            each.wrong,
            " | ".join(f"{cell} → {text}" if cell != text else cell for cell, text in each.samples),
            " | ".join(f"{row}: {cell}" for row, cell in each.wrong_samples),
        ]
        for each in trial.columns
    ]
    header = (
        _("Column"), _("Field"), _("Good"), _("Empty"), _("Wrong"), _("Samples"), _("Wrong ones (row: cell)"),
    )  # fmt: skip
    write_table(header, rows)


def _field_name(column: ColumnTrial) -> str:
    return f"{column.field.title.in_language(language())} ({column.field.key})"


def _write_left_over(trial: Trial) -> None:
    mapping = trial.job.mapping
    for column in mapping.unmatched:
        nearest = column.nearest
        if nearest is None:
            say_line(_("The column '%(name)s' goes nowhere.", name=column.title))
        else:
            say_line(
                _(
                    "The column '%(name)s' goes nowhere; did you mean %(field)s? Then say --map '%(name)s=%(key)s'.",
                    name=column.title,
                    field=nearest.title.in_language(language()),
                    key=nearest.key,
                )
            )
    for title in mapping.left_out:
        say_line(_("The column '%(name)s' is left out: the platform fills it itself.", name=title))
    for field in mapping.missing:
        say_line(
            _(
                "%(field)s is required, and no column goes into it.",
                field=field.title.in_language(language()),
            )
        )


def _write_trial_json(trial: Trial) -> None:
    mapping = trial.job.mapping
    write_json(
        {
            "counts": trial.counts.as_json(),
            "ambiguous": trial.ambiguous,
            "columns": [
                {
                    "title": each.title,
                    "field": each.field.key,
                    "good": each.good,
                    "empty": each.empty,
                    "wrong": each.wrong,
                    "samples": [{"cell": cell, "text": text} for cell, text in each.samples],
                    "wrong_samples": [
                        {"row": row, "cell": cell} for row, cell in each.wrong_samples
                    ],
                }
                for each in trial.columns
            ],
            "unmatched": [
                {"title": each.title, "nearest": each.nearest.key if each.nearest else None}
                for each in mapping.unmatched
            ],
            "left_out": mapping.left_out,
            "missing": [field.key for field in mapping.missing],
            "records": [{"row": number, "values": dict(texts)} for number, texts in trial.records],
            "bad": [{"row": bad.number, "reasons": bad.reasons} for bad in trial.report.samples],
            "merged": [{"row": row, "into": into} for row, into in trial.report.merged],
        }
    )
