"""Record attributes as SQL columns: the slot where there is one, else the value inside the document."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    TableClause,
    Text,
    and_,
    case,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    select,
    type_coerce,
)
from sqlalchemy.sql.selectable import NamedFromClause

from formwright.definitions.model import Catalog, Entity
from formwright.errors import UnknownName
from formwright.expressions.kinds import Base
from formwright.store import codec, slots, tables
from formwright.store.columntypes import Instant
from formwright.store.slots import EntityLayout, Layout
from formwright.suggest import closest
from formwright.texts import say

_BUILT_IN = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by", "version"})
#: More columns of the row, for the store's own use.
_INTERNAL = frozenset({"owner_id", "parent_id", "position"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class _Narrow(TableClause):
    """The record table as an entity uses it."""

    def _gen_cache_key(self, *_wanted: Any) -> tuple[Any, ...]:
        """Return what stands for the table in SQLAlchemy's cache: itself, instead of each of its columns in turn.

        So does a ``Table``. There is one of this for an entity, and every alias is one of it.
        """
        return (self,)


class Columns:
    """The columns of every entity of a catalog, in one database."""

    def __init__(self, catalog: Catalog, layout: Layout, dialect: str, workspace: int) -> None:
        """Bind to a catalog, its slots, the dialect's name (``sqlite`` or ``postgresql``) and the workspace."""
        self.catalog = catalog
        self.layout = layout
        self.dialect = dialect
        self.workspace = workspace
        self._main: dict[str, RecordColumns] = {}
        self._narrow: dict[str, TableClause] = {}
        self._pools: dict[str, list[RecordColumns]] = {}

    def record(self, entity: str) -> RecordColumns:
        """Return the columns of a fresh alias of the record table, for joins and sub-selects."""
        narrow = self._narrow.get(entity)
        if narrow is None:
            narrow = self._narrow[entity] = self._table_of(entity)
        return RecordColumns(self, entity, narrow.alias())

    def pooled(self, entity: str, number: int) -> RecordColumns:
        """Return the alias of that number, made once: every alias of a statement has another number."""
        pool = self._pools.setdefault(entity, [])
        while len(pool) <= number:
            pool.append(self.record(entity))
        return pool[number]

    def main(self, entity: str) -> RecordColumns:
        """Return the columns of the table itself: what ``where`` of a read, update or delete is written on."""
        if entity not in self._main:
            self._main[entity] = RecordColumns(self, entity, tables.record)
        return self._main[entity]

    def _table_of(self, entity: str) -> TableClause:
        """Return the record table with only the columns that the entity uses: to make an alias of it is quick."""
        used = set(self.place(entity).written.values())
        unused = {*tables.slot_names(), *tables.measure_names()} - used
        return _Narrow(
            tables.record.name,
            *(column(each.name, each.type) for each in tables.record.c if each.name not in unused),
        )

    def place(self, entity: str) -> EntityLayout:
        """Return where an entity's records stand; UnknownName when the database has no such entity."""
        found = self.layout.entities.get(entity)
        if found is None:
            raise UnknownName(say("there is no entity '%(name)s'", name=entity))
        return found


class TransactionColumns(Columns):
    """The same for one transaction, which never hands out an alias twice, but takes them from those made before.

    To make an alias takes longer than to run a small statement.
    """

    def __init__(self, shared: Columns) -> None:
        """Draw from ``shared``, the columns that belong to all transactions."""
        super().__init__(shared.catalog, shared.layout, shared.dialect, shared.workspace)
        self._shared = shared
        self._given: dict[str, int] = {}

    def record(self, entity: str) -> RecordColumns:
        """Return the columns of an alias that this transaction has not used yet."""
        number = self._given.get(entity, 0)
        if number >= _POOL:
            return self._shared.record(entity)
        self._given[entity] = number + 1
        return self._shared.pooled(entity, number)

    def main(self, entity: str) -> RecordColumns:
        """Return the columns of the table itself."""
        return self._shared.main(entity)


#: Aliases of an entity that are kept.
_POOL = 32
_TEXT_ARRAY, _TEXT_NUMBER, _TEXT_INTEGER = (
    literal_column(f"'{name}'", Text()) for name in ("array", "number", "integer")
)
#: A stored day or instant that PostgreSQL can read as one.
_MOMENT = literal_column(
    "'^(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
    "(T([01][0-9]|2[0-3])(:[0-5][0-9]){2}[.][0-9]{6}Z)?$'",
    Text(),
)


class RecordColumns:
    """The attributes of one row of ``table`` that is a record of ``entity``."""

    def __init__(self, columns: Columns, entity: str, source: NamedFromClause) -> None:
        """Bind to one source of rows: the record table or an alias of it."""
        self.columns = columns
        self.entity = entity
        self.table = source
        self.definition: Entity = columns.catalog.entities[entity]
        self.place = columns.place(entity)
        self._values: dict[str, ColumnElement[Any]] = {}
        self._whole: tuple[ColumnElement[Any], ...] | None = None

    @property
    def id(self) -> ColumnElement[int]:
        """The record's id."""
        return self.table.c.id

    def belongs(self) -> ColumnElement[bool]:
        """Return the condition that the row is a record of the entity, in the workspace."""
        return self._belongs

    @cached_property
    def _belongs(self) -> ColumnElement[bool]:
        return and_(
            self.table.c.workspace_id == self.columns.workspace,
            self.table.c.entity_id == self.place.id,
        )

    def value(self, key: str) -> ColumnElement[Any]:
        """Return an attribute in stored form; ``key`` may be a built-in or a part, as in ``address.city``.

        Numbers are scaled integers, days and instants bind dates and aware datetimes (a day is its first
        moment), times are "HH:MM:SS", ids are integers. A boolean is a condition that is never null.
        """
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = self._value(key)
        return found

    def _value(self, key: str) -> ColumnElement[Any]:
        if key in _BUILT_IN or key in _INTERNAL:
            return self.table.c[key]
        name, _, part = key.partition(".")
        field = self.definition.fields.get(name)
        if field is None:
            near = closest(name, self.definition.fields)
            raise UnknownName(
                say("'%(name)s' is no field of %(entity)s", name=near or name, entity=self.entity)
            )
        if part:
            return self._text(part, self._object(name))
        if name == self.definition.owner_field and codec.family(field) == "r":
            return self.table.c.owner_id
        boolean = field.kind.base is Base.BOOLEAN
        slot = self.place.read.get(name)
        if slot is None:
            return (
                self._truth(name)
                if boolean
                else self._extracted(name, codec.document_family(field))
            )
        found = self.table.c[slot]
        return and_(found == 1, found.is_not(None)) if boolean else found

    def guarded(self, key: str, sql: ColumnElement[Any]) -> ColumnElement[Any]:  # noqa: ARG002 -- nothing is hidden here
        """Return ``sql``, which is made of the field ``key``, as far as that may be seen."""
        return sql

    def whole(self, columns: tuple[ColumnElement[Any], ...]) -> tuple[ColumnElement[Any], ...]:
        """Return this row's counterparts of ``columns`` of the table itself, the document last."""
        if self._whole is None:
            *head, document = columns
            data = type_coerce(self.table.c.data, document.type).label("data")
            self._whole = (*(self.table.c[str(column.key)] for column in head), data)
        return self._whole

    def in_document(self, key: str) -> ColumnElement[Any]:
        """Return what a slot of the attribute has to hold, read from the document."""
        field = self.definition.fields[key]
        if field.kind.base is Base.BOOLEAN:
            return case(
                (self._truth(key), literal(1, BigInteger())), else_=literal(0, BigInteger())
            )
        return self._extracted(key, codec.document_family(field))

    def slot(self, key: str) -> str | None:
        """Return the name of the indexed column that holds an attribute, None when there is none."""
        if key in _BUILT_IN:
            return key
        if key == self.definition.owner_field:
            return "owner_id"
        found = self.place.read.get(key)
        return None if found is None or slots.is_measure(found) else found

    def scale(self, key: str) -> int:
        """Return how many decimal places the integer of a number attribute carries."""
        field = self.definition.fields.get(key.partition(".")[0])
        if field is None:
            return 0
        own = getattr(field.type, "scale", None)
        return own(field) if callable(own) else field.scale

    def reach(self, key: str) -> tuple[ColumnElement[bool], ...]:  # noqa: ARG002 -- all of them, here
        """Return the conditions under which the rows behind a subform, backlink or list may be gone through."""
        return ()

    def refers(self, key: str, target: ColumnElement[int]) -> ColumnElement[bool]:
        """Return the condition that a list of references holds ``target``; an index serves it from that end."""
        link = tables.link.alias()
        return self.id.in_(
            select(link.c.record_id).where(
                link.c.workspace_id == self.columns.workspace,
                link.c.entity_id == self.place.id,
                link.c.attribute == key,
                link.c.target_id == target,
            )
        )

    def items(self, key: str) -> FromClause:
        """Return the values of a list attribute as a table with the column ``value``, for use in EXISTS."""
        return self._items(key, self._document(key))

    def _items(self, key: str, data: ColumnElement[Any]) -> FromClause:
        field = self.definition.fields[key]
        number = codec.item_is_number(field)
        name = _quoted(key)
        if self.columns.dialect == "postgresql":
            stored = data.op("->")(name)
            array = case((func.jsonb_typeof(stored) == _TEXT_ARRAY, stored))
            listed = func.jsonb_array_elements_text(array).table_valued("value")
            if not number:
                return listed
            return (
                select(cast(listed.c.value, BigInteger).label("value"))
                .select_from(listed)
                .lateral()
            )
        listing = case((func.json_type(data, _path(key)) == _TEXT_ARRAY, data))
        return func.json_each(listing, _path(key)).table_valued("value")

    def _document(self, key: str) -> ColumnElement[Any]:
        """Return the document, which has the value under ``key`` even where a renaming has still to come by."""
        data, former = self.table.c.data, self.place.former.get(key)
        if not former:
            return data
        if self.columns.dialect == "postgresql":
            there = func.coalesce(*(data.op("->")(_quoted(old)) for old in former), null())
            return func.jsonb_build_object(_quoted(key), there).op("||")(data)
        found = func.coalesce(*(data.op("->")(_path(old)) for old in former), null())
        return func.json_insert(data, _path(key), func.json(found))

    def _object(self, name: str) -> ColumnElement[Any]:
        data = self._document(name)
        if self.columns.dialect == "postgresql":
            return data.op("->")(_quoted(name))
        return func.json_extract(data, _path(name))

    def _text(self, name: str, document: ColumnElement[Any]) -> ColumnElement[Any]:
        if self.columns.dialect == "postgresql":
            return type_coerce(document.op("->>")(_quoted(name)), Text()).collate("C")
        return type_coerce(func.json_extract(document, _path(name)), Text())

    def _truth(self, name: str) -> ColumnElement[bool]:
        data = self._document(name)
        if self.columns.dialect == "postgresql":
            return func.coalesce(data.op("->>")(_quoted(name)) == literal_column("'true'"), false())
        return type_coerce(func.coalesce(func.json_extract(data, _path(name)), 0) == 1, Boolean())

    def _extracted(self, name: str, family: str) -> ColumnElement[Any]:
        """Return a value in the document as a slot would hold it; null when it is of another type, as codec reads it."""
        found = self._text(name, self._document(name))
        match family:
            case "n" | "r":
                return self._integer(name, found)
            case "d":
                return self._moment(found)
            case _:
                return found

    def _integer(self, name: str, found: ColumnElement[Any]) -> ColumnElement[Any]:
        if self.columns.dialect == "postgresql":
            form = func.jsonb_typeof(self._document(name).op("->")(_quoted(name)))
            return case((form == _TEXT_NUMBER, cast(found, BigInteger)))
        form = func.json_type(self._document(name), _path(name))
        return case((form == _TEXT_INTEGER, type_coerce(found, BigInteger())))

    def _moment(self, found: ColumnElement[Any]) -> ColumnElement[Any]:
        if self.columns.dialect == "postgresql":
            return case((found.op("~")(_MOMENT), cast(found, Instant())))
        day = func.substr(found, 1, 10)
        whole = case((func.length(found) == 10, found.concat("T00:00:00.000000Z")), else_=found)
        return type_coerce(case((func.date(day) == day, whole)), Instant())


def _quoted(name: str) -> ColumnElement[str]:
    """Return a document key as a literal: bound, PostgreSQL's generic plans could not use an index on it."""
    return literal_column(f"'{_checked(name)}'", Text())


def _path(name: str) -> ColumnElement[str]:
    return literal_column(f"'$.{_checked(name)}'", Text())


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UnknownName(say("'%(name)s' is no name of a field", name=name))
    return name
