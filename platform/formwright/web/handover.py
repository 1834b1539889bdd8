"""Handing records over: one from its page, many from a list, claiming one out of the pool, taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from formwright.engine import handover, reading
from formwright.engine.drafts import Input
from formwright.engine.handover import CannotHandOver, HandedOver
from formwright.engine.runtime import Unit
from formwright.errors import Forbidden
from formwright.ids import format_id, parse_id
from formwright.texts import Text, say, say_many
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.choosing import Choice, Picker, asked, chosen
from formwright.web.drawn import Item
from formwright.web.formpages import Crumb
from formwright.web.notes import Note

blueprint = declare(Blueprint("handover", __name__), LOGIN)
#: So many records are handed over at once; a page of a list has fewer.
_MOST = 200
_NAMED = 12


@dataclass(frozen=True, slots=True)
class HandOverPage:
    """What is to be handed over, and to whom."""

    heading: str
    url: str
    back_url: str
    numbers: Sequence[str]
    titles: Sequence[str]
    more: int
    picker: Picker
    wrong: str


@dataclass(frozen=True, slots=True)
class SkippedView:
    """A record that was not handed over, and why."""

    title: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandedOverPage:
    """What came of it."""

    summary: str
    skipped_summary: str
    undo_url: str
    back_url: str
    skipped: Sequence[SkippedView]


@blueprint.get("/records/<name>/hand-over")
def show(name: str) -> Response:
    """Ask to whom the chosen records go."""
    return _page(name, _numbers(request.args.getlist("id")))


@blueprint.post("/records/<name>/hand-over")
def hand_over(name: str) -> BaseResponse:
    """Hand the chosen records over, or back to the pool; say what changed, what did not, and why."""
    unit = current.unit()
    numbers = _numbers(request.form.getlist("id"))
    owner, choice = None, Choice("", "")
    if request.form.get("_do") != "pool":
        choice = chosen("to", lambda text: _people(unit, name, text))
        owner = parse_id(choice.value)
        if owner is None:
            wrong = (
                say("Several have this name; choose one.")
                if choice.matches
                else say("Choose one from the list.")
            )
            return _page(name, numbers, choice, wrong, 422)
    actor = current.actor()
    current.release()
    try:
        done = handover.assign(current.runtime(), actor, name, numbers, owner)
    except CannotHandOver as refused:
        return _page(name, numbers, choice, refused.text, 422)
    return _answer(name, numbers, done)


@blueprint.post("/records/<name>/hand-over/pick")
def pick(name: str) -> Response:
    """Answer with the people that records can be handed over to."""
    items = _people(current.unit(), name, asked())
    return respond.page("records/_choices.html", choices=items, list_id="to-list")


@blueprint.post("/records/<name>/<number>/claim")
def claim(name: str, number: str) -> BaseResponse:
    """Take a record out of the pool."""
    actor = current.actor()
    current.release()
    numbers = [parse_id(number) or 0]
    done = handover.assign(current.runtime(), actor, name, numbers, actor.id)
    return _answer(name, numbers, done)


@blueprint.post("/records/<name>/hand-over/<group>/undo")
def undo(name: str, group: str) -> BaseResponse:
    """Give everything of one hand-over back."""
    actor = current.actor()
    current.release()
    done = handover.undo(current.runtime(), actor, parse_id(group) or 0)
    if done.skipped:
        return _result(name, done, undo_url="")
    text = _count(len(done.changed)).in_language(current.language())
    return respond.moved(f"/records/{name}", Note(text))


def _numbers(texts: Sequence[str]) -> list[int]:
    found = [number for text in texts[:_MOST] if (number := parse_id(text)) is not None]
    return list(dict.fromkeys(found))


def _people(unit: Unit, name: str, text: str) -> list[Item]:
    if not handover.may_hand_over(unit, name):
        raise Forbidden(say("You do not have the right to do this."))
    found = reading.pick(unit, name, unit.entity(name).owner_field, text, Input())
    return [Item(format_id(each.id), each.title, each.detail) for each in found]


def _count(count: int) -> Text:
    return say_many("%(count)s record handed over", "%(count)s records handed over", count)


def _answer(name: str, numbers: Sequence[int], done: HandedOver) -> BaseResponse:
    """Go on where the person came from; where something was skipped, say what and why first."""
    undo_url = f"/records/{name}/hand-over/{format_id(done.group)}/undo" if done.changed else ""
    if done.skipped:
        return _result(name, done, undo_url)
    text = _count(len(done.changed)).in_language(current.language())
    path = f"/records/{name}"
    if len(numbers) == 1 and current.unit().gate.get_many(name, numbers):
        path = f"/records/{name}/{format_id(numbers[0])}"
    return respond.moved(path, Note(text, undo=undo_url))


def _result(name: str, done: HandedOver, undo_url: str) -> Response:
    language = current.language()
    skipped = [
        SkippedView(
            each.title or format_id(each.id),
            f"/records/{name}/{format_id(each.id)}" if each.title else "",
            each.reason.in_language(language),
        )
        for each in done.skipped
    ]
    page = HandedOverPage(
        summary=_count(len(done.changed)).in_language(language),
        skipped_summary=say_many(
            "%(count)s record stayed as it was",
            "%(count)s records stayed as they were",
            len(skipped),
        ).in_language(language),
        undo_url=undo_url,
        back_url=f"/records/{name}",
        skipped=skipped,
    )
    unit = current.unit()
    title = unit.entity(name).title_plural.in_language(language)
    return respond.page(
        "records/handed_over.html", page=page, crumbs=[Crumb(title, f"/records/{name}")]
    )


def _page(
    name: str,
    numbers: Sequence[int],
    choice: Choice | None = None,
    wrong: Text | None = None,
    status: int = 200,
) -> Response:
    unit = current.unit()
    if not handover.may_hand_over(unit, name):
        raise Forbidden(say("You do not have the right to do this."))
    g.entity = name
    language = unit.reader.language
    records = unit.gate.get_many(name, numbers)
    titles = [choice.title for choice in reading.choices(unit, records[:_NAMED])]
    heading = (
        say("Hand over “%(title)s”", title=titles[0])
        if len(titles) == 1
        else say("Hand over %(count)s records", count=len(records))
    )
    picker = Picker(
        "to",
        say("To whom").in_language(language),
        f"/records/{name}/hand-over/pick",
        picked=choice.typed if choice is not None else "",
        text=choice.value if choice is not None else "",
        matches=choice.matches if choice is not None else (),
        wrong=wrong is not None,
        described_by="to-error" if wrong is not None else "",
    )
    single = f"/records/{name}/{format_id(records[0].id)}" if len(records) == 1 else ""
    page = HandOverPage(
        heading=heading.in_language(language),
        url=f"/records/{name}/hand-over",
        back_url=single or f"/records/{name}",
        numbers=[format_id(record.id) for record in records],
        titles=titles,
        more=len(records) - len(titles),
        picker=picker,
        wrong=wrong.in_language(language) if wrong is not None else "",
    )
    title = unit.entity(name).title_plural.in_language(language)
    return respond.page(
        "records/hand_over.html", status, page=page, crumbs=[Crumb(title, f"/records/{name}")]
    )
