"""The tree of teams: which ones somebody leads, and who is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from formwright.store.query import ListQuery

if TYPE_CHECKING:
    from formwright.store.transaction import Transaction

TEAM = "core.team"
USER = "core.user"
#: So many people are looked at in one go.
_MOST = 500


def led_teams(tx: Transaction, user: int) -> tuple[int, ...]:
    """Return the teams that a person leads, with every team below them; a circle in the tree does no harm."""
    if TEAM not in tx.shape.layout.entities:
        return ()
    top, below = tx.columns.record(TEAM), tx.columns.record(TEAM)
    led = (
        select(top.id.label("id"))
        .where(top.belongs(), top.value("lead") == user)
        .cte("led", recursive=True)
    )
    led = led.union(select(below.id).where(below.belongs(), below.value("parent_team") == led.c.id))
    return tuple(tx.connection.scalars(select(led.c.id).order_by(led.c.id)))


def people_in(tx: Transaction, teams: tuple[int, ...]) -> tuple[int, ...]:
    """Return the people whose own team is one of ``teams``; records follow that one alone."""
    if not teams:
        return ()
    row = tx.columns.record(USER)
    query = select(row.id).where(row.belongs(), row.value("team").in_(teams)).order_by(row.id)
    return tuple(tx.connection.scalars(query))


def active_members(tx: Transaction, team: int) -> Iterator[int]:
    """Yield the active people who are in a team, be it as their own or as a further one."""
    row, after = tx.columns.record(USER), ""
    while True:
        page = tx.records.list(ListQuery(row, [], limit=_MOST, after=after or None))
        for record in page.records:
            values = record.values
            if values.get("active") and team in (
                values.get("team"),
                *(values.get("more_teams") or ()),
            ):
                yield record.id
        after = page.next or ""
        if not after:
            return
