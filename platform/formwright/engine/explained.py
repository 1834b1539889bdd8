"""What an explanation of rights consists of, and how it is told in a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from formwright.definitions.model import Action, Entity
from formwright.engine.explain_fields import FieldAnswer
from formwright.engine.words import Words
from formwright.texts import Label, Text


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a grant or guard asks for, with the values that decide it; ``holds`` is None where that depends."""

    text: Words
    holds: bool | None
    facts: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A grant that reaches a record or not, or a guard that leaves it alone or not; None where that depends."""

    name: str
    text: Words
    holds: bool | None
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleAnswer:
    """A role of the person, and what became of its grants; ``through`` is the role that brings it along."""

    name: str
    title: Label
    through: Label | None
    grants: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether somebody may do something, and why. ``allowed`` is None where that depends on the record."""

    person: str
    action: Action
    entity: Entity
    record: str
    allowed: bool | None
    verdict: Text
    because: tuple[Words, ...]
    roles: tuple[RoleAnswer, ...]
    guards: tuple[Finding, ...]
    field: FieldAnswer | None = None
    #: What a row of a subform follows: the right on the record that it belongs to.
    follows: Explanation | None = None


def texts(explanation: Explanation, language: str) -> Mapping[str, Any]:
    """Return an explanation in a language, as plain data."""

    def text(words: Words) -> str:
        return words if isinstance(words, str) else words.in_language(language)

    def finding(each: Finding) -> dict[str, Any]:
        points = [
            {"text": text(p.text), "holds": p.holds, "facts": [text(fact) for fact in p.facts]}
            for p in each.points
        ]
        return {"name": each.name, "text": text(each.text), "holds": each.holds, "points": points}

    field, follows = explanation.field, explanation.follows
    return {
        "person": explanation.person,
        "action": explanation.action.value,
        "entity": explanation.entity.name,
        "record": explanation.record,
        "allowed": explanation.allowed,
        "verdict": text(explanation.verdict),
        "because": [text(each) for each in explanation.because],
        "roles": [
            {
                "name": role.name,
                "title": text(role.title),
                "through": text(role.through) if role.through else "",
                "grants": [finding(grant) for grant in role.grants],
            }
            for role in explanation.roles
        ],
        "guards": [finding(guard) for guard in explanation.guards],
        "field": None
        if field is None
        else {
            "key": field.key,
            "title": text(field.title),
            "level": field.level,
            "verdict": text(field.verdict),
            "because": [text(each) for each in field.because],
        },
        "follows": None if follows is None else texts(follows, language),
    }
