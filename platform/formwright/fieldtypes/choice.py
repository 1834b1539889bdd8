"""Field types for values out of a list: choice, choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from formwright.expressions import kinds
from formwright.expressions.kinds import Base, Kind
from formwright.fieldtypes import spelling
from formwright.fieldtypes.base import Example, FieldLike, FieldType, OptionLike, Slot, ValueProblem
from formwright.fieldtypes.several import (
    SEPARATOR,
    count_problem,
    enumerate_words,
    items_schema,
    texts_of,
)
from formwright.suggest import closest
from formwright.texts import LANGUAGES, Label, Reader, Text, say


class Spellings:
    """Every spelling of every option of one list: value, titles in all languages, former values."""

    def __init__(self, options: Sequence[OptionLike]) -> None:
        self.options = options
        self.by_value = {option.value: option for option in options}
        self.exact: dict[str, str] = {}
        self.folded: dict[str, str] = {}
        for spell in (
            _values,
            _titles,
            _formers,
        ):  # where two options share a spelling, a value wins
            for option in options:
                for text in spell(option):
                    self.exact.setdefault(text, option.value)
                    self.folded.setdefault(_fold(text), option.value)

    def find(self, text: str) -> str | None:
        """Return the value that ``text`` spells, case and width ignored, or None."""
        found = self.exact.get(text)
        return found if found is not None else self.folded.get(_fold(text))

    def title(self, value: str, language: str) -> str:
        """Return the title of ``value``; the value itself where no option has it."""
        option = self.by_value.get(value)
        return value if option is None else option.title.in_language(language) or value


_tables: dict[int, Spellings] = {}


def spellings(options: Sequence[OptionLike]) -> Spellings:
    """Return the table of ``options``, made once for each list that lives."""
    table = _tables.get(id(options))
    if (
        table is None or table.options is not options
    ):  # an id may be used again once its list is gone
        if len(_tables) > 4096:
            _tables.clear()
        table = _tables[id(options)] = Spellings(options)
    return table


def offered(field: FieldLike, current: Any = None) -> list[OptionLike]:
    """Return the options to offer: deprecated ones only when ``current`` (one value or several) has them."""
    kept = {current} if isinstance(current, str) else set(current or ())
    return [option for option in field.options if not option.deprecated or option.value in kept]


class ChoiceType(FieldType):
    """One value out of a list of options."""

    name = "choice"
    attributes = frozenset({"options", "option_set", "allow_other"})
    widget = "choice"
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "in", "not_in", "empty", "not_empty")
    slot = Slot.TEXT
    examples: ClassVar[tuple[Example, ...]] = (Example("", None),)

    def kind(self, field: FieldLike) -> Kind:
        """Return text that is one of the options' values."""
        return _option_kind(field)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the value whose spelling was typed: value, title in any language, or former value."""
        table = spellings(field.options)
        found = table.exact.get(typed)
        if found is not None:
            return found
        text = spelling.one_line(typed)
        return _find(field, table, text) if text else None

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the title in the reader's language."""
        return spellings(field.options).title(value, reader.language)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the value."""
        return str(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the value that a text spells."""
        if not isinstance(value, str):
            raise ValueProblem(say("Choose one of the options."))
        return self.parse(field, value, Reader())

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for a value that is no option; deprecated ones stay good."""
        if not field.allow_other and value not in spellings(field.options).by_value:
            return _not_offered(field, value)
        return None

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return the titles in all languages."""
        return _all_titles(field, value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of the values, each with its title."""
        return _option_schema(field)


class ChoicesType(FieldType):
    """Several values out of a list of options, in the order of the list."""

    name = "choices"
    attributes = frozenset({"options", "option_set", "allow_other", "minItems", "maxItems"})
    widget = "choices"
    operators: ClassVar[tuple[str, ...]] = ("any", "all", "none", "empty", "not_empty")
    many = True
    examples: ClassVar[tuple[Example, ...]] = (Example("", None),)

    def kind(self, field: FieldLike) -> Kind:
        """Return a list of option values."""
        return kinds.list_of(_option_kind(field))

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the values whose spellings were typed, between commas or semicolons of either width."""
        return self._gather(field, self._split(field, typed))

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the values of all ticked boxes."""
        table = spellings(field.options)
        texts = (spelling.one_line(text) for text in typed)
        return self._gather(field, [_find(field, table, text) for text in texts if text])

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the titles in the reader's language."""
        table = spellings(field.options)
        return enumerate_words([table.title(item, reader.language) for item in value], reader)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the values with commas."""
        return ", ".join(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the values, given as a list or as text."""
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        return self.parse_many(field, texts_of(value), Reader())

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for a value that is no option, or for too many or too few."""
        known = spellings(field.options).by_value
        if not field.allow_other:
            for item in value:
                if item not in known:
                    return _not_offered(field, item)
        return count_problem(field, len(value))

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return a list."""
        return list(value)

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return a tuple."""
        return tuple(stored)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return all titles in all languages."""
        return " ".join(_all_titles(field, item) for item in value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a list of different option values."""
        return {
            "type": "array",
            "items": _option_schema(field),
            "uniqueItems": True,
            **items_schema(field),
        }

    def _split(self, field: FieldLike, typed: str) -> list[str]:
        """Return the values in ``typed``; an option whose own title has a comma is found too."""
        table = spellings(field.options)
        cuts = [0, *(match.end() for match in SEPARATOR.finditer(typed)), len(typed) + 1]
        found: list[str] = []
        start = 0
        while start < len(cuts) - 1:
            for end in range(len(cuts) - 1, start, -1):
                text = spelling.one_line(typed[cuts[start] : cuts[end] - 1])
                value = table.find(text) if text else None
                if value is not None or end == start + 1:
                    break
            if text:
                found.append(value if value is not None else _find(field, table, text))
            start = end
        return found

    def _gather(self, field: FieldLike, values: Iterable[str]) -> tuple[str, ...] | None:
        """Return each value once, options in the list's order and others behind them."""
        chosen = dict.fromkeys(values)
        known = [option.value for option in field.options if option.value in chosen]
        others = [value for value in chosen if value not in set(known)]
        return (*known, *others) or None


def _values(option: OptionLike) -> Iterable[str]:
    return (option.value,)


def _titles(option: OptionLike) -> Iterable[str]:
    return (
        spelling.one_line(text)
        for text in (option.title.default, *option.title.translations.values())
        if text
    )


def _formers(option: OptionLike) -> Iterable[str]:
    return option.was


def _fold(text: str) -> str:
    return spelling.narrow(text).casefold()


def _find(field: FieldLike, table: Spellings, text: str) -> str:
    found = table.find(text)
    if found is not None:
        return found
    if field.allow_other:
        return text
    raise ValueProblem(_not_offered(field, text))


def _not_offered(field: FieldLike, text: str) -> Text:
    """Return the sentence for a text that spells no option, with the nearest title or the first few."""
    table = spellings(field.options)
    near = closest(spelling.narrow(text), table.exact)
    if near is not None:
        return say(
            "“%(typed)s” is not one of the options. Did you mean “%(title)s”?",
            typed=text[:40],
            title=_in_all_languages([table.by_value[table.exact[near]]]),
        )
    titles = _in_all_languages(offered(field))
    return say("“%(typed)s” is not one of the options: %(titles)s.", typed=text[:40], titles=titles)


def _in_all_languages(options: Sequence[OptionLike]) -> Label:
    """Return the titles of the first few options as one text, in whatever language the sentence is shown."""

    def join(language: str) -> str:
        titles = [option.title.in_language(language) or option.value for option in options[:6]]
        return enumerate_words(titles, Reader(language)) + (" …" if len(options) > 6 else "")

    return Label(join("en"), {language: join(language) for language in LANGUAGES})


def _all_titles(field: FieldLike, value: str) -> str:
    option = spellings(field.options).by_value.get(value)
    return value if option is None else " ".join(dict.fromkeys(_titles(option)))


def _option_kind(field: FieldLike) -> Kind:
    if field.allow_other or not field.options:
        return kinds.TEXT
    return Kind(Base.TEXT, choices=tuple(option.value for option in field.options))


def _option_schema(field: FieldLike) -> dict[str, Any]:
    listed = [
        {"const": option.value, "title": str(option.title) or option.value}
        for option in field.options
    ]
    if field.allow_other or not listed:
        return {"type": "string"}
    return {"type": "string", "oneOf": listed}
