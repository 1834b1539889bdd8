"""The limit: a table per entity, written by hand for these very rows, with the indexes a good developer would make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Dialect,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    TypeDecorator,
    insert,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from formwright.store.columntypes import Document, Instant

metadata = MetaData()
_TEXT: TypeEngine[str] = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


class Cents(TypeDecorator[Decimal]):
    """An exact amount: numeric on PostgreSQL, whole cents on SQLite, which has no exact decimals."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database at hand."""
        exact = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric(14, 2) if exact else BigInteger())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Turn an amount into cents where needed."""
        return value if value is None or dialect.name == "postgresql" else int(value.scaleb(2))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Turn cents into an amount where needed."""
        return value if value is None or dialect.name == "postgresql" else Decimal(value).scaleb(-2)


_MONEY = Cents()

customer = Table(
    "native_customer",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    ),
    Column("owner", BigInteger),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", _TEXT, nullable=False, index=True),
    Column("phone", _TEXT, unique=True),
    Column("email", _TEXT, unique=True),
    Column("contact", _TEXT),
    Column("grade", _TEXT),
    Column("stage", _TEXT),
    Column("source", _TEXT, index=True),
    Column("city", _TEXT, index=True),
    Column("amount", _MONEY),
    Column("visits", Integer),
    Column("discount", _MONEY),
    Column("active", Boolean),
    Column("since", Date, index=True),
    Column("next_at", Instant),
    Column("notes", Text),
    Column("street", Text),
    Column("industry", _TEXT),
    Column("tags", Text),
    Index("native_customer_created", "created_at", "id"),
    Index("native_customer_updated", "updated_at", "id"),
    Index("native_customer_owner", "owner", "updated_at", "id"),
    Index("native_customer_amount", "amount", "id"),
    Index("native_customer_next", "next_at", "id"),
    Index("native_customer_grade", "grade", "id"),
    Index("native_customer_stage", "stage", "id"),
)

follow_up = Table(
    "native_follow_up",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    ),
    Column("customer", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("text", Text),
    Column("minutes", Integer),
    Index("native_follow_up_customer", "customer", "at", "id"),
)

#: What keeps the history where a developer is asked for one: a row for each change.
change = Table(
    "native_change",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    ),
    Column("record", BigInteger, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", BigInteger),
    Column("changes", Document, nullable=False),
)


def as_row(number: int, at: datetime, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customer as a row."""
    fixed = {"id": number, "version": 1, "created_at": at, "updated_at": at}
    return {**fixed, **values, "tags": ",".join(values["tags"] or ())}


def fill(
    connection: Connection,
    customers: Iterable[tuple[int, datetime, Mapping[str, Any]]],
    follow_ups: Iterable[tuple[int, Mapping[str, Any]]],
) -> None:
    """Store the same rows, under the same ids and instants."""
    batch: list[dict[str, Any]] = []
    for number, at, values in customers:
        batch.append(as_row(number, at, values))
        _flush(connection, customer, batch, 2000)
    _flush(connection, customer, batch, 1)
    for number, values in follow_ups:
        batch.append({"id": number, **values})
        _flush(connection, follow_up, batch, 2000)
    _flush(connection, follow_up, batch, 1)


def _flush(connection: Connection, table: Table, batch: list[dict[str, Any]], size: int) -> None:
    if len(batch) >= size:
        connection.execute(insert(table), batch)
        batch.clear()


@dataclass(frozen=True, slots=True)
class Customer:
    """What a developer's code works with."""

    id: int
    owner: int
    created_at: datetime
    updated_at: datetime
    version: int
    name: str
    phone: str
    email: str
    contact: str
    grade: str
    stage: str
    source: str
    city: str
    amount: Decimal | None
    visits: int
    discount: Decimal | None
    active: bool
    since: date
    next_at: datetime | None
    notes: str
    street: str
    industry: str
    tags: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up of a customer."""

    id: int
    customer: int
    at: datetime
    text: str
    minutes: int


def customers_of(result: Iterable[Any]) -> list[Customer]:
    """Return rows of the customer table as objects, as ours are."""
    return [Customer(*row) for row in result]


def follow_ups_of(result: Iterable[Any]) -> list[FollowUp]:
    """Return rows of the other table as objects."""
    return [FollowUp(*row) for row in result]
