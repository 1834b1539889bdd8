"""Business numbers: their patterns are checked against the fields that use them."""

from __future__ import annotations

import re

from formwright.definitions.building import Building
from formwright.definitions.model import Sequence
from formwright.definitions.parts import Part
from formwright.expressions.kinds import Base
from formwright.texts import say

_PLACE = re.compile(r"\{([^{}]*)\}")
_DATE_PARTS = frozenset({"YYYY", "YY", "MM", "DD"})
_NEEDED_PARTS = {"never": (), "yearly": ("YY", "YYYY"), "monthly": ("MM",), "daily": ("DD",)}
_MAX_PATTERN = 100
_PLAIN = frozenset({Base.TEXT, Base.NUMBER})


def sequences(building: Building) -> dict[str, Sequence]:
    """Return all sequences by qualified name."""
    return {name: _sequence(building, name, part) for name, part in building.all_of("sequence")}


def _sequence(building: Building, name: str, part: Part) -> Sequence:
    pattern = part.text("pattern")
    _check_pattern(building, name, part, pattern)
    if "per" in part:
        for entity in _users(building, name):
            building.field(entity, part.text("per"), part.at("per"))
    if part.get("start", 1) < 0:
        building.problem(
            part.at("start"), "FW106", say("the value must be at least %(limit)s", limit=0)
        )
    return Sequence(
        part.key,
        part.package,
        pattern,
        part.text("reset", "never"),
        part.text("per"),
        part.get("gap_free", False),
        part.get("start", 1),
    )


def _check_pattern(building: Building, name: str, part: Part, pattern: str) -> None:
    places = _PLACE.findall(pattern)
    place = part.at("pattern")
    counters = [word for word in places if word and set(word) == {"#"}]
    if (
        len(counters) != 1
        or len(pattern) > _MAX_PATTERN
        or "{" in _PLACE.sub("", pattern)
        or "}" in _PLACE.sub("", pattern)
    ):
        message = say(
            "a pattern has exactly one counter, like {#####}, and at most %(limit)s characters",
            limit=_MAX_PATTERN,
        )
        building.problem(place, "FW106", message)
        return
    reset = part.text("reset", "never")
    if _NEEDED_PARTS[reset] and not set(_NEEDED_PARTS[reset]).intersection(places):
        message = say(
            "numbers that begin anew '%(reset)s' would repeat: the pattern needs that part of the date",
            reset=reset,
        )
        building.problem(
            place, "FW109", message, tuple(f"{{{word}}}" for word in _NEEDED_PARTS[reset])
        )
    for word in places:
        if word in _DATE_PARTS or set(word) == {"#"}:
            continue
        for entity in _users(building, name):
            found = building.field(entity, word, place)
            if found is not None and found.kind.base not in _PLAIN:
                message = say(
                    "'%(name)s' is neither text nor number, it cannot stand in a number", name=word
                )
                building.problem(place, "FW206", message)


def _users(building: Building, name: str) -> list[str]:
    """Return the entities with a field that takes its numbers from the sequence."""
    return [
        draft.name
        for draft in building.entities.values()
        if any(found.sequence == name for found in draft.fields.values())
    ]
