"""Somebody leaves: shut out at once, and the records handed over in the same dialog, with one way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import leaving, people, reading
from formwright.engine.accounts import USER
from formwright.engine.leaving import HandedOver
from formwright.engine.runtime import Unit
from formwright.ids import format_id, parse_id
from formwright.texts import Text, say, say_many
from formwright.web import current, respond, times
from formwright.web.access import LOGIN, declare
from formwright.web.notes import Note
from formwright.web.people import crumbs_of, find_person

blueprint = declare(Blueprint("leaving", __name__), LOGIN)
#: The fields of the form: one for all entities, one for each.
_FOR_ALL, _FOR_ONE = "to", "to-"


@dataclass(frozen=True, slots=True)
class OwnedView:
    """Records of one kind that somebody owns."""

    field: str
    title: str
    count: int
    fixed: int


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """The dialog; ``deactivates`` when it also shuts the person out."""

    url: str
    back: str
    name: str
    deactivates: bool
    sessions: int
    owned: Sequence[OwnedView]
    people: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HandedRecord:
    """A record that came by a hand-over."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class HandedGroup:
    """Records of one kind that came by a hand-over."""

    title: str
    records: Sequence[HandedRecord]


@dataclass(frozen=True, slots=True)
class HandOverPage:
    """What came to a new owner."""

    name: str
    when: str
    undone: bool
    groups: Sequence[HandedGroup]


@blueprint.get("/people/<number>/deactivate")
def ask(number: str) -> Response:
    """Ask who takes over what."""
    return _dialog(number, deactivates=True)


@blueprint.post("/people/<number>/deactivate")
def deactivate(number: str) -> BaseResponse:
    """Shut the person out and hand the records over, both or neither."""
    with current.writing() as unit:
        user = find_person(unit, number).id
        people.set_active(unit, user, active=False)
        handed = _hand_over(unit, user)
    return _done(number, say("Nobody can log in with this account any more"), handed)


@blueprint.get("/people/<number>/hand-over")
def ask_hand_over(number: str) -> Response:
    """Ask who takes over what, and leave the account as it is."""
    return _dialog(number, deactivates=False)


@blueprint.post("/people/<number>/hand-over")
def hand_over(number: str) -> BaseResponse:
    """Hand the records over."""
    with current.writing() as unit:
        handed = _hand_over(unit, find_person(unit, number).id)
    return _done(number, say("Nothing was changed"), handed)


@blueprint.post("/hand-overs/<number>/undo")
def undo(number: str) -> BaseResponse:
    """Take a whole hand-over back."""
    with current.writing() as unit:
        wanted = parse_id(number) or 0
        count = leaving.undo(unit, wanted)
        found = unit.tx.hand_overs.find(wanted)
    back = f"/people/{format_id(found.user)}" if found is not None else "/"
    text = say_many("%(count)s record is back", "%(count)s records are back", count)
    return respond.moved(back, Note(text.in_language(current.language())))


@blueprint.get("/hand-overs/<number>")
def show(number: str) -> Response:
    """Show what came in a hand-over, as far as the person who asks may see it."""
    unit = current.unit()
    found, listed = leaving.list_of(unit, parse_id(number) or 0)
    person = unit.gate.look(USER, found.user)
    name = str(person.values.get("name") or "") if person is not None else ""
    groups = [
        HandedGroup(
            unit.entity(entity).title_plural.in_language(unit.reader.language),
            [
                HandedRecord(each.title, f"/records/{entity}/{format_id(each.id)}")
                for each in reading.choices(unit, records)
            ],
        )
        for entity, records in listed.items()
    ]
    when, undone = times.exact(found.at, unit.reader), found.undone_at is not None
    page = HandOverPage(name, when, undone, groups)
    return respond.page("people/handed_over.html", page=page)


def _dialog(number: str, *, deactivates: bool) -> Response:
    unit = current.unit()
    record = find_person(unit, number)
    url = f"/people/{format_id(record.id)}"
    language = unit.reader.language
    g.entity = USER
    name = str(record.values.get("name") or "")
    page = LeavingPage(
        url=f"{url}/deactivate" if deactivates else f"{url}/hand-over",
        back=url,
        name=name,
        deactivates=deactivates,
        sessions=len(unit.tx.users.sessions_of(record.id)),
        owned=[
            OwnedView(
                _FOR_ONE + each.entity.name,
                each.entity.title_plural.in_language(language),
                each.count,
                each.fixed,
            )
            for each in leaving.owned(unit, record.id)
        ],
        people=[(format_id(user), name) for user, name in leaving.successors(unit, record.id)],
    )
    return respond.page("people/leaving.html", page=page, crumbs=crumbs_of(unit, name, number))


def _hand_over(unit: Unit, user: int) -> HandedOver | None:
    to = _chosen(unit, user)
    return leaving.hand_over(unit, user, to) if to else None


def _chosen(unit: Unit, user: int) -> Mapping[str, int]:
    """Return entity -> successor as the form says; what is chosen for one kind goes before what is for all."""
    for_all = request.form.get(_FOR_ALL, "")
    found = {}
    for each in leaving.owned(unit, user):
        chosen = request.form.get(_FOR_ONE + each.entity.name, "") or for_all
        if chosen and each.count:
            found[each.entity.name] = parse_id(chosen) or 0
    return found


def _done(number: str, text: Text, handed: HandedOver | None) -> BaseResponse:
    language = current.language()
    said, undo_path = text.in_language(language), ""
    if handed is not None and handed.total:
        moved = say_many(
            "%(count)s record was handed over", "%(count)s records were handed over", handed.total
        )
        said, undo_path = moved.in_language(language), f"/hand-overs/{format_id(handed.id)}/undo"
    return respond.moved(f"/people/{number}", Note(said, undo=undo_path))
