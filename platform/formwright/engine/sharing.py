"""Sharing single records with people and teams. A share widens which records they see, never what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Sort
from formwright.engine.accounts import is_active
from formwright.engine.actor import Actor
from formwright.engine.gate import Query
from formwright.engine.reading import choices
from formwright.engine.records import refuse_rows
from formwright.engine.rights import grants_for
from formwright.engine.titles import titles_of
from formwright.errors import Forbidden, FormwrightError, NotFound
from formwright.store.shares import KINDS, history_key
from formwright.store.teams import TEAM, USER, active_members
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit
    from formwright.store.rows import StoredRecord

#: How far a record can be shared.
LEVELS = ("read", "edit")
#: What stands in the history when a share begins, changes or ends.
SHARE, UNSHARE = "share", "unshare"


class CannotShare(FormwrightError):
    """The record cannot be shared in this way; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Grantee:
    """Somebody a record can be shared with: ``kind`` is ``user`` or ``team``, ``id`` the record of it."""

    kind: str
    id: int
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SharedWith:
    """A share as it is shown: with whom, how far, since when, by whom."""

    kind: str
    id: int
    name: str
    level: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class SharePage:
    """What somebody who may share a record needs to know to do so."""

    title: str
    shares: tuple[SharedWith, ...]
    #: Whether he may let others edit it: only who may update it himself.
    may_edit: bool


def open_shares(unit: Unit, entity_name: str, record_id: int) -> SharePage:
    """Return with whom a record is shared; NotFound for whoever may not share it."""
    record = unit.gate.find(Action.SHARE, entity_name, record_id)
    shares = unit.tx.shares.of(entity_name, record_id)
    wanted: dict[str, set[int]] = {USER: set(), TEAM: set()}
    for share in shares:
        wanted[KINDS[share.kind]].add(share.grantee)
        if share.by is not None:
            wanted[USER].add(share.by)
    titles, reader = titles_of(unit, wanted), unit.reader
    found = tuple(
        SharedWith(
            share.kind,
            share.grantee,
            titles.of(KINDS[share.kind], share.grantee, reader),
            share.level,
            share.at,
            titles.of(USER, share.by, reader) if share.by is not None else "",
        )
        for share in shares
    )
    return SharePage(unit.title(unit.sight.wrap(record)), found, _may_edit(unit, record))


def candidates(unit: Unit, text: str, limit: int = 8) -> list[Grantee]:
    """Return the people and teams that ``text`` finds, as far as the actor may see them."""
    found: list[Grantee] = []
    for kind, entity in KINDS.items():
        if not unit.access.may(Action.READ, entity):
            continue
        query = Query(
            entity,
            search=text,
            choices=(("active", "true"),) if kind == "user" else (),
            sort=(Sort("name"),),
            limit=limit,
        )
        records = unit.gate.read(query).records
        found += [
            Grantee(kind, each.id, each.title, each.detail) for each in choices(unit, records)
        ]
    return found


def share(
    runtime: Runtime,
    actor: Actor,
    entity_name: str,
    record_id: int,
    kind: str,
    grantee: int,
    level: str,
) -> None:
    """Share a record with a person or a team, or change how far it is shared; it counts from the next request on."""
    with runtime.unit(actor, write=True) as unit:
        refuse_rows(unit, entity_name)
        record = unit.gate.find(Action.SHARE, entity_name, record_id)
        if kind not in KINDS or level not in LEVELS:
            raise CannotShare(say("Choose somebody from the list, and how far to share."))
        if level == "edit" and not _may_edit(unit, record):
            raise Forbidden(say("Only who may change a record can let others change it."))
        _require_reader(unit, entity_name, kind, grantee)
        before = _level(unit, record, kind, grantee)
        if before == level:
            return
        unit.tx.shares.put(entity_name, record_id, kind, grantee, level, by=actor.id)
        _note(unit, record, SHARE, kind, grantee, before, level)


def unshare(
    runtime: Runtime, actor: Actor, entity_name: str, record_id: int, kind: str, grantee: int
) -> None:
    """End a share; NotFound when there is none."""
    with runtime.unit(actor, write=True) as unit:
        record = unit.gate.find(Action.SHARE, entity_name, record_id)
        before = _level(unit, record, kind, grantee)
        if before is None:
            raise NotFound(say("It is not shared with them any more."))
        unit.tx.shares.remove(entity_name, record_id, kind, grantee)
        _note(unit, record, UNSHARE, kind, grantee, before, None)


def _may_edit(unit: Unit, record: StoredRecord) -> bool:
    return Action.UPDATE in unit.gate.actions_on(record, [Action.UPDATE])


def _level(unit: Unit, record: StoredRecord, kind: str, grantee: int) -> str | None:
    shares = unit.tx.shares.of(record.entity, record.id)
    return next((s.level for s in shares if (s.kind, s.grantee) == (kind, grantee)), None)


def _require_reader(unit: Unit, entity_name: str, kind: str, grantee: int) -> None:
    """Refuse to share with people whose roles let them read no record of the kind: it would have no effect."""
    if not unit.gate.get_many(KINDS[kind], [grantee]):
        raise CannotShare(say("Choose somebody from the list, and how far to share."))
    title = unit.entity(entity_name).title_plural
    if kind == "user":
        if not is_active(unit, grantee):
            raise CannotShare(say("Choose somebody who is active."))
        if not _readers(unit, entity_name, [grantee]):
            raise CannotShare(
                say("This person has no role that works with “%(entity)s”.", entity=title)
            )
    elif not _readers(unit, entity_name, active_members(unit.tx, grantee)):
        raise CannotShare(
            say("Nobody in this team has a role that works with “%(entity)s”.", entity=title)
        )


def _readers(unit: Unit, entity_name: str, people: Iterable[int]) -> bool:
    """Return whether the roles of any of some people let them read records of an entity."""
    given = unit.tx.users.roles_of_all()
    for person in people:
        roles = unit.catalog.roles_of(given.get(person, frozenset()))
        actor = Actor(person, "", "", roles)
        if grants_for(unit.catalog, actor, Action.READ, entity_name, unit.access.day):
            return True
    return False


def _note(
    unit: Unit,
    record: StoredRecord,
    operation: str,
    kind: str,
    grantee: int,
    before: str | None,
    after: str | None,
) -> None:
    """Write into the record's history with whom it is shared."""
    unit.tx.history.append(
        record.entity,
        record.id,
        operation,
        {history_key(kind, grantee): [before, after]},
        version=record.version,
        by=unit.actor.id,
        channel="form",
    )
