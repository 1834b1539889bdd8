"""Answers while somebody types in a form: what a change does to the rest of it, rows, and pickers."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound as NotFoundPage

from formwright.engine import drafting, reading
from formwright.ids import format_id
from formwright.web import changed_parts, forms, respond, rows, uploads
from formwright.web.access import LOGIN, declare
from formwright.web.drawn import Item
from formwright.web.formpages import entry_of, environment_of, forget_complaints, pick_url
from formwright.web.layout import Layout
from formwright.web.resolving import resolve

blueprint = declare(Blueprint("drafting", __name__), LOGIN)


@blueprint.post("/records/<name>/draft")
def draft(name: str) -> Response:
    """Answer with what the last change does to the rest of the form; nothing is stored."""
    entry = entry_of(name, request.form.get("_id", ""))
    sent = forms.read(entry.plan, request.form)
    was = changed_parts.remember(sent)
    changed = request.form.get("_changed", "")
    missing = resolve(entry.unit, entry.plan, sent, entry.record, only=changed, offer=False)
    given = uploads.complete(entry.unit, sent, entry.record)
    found = drafting.draft(
        entry.unit, name, record=entry.record, given=given, changed=changed, form=entry.form
    )
    found.violations += missing
    titles = reading.draft_titles(entry.unit, found)
    forms.show(sent, found, entry.unit.reader, titles, pick_url(entry))
    layout = Layout(entry.unit, sent, found, environment_of(entry, found))
    layout.nodes()
    touched = frozenset(request.form.get("_touched", "").split()) | {changed}
    return respond.parts(*changed_parts.between(was, sent, layout, changed, touched))


@blueprint.post("/records/<name>/rows/<subform>")
def add_rows(name: str, subform: str) -> Response:
    """Answer with the rows of a subform after one was added or copied, or many were pasted."""
    entry = entry_of(name, request.form.get("_id", ""))
    if subform not in entry.plan.subforms:
        raise NotFoundPage
    sent = forms.read(entry.plan, request.form)
    focus = rows.apply(entry.unit, sent, request.form.get("_do", ""), subform, request.form)
    found = drafting.draft(
        entry.unit,
        name,
        record=entry.record,
        given=uploads.complete(entry.unit, sent, entry.record),
        form=entry.form,
    )
    forget_complaints(found)
    forms.show(
        sent, found, entry.unit.reader, reading.draft_titles(entry.unit, found), pick_url(entry)
    )
    layout = Layout(entry.unit, sent, found, environment_of(entry, found))
    events = {"fw:focus": {"id": focus}} if focus else None
    return respond.fragment("forms/_block.html", subform=layout.subform(subform), events=events)


@blueprint.post("/records/<name>/pick/<path>")
def pick(name: str, path: str) -> Response:
    """Answer with the records that fit what is typed in a reference's input."""
    entry = entry_of(name, request.form.get("_id", ""))
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
