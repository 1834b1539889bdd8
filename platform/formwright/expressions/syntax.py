"""From text to tree: a subset of the CEL grammar, with the words people type by habit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from formwright.errors import FormwrightError
from formwright.expressions.kinds import Value
from formwright.expressions.tree import (
    Arithmetic,
    Call,
    Compare,
    Conditional,
    ListOf,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
    Span,
)
from formwright.texts import Text, say

#: What an expression may cost at most, before anybody looks at what it means.
MAXIMUM_LENGTH = 2_000
MAXIMUM_NODES = 200
MAXIMUM_DEPTH = 40
MAXIMUM_DIGITS = 28

#: Every word of the CEL grammar that can never be a name; names with a meaning of ours stand in ``check``.
RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)

GRAMMAR = r"""
?start: choice
?choice: either
       | either "?" either ":" choice    -> conditional
?either: both
       | either ("||" | "or") both       -> either
?both: denial
     | both ("&&" | "and") denial        -> both
?denial: relation
       | DENY denial                     -> negation
?relation: sum
         | relation EQUALITY sum         -> comparison
         | relation ORDER sum            -> comparison
         | relation IN sum               -> comparison
?sum: product
    | sum PLUS product                   -> arithmetic
    | sum MINUS product                  -> arithmetic
?product: unary
        | product TIMES unary            -> arithmetic
?unary: member
      | BANG unary                       -> negation
      | MINUS unary                      -> minus
?member: primary
       | member "." NAME                 -> member
?primary: NAME                           -> name
        | NAME OPEN [arguments] CLOSE    -> call
        | OPEN choice CLOSE              -> inner
        | BEGIN [arguments] END          -> items
        | NUMBER                         -> number
        | STRING                         -> string
        | RAW                            -> raw
        | TRUE                           -> constant
        | FALSE                          -> constant
        | NULL                           -> constant
arguments: choice ("," choice)* [","]

TRUE: "true"
FALSE: "false"
NULL: "null"
IN: "in"
DENY: "not"
BANG: "!"
OPEN: "("
CLOSE: ")"
BEGIN: "["
END: "]"
EQUALITY: "==" | "!=" | "<>" | "="
ORDER: "<=" | ">=" | "<" | ">"
PLUS: "+"
MINUS: "-"
TIMES: "*" | "/" | "%"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
NUMBER: /(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?![A-Za-z0-9_.])/
STRING: /'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*"/
RAW.2: /r'[^'\r\n]*'|r"[^"\r\n]*"/
%ignore /[ \t\r\n]+/
"""


class ExpressionError(FormwrightError):
    """A text that is no expression, or one that makes no sense here; ``span`` is the part concerned."""

    def __init__(self, text: Text, span: Span, suggestion: str | None = None) -> None:
        super().__init__(text)
        self.span = span
        self.suggestion = suggestion


def parse(text: str) -> Node:
    """Return the tree of ``text``; raise ExpressionError with the place of the first thing that is wrong."""
    if len(text) > MAXIMUM_LENGTH:
        message = say("an expression has at most %(limit)s characters", limit=MAXIMUM_LENGTH)
        raise ExpressionError(message, (MAXIMUM_LENGTH, len(text)))
    if not text.strip():
        raise ExpressionError(say("the expression is empty"), (0, len(text)))
    try:
        node: Node = _parser().parse(text)  # type: ignore[assignment] # the transformer builds our nodes
    except VisitError as error:
        if isinstance(error.orig_exc, ExpressionError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise _explain(text, error) from None
    measure(node)
    return node


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts a node consists of, in the order of the text."""
    match node:
        case Literal() | Name():
            return ()
        case Member():
            return (node.owner,)
        case Not() | Negate():
            return (node.operand,)
        case Logic():
            return node.parts
        case Compare() | Arithmetic():
            return (node.left, node.right)
        case Conditional():
            return (node.condition, node.then, node.otherwise)
        case ListOf():
            return node.items
        case Call():
            return node.arguments


def walk(node: Node) -> Iterator[Node]:
    """Yield every node of a tree, without recursion."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(children(found))


def measure(root: Node) -> None:
    """Raise ExpressionError for a tree that is too large or too deep; does not recurse itself."""
    waiting = [(root, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAXIMUM_DEPTH:
            raise ExpressionError(
                say("the expression is nested more than %(limit)s deep", limit=MAXIMUM_DEPTH),
                node.span,
            )
        if count > MAXIMUM_NODES:
            raise ExpressionError(
                say("the expression has more than %(limit)s parts", limit=MAXIMUM_NODES), root.span
            )
        waiting.extend((child, depth + 1) for child in children(node))


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Makes our nodes while the parser runs, so that no second tree is walked."""

    def conditional(self, condition: Node, then: Node, otherwise: Node) -> Node:
        return Conditional(condition, then, otherwise, (condition.span[0], otherwise.span[1]))

    def either(self, left: Node, right: Node) -> Node:
        return _join("||", left, right)

    def both(self, left: Node, right: Node) -> Node:
        return _join("&&", left, right)

    def negation(self, sign: Token, operand: Node) -> Node:
        return Not(operand, (_start(sign), operand.span[1]))

    def comparison(self, left: Node, operator: Token, right: Node) -> Node:
        sign = {"=": "==", "<>": "!="}.get(operator, str(operator))
        return Compare(sign, left, right, (left.span[0], right.span[1]))

    def arithmetic(self, left: Node, operator: Token, right: Node) -> Node:
        return Arithmetic(str(operator), left, right, (left.span[0], right.span[1]))

    def minus(self, sign: Token, operand: Node) -> Node:
        return Negate(operand, (_start(sign), operand.span[1]))

    def member(self, owner: Node, name: Token) -> Node:
        return Member(owner, str(name), (owner.span[0], _end(name)))

    def name(self, name: Token) -> Node:
        return Name(str(name), _span(name))

    def call(
        self, name: Token, _open: Token, arguments: tuple[Node, ...] | None, close: Token
    ) -> Node:
        given = arguments or ()
        span = (_start(name), _end(close))
        if name == "IF" and 2 <= len(given) <= 3:
            otherwise = given[2] if len(given) == 3 else Literal(None, (span[1], span[1]))
            return Conditional(given[0], given[1], otherwise, span)
        return Call(str(name), given, span)

    def inner(self, _open: Token, node: Node, _close: Token) -> Node:
        return node

    def items(self, begin: Token, arguments: tuple[Node, ...] | None, end: Token) -> Node:
        return ListOf(arguments or (), (_start(begin), _end(end)))

    def arguments(self, *nodes: Node | None) -> tuple[Node, ...]:
        return tuple(node for node in nodes if node is not None)

    def number(self, token: Token) -> Node:
        if sum(map(str.isdigit, token)) > MAXIMUM_DIGITS:
            raise ExpressionError(
                say("a number has at most %(limit)s digits", limit=MAXIMUM_DIGITS), _span(token)
            )
        return Literal(Decimal(str(token)), _span(token))

    def string(self, token: Token) -> Node:
        return Literal(_unescape(token), _span(token))

    def raw(self, token: Token) -> Node:
        return Literal(_sound(str(token)[2:-1], _span(token)), _span(token))

    def constant(self, token: Token) -> Node:
        return Literal(_CONSTANTS[str(token)], _span(token))


_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    """Build the parser once; the tables take some tens of milliseconds, a parse far below one."""
    return Lark(
        GRAMMAR,
        parser="lalr",
        transformer=_Builder(),
        maybe_placeholders=True,
        propagate_positions=False,
    )


def _join(operator: str, left: Node, right: Node) -> Node:
    """Return one flat node for a run of the same operator: ``a && b && c`` has three parts."""
    span = (left.span[0], right.span[1])
    if isinstance(left, Logic) and left.operator == operator:
        return Logic(operator, (*left.parts, right), span)
    return Logic(operator, (left, right), span)


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0


def _span(token: Token) -> Span:
    return (_start(token), _end(token))


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"', "?": "?", "`": "`"}


def _unescape(token: Token) -> str:
    def replace(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code is not None:
            number = int(code, 16)
            return chr(number) if number <= 0x10FFFF else "\x00"
        if match[4] not in _SIMPLE:
            place = _start(token) + 1 + match.start()
            message = say(
                "'%(escape)s' means nothing in a text; write a backslash twice", escape=match[0]
            )
            raise ExpressionError(message, (place, place + 2), "\\\\" + match[4])
        return _SIMPLE[match[4]]

    return _sound(_ESCAPE.sub(replace, str(token)[1:-1]), _span(token))


def _sound(text: str, span: Span) -> str:
    """Refuse characters that no database can keep."""
    if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text):
        raise ExpressionError(say("this text holds a character that cannot be stored"), span)
    return text


#: Characters of other keyboards, and what was meant.
_LOOK_ALIKES = {
    "&": "&&",
    "|": "||",
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\uff08": "(",
    "\uff09": ")",
    "\uff0c": ",",
    "\uff1d": "==",
    "\uff1e": ">",
    "\uff1c": "<",
    "\u2265": ">=",
    "\u2264": "<=",
    "\u2260": "!=",
    "\uff01": "!",
    "\u00d7": "*",
    "\u00f7": "/",
    "\uff1a": ":",
    "\uff1f": "?",
}


def _explain(text: str, error: UnexpectedInput) -> ExpressionError:
    """Return the error of the parser as a sentence with a way out."""
    if isinstance(error, UnexpectedCharacters):
        return _explain_character(text, error.pos_in_stream or 0)
    if not isinstance(error, UnexpectedToken):
        return ExpressionError(say("the expression ends too early"), (len(text), len(text)))
    token: Any = error.token
    expected = error.accepts or error.expected or set()
    if token.type == "$END":
        end = len(text.rstrip())
        if "CLOSE" in expected:
            return ExpressionError(say("a ')' is missing at the end"), (end, len(text)), ")")
        if "END" in expected:
            return ExpressionError(say("a ']' is missing at the end"), (end, len(text)), "]")
        return ExpressionError(
            say("the expression ends too early: a value is missing"), (end, len(text))
        )
    span = _span(token)
    if "NUMBER" in expected:
        return ExpressionError(
            say("a value was expected here, not '%(found)s'", found=str(token)), span
        )
    if token.type == "OPEN":
        return ExpressionError(
            say("only functions can be called; functions stand alone, as in LEN(name)"), span
        )
    if token.type == "BEGIN":
        return ExpressionError(
            say("items of a list cannot be taken by number; use FIRST, ANY or 'in'"), span
        )
    if expected == {"NAME"}:
        return ExpressionError(
            say("behind a dot comes the name of a field, not '%(found)s'", found=str(token)), span
        )
    return ExpressionError(
        say("an operator was expected here, not '%(found)s'", found=str(token)), span
    )


def _explain_character(text: str, place: int) -> ExpressionError:
    found = text[place]
    span = (place, place + 1)
    if found in "'\"":
        return ExpressionError(
            say("the text that begins here has no closing quote"), (place, len(text)), found
        )
    if found in _LOOK_ALIKES:
        meant = _LOOK_ALIKES[found]
        return ExpressionError(
            say("'%(found)s' means nothing; write %(meant)s", found=found, meant=meant), span, meant
        )
    if found in "0123456789.":
        return ExpressionError(say("this is no number: digits, and at most one point"), span)
    if found in "{}":
        return ExpressionError(say("maps in braces do not exist here"), span)
    return ExpressionError(
        say("the character '%(found)s' means nothing in an expression", found=found), span
    )
