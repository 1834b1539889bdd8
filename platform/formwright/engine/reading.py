"""Questions about records: a record's page, its related lists and history, pickers, search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from formwright.definitions.model import Action, Entity, Field, Form, Sort, View
from formwright.engine.drafting import as_draft, seen_rows
from formwright.engine.drafts import Draft, Input
from formwright.engine.formats import Titles, references_in, show
from formwright.engine.gate import Query
from formwright.engine.pipeline import condition_holds, look, work_out
from formwright.engine.rows import ValuesRow
from formwright.engine.titles import preload, titles_of
from formwright.engine.views import (
    ListPage,
    ListState,
    generated_view,
    list_rows,
    open_columns,
    views_of,
)
from formwright.errors import Forbidden, NotFound
from formwright.ids import parse_id
from formwright.store.shares import grantee_of
from formwright.texts import Label, Text, say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit
    from formwright.store.history import Change
    from formwright.store.rows import StoredRecord

#: A related list counts up to here, and then says "100+".
RELATED_CAP = 100
_NEWEST = (Sort("updated_at", descending=True),)
_PAGE_ACTIONS = (
    Action.UPDATE, Action.DELETE, Action.RESTORE, Action.EXPORT,
    Action.REVEAL, Action.SHARE, Action.ASSIGN, Action.TRANSFER,
)  # fmt: skip
#: How far a record is shared, in words.
SHARE_LEVELS = {"read": say("may read it"), "edit": say("may read and change it")}


@dataclass(frozen=True, slots=True)
class RelatedList:
    """The records that refer to this one through ``field`` (a backlink): how many the actor may see."""

    field: Field
    entity: Entity
    count: int
    capped: bool
    may_create: bool


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One field of a change, or somebody it is shared with: its title and the texts before and after."""

    title: Label | Text
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a record: who, when, through which channel, what."""

    at: datetime
    by: str
    channel: str
    operation: str
    version: int
    lines: tuple[HistoryLine, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Everything a record page shows. ``before_history`` is the token for older changes, or ""."""

    record: StoredRecord
    title: str
    form: Form
    draft: Draft
    titles: Titles
    related: tuple[RelatedList, ...]
    may: frozenset[Action]
    history: tuple[HistoryEntry, ...]
    older: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One record that can be picked."""

    id: int
    title: str
    detail: str = ""


def open_record(
    unit: Unit, entity_name: str, record_id: int, *, older_than: str = ""
) -> RecordPage:
    """Return the page of a record; NotFound for unknown and forbidden ones alike."""
    record = unit.gate.find(Action.READ, entity_name, record_id)
    entity = unit.entity(entity_name)
    rows = seen_rows(unit, record)
    work = look(unit.plan(entity_name), unit.context_for_showing(), record, rows)
    changes, older = unit.tx.history.page(entity_name, record.id, older_than)
    titles = _titles(unit, entity, work.row, rows, changes)
    return RecordPage(
        record=record,
        title=unit.title(unit.sight.wrap(record)),
        form=form_for(unit, entity_name, "view", work.row),
        draft=as_draft(unit, work),
        titles=titles,
        related=tuple(_related(unit, entity, record)),
        may=_may(unit, entity_name, record),
        history=tuple(_history_entry(unit, record, change, titles) for change in changes),
        older=older,
    )


def form_for(unit: Unit, entity_name: str, purpose: str, row: ValuesRow | None = None) -> Form:
    """Return the first form of an entity that serves ``purpose``, these roles and this record."""
    environment = unit.sight.environment(row or ValuesRow(unit.entity(entity_name), {}))
    for form in unit.catalog.forms.values():
        if form.entity != entity_name or purpose not in form.purpose:
            continue
        if form.roles and not form.roles & unit.actor.roles:
            continue
        if condition_holds(form.when, environment):
            return form
    raise Forbidden(say("No form of this entity is open to you."))


def _may(unit: Unit, entity_name: str, record: StoredRecord) -> frozenset[Action]:
    """Return what the actor may do with this very record."""
    allowed = unit.gate.actions_on(record, _PAGE_ACTIONS)
    if unit.access.may(Action.CREATE, entity_name):
        return allowed | {Action.CREATE}
    return allowed


# --- related lists --------------------------------------------------------------------------------------------------


def _related(unit: Unit, entity: Entity, record: StoredRecord) -> Iterable[RelatedList]:
    fields = [
        field
        for field in entity.fields.values()
        if field.type.name == "backlink" and _is_open(unit, field, record)
    ]
    queries = [Query(field.target, referring=(field.via, record.id)) for field in fields]
    for field, (count, capped) in zip(fields, unit.gate.counts(queries, RELATED_CAP), strict=True):
        may_create = unit.access.may(Action.CREATE, field.target)
        yield RelatedList(field, unit.entity(field.target), count, capped, may_create)


def _is_open(unit: Unit, field: Field, record: StoredRecord) -> bool:
    """Return whether the actor may see which records refer to one through the field behind a backlink."""
    return (
        field.key not in record.withheld
        and unit.access.may(Action.READ, field.target)
        and unit.gate.knows(field.target, field.via)
    )


def related_page(
    unit: Unit, entity_name: str, record_id: int, key: str, state: ListState
) -> ListPage:
    """Return one page of a related list, with the columns of the other entity's first view."""
    record = unit.gate.find(Action.READ, entity_name, record_id)
    field = unit.entity(entity_name).fields.get(key)
    if field is None or field.type.name != "backlink" or not _is_open(unit, field, record):
        raise NotFound(say("There is no such list."))
    view = related_view(unit, field)
    page = unit.gate.read(
        Query(
            field.target,
            referring=(field.via, record.id),
            sort=state.sort or (Sort("created_at", descending=True),),
            limit=20,
            after=state.after,
            before=state.before,
        )
    )
    return ListPage(
        view=view,
        entity=unit.entity(field.target),
        columns=view.columns,
        rows=tuple(list_rows(unit, view, page.records)),
        next=page.next or "",
        previous=page.previous or "",
    )


def related_view(unit: Unit, field: Field) -> View:
    """Return the view whose columns a related list shows, without the column that leads back here."""
    views = views_of(unit, field.target)
    if not views:
        return generated_view(unit.entity(field.target))
    view = next((each for each in views if each.default), views[0])
    columns = tuple(
        column for column in open_columns(unit, view) if column.path.split(".")[0] != field.via
    )
    return replace(view, columns=columns[:6])


# --- history --------------------------------------------------------------------------------------------------------


def _history_entry(
    unit: Unit, record: StoredRecord, change: Change, titles: Titles
) -> HistoryEntry:
    """Return a change as the actor may see it: what is kept from him today is kept from him in the past."""
    entity = unit.entity(record.entity)
    by = titles.of("core.user", change.by, unit.reader) if change.by is not None else ""
    lines = [
        HistoryLine(
            entity.fields[key].title,
            _history_text(unit, entity.fields[key], before, titles),
            _history_text(unit, entity.fields[key], after, titles),
        )
        for key, (before, after) in change.changes.items()
        if key in entity.fields and not entity.fields[key].hidden and key not in record.withheld
    ]
    lines += [
        HistoryLine(
            say("Shared with %(name)s", name=titles.of(*grantee, unit.reader)),
            _level_text(unit, before),
            _level_text(unit, after) or say("no longer").in_language(unit.reader.language),
        )
        for key, (before, after) in change.changes.items()
        if (grantee := grantee_of(key)) is not None
    ]
    return HistoryEntry(
        change.at, by, change.channel, change.operation, change.version, tuple(lines)
    )


def _level_text(unit: Unit, level: Any) -> str:
    text = SHARE_LEVELS.get(level)
    return "" if text is None else text.in_language(unit.reader.language)


def _history_text(unit: Unit, field: Field, stored: Any, titles: Titles) -> str:
    if stored is None:
        return ""
    return show(field, field.type.from_stored(field, stored), unit.reader, titles)


def _titles(
    unit: Unit,
    entity: Entity,
    row: ValuesRow,
    rows: Mapping[str, list[StoredRecord]],
    changes: Iterable[Change],
) -> Titles:
    """Return the names of everything the page mentions, read in one statement."""
    wanted: dict[str, set[int]] = {"core.user": set()}

    def add(field: Field, value: Any) -> None:
        if numbers := references_in(field, value):
            wanted.setdefault(field.target, set()).update(numbers)

    for field in entity.fields.values():
        add(field, row.values.get(field.key))
    for key, children in rows.items():
        child = unit.entity(entity.fields[key].target)
        for record in children:
            for field in child.fields.values():
                add(field, record.values.get(field.key))
    for change in changes:
        if change.by is not None:
            wanted["core.user"].add(change.by)
        for key, values in change.changes.items():
            if (grantee := grantee_of(key)) is not None:
                wanted.setdefault(grantee[0], set()).add(grantee[1])
            field_ = entity.fields.get(key)
            if field_ is not None and field_.target:
                for stored in values:
                    if stored is not None:
                        add(field_, field_.type.from_stored(field_, stored))
    for built_in in ("created_by", "updated_by"):
        number = row.get(built_in)
        if isinstance(number, int):
            wanted["core.user"].add(number)
    return titles_of(unit, wanted)


def draft_titles(unit: Unit, draft: Draft) -> Titles:
    """Return the names of everything that a draft and its rows refer to."""
    wanted: dict[str, set[int]] = {}
    states = [draft.states, *(row.states for rows in draft.rows.values() for row in rows)]
    for group in states:
        for state in group.values():
            if numbers := references_in(state.field, state.value):
                wanted.setdefault(state.field.target, set()).update(numbers)
    return titles_of(unit, wanted)


# --- pickers and search ---------------------------------------------------------------------------------------------


def pick(
    unit: Unit,
    entity_name: str,
    field_key: str,
    search: str,
    given: Input,
    *,
    record: StoredRecord | None = None,
    subform: str = "",
    row_key: str = "",
    limit: int = 8,
) -> list[Choice]:
    """Return the records that may be chosen for a reference field of the draft ``given``.

    ``subform`` and ``row_key`` lead to a field of a row. The field's filter and the actor's right to read both stand
    in the statement.
    """
    if record is None and not unit.access.may(Action.READ, entity_name):
        unit.access.require(Action.CREATE, entity_name)
    rows = seen_rows(unit, record) if record is not None else {}
    work = work_out(unit.plan(entity_name), unit.context(), given, before=record, before_rows=rows)
    if subform:
        work = next((row for row in work.rows.get(subform, []) if row.key == row_key), work)
    field = work.plan.entity.fields.get(field_key)
    if field is None or not field.target or field.type.virtual:
        raise NotFound(say("There is no such field."))
    query = Query(
        field.target,
        filters=() if field.filter is None else (field.filter,),
        roots={"this": work.row, "parent": work.row.parent},
        choices=(("active", "true"),) if field.target == "core.user" else (),
        search=search,
        sort=_NEWEST,
        limit=limit,
    )
    return choices(unit, unit.gate.read(query).records)


def choices(unit: Unit, records: Iterable[StoredRecord]) -> list[Choice]:
    """Return records as things to pick: title, and the search fields as a second line."""
    found = []
    records = list(records)
    for name in {record.entity for record in records}:
        rows = [unit.sight.wrap(record) for record in records if record.entity == name]
        preload(unit, unit.entity(name), rows, unit.entity(name).display.reads)
    for record in records:
        entity = unit.entity(record.entity)
        title = unit.title(unit.sight.wrap(record))
        parts = []
        for key in entity.search_fields:
            field = entity.fields.get(key)
            if (
                field is not None
                and not field.target
                and (text := show(field, record.values.get(key), unit.reader, Titles()))
            ):
                parts.append(text[:60])
        detail = " · ".join(part for part in dict.fromkeys(parts) if part != title)
        found.append(Choice(record.id, title, detail))
    return found


def search_all(unit: Unit, text: str, limit: int = 5) -> list[tuple[Entity, list[Choice]]]:
    """Return the newest matches of every entity the actor may read; an id finds its record."""
    found = []
    number = parse_id(text.strip())
    for name, entity in unit.catalog.entities.items():
        if entity.kind == "child" or not entity.search_fields:
            continue
        if not unit.access.may(Action.READ, name):
            continue
        records = _by_number(unit, name, number) if number is not None else []
        if not records:
            query = Query(name, search=text, sort=_NEWEST, limit=limit)
            records = list(unit.gate.read(query).records)
        if records:
            found.append((entity, choices(unit, records)))
    return found


def _by_number(unit: Unit, entity_name: str, number: int) -> list[StoredRecord]:
    try:
        return [unit.gate.find(Action.READ, entity_name, number)]
    except NotFound:
        return []
