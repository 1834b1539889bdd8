"""JSON text to plain data with places, under the same limits as YAML. Numbers with a point are Decimal."""

from __future__ import annotations

import re
from decimal import Decimal
from json import JSONDecodeError, decoder
from typing import Any, NoReturn

from formwright.definitions.limits import MAX_DEPTH, MAX_NODES, MAX_NUMBER
from formwright.definitions.places import Place, Source
from formwright.errors import Problem
from formwright.texts import Text, say

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_SCAN: Any = decoder.scanstring  # type: ignore[attr-defined]  # json's own reader of one string
_WORDS = {"true": True, "false": False, "null": None}


class _Stop(Exception):
    """The rest cannot be read; the problem is already noted."""


def parse_json(source: Source, problems: list[Problem]) -> tuple[Any, Place] | None:
    """Return the data of ``source`` and its places; None, with the problems noted, when it cannot be read."""
    try:
        return _Parser(source, problems).document()
    except _Stop:
        return None


class _Parser:
    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self._source = source
        self._text = source.text
        self._problems = problems
        self._at = 0
        self._nodes = 0

    def document(self) -> tuple[Any, Place] | None:
        self._skip()
        if self._at == len(self._text):
            return None
        found = self._value(1)
        self._skip()
        if self._at < len(self._text):
            self._syntax(say("nothing may follow the value"))
        return found

    def _value(self, depth: int) -> tuple[Any, Place]:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop("FW004", say("the file has more than %(limit)s values", limit=MAX_NODES))
        if depth > MAX_DEPTH:
            self._stop(
                "FW004", say("values are nested more than %(limit)s levels deep", limit=MAX_DEPTH)
            )
        where = self._source.location(self._at)
        place = Place(self._source, where.line, where.column)
        match self._text[self._at : self._at + 1]:
            case "{":
                return self._map(place, depth), place
            case "[":
                return self._list(place, depth), place
            case '"':
                return self._string(), place
            case _:
                return self._word_or_number(), place

    def _map(self, place: Place, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        self._at += 1
        while not self._closes("}", first=not place.keys):
            self._skip()
            start = self._at
            if self._text[start : start + 1] != '"':
                self._syntax(say("expected a key in double quotes"))
            key = self._string()
            self._expect(":")
            value, part = self._value(depth + 1)
            where = self._source.location(start)
            if key in data:
                message = say(
                    "key '%(key)s' given twice, the first is at %(place)s",
                    key=key,
                    place=place.of_key(key),
                )
                self._problems.append(Problem(where, "FW002", message))
                continue
            data[key] = value
            place.keys[key] = (where.line, where.column)
            place.parts[key] = part
        return data

    def _list(self, place: Place, depth: int) -> list[Any]:
        data: list[Any] = []
        self._at += 1
        while not self._closes("]", first=not data):
            self._skip()
            value, part = self._value(depth + 1)
            place.parts[len(data)] = part
            data.append(value)
        return data

    def _closes(self, end: str, *, first: bool) -> bool:
        """Return True behind the closing bracket; otherwise step over the comma that must stand here."""
        self._skip()
        found = self._text[self._at : self._at + 1]
        if found == end:
            self._at += 1
            return True
        if not first:
            if found != ",":
                self._syntax(say("expected ',' or '%(end)s'", end=end))
            self._at += 1
        return False

    def _string(self) -> str:
        try:
            text, self._at = _SCAN(self._text, self._at + 1, True)
        except JSONDecodeError as error:
            self._at = error.pos
            self._syntax(say("%(reason)s", reason=error.msg))
        return str(text)

    def _word_or_number(self) -> Any:
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            self._syntax(say("expected a value"))
        if found.end() - found.start() > MAX_NUMBER:
            self._stop("FW004", say("a number has at most %(limit)s characters", limit=MAX_NUMBER))
        self._at = found.end()
        return Decimal(found[0]) if found[1] or found[2] else int(found[0])

    def _expect(self, character: str) -> None:
        self._skip()
        if not self._text.startswith(character, self._at):
            self._syntax(say("expected '%(character)s'", character=character))
        self._at += 1
        self._skip()

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _syntax(self, reason: Text) -> NoReturn:
        self._stop("FW001", say("this is not valid JSON: %(reason)s", reason=reason))

    def _stop(self, code: str, message: Text) -> NoReturn:
        self._problems.append(
            Problem(self._source.location(min(self._at, len(self._text))), code, message)
        )
        raise _Stop
