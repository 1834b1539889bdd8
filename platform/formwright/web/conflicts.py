"""Two people saved one record: both versions, field by field, to choose from. Nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from formwright.definitions.model import Field
from formwright.engine import drafting, reading
from formwright.engine.drafts import Draft, FieldState, Input
from formwright.engine.formats import Titles
from formwright.engine.formats import show as show_value
from formwright.engine.runtime import Unit
from formwright.engine.versions import changed_since
from formwright.store.rows import StoredRecord
from formwright.texts import Reader, say
from formwright.web import drawn_rows, respond, times
from formwright.web.forms import PREFIX, Sent
from formwright.web.shell import color_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is not the same in both versions."""

    key: str
    title: str
    mine: str
    theirs: str
    mine_first: bool


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """What the page shows; ``hidden`` is all of what was typed."""

    title: str
    icon: str
    color: str
    url: str
    cancel_url: str
    who: str
    when: str
    fields: Sequence[Difference]
    hidden: Sequence[tuple[str, str]]


def show(
    unit: Unit,
    record: StoredRecord,
    sent: Sent,
    given: Input,
    version: int,
    url: str,
    hidden: Sequence[tuple[str, str]],
) -> Response:
    """Answer 409 with the fields in which the two versions differ; each is chosen, then the form is sent again."""
    reader, entity = unit.reader, unit.entity(record.entity)
    base = changed_since(unit, record, version)
    mine = drafting.draft(unit, record.entity, record=record, given=given, form=sent.plan.form)
    theirs = drafting.draft(unit, record.entity, record=record, form=sent.plan.form)
    rows = drafting.seen_rows(unit, record)
    titles = Titles()
    for draft in (mine, theirs):
        titles.known |= reading.draft_titles(unit, draft).known
    fields = [
        _difference(control.definition, mine.states[key], theirs.states[key], base, reader, titles)
        for key, control in sent.controls.items()
        if control.sent
        and key in mine.states
        and _value(mine.states[key]) != _value(theirs.states[key])
    ]
    fields += [
        Difference(
            key,
            entity.fields[key].title.in_language(reader.language),
            _rows_text(mine, key, reader, titles),
            _rows_text(theirs, key, reader, titles),
            mine_first=drawn_rows.are_touched(unit, key, mine, sent, rows.get(key, ())),
        )
        for key in sent.rows
        if _rows_text(mine, key, reader, titles) != _rows_text(theirs, key, reader, titles)
    ]
    who = unit.sight.row("core.user", record.updated_by) if record.updated_by is not None else None
    page = ConflictPage(
        title=unit.title(unit.sight.wrap(record)),
        icon=entity.icon or "table",
        color=color_of(entity),
        url=url,
        cancel_url=url.removesuffix("/edit"),
        who=str(
            who.get("name") if who is not None else say("Somebody").in_language(reader.language)
        ),
        when=times.when(record.updated_at, unit.now, reader),
        fields=fields,
        hidden=[
            *hidden,
            ("_version", str(record.version)),
            *(drawn_rows.note(key, rows.get(key, ())) for key in sent.plan.subforms),
            *_typed(),
        ],
    )
    return respond.invalid("records/conflict.html", "records/_conflict.html", status=409, page=page)


def without_theirs(data: Any) -> Any:
    """Return what was sent without the inputs of fields for which the stored version was chosen."""
    dropped = {
        name.removeprefix("_keep-")
        for name, text in data.items()
        if name.startswith("_keep-") and text == "theirs"
    }
    if not dropped:
        return data
    found = data.copy()
    for name in list(found):
        if (
            name.startswith(PREFIX)
            and name.removeprefix(PREFIX).partition("-")[0].partition("~")[0] in dropped
        ):
            del found[name]
    return found


def _typed() -> list[tuple[str, str]]:
    return [
        (name, text) for name, text in request.form.items(multi=True) if name.startswith(PREFIX)
    ]


def _value(state: FieldState) -> Any:
    return state.typed if state.typed is not None else state.value


def _difference(
    field: Field,
    mine: FieldState,
    theirs: FieldState,
    base: dict[str, Any],
    reader: Reader,
    titles: Titles,
) -> Difference:
    untouched_by_me = field.key in base and base[field.key] == mine.value and mine.typed is None
    text = mine.typed[0] if mine.typed else show_value(field, mine.value, reader, titles)
    return Difference(
        field.key,
        field.title.in_language(reader.language),
        text,
        show_value(field, theirs.value, reader, titles),
        mine_first=not untouched_by_me,
    )


def _rows_text(draft: Draft, key: str, reader: Reader, titles: Titles) -> str:
    """Return the rows of a subform as text: what is typed in them, line by line."""
    lines = []
    for row in draft.rows.get(key, ()):
        texts = (
            show_value(s.field, s.value, reader, titles)
            for s in row.states.values()
            if s.field.writable
        )
        lines.append(" · ".join(text for text in texts if text))
    return "; ".join(lines)
