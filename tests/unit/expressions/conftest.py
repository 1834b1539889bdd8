"""A small model to check expressions against, and records to work them out on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from formwright.expressions import kinds
from formwright.expressions.check import Checked, check
from formwright.expressions.evaluate import Environment, Row, ValueRow, evaluate
from formwright.expressions.kinds import Base, Kind
from formwright.expressions.syntax import ExpressionError

DEAL, LINE, CUSTOMER, USER = "crm.deal", "crm.line", "crm.customer", "core.user"
NOW = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)  # the third of March in Shanghai

MODEL: Mapping[str, Mapping[str, Kind]] = {
    DEAL: {
        "id": kinds.reference(DEAL),
        "title": kinds.TEXT,
        "note": kinds.TEXT,
        "qty": kinds.NUMBER,
        "rate": kinds.NUMBER,
        "price": kinds.money("CNY"),
        "fee": kinds.money("CNY"),
        "dollars": kinds.money("USD"),
        "amount": kinds.money("field:currency"),
        "currency": kinds.TEXT,
        "stage": Kind(Base.TEXT, choices=("new", "won", "lost")),
        "due": kinds.DATE,
        "starts": kinds.DATETIME,
        "opens": kinds.TIME,
        "ok": kinds.BOOLEAN,
        "tags": kinds.list_of(kinds.TEXT),
        "customer": kinds.reference(CUSTOMER),
        "owner": kinds.reference(USER),
        "watchers": kinds.records(USER),
        "lines": kinds.records(LINE),
        "address": Kind(Base.OBJECT, members={"city": kinds.TEXT}),
        "item": kinds.TEXT,
    },
    LINE: {
        "name": kinds.TEXT,
        "count": kinds.NUMBER,
        "price": kinds.money("field:parent.currency"),
        "done": kinds.BOOLEAN,
        "tags": kinds.list_of(kinds.TEXT),
        "product": kinds.reference(CUSTOMER),
    },
    CUSTOMER: {
        "name": kinds.TEXT,
        "owner": kinds.reference(USER),
        "parent": kinds.reference(CUSTOMER),
        "credit": kinds.money("field:currency"),
        "active": kinds.BOOLEAN,
        "deals": kinds.records(DEAL),
    },
    USER: {"name": kinds.TEXT, "leader": kinds.reference(USER)},
    "@me": {
        "name": kinds.TEXT,
        "roles": kinds.list_of(kinds.TEXT),
        "teams": kinds.list_of(kinds.reference(USER)),
    },
    "@settings": {"days": kinds.NUMBER},
}


class Model:
    """The schema."""

    def member(self, entity: str, name: str) -> Kind | None:
        return MODEL.get(entity, {}).get(name)

    def member_names(self, entity: str) -> Iterable[str]:
        return MODEL.get(entity, {})


class Records:
    """A source of a few records."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Row] = {}
        self.sets: dict[tuple[int | None, str], Sequence[Row]] = {}

    def add(self, entity: str, id: int, **values: Any) -> ValueRow:  # noqa: A002
        row = ValueRow(entity, id, values)
        self.rows[entity, id] = row
        return row

    def row(self, entity: str, id: int) -> Row | None:  # noqa: A002
        return self.rows.get((entity, id))

    def related(self, row: Row, field: str) -> Sequence[Row]:
        return self.sets.get((row.id, field), ())


Check = Callable[..., Checked]
Result = Callable[..., Any]
Refusal = Callable[..., ExpressionError]


@pytest.fixture(scope="session")
def model() -> Model:
    return Model()


@pytest.fixture
def records() -> Records:
    found = Records()
    found.add(USER, 1, name="Anna", leader=2)
    found.add(USER, 2, name="Berta")
    found.add(CUSTOMER, 10, name="Brook", owner=1, active=True, credit=Decimal(500))
    rows = [
        found.add(LINE, 21, name="a", count=2, price=Decimal("1.50"), done=True, product=10),
        found.add(LINE, 22, name="b", count=None, price=Decimal("2.25"), done=False, product=None),
        found.add(LINE, 23, name="c", count=5, price=None, done=True, product=10),
    ]
    found.sets[7, "lines"] = rows
    found.sets[7, "watchers"] = [found.rows[USER, 2]]
    return found


@pytest.fixture
def deal() -> ValueRow:
    values = {
        "title": "Pumps",
        "note": None,
        "qty": 3,
        "rate": Decimal("0.5"),
        "price": Decimal("19.99"),
        "fee": None,
        "stage": "won",
        "due": date(2026, 3, 3),
        "starts": datetime(2026, 3, 2, 16, 30, tzinfo=UTC),
        "opens": time(9, 0),
        "ok": True,
        "tags": ("a", "b"),
        "customer": 10,
        "owner": 1,
        "address": {"city": "广州"},
        "item": "thing",
    }
    return ValueRow(DEAL, 7, values)


@pytest.fixture
def checked(model: Model) -> Check:
    def run(text: str, *, old: bool = False, **more: Any) -> Checked:
        roots = {"old": kinds.reference(DEAL)} if old else {}
        return check(
            text, model, more.pop("entity", DEAL), {**roots, **more.pop("roots", {})}, **more
        )

    return run


@pytest.fixture
def refused(checked: Check) -> Refusal:
    """Return the error that an expression is refused with."""

    def run(text: str, **more: Any) -> ExpressionError:
        with pytest.raises(ExpressionError) as caught:
            checked(text, **more)
        return caught.value

    return run


@pytest.fixture
def result(checked: Check, deal: ValueRow, records: Records) -> Result:
    """Return the value of an expression for the deal; ``old`` are values before the change."""

    def run(
        text: str, *, old: Mapping[str, Any] | None = None, zone: str = "UTC", budget: int = 10_000
    ) -> Any:
        me = ValueRow(USER, 1, {"name": "Anna", "roles": ("crm.rep",), "teams": (2,)})
        roots: dict[str, Any] = {"me": me, "settings": {"days": 30}}
        if old is not None:
            roots["old"] = ValueRow(DEAL, 7, {**deal.values, **old})
        environment = Environment(deal, NOW, zone, roots, records, budget)
        return evaluate(checked(text, old=old is not None), environment)

    return run
