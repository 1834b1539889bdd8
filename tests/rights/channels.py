"""The ways on which something of a record reaches somebody. Each is a function that says what it has shown."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from formwright.definitions.model import Action, Entity, Sort
from formwright.engine import exports, reading, views
from formwright.engine.drafts import Draft, FieldState, Input, RowDraft
from formwright.engine.formats import Titles, show
from formwright.engine.gate import Query
from formwright.engine.runtime import Unit
from formwright.errors import Forbidden, FormwrightError, NotFound
from formwright.ids import format_id, parse_id
from rights.world import Office

Context: TypeAlias = tuple[Any, ...]


@dataclass
class Shown:
    """What a channel has shown in one place: records in order, texts of their cells, and everything as it came."""

    context: Context
    entity: str
    ids: list[int] = field(default_factory=list)
    #: Record and path -> text.
    cells: dict[tuple[str, int, str], str] = field(default_factory=dict)
    blob: str = ""
    count: int | None = None
    #: Whether it was open at all.
    refused: bool = False


Channel: TypeAlias = Callable[[Unit, Office], Iterator[Shown]]
CHANNELS: dict[str, Channel] = {}


def channel(function: Channel) -> Channel:
    """Register a channel under its name."""
    CHANNELS[function.__name__.removesuffix("_")] = function
    return function


def _of_page(context: Context, page: views.ListPage) -> Shown:
    paths = [column.path for column in page.columns]
    found = Shown(context, page.entity.name, [row.id for row in page.rows])
    for row in page.rows:
        for path, cell in zip(paths, row.cells, strict=True):
            found.cells[page.entity.name, row.id, path] = cell.text
    found.blob = repr([(row.title, row.cells) for row in page.rows])
    found.count = page.count
    return found


def _list(unit: Unit, context: Context, name: str, state: views.ListState) -> Shown:
    try:
        return _of_page(context, views.list_view(unit, name, state))
    except Forbidden:
        return Shown(context, unit.view(name).entity, refused=True)


def whole(unit: Unit, office: Office) -> Iterator[Shown]:
    """Every record with the columns of every view, whatever the views leave out: the truth about cells of lists."""
    for name, view in unit.catalog.views.items():
        records = unit.gate.get_many(view.entity, office.ids[view.entity])
        page = views.ListPage(
            view,
            unit.entity(view.entity),
            view.columns,
            tuple(views.list_rows(unit, view, records)),
        )
        yield _of_page(("whole", name), page)


# --- lists ----------------------------------------------------------------------------------------------------------


@channel
def list_(unit: Unit, _office: Office) -> Iterator[Shown]:
    """Every view, with columns through references (expansion) and the count beside it."""
    for name in unit.catalog.views:
        yield _list(unit, ("list", name), name, views.ListState())


def filters_of(unit: Unit, office: Office) -> Iterator[tuple[str, str, str, Any]]:
    """Yield views, quick filters on fields, and each text that a record has in such a field."""
    for name, view in unit.catalog.views.items():
        for quick in view.quick_filters:
            if not quick.field:
                continue
            wanted = unit.entity(view.entity).fields[quick.field]
            for value in office.values(view.entity, quick.field)[:: 1 if office.full else 3]:
                text = format_id(value) if wanted.target else wanted.type.canonical(wanted, value)
                yield name, quick.key, text, value


@channel
def filter_(unit: Unit, office: Office) -> Iterator[Shown]:
    """Every quick filter, set to every value that exists."""
    for name, key, text, value in filters_of(unit, office):
        context = ("filter", name, key, value)
        yield _list(unit, context, name, views.ListState(filters={key: text}))


@channel
def sort(unit: Unit, office: Office) -> Iterator[Shown]:
    """Every order of every field, up and down, as the address of a list asks for it; of those with an index at least."""
    for entity, name in sorted(
        {view.entity: view.name for view in unit.catalog.views.values()}.items()
    ):
        for key, each in unit.entity(entity).fields.items():
            if not (each.indexed or each.mask != "none" or office.full):
                continue
            for descending in (False, True):
                order = (Sort(key, descending),)
                yield _list(
                    unit, ("sort", name, key, descending), name, views.ListState(sort=order)
                )


@channel
def search(unit: Unit, office: Office) -> Iterator[Shown]:
    """The list of an entity searched by tokens that stand in it, whoever may read them."""
    by_entity = {view.entity: view.name for view in unit.catalog.views.values()}
    for token in office.sample:
        entity = office.tokens[token][0]
        if entity in by_entity and unit.entity(entity).search_fields:
            context = ("search", entity, token)
            yield _list(unit, context, by_entity[entity], views.ListState(search=token))


@channel
def search_all(unit: Unit, office: Office) -> Iterator[Shown]:
    """The search across everything, by some of the tokens, and by ids."""
    for text in office.sample[::10]:
        for entity, choices in reading.search_all(unit, text):
            ids = [choice.id for choice in choices]
            yield Shown(("search_all", entity.name, text), entity.name, ids, blob=repr(choices))


# --- one record -----------------------------------------------------------------------------------------------------


def _states(
    found: Shown,
    entity: str,
    number: int,
    states: dict[str, FieldState],
    unit: Unit,
    titles: Titles,
) -> None:
    for key, state in states.items():
        shown = (
            state.mask
            if state.mask is not None
            else show(state.field, state.value, unit.reader, titles)
        )
        found.cells[entity, number, key] = shown


def _of_draft(
    found: Shown, entity: Entity, number: int, draft: Draft, unit: Unit, titles: Titles
) -> None:
    _states(found, entity.name, number, draft.states, unit, titles)
    for key, rows in draft.rows.items():
        for row in rows:
            _states(found, entity.fields[key].target, _id(row), row.states, unit, titles)


def _id(row: RowDraft) -> int:
    return parse_id(row.key) or 0


@channel
def page(unit: Unit, office: Office) -> Iterator[Shown]:
    """The page of every record with its rows, its history, and how many records refer to it."""
    for name, entity in unit.catalog.entities.items():
        found, past = Shown(("page", name), name), Shown(("history", name), name)
        for number in office.ids.get(name, ()) if not entity.parent else ():
            try:
                opened = reading.open_record(unit, name, number)
            except NotFound:
                continue
            except Forbidden:
                assert not [f for f in unit.catalog.forms.values() if f.entity == name], "no form"
                continue
            found.ids.append(number)
            _of_draft(found, entity, number, opened.draft, unit, opened.titles)
            found.blob += repr((opened.title, opened.draft, opened.record, opened.titles))
            keys = {each.title.default: key for key, each in entity.fields.items()}
            for entry in opened.history:
                for line in entry.lines:
                    past.cells[name, number, keys[line.title.default]] = line.after
            past.blob += repr(opened.history)
            for each in opened.related:
                yield Shown(
                    ("counted", name, number, each.field.key), each.entity.name, count=each.count
                )
        yield found
        yield past


@channel
def related(unit: Unit, office: Office) -> Iterator[Shown]:
    """The related lists behind every backlink of every record."""
    for name, entity in unit.catalog.entities.items():
        for key in [k for k, each in entity.fields.items() if each.type.name == "backlink"]:
            for number in office.ids.get(name, ()):
                context = ("related", name, number, key)
                try:
                    page = reading.related_page(unit, name, number, key, views.ListState())
                except NotFound:
                    yield Shown(context, entity.fields[key].target, refused=True)
                else:
                    shown = _of_page(context, page)
                    shown.count = None
                    yield shown


@channel
def picker(unit: Unit, _office: Office) -> Iterator[Shown]:
    """What is offered for every field that refers to something, in a new record."""
    for name, entity in unit.catalog.entities.items():
        for key, each in entity.fields.items():
            if not each.target or each.type.virtual or entity.parent:
                continue
            context = ("picker", name, key)
            try:
                found = reading.pick(unit, name, key, "", Input(), limit=1000)
            except FormwrightError:
                yield Shown(context, each.target, refused=True)
            else:
                yield Shown(context, each.target, [c.id for c in found], blob=repr(found))


@channel
def picker_search(unit: Unit, office: Office) -> Iterator[Shown]:
    """A picker that is asked for what stands in a record."""
    ways = {"crm.customer": ("crm.contact", "customer"), "desk.client": ("desk.letter", "client")}
    for token in office.sample:
        entity = office.tokens[token][0]
        if entity not in ways:
            continue
        try:
            found = reading.pick(unit, *ways[entity], token, Input(), limit=1000)
        except FormwrightError:
            continue
        yield Shown(
            ("picker_search", entity, token), entity, [c.id for c in found], blob=repr(found)
        )


# --- files ----------------------------------------------------------------------------------------------------------


@channel
def export(unit: Unit, _office: Office) -> Iterator[Shown]:
    """Everything that can be taken out, as cells and in each format of a file."""
    for name, entity in unit.catalog.entities.items():
        found = Shown(("export", name), name)
        if entity.parent:
            continue
        try:
            columns = exports.columns_of(unit, entity)
            rows = list(exports.rows_of(unit, entity, columns))
        except Forbidden:
            yield Shown(("export", name), name, refused=True)
            continue
        for row in rows:
            number = parse_id(row[0]) or 0
            found.ids.append(number)
            for column, value in zip(columns, row, strict=True):
                found.cells[name, number, column.key] = exports.text_of(column, value)
        found.blob = "".join(_files(columns, rows))
        yield found


def _files(columns: Sequence[exports.ExportColumn], rows: list[list[Any]]) -> Iterator[str]:
    for make in (exports.CsvWriter, exports.JsonWriter):
        file = io.BytesIO()
        writer = make(columns, file)
        for row in rows:
            writer.write(row)
        writer.close()
        yield file.getvalue().decode("utf-8")
    with TemporaryDirectory() as folder:
        sheet = exports.XlsxWriter(columns, Path(folder) / "all.xlsx")
        for row in rows:
            sheet.write(row)
        sheet.close()
        with zipfile.ZipFile(Path(folder) / "all.xlsx") as archive:
            for part in archive.namelist():
                yield archive.read(part).decode("utf-8", "replace")


@channel
def gate(unit: Unit, office: Office) -> Iterator[Shown]:
    """The gate itself, asked for every record at once: what boards, reports and jobs to come will ask."""
    for name in unit.catalog.entities:
        found = Shown(("gate", name), name)
        records = unit.gate.read(Query(name, limit=1000)).records
        found.ids = [record.id for record in records]
        found.count = unit.gate.count(Query(name), 1000)[0]
        found.blob = repr(records)
        fields = unit.entity(name).fields
        for record in records:
            for key, each in fields.items():
                if each.stored and not each.target and key not in record.withheld:
                    value = record.values.get(key)
                    found.cells[name, record.id, key] = show(each, value, unit.reader, Titles())
                elif each.stored and not each.target:
                    found.cells[name, record.id, key] = record.masks.get(key, "")
        yield found
        many = unit.gate.get_many(name, office.ids.get(name, ()))
        yield Shown(("get_many", name), name, [r.id for r in many], blob=repr(many))
        inside = sorted(unit.gate.inside(Action.READ, name, office.ids.get(name, ())))
        yield Shown(("inside", name), name, inside)
