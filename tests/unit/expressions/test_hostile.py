"""Attempts to get out of the language, or to keep it busy, end in an ordinary error, and soon."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formwright.errors import FormwrightError
from formwright.expressions.evaluate import (
    BudgetExceeded,
    Environment,
    EvaluationError,
    ValueRow,
    evaluate,
)
from formwright.expressions.patterns import PatternError, matches
from formwright.expressions.syntax import ExpressionError, parse
from formwright.expressions.templates import parse as parse_template

SECONDS = 0.1
#: The machine may be busy with other tests; what hangs takes minutes.
PATIENCE = 5
NOW = datetime(2026, 3, 2, tzinfo=UTC)

PYTHON = """
__import__('os').system('id')
().__class__.__bases__[0].__subclasses__()
''.__class__.__mro__[1].__subclasses__()
title.__class__
title.__class__.__mro__
this.__dict__
this.__class__.__init__.__globals__
me.__class__
me.__init__.__globals__['os']
settings.__getattribute__('x')
lines.__iter__
lines[0]
item.__class__
self
cls
globals()
locals()
vars()
dir()
eval('1')
exec('import os')
compile('1', '', 'eval')
open('/etc/passwd')
open('/etc/passwd').read()
getattr(title, '__class__')
setattr(this, 'a', 1)
type(title)
object()
breakpoint()
input()
exit()
quit()
SystemExit()
lambda: 1
(lambda: 1)()
[x for x in lines]
{x for x in lines}
(x for x in lines)
{'a': 1}
title if ok else note
title is None
await title
yield title
import os
from os import system
del title
title = 'x'; note
title := 'x'
f'{title}'
b'title'
print(title)
*lines
**lines
title.format(this)
'{0.__class__}'.format(title)
'%s' % title
'a'.join(tags)
title.encode()
title.upper()
due.__reduce__()
price.__class__.__base__
ok.real
ok.imag
qty.numerator
str(qty)
range(10)
list(lines)
map(title, lines)
@title
title; DROP TABLE record
' OR 1=1 --
title' OR '1'='1
title == '' UNION SELECT * FROM user
LEN(title)) OR (1=1
$title
#title
\\x00
title\x00
𝓽itle
ｔｉｔｌｅ
título
""".strip().splitlines()

ESCAPES_OF_OTHERS = """
{{ title }}
{% import os %}
${title}
#{title}
<%= title %>
{{ self.__init__.__globals__ }}
{{ ''.__class__.__mro__ }}
{{ cycler.__init__.__globals__.os }}
constructor
this.constructor
this.constructor.constructor('return process')()
this.__proto__
process.env
require('child_process')
require('fs').readFileSync('/etc/passwd')
global.process
window.location
document.cookie
Function('return this')()
new Function('x')
console._stdout
console.log(1)
console._times.constructor
$evalAsync
$json.x
$env.SECRET
System.exit(0)
java.lang.Runtime.getRuntime()
T(java.lang.Runtime)
#this.getClass()
@java.lang.Runtime@getRuntime()
Process.Start('cmd')
Kernel.exec('id')
`id`
$(id)
|id
;id
&& id
<script>alert(1)</script>
../../etc/passwd
file:///etc/passwd
http://169.254.169.254/
=cmd|'/c calc'!A1
@SUM(1+1)*cmd|'/c calc'!A0
+1+1
has(title)
title.exists(x, x)
lines.map(x, x)
lines.filter(x, x.done)
lines.all(x, x.done)
type(title) == string
dyn(title)
bytes('x')
duration('1s')
timestamp('x')
matches(title, 'a')
title.matches('a')
title[0]
lines[0].name
[1,2][0]
Person{name: 'x'}
title.?name
optional.of(1)
1u
0xff
1e308
1e999999999
Infinity
NaN
-
!
?
:
,
.
()
[]()
(((
)))
""".strip().splitlines()

BOMBS = [
    "(" * 990 + "1" + ")" * 990 + "+",
    "(" * 1999,
    "[" * 1999,
    "!" * 1999,
    "-" * 1999,
    "!" * 500 + "ok",
    "-" * 500 + "1",
    "not " * 400 + "ok",
    "a." * 900 + "a",
    "customer." + "parent." * 200 + "name",
    "+".join("1" * 900),
    "&&".join(["ok"] * 400),
    "ok ? " * 300 + "1" + " : 0" * 300,
    "LEN(" * 300 + "'a'" + ")" * 300,
    "IF(" * 100 + "ok" + ", 1, 0)" * 100,
    "[" + "1," * 900 + "1]",
    "'" + "a" * 1999,
    "'" + "\\" * 1997 + "'",
    "\\" * 2000,
    "9" * 2000,
    "9" * 28 + "*" + "*".join(["9" * 28] * 50),
    "1/" + "/".join(["3"] * 60),
    "a" * 2000,
    "a " * 1000,
    "\n" * 2000,
    "\t" * 1999 + "a b",
    "x" * 100_000,
    "ANY(lines, " * 30 + "ok" + ")" * 30,
    "ANY(lines, ANY(item.product.deals, ANY(item.lines, item.done)))",
    "SUM(lines, SUM(item.product.deals, SUM(item.lines, item.count)))",
    "REPLACE(REPLACE('" + "a" * 900 + "', 'a', '" + "b" * 100 + "'), 'b', '" + "c" * 500 + "')",
    "JOIN(SPLIT('" + "a," * 900 + "', ','), '" + "x" * 60 + "')",
    "DATEADD(today, 999999999999, 'year')",
    "DATEADD(today, -999999999999, 'month')",
    "DATEADD(DATEADD(now, 9999999, 'hour'), 9999999, 'hour')",
    "DATE(99999999999, 1, 1)",
    "ROUND(" + "9" * 28 + " * " + "9" * 28 + " * " + "9" * 28 + ", 20)",
    "LEFT('abc', 99999999999999999999)",
    "MATCHES(title, '" + "(a+)+" * 50 + "$')",
    "MATCHES(title, '(" + "a{1000}" * 3 + "){1000}')",
    "MATCHES(title, '" + "(" * 400 + ")" * 400 + "')",
    "MATCHES(title, '(?=x)')",
    "MATCHES(title, '(a)\\\\1')",
    "MATCHES(title, '[')",
    "MATCHES(title, '\\\\C')",
    "SUM(customer.deals, COUNT(item.lines))",
    "COUNT(customer.deals, COUNT(item.lines, item.count > 0) > 0)",
    "ANY(customer.deals, ALL(item.lines, item.count != 9 && item.count != 8))",
]

PAYLOADS = [*PYTHON, *ESCAPES_OF_OTHERS, *BOMBS]


class Crowd:
    """A source in which every row has a thousand others."""

    def __init__(self) -> None:
        self.rows = [ValueRow("crm.deal", number, {"count": 1}) for number in range(1000)]

    def row(self, entity, id):  # noqa: A002
        return ValueRow(entity, id, {"customer": id})

    def related(self, row, field):  # noqa: ARG002 -- everybody's rows are the same
        return self.rows


def test_the_corpus_is_large():
    assert len(set(PAYLOADS)) >= 150


def timed(text, run):
    """Return what ``run(text)`` gives or raises; fail when it takes too long, the best of three tries counting."""
    best = PATIENCE
    for _ in range(3):
        begun = time.process_time()
        try:
            found = run(text)
        except FormwrightError as error:
            found = error
        best = min(best, time.process_time() - begun)
        if best < SECONDS:
            return found
    raise AssertionError(f"{text[:60]!r} took {best:.3f} s")


@pytest.mark.parametrize(
    "text", PAYLOADS, ids=lambda text: text[:40].encode("unicode_escape").decode()
)
def test_a_payload_is_refused_or_costs_next_to_nothing(text, checked):
    environment = Environment(
        ValueRow("crm.deal", 7, {"title": "a" * 5000, "customer": 10, "ok": True}),
        NOW,
        source=Crowd(),
    )
    checked("title")
    found = timed(text, lambda text: evaluate(checked(text), environment))
    if isinstance(found, Exception):
        assert isinstance(found, ExpressionError | EvaluationError | BudgetExceeded)
        assert str(found)
    else:
        assert (
            found is None
            or isinstance(found, bool | int | str | tuple)
            or type(found).__module__ in {"decimal", "datetime"}
        )


@pytest.mark.parametrize("text", [*PYTHON, *ESCAPES_OF_OTHERS])
def test_no_attempt_to_escape_is_an_expression(text, checked):
    with pytest.raises(ExpressionError):
        checked(text)


@pytest.mark.parametrize(
    "text",
    ["{{ " + text + " }}" for text in PYTHON]
    + ["{% if " + text + " %}x{% endif %}" for text in PYTHON],
)
def test_no_attempt_to_escape_is_a_template(text, model):
    with pytest.raises(ExpressionError):
        parse_template(text, model, "crm.deal")


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 9000,
        "{%" * 9000,
        "{{ '" + "a" * 19000,
        "{{ " + "a|" * 9000 + " }}",
        "{% if ok %}" * 1500,
        "}}" * 9000,
    ],
)
def test_template_bombs_end_soon(text, model):
    timed(text, lambda text: parse_template(text, model, "crm.deal"))


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "(a|aa)+$", "(.*)*x", "(a*)*b", "([a-z]+)*!", "^(([a-z])+.)+[A-Z]$"]
)
def test_patterns_that_keep_others_busy_do_not(pattern):
    found = timed(pattern, lambda pattern: matches(pattern, "a" * 100_000 + "!"))
    assert found in {True, False}


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?!a)", "(?<=a)b", r"(a)\1", "(?P<x>a)(?P=x)", "(", "a{2000}", "x" * 501]
)
def test_patterns_that_re2_does_not_have_are_refused(pattern):
    with pytest.raises(PatternError):
        matches(pattern, "a")


ALPHABET = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "'",
        '"',
        "\\",
        " ",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "<",
        "=",
        ">",
        "&&",
        "||",
        "?",
        ":",
        "1",
        "2.5",
        "null",
        "true",
        "in",
        "not",
        "and",
        "title",
        "qty",
        "price",
        "lines",
        "tags",
        "customer",
        "item",
        "me",
        "LEN",
        "SUM",
        "ANY",
        "IF",
        "FILTER",
        "FIRST",
        "DATEADD",
        "today",
        "'day'",
        "'a'",
        "\x00",
        "�",
        "张",
        "{",
        "\n",
    ]
)


@given(st.lists(ALPHABET, max_size=60).map("".join))
@settings(max_examples=400)
def test_any_text_whatsoever_gives_a_value_or_an_ordinary_error(text):
    error = refusal(text)
    if error is not None:
        start, end = error.span
        assert 0 <= start <= end <= len(text)
        assert str(error)


def refusal(text):
    try:
        parse(text)
    except ExpressionError as error:
        return error
    return None
