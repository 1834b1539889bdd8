"""Records that somebody has shared with single people or teams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select

from formwright.store import tables
from formwright.store.columns import RecordColumns
from formwright.store.unit import Unit

_share = tables.record_share.c
#: What a record can be shared with, and the entity of each.
KINDS = {"user": "core.user", "team": "core.team"}


@dataclass(frozen=True, slots=True)
class Share:
    """A record is open to a person or a team. ``kind`` is ``user`` or ``team``, ``level`` ``read`` or ``edit``."""

    kind: str
    grantee: int
    level: str
    at: datetime
    by: int | None


class Shares:
    """The shares of a workspace's records."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit

    def of(self, entity: str, record_id: int) -> list[Share]:
        """Return with whom a record is shared, the oldest share first."""
        rows = self._unit.connection.execute(
            select(_share.kind, _share.grantee_id, _share.level, _share.at, _share.by)
            .where(*self._mine(entity, record_id))
            .order_by(_share.at, _share.kind, _share.grantee_id)
        )
        return [Share(*row) for row in rows]

    def put(
        self, entity: str, record_id: int, kind: str, grantee: int, level: str, *, by: int | None
    ) -> None:
        """Share a record, or change how far it is shared."""
        self.remove(entity, record_id, kind, grantee)
        self._unit.connection.execute(
            insert(tables.record_share),
            {
                "workspace_id": self._unit.workspace,
                "entity_id": self._unit.shape.place(entity).id,
                "record_id": record_id,
                "kind": kind,
                "grantee_id": grantee,
                "level": level,
                "at": self._unit.now,
                "by": by,
            },
        )

    def remove(self, entity: str, record_id: int, kind: str, grantee: int) -> bool:
        """End a share; return whether there was one."""
        return bool(
            self._unit.connection.execute(
                delete(tables.record_share).where(
                    *self._mine(entity, record_id),
                    _share.kind == kind,
                    _share.grantee_id == grantee,
                )
            ).rowcount
        )

    def entities(self, user: int, teams: Sequence[int]) -> frozenset[str]:
        """Return the entities of which any record is shared with a person or one of some teams."""
        found = self._unit.connection.scalars(
            select(_share.entity_id)
            .where(_share.workspace_id == self._unit.workspace, _with(user, teams))
            .distinct()
        )
        names = (self._unit.shape.name_of(number) for number in found)
        return frozenset(name for name in names if name)

    def condition(
        self, row: RecordColumns, user: int, teams: Sequence[int], levels: Sequence[str]
    ) -> ColumnElement[bool]:
        """Return the condition that a record is shared, on one of ``levels``, with a person or one of some teams."""
        return row.id.in_(
            select(_share.record_id).where(
                _share.workspace_id == self._unit.workspace,
                _share.entity_id == row.place.id,
                _share.level.in_(levels),
                _with(user, teams),
            )
        )

    def _mine(self, entity: str, record_id: int) -> tuple[ColumnElement[bool], ...]:
        return (
            _share.workspace_id == self._unit.workspace,
            _share.entity_id == self._unit.shape.place(entity).id,
            _share.record_id == record_id,
        )


def history_key(kind: str, grantee: int) -> str:
    """Return the key under which a history entry says with whom a record is shared; no field is called like that.

    >>> history_key("team", 7)
    '@team:7'
    """
    return f"@{kind}:{grantee}"


def grantee_of(key: str) -> tuple[str, int] | None:
    """Return the entity and id of whom such a key names; None for the key of a field.

    >>> grantee_of("@team:7"), grantee_of("phone")
    (('core.team', 7), None)
    """
    kind, _, number = key.removeprefix("@").partition(":")
    if not key.startswith("@") or kind not in KINDS or not number.isdigit():
        return None
    return KINDS[kind], int(number)


def _with(user: int, teams: Sequence[int]) -> ColumnElement[bool]:
    person = and_(_share.kind == "user", _share.grantee_id == user)
    if not teams:
        return person
    return or_(person, and_(_share.kind == "team", _share.grantee_id.in_(teams)))
