"""Sentences for people: written once in English, shown in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel import Locale
from babel.messages.pofile import read_po

#: The languages in which every text of the platform exists, by BCP 47 tag.
LANGUAGES: tuple[str, ...] = ("en", "zh-CN")
_CATALOGS = Path(__file__).resolve().parent / "translations"
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence that is not yet in a language.

    ``message`` is the English wording with ``%(name)s`` places; it is also the key of the translation.
    With ``plural`` given, ``params["count"]`` decides between the two forms.
    """

    message: str
    params: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    plural: str | None = None

    def in_language(self, language: str) -> str:
        """Return the sentence in ``language`` (BCP 47), or in English when it has no translation."""
        catalog = _catalog(language)
        if self.plural is not None:
            count = self.params.get("count", 0)
            wording = catalog.plural(self.message, self.plural, int(str(count)))
        else:
            wording = catalog.singular(self.message)
        if not self.params:
            return wording
        shown = {
            name: value.in_language(language) if isinstance(value, Text | Label) else value
            for name, value in self.params.items()
        }
        return wording % shown

    def __str__(self) -> str:
        return self.in_language("en")


def say(message: str, /, **params: object) -> Text:
    """Mark ``message`` for translation and bind its places.

    >>> str(say("at most %(limit)s rows", limit=3))
    'at most 3 rows'
    """
    return Text(message, MappingProxyType(params) if params else _NOTHING)


def say_many(one: str, many: str, /, count: int, **params: object) -> Text:
    """Like ``say`` for a sentence that depends on a number, bound as ``%(count)s``."""
    return Text(one, MappingProxyType({"count": count, **params}), many)


@dataclass(frozen=True, slots=True)
class Label:
    """A text of a definition (a title, a help text) with the translations its package brings."""

    default: str
    translations: Mapping[str, str] = field(default_factory=lambda: _STRINGS)

    def in_language(self, language: str) -> str:
        """Return the text in ``language``, falling back ``zh-TW`` -> ``zh`` -> any ``zh-*`` -> default."""
        found = self.translations.get(language)
        if found is not None or not self.translations:
            return found if found is not None else self.default
        base = language.partition("-")[0]
        if base in self.translations:
            return self.translations[base]
        for tag, wording in self.translations.items():
            if tag.split("-")[0] == base:
                return wording
        return self.default

    def __str__(self) -> str:
        return self.default

    def __bool__(self) -> bool:
        return bool(self.default)


_STRINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a value is formatted for: language (BCP 47), time zone, and region for telephone numbers."""

    language: str = "en"
    timezone: str = "UTC"
    region: str = "CN"

    @property
    def locale(self) -> Locale:
        """The Babel locale of ``language``."""
        return _locale(self.language)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object; UTC when nobody knows one of that name."""
        return _zone(self.timezone)


def best_language(wanted: str | None) -> str:
    """Return the language of ``LANGUAGES`` nearest to the tag ``wanted``; English when none is near.

    >>> best_language("zh-Hans-CN"), best_language("fr"), best_language(None)
    ('zh-CN', 'en', 'en')
    """
    base = (wanted or "").replace("_", "-").split("-")[0].lower()
    return next((tag for tag in LANGUAGES if tag.split("-")[0].lower() == base), "en")


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))


@lru_cache(maxsize=128)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: "Asia" is a folder of zones
        return ZoneInfo("UTC")


class _Catalog:
    """The translations of one language, read from its ``.po`` file."""

    def __init__(self, language: str) -> None:
        self._single: dict[str, str] = {}
        self._plural: dict[str, tuple[str, ...]] = {}
        self._rule = _locale(language)
        path = _CATALOGS / f"{language}.po"
        if not path.is_file():
            return
        with path.open("rb") as file:
            for entry in read_po(file, locale=language.replace("-", "_")):
                if not entry.id or not entry.string:
                    continue
                if isinstance(entry.id, list | tuple):
                    strings = tuple(entry.string)
                    if all(strings):
                        self._plural[entry.id[0]] = strings
                else:
                    self._single[entry.id] = str(entry.string)

    def singular(self, message: str) -> str:
        return self._single.get(message, message)

    def plural(self, one: str, many: str, count: int) -> str:
        forms = self._plural.get(one)
        if forms is None:
            return one if count == 1 else many
        return forms[0] if count == 1 or len(forms) == 1 else forms[1]


@lru_cache(maxsize=16)
def _catalog(language: str) -> _Catalog:
    return _Catalog(best_language(language))
