"""Forms on records: to create and to edit, the answers while somebody types, pickers and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound as NotFoundPage
from werkzeug.wrappers import Response as BaseResponse

from formwright.definitions.model import Action, Entity, Form
from formwright.engine import access, reading, records
from formwright.engine.drafts import Accepted, Draft, Rejected
from formwright.engine.rows import ValuesRow
from formwright.engine.runtime import Unit
from formwright.errors import Conflict
from formwright.ids import format_id, new_id, parse_id
from formwright.store.rows import StoredRecord
from formwright.texts import say
from formwright.web import changed_parts, conflicts, current, forms, respond, rows, signed, uploads
from formwright.web.drawn import Item
from formwright.web.forms import PREFIX, FormPlan, Sent, plan_of
from formwright.web.layout import FormView, Layout, complaints
from formwright.web.notes import Note
from formwright.web.resolving import resolve
from formwright.web.security import local_path
from formwright.web.shell import color_of

blueprint = Blueprint("entry", __name__)


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the way to a page."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class FormPage:
    """A page with a form."""

    title: str
    icon: str
    color: str
    form: FormView


@dataclass(frozen=True, slots=True)
class Entry:
    """The form that this request is about: for a stored record or a new one."""

    unit: Unit
    entity: Entity
    form: Form
    plan: FormPlan
    record: StoredRecord | None
    #: Under which id a new record will be stored: sending the form twice makes one record.
    key: int

    @property
    def number(self) -> str:
        """The id of the stored record as in addresses, "" for a new one."""
        return format_id(self.record.id) if self.record is not None else ""

    @property
    def url(self) -> str:
        """Where the form is sent."""
        base = f"/records/{self.entity.name}"
        return f"{base}/{self.number}/edit" if self.record is not None else f"{base}/new"


# --- pages ----------------------------------------------------------------------------------------------------------


@blueprint.get("/records/<name>/new")
def new(name: str) -> Response:
    """Show an empty form; the address may bring values along."""
    entry = _entry(name)
    access.require(entry.unit.catalog, entry.unit.actor, Action.CREATE, name)
    brought = forms.without_prefix(request.args)
    source = parse_id(request.args.get("copy", ""))
    if source is not None:
        brought = _copied(entry, source) | brought
    sent = forms.read(entry.plan, brought or None)
    draft = records.draft(
        entry.unit, name, given=sent.input() if brought else None, form=entry.form
    )
    draft.violations.clear()
    return _page(entry, sent, draft)


@blueprint.post("/records/<name>/new")
def create(name: str) -> BaseResponse:
    """Create a record from a form."""
    entry = _entry(name)
    access.require(entry.unit.catalog, entry.unit.actor, Action.CREATE, name)
    sent = forms.read(entry.plan, request.form)
    if request.form.get("_do"):
        return _again(entry, sent)
    missing = resolve(entry.unit, entry.plan, sent, None)
    if missing:
        return _invalid(entry, sent, _judged(entry, sent, missing))
    stored = entry.unit.tx.records.find(name, entry.key)
    if stored is not None:  # sent twice: the first time it was stored
        return _done(entry, stored)
    given = uploads.complete(entry.unit, sent, confirmed=_confirmed())
    actor, form = entry.unit.actor, entry.form
    current.release()
    outcome = records.create(current.runtime(), actor, name, given, form=form, record_id=entry.key)
    match outcome:
        case Accepted(record):
            return _done(entry, record)
        case Rejected(draft):
            return _invalid(_entry(name), sent, draft)


@blueprint.get("/records/<name>/<number>/edit")
def edit(name: str, number: str) -> Response:
    """Show a record in its form."""
    entry = _entry(name, number)
    return _page(
        entry,
        forms.read(entry.plan, None),
        records.draft(entry.unit, name, record=entry.record, form=entry.form),
    )


@blueprint.post("/records/<name>/<number>/edit")
def update(name: str, number: str) -> BaseResponse:
    """Change a record from a form; when somebody was faster, show both versions."""
    entry = _entry(name, number)
    sent = forms.read(entry.plan, conflicts.without_theirs(request.form))
    if request.form.get("_do"):
        return _again(entry, sent)
    missing = resolve(entry.unit, entry.plan, sent, entry.record)
    if missing:
        return _invalid(entry, sent, _judged(entry, sent, missing))
    given = uploads.complete(entry.unit, sent, entry.record, confirmed=_confirmed())
    version = int(request.form["_version"]) if request.form.get("_version", "").isdigit() else None
    assert entry.record is not None  # noqa: S101 -- _entry found it
    actor, form, record_id = entry.unit.actor, entry.form, entry.record.id
    current.release()
    try:
        outcome = records.update(
            current.runtime(), actor, name, record_id, given, version=version, form=form
        )
    except Conflict:
        unit = current.unit()
        stored = records.find(unit, Action.UPDATE, name, record_id)
        return conflicts.show(unit, stored, sent, given, version or 0, entry.url, _keep())
    match outcome:
        case Accepted(record, changed):
            return _done(entry, record, changed=changed)
        case Rejected(draft):
            return _invalid(_entry(name, number), sent, draft)


# --- while somebody types -------------------------------------------------------------------------------------------


@blueprint.post("/records/<name>/draft")
def draft(name: str) -> Response:
    """Answer with what the last change does to the rest of the form; nothing is stored."""
    entry = _entry(name, request.form.get("_id", ""))
    sent = forms.read(entry.plan, request.form)
    was = changed_parts.remember(sent)
    changed = request.form.get("_changed", "")
    missing = resolve(entry.unit, entry.plan, sent, entry.record, only=changed, offer=False)
    given = uploads.complete(entry.unit, sent, entry.record)
    found = records.draft(
        entry.unit, name, record=entry.record, given=given, changed=changed, form=entry.form
    )
    found.violations += missing
    titles = reading.draft_titles(entry.unit, found)
    forms.show(sent, found, entry.unit.reader, titles, _pick_url(entry))
    layout = Layout(entry.unit, sent, found, _environment(entry, found))
    layout.nodes()
    touched = frozenset(request.form.get("_touched", "").split()) | {changed}
    return respond.parts(*changed_parts.between(was, sent, layout, changed, touched))


@blueprint.post("/records/<name>/rows/<subform>")
def add_rows(name: str, subform: str) -> Response:
    """Answer with the rows of a subform after one was added or copied, or many were pasted."""
    entry = _entry(name, request.form.get("_id", ""))
    if subform not in entry.plan.subforms:
        raise NotFoundPage
    sent = forms.read(entry.plan, request.form)
    focus = rows.apply(entry.unit, sent, request.form.get("_do", ""), subform, request.form)
    found = records.draft(
        entry.unit,
        name,
        record=entry.record,
        given=uploads.complete(entry.unit, sent, entry.record),
        form=entry.form,
    )
    _only_typed(found)
    forms.show(
        sent, found, entry.unit.reader, reading.draft_titles(entry.unit, found), _pick_url(entry)
    )
    layout = Layout(entry.unit, sent, found, _environment(entry, found))
    events = {"fw:focus": {"id": focus}} if focus else None
    return respond.fragment("forms/_block.html", subform=layout.subform(subform), events=events)


@blueprint.post("/records/<name>/pick/<path>")
def pick(name: str, path: str) -> Response:
    """Answer with the records that fit what is typed in a reference's input."""
    entry = _entry(name, request.form.get("_id", ""))
    subform, row, key = _place(path)
    sent = forms.read(entry.plan, request.form)
    found = reading.pick(
        entry.unit,
        name,
        key,
        request.form.get("_q", "").strip()[:200],
        sent.input(),
        record=entry.record,
        subform=subform,
        row_key=row,
    )
    choices = [Item(format_id(choice.id), choice.title, choice.detail) for choice in found]
    return respond.page(
        "records/_choices.html", choices=choices, list_id=f"pick-{path.replace('.', '-')}"
    )


def _place(path: str) -> tuple[str, str, str]:
    """Return subform, row and field of ``lines.<row>.product``, or "", "" and the field of ``customer``."""
    parts = path.split(".")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", path)


# --- parts of the above ---------------------------------------------------------------------------------------------


def _entry(name: str, number: str = "") -> Entry:
    """Return the form for a record that the actor may change, or for a new one; NotFound else."""
    unit = current.unit()
    entity = unit.entity(name)
    g.entity = name
    record = None
    if number:
        record = records.find(unit, Action.UPDATE, name, parse_id(number) or 0)
    row = unit.lookup.wrap(record) if record is not None else None
    form = _wanted(unit, entity) or reading.form_for(
        unit, name, "edit" if record is not None else "create", row
    )
    key = signed.read_key(request.form.get("_key", ""), unit.actor, name) or new_id()
    return Entry(unit, entity, form, plan_of(unit.catalog, form), record, key)


def _wanted(unit: Unit, entity: Entity) -> Form | None:
    """Return the form that was being filled, so that a condition on the record does not change it on the way."""
    form = unit.catalog.forms.get(request.form.get("_form", ""))
    if (
        form is None
        or form.entity != entity.name
        or (form.roles and not form.roles & unit.actor.roles)
    ):
        return None
    return form


def _pick_url(entry: Entry) -> str:
    return f"/records/{entry.entity.name}/pick"


def _environment(entry: Entry, found: Draft) -> Any:
    row = ValuesRow(entry.entity, found.values, found.before)
    return entry.unit.lookup.environment(row)


def _confirmed() -> bool:
    return request.form.get("_confirmed") == "yes"


def _judged(entry: Entry, sent: Sent, missing: Sequence[Any]) -> Draft:
    """Return the draft with everything that is wrong, and the references that could not be told."""
    given = uploads.complete(entry.unit, sent, entry.record)
    found = records.draft(
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
    found = records.draft(
        entry.unit, entry.entity.name, record=entry.record, given=given, form=entry.form
    )
    _only_typed(found)
    return _page(entry, sent, found)


def _only_typed(found: Draft) -> None:
    """Forget what is wrong, but for texts that mean nothing: nobody has asked to save yet."""
    found.violations.clear()


def _page(entry: Entry, sent: Sent, found: Draft) -> Response:
    return respond.page(
        "records/form.html", page=_form_page(entry, sent, found), crumbs=_crumbs(entry)
    )


def _invalid(entry: Entry, sent: Sent, found: Draft) -> BaseResponse:
    page = _form_page(entry, sent, found, judged=True)
    return respond.invalid(
        "records/form.html", "forms/_form.html", page=page, form=page.form, crumbs=_crumbs(entry)
    )


def _form_page(entry: Entry, sent: Sent, found: Draft, *, judged: bool = False) -> FormPage:
    unit, reader = entry.unit, entry.unit.reader
    titles = reading.draft_titles(unit, found)
    forms.show(sent, found, reader, titles, _pick_url(entry))
    layout = Layout(unit, sent, found, _environment(entry, found))
    wrong, warnings = complaints(found, sent, reader) if judged else ([], [])
    base = f"/records/{entry.entity.name}"
    tabs = layout.tabs()
    form = FormView(
        url=entry.url,
        draft_url=f"{base}/draft",
        rows_url=f"{base}/rows",
        cancel_url=_way_back(entry),
        submit_title=entry.form.submit_title.in_language(reader.language)
        or say("Save").in_language(reader.language),
        may_add_another=entry.record is None,
        hidden=_hidden(entry),
        tabs=tabs,
        nodes=() if tabs else layout.nodes(),
        summary=wrong,
        warnings=warnings if not wrong else (),
        has_files=any(field.type.name in {"file", "image"} for field in entry.plan.fields),
        wide=bool(entry.plan.subforms),
    )
    return FormPage(_title(entry), entry.entity.icon or "table", color_of(entry.entity), form)


def _title(entry: Entry) -> str:
    language = entry.unit.reader.language
    if entry.record is None:
        return say("New %(entity)s", entity=entry.entity.title.in_language(language)).in_language(
            language
        )
    return records.title_of(entry.unit, entry.record)


def _crumbs(entry: Entry) -> list[Crumb]:
    language = entry.unit.reader.language
    found = [
        Crumb(entry.entity.title_plural.in_language(language), f"/records/{entry.entity.name}")
    ]
    if entry.record is not None:
        title = records.title_of(entry.unit, entry.record)
        found.append(Crumb(title, f"/records/{entry.entity.name}/{entry.number}"))
    return found


def _keep() -> list[tuple[str, str]]:
    """Return the hidden inputs that go along with every form of this request."""
    return [(name, request.values[name]) for name in ("_form", "_next") if request.values.get(name)]


def _hidden(entry: Entry) -> list[tuple[str, str]]:
    found = [("_form", entry.form.name), ("_changed", ""), ("_touched", "")]
    back = local_path(request.values.get("_next") or request.args.get("next"), "")
    if back:
        found.append(("_next", back))
    if entry.record is None:
        found.append(("_key", signed.write_key(entry.key, entry.unit.actor, entry.entity.name)))
    else:
        found += [("_id", entry.number), ("_version", str(entry.record.version))]
    return found


def _way_back(entry: Entry) -> str:
    base = f"/records/{entry.entity.name}"
    fallback = f"{base}/{entry.number}" if entry.record is not None else base
    return local_path(request.values.get("_next") or request.args.get("next"), fallback)


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
    record = records.find(unit, Action.READ, entry.entity.name, source)
    found: MultiDict[str, str] = MultiDict()
    for field in entry.plan.fields:
        value = record.values.get(field.key)
        if (
            value is None
            or not field.copied
            or not field.writable
            or field.type.name in {"file", "image"}
        ):
            continue
        if field.type.name == "address":
            found.setlist(PREFIX + field.key, [field.type.canonical(field, value)])
        else:
            found.setlist(PREFIX + field.key, [field.type.format_input(field, value, unit.reader)])
    for key, plan in entry.plan.subforms.items():
        for position, row in enumerate(records.stored_rows(unit, record)[key]):
            name = f"n{position}"
            found.add(PREFIX + key, name)
            for column in plan.columns:
                value = row.values.get(column.key)
                if value is not None and column.writable and column.copied:
                    found.add(
                        f"{PREFIX}{key}-{name}-{column.key}",
                        column.type.format_input(column, value, unit.reader),
                    )
    return found
