"""The tree of teams: which ones somebody leads, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

if TYPE_CHECKING:
    from formwright.store.transaction import Transaction

TEAM = "core.team"
USER = "core.user"


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
