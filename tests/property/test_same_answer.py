"""The interpreter and the databases give the same answer: for any record and expression, the same ids."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import DDL, select

from formwright.clock import FixedClock
from formwright.definitions.model import BUILT_IN_FIELDS, Catalog, Entity, Field, Package
from formwright.definitions.model import Option as Choice
from formwright.expressions import kinds
from formwright.expressions.check import Checked, check
from formwright.expressions.evaluate import (
    BudgetExceeded,
    Environment,
    EvaluationError,
    Row,
    ValueRow,
    evaluate,
)
from formwright.expressions.kinds import Kind
from formwright.expressions.syntax import ExpressionError
from formwright.fieldtypes.registry import builtin
from formwright.store import schema
from formwright.store.compile import compile_condition
from formwright.store.database import make_engine
from formwright.store.store import Store
from formwright.texts import Label

FULL = os.environ.get("FORMWRIGHT_TEST_FULL") == "1"
EXAMPLES = 1200 if FULL else 60
NOW = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)  # the third in Shanghai
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
TYPES = builtin()
DEAL, LINE, CUSTOMER, USER, NOTE = "t.deal", "t.line", "t.customer", "core.user", "t.note"
HIDDEN = {"hidden": True, "sortable": False}  # no slot: read from the document


# --- the world


def make_entity(name: str, fields: Mapping[str, Mapping[str, Any]], **more: Any) -> Entity:
    package, key = name.split(".")
    made = {
        each: Field(each, name, TYPES[given.pop("type")], Label(each), **given)
        for each, given in ((each, dict(options)) for each, options in fields.items())
    }
    return Entity(key, package, Label(key), Label(key), None, made, **more)  # type: ignore[arg-type]


def entities() -> list[Entity]:
    levels = tuple(Choice(each, Label(each)) for each in ("high", "low"))
    stages = tuple(Choice(each, Label(each)) for each in ("new", "won", "lost"))
    return [
        make_entity(USER, {"name": {"type": "text"}, "leader": {"type": "user", "target": USER}}),
        make_entity(
            CUSTOMER,
            {
                "name": {"type": "text"},
                "credit": {"type": "money", "scale": 2, "currency": "CNY"},
                "since": {"type": "date"},
                "level": {"type": "choice", "options": levels},
                "active": {"type": "boolean"},
                "tags": {"type": "tags"},
                "address": {"type": "address"},
                "owner": {"type": "user", "target": USER},
                "deals": {"type": "backlink", "target": DEAL, "via": "customer"},
            },
        ),
        make_entity(
            DEAL,
            {
                "title": {"type": "text"},
                "code": {"type": "text", **HIDDEN},
                "qty": {"type": "integer"},
                "ratio": {"type": "decimal", "scale": 3, **HIDDEN},
                "price": {"type": "money", "scale": 2, "currency": "CNY"},
                "fee": {"type": "money", "scale": 4, "currency": "CNY", **HIDDEN},
                "due": {"type": "date"},
                "paid": {"type": "date", **HIDDEN},
                "starts": {"type": "datetime"},
                "seen": {"type": "datetime", **HIDDEN},
                "opens": {"type": "time"},
                "ok": {"type": "boolean"},
                "flag": {"type": "boolean", **HIDDEN},
                "stage": {"type": "choice", "options": stages},
                "tags": {"type": "tags"},
                "customer": {"type": "reference", "target": CUSTOMER},
                "owner": {"type": "user", "target": USER},
                "watchers": {"type": "references", "target": CUSTOMER},
                "lines": {"type": "subform", "target": LINE},
                "notes": {"type": "backlink", "target": NOTE, "via": "deal"},
                "net": {"type": "formula", "returns": kinds.money("CNY"), "stored": False},
                "big": {"type": "formula", "returns": kinds.BOOLEAN, "stored": False},
            },
            owner_field="owner",
        ),
        make_entity(
            LINE,
            {
                "name": {"type": "text"},
                "amount": {"type": "money", "scale": 2, "currency": "CNY"},
                "count": {"type": "integer"},
                "done": {"type": "boolean"},
                "on": {"type": "date"},
                "product": {"type": "reference", "target": CUSTOMER},
            },
            kind="child",
            parent=DEAL,
            parent_field="lines",
        ),
        make_entity(
            NOTE,
            {
                "text": {"type": "text"},
                "score": {"type": "integer"},
                "deal": {"type": "reference", "target": DEAL},
            },
        ),
    ]


class CatalogSchema:
    """Names and kinds of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def member(self, entity: str, name: str) -> Kind | None:
        if entity == "@me":
            own = {
                "roles": kinds.list_of(kinds.TEXT),
                "teams": kinds.list_of(kinds.reference(CUSTOMER)),
            }
            return own.get(name) or self.member(USER, name)
        if entity not in self.catalog.entities:
            return None
        field = self.catalog.entities[entity].fields.get(name)
        if field is not None:
            return field.kind
        return kinds.reference(entity) if name == "id" else None

    def member_names(self, entity: str) -> Iterable[str]:
        found = self.catalog.entities.get(entity)
        return [*(found.fields if found else ()), *BUILT_IN_FIELDS]


def make_catalog() -> Catalog:
    by_name = {entity.name: entity for entity in entities()}
    catalog = Catalog({"t": Package("t", Label("t"), "1")}, by_name, {}, {}, {}, {}, (), {}, {}, ())
    known = CatalogSchema(catalog)
    fields = dict(by_name[DEAL].fields)
    for key, text in (("net", "price - fee"), ("big", "qty > 3 && COUNT(lines) > 1")):
        checked = check(text, known, DEAL, expected=fields[key].kind)
        fields[key] = replace(fields[key], compute=checked)
    by_name[DEAL] = replace(by_name[DEAL], fields=fields)
    return catalog


class World:
    """The same records in memory and in a database."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self.store = store
        self.catalog = catalog
        self.rows: dict[str, dict[int, MemoryRow]] = {name: {} for name in catalog.entities}

    def row(self, entity: str, id: int) -> Row | None:  # noqa: A002
        return self.rows[entity].get(id)

    def related(self, row: Row, field: str) -> Sequence[Row]:
        definition = self.catalog.entities[row.entity].fields[field]
        others = self.rows[definition.target]
        if definition.is_subform:
            return [other for other in others.values() if other.parent == row.id]
        if definition.type.virtual:
            return [
                other for other in others.values() if other.values.get(definition.via) == row.id
            ]
        return [others[each] for each in row.get(field) or ()]


@dataclass(repr=False)
class MemoryRow:
    """A record in memory."""

    world: World
    entity: str
    id: int
    values: Mapping[str, Any]
    parent: int | None = None
    zone: str = "UTC"

    def get(self, name: str, /) -> Any:
        if name == "id":
            return self.id
        if name == "parent_id":
            return self.parent
        field = self.world.catalog.entities[self.entity].fields[name]
        if field.compute is not None:
            return evaluate(field.compute, environment(self.world, self, ZONES[0]))
        return self.values.get(name)


def environment(world: World, row: Row, zone: str) -> Environment:
    me = next(iter(world.rows[USER].values()))
    teams = tuple(world.rows[CUSTOMER])[:2]
    member = {"roles": ("t.rep",), "teams": teams, **me.values}
    other = list(world.rows[DEAL].values())[1]
    roots = {"me": ValueRow(USER, me.id, member), "old": other, "settings": {}}
    return Environment(row, NOW, zone, roots, world)


TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "b",
    "Straße",
    "张三",
    "张",
    "z\U0001f600",
    "%",
    "_",
    " x ",
    "10",
    "-2.5",
    "é",
)
NUMBERS = (-7, -1, 0, 1, 2, 3, 4, 5, 10, 99, 1000)
DAYS = (
    date(2026, 3, 1),
    date(2026, 3, 2),
    date(2026, 3, 3),
    date(2024, 2, 29),
    date(2026, 1, 31),
    date(1999, 12, 31),
)
INSTANTS = (
    datetime(2026, 3, 2, 15, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 2, 16, 0, tzinfo=UTC),
    datetime(2026, 3, 3, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 2, 4, 59, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
    datetime(2025, 11, 2, 5, 30, tzinfo=UTC),  # the hour that New York has twice
    datetime(2026, 3, 8, 7, 30, tzinfo=UTC),  # right after the hour it leaves out
)
TAGS = ("a", "b", "张")


class Maker:
    """Makes records at random, with many nulls and many equal values."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- reproducible, not secret

    def maybe(self, value: Any, nulls: float = 0.2) -> Any:
        return None if self.random.random() < nulls else value

    def pick(self, values: Sequence[Any], nulls: float = 0.2) -> Any:
        return self.maybe(self.random.choice(values), nulls) if values else None

    def text(self) -> Any:
        return self.pick(TEXTS[1:])

    def number(self, scale: int) -> Any:
        value = Decimal(self.random.choice(NUMBERS))
        if scale and self.random.random() < 0.5:
            value += Decimal(self.random.randrange(10**scale)).scaleb(-scale)
        return self.maybe(value)

    def integer(self) -> Any:
        return self.pick(NUMBERS)

    def tags(self) -> Any:
        chosen = tuple(each for each in TAGS if self.random.random() < 0.4)
        return chosen or None

    def customer(self, users: Sequence[int]) -> dict[str, Any]:
        return {
            "name": self.text(),
            "credit": self.number(2),
            "since": self.pick(DAYS),
            "level": self.pick(("high", "low")),
            "active": self.random.random() < 0.5,
            "tags": self.tags(),
            "address": self.maybe({"city": self.random.choice(("广州", "a")), "detail": "x"}),
            "owner": self.pick(users),
        }

    def deal(self, users: Sequence[int], customers: Sequence[int]) -> dict[str, Any]:
        watchers = tuple(each for each in customers if self.random.random() < 0.2)
        return {
            "title": self.text(),
            "code": self.text(),
            "qty": self.integer(),
            "ratio": self.number(3),
            "price": self.number(2),
            "fee": self.number(4),
            "due": self.pick(DAYS),
            "paid": self.pick(DAYS),
            "starts": self.pick(INSTANTS),
            "seen": self.pick(INSTANTS),
            "opens": self.pick((time(9, 0), time(17, 30))),
            "ok": self.random.random() < 0.5,
            "flag": self.random.random() < 0.5,
            "stage": self.pick(("new", "won", "lost")),
            "tags": self.tags(),
            "customer": self.pick(customers),
            "owner": self.pick(users),
            "watchers": watchers or None,
        }

    def line(self, customers: Sequence[int]) -> dict[str, Any]:
        return {
            "name": self.text(),
            "amount": self.number(2),
            "count": self.integer(),
            "done": self.random.random() < 0.5,
            "on": self.pick(DAYS),
            "product": self.pick(customers),
        }


def fill(world: World, deals: int = 50) -> None:
    make = Maker(7)
    with world.store.transaction() as tx:

        def add(
            entity: str,
            values: dict[str, Any],
            parent: int | None = None,
            position: int | None = None,
        ) -> int:
            kept = {key: value for key, value in values.items() if value is not None}
            stored = tx.records.insert(
                entity, kept, by=None, channel="import", parent=parent, position=position
            )
            world.rows[entity][stored.id] = MemoryRow(
                world, entity, stored.id, dict(stored.values), parent
            )
            return stored.id

        users: list[int] = []
        for _ in range(4):
            users.append(add(USER, {"name": make.text(), "leader": make.pick(users)}))
        customers = [add(CUSTOMER, make.customer(users)) for _ in range(8)]
        for _ in range(deals):
            number = add(DEAL, make.deal(users, customers))
            for position in range(make.random.randrange(4)):
                add(LINE, make.line(customers), parent=number, position=position)
            for _ in range(make.random.randrange(3)):
                add(NOTE, {"text": make.text(), "score": make.integer(), "deal": number})


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('same') / 'answer.db'}"
    else:
        url = emptied(request.getfixturevalue("postgres_database"))
    store = Store.open(url, clock=FixedClock(NOW))
    schema.upgrade(store.engine)
    catalog = make_catalog()
    made = World(store, catalog)
    store.use(catalog)
    fill(made)
    yield made
    store.close()


def emptied(url: str) -> str:
    """Empty a database that the tests before us may have used."""
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(DDL("DROP SCHEMA public CASCADE"))
        connection.execute(DDL("CREATE SCHEMA public"))
    engine.dispose()
    return url


# --- expressions


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def joined(*parts: Any) -> st.SearchStrategy[str]:
    """Return a strategy for the concatenation of texts and of what strategies give."""
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map(
        "".join
    )


UNITS = st.sampled_from(["'year'", "'quarter'", "'month'", "'week'", "'day'"])
HOURS = st.sampled_from(["'hour'", "'minute'", "'second'"])
ORDER = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
EQUAL = st.sampled_from(["==", "!="])


class Grammar:
    """Expressions of every kind, ``depth`` levels deep; ``item`` are the fields of a line in a macro."""

    def __init__(self, *, in_lines: bool = False) -> None:
        self.in_lines = in_lines

    def leaf(
        self, names: Sequence[str], items: Sequence[str], constants: Sequence[str]
    ) -> st.SearchStrategy[str]:
        own = [f"item.{name}" for name in items] if self.in_lines else []
        return st.sampled_from([*names, *own, *own, *constants])

    @cache  # noqa: B019 -- there are two grammars, for good
    def text(self, depth: int) -> st.SearchStrategy[str]:
        leaves = self.leaf(
            ["title", "code", "stage", "customer.name", "owner.name", "owner.leader.name", "me.name",
             "customer.address.city", "customer.owner.name", "FIRST(notes, '-score').text", "old.title"],
            ["name", "product.name"],
            [quoted(text) for text in TEXTS],
        )  # fmt: skip
        if depth <= 0:
            return leaves
        text, number = self.text(depth - 1), self.number(depth - 1)
        return st.one_of(
            leaves,
            joined("(", text, " + ", text, ")"),
            joined(st.sampled_from(["LOWER", "UPPER", "TRIM"]), "(", text, ")"),
            joined(st.sampled_from(["LEFT", "RIGHT"]), "(", text, ", ", number, ")"),
            joined("REPLACE(", text, ", ", text, ", ", text, ")"),
            joined("COALESCE(", text, ", ", text, ")"),
            joined("IF(", self.condition(depth - 1), ", ", text, ", ", text, ")"),
            joined(st.sampled_from(["MIN", "MAX"]), "(", text, ", ", text, ")"),
        )

    @cache  # noqa: B019 -- there are two grammars, for good
    def number(self, depth: int) -> st.SearchStrategy[str]:
        leaves = self.leaf(
            ["qty", "ratio", "FIRST(lines, 'count').count", "old.qty", "COUNT(lines)", "COUNT(tags)", "COUNT(notes)",
             "SUM(notes.score)", "MAX(lines.count)", "COUNTDISTINCT(lines.product)"],
            ["count", "product.credit / 2"],
            ["0", "1", "2", "-3", "2.5", "0.001", "1000000000000"],
        )  # fmt: skip
        if depth <= 0:
            return leaves
        number, moment = self.number(depth - 1), self.moment(depth - 1)
        return st.one_of(
            leaves,
            joined("(", number, st.sampled_from([" + ", " - ", " * ", " / ", " % "]), number, ")"),
            joined("-(", number, ")"),
            joined("(", self.money(depth - 1), " / ", self.money(depth - 1), ")"),
            joined(st.sampled_from(["FLOOR", "CEIL", "ABS", "ROUND"]), "(", number, ")"),
            joined("ROUND(", number, ", ", st.sampled_from(["2", "1", "-1"]), ")"),
            joined(st.sampled_from(["MIN", "MAX", "COALESCE"]), "(", number, ", ", number, ")"),
            joined("IF(", self.condition(depth - 1), ", ", number, ", ", number, ")"),
            joined("SWITCH(stage, 'won', ", number, ", 'lost', ", number, ", ", number, ")"),
            joined("LEN(", self.text(depth - 1), ")"),
            joined("DECIMAL(", self.text(depth - 1), ")"),
            joined("DATEDIFF(", moment, ", ", moment, ", ", st.one_of(UNITS, HOURS), ")"),
            joined(st.sampled_from(["YEAR", "MONTH", "DAY", "WEEKDAY"]), "(", moment, ")"),
            joined("WORKDAYS(", moment, ", ", moment, ")"),
            *self.aggregates(depth),
        )

    def aggregates(self, depth: int) -> list[st.SearchStrategy[str]]:
        if self.in_lines:
            return []
        inner = IN_LINES
        return [
            joined("COUNT(lines, ", inner.condition(depth - 1), ")"),
            joined(st.sampled_from(["SUM", "AVG", "MIN", "MAX", "COUNTDISTINCT"]), "(lines, ", inner.number(depth - 1), ")"),
            joined("SUM(FILTER(lines, ", inner.condition(depth - 1), ").count)"),
            joined("COUNT(FILTER(customer.deals, item.qty > ", self.number(0), "))"),
        ]  # fmt: skip

    @cache  # noqa: B019 -- there are two grammars, for good
    def money(self, depth: int) -> st.SearchStrategy[str]:
        leaves = self.leaf(
            [
                "price",
                "fee",
                "net",
                "customer.credit",
                "SUM(lines.amount)",
                "AVG(lines.amount)",
                "MIN(lines.amount)",
            ],
            ["amount", "product.credit"],
            [],
        )
        if depth <= 0:
            return leaves
        money, number = self.money(depth - 1), self.number(depth - 1)
        return st.one_of(
            leaves,
            joined("(", money, st.sampled_from([" + ", " - "]), money, ")"),
            joined("(", money, st.sampled_from([" * ", " / ", " % "]), number, ")"),
            joined("ROUND(", money, ", 2)"),
            joined("COALESCE(", money, ", 0)"),
            joined("IF(", self.condition(depth - 1), ", ", money, ", ", money, ")"),
        )

    @cache  # noqa: B019 -- there are two grammars, for good
    def day(self, depth: int) -> st.SearchStrategy[str]:
        constants = ["today", "DATE('2026-03-03')", "DATE('2024-02-29')"]
        leaves = self.leaf(["due", "paid", "customer.since", "MAX(lines.on)"], ["on"], constants)
        if depth <= 0:
            return leaves
        moment, count = (
            self.moment(depth - 1),
            st.sampled_from(["1", "-1", "12", "0", "qty", "100000", "ratio"]),
        )
        return st.one_of(
            leaves,
            joined("DATEADD(", self.day(depth - 1), ", ", count, ", ", UNITS, ")"),
            joined(st.sampled_from(["TRUNC", "END_OF"]), "(", moment, ", ", UNITS, ")"),
            joined("DATE(", moment, ")"),
            joined(
                st.sampled_from(["COALESCE", "MIN", "MAX"]),
                "(",
                self.day(depth - 1),
                ", ",
                self.day(depth - 1),
                ")",
            ),
            joined(
                "IF(",
                self.condition(depth - 1),
                ", ",
                self.day(depth - 1),
                ", ",
                self.day(depth - 1),
                ")",
            ),
        )

    @cache  # noqa: B019 -- there are two grammars, for good
    def instant(self, depth: int) -> st.SearchStrategy[str]:
        leaves = self.leaf(["starts", "seen"], [], ["now", "DATETIME('2026-03-02T16:00:00Z')"])
        if depth <= 0:
            return leaves
        count = st.sampled_from(["1", "-1", "3", "qty", "-100"])
        return st.one_of(
            leaves,
            joined(
                "DATEADD(", self.instant(depth - 1), ", ", count, ", ", st.one_of(UNITS, HOURS), ")"
            ),
            joined("DATETIME(", self.day(depth - 1), ")"),
            joined("COALESCE(", self.instant(depth - 1), ", ", self.instant(depth - 1), ")"),
        )

    @cache  # noqa: B019 -- there are two grammars, for good
    def moment(self, depth: int) -> st.SearchStrategy[str]:
        return st.one_of(self.day(depth), self.instant(depth))

    @cache  # noqa: B019 -- there are two grammars, for good
    def condition(self, depth: int) -> st.SearchStrategy[str]:
        flags = self.leaf(
            ["ok", "flag", "big", "customer.active", "true", "false"],
            ["done", "product.active"],
            [],
        )
        low = max(depth - 1, 0)
        text, number, money, moment = (
            self.text(low),
            self.number(low),
            self.money(low),
            self.moment(low),
        )
        refs = self.leaf(
            ["customer", "FIRST(lines, '-amount').product"], ["product"], ["null", "old.customer"]
        )
        people = st.sampled_from(["owner", "customer.owner", "me", "null", "owner.leader"])
        tests = st.one_of(
            joined("(", text, " ", ORDER, " ", text, ")"),
            joined("(", number, " ", ORDER, " ", number, ")"),
            joined(
                "(",
                money,
                " ",
                ORDER,
                " ",
                st.one_of(money, st.sampled_from(["0", "2.5", "1.005", "-7"])),
                ")",
            ),
            joined("(", moment, " ", ORDER, " ", moment, ")"),
            joined("(", refs, " ", EQUAL, " ", refs, ")"),
            joined("(", people, " ", EQUAL, " ", people, ")"),
            joined("(opens ", ORDER, " '09:00')"),
            joined("(", st.one_of(text, number, money, moment), " ", EQUAL, " null)"),
            joined("(stage in ['won', 'lost'])"),
            joined("(", text, " in [", text, ", 'a', ", st.sampled_from(["null", "'ab'"]), "])"),
            joined("(", number, " in [0, 2.5, ", number, "])"),
            joined(
                "(customer in ", st.sampled_from(["me.teams", "watchers", "lines.product"]), ")"
            ),
            joined(
                "(",
                text,
                " in ",
                st.sampled_from(["tags", "customer.tags", "me.roles", "lines.name"]),
                ")",
            ),
            joined(
                st.sampled_from(["CONTAINS", "STARTSWITH", "ENDSWITH"]), "(", text, ", ", text, ")"
            ),
            joined(
                "ISBLANK(",
                st.one_of(text, number, st.sampled_from(["tags", "lines", "watchers", "notes"])),
                ")",
            ),
            st.sampled_from(
                ["tags == null", "customer.deals != null", "HAS_ROLE('rep')", "big == ok"]
            ),
            joined("CHANGED(", st.sampled_from(["title", "qty", "due"]), ")"),
        )
        if depth <= 0:
            return st.one_of(flags, tests)
        inner = self.condition(depth - 1)
        branches = [
            flags,
            tests,
            joined("!", "(", inner, ")"),
            joined("(", inner, " && ", inner, ")"),
            joined("(", inner, " || ", inner, ")"),
            joined("(", inner, " ", EQUAL, " ", inner, ")"),
            joined("IF(", inner, ", ", inner, ", ", inner, ")"),
        ]
        if not self.in_lines:
            rows = IN_LINES.condition(depth - 1)
            branches += [
                joined(st.sampled_from(["ANY", "ALL", "NONE"]), "(lines, ", rows, ")"),
                joined(
                    st.sampled_from(["ANY", "ALL", "NONE"]),
                    "(watchers, item.active == ok || item.credit > price)",
                ),
                joined(
                    st.sampled_from(["ANY", "NONE"]),
                    "(me.teams, item == customer || item in watchers)",
                ),
                joined(st.sampled_from(["ANY", "ALL"]), "(tags, item > 'a' || item == title)"),
                joined(
                    st.sampled_from(["ANY", "ALL"]), "(notes, item.score / (item.score - 1) > 1)"
                ),
                joined("ANY(customer.deals, item.id != this.id && item.price > price)"),
            ]
        return st.one_of(branches)


IN_LINES = Grammar(in_lines=True)
CONDITIONS = Grammar().condition(3)


def checked_or_skip(text: str, world: World) -> Checked:
    try:
        roots = {"old": kinds.reference(DEAL)}
        return check(text, CatalogSchema(world.catalog), DEAL, roots, kinds.BOOLEAN)
    except ExpressionError:
        assume(condition=False)
        raise


def interpreted(checked: Checked, world: World, zone: str) -> set[int]:
    found = set()
    for row in world.rows[DEAL].values():
        try:
            if evaluate(checked, environment(world, row, zone)) is True:
                found.add(row.id)
        except EvaluationError:
            continue
        except BudgetExceeded:
            assume(condition=False)
    return found


def selected(checked: Checked, world: World, zone: str) -> set[int]:
    first = next(iter(world.rows[DEAL].values()))
    with world.store.transaction(write=False) as tx:
        row = tx.columns.record(DEAL)
        bindings = environment(world, first, zone)
        query = select(row.id).where(
            row.belongs(), compile_condition(checked, row, tx.columns, bindings)
        )
        return set(tx.session.scalars(query))


@given(condition=CONDITIONS, zone=st.sampled_from(ZONES))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not FULL,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_interpreter_and_database_select_the_same_records(
    world: World, condition: str, zone: str
) -> None:
    checked = checked_or_skip(condition, world)
    assume(checked.compiles)
    assert selected(checked, world, zone) == interpreted(checked, world, zone)
