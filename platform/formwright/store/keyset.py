"""Paging by position instead of by number: where a page ends, as a token that says nothing about SQL."""

from __future__ import annotations

import base64
import binascii
import hashlib
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, Integer, and_, bindparam, false, or_, tuple_

from formwright.store.columntypes import Instant, instant_text
from formwright.store.problems import UnusableToken

_LONGEST = 4000
#: How the parameters begin that a position is bound to; no column has such a name.
_BEYOND = "beyond_"


@dataclass(frozen=True, slots=True)
class Key:
    """One expression that a list is ordered by. Null is the smallest value, on both databases."""

    expression: ColumnElement[Any]
    descending: bool
    nullable: bool

    def reversed(self) -> Key:
        """Return the key of the list read from its end."""
        return Key(self.expression, not self.descending, self.nullable)

    def order(self, *, postgres: bool) -> ColumnElement[Any]:
        """Return the ORDER BY term; PostgreSQL has to be told where nulls go, unless there are none."""
        ordered = self.expression.desc() if self.descending else self.expression.asc()
        if postgres and self.nullable:
            return ordered.nulls_last() if self.descending else ordered.nulls_first()
        return ordered

    def same(self, value: Any) -> ColumnElement[bool]:
        """Return the condition that a row has ``value`` here."""
        return self.expression.is_(None) if value is None else self._is(operator.eq, value)

    def beyond(self, value: Any) -> ColumnElement[bool]:
        """Return the condition that a row comes after one with ``value``."""
        if value is None:
            return false() if self.descending else self.expression.is_not(None)
        if not self.descending:
            return self._is(operator.gt, value)
        smaller = self._is(operator.lt, value)
        return or_(smaller, self.expression.is_(None)) if self.nullable else smaller

    def _is(self, compare: Callable[[Any, Any], Any], value: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = compare(self.expression, value)
        return condition


@dataclass(frozen=True, slots=True)
class Position:
    """A row of a list: the values of its keys, and its id, which makes the order total."""

    values: tuple[Any, ...]
    id: int


def bound(
    keys: Sequence[Key], nulls: Sequence[bool]
) -> tuple[tuple[ColumnElement[Any] | None, ...], ColumnElement[int]]:
    """Return parameters for the values of a position, None for those that are null, and one for its id.

    Each has the type of its key: an instant is text on SQLite, and any other spelling of it compares wrongly.
    """
    values = tuple(
        None if null else bindparam(f"{_BEYOND}{number}", type_=key.expression.type)
        for number, (key, null) in enumerate(zip(keys, nulls, strict=True))
    )
    return values, bindparam(f"{_BEYOND}id", type_=BigInteger())


def parameters(position: Position) -> dict[str, Any]:
    """Return what the parameters of ``bound`` stand for in ``position``."""
    values = {
        f"{_BEYOND}{number}": value
        for number, value in enumerate(position.values)
        if value is not None
    }
    return {**values, f"{_BEYOND}id": position.id}


def after(
    keys: Sequence[Key],
    tie: Key,
    values: Sequence[ColumnElement[Any] | None],
    number: ColumnElement[int],
) -> ColumnElement[bool]:
    """Return the condition that a row comes after the position of ``values`` and the id ``number``.

    It has a form that lets an index find it: the row comparison alone does not lead to the slot's index on SQLite;
    the plain bound on the first key does.
    """
    if not keys:
        return tie.beyond(number)
    first, value = keys[0], values[0]
    limit: ColumnElement[bool] | None = None
    if value is not None and not (first.nullable and first.descending):
        limit = first.expression <= value if first.descending else first.expression >= value
    if len(keys) == 1 and limit is not None and first.descending == tie.descending:
        left, right = tuple_(first.expression, tie.expression), tuple_(value, number)
        return and_(left < right if first.descending else left > right, limit)
    steps: list[ColumnElement[bool]] = []
    so_far: list[ColumnElement[bool]] = []
    for key, known in zip((*keys, tie), (*values, number), strict=True):
        steps.append(and_(*so_far, key.beyond(known)))
        so_far.append(key.same(known))
    found = or_(*steps)
    return found if limit is None else and_(limit, found)


def signature(paths: Sequence[tuple[str, bool]], entity: str) -> str:
    """Return a short mark of a list's order; a token of one order is no use for another."""
    text = entity + "".join(f"|{path}{'-' if descending else '+'}" for path, descending in paths)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def write_token(mark: str, position: Position) -> str:
    """Return ``position`` as a token for addresses."""
    values = [
        instant_text(value) if isinstance(value, datetime) else value for value in position.values
    ]
    return base64.urlsafe_b64encode(orjson.dumps([mark, position.id, *values])).decode().rstrip("=")


def read_token(mark: str, token: str, keys: Sequence[Key]) -> Position:
    """Return the position that ``token`` stands for; UnusableToken for anything else than a token of this list."""
    if len(token) > _LONGEST:
        raise UnusableToken
    try:
        content = orjson.loads(
            base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError):
        raise UnusableToken from None
    if (
        not isinstance(content, list)
        or len(content) != len(keys) + 2
        or content[0] != mark
        or not _is_id(content[1])
    ):
        raise UnusableToken
    values = tuple(_typed(key, value) for key, value in zip(keys, content[2:], strict=True))
    return Position(values, content[1])


def _is_id(value: object) -> bool:
    return type(value) is int and abs(value) < 1 << 63


def _typed(key: Key, value: object) -> Any:
    """Return a token's value as what the key's column binds."""
    kind = key.expression.type
    if value is None and key.nullable:
        return None
    if isinstance(kind, Instant):
        return _instant(value) if isinstance(value, str) else _refuse()
    if isinstance(kind, BigInteger | Integer):
        return value if _is_id(value) else _refuse()
    return value if isinstance(value, str) and "\x00" not in value else _refuse()


def _instant(value: str) -> datetime:
    """Return a token's instant in UTC; one that is beyond the limits there is no use either."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UnusableToken from None


def _refuse() -> Any:
    raise UnusableToken
