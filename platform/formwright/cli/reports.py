"""What came of an import, or would come of it, as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from formwright.cli.language import _, language, tell
from formwright.cli.output import say_line, write_json, write_table
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.imports.mapping import LeftOut
    from formwright.engine.imports.report import Counts, Report
    from formwright.engine.imports.trial import ColumnTrial, Trial

_REASONS = 20


def write_report(report: Report) -> None:
    """Write what an import did."""
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
    _write_left_out(report.left_out)
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


def write_report_json(report: Report) -> None:
    """Write what an import did, for a program."""
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
        "left_out": _left_out_json(report.left_out),
    }


# ---- a trial -----------------------------------------------------------------------------------------------


def write_trial(trial: Trial) -> None:
    """Write what an import would do."""
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
    _write_left_out(mapping.left_out)
    for field in mapping.missing:
        say_line(
            _(
                "%(field)s is required, and no column goes into it.",
                field=field.title.in_language(language()),
            )
        )


def _write_left_out(columns: Sequence[LeftOut]) -> None:
    for column in columns:
        reason = tell(column.reason)
        say_line(
            _("The column '%(name)s' is left out: %(reason)s", name=column.title, reason=reason)
        )


def _left_out_json(columns: Sequence[LeftOut]) -> list[dict[str, str]]:
    return [{"title": each.title, "reason": tell(each.reason)} for each in columns]


def write_trial_json(trial: Trial) -> None:
    """Write what an import would do, for a program."""
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
            "left_out": _left_out_json(mapping.left_out),
            "missing": [field.key for field in mapping.missing],
            "records": [{"row": number, "values": dict(texts)} for number, texts in trial.records],
            "bad": [{"row": bad.number, "reasons": bad.reasons} for bad in trial.report.samples],
            "merged": [{"row": row, "into": into} for row, into in trial.report.merged],
        }
    )
