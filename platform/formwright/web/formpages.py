"""The form that a request is about, and the page it is drawn on."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request

from formwright.definitions.model import Action, Entity, Form
from formwright.engine import drafting, reading
from formwright.engine.drafts import Draft
from formwright.engine.rows import ValuesRow
from formwright.engine.runtime import Unit
from formwright.expressions.evaluate import Environment
from formwright.ids import format_id, new_id, parse_id
from formwright.store.rows import StoredRecord
from formwright.texts import say
from formwright.web import current, drawn_rows, forms, signed, uploads
from formwright.web.forms import FormPlan, Sent, plan_of
from formwright.web.layout import FormView, Layout, complaints
from formwright.web.security import local_path
from formwright.web.shell import color_of


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


def entry_of(name: str, number: str = "") -> Entry:
    """Return the form for a record that the actor may change, or for a new one; NotFound else."""
    unit = current.unit()
    entity = unit.entity(name)
    g.entity = name
    record = None
    if number:
        record = unit.gate.find(Action.UPDATE, name, parse_id(number) or 0)
    row = unit.sight.wrap(record) if record is not None else None
    form = _wanted(unit, entity) or reading.form_for(
        unit, name, "edit" if record is not None else "create", row
    )
    key = signed.read_key(request.form.get("_key", ""), unit.actor, name) or new_id()
    return Entry(unit, entity, form, plan_of(unit.definitions, form), record, key)


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


def pick_url(entry: Entry) -> str:
    """Return where the pickers of the form ask; a field's path comes behind it."""
    return f"/records/{entry.entity.name}/pick"


def environment_of(entry: Entry, found: Draft) -> Environment:
    """Return the surroundings in which conditions of the layout are judged."""
    row = ValuesRow(entry.entity, found.values, found.before)
    return entry.unit.sight.environment(row)


def forget_complaints(found: Draft) -> None:
    """Forget what is wrong, but for texts that mean nothing: nobody has asked to save yet."""
    found.violations.clear()


def form_page(entry: Entry, sent: Sent, found: Draft, *, judged: bool = False) -> FormPage:
    """Return the page of a form; once ``judged``, it begins with everything that is wrong."""
    unit, reader = entry.unit, entry.unit.reader
    titles = reading.draft_titles(unit, found)
    forms.show(sent, found, reader, titles, pick_url(entry))
    layout = Layout(unit, sent, found, environment_of(entry, found))
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
        has_files=_has_files(entry.plan),
        wide=bool(entry.plan.subforms),
    )
    return FormPage(_title(entry), entry.entity.icon or "table", color_of(entry.entity), form)


def _has_files(plan: FormPlan) -> bool:
    columns = [column for subform in plan.subforms.values() for column in subform.columns]
    return any(uploads.has_files(field) for field in (*plan.fields, *columns))


def _title(entry: Entry) -> str:
    language = entry.unit.reader.language
    if entry.record is None:
        return say("New %(entity)s", entity=entry.entity.title.in_language(language)).in_language(
            language
        )
    return entry.unit.title(entry.unit.sight.wrap(entry.record))


def crumbs_of(entry: Entry) -> list[Crumb]:
    """Return the way to the form: the list, and the record that is edited."""
    language = entry.unit.reader.language
    found = [
        Crumb(entry.entity.title_plural.in_language(language), f"/records/{entry.entity.name}")
    ]
    if entry.record is not None:
        title = entry.unit.title(entry.unit.sight.wrap(entry.record))
        found.append(Crumb(title, f"/records/{entry.entity.name}/{entry.number}"))
    return found


def _hidden(entry: Entry) -> list[tuple[str, str]]:
    found = [("_form", entry.form.name), ("_changed", ""), ("_touched", "")]
    back = local_path(request.values.get("_next") or request.args.get("next"), "")
    if back:
        found.append(("_next", back))
    if entry.record is None:
        found.append(("_key", signed.write_key(entry.key, entry.unit.actor, entry.entity.name)))
    else:
        # Drawn once more, a form is still about what the person saw at first.
        seen = request.form.get("_version") or str(entry.record.version)
        found += [("_id", entry.number), ("_version", seen), *_drawn(entry, entry.record)]
    return found


def _drawn(entry: Entry, record: StoredRecord) -> list[tuple[str, str]]:
    """Return the hidden inputs that tell from which rows the subforms were drawn at first."""
    keys = entry.plan.subforms
    found = [noted for key in keys if (noted := drawn_rows.noted(key)) is not None]
    if found or not keys:
        return found
    rows = drafting.seen_rows(entry.unit, record)
    return [drawn_rows.note(key, rows.get(key, ())) for key in keys]


def _way_back(entry: Entry) -> str:
    base = f"/records/{entry.entity.name}"
    fallback = f"{base}/{entry.number}" if entry.record is not None else base
    return local_path(request.values.get("_next") or request.args.get("next"), fallback)
