"""Text templates: ``{{ path | filter }}`` and ``{% if condition %}...{% else %}...{% endif %}``, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from formwright.expressions.builtin import BUILTIN
from formwright.expressions.check import check
from formwright.expressions.checked import NO_ROOTS, ROOTS, Checked, Schema
from formwright.expressions.environment import Environment, Row
from formwright.expressions.evaluate import prepare
from formwright.expressions.filters_of_text import FILTERS, TextFilter
from formwright.expressions.functions import Functions
from formwright.expressions.kinds import BOOLEAN, Kind, Value
from formwright.expressions.literals import kind_of_value
from formwright.expressions.syntax import ExpressionError
from formwright.expressions.syntax import parse as parse_expression
from formwright.expressions.tree import Literal, Member, Name, Node, Span
from formwright.suggest import closest
from formwright.texts import Reader, say

MAXIMUM_LENGTH = 20_000
MAXIMUM_PARTS = 200
MAXIMUM_NESTING = 10


class Formats(Protocol):
    """Writes the value of a field as its reader sees it: the title of a choice, a local date, a mask.

    ``path`` leads from ``row``, the record or a root such as ``old``, to the field.
    """

    def __call__(self, row: Row | None, path: tuple[str, ...], value: Value, reader: Reader) -> str:
        """Return the text for one value."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """Text that is printed as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class AppliedFilter:
    """One ``| filter(argument)``."""

    name: str
    argument: Value = None


@dataclass(frozen=True, slots=True)
class Output:
    """``{{ path | filter }}``; ``root`` is "" for a path from the record."""

    value: Checked
    root: str
    path: tuple[str, ...]
    filters: tuple[AppliedFilter, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """``{% if condition %}then{% else %}otherwise{% endif %}``."""

    condition: Checked
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...]


Part: TypeAlias = Words | Output | Choice
Printer: TypeAlias = Callable[
    [Environment, Reader, Formats | None, Callable[[str], str] | None], str
]


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places, checked."""

    source: str
    nodes: tuple[Part, ...]
    reads: frozenset[tuple[str, ...]] = frozenset()
    root_reads: frozenset[tuple[str, ...]] = frozenset()
    roots: frozenset[str] = frozenset()
    time_dependent: bool = False
    _derived: dict[str, Printer] = field(default_factory=dict, compare=False, repr=False)

    def render(
        self,
        environment: Environment,
        reader: Reader,
        formats: Formats | None = None,
        escape: Callable[[str], str] | None = None,
    ) -> str:
        """Return the text for one record. ``escape`` is applied to what is put in, never to the template's own words."""
        printer = self._derived.get("printer")
        if printer is None:
            printer = self._derived["printer"] = _sequence(self.nodes)
        return printer(environment, reader, formats, escape)

    def __bool__(self) -> bool:
        return bool(self.source)


def parse(
    text: str,
    schema: Schema,
    entity: str | None,
    roots: Mapping[str, Kind] = NO_ROOTS,
    functions: Functions = BUILTIN,
) -> Template:
    """Return the template; raise ExpressionError with the place, in ``text``, of the first mistake."""
    if len(text) > MAXIMUM_LENGTH:
        message = say("a template has at most %(limit)s characters", limit=MAXIMUM_LENGTH)
        raise ExpressionError(message, (MAXIMUM_LENGTH, len(text)))
    reader = _TemplateReader(text, schema, entity, roots, functions)
    nodes = reader.parts(0)
    found = reader.checked
    return Template(
        source=text,
        nodes=nodes,
        reads=frozenset().union(*(checked.reads for checked in found)),
        root_reads=frozenset().union(*(checked.root_reads for checked in found)),
        roots=frozenset().union(*(checked.roots for checked in found)),
        time_dependent=any(checked.time_dependent for checked in found),
    )


_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_TAG = re.compile(
    rf"\{{\{{((?:{_QUOTED}|[^'\"}}]|\}}(?!\}}))*)\}}\}}|\{{%((?:{_QUOTED}|[^'\"%]|%(?!\}}))*)%\}}",
    re.DOTALL,
)
_OPENING = re.compile(r"\{\{|\{%")
_FILTER = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(\s*(.*?)\s*\))?\s*$", re.DOTALL)
_PIPE = re.compile(rf"{_QUOTED}|\|\||(\|)")


class _TemplateReader:
    """Reads a template from left to right."""

    def __init__(
        self,
        text: str,
        schema: Schema,
        entity: str | None,
        roots: Mapping[str, Kind],
        functions: Functions,
    ) -> None:
        self.text = text
        self.schema = schema
        self.entity = entity
        self.available = roots
        self.functions = functions
        self.checked: list[Checked] = []
        self.count = 0
        self.tags = self._tags()
        self.ended_by: tuple[str, Span] = ("", (len(text), len(text)))

    def _tags(self) -> Iterator[Words | re.Match[str]]:
        place = 0
        while True:
            opening = _OPENING.search(self.text, place)
            if opening is None:
                break
            tag = _TAG.match(self.text, opening.start())
            if tag is None:
                closing = "}}" if opening[0] == "{{" else "%}"
                message = say("'%(closing)s' is missing", closing=closing)
                raise ExpressionError(message, (opening.start(), len(self.text)), closing)
            if opening.start() > place:
                yield Words(self.text[place : opening.start()])
            yield tag
            place = tag.end()
        if place < len(self.text):
            yield Words(self.text[place:])

    def parts(self, depth: int) -> tuple[Part, ...]:
        """Read until the end, or until ``else`` or ``endif``, which stands in ``ended_by`` then."""
        found: list[Part] = []
        for tag in self.tags:
            self.count += 1
            if self.count > MAXIMUM_PARTS or depth > MAXIMUM_NESTING:
                raise ExpressionError(say("the template has too many parts"), (0, len(self.text)))
            if isinstance(tag, Words):
                found.append(tag)
            elif tag[1] is not None:
                found.append(self._output(tag))
            else:
                word, _, rest = tag[2].strip().partition(" ")
                if word == "if" and rest.strip():
                    found.append(self._choice(tag, depth))
                elif word in {"else", "endif"} and not rest and depth:
                    self.ended_by = (word, tag.span())
                    return tuple(found)
                else:
                    raise self._unknown_tag(tag, word)
        if depth:
            end = (len(self.text), len(self.text))
            raise ExpressionError(say("an 'if' has no 'endif'"), end, "{% endif %}")
        return tuple(found)

    def _unknown_tag(self, tag: re.Match[str], word: str) -> ExpressionError:
        if word in {"else", "endif"}:
            return ExpressionError(say("'%(word)s' stands without an 'if'", word=word), tag.span())
        message = say(
            "'%(word)s' is no part of a template; there are if, else and endif", word=word
        )
        return ExpressionError(message, tag.span(), closest(word, ("if", "else", "endif")))

    def _choice(self, tag: re.Match[str], depth: int) -> Choice:
        start = tag.start(2) + tag[2].index("if") + 2
        condition = self._check(self.text[start : tag.end(2)], start, BOOLEAN)
        then = self.parts(depth + 1)
        otherwise: tuple[Part, ...] = ()
        if self.ended_by[0] == "else":
            otherwise = self.parts(depth + 1)
            if self.ended_by[0] == "else":
                raise ExpressionError(say("an 'if' has two 'else'"), self.ended_by[1])
        return Choice(condition, then, otherwise)

    def _output(self, tag: re.Match[str]) -> Output:
        place = tag.start(1)
        first, *rest = _split_pipes(tag[1])
        checked = self._check(first[0], place, None)
        path = _path(checked.node)
        if path is None:
            message = say(
                "a template prints fields; make a formula field for anything that is worked out"
            )
            raise ExpressionError(message, _moved(checked.node.span, place))
        filters = tuple(self._filter(text, place + offset, checked.kind) for text, offset in rest)
        root, *names = path
        in_roots = root in ROOTS or root in self.available
        if in_roots and root != "this":
            return Output(checked, root, tuple(names), filters)
        return Output(checked, "", tuple(names) if root == "this" else tuple(path), filters)

    def _filter(self, text: str, place: int, kind: Kind) -> AppliedFilter:
        match = _FILTER.match(text)
        span = (place, place + len(text))
        if match is None:
            raise ExpressionError(
                say("a filter is a name, with a constant in parentheses if it takes one"), span
            )
        known = FILTERS.get(match[1])
        if known is None:
            message = say("there is no filter '%(name)s'", name=match[1])
            raise ExpressionError(message, span, closest(match[1], FILTERS))
        if kind.base not in known.accepts:
            raise ExpressionError(
                say("the filter '%(name)s' does not fit this value", name=match[1]), span
            )
        return AppliedFilter(match[1], self._argument(match, known, span))

    def _argument(self, match: re.Match[str], known: TextFilter, span: Span) -> Value:
        if not match[2]:
            if known.argument is not None and known.required:
                raise ExpressionError(
                    say("the filter '%(name)s' needs a value", name=match[1]), span
                )
            return None
        node = parse_expression(match[2])
        if (
            not isinstance(node, Literal)
            or known.argument is None
            or kind_of_value(node.value).base is not known.argument
        ):
            raise ExpressionError(
                say("the filter '%(name)s' does not take this value", name=match[1]), span
            )
        return node.value

    def _check(self, text: str, place: int, expected: Kind | None) -> Checked:
        try:
            checked = check(
                text, self.schema, self.entity, self.available, expected, self.functions
            )
        except ExpressionError as error:
            raise ExpressionError(error.text, _moved(error.span, place), error.suggestion) from None
        self.checked.append(checked)
        return checked


def _moved(span: Span, place: int) -> Span:
    return (span[0] + place, span[1] + place)


def _split_pipes(text: str) -> list[tuple[str, int]]:
    """Cut at single pipes outside quotes; each piece comes with its offset."""
    pieces, start = [], 0
    for match in _PIPE.finditer(text):
        if match[1]:
            pieces.append((text[start : match.start()], start))
            start = match.end()
    return [*pieces, (text[start:], start)]


def _path(node: Node) -> tuple[str, ...] | None:
    if isinstance(node, Name):
        return (node.name,)
    if isinstance(node, Member):
        owner = _path(node.owner)
        return None if owner is None else (*owner, node.name)
    return None


# -- printing -------------------------------------------------------------------------------------------------


def _sequence(parts: tuple[Part, ...]) -> Printer:
    printers = [_printer(part) for part in parts]
    if len(printers) == 1:
        return printers[0]
    return lambda environment, reader, formats, escape: "".join(
        [printer(environment, reader, formats, escape) for printer in printers]
    )


def _printer(part: Part) -> Printer:
    match part:
        case Words():
            text = part.text
            return lambda _environment, _reader, _formats, _escape: text
        case Output():
            return _output_printer(part)
        case Choice():
            condition = prepare(part.condition)
            then, otherwise = _sequence(part.then), _sequence(part.otherwise)
            return lambda environment, reader, formats, escape: (
                then if condition(environment) else otherwise
            )(environment, reader, formats, escape)


def _output_printer(part: Output) -> Printer:
    value_of, root, path, kind = prepare(part.value), part.root, part.path, part.value.kind
    filters = [(FILTERS[applied.name], applied.argument) for applied in part.filters]

    def written(
        environment: Environment, reader: Reader, formats: Formats | None, value: Value
    ) -> str:
        if formats is None or not path:
            return "" if value is None else str(value)
        row: Any = environment.roots.get(root) if root else environment.record
        return formats(row, path, value, reader)

    def run(
        environment: Environment,
        reader: Reader,
        formats: Formats | None,
        escape: Callable[[str], str] | None,
    ) -> str:
        value = value_of(environment)
        text: str | None = None
        for known, argument in filters:
            if known.of_text:
                text = known.apply(
                    written(environment, reader, formats, value) if text is None else text,
                    argument,
                    kind,
                    environment,
                    reader,
                )
            elif text is None and value is not None:
                text = known.apply(value, argument, kind, environment, reader)
        if text is None:
            text = "" if value is None else written(environment, reader, formats, value)
        return escape(text) if escape is not None else text

    return run
