"""Finding records by parts of their texts: names of two characters, pieces of numbers, all words of a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    and_,
    column,
    delete,
    false,
    insert,
    literal,
    select,
    table,
    true,
    update,
)

from formwright.definitions.model import Entity, Field
from formwright.store import codec, tables
from formwright.store.grams import fold, grams, salt, signed, spelled, words
from formwright.store.unit import Unit

#: SQLite's full-text table; its rowid is the id of the record.
search_token = table("search_token", column("rowid"), column("tokens"), column("search_token"))

#: How many entries are read in the hope that a page of hits is among them.
RECENT = 5000


class Source(NamedTuple):
    """Matching search entries: a table, the condition on it, and its column with the record's id."""

    entries: FromClause
    matches: ColumnElement[bool]
    ids: ColumnElement[int]


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
        self._unit.connection.execute(insert(tables.search), row)
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
        entries = tables.search.alias()
        wanted = words(query)
        found = and_(*self._of(entity, entries), *_have(entries, wanted))
        pieces = (
            set[int]().union(*(self.pieces(entity, word) for word in wanted)) if wanted else set()
        )
        if not pieces:
            return Source(entries, found, entries.c.record_id)
        if self._unit.is_postgres:
            array = literal(signed(sorted(pieces)), ARRAY(Integer))
            return Source(
                entries, and_(entries.c.tokens.op("@>")(array), found), entries.c.record_id
            )
        tokens = search_token.alias()
        joined = tokens.join(entries, entries.c.record_id == tokens.c.rowid)
        matched = tokens.c.search_token.op("MATCH")(_match(pieces))
        return Source(joined, and_(matched, found), tokens.c.rowid)

    def recent(self, entity: str, query: str, beyond: int | None, *, older: bool) -> Source | None:
        """Return the same for the ``RECENT`` entries that come next after the record ``beyond``, without the index.

        PostgreSQL's index collects all hits before it gives the first. What half the records have is found
        sooner by reading some. None on SQLite, which does without.
        """
        if not self._unit.is_postgres:
            return None
        entries = tables.search.alias()
        number = entries.c.record_id
        few = select(number, entries.c.text).where(*self._of(entity, entries))
        if beyond is not None:
            few = few.where(number < beyond if older else number > beyond)
        some = few.order_by(number.desc() if older else number.asc()).limit(RECENT).subquery()
        return Source(some, and_(true(), *_have(some, words(query))), some.c.record_id)

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


def _have(entries: FromClause, wanted: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that the text of an entry has every word; a query without any finds nothing."""
    if not wanted:
        yield false()
    for word in wanted:
        yield entries.c.text.contains(word, autoescape=True)


def _match(pieces: set[int]) -> str:
    """Return a full-text query for entries that have all of ``pieces``."""
    return " AND ".join(f'"{word}"' for word in spelled(sorted(pieces)).split())
