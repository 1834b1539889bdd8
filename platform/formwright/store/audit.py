"""The audit log: who did what, written in the transaction of what was done, and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, literal, select, tuple_

from formwright import ids
from formwright.store import tables
from formwright.store.audit_chain import ANCHOR, CONTENT, Seal, code_of, content_of

_audit = tables.audit.c
_seal = tables.audit_seal.c
#: The columns of an entry in the order of ``audit_chain``, then its code, its place and its digest.
COLUMNS = (
    _audit.workspace_id, _audit.id, _audit.at, _audit.actor, _audit.on_behalf_of, _audit.channel, _audit.event,
    _audit.entity, _audit.record, _audit.details, _audit.request, _audit.address, _audit.mac, _audit.sequence,
    _audit.digest,
)  # fmt: skip
SEAL_COLUMNS = (_seal.sequence, _seal.kind, _seal.previous, _seal.digest, _seal.at, _seal.mac)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE = 1_000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log. ``sequence`` is None until it is sealed."""

    id: int
    at: datetime
    actor: int | None
    on_behalf_of: int | None
    channel: str
    event: str
    entity: str
    record: int | None
    details: Mapping[str, Any]
    request: str
    address: str
    sequence: int | None


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are asked for; what is empty or None is no matter."""

    actor: int | None = None
    events: tuple[str, ...] = ()
    entity: str = ""
    record: int | None = None
    address: str = ""
    request: str = ""
    since: datetime | None = None
    #: Up to, but not at, this instant.
    until: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what the entries have to meet."""
        if self.actor is not None:
            yield _audit.actor == self.actor
        if self.events:
            yield _audit.event.in_(self.events)
        if self.entity:
            yield _audit.entity == self.entity
        if self.record is not None:
            yield _audit.record == self.record
        if self.address:
            yield _audit.address == self.address
        if self.request:
            yield _audit.request == self.request
        if self.since is not None:
            yield _audit.at >= self.since
        if self.until is not None:
            yield _audit.at < self.until


class AuditLog:
    """The audit log of a workspace, inside one transaction."""

    def __init__(
        self,
        connection: Connection,
        workspace: int,
        now: datetime,
        key: bytes,
        written: Callable[[], object],
    ) -> None:
        """Work on ``connection``; ``written`` is told of every entry, so that it is sealed soon after the commit."""
        self._connection = connection
        self._workspace = workspace
        self._now = now
        self._key = key
        self._written = written

    def append(
        self,
        event: str,
        *,
        actor: int | None,
        on_behalf_of: int | None = None,
        channel: str,
        entity: str = "",
        record: int | None = None,
        details: Mapping[str, Any] | None = None,
        request: str = "",
        address: str = "",
    ) -> int:
        """Write one entry; return its id."""
        values: list[Any] = [
            self._workspace, ids.new_id(), self._now.astimezone(UTC), actor, on_behalf_of, _clean(channel),
            _clean(event), _clean(entity), record, _json(details or {}), _clean(request), _clean(address),
        ]  # fmt: skip
        row = {column.name: value for column, value in zip(COLUMNS, values, strict=False)}
        row["mac"] = code_of(self._key, content_of(values))
        self._connection.execute(insert(tables.audit), row)
        self._written()
        return int(values[1])

    def page(
        self, wanted: EntryFilter, *, older_than: str = "", limit: int = 50
    ) -> tuple[list[Entry], str]:
        """Return entries, newest first, and the token by which the older ones are asked for, "" without any."""
        query = self._select(wanted).order_by(_audit.at.desc(), _audit.id.desc())
        position = _position(older_than)
        if position is not None:
            query = query.where(tuple_(_audit.at, _audit.id) < position)
        found = [_entry(row) for row in self._connection.execute(query.limit(limit + 1))]
        shown = found[:limit]
        return shown, _token(shown[-1]) if len(found) > limit else ""

    def stream(self, wanted: EntryFilter) -> Iterator[Entry]:
        """Yield entries, oldest first; one page of them is in memory at a time."""
        query = self._select(wanted).order_by(_audit.at, _audit.id).limit(_PAGE)
        position: Any = None
        while True:
            asked = (
                query if position is None else query.where(tuple_(_audit.at, _audit.id) > position)
            )
            page = [_entry(row) for row in self._connection.execute(asked)]
            yield from page
            if len(page) < _PAGE:
                return
            position = tuple_(_literal_at(page[-1].at), page[-1].id)

    def last_seal(self) -> Seal | None:
        """Return the seal up to which everything has its place, None for a log without any."""
        row = self._connection.execute(
            select(*SEAL_COLUMNS)
            .where(_seal.workspace_id == self._workspace)
            .order_by(_seal.sequence.desc())
            .limit(1)
        ).first()
        return Seal(*row) if row is not None else None

    def anchor(self) -> Seal | None:
        """Return where the log begins since older entries were removed, None for one that is whole."""
        row = self._connection.execute(
            select(*SEAL_COLUMNS)
            .where(_seal.workspace_id == self._workspace, _seal.kind == ANCHOR)
            .order_by(_seal.sequence.desc())
            .limit(1)
        ).first()
        return Seal(*row) if row is not None else None

    def _select(self, wanted: EntryFilter) -> Select[Any]:
        content = [column for column in COLUMNS if column.name not in {"workspace_id", "mac", "digest"}]  # fmt: skip
        return select(*content).where(_audit.workspace_id == self._workspace, *wanted.conditions())


def seals_of(connection: Connection, workspace: int) -> list[Seal]:
    """Return every seal and anchor of a workspace."""
    query = select(*SEAL_COLUMNS).where(_seal.workspace_id == workspace).order_by(_seal.sequence)
    return [Seal(*row) for row in connection.execute(query)]


def sealed_rows(
    connection: Connection, workspace: int, page: int = 1_000
) -> Iterator[Sequence[Any]]:
    """Yield the sealed entries in the order of their numbers, in pages: no statement takes long.

    Straight from the driver, for a verification looks at every entry there is.
    """
    query = (
        select(*COLUMNS)
        .where(_audit.workspace_id == workspace, _audit.sequence > bindparam("last"))
        .order_by(_audit.sequence)
        .limit(page)
    )
    last = 0
    while True:
        with connection.execute(query, {"last": last}) as found:
            rows = found.cursor.fetchall() if found.cursor is not None else []
        if connection.dialect.name == "postgresql":
            yield from rows  # its instants have no zone, and mean UTC: so content_of writes them
        else:
            for row in rows:
                yield (*row[:2], datetime.fromisoformat(row[2]), *row[3:])
        if len(rows) < page:
            return
        last = rows[-1][CONTENT + 1]


def _entry(row: Any) -> Entry:
    found = Entry(*row)
    return replace(found, details=orjson.loads(row.details))


def _json(details: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(details), option=orjson.OPT_SORT_KEYS).decode().replace("\\u0000", "")


def _clean(text: str) -> str:
    """Return a text as both databases take it; what somebody else sends may be long or odd."""
    kept = text[:_LONGEST].replace("\0", "")
    return kept.encode("utf-8", "replace").decode()


def _token(entry: Entry) -> str:
    microseconds = (entry.at - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{ids.format_id(entry.id)}"


def _position(token: str) -> Any:
    """Return the place that a token stands for, None for one that is none of ours."""
    microseconds, _, text = token.partition("-")
    number = ids.parse_id(text)
    if number is None or not microseconds.isdecimal() or len(microseconds) > 17:
        return None
    return tuple_(_literal_at(_EPOCH + timedelta(microseconds=int(microseconds))), number)


def _literal_at(instant: datetime) -> ColumnElement[datetime]:
    return literal(instant, _audit.at.type)
