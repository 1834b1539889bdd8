"""Judges the data of a file by the JSON Schema of the language, and says in friendly words what is wrong where."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from formwright.definitions.language import CONSTRUCTS, LATER_TYPES, construct
from formwright.definitions.limits import MAX_PROBLEMS
from formwright.definitions.places import Place, Step
from formwright.definitions.scalars import wording
from formwright.definitions.schema import TypeWord, json_schema
from formwright.definitions.shapes import Construct, Enum, ListOf, MapOf, Obj, Shape
from formwright.definitions.source import Document
from formwright.errors import Location, Problem
from formwright.fieldtypes import patterns
from formwright.fieldtypes.base import FieldType
from formwright.suggest import closest
from formwright.texts import Text, say

Path: TypeAlias = tuple[Step, ...]

#: Texts that are remembered as good.
_REMEMBERED = 2000
_WORD = re.compile(r"\w+")


def _pattern(
    _validator: Any, pattern: str, instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    """Check ``pattern`` in linear time, whoever wrote it."""
    if isinstance(instance, str) and not patterns.matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # no types there


def validator_for(schema: Mapping[str, Any]) -> Any:
    """Return a validator that fetches nothing, matches patterns in linear time and checks no formats by itself."""
    registry: Registry[Any] = Registry().with_resource(
        str(schema.get("$id", "")), DRAFT202012.create_resource(schema)
    )
    return _Validator(schema, registry=registry, format_checker=FormatChecker(formats=()))


@dataclass(frozen=True, slots=True)
class _Failure:
    """What jsonschema found: the keyword, what it asks for, and the value that does not have it."""

    keyword: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    path: Path
    schema_path: Path

    @classmethod
    def of(cls, error: ValidationError) -> _Failure:
        schema = error.schema if isinstance(error.schema, Mapping) else {}
        path, schema_path = tuple(error.absolute_path), tuple(error.absolute_schema_path)
        return cls(
            str(error.validator), error.validator_value, error.instance, schema, path, schema_path
        )

    @property
    def comment(self) -> str:
        """The name of the scalar or of the kind of key that is asked for."""
        return str(self.schema.get("$comment", ""))


class Judge:
    """The schema of the language for a set of field types, ready to judge files."""

    def __init__(self, types: Iterable[FieldType], *, lost_types: bool = False) -> None:
        self._attributes = {kind.name: kind.attributes for kind in types}
        words = tuple(TypeWord(*each) for each in self._attributes.items())
        self._validator, self._accepted = _validator(words, lost_types)

    def problems(self, document: Document) -> list[tuple[Path, Problem]]:
        """Return every problem of ``document`` with the path of the value it is about."""
        digest = document.digest
        if digest in self._accepted:
            self._accepted.move_to_end(digest)
            return []
        errors = self._validator.iter_errors(document.data)
        all_problems = (
            each for error in errors for each in self._explain(_Failure.of(error), document.place)
        )
        found = list(islice(all_problems, MAX_PROBLEMS))
        if not found:
            self._accepted[digest] = None
            if len(self._accepted) > _REMEMBERED:
                self._accepted.popitem(last=False)
        return found

    def accepts(self, document: Document) -> bool:
        """Return whether the schema has nothing (more) to say against ``document``."""
        return bool(self._validator.is_valid(document.data))

    def _explain(self, failure: _Failure, root: Place) -> Iterator[tuple[Path, Problem]]:
        path = failure.path
        if "dependentSchemas" in failure.schema_path:
            attribute = str(failure.schema_path[failure.schema_path.index("dependentSchemas") + 1])
            yield (
                (*path[:-1], attribute),
                self._not_of_type(failure, attribute, root.find(path[:-1])),
            )
        elif "propertyNames" in failure.schema_path:
            yield (*path, str(failure.value)), _bad_key(failure, root.find(path))
        elif failure.keyword == "additionalProperties":
            yield from _unknown_keys(failure, root)
        else:
            explain = _EXPLAINERS.get(failure.keyword, _out_of_bounds)
            yield from ((path, problem) for problem in explain(failure, root))

    def _not_of_type(self, failure: _Failure, attribute: str, field: Place) -> Problem:
        message = say(
            "a field of type '%(type)s' takes no '%(name)s'", type=failure.value, name=attribute
        )
        listed = self._attributes.get(str(failure.value), frozenset())
        own = sorted(name for name in listed if CONSTRUCTS["field"].get(name))
        return Problem(
            field.of_key(attribute), "FW105", message, tuple(own), closest(attribute, own)
        )


@lru_cache(maxsize=8)
def _validator(
    types: tuple[TypeWord, ...], lost_types: bool
) -> tuple[Any, OrderedDict[bytes, None]]:
    """Return the validator, and room for the digests of texts that it had nothing to say about.

    A published package is judged again by every process and at every plan; its text is as good as it was.
    """
    return validator_for(json_schema(types, lost_types=lost_types)), OrderedDict()


def chain(path: Path) -> Iterator[tuple[Shape, Construct | None]]:
    """Yield the shape at each step of ``path`` into a file, with the construct that holds it as an attribute."""
    shape: Shape | None = Obj("file")
    for step in path:
        holder: Construct | None = None
        match shape:
            case Obj(name):
                holder = construct(name)
                attribute = holder.get(str(step))
                shape = attribute.shape if attribute else None
            case MapOf(item) | ListOf(item):
                shape = item
            case _:  # the fields of a node may be a map of nodes
                shape = Obj("node") if isinstance(step, str) and shape is not None else None
        if shape is None:
            return
        yield shape, holder


def owner_of(path: Path) -> Construct:
    """Return the construct of the object that stands at ``path``."""
    found = construct("file")
    for shape, _ in chain(path):
        if isinstance(shape, Obj):
            found = construct(shape.construct)
    return found


def unknown_key(place: Location, key: str, known: Construct) -> Problem:
    """Return the problem of a key that ``known`` does not have."""
    if key in known.later:
        message = say("this version of Formwright does not have '%(name)s' yet", name=key)
        return Problem(place, "FW108", message, known.names)
    return Problem(
        place,
        "FW101",
        say("unknown key '%(name)s'", name=key),
        known.names,
        closest(key, known.names),
    )


def _unknown_keys(failure: _Failure, root: Place) -> Iterator[tuple[Path, Problem]]:
    known = owner_of(failure.path)
    place = root.find(failure.path)
    for key in failure.value:
        if key not in failure.schema.get("properties", {}):
            problem = unknown_key(place.of_key(key), key, known)
            if failure.value[key] is None and not _WORD.fullmatch(key):
                message = say(
                    "'%(text)s' is no key: a text with a comma stands in quotes here",
                    text=_shown(key),
                )
                problem = Problem(place.of_key(key), "FW101", message)
            yield (*failure.path, key), problem


def _missing(failure: _Failure, root: Place) -> Iterator[Problem]:
    for name in failure.wanted:
        if name not in failure.value:
            message = say("'%(name)s' is missing", name=name)
            if "allOf" in failure.schema_path:
                message = say(
                    "a field of type '%(type)s' needs '%(name)s'",
                    type=failure.value.get("type"),
                    name=name,
                )
            yield Problem(_named_at(failure.path, root), "FW104", message, (name,))


def _wrong_kind(failure: _Failure, root: Place) -> Iterator[Problem]:
    name = str(failure.path[-1]) if failure.path else "file"
    value = failure.value
    message = say(
        "'%(name)s' must be %(expected)s, not %(found)s",
        name=name,
        expected=_expected(failure),
        found=_found(value),
    )
    way_out: tuple[str, ...] = ()
    if failure.wanted == "string" and isinstance(value, bool | int | Decimal):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        way_out = (f'"{shown}"',)
    yield Problem(_place(failure.path, root), "FW103", message, way_out)


def _wrong_word(failure: _Failure, root: Place) -> Iterator[Problem]:
    place = _place(failure.path, root)
    value = failure.value
    words = tuple(str(word) for word in failure.wanted)
    shape = next((shape for shape, _ in reversed(list(chain(failure.path)))), None)
    is_type = failure.comment == "fieldtype"
    later = LATER_TYPES if is_type else shape.later if isinstance(shape, Enum) else ()
    if isinstance(value, str) and value in later:
        yield Problem(
            place,
            "FW108",
            say("this version of Formwright does not have '%(name)s' yet", name=value),
            words,
        )
        return
    message = say("'%(name)s' is not possible here", name=_shown(value))
    if is_type:
        message = say("'%(name)s' is no type", name=_shown(value))
    yield Problem(
        place, "FW102", message, words, closest(value, words) if isinstance(value, str) else None
    )


def _wrong_form(failure: _Failure, root: Place) -> Iterator[Problem]:
    message = say(
        "'%(value)s' is not %(expected)s",
        value=_shown(failure.value),
        expected=wording(failure.comment),
    )
    yield Problem(_place(failure.path, root), "FW106", message)


def _out_of_bounds(failure: _Failure, root: Place) -> Iterator[Problem]:
    limit = failure.wanted
    messages: dict[str, Text] = {
        "minimum": say("the value must be at least %(limit)s", limit=limit),
        "maximum": say("the value must be at most %(limit)s", limit=limit),
        "maxLength": say("the text has more than %(limit)s characters", limit=limit),
        "minLength": say("the text is empty"),
        "minItems": say("the list has fewer than %(limit)s entries", limit=limit),
        "maxItems": say("the list has more than %(limit)s entries", limit=limit),
    }
    message = messages.get(failure.keyword, say("the value is not possible here"))
    yield Problem(_place(failure.path, root), "FW106", message)


def _bad_key(failure: _Failure, place: Place) -> Problem:
    message = say(
        "'%(value)s' is not %(expected)s",
        value=_shown(failure.value),
        expected=wording(failure.comment),
    )
    return Problem(place.of_key(str(failure.value)), "FW107", message)


def _place(path: Path, root: Place) -> Location:
    return root.find(path[:-1]).of_part(path[-1]) if path else root.location


def _named_at(path: Path, root: Place) -> Location:
    """Return the place of the key that names the object at ``path``, or of the object in a list."""
    if path and isinstance(path[-1], str):
        return root.find(path[:-1]).of_key(path[-1])
    return root.find(path).location


_KINDS: Mapping[str, Text] = {
    "string": say("a text"),
    "boolean": say("true or false"),
    "integer": say("a whole number"),
    "number": say("a number"),
    "array": say("a list"),
    "object": say("a map"),
}


def _expected(failure: _Failure) -> Text:
    wanted = failure.wanted
    if isinstance(wanted, str):
        return _KINDS[wanted]
    if failure.comment in {"cond", "expr"}:
        return wording(failure.comment)
    return say("%(one)s or %(other)s", one=_KINDS[wanted[0]], other=_KINDS[wanted[-1]])


def _found(value: Any) -> Text:
    match value:
        case None:
            return say("empty")
        case bool():
            return say("true or false")
        case int() | Decimal():
            return say("a number")
        case str():
            return say("a text")
        case list():
            return say("a list")
        case _:
            return say("a map")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"


_EXPLAINERS: Mapping[str, Callable[[_Failure, Place], Iterator[Problem]]] = {
    "required": _missing,
    "type": _wrong_kind,
    "enum": _wrong_word,
    "pattern": _wrong_form,
}
