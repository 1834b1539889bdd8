"""Record pages: facts, related lists, history; deleting, the trash, restoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.definitions.model import Action, Entity, Node, NodeType
from formwright.engine import explain, reading, refused, views
from formwright.engine import trash as trash_engine
from formwright.engine.reading import RecordPage, RelatedList
from formwright.engine.runtime import Unit
from formwright.engine.views import ListState
from formwright.ids import format_id, parse_id
from formwright.store.problems import Restricted
from formwright.store.rows import StoredRecord
from formwright.texts import say
from formwright.web import current, respond, times
from formwright.web.access import LOGIN, declare
from formwright.web.drawn import RefusedView
from formwright.web.extensions import htmx
from formwright.web.facts import Badge, FactNode, FactSheet, HistoryView, history_view
from formwright.web.formpages import Crumb
from formwright.web.notes import Note
from formwright.web.people import AccountPanel, panel
from formwright.web.shell import color_of
from formwright.web.tables import ColumnView, RowView, columns_of, rows_of

blueprint = declare(Blueprint("records", __name__), LOGIN)


@dataclass(frozen=True, slots=True)
class RelatedView:
    """One page of the records that refer to this one."""

    key: str
    title: str
    icon: str
    count: str
    new_url: str
    columns: Sequence[ColumnView]
    rows: Sequence[RowView]
    previous_url: str
    next_url: str
    previous_page: str
    next_page: str


@dataclass(frozen=True, slots=True)
class RecordTab:
    """A part of the page that is shown at a time: facts, or a related list that is fetched when it is opened."""

    key: str
    title: str
    url: str
    current: bool
    count: str = ""
    nodes: Sequence[FactNode] = ()
    related: str = ""
    list: RelatedView | None = None


@dataclass(frozen=True, slots=True)
class RecordView:
    """Everything a record page draws."""

    title: str
    entity_title: str
    icon: str
    color: str
    badges: Sequence[Badge]
    updated_text: str
    updated_exact: str
    edit_url: str
    copy_url: str
    delete_url: str
    claim_url: str
    hand_over_url: str
    share_url: str
    tabs: Sequence[RecordTab]
    history: Sequence[HistoryView]
    older_url: str
    account: AccountPanel | None
    refused: Sequence[RefusedView]
    why_url: str
    #: For whoever looks after users: who sees the record; the rights of a person, and the page through those eyes.
    who_url: str
    rights_url: str
    person: str


@dataclass(frozen=True, slots=True)
class TrashView:
    """A record in the trash."""

    title: str
    iso: str
    when: str
    who: str
    restore_url: str


@dataclass(frozen=True, slots=True)
class TrashPage:
    """The trash of an entity."""

    title: str
    days: int
    records: Sequence[TrashView]


@blueprint.get("/records/<name>")
def index(name: str) -> BaseResponse:
    """Go to the list that opens first."""
    return redirect(f"/views/{views.default_view(current.unit(), name).name}", 303)


@blueprint.get("/records/<name>/<number>")
def show(name: str, number: str) -> Response:
    """Show a record."""
    unit = current.unit()
    page = reading.open_record(unit, name, parse_id(number) or 0)
    g.entity = name
    entity = unit.entity(name)
    crumb = Crumb(entity.title_plural.in_language(unit.reader.language), f"/records/{name}")
    return respond.page("records/show.html", page=_view(unit, entity, page), crumbs=[crumb])


@blueprint.get("/records/<name>/<number>/related/<key>")
def related(name: str, number: str, key: str) -> BaseResponse:
    """Show one page of a related list; without scripts, the record page with that list open."""
    if not htmx.partial:
        return redirect(f"/records/{name}/{number}?{urlencode({'tab': key, **request.args})}", 303)
    unit = current.unit()
    view = _related(unit, name, number, key, request.args)
    return respond.fragment("records/_related.html", related=view)


@blueprint.get("/records/<name>/<number>/history")
def history(name: str, number: str) -> BaseResponse:
    """Show older changes of a record."""
    unit = current.unit()
    page = reading.open_record(
        unit, name, parse_id(number) or 0, older_than=request.args.get("before", "")
    )
    entries = [history_view(entry, unit) for entry in page.history]
    return respond.fragment(
        "records/_history.html", entries=entries, older=_older(name, number, page)
    )


@blueprint.post("/records/<name>/<number>/delete")
def delete(name: str, number: str) -> BaseResponse:
    """Move a record to the trash; the message offers to undo it."""
    actor = current.actor()
    language = current.language()
    current.release()
    try:
        deletion = trash_engine.delete(current.runtime(), actor, name, parse_id(number) or 0)
    except Restricted as held:
        return respond.moved(f"/records/{name}/{number}", Note(_held_text(held), bad=True))
    text = say("“%(title)s” is in the trash", title=deletion.title).in_language(language)
    return respond.moved(
        f"/records/{name}", Note(text, undo=f"/trash/{format_id(deletion.id)}/restore")
    )


@blueprint.get("/records/<name>/trash")
def trash(name: str) -> Response:
    """Show what was deleted and can be restored."""
    unit = current.unit()
    entity = unit.entity(name)
    g.entity = name
    found = [
        TrashView(
            item.title,
            times.iso(item.deleted_at),
            times.when(item.deleted_at, unit.now, unit.reader),
            item.deleted_by,
            f"/trash/{format_id(item.deletion_id)}/restore",
        )
        for item in trash_engine.trash(unit, name)
    ]
    title = entity.title_plural.in_language(unit.reader.language)
    page = TrashPage(title, entity.trash_days, found)
    return respond.page("records/trash.html", page=page, crumbs=[Crumb(title, f"/records/{name}")])


@blueprint.post("/trash/<deletion>/restore")
def restore(deletion: str) -> BaseResponse:
    """Bring a deleted record back, with everything that went with it."""
    actor = current.actor()
    text = say("Restored").in_language(current.language())
    current.release()
    record = trash_engine.restore(current.runtime(), actor, parse_id(deletion) or 0)
    return respond.moved(f"/records/{record.entity}/{format_id(record.id)}", Note(text))


# --- the parts of a record page -------------------------------------------------------------------------------------


def _view(unit: Unit, entity: Entity, page: RecordPage) -> RecordView:
    reader, record = unit.reader, page.record
    sheet = FactSheet(unit, page)
    url = f"/records/{entity.name}/{format_id(record.id)}"
    who = page.titles.of("core.user", record.updated_by, reader) if record.updated_by else ""
    ago = times.when(record.updated_at, unit.now, reader)
    updated = (
        say("updated %(when)s by %(name)s", when=ago, name=who)
        if who
        else say("updated %(when)s", when=ago)
    )
    return RecordView(
        title=page.title,
        entity_title=entity.title.in_language(reader.language),
        icon=entity.icon or "table",
        color=color_of(entity),
        badges=sheet.header_badges(),
        updated_text=updated.in_language(reader.language),
        updated_exact=times.exact(record.updated_at, reader),
        edit_url=f"{url}/edit" if Action.UPDATE in page.may else "",
        copy_url=f"/records/{entity.name}/new?copy={format_id(record.id)}"
        if Action.CREATE in page.may
        else "",
        delete_url=f"{url}/delete" if Action.DELETE in page.may else "",
        claim_url=f"{url}/claim" if _in_pool(entity, page) and Action.ASSIGN in page.may else "",
        hand_over_url=_hand_over_url(entity, page),
        share_url=f"{url}/share" if Action.SHARE in page.may and not entity.parent else "",
        tabs=_tabs(unit, page, sheet, url),
        history=[history_view(entry, unit) for entry in page.history],
        older_url=_older(entity.name, format_id(record.id), page),
        account=panel(unit, record),
        refused=_refused(unit, page),
        **_why(unit, record),
    )


_BUTTONS = (
    (Action.UPDATE, say("Edit"), "edit"),
    (Action.DELETE, say("Delete"), "trash"),
)


def _refused(unit: Unit, page: RecordPage) -> list[RefusedView]:
    """Return the buttons of a record that are off for the actor, each with the reason."""
    record = page.record
    return [
        RefusedView(
            title.in_language(unit.reader.language),
            icon,
            refused.why_not(unit, action, record.entity, record),
        )
        for action, title, icon in _BUTTONS
        if action not in page.may
    ]


def _why(unit: Unit, record: StoredRecord) -> dict[str, str]:
    """Return the ways from a record to what explains rights."""
    number = format_id(record.id)
    asks = {"entity": record.entity, "record": number}
    found = {
        "why_url": f"/explain?{urlencode(asks)}",
        "who_url": "",
        "rights_url": "",
        "person": "",
    }
    if explain.may_explain(unit):
        found["who_url"] = f"/explain/who?{urlencode(asks)}"
        if record.entity == "core.user":
            found |= {"rights_url": f"/explain?{urlencode({'person': number})}"}
            found["person"] = number if record.id != unit.actor.id else ""
    return found


def _in_pool(entity: Entity, page: RecordPage) -> bool:
    return bool(entity.owner_field) and page.record.owner_id is None


def _hand_over_url(entity: Entity, page: RecordPage) -> str:
    """Return where the record is given to somebody else; "" for whoever may not do that."""
    action = Action.ASSIGN if _in_pool(entity, page) else Action.TRANSFER
    if not entity.owner_field or action not in page.may:
        return ""
    return f"/records/{entity.name}/hand-over?{urlencode({'id': format_id(page.record.id)})}"


def _tabs(unit: Unit, page: RecordPage, sheet: FactSheet, url: str) -> list[RecordTab]:
    """Return the tabs: those of the layout, then the related lists that it does not mention."""
    language = unit.reader.language
    wanted = request.args.get("tab", "")
    known = {each.field.key: each for each in page.related}
    plain: list[Node] = []
    found: list[tuple[str, str, Any]] = []
    for node in page.form.layout:
        if node.type is NodeType.TAB:
            related = _only_related(node)
            key = known.get(related.path) if related is not None else None
            if related is not None and key is None:
                continue
            title = node.title.in_language(language)
            found.append(
                (related.path if related is not None else node.key, title, key or node.items)
            )
        else:
            plain.append(node)
    if plain:
        found.insert(0, ("details", say("Details").in_language(language), tuple(plain)))
    shown = {key for key, _, _ in found}
    found += [
        (key, each.field.title.in_language(language), each)
        for key, each in known.items()
        if key not in shown
    ]
    keys = [key for key, _, _ in found]
    active = wanted if wanted in keys else keys[0] if keys else ""
    return [_tab(unit, page, sheet, url, entry, entry[0] == active) for entry in found]


def _only_related(node: Node) -> Node | None:
    """Return the related list that a tab consists of, or None when there is more in it."""
    return (
        node.items[0] if len(node.items) == 1 and node.items[0].type is NodeType.RELATED else None
    )


def _tab(
    unit: Unit,
    page: RecordPage,
    sheet: FactSheet,
    url: str,
    entry: tuple[str, str, Any],
    active: bool,
) -> RecordTab:
    key, title, content = entry
    address = f"{url}?tab={key}"
    if not isinstance(content, RelatedList):
        return RecordTab(key, title, address, active, nodes=sheet.nodes(content))
    count = f"{content.count}+" if content.capped else str(content.count)
    opened = None
    if active:
        opened = _related(unit, page.record.entity, format_id(page.record.id), key, request.args)
    return RecordTab(
        key,
        title,
        address,
        active,
        count if content.count else "",
        related=f"{url}/related/{key}",
        list=opened,
    )


def _related(unit: Unit, name: str, number: str, key: str, arguments: Any) -> RelatedView:
    state = ListState(after=arguments.get("after", ""), before=arguments.get("before", ""))
    page = reading.related_page(unit, name, parse_id(number) or 0, key, state)
    field = unit.entity(name).fields[key]
    url, whole = f"/records/{name}/{number}/related/{key}", f"/records/{name}/{number}"
    back = f"{whole}?tab={key}"
    may_create = unit.access.may(Action.CREATE, page.entity.name)
    new_url = (
        f"/records/{page.entity.name}/new?{urlencode({f'f-{field.via}': number, 'next': back})}"
    )
    return RelatedView(
        key=key,
        title=field.title.in_language(unit.reader.language),
        icon=page.entity.icon or "table",
        count="",
        new_url=new_url if may_create else "",
        columns=columns_of(unit.catalog.entities, page.entity, page.columns, unit.reader),
        rows=rows_of(page.entity.name, page.rows),
        previous_url=f"{url}?{urlencode({'before': page.previous})}" if page.previous else "",
        next_url=f"{url}?{urlencode({'after': page.next})}" if page.next else "",
        previous_page=f"{back}&{urlencode({'before': page.previous})}" if page.previous else "",
        next_page=f"{back}&{urlencode({'after': page.next})}" if page.next else "",
    )


def _older(name: str, number: str, page: RecordPage) -> str:
    return (
        f"/records/{name}/{number}/history?{urlencode({'before': page.older})}"
        if page.older
        else ""
    )


def _held_text(held: Restricted) -> str:
    """Say what keeps a record from being deleted, by the names of the entities."""
    unit = current.unit()
    language = unit.reader.language
    parts = []
    for each in held.referrers:
        entity = unit.catalog.entities.get(each.entity)
        title = entity.title_plural.in_language(language) if entity is not None else each.entity
        parts.append(f"{title} ({each.count})")
    current.release()
    return say(
        "This cannot be deleted: it is used by %(names)s.", names=", ".join(parts)
    ).in_language(language)
