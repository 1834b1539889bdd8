"""The page that says why somebody may do something, or not, and the one that says who sees a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from formwright.definitions.model import Action
from formwright.engine import explain, explained, naming, onlookers, titles
from formwright.engine.explain_question import USER, may_explain
from formwright.engine.runtime import Unit
from formwright.engine.words import ACTIONS
from formwright.errors import Forbidden, NotFound
from formwright.ids import format_id, parse_id
from formwright.texts import Text, say
from formwright.web import current, respond
from formwright.web.access import LOGIN, declare
from formwright.web.drawn import Item
from formwright.web.formpages import Crumb

blueprint = declare(Blueprint("explaining", __name__), LOGIN)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class OptionView:
    """Something that can be chosen."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PickView:
    """A record that is looked for by typing; ``matches`` are offered where what was typed fits several."""

    value: str = ""
    text: str = ""
    url: str = ""
    wrong: str = ""
    matches: Sequence[Item] = ()


@dataclass(frozen=True, slots=True)
class ExplainPage:
    """The question as it stands in the address, and the answer in words."""

    everybody: bool
    person: PickView
    actions: Sequence[OptionView]
    entities: Sequence[OptionView]
    record: PickView
    fields: Sequence[OptionView]
    answer: Mapping[str, Any] | None
    record_url: str = ""
    who_url: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class OnlookerView:
    """Somebody who sees a record."""

    name: str
    login: str
    actions: str
    how: Sequence[str]
    why_url: str


@dataclass(frozen=True, slots=True)
class WhoPage:
    """Who sees a record."""

    title: str
    url: str
    people: Sequence[OnlookerView]
    text: str
    ask_url: str


@blueprint.get("/explain")
def show() -> Response:
    """Show the question, and the answer once there is enough of a question."""
    return respond.page("explain/show.html", page=_Question(current.unit()).page())


@blueprint.get("/explain/who")
def who() -> Response:
    """Show who sees a record, and by which rights."""
    unit, name = current.unit(), request.args.get("entity", "")
    entity = unit.entity(name)
    found = onlookers.onlookers(unit, name, parse_id(request.args.get("record", "")) or 0)
    language, number = unit.reader.language, format_id(found.record.id)
    people = [
        OnlookerView(
            each.name,
            each.login,
            ", ".join(
                ACTIONS[action].in_language(language) for action in Action if action in each.actions
            ),
            [
                words if isinstance(words, str) else words.in_language(language)
                for words in each.how
            ],
            address(name, number, person=format_id(each.id)),
        )
        for each in found.people
    ]
    text = (
        say(
            "The first %(count)s people who can log in were looked at. Ask about others by name.",
            count=found.judged,
        )
        if found.capped
        else say("Everybody who can log in was looked at: %(count)s people.", count=found.judged)
    )
    page = WhoPage(
        found.title,
        f"/records/{name}/{number}",
        people,
        text.in_language(language),
        address(name, number),
    )
    crumbs = [
        Crumb(entity.title_plural.in_language(language), f"/records/{name}"),
        Crumb(found.title, page.url),
    ]
    return respond.page("explain/who.html", page=page, crumbs=crumbs)


@blueprint.post("/explain/pick/<name>")
def pick(name: str) -> Response:
    """Answer with the people or records that a question can be about."""
    unit = current.unit()
    if not (may_explain(unit) or unit.access.may(Action.READ, name)):
        raise NotFound(say("There is no such filter."))
    text = request.form.get("_q", "").strip()[:_LONGEST]
    found = naming.meant(unit, name, text) if text else naming.search(unit, name, "")
    choices = [Item(format_id(choice.id), choice.title, choice.detail) for choice in found]
    return respond.page("records/_choices.html", choices=choices, list_id=f"pick-{name}")


def address(
    entity: str, record: str = "", *, person: str = "", action: Action = Action.READ
) -> str:
    """Return the address of a question."""
    asked = {"person": person, "action": action.value, "entity": entity, "record": record}
    return f"/explain?{urlencode({key: value for key, value in asked.items() if value})}"


class _Question:
    """What the address asks."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._language = unit.reader.language
        self._everybody = may_explain(unit)
        self._entity = request.args.get("entity", "")
        if self._entity not in self._entities():
            self._entity = ""
        wanted = request.args.get("action", "")
        self._action = Action(wanted) if wanted in set(Action) else Action.READ

    def page(self) -> ExplainPage:
        """Return the page."""
        person, record = self._person(), self._record()
        asked = {each.value for each in self._fields(record) if each.chosen}
        answer, wrong = None, ""
        if person.value and self._entity and not (person.wrong or record.wrong):
            try:
                answer = self._answer(person, record, next(iter(asked - {""}), None))
            except (NotFound, Forbidden) as error:
                wrong = error.text.in_language(self._language)
        url = f"/records/{self._entity}/{record.value}" if record.value else ""
        asks = {"entity": self._entity, "record": record.value}
        return ExplainPage(
            everybody=self._everybody,
            person=person,
            actions=[OptionView(a.value, self._say(ACTIONS[a]), a is self._action) for a in Action],
            entities=[
                OptionView(name, title, name == self._entity)
                for name, title in self._entities().items()
            ],
            record=record,
            fields=self._fields(record),
            answer=answer,
            record_url=url if answer is not None and answer["record"] else "",
            who_url=f"/explain/who?{urlencode(asks)}"
            if url and answer and answer["record"] and self._everybody
            else "",
            wrong=wrong,
        )

    def _answer(self, person: PickView, record: PickView, field: str | None) -> Mapping[str, Any]:
        number = parse_id(record.value) if record.value else None
        user = parse_id(person.value) or 0
        found = explain.explain(self._unit, user, self._action, self._entity, number, field)
        return explained.texts(found, self._language)

    def _entities(self) -> dict[str, str]:
        unit = self._unit
        known = {
            name: entity.title.in_language(unit.reader.language)
            for name, entity in unit.catalog.entities.items()
            if may_explain(unit) or any(unit.access.may(action, name) for action in Action)
        }
        return dict(sorted(known.items(), key=lambda pair: pair[1]))

    def _fields(self, record: PickView) -> list[OptionView]:  # noqa: ARG002 -- the fields of any record
        if not self._entity:
            return []
        unit, wanted = self._unit, request.args.get("field", "")
        every = OptionView("", self._say(say("The record as a whole")), not wanted)
        return [
            every,
            *(
                OptionView(key, field.title.in_language(self._language), key == wanted)
                for key, field in unit.entity(self._entity).fields.items()
                if self._everybody or unit.gate.visible(self._entity, key)
            ),
        ]

    def _person(self) -> PickView:
        unit = self._unit
        if not self._everybody:
            return PickView(format_id(unit.actor.id or 0), unit.actor.name or unit.actor.login)
        return self._picked("person", USER)

    def _record(self) -> PickView:
        return self._picked("record", self._entity) if self._entity else PickView()

    def _picked(self, name: str, entity: str) -> PickView:
        """Return what was picked, or what the words that were typed without scripts mean."""
        url = f"/explain/pick/{entity}"
        value = request.args.get(name, "")
        typed = request.args.get(f"{name}~text", "").strip()[:_LONGEST]
        number = parse_id(value)
        if number is not None:
            title = self._title(entity, number)
            if not typed or typed in {title, value}:
                return PickView(value, title or value, url)
        if not typed:
            return PickView(url=url)
        found = self._meant(entity, typed)
        if len(found) == 1:
            return PickView(format_id(found[0].id), found[0].title, url)
        wrong = (
            say("Choose one of these.")
            if found
            else say("No record is called “%(text)s”.", text=typed[:60])
        )
        matches = [Item(format_id(each.id), each.title, each.detail) for each in found]
        return PickView("", typed, url, self._say(wrong), matches)

    def _meant(self, entity: str, typed: str) -> Sequence[Any]:
        user = naming.person(self._unit, typed) if entity == USER else None
        return naming.meant(self._unit, entity, typed if user is None else format_id(user))

    def _title(self, entity: str, number: int) -> str:
        found = titles.titles_of(self._unit, {entity: {number}})
        return found.of(entity, number, self._unit.reader) if found.readable(entity, number) else ""

    def _say(self, text: Text) -> str:
        return text.in_language(self._language)
