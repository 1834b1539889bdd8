"""YAML 1.2 text to plain data with places: only maps, lists and scalars, and never more than the limits allow.

The events of the parser are judged as they come, before anything is built from them. So an alias bomb, a
tag or ten thousand levels cost nothing but their own reading. What a plain scalar means is decided here, by
the core schema of YAML 1.2: ``no``, ``12:30`` and ``2026-01-31`` are texts. Numbers with a point are Decimal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError as RuamelError
from ruamel.yaml.error import YAMLStreamError

from formwright.definitions.limits import MAX_DEPTH, MAX_NODES, MAX_NUMBER
from formwright.definitions.places import Place, Source
from formwright.errors import Location, Problem
from formwright.texts import Text, say

try:  # libyaml reads 25 times as fast; an installation without it still works
    from yaml.cyaml import CParser  # type: ignore[import-untyped]  # three names, no stubs
    from yaml.error import MarkedYAMLError, YAMLError  # type: ignore[import-untyped]  # as above
except ImportError:  # pragma: no cover -- depends on how PyYAML was built
    CParser = None

_CORE = re.compile(
    r"(?P<null>null|Null|NULL|~)|(?P<true>true|True|TRUE)|(?P<false>false|False|FALSE)"
    r"|(?P<int>[-+]?[0-9]+)|(?P<oct>0o[0-7]+)|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<other>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_MAY_BE_SPECIAL = frozenset("nNtTfF~+-.0123456789")


class Stop(Exception):
    """The rest of the file cannot be read; the problem is already noted."""


def parse_yaml(
    source: Source, problems: list[Problem], *, fast: bool = CParser is not None
) -> tuple[Any, Place] | None:
    """Return the data of ``source`` and its places; None, with the problems noted, when it cannot be read.

    Both parsers read the same language (tests/unit/definitions/test_yaml_text.py holds them together).
    """
    composer = _Composer(source, problems)
    events = _fast_events if fast else _slow_events
    try:
        return composer.document(events(source.text, composer))
    except Stop:
        return None


def _fast_events(text: str, composer: _Composer) -> Iterator[Any]:
    """Yield the events of libyaml; a syntax error is noted and stops the reading."""
    parser = CParser(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    except MarkedYAMLError as error:
        composer.syntax(error)
    except YAMLError as error:
        composer.syntax_text(str(error))
    finally:
        parser.dispose()


def _slow_events(text: str, composer: _Composer) -> Iterator[Any]:
    """Yield the events of the parser that is written in Python."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except RuamelError as error:
        composer.syntax(error)
    except YAMLStreamError as error:
        composer.syntax_text(str(error))


class _Composer:
    """Builds data and places from events, one file."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self._source = source
        self._problems = problems
        self._nodes = 0

    def document(self, events: Iterator[Any]) -> tuple[Any, Place] | None:
        """Return the single document of the stream."""
        found: tuple[Any, Place] | None = None
        for event in events:
            match type(event).__name__:
                case "DocumentStartEvent":
                    if found is not None:
                        self._stop(
                            event, "FW006", say("a file holds one document, this is a second one")
                        )
                    if event.tags or (event.version and tuple(event.version) != (1, 2)):
                        self._stop(
                            event,
                            "FW003",
                            say(
                                "directives other than %(directive)s are not allowed",
                                directive="%YAML 1.2",
                            ),
                        )
                case "DocumentEndEvent" | "StreamStartEvent" | "StreamEndEvent" | "CommentEvent":
                    pass
                case _:
                    found = self._node(event, events, 1)
        return found

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> tuple[Any, Place]:
        self._nodes += 1
        mark = event.start_mark
        if self._nodes > MAX_NODES:
            self._stop(
                event, "FW004", say("the file has more than %(limit)s values", limit=MAX_NODES)
            )
        if depth > MAX_DEPTH:
            self._stop(
                event,
                "FW004",
                say("values are nested more than %(limit)s levels deep", limit=MAX_DEPTH),
            )
        line, column = mark.line + 1, mark.column + 1
        kind = type(event).__name__
        if kind == "AliasEvent":
            self._note(event, "FW003", say("aliases are not allowed: write the value out"))
            return None, Place.leaf(self._source, line, column)
        if event.anchor is not None:
            self._note(event, "FW003", say("anchors are not allowed: write the value out"))
        if event.tag is not None:
            self._note(event, "FW003", say("tags are not allowed: '%(tag)s'", tag=event.tag))
        if kind == "ScalarEvent":
            return self._scalar(event), Place.leaf(self._source, line, column)
        place = Place(self._source, line, column)
        if kind == "MappingStartEvent":
            return self._map(place, events, depth), place
        return self._list(place, events, depth), place

    def _map(self, place: Place, events: Iterator[Any], depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for event in events:
            kind = type(event).__name__
            if kind == "MappingEndEvent":
                break
            key = self._key(event)
            value, part = self._node(next(events), events, depth + 1)
            if key in data:
                self._twice(event, key, place)
                continue
            data[key] = value
            place.keys[key] = (event.start_mark.line + 1, event.start_mark.column + 1)
            place.parts[key] = part
        return data

    def _key(self, event: Any) -> str:
        """Return the text of a key; keys are texts, whatever they look like."""
        if type(event).__name__ != "ScalarEvent":
            self._stop(event, "FW007", say("a key must be a plain word"))
        if event.anchor is not None or event.tag is not None:
            self._note(event, "FW003", say("a key has neither anchor nor tag"))
        if event.value == "<<" and event.implicit[0]:
            self._note(event, "FW003", say("merge keys are not allowed: write the values out"))
        return str(event.value)

    def _list(self, place: Place, events: Iterator[Any], depth: int) -> list[Any]:
        data: list[Any] = []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            value, part = self._node(event, events, depth + 1)
            place.parts[len(data)] = part
            data.append(value)
        return data

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if not event.implicit[0]:  # quoted, or a block
            return text
        if not text:
            return None
        if text[0] not in _MAY_BE_SPECIAL:
            return text
        found = _CORE.fullmatch(text)
        return text if found is None else self._special(event, text, str(found.lastgroup))

    def _special(self, event: Any, text: str, family: str) -> Any:
        """Return what a plain scalar of the core schema stands for."""
        if len(text) > MAX_NUMBER:
            self._stop(
                event, "FW004", say("a number has at most %(limit)s characters", limit=MAX_NUMBER)
            )
        match family:
            case "null":
                return None
            case "true" | "false":
                return family == "true"
            case "int":
                return int(text)
            case "oct" | "hex":
                return int(text, 0)
            case "float":
                return Decimal(text)
            case _:
                self._note(
                    event, "FW007", say("'%(text)s' is no number that can be used here", text=text)
                )
                return None

    def _twice(self, event: Any, key: str, place: Place) -> None:
        self._note(
            event,
            "FW002",
            say(
                "key '%(key)s' given twice, the first is at %(place)s",
                key=key,
                place=place.of_key(key),
            ),
        )

    def syntax(self, error: Any) -> None:
        """Note a syntax error with the parser's own words."""
        mark = error.problem_mark or error.context_mark
        words = ", ".join(str(part) for part in (error.context, error.problem) if part)
        where = Location(self._source.file, mark.line + 1, mark.column + 1) if mark else None
        self.syntax_text(words, where)

    def syntax_text(self, words: str, where: Location | None = None) -> None:
        """Note a syntax error and stop."""
        place = where or Location(self._source.file)
        self._problems.append(
            Problem(place, "FW001", say("this is not valid YAML: %(reason)s", reason=words))
        )
        raise Stop

    def _note(self, event: Any, code: str, message: Text) -> None:
        mark = event.start_mark
        place = Location(self._source.file, mark.line + 1, mark.column + 1)
        self._problems.append(Problem(place, code, message))

    def _stop(self, event: Any, code: str, message: Text) -> None:
        self._note(event, code, message)
        raise Stop
