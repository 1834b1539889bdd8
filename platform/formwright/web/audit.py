"""The page of the audit log, for administrators: who did what, filtered, verified, taken out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request, send_file

from formwright.engine import audit_log
from formwright.engine.accounts import ADMIN, USER
from formwright.engine.audit import TITLES, Event
from formwright.engine.runtime import Unit
from formwright.ids import format_id, parse_id
from formwright.store.audit import Entry, EntryFilter
from formwright.store.audit_chain import Report
from formwright.texts import Reader, Text, say
from formwright.web import current, respond, times
from formwright.web.access import ROLE, declare

blueprint = declare(Blueprint("audit", __name__), ROLE + ADMIN)
PATH = "/audit"
_LONGEST = 200
_CHANNELS = {"web": say("Web"), "cli": say("Command line"), "system": say("System")}
_NAMES = ("who", "kind", "what", "record", "address", "request", "from", "to")


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be asked for."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it; ``facts`` are everything, for whoever opens it."""

    iso: str
    when: str
    who: str
    behind: str
    title: str
    target: str
    url: str
    facts: Sequence[tuple[str, str]]
    request_url: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Everything the page draws."""

    typed: Mapping[str, str]
    kinds: Sequence[Choice]
    entities: Sequence[Choice]
    lines: Sequence[Line]
    older: str
    all_url: str
    problems: Sequence[str]
    status: str
    kept: str
    verified: str = ""
    findings: Sequence[str] = ()


@blueprint.get(PATH)
def show() -> Response:
    """Show the entries that the address asks for; today's without any wish."""
    return respond.page("audit/show.html", page=_page(current.unit(), dict(request.args)))


@blueprint.post(f"{PATH}/verify")
def verify() -> Response:
    """Verify the whole log now, and say what was found."""
    who = current.actor()
    current.release()
    report = audit_log.verify(current.runtime(), who)
    page = _page(current.unit(), {})
    found = [finding.text.in_language(who.reader.language) for finding in report.findings]
    verified = "" if found else _verified(report, who.reader)
    return respond.page("audit/show.html", page=replace(page, verified=verified, findings=found))


@blueprint.post(f"{PATH}/export")
def export() -> Response:
    """Hand the entries out that the form asks for, as CSV."""
    who = current.actor()
    current.release()
    with current.runtime().unit(who, write=True) as unit:
        wanted, problems = _wanted(unit, _typed(dict(request.form), unit))
        if problems:
            page = _page(unit, dict(request.form))
            return respond.page("audit/show.html", 422, page=page)
        file = tempfile.TemporaryFile()  # noqa: SIM115 -- closed when the answer is sent
        audit_log.export(unit, wanted, file, "csv")
    file.seek(0)
    return send_file(file, "text/csv", as_attachment=True, download_name="audit.csv")


# --- what is asked for


def _typed(arguments: Mapping[str, str], unit: Unit) -> dict[str, str]:
    """Return what was typed, cut to a length; nothing at all asks for today."""
    found = {name: arguments.get(name, "").strip()[:_LONGEST] for name in _NAMES}
    if not any(name in arguments for name in (*_NAMES, "after")):
        found["from"] = _today(unit).isoformat()
    return found


def _wanted(unit: Unit, typed: Mapping[str, str]) -> tuple[EntryFilter, list[Text]]:
    """Return the filter that was typed, and what of it makes no sense."""
    problems: list[Text] = []
    record = parse_id(typed["record"])
    if typed["record"] and record is None:
        problems.append(say("'%(text)s' is no id of a record.", text=typed["record"]))
    credential = unit.tx.users.credential(typed["who"]) if typed["who"] else None
    if typed["who"] and credential is None:
        problems.append(say("Nobody logs in as '%(login)s'.", login=typed["who"]))
    since, until = (_day(typed[name], unit, problems) for name in ("from", "to"))
    known = {event.value for event in Event}
    return EntryFilter(
        actor=credential.user if credential is not None else None,
        events=(typed["kind"],) if typed["kind"] in known else (),
        entity=typed["what"] if typed["what"] in unit.catalog.entities else "",
        record=record,
        address=typed["address"],
        request=typed["request"],
        since=since,
        until=until + timedelta(days=1) if until is not None else None,
    ), problems


def _day(text: str, unit: Unit, problems: list[Text]) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=unit.reader.zone)
    except ValueError:
        problems.append(say("'%(text)s' is no day; write it like 2026-03-01.", text=text))
        return None


def _today(unit: Unit) -> date:
    return unit.now.astimezone(unit.reader.zone).date()


# --- what is shown


def _page(unit: Unit, arguments: Mapping[str, str]) -> AuditPage:
    typed = _typed(arguments, unit)
    wanted, problems = _wanted(unit, typed)
    entries: list[Entry] = []
    older = ""
    if not problems:
        entries, older = audit_log.page(unit, wanted, older_than=arguments.get("after", ""))
    language = unit.reader.language
    names = audit_log.people(unit, entries)
    kept = {name: value for name, value in typed.items() if value}
    return AuditPage(
        typed=typed,
        kinds=[
            Choice(event.value, title.in_language(language), event.value == typed["kind"])
            for event, title in TITLES.items()
        ],
        entities=[
            Choice(name, entity.title.in_language(language), name == typed["what"])
            for name, entity in unit.catalog.entities.items()
        ],
        lines=[_line(unit, entry, names) for entry in entries],
        older=f"{PATH}?{urlencode({**kept, 'after': older})}" if older else "",
        all_url=f"{PATH}?from=",
        problems=[problem.in_language(language) for problem in problems],
        status=_status(unit).in_language(language),
        kept=_kept(unit).in_language(language),
    )


def _status(unit: Unit) -> Text:
    seal = unit.tx.audit.last_seal()
    if seal is None:
        return say("Nothing is sealed yet.")
    return say(
        "Sealed up to entry %(number)s, %(when)s.",
        number=seal.sequence,
        when=times.exact(seal.at, unit.reader),
    )


def _kept(unit: Unit) -> Text:
    anchor = unit.tx.audit.anchor()
    if anchor is None:
        return say("No entry was ever removed.")
    return say("Entries up to number %(number)s were removed as too old.", number=anchor.sequence)


def _verified(report: Report, reader: Reader) -> str:
    when = times.exact(report.sealed_at, reader) if report.sealed_at is not None else "-"
    return say(
        "Verified up to entry %(number)s, %(when)s: nothing was changed.",
        number=report.last,
        when=when,
    ).in_language(reader.language)


def _line(unit: Unit, entry: Entry, names: Mapping[int, str]) -> Line:
    reader = unit.reader
    definition = unit.catalog.entities.get(entry.entity)
    target = definition.title.in_language(reader.language) if definition else entry.entity
    url = ""
    if entry.record is not None:
        number = format_id(entry.record)
        named = names.get(entry.record) if entry.entity == USER else None
        target = f"{target} {named or number}"
        url = f"/records/{entry.entity}/{number}" if definition is not None else ""
    known = entry.event in set(Event)
    return Line(
        iso=times.iso(entry.at),
        when=times.exact(entry.at, reader),
        who=_name(entry.actor, names, reader),
        behind=_name(entry.on_behalf_of, names, reader) if entry.on_behalf_of else "",
        title=TITLES[Event(entry.event)].in_language(reader.language) if known else entry.event,
        target=target,
        url=url,
        facts=_facts(entry, reader),
        request_url=f"{PATH}?{urlencode({'request': entry.request})}" if entry.request else "",
    )


def _facts(entry: Entry, reader: Reader) -> list[tuple[str, str]]:
    """Return everything about an entry that its row leaves out."""
    channel = _CHANNELS.get(entry.channel)
    number = say("not sealed yet") if entry.sequence is None else entry.sequence
    said: list[tuple[Text | str, object]] = [
        (say("Number"), number),
        (say("Kind"), entry.event),
        (say("Channel"), channel if channel is not None else entry.channel),
        (say("Address"), entry.address),
        (say("Request"), entry.request),
        *((key, _shown(value)) for key, value in entry.details.items()),
    ]
    return [(_in(name, reader), _in(value, reader)) for name, value in said if value != ""]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _in(value: object, reader: Reader) -> str:
    return value.in_language(reader.language) if isinstance(value, Text) else str(value)


def _name(user: int | None, names: Mapping[int, str], reader: Reader) -> str:
    if user is None:
        return say("System").in_language(reader.language)
    return names.get(user) or format_id(user)
