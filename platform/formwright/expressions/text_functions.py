"""Functions on texts."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from itertools import filterfalse

from formwright.expressions import limits
from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Base,
    list_of,
)
from formwright.expressions.parameters import (
    MANY,
    SCALARS,
    number,
    text,
)
from formwright.expressions.patterns import matches
from formwright.texts import say

#: What TRIM takes away at both ends; the same list is given to the databases.
BLANKS = " \t\n\r\u00a0\u3000"


def _left(text: str, count: Decimal) -> str:
    return text[: max(int(count), 0)]


def _right(text: str, count: Decimal) -> str:
    length = max(int(count), 0)
    return text[-length:] if length else ""


def _replace(text: str, old: str, new: str) -> str:
    if not old:
        return text
    limits.check_length(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _split(text: str, separator: str) -> tuple[str, ...]:
    parts = text.split(separator) if separator else [text]
    limits.check_items(len(parts))
    return tuple(part.strip(BLANKS) for part in parts if part.strip(BLANKS))


def _join(items: tuple[str | None, ...], separator: str | None = None) -> str:
    parts = [item for item in items if item]
    limits.check_length(sum(map(len, parts)) + len(parts) * len(separator or ""))
    return (separator or "").join(parts)


def _normalise(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(filterfalse(unicodedata.combining, plain))
    return " ".join(unicodedata.normalize("NFC", kept).split())


TEXT_FUNCTIONS = (
    Function(
        "LEN",
        "text",
        say("Counts the characters of a text."),
        (text(),),
        NUMBER,
        lambda text: Decimal(len(text)),
        (("LEN('张三')", "2"),),
        compiles=True,
    ),
    Function(
        "LOWER",
        "text",
        say("Writes a text in small letters."),
        (text(),),
        TEXT,
        str.lower,
        (("LOWER('Ab')", "ab"),),
        compiles=True,
    ),
    Function(
        "UPPER",
        "text",
        say("Writes a text in capital letters."),
        (text(),),
        TEXT,
        str.upper,
        (("UPPER('Ab')", "AB"),),
        compiles=True,
    ),
    Function(
        "TRIM",
        "text",
        say("Takes blanks and line ends away at both ends of a text."),
        (text(),),
        TEXT,
        lambda text: text.strip(BLANKS),
        (("TRIM(' a b ')", "a b"),),
        compiles=True,
    ),
    Function(
        "LEFT",
        "text",
        say("Gives the first characters of a text."),
        (text(), number("count")),
        TEXT,
        _left,
        (("LEFT('Formwright', 4)", "Form"),),
        compiles=True,
    ),
    Function(
        "RIGHT",
        "text",
        say("Gives the last characters of a text."),
        (text(), number("count")),
        TEXT,
        _right,
        (("RIGHT('13800138000', 4)", "8000"),),
        compiles=True,
    ),
    Function(
        "CONTAINS",
        "text",
        say("Tells whether a text holds another (capitals count), or a list a value."),
        (Parameter("text", (Base.TEXT, *MANY)), Parameter("part", SCALARS)),
        BOOLEAN,
        lambda text, part: part in text,
        (("CONTAINS('invoice 7', 'voice')", "true"),),
        special=True,
        compiles=True,
    ),
    Function(
        "STARTSWITH",
        "text",
        say("Tells whether a text begins with another."),
        (text(), text("beginning")),
        BOOLEAN,
        str.startswith,
        (("STARTSWITH('SO-0001', 'SO-')", "true"),),
        compiles=True,
    ),
    Function(
        "ENDSWITH",
        "text",
        say("Tells whether a text ends with another."),
        (text(), text("ending")),
        BOOLEAN,
        str.endswith,
        (("ENDSWITH('a@b.cn', '.cn')", "true"),),
        compiles=True,
    ),
    Function(
        "MATCHES",
        "text",
        say(
            "Tells whether a regular expression (RE2: no look-around, no back-references) occurs in a text."
        ),
        (text(), text("pattern", constant=True)),
        BOOLEAN,
        lambda text, pattern: matches(pattern, text),
        (("MATCHES('AB-12', '^[A-Z]+-[0-9]+$')", "true"),),
    ),
    Function(
        "REPLACE",
        "text",
        say("Replaces every occurrence of a part of a text."),
        (text(), text("old"), text("new")),
        TEXT,
        _replace,
        (("REPLACE('a-b-c', '-', '/')", "a/b/c"),),
        compiles=True,
    ),
    Function(
        "SPLIT",
        "text",
        say(
            "Cuts a text at a separator into a list; blanks around the parts and empty parts are left out."
        ),
        (text(), text("separator")),
        list_of(TEXT),
        _split,
        (("JOIN(SPLIT('a; b;', ';'), '+')", "a+b"),),
    ),
    Function(
        "JOIN",
        "text",
        say(
            "Joins the texts of a list, with a separator between; those without a value are left out."
        ),
        (Parameter("list", (Base.LIST,)), text("separator", optional=True)),
        TEXT,
        _join,
        (("JOIN(['a', null, 'b'], ', ')", "a, b"),),
        handles_null=True,
    ),
    Function(
        "NORMALISE",
        "text",
        say(
            "Gives a text without capitals, accents, full-width forms and double blanks, for comparing."
        ),
        (text(),),
        TEXT,
        _normalise,
        (("NORMALISE('Ａ  Café')", "a cafe"),),
    ),
)
