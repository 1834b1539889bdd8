"""``formwright audit``: verify, list, export and shorten the audit log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from formwright.cli.instance import acting, entity_name, open_instance, system
from formwright.cli.language import _, tell
from formwright.cli.output import say_line, write_json, write_table
from formwright.cli.program import REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from formwright.engine.runtime import Runtime, Unit
    from formwright.store.audit import EntryFilter

    Command: TypeAlias = Callable[..., Any]

_SHOWN = 50


@click.group(help=_("Verify, list, export and shorten the audit log."))
def audit() -> None:
    """Stand for the commands on the audit log."""


@audit.command(help=_("Look whether anything in the log was changed, removed, put in or moved."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def verify(*, as_json: bool) -> int:
    """Verify the log. Return 1 when it is not as it was written."""
    from formwright.engine import audit_log  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime:
        report = audit_log.verify(runtime, system(runtime))
    if as_json:
        write_json(
            {
                "intact": not report.findings,
                "entries": report.rows,
                "first": report.first,
                "last": report.last,
                "sealed_at": report.sealed_at.isoformat() if report.sealed_at else None,
                "compared_with_head": report.has_head,
                "findings": [
                    {
                        "kind": finding.wrong.value,
                        "first": finding.first,
                        "last": finding.last,
                        "message": tell(finding.text),
                    }
                    for finding in report.findings
                ],
                "more": report.more,
            }
        )
        return REFUSED if report.findings else 0
    for finding in report.findings:
        click.echo(tell(finding.text), err=True)
    if report.more:
        click.echo(_("There is more that is wrong."), err=True)
    if not report.has_head:
        click.echo(
            _("No seal is kept outside the database yet: a cut end would not show."), err=True
        )
    if report.findings:
        return REFUSED
    say_line(
        _(
            "The log is as it was written: %(count)s entries, up to number %(last)s.",
            count=report.rows,
            last=report.last,
        )
    )
    return 0


def _filtered(command: Command) -> Command:
    """Give a command the options that say which entries are meant."""
    for option in (
        click.option("--address", default="", help=_("Address that it came from.")),
        click.option("--until", "until", type=_DAY, help=_("Day before which it was.")),
        click.option("--since", "since", type=_DAY, help=_("First day.")),
        click.option("--record", default="", help=_("Id of the record.")),
        click.option("--entity", default="", help=_("Entity of the record.")),
        click.option("--event", "events", multiple=True, help=_("Event; can be repeated.")),
        click.option("--who", default="", help=_("Log-in of the person.")),
    ):
        command = option(command)
    return command


_DAY = click.DateTime(formats=["%Y-%m-%d"])


@audit.command("list", help=_("List entries, newest first."))
@_filtered
@click.option("--limit", type=click.IntRange(1, 1_000), default=_SHOWN, show_default=True)
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def list_(*, limit: int, as_json: bool, **asked: Any) -> None:
    """List entries."""
    from formwright.engine import audit_log  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime, runtime.unit(system(runtime)) as unit:
        entries, _older = audit_log.page(unit, _filter(runtime, unit, **asked), limit=limit)
        known = audit_log.logins(unit)
        rows = [audit_log.as_json(entry, known) for entry in entries]
    if as_json:
        write_json(rows)
        return
    names = ("at", "login", "event", "entity", "record", "address")
    titles = [_("Time"), _("Who"), _("Event"), _("Entity"), _("Record"), _("Address")]
    write_table(
        titles, [["" if row[name] is None else row[name] for name in names] for row in rows]
    )


@audit.command(help=_("Write entries to a file, oldest first."))
@_filtered
@click.option("--format", "kind", type=click.Choice(["csv", "jsonl"]), default="csv")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help=_("The file; standard output without it."),
)
@click.option("--as", "login", default="", help=_("Log-in of the person as whom to work."))
def export(*, kind: str, output: Path | None, login: str, **asked: Any) -> None:
    """Export entries; that is noted as well."""
    from formwright.cli.exporting import target  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.engine import audit_log  # noqa: PLC0415

    with (
        open_instance() as runtime,
        target(output) as path,
        path.open("wb") as file,
        runtime.unit(acting(runtime, login), write=True) as unit,
    ):
        count = audit_log.export(unit, _filter(runtime, unit, **asked), file, kind)
    if output is not None:
        said = _("%(count)s entries are in %(file)s.", count=count, file=str(output))
        click.echo(said, err=True)


@audit.command(help=_("Remove entries that were sealed more than so many days ago."))
@click.option("--days", type=click.IntRange(1), required=True, help=_("How many days are kept."))
@click.option("--as", "login", default="", help=_("Log-in of the person as whom to work."))
@click.option("--json", "as_json", is_flag=True, help=_("Write JSON."))
def prune(days: int, login: str, *, as_json: bool) -> int:
    """Remove old entries. Return 1, and remove nothing, when the log is not as it was written."""
    from formwright.engine import audit_log  # noqa: PLC0415 -- keeps `--help` quick

    with open_instance() as runtime:
        actor = acting(runtime, login)
        if audit_log.verify(runtime, actor).findings:
            # What is removed cannot be looked at any more: first it has to be known what happened.
            click.echo(_("The log does not pass; see formwright audit verify."), err=True)
            return REFUSED
        count = audit_log.prune(runtime, actor, days)
    if as_json:
        write_json({"removed": count})
    else:
        say_line(_("%(count)s entries were removed.", count=count))
    return 0


def _filter(
    runtime: Runtime,
    unit: Unit,
    *,
    who: str,
    events: tuple[str, ...],
    entity: str,
    record: str,
    since: datetime | None,
    until: datetime | None,
    address: str,
) -> EntryFilter:
    from formwright.engine.audit import Event  # noqa: PLC0415 -- keeps `--help` quick
    from formwright.ids import parse_id  # noqa: PLC0415
    from formwright.store.audit import EntryFilter  # noqa: PLC0415
    from formwright.suggest import closest  # noqa: PLC0415

    known = [event.value for event in Event]
    for event in events:
        if event not in known:
            near = closest(event, known) or known[0]
            message = _("There is no event '%(name)s'.", name=event)
            hint = _("Did you mean '%(name)s'?", name=near)
            raise click.UsageError(f"{message} {hint}")
    number = parse_id(record) if record else None
    if record and number is None:
        raise click.UsageError(_("'%(text)s' is no id of a record.", text=record))
    zone = unit.reader.zone
    credential = unit.tx.users.credential(who) if who else None
    if who and credential is None:
        raise click.UsageError(_("Nobody logs in as '%(login)s'.", login=who))
    return EntryFilter(
        actor=credential.user if credential is not None else None,
        events=events,
        entity=entity_name(runtime, entity) if entity else "",
        record=number,
        address=address,
        since=since.replace(tzinfo=zone) if since is not None else None,
        until=until.replace(tzinfo=zone) if until is not None else None,
    )
