"""The shapes that the value of an attribute can have; the attribute tables are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Scalar:
    """One plain value; ``name`` says what it means: text, key, bool, int, cond, path, ..."""

    name: str


@dataclass(frozen=True, slots=True)
class Enum:
    """One of a few words. ``later`` are words that the language has and this version does not."""

    values: tuple[str, ...]
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """The name of something defined elsewhere: an entity, a role, a field, ..."""

    construct: str


@dataclass(frozen=True, slots=True)
class Obj:
    """A map with the attributes of ``construct``. With ``short``, that attribute alone may stand for it."""

    construct: str
    short: str = ""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list."""

    item: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A keyed map; the order of the file is kept. ``keys`` says what the keys are."""

    item: Shape
    keys: str = "key"


@dataclass(frozen=True, slots=True)
class FieldList:
    """A list of field keys, or a keyed map of nodes."""


Shape: TypeAlias = Scalar | Enum | Ref | Obj | ListOf | MapOf | FieldList

TEXT = Scalar("text")
STR = Scalar("str")
KEY = Scalar("key")
BOOL = Scalar("bool")
INT = Scalar("int")
NUM = Scalar("num")
ANY = Scalar("any")
SEMVER = Scalar("semver")
RANGE = Scalar("range")
LOCALE = Scalar("locale")
COLOR = Scalar("color")
COND = Scalar("cond")
EXPR = Scalar("expr")
TMPL = Scalar("tmpl")
PATH = Scalar("path")
SORT = Scalar("sort")
DURATION = Scalar("duration")
DAY = Scalar("day")
FIELDSET = Scalar("fieldset")
SIZE = Scalar("size")
REGEX = Scalar("regex")
CURRENCY = Scalar("currency")
REGION = Scalar("region")
FIELDTYPE = Scalar("fieldtype")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a construct, with its meaning in both languages.

    ``default`` is what holds when it is left out, as shown in the reference. ``own`` marks attributes of fields
    that only some field types take: the type itself lists them.
    """

    name: str
    shape: Shape
    default: str
    en: str
    zh: str
    required: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Construct:
    """Something that can be defined: its attributes, and those that a later version will have."""

    name: str
    en: str
    zh: str
    attributes: tuple[Attribute, ...]
    later: tuple[str, ...] = ()
    example: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its attributes, in order."""
        return tuple(attribute.name for attribute in self.attributes)

    def get(self, name: str) -> Attribute | None:
        """Return the attribute of that name."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


def needed(name: str, shape: Shape, en: str, zh: str) -> Attribute:
    """Return an attribute that must be given."""
    return Attribute(name, shape, "", en, zh, required=True)


def may(name: str, shape: Shape, default: str, en: str, zh: str) -> Attribute:
    """Return an attribute that can be left out."""
    return Attribute(name, shape, default, en, zh)


def own(name: str, shape: Shape, default: str, en: str, zh: str) -> Attribute:
    """Return an attribute that only some field types take."""
    return Attribute(name, shape, default, en, zh, own=True)
