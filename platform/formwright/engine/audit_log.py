"""Reading the audit log, taking it out, verifying it, and removing what is old."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

import orjson

from formwright.engine.accounts import ADMIN, USER
from formwright.engine.audit import Event, note
from formwright.engine.imports.cells import quote
from formwright.errors import Forbidden
from formwright.ids import format_id
from formwright.store.audit import Entry, EntryFilter
from formwright.store.audit_chain import Report
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.actor import Actor
    from formwright.engine.runtime import Runtime, Unit

#: The columns of an export.
COLUMNS = (
    "sequence", "at", "actor", "login", "on_behalf_of", "channel", "event", "entity", "record", "address", "request",
    "details",
)  # fmt: skip


def require_administrator(actor: Actor) -> None:
    """Raise Forbidden for whoever may not look at the audit log."""
    if ADMIN not in actor.roles:
        raise Forbidden(say("You do not have the right to do this."))


def page(
    unit: Unit, wanted: EntryFilter, *, older_than: str = "", limit: int = 50
) -> tuple[list[Entry], str]:
    """Return entries, newest first, and the token for the older ones."""
    require_administrator(unit.actor)
    return unit.tx.audit.page(wanted, older_than=older_than, limit=limit)


def people(unit: Unit, entries: Iterable[Entry]) -> dict[int, str]:
    """Return the names of the users that entries are by or about, as far as they are still there."""
    numbers: set[int | None] = set()
    for entry in entries:
        numbers |= {entry.actor, entry.on_behalf_of, entry.record if entry.entity == USER else None}
    known = sorted(number for number in numbers if number is not None)
    found = unit.tx.records.get_many(USER, known) if known else []
    return {record.id: str(record.values.get("name") or "") for record in found}


def verify(runtime: Runtime, actor: Actor) -> Report:
    """Look whether the whole log is as it was written."""
    require_administrator(actor)
    return runtime.store.sealer.verify()


def prune(runtime: Runtime, actor: Actor, days: int) -> int:
    """Remove what was sealed more than so many days ago; return how many entries. The rest can still be verified."""
    require_administrator(actor)
    with runtime.unit(actor, write=True) as unit:
        before = unit.now - timedelta(days=days)
        count, anchor = runtime.store.sealer.prune(unit.tx.connection, before)
        if anchor is not None:
            said = {"days": days, "count": count, "up_to": anchor.sequence}
            note(unit.tx, actor, Event.AUDIT_PRUNED, details=said)
    return count


def export(unit: Unit, wanted: EntryFilter, file: IO[bytes], kind: str) -> int:
    """Write the entries into ``file``, oldest first, as ``csv`` or ``jsonl``, and note that; return how many."""
    require_administrator(unit.actor)
    asked = {name: value for name, value in asdict(wanted).items() if value}
    note(
        unit.tx, unit.actor, Event.AUDIT_EXPORTED, details={"format": kind, "filter": _plain(asked)}
    )
    rows = _rows(unit, unit.tx.audit.stream(wanted))
    return _write_csv(rows, file) if kind == "csv" else _write_lines(rows, file)


def as_json(entry: Entry, logins: Mapping[int, str]) -> dict[str, Any]:
    """Return an entry with ids as they are written everywhere."""
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "actor": _id(entry.actor),
        "login": logins.get(entry.actor or 0, ""),
        "on_behalf_of": _id(entry.on_behalf_of),
        "channel": entry.channel,
        "event": entry.event,
        "entity": entry.entity,
        "record": _id(entry.record),
        "address": entry.address,
        "request": entry.request,
        "details": entry.details,
    }


def logins(unit: Unit) -> dict[int, str]:
    """Return under which name everybody logs in."""
    return {each.user: each.login for each in unit.tx.users.credentials()}


def _rows(unit: Unit, entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    known = logins(unit)
    return (as_json(entry, known) for entry in entries)


def _write_csv(rows: Iterable[Mapping[str, Any]], file: IO[bytes]) -> int:
    """Write rows so that no spreadsheet takes anything in them for a formula: addresses and names come from outside."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        said = {**row, "details": orjson.dumps(row["details"]).decode()}
        writer.writerow([quote("" if said[name] is None else str(said[name])) for name in COLUMNS])
        count += 1
    text.flush()
    text.detach()
    return count


def _write_lines(rows: Iterable[Mapping[str, Any]], file: IO[bytes]) -> int:
    count = 0
    for row in rows:
        file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        count += 1
    return count


def _plain(asked: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: format_id(value) if isinstance(value, int) else str(value)
        for name, value in asked.items()
    }


def _id(number: int | None) -> str | None:
    return None if number is None else format_id(number)
