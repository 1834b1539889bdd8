"""What tests of a field type need: a field to try it on, and the promises that every type keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from formwright.expressions.kinds import Kind
from formwright.fieldtypes import patterns
from formwright.fieldtypes.base import Example, FieldLike, FieldType, OptionLike, ValueProblem
from formwright.texts import LANGUAGES, Label, Reader, Text


@dataclass(frozen=True, slots=True)
class PlainOption:
    """An option of a choice."""

    value: str
    title: Label = Label("")
    deprecated: bool = False
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlainField:
    """A field with nothing set, but for what is given.

    >>> PlainField(max_length=3).max_length
    3
    """

    key: str = "field"
    title: Label = Label("Field")
    options: Sequence[OptionLike] = ()
    allow_other: bool = False
    suggestions: Sequence[str] = ()
    computed: bool = False
    scale: int = 2
    currency: str = "CNY"
    currency_from: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: Decimal | None = None
    exclusive_maximum: Decimal | None = None
    multiple_of: Decimal | None = None
    min_items: int | None = None
    max_items: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    multiple: bool = False
    accept: Sequence[str] = ()
    max_size: int = 25 * 1024 * 1024
    target: str = "test.thing"
    default_region: str = ""
    line: str = "mobile"
    regions: str = ""
    returns: Kind | None = None


def broken_promises(
    field_type: FieldType, field: FieldLike | None = None, examples: Sequence[Example] | None = None
) -> list[str]:
    """Return which promises of ``FieldType`` do not hold for the examples of a type, each with its case.

    A plugin's test asserts that the list is empty.
    """
    field = PlainField() if field is None else field
    broken = []
    for example in field_type.examples if examples is None else examples:
        for language in LANGUAGES:
            reader = Reader(language=language)
            judge = _broken_refusal if example.wrong else _broken_reading
            broken += [
                f"{example.typed!r} ({language}): {said}"
                for said in judge(field_type, field, example, reader)
            ]
    return broken


def refusal(field_type: FieldType, field: FieldLike, typed: str, reader: Reader) -> Text | None:
    """Return why ``typed`` is refused, whether it cannot be read or breaks a limit; None when it is taken."""
    try:
        value = field_type.parse(field, typed, reader)
    except ValueProblem as problem:
        return problem.text
    return None if value is None else field_type.check(field, value)


def broken_value(
    field_type: FieldType, field: FieldLike, value: Any, reader: Reader
) -> Iterator[str]:
    """Yield which promises do not hold for one value."""
    typed = field_type.format_input(field, value, reader)
    if (again := field_type.parse(field, typed, reader)) != value:
        yield f"parse(format_input) of {value!r} gives {again!r}"
    if (again := field_type.parse(field, field_type.canonical(field, value), reader)) != value:
        yield f"parse(canonical) of {value!r} gives {again!r}"
    if (again := field_type.accept(field, value)) != value:
        yield f"accept of {value!r} gives {again!r}"
    if not isinstance(field_type.format(field, value, reader), str):
        yield f"format of {value!r} gives no text"
    yield from _broken_storing(field_type, field, value)


def _broken_reading(
    field_type: FieldType, field: FieldLike, example: Example, reader: Reader
) -> Iterator[str]:
    if (problem := refusal(field_type, field, example.typed, reader)) is not None:
        yield f"is refused: {problem}"
        return
    value = field_type.parse(field, example.typed, reader)
    if value != example.value or type(value) is not type(example.value):
        yield f"gives {value!r}, not {example.value!r}"
    elif value is not None:
        yield from broken_value(field_type, field, value, reader)


def _broken_refusal(
    field_type: FieldType, field: FieldLike, example: Example, reader: Reader
) -> Iterator[str]:
    problem = refusal(field_type, field, example.typed, reader)
    if problem is None:
        yield "is not refused"
    elif reader.language != "en" and problem.in_language(reader.language) == problem.in_language(
        "en"
    ):
        yield f"is refused in English only: {problem}"


def _broken_storing(field_type: FieldType, field: FieldLike, value: Any) -> Iterator[str]:
    if field_type.virtual:
        return
    stored = field_type.to_stored(field, value)
    if any(isinstance(part, float) for part in _parts(stored)):
        yield f"to_stored of {value!r} has a float"
    if json.loads(json.dumps(stored)) != stored:
        yield f"to_stored of {value!r} is no JSON"
    if (again := field_type.from_stored(field, json.loads(json.dumps(stored)))) != value:
        yield f"from_stored(to_stored) of {value!r} gives {again!r}"
    if not isinstance(field_type.compare_key(field, value), str):
        yield f"compare_key of {value!r} gives no text"
    if not isinstance(field_type.search_text(field, value), str):
        yield f"search_text of {value!r} gives no text"
    for error in _Documents(field_type.json_schema(field)).iter_errors(stored):
        yield f"to_stored of {value!r} does not fit json_schema: {error.message}"


def _parts(stored: Any) -> Iterator[Any]:
    yield stored
    for part in (
        stored.values() if isinstance(stored, dict) else stored if isinstance(stored, list) else ()
    ):
        yield from _parts(part)


def _pattern(
    _validator: Any, pattern: str, instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not patterns.matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Documents = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
