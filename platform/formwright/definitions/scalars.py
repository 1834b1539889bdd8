"""The plain values of the language: how each is written, as JSON Schema and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from formwright.definitions.language import COLORS
from formwright.definitions.limits import MAX_KEY
from formwright.texts import Text, say

KEY_PATTERN = f"^[a-z][a-z0-9_]{{0,{MAX_KEY - 1}}}$"
_NAME = r"[a-z][a-z0-9_]{0,62}"
_VERSION = r"(?:0|[1-9][0-9]{0,8})"

_TEXT_LIKE: Mapping[str, Any] = {"type": "string"}
_CONDITION: Mapping[str, Any] = {"type": ["string", "boolean", "object"]}
_EXPRESSION: Mapping[str, Any] = {"type": ["string", "boolean", "number"]}

#: The JSON Schema of every scalar, by its name in the attribute tables.
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string", "maxLength": 5000},
    "str": {"type": "string", "maxLength": 500},
    "key": {"type": "string", "pattern": KEY_PATTERN},
    "bool": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(10**15), "maximum": 10**15},
    "num": {"type": "number"},
    "any": {},
    "semver": {
        "type": "string",
        "pattern": rf"^{_VERSION}\.{_VERSION}\.{_VERSION}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$",
    },
    "range": {
        "type": "string",
        "pattern": rf"^(?:\*|(?:(?:>=|<=|>|<|=|\^|~)? ?{_VERSION}(?:\.{_VERSION}){{0,2}}(?: ?, ?| )?)+)$",
    },
    "locale": {
        "type": "string",
        "pattern": "^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?$",
    },
    "color": {"type": "string", "pattern": f"^(?:{'|'.join(COLORS)}|#[0-9a-fA-F]{{6}})$"},
    "cond": _CONDITION,
    "expr": _EXPRESSION,
    "tmpl": {"type": "string", "minLength": 1, "maxLength": 2000},
    "path": {"type": "string", "pattern": rf"^{_NAME}(?:\.{_NAME}){{0,4}}$"},
    "sort": {"type": "string", "pattern": rf"^-?{_NAME}(?:\.{_NAME}){{0,3}}$"},
    "duration": {"type": "string", "pattern": "^P[0-9]{1,5}D$"},
    "day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    "fieldset": {
        "type": ["string", "array"],
        "pattern": r"^\*$",
        "items": {"type": "string", "pattern": KEY_PATTERN},
        "maxItems": 1000,
    },
    "size": {"type": "string", "pattern": "^[0-9]{1,6} ?(?:B|KB|MB|GB)$"},
    "regex": {"type": "string", "maxLength": 500},
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "region": {"type": "string", "pattern": "^[A-Z]{2}$"},
    "name": {"type": "string", "pattern": rf"^{_NAME}(?:\.{_NAME})?$"},
}

#: The JSON Schema of the keys of a map, by what they are; other maps take any key.
KEYS: Mapping[str, Mapping[str, Any]] = {
    "key": SCHEMAS["key"],
    "name": SCHEMAS["name"],
    "locale": SCHEMAS["locale"],
}

_WORDS: Mapping[str, Text] = {
    "text": say("a text"),
    "str": say("a text"),
    "tmpl": say("a text"),
    "any": say("a value"),
    "key": say(
        "a key: lower-case letters a-z, digits and _, a letter first, at most 63 characters"
    ),
    "name": say("a name like customer or crm.customer"),
    "bool": say("true or false"),
    "int": say("a whole number"),
    "num": say("a number"),
    "semver": say("a version of three numbers, like 1.2.0"),
    "range": say("a range of versions, like >=1.0,<2 or ^1.2"),
    "locale": say("a language, like en or zh-CN"),
    "color": say("a colour of the palette or #rrggbb"),
    "cond": say("a condition: an expression, or a filter"),
    "expr": say("an expression"),
    "path": say("a field, or a path like customer.name"),
    "sort": say("a field to sort by, with - in front to turn the order around"),
    "duration": say("a number of days, like P30D"),
    "day": say("a day, like 2027-12-31"),
    "fieldset": say("'*' for every field, or a list of fields"),
    "size": say("a size, like 500KB or 20MB"),
    "regex": say("a regular expression"),
    "currency": say("a currency code of three letters, like CNY"),
    "region": say("a country code of two letters, like CN"),
    "fieldtype": say("a field type"),
}


def wording(name: str) -> Text:
    """Return in words what a scalar of that name looks like."""
    return _WORDS[name]
