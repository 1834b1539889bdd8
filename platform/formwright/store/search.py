"""Finding records by parts of their texts: names of two characters, pieces of numbers, all words of a query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    column,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    table,
    true,
    update,
)

from formwright.definitions.model import Entity, Field
from formwright.store import codec, direct, tables
from formwright.store.grams import fold, grams, salt, signed, spelled, words
from formwright.store.unit import Unit

#: SQLite's full-text table; its rowid is the id of the record.
search_token = table("search_token", column("rowid"), column("tokens"), column("search_token"))

#: Names of the parameters; no column has such a name.
_WORD, _PIECES, _SIZE, _START = "search_word_", "search_pieces", "search_size", "search_start"
_ESCAPE = "/"
_SPECIAL = re.compile("[/%_]")
_FARTHEST = (1 << 63) - 1
#: A table of entries, the condition on it, and its column with the record's id.
_Found: TypeAlias = tuple[FromClause, ColumnElement[bool], ColumnElement[int]]


class Source(NamedTuple):
    """Matching search entries: a table, the condition on it, its column with the record's id, and the parameters."""

    entries: FromClause
    matches: ColumnElement[bool]
    ids: ColumnElement[int]
    values: Mapping[str, Any]


def search_fields(entity: Entity) -> tuple[Field, ...]:
    """Return the record's own fields that a search looks at."""
    named = [entity.fields[key] for key in entity.search_fields if key in entity.fields]
    chosen = named or [field for field in entity.fields.values() if field.searchable]
    return tuple(field for field in chosen if codec.is_stored(field) and not field.write_only)


class SearchIndex:
    """The search entries of a workspace's records."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit
        self._fields: dict[str, tuple[Field, ...]] = {}

    def fields(self, entity: str) -> tuple[Field, ...]:
        """Return the fields of ``entity`` that a search looks at."""
        if entity not in self._fields:
            self._fields[entity] = search_fields(self._unit.shape.entity(entity))
        return self._fields[entity]

    def text(self, entity: str, values: Mapping[str, Any]) -> str:
        """Return the folded text by which a record with ``values`` is found."""
        parts = []
        for field in self.fields(entity):
            value = values.get(field.key)
            if value is not None and value != ():
                found = field.type.search_text(field, value)
                if found:
                    parts.append(fold(found))
        return "\n".join(parts)

    def matches(self, entity: str, query: str, values: Mapping[str, Any]) -> bool:
        """Return whether a record with only ``values`` would be found by ``query``."""
        text, wanted = self.text(entity, values), words(query)
        return bool(wanted) and all(word in text for word in wanted)

    def pieces(self, entity: str, text: str) -> set[int]:
        """Return the index pieces of a folded text."""
        return grams(text, salt(self._unit.workspace, self._unit.shape.place(entity).id))

    def add(self, entity: str, record_id: int, values: Mapping[str, Any]) -> None:
        """Enter a new record."""
        text = self.text(entity, values)
        if not text:
            return
        pieces = self.pieces(entity, text)
        row = {**self._key(entity, record_id), "text": text}
        if self._unit.is_postgres:
            row["tokens"] = signed(pieces)
        direct.insert_row(self._unit.connection, tables.search, row)
        if not self._unit.is_postgres:
            self._unit.connection.execute(
                insert(search_token), {"rowid": record_id, "tokens": spelled(pieces)}
            )

    def change(
        self, entity: str, record_id: int, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Bring the entry of a record up to date, if what it shows has changed."""
        keys = [field.key for field in self.fields(entity)]
        if all(before.get(key) == after.get(key) for key in keys):
            return
        old, new = self.text(entity, before), self.text(entity, after)
        if old == new:
            return
        if not old or not new:
            self.remove(entity, [record_id])
            self.add(entity, record_id, after)
            return
        pieces = self.pieces(entity, new)
        values: dict[str, Any] = {"text": new}
        if self._unit.is_postgres:
            values["tokens"] = signed(pieces)
        search = tables.search.c
        self._unit.connection.execute(
            update(tables.search)
            .where(*self._mine(entity), search.record_id == record_id)
            .values(**values)
        )
        if not self._unit.is_postgres:
            self._unit.connection.execute(
                update(search_token)
                .where(search_token.c.rowid == record_id)
                .values(tokens=spelled(pieces))
            )

    def remove(self, entity: str, record_ids: Sequence[int], *, known: bool = True) -> None:
        """Take records out of the index; ``known`` false also looks for entries of former definitions."""
        if known and not self.fields(entity):
            return
        self._unit.connection.execute(
            delete(tables.search).where(
                *self._mine(entity), tables.search.c.record_id.in_(record_ids)
            )
        )
        if not self._unit.is_postgres:
            self._unit.connection.execute(
                delete(search_token).where(search_token.c.rowid.in_(record_ids))
            )

    def source(self, entity: str, query: str) -> Source:
        """Return where the entries that match ``query`` are found.

        The id is the column to sort by for newest first: on SQLite the full-text index then delivers its
        hits in that order and stops with the page.
        """
        wanted = words(query)
        pieces = set[int]().union(*(self.pieces(entity, word) for word in wanted))
        values: dict[str, Any] = _named(wanted)
        if pieces:
            values[_PIECES] = signed(sorted(pieces)) if self._unit.is_postgres else _match(pieces)
        found: _Found
        found, _ = self._unit.shape.prepared.get(
            ("search", entity, len(wanted), bool(pieces)),
            (),
            lambda: self._everywhere(entity, len(wanted), indexed=bool(pieces)),
        )
        return Source(*found, values)

    def recent(
        self, entity: str, query: str, beyond: int | None, *, older: bool, size: int
    ) -> Source:
        """Return the same for the ``size`` entries that come next after the record ``beyond``, without the index.

        PostgreSQL's index collects all hits before it gives the first, SQLite's reads three lists for a word of
        four letters. What many records have is found sooner by reading some.
        """
        wanted = words(query)
        values = {**_named(wanted), _SIZE: size}
        if beyond is not None:
            values[_START] = beyond
        found: _Found
        found, _ = self._unit.shape.prepared.get(
            ("recent", entity, len(wanted), beyond is None, older),
            (),
            lambda: self._nearby(entity, len(wanted), begun=beyond is not None, older=older),
        )
        return Source(*found, values)

    def _everywhere(self, entity: str, count: int, *, indexed: bool) -> _Found:
        entries = tables.search.alias()
        found = and_(*self._of(entity, entries), *_have(entries, count))
        if not indexed:
            return entries, found, entries.c.record_id
        if self._unit.is_postgres:
            pieces = bindparam(_PIECES, type_=ARRAY(Integer))
            return entries, and_(entries.c.tokens.op("@>")(pieces), found), entries.c.record_id
        tokens = search_token.alias()
        joined = tokens.join(entries, entries.c.record_id == tokens.c.rowid)
        matched = tokens.c.search_token.op("MATCH")(bindparam(_PIECES, type_=Text()))
        return joined, and_(matched, found), tokens.c.rowid

    def _nearby(self, entity: str, count: int, *, begun: bool, older: bool) -> _Found:
        entries = tables.search.alias()
        few = select(entries.c.record_id, entries.c.text).where(*self._of(entity, entries))
        start = bindparam(_START, type_=BigInteger())
        if begun:
            few = few.where(entries.c.record_id < start if older else entries.c.record_id > start)
        order = entries.c.record_id.desc() if older else entries.c.record_id.asc()
        size = bindparam(_SIZE, type_=Integer())
        if self._unit.is_postgres:
            some = few.order_by(order).limit(size).subquery()
            return some, and_(true(), *_have(some, count)), some.c.record_id
        # SQLite would read all of a sub-select and sort it; of a stretch of the table it reads what the page needs.
        last = few.with_only_columns(entries.c.record_id).order_by(order).limit(1).offset(size)
        outer = tables.search.alias()
        number = outer.c.record_id
        where = [*self._of(entity, outer), *_have(outer, count)]
        if begun:
            where.append(number < start if older else number > start)
        end = func.coalesce(last.scalar_subquery(), literal(-_FARTHEST if older else _FARTHEST))
        return outer, and_(*where, number >= end if older else number <= end), number

    def _of(self, entity: str, entries: FromClause) -> tuple[ColumnElement[bool], ...]:
        return (
            entries.c.workspace_id == self._unit.workspace,
            entries.c.entity_id == self._unit.shape.place(entity).id,
        )

    def _key(self, entity: str, record_id: int) -> dict[str, Any]:
        return {
            "workspace_id": self._unit.workspace,
            "entity_id": self._unit.shape.place(entity).id,
            "record_id": record_id,
        }

    def _mine(self, entity: str) -> tuple[ColumnElement[bool], ...]:
        return self._of(entity, tables.search)


def _have(entries: FromClause, count: int) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that the text of an entry has every word; a query without any finds nothing."""
    if not count:
        yield false()
    for number in range(count):
        word: BindParameter[str] = bindparam(f"{_WORD}{number}", type_=Text())
        yield entries.c.text.contains(word, escape=_ESCAPE)


def _named(wanted: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of ``_have``: the words, with what LIKE would take for more than a character escaped."""
    return {
        f"{_WORD}{number}": _SPECIAL.sub(rf"{_ESCAPE}\g<0>", word)
        for number, word in enumerate(wanted)
    }


def _match(pieces: set[int]) -> str:
    """Return a full-text query for entries that have all of ``pieces``."""
    return " AND ".join(f'"{word}"' for word in spelled(sorted(pieces)).split())
