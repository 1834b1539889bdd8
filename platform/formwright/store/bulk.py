"""Many new records at once: a few statements for a thousand rows, and word of those that clash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, delete

from formwright import ids
from formwright.store import history, links, tables
from formwright.store.columntypes import instant_text
from formwright.store.grams import signed, spelled
from formwright.store.links import Links
from formwright.store.problems import Clash, UniqueViolation
from formwright.store.rows import Rows
from formwright.store.search import SearchIndex
from formwright.store.unique import Claim, UniqueValues
from formwright.store.unit import Unit

#: What became of a row: the id of its record, or why there is none.
Inserted = int | UniqueViolation


@dataclass(slots=True)
class _New:
    """One record on its way in."""

    id: int
    document: dict[str, Any]
    slots: dict[str, Any]
    json: str
    values: Mapping[str, Any]
    claims: list[Claim]
    parent: int | None
    position: int | None


class Bulk:
    """Inserts batches of records of one entity."""

    def __init__(
        self, unit: Unit, rows: Rows, unique: UniqueValues, edges: Links, search: SearchIndex
    ) -> None:
        """Work inside ``unit`` with the parts that a record hangs on."""
        self._unit = unit
        self._rows = rows
        self._unique = unique
        self._links = edges
        self._search = search
        #: Runs each COPY of the batch at hand, one after the other; None where they run at once.
        self._copier: ThreadPoolExecutor | None = None
        self._copies: list[Future[None]] = []

    def insert(
        self,
        entity: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        by: int | None,
        channel: str,
        parent: int | None = None,
        positions: Sequence[int] | None = None,
    ) -> list[Inserted]:
        """Store the rows that clash with nothing; the result has one entry a row, in order.

        Of two rows with the same unique value the first is stored and the second clashes with it. Raises
        MissingTarget when a row refers to a record that does not exist; then nothing is stored.
        """
        if not rows:
            return []
        fresh = self._encode(entity, rows, parent, positions)
        self._hold_targets(entity, fresh, parent)
        refused = self._claim(entity, fresh)
        stored = [new for new in fresh if new.id not in refused] if refused else fresh
        if stored:
            with self._copying(len(stored)):
                self._write_records(entity, stored, by)
                self._write_links(entity, stored)
                self._write_search(entity, stored)
                self._write_history(entity, stored, by, channel)
            self._links.note_new(entity, (new.id for new in stored))
            self._note_nulls(entity, stored)
        return [refused.get(new.id, new.id) for new in fresh]

    def _encode(
        self,
        entity: str,
        rows: Sequence[Mapping[str, Any]],
        parent: int | None,
        positions: Sequence[int] | None,
    ) -> list[_New]:
        codec = self._unit.shape.codec(entity)
        claims = self._unique.claims if self._unique.rules(entity) else None
        fresh = []
        for number, values in enumerate(rows):
            document, slots = codec.encode_raw(values, postgres=self._unit.is_postgres)
            new_id = ids.new_id()
            claimed = claims(entity, new_id, values) if claims is not None else []
            position = positions[number] if positions is not None else None
            text = orjson.dumps(document).decode()
            fresh.append(_New(new_id, document, slots, text, values, claimed, parent, position))
        return fresh

    def _hold_targets(self, entity: str, fresh: Iterable[_New], parent: int | None) -> None:
        definition = self._unit.shape.entity(entity)
        keys = [key for key, field in definition.fields.items() if field.target]
        wanted: dict[str, set[int]] = {}
        if keys:
            for new in fresh:
                for target, numbers in links.targets(definition, new.document, keys).items():
                    wanted.setdefault(target, set()).update(numbers)
        if parent is not None and definition.parent:
            wanted.setdefault(definition.parent, set()).add(parent)
        self._links.hold(wanted)

    # unique values

    def _claim(self, entity: str, fresh: Sequence[_New]) -> dict[int, UniqueViolation]:
        """Claim the rows' unique values; return the rows that cannot have theirs.

        What others hold is asked for first; a value taken in that very moment is noticed by the claim
        itself, and the question is asked again.
        """
        while True:
            held = self._holders(entity, fresh)
            refused: dict[int, UniqueViolation] = {}
            wanted: dict[Claim, int] = {}
            for new in fresh:
                taken = {
                    claim: holder
                    for claim in new.claims
                    if (holder := held.get(claim, wanted.get(claim)))
                }
                if taken:
                    refused[new.id] = UniqueViolation(entity, self._clashes(entity, taken))
                else:
                    wanted.update(dict.fromkeys(new.claims, new.id))
            if self._write_claims(entity, wanted):
                return refused

    def _holders(self, entity: str, fresh: Iterable[_New]) -> dict[Claim, int]:
        wanted = {claim for new in fresh for claim in new.claims}
        if not wanted:
            return {}
        place = self._unit.shape.place(entity).id
        if self._unit.is_postgres:
            found = self._unit.connection.exec_driver_sql(
                # LATERAL with LIMIT: one look into the primary key a claim, whatever the statistics say
                "SELECT w.name, w.value, u.record_id FROM unnest(%s::text[], %s::text[]) AS w(name, value) "
                "CROSS JOIN LATERAL (SELECT record_id FROM unique_value WHERE workspace_id = %s AND entity_id = %s "
                'AND "constraint" = w.name AND value = w.value LIMIT 1) AS u',
                (
                    [claim.constraint for claim in wanted],
                    [claim.value for claim in wanted],
                    self._unit.workspace,
                    place,
                ),
            )
        else:
            found = self._unit.connection.exec_driver_sql(
                'SELECT u."constraint", u.value, u.record_id FROM json_each(?) AS w CROSS JOIN unique_value u '
                "ON u.workspace_id = ? AND u.entity_id = ? "
                'AND u."constraint" = w.value ->> 0 AND u.value = w.value ->> 1',
                (
                    orjson.dumps([(claim.constraint, claim.value) for claim in wanted]).decode(),
                    self._unit.workspace,
                    place,
                ),
            )
        return {Claim(constraint, value): holder for constraint, value, holder in found}

    def _write_claims(self, entity: str, wanted: Mapping[Claim, int]) -> bool:
        """Store claims; return False, with none stored, when another transaction was faster with one of them."""
        if not wanted:
            return True
        place = self._unit.shape.place(entity).id
        ordered = sorted(wanted.items(), key=lambda item: (item[0].constraint, item[0].value))
        if not self._unit.is_postgres:
            self._insert(
                tables.unique_value,
                ("workspace_id", "entity_id", "constraint", "value", "record_id"),
                [
                    (self._unit.workspace, place, claim.constraint, claim.value, number)
                    for claim, number in ordered
                ],
            )
            return True
        stored = self._unit.connection.exec_driver_sql(
            'INSERT INTO unique_value (workspace_id, entity_id, "constraint", value, record_id) '
            "SELECT %s, %s, w.* FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS w ON CONFLICT DO NOTHING",
            (
                self._unit.workspace,
                place,
                [claim.constraint for claim, _ in ordered],
                [claim.value for claim, _ in ordered],
                [number for _, number in ordered],
            ),
        ).rowcount
        if stored == len(ordered):
            return True
        column = tables.unique_value.c
        self._unit.connection.execute(
            delete(tables.unique_value).where(
                column.workspace_id == self._unit.workspace,
                column.entity_id == place,
                column.record_id.in_(set(wanted.values())),
            )
        )
        return False

    def _clashes(self, entity: str, taken: Mapping[Claim, int]) -> list[Clash]:
        return self._unique.clashes(entity, taken)

    # rows

    def _write_records(self, entity: str, stored: Sequence[_New], by: int | None) -> None:
        definition = self._unit.shape.entity(entity)
        now = self._now()
        names = [*_HEAD, *stored[0].slots, "data"]
        place, workspace, owner_field = (
            self._unit.shape.place(entity).id,
            self._unit.workspace,
            definition.owner_field,
        )
        self._insert(
            tables.record,
            names,
            [
                (
                    workspace, place, new.id,
                    new.document.get(owner_field) if owner_field else by,
                    new.parent, new.position, by, by, now, now, 1, *new.slots.values(), new.json,
                )
                for new in stored
            ],
        )  # fmt: skip

    def _write_links(self, entity: str, stored: Iterable[_New]) -> None:
        linked = links.linked(self._unit.shape, self._unit.shape.entity(entity))
        if not linked:
            return
        place, workspace = self._unit.shape.place(entity).id, self._unit.workspace
        rows = [
            (workspace, place, attribute, new.id, target)
            for new in stored
            for attribute, target in sorted(links.edges(linked, new.document))
        ]
        if rows:
            self._insert(
                tables.link,
                ("workspace_id", "entity_id", "attribute", "record_id", "target_id"),
                rows,
            )

    def _write_search(self, entity: str, stored: Iterable[_New]) -> None:
        if not self._search.fields(entity):
            return
        place, workspace = self._unit.shape.place(entity).id, self._unit.workspace
        found = []
        for new in stored:
            text = self._search.text(entity, new.values)
            if text:
                found.append((new.id, text, self._search.pieces(entity, text)))
        if not found:
            return
        if self._unit.is_postgres:
            self._insert(
                tables.search,
                ("workspace_id", "entity_id", "record_id", "text", "tokens"),
                [
                    (workspace, place, number, text, "{" + ",".join(map(str, signed(pieces))) + "}")
                    for number, text, pieces in found
                ],
            )
            return
        self._insert(
            tables.search,
            ("workspace_id", "entity_id", "record_id", "text"),
            [(workspace, place, number, text) for number, text, _ in found],
        )
        self._unit.connection.exec_driver_sql(
            "INSERT INTO search_token (rowid, tokens) VALUES (?, ?)",
            [(number, spelled(pieces)) for number, _, pieces in found],
        )

    def _write_history(
        self, entity: str, stored: Iterable[_New], by: int | None, channel: str
    ) -> None:
        definition = self._unit.shape.entity(entity)
        if not definition.history:
            return
        place, workspace, now = self._unit.shape.place(entity).id, self._unit.workspace, self._now()
        hidden = history.untracked(definition)
        rows: list[tuple[Any, ...]] = []
        for new in stored:
            changes = new.json
            if hidden:
                kept = {key: value for key, value in new.document.items() if key not in hidden}
                changes = orjson.dumps(kept).decode()
            rows.append(
                (
                    workspace,
                    place,
                    new.id,
                    ids.new_id(),
                    now,
                    by,
                    1,
                    channel,
                    history.CREATE,
                    changes,
                )
            )
        self._insert(
            tables.history,
            (
                "workspace_id", "entity_id", "record_id", "id", "at", "by", "version", "channel", "operation", "changes",
            ),
            rows,
        )  # fmt: skip

    def _note_nulls(self, entity: str, stored: Iterable[_New]) -> None:
        place = self._unit.shape.place(entity)
        if place.without_nulls:
            columns = {place.written[key] for key in place.without_nulls}
            self._rows.note_nulls(
                entity,
                {column for new in stored for column in columns if new.slots.get(column) is None},
            )

    @contextmanager
    def _copying(self, count: int) -> Iterator[None]:
        """Have what is inserted meanwhile copied by a thread, so that the rows of the next table are made during it.

        Nobody else uses the connection until the end, where everything is stored or the first error raised. Only
        PostgreSQL works on its own while this process goes on.
        """
        if not self._unit.is_postgres or count < _WORTH_A_THREAD:
            yield
            return
        with ThreadPoolExecutor(1) as copier:
            self._copier = copier
            try:
                yield
                for copy in self._copies:
                    copy.result()
            finally:
                self._copier, self._copies = None, []

    def _now(self) -> str:
        now = instant_text(self._unit.now)
        return now.rstrip("Z").replace("T", " ") if self._unit.is_postgres else now

    def _insert(self, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows of raw values, past SQLAlchemy's preparation of each: it would take most of the time."""
        columns = ", ".join(_quoted(table.c[name]) for name in names)
        connection = self._unit.connection
        if not self._unit.is_postgres:
            marks = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608 -- names are our own columns
            connection.exec_driver_sql(statement, list(rows))
            return
        statement = f"COPY {table.name} ({columns}) FROM STDIN"
        if self._copier is None:
            _copy(connection, statement, rows)
        else:
            self._copies.append(self._copier.submit(_copy, connection, statement, rows))


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


#: Below this many records a thread costs more than it saves.
_WORTH_A_THREAD = 200
_HEAD = (
    "workspace_id",
    "entity_id",
    "id",
    "owner_id",
    "parent_id",
    "position",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
    "version",
)


def _quoted(column: Column[Any]) -> str:
    return f'"{column.name}"'
