"""Column types that look the same from both databases: instants, days and documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine, UserDefinedType

#: Text compared by code point on both databases.
CODE_POINT_TEXT: TypeEngine[str] = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
#: Ids and scaled numbers.
NUMBER = BigInteger()


def instant_text(value: datetime) -> str:
    """Return ``YYYY-MM-DDTHH:MM:SS.ffffffZ``: fixed width, so that text order is time order.

    >>> instant_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05.000000Z'
    """
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return (
        f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond:06d}Z" if value.year > 999 else _early(value)
    )


def _early(value: datetime) -> str:
    return f"{value.year:04d}-{value:%m-%dT%H:%M:%S}.{value.microsecond:06d}Z"


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC: a naive timestamp on PostgreSQL, fixed-width ISO text on SQLite.

    A plain date binds as its first moment, which is how days stand in the slots.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=False))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Turn a date or an aware datetime into the database's form."""
        if value is None:
            return None
        if not isinstance(value, datetime):
            if not isinstance(value, date):
                raise TypeError(f"not a date: {value!r}")
            value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        if dialect.name == "postgresql":
            return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return instant_text(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002 -- SQLAlchemy's signature
        """Return what turns the database's form into an aware datetime; a page of records has hundreds of them."""
        return _from_timestamp if dialect.name == "postgresql" else _from_text


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _from_timestamp(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


class Document(TypeDecorator[Any]):
    """JSON: jsonb on PostgreSQL, compact text on SQLite; text is passed through as it is.

    A writer that already has the JSON hands it over as ``str`` (so a document is never a bare string).
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database at hand."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JsonText())
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return JSON text."""
        return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Parse what the database holds, unless its driver already did."""
        return orjson.loads(value) if isinstance(value, str | bytes) else value


class Raw(Document):
    """A document that is read as the driver gives it: text on SQLite, already parsed on PostgreSQL."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Leave parsing to whoever needs it."""


class JsonText(UserDefinedType[Any]):
    """jsonb that is bound as JSON text and read as the driver gives it.

    No subtype of SQLAlchemy's JSONB: the dialect would put its own in the place of that, which encodes text a second time.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_options: Any) -> str:
        """Return the name of the type in DDL and casts."""
        return "JSONB"
