"""Forms on records: to create and to edit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as BaseResponse

from formwright.definitions.model import Action, Field
from formwright.engine import drafting, records, versions
from formwright.engine.drafts import Accepted, Draft, Rejected, Violation
from formwright.errors import Conflict
from formwright.ids import format_id, new_id, parse_id
from formwright.store.rows import StoredRecord
from formwright.texts import Reader, say
from formwright.web import conflicts, current, drawn_rows, forms, respond, rows, uploads
from formwright.web.access import LOGIN, declare
from formwright.web.controls import Control
from formwright.web.formpages import Entry, crumbs_of, entry_of, forget_complaints, form_page
from formwright.web.forms import PREFIX, Sent
from formwright.web.layout import Complaint
from formwright.web.notes import Note
from formwright.web.resolving import resolve
from formwright.web.security import local_path

blueprint = declare(Blueprint("entry", __name__), LOGIN)
_VERSION = re.compile(r"[0-9]{1,18}")


@blueprint.get("/records/<name>/new")
def new(name: str) -> Response:
    """Show an empty form; the address may bring values along."""
    entry = entry_of(name)
    entry.unit.access.require(Action.CREATE, name)
    brought = forms.without_prefix(request.args)
    source = parse_id(request.args.get("copy", ""))
    if source is not None:
        brought = _copied(entry, source) | brought
    sent = forms.read(entry.plan, brought or None)
    draft = drafting.draft(
        entry.unit, name, given=sent.input() if brought else None, form=entry.form
    )
    draft.violations.clear()
    return _page(entry, sent, draft)


@blueprint.post("/records/<name>/new")
def create(name: str) -> BaseResponse:
    """Create a record from a form."""
    entry = entry_of(name)
    entry.unit.access.require(Action.CREATE, name)
    sent = forms.read(entry.plan, request.form)
    if request.form.get("_do"):
        return _again(entry, sent)
    missing = resolve(entry.unit, entry.plan, sent, None)
    if missing:
        return _invalid(entry, sent, _judged(entry, sent, missing))
    if versions.was_made(entry.unit, name, entry.key):
        return _sent_before(entry, sent, entry.unit.gate.look(name, entry.key))
    given = uploads.complete(entry.unit, sent, confirmed=_confirmed())
    actor, form = entry.unit.actor, entry.form
    current.release()
    outcome = records.create(current.runtime(), actor, name, given, form=form, record_id=entry.key)
    match outcome:
        case Accepted(record):
            return _done(entry, record)
        case Rejected(draft):
            return _invalid(entry_of(name), sent, draft)


@blueprint.get("/records/<name>/<number>/edit")
def edit(name: str, number: str) -> Response:
    """Show a record in its form."""
    entry = entry_of(name, number)
    return _page(
        entry,
        forms.read(entry.plan, None),
        drafting.draft(entry.unit, name, record=entry.record, form=entry.form),
    )


@blueprint.post("/records/<name>/<number>/edit")
def update(name: str, number: str) -> BaseResponse:
    """Change a record from a form; when somebody was faster, show both versions."""
    entry = entry_of(name, number)
    sent = forms.read(entry.plan, conflicts.without_theirs(request.form))
    if request.form.get("_do"):
        return _again(entry, sent)
    missing = resolve(entry.unit, entry.plan, sent, entry.record)
    if missing:
        return _invalid(entry, sent, _judged(entry, sent, missing))
    given = uploads.complete(entry.unit, sent, entry.record, confirmed=_confirmed())
    version = _version()
    assert entry.record is not None  # noqa: S101 -- entry_of found it
    actor, form, record_id = entry.unit.actor, entry.form, entry.record.id
    current.release()
    try:
        outcome = records.update(
            current.runtime(), actor, name, record_id, given, version=version, form=form
        )
    except Conflict:
        unit = current.unit()
        stored = unit.gate.find(Action.UPDATE, name, record_id)
        return conflicts.show(unit, stored, sent, given, version, entry.url, _keep())
    match outcome:
        case Accepted(record, changed):
            return _done(entry, record, changed=changed)
        case Rejected(draft):
            return _invalid(entry_of(name, number), sent, draft)


def _sent_before(entry: Entry, sent: Sent, stored: StoredRecord | None) -> BaseResponse:
    """Answer a form that was sent before: done, when it says the same again; else it is shown for another record."""
    given = uploads.complete(entry.unit, sent, stored)
    found = drafting.draft(entry.unit, entry.entity.name, given=given, form=entry.form)
    if stored is not None and _says(entry, sent, found, stored):
        return _done(entry, stored)
    forget_complaints(found)
    another = replace(entry, key=new_id())
    page = form_page(another, sent, found)
    note = say("A record was made from this form before. Saving it again makes another one.")
    text = note.in_language(entry.unit.reader.language)
    form = replace(page.form, summary=[Complaint("", "", text)])
    return respond.invalid(
        "records/form.html",
        "forms/_form.html",
        status=409,
        page=replace(page, form=form),
        form=form,
        crumbs=crumbs_of(another),
    )


def _says(entry: Entry, sent: Sent, found: Draft, stored: StoredRecord) -> bool:
    """Tell whether everything that was sent is what is stored."""
    if drawn_rows.differs(found.states, stored.values, sent.controls):
        return False
    before = drafting.seen_rows(entry.unit, stored)
    return not any(
        len(rows) != len(before[key])
        or any(
            drawn_rows.differs(drawn.states, row.values, _without_files(typed.controls))
            for drawn, row, typed in zip(found.rows[key], before[key], rows, strict=True)
        )
        for key, rows in sent.rows.items()
    )


def _without_files(controls: Mapping[str, Control]) -> dict[str, Control]:
    return {key: each for key, each in controls.items() if not uploads.has_files(each.definition)}


def _version() -> int:
    """Return the version that the form was drawn from; a form that does not tell it could overwrite anything."""
    text = request.form.get("_version", "")
    if not _VERSION.fullmatch(text):
        raise BadRequest
    return int(text)


def _confirmed() -> bool:
    return request.form.get("_confirmed") == "yes"


def _judged(entry: Entry, sent: Sent, missing: Sequence[Violation]) -> Draft:
    """Return the draft with everything that is wrong, and the references that could not be told."""
    given = uploads.complete(entry.unit, sent, entry.record)
    found = drafting.draft(
        entry.unit, entry.entity.name, record=entry.record, given=given, form=entry.form
    )
    places = {(each.field, each.row, each.row_field) for each in missing}
    found.violations = [
        v for v in found.violations if (v.field, v.row, v.row_field) not in places
    ] + list(missing)
    return found


def _again(entry: Entry, sent: Sent) -> BaseResponse:
    """Show the form once more without judging it: a row was added, or a choice was made without scripts."""
    action = request.form.get("_do", "")
    resolve(entry.unit, entry.plan, sent, entry.record)
    parts = action.split("-", 2)
    if len(parts) > 1 and parts[1] in entry.plan.subforms:
        rows.apply(entry.unit, sent, action, parts[1], request.form)
    given = uploads.complete(entry.unit, sent, entry.record)
    found = drafting.draft(
        entry.unit, entry.entity.name, record=entry.record, given=given, form=entry.form
    )
    forget_complaints(found)
    return _page(entry, sent, found)


def _page(entry: Entry, sent: Sent, found: Draft) -> Response:
    return respond.page(
        "records/form.html", page=form_page(entry, sent, found), crumbs=crumbs_of(entry)
    )


def _invalid(entry: Entry, sent: Sent, found: Draft) -> BaseResponse:
    page = form_page(entry, sent, found, judged=True)
    return respond.invalid(
        "records/form.html", "forms/_form.html", page=page, form=page.form, crumbs=crumbs_of(entry)
    )


def _keep() -> list[tuple[str, str]]:
    """Return the hidden inputs that go along with every form of this request."""
    return [(name, request.values[name]) for name in ("_form", "_next") if request.values.get(name)]


def _done(entry: Entry, record: StoredRecord, *, changed: bool = True) -> BaseResponse:
    """Go on after saving: to the record, to where the person came from, or to the next new record."""
    language = entry.unit.reader.language
    path = f"/records/{entry.entity.name}/{format_id(record.id)}"
    text = say("Saved") if changed else say("Nothing was changed")
    back = local_path(request.form.get("_next"), "")
    if request.form.get("_then") == "new":
        title = entry.entity.title.in_language(language)
        note = Note(
            say("%(entity)s saved", entity=title).in_language(language),
            url=path,
            link=say("Open").in_language(language),
        )
        return respond.moved(
            f"/records/{entry.entity.name}/new" + (f"?next={back}" if back else ""), note
        )
    return respond.moved(back or path, Note(text.in_language(language)))


def _copied(entry: Entry, source: int) -> MultiDict[str, str]:
    """Return the values of another record as a form would send them, but for what is not copied."""
    unit = entry.unit
    record = unit.gate.find(Action.READ, entry.entity.name, source)
    found: MultiDict[str, str] = MultiDict()
    for field in entry.plan.fields:
        found.setlist(PREFIX + field.key, _texts(field, record.values.get(field.key), unit.reader))
    for key, plan in entry.plan.subforms.items():
        for position, row in enumerate(drafting.seen_rows(unit, record)[key]):
            name = f"n{position}"
            found.add(PREFIX + key, name)
            for column in plan.columns:
                texts = _texts(column, row.values.get(column.key), unit.reader)
                found.setlist(f"{PREFIX}{key}-{name}-{column.key}", texts)
    return MultiDict([(name, text) for name, text in found.items(multi=True)])


def _texts(field: Field, value: Any, reader: Reader) -> list[str]:
    """Return what an input would send for a value, nothing for one that is not copied."""
    if value is None or not field.copied or not field.writable or uploads.has_files(field):
        return []
    if field.type.name == "address":
        return [field.type.canonical(field, value)]
    if isinstance(value, tuple):
        return [format_id(each) if field.target else str(each) for each in value]
    return [field.type.format_input(field, value, reader)]
