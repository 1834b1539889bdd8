"""A seeded database in which every text cell is a token of its own, and the same records as dicts for the oracle."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from formwright import paths
from formwright.clock import FixedClock
from formwright.engine import packages, records
from formwright.engine.actor import ANONYMOUS, Actor
from formwright.engine.drafts import Input, RowInput, Typed
from formwright.engine.passwords import hash_password
from formwright.engine.runtime import Runtime, Unit
from formwright.plugins import manager
from formwright.store.query import ListQuery
from formwright.store.rows import StoredRecord
from formwright.store.store import Store
from formwright.texts import Reader
from rights.oracle import Oracle, Who, World

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
SITE = Reader("en", "Asia/Shanghai")
PASSWORD = "right-horse-battery"  # noqa: S105 -- of people who exist in tests only
DESK = Path(__file__).parent / "desk"
PACKAGES = (*(paths.tree("apps_definitions") / key for key in ("core", "crm")), DESK)
#: Log-in -> given roles: one for each role, a second team, nobody's role, two roles at once, and who is shared with.
PEOPLE: dict[str, tuple[str, ...]] = {
    "rep": ("crm.sales_rep", "desk.rep"),
    "other": ("crm.sales_rep", "desk.rep"),
    "boss": ("crm.sales_manager", "desk.boss"),
    "support": ("crm.support_agent", "desk.helpdesk"),
    "market": ("crm.marketing", "desk.clerk"),
    "finance": ("crm.finance", "desk.keeper"),
    "admin": ("core.admin",),
    "member": ("core.member",),
    "guest": ("crm.sales_rep", "desk.rep"),
    "both": ("crm.sales_rep", "crm.finance", "desk.lead"),
}
#: Whose the records of each kind are, in turn; None lies in the pool.
OWNERS = ("rep", "other", "boss", None, "both", "other", "rep")


@dataclass
class Office:
    """A database with the packages in force, its people and everything in it."""

    runtime: Runtime
    clock: FixedClock
    people: dict[str, Actor] = field(default_factory=dict)
    ids: dict[str, list[int]] = field(default_factory=dict)
    #: Token -> the cell that it stands in.
    tokens: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    #: Those of them that searches ask for.
    sample: list[str] = field(default_factory=list)
    #: Whether channels look into every corner, or into enough for a short run.
    full: bool = False

    @property
    def system(self) -> Actor:
        """Whoever installs: may do everything."""
        return packages.installer(self.runtime.catalog)

    def who(self, name: str) -> Who:
        """Return a principal as the oracle knows it."""
        return Who(name, self.people[name].id, PEOPLE.get(name, ()))

    def oracle(self) -> Oracle:
        """Return the oracle, over what is in the database now."""
        return Oracle(PACKAGES, self.world())

    def values(self, entity: str, key: str) -> list[Any]:
        """Return the different values that stand in a field."""
        with self.runtime.unit(self.system) as unit:
            found = [record.values.get(key) for record in stored(unit, entity)]
        return list(dict.fromkeys(value for value in found if value not in (None, ())))

    def world(self) -> World:
        """Return everything that is in the database now."""
        found = World(self.runtime.clock.now())
        with self.runtime.unit(self.system) as unit:
            for name in unit.catalog.entities:
                found.records[name] = {r.id: _plain(r) for r in stored(unit, name)}
                for number in found.records[name]:
                    for each in unit.tx.shares.of(name, number):
                        found.shares.add((name, number, each.kind, each.grantee, each.level))
        return found


def stored(unit: Unit, entity: str) -> list[StoredRecord]:
    """Return every record of an entity, asked of the store itself."""
    query = ListQuery(unit.columns.record(entity), [], limit=1000)
    return list(unit.tx.records.list(query).records)


def _plain(record: StoredRecord) -> dict[str, Any]:
    names = ("id", "version", "created_at", "created_by", "updated_at", "updated_by")
    built_in = {name: getattr(record, name) for name in names}
    return {**record.values, **built_in, "parent": record.parent_id}


@contextmanager
def office(url: str) -> Iterator[Office]:
    """Open a database in which the packages are in force and seed it."""
    clock = FixedClock(NOW - timedelta(days=3))
    store = Store.open(url, clock=clock)
    made = Office(Runtime(store, manager.load([paths.tree("plugins")]), clock, SITE), clock)
    try:
        packages.apply_folder(made.runtime, made.system, DESK)
        Seeding(made).all()
        clock.instant = NOW
        yield made
    finally:
        store.close()


class Seeding:
    """Fills the database; each value says by itself where it stands."""

    def __init__(self, made: Office) -> None:
        self.office = made
        self.numbers = itertools.count(1)
        self.oracle = Oracle(PACKAGES, World(NOW))

    def all(self) -> None:
        """Make the people, then records of every kind."""
        runtime, system = self.office.runtime, self.office.system
        with runtime.unit(system, write=True) as unit:
            hashed = hash_password(PASSWORD)
            users = {login: self._person(unit, login, hashed) for login in PEOPLE}
            top = self.make(unit, "core.team", lead=users["boss"])
            low = self.make(unit, "core.team", lead=None, parent_team=top)
            self.make(unit, "core.team", lead=users["other"])
            moved = Input({"team": low})
            records.update_in(unit, "core.user", users["rep"], moved, version=None)
            for number, login in enumerate(OWNERS):
                self._set(unit, users.get(login or ""), users, number)
            for each in ("crm.customer", "crm.opportunity", "crm.order", "desk.client"):
                self._share(unit, each, users["guest"])
        with runtime.unit(system) as unit:
            for login, user in users.items():
                self.office.people[login] = runtime.actor(unit.tx, user)
        self.office.people["anonymous"] = ANONYMOUS
        self.office.clock.instant = NOW - timedelta(hours=2)
        for login in ("rep", "support"):
            with runtime.unit(self.office.people[login], write=True) as unit:
                self.make(unit, "crm.task", assignee=users["rep" if login == "support" else login])  # fmt: skip
        with runtime.unit(self.office.people["rep"], write=True) as unit:
            self.make(unit, "crm.follow_up", by=users["rep"], customer=self.of("crm.customer", 0),
                      contact=None, method="visit", opportunity=None)  # fmt: skip
        self.note_tokens()

    def _person(self, unit: Unit, login: str, hashed: str) -> int:
        user = self.make(unit, "core.user", login=login, team=None, manager=None, stand_in=None,
                         more_teams=None, language="en", absent_from=None, absent_until=None)  # fmt: skip
        unit.tx.users.put_credential(user, login, hashed, active=True, must_change=False)
        unit.tx.users.set_roles(user, PEOPLE[login], by=None)
        return user

    def _set(self, unit: Unit, owner: int | None, users: dict[str, int], number: int) -> None:
        """Make one record of every kind that belong together."""
        helpers = [users["other"]] if number == 0 else [users["rep"]] if number == 4 else None
        product = self.make(unit, "crm.product", related=None)
        customer = self.make(unit, "crm.customer", owner=owner, collaborators=helpers,
            referred_by=None, parent_customer=self.of("crm.customer", 0) if number else None)  # fmt: skip
        contact = self.make(unit, "crm.contact", customer=customer, other_customers=None)
        states = ("draft", "confirmed", "delivered", "completed")
        deal = self.make(unit, "crm.opportunity", customer=customer, owner=owner, other_customers=None,
            collaborators=helpers, stage="discovery",
            rows={"lines": [{"product": product}], "contacts": [{"contact": contact, "role": "decision"}]})  # fmt: skip
        self.make(unit, "crm.order", customer=customer, owner=owner, contact=contact,
            opportunity=deal, collaborators=helpers, state=states[number % 4],
            cancel_reason=None, rows={"lines": [{"product": product}]})  # fmt: skip
        by = owner or users["admin"]
        self.make(
            unit,
            "crm.follow_up",
            customer=customer,
            contact=contact,
            opportunity=deal,
            by=by,
            method="visit",
        )
        self.make(unit, "crm.task", customer=customer, contact=contact, opportunity=deal,
                  assignee=users["support"] if number == 2 else by)  # fmt: skip
        client = self.make(unit, "desk.client", owner=owner, helpers=helpers, flagged=number == 6,
            state="closed" if number == 1 else "open", rows={"lines": [{}, {}]})  # fmt: skip
        letter = self.make(unit, "desk.letter", client=client)
        self.make(unit, "desk.note", letter=letter)

    def _share(self, unit: Unit, entity: str, guest: int) -> None:
        for number, level in ((1, "read"), (2, "edit")):
            unit.tx.shares.put(entity, self.of(entity, number), "user", guest, level, by=None)

    def of(self, entity: str, number: int) -> int:
        """Return the id of one of the records that were made."""
        return self.office.ids[entity][number]

    def make(
        self,
        unit: Unit,
        entity: str,
        rows: dict[str, list[dict[str, Any]]] | None = None,
        **known: Any,
    ) -> int:
        """Make a record with a value in every field that can be written."""
        values = self.values(entity, known)
        below = {
            key: [
                RowInput(f"new-{n}", self.values(self.oracle.target(entity, key), row))
                for n, row in enumerate(each)
            ]
            for key, each in (rows or {}).items()
        }
        try:
            record = records.create_in(unit, entity, Input(values, below, confirmed=True)).record
        except records.Refused as refused:
            raise AssertionError(refused.work.violations) from refused
        self.office.ids.setdefault(entity, []).append(record.id)
        return record.id

    def values(self, entity: str, known: dict[str, Any]) -> dict[str, Any]:
        """Return a value for each field of an entity: the known ones, and others that exist once."""
        found = dict(known)
        for key, each in self.oracle.entities[entity]["fields"].items():
            if key not in known and (value := self._value(each["type"], each)) is not None:
                found[key] = value
        return {key: tuple(v) if isinstance(v, list) else v for key, v in found.items()}

    def _value(self, kind: str, each: dict[str, Any]) -> Any:
        number = next(self.numbers)
        token = f"zq{number:05d}x"
        match kind:
            case "text" | "long_text" | "tags":
                return Typed((token,))
            case "email":
                return Typed((f"{token}@example.com",))
            case "url":
                return Typed((f"https://{token}.example.com/",))
            case "phone":
                line = each.get("line")
                return Typed(
                    (f"0571876{number:05d}"[:12] if line == "landline" else f"138{number:08d}",)
                )
            case "integer":
                lowest = each.get("minimum", 0)
                return number % 3 + lowest if "maximum" in each else 1000 + number
            case "money" | "decimal" | "percent":
                return (
                    None
                    if {"maximum"} & each.keys() or "default" in each
                    else Typed((f"{number + 5000}.25",))
                )
            case "date":
                return date(1970, 1, 1) + timedelta(days=number)
            case _:
                return None

    def note_tokens(self) -> None:
        """Write down which token stands where."""
        for name, rows in self.office.world().records.items():
            for number, row in rows.items():
                for key, value in row.items():
                    for token in tokens_of(value):
                        self.office.tokens.setdefault(token, (name, number, key))
        self.office.ids = {n: sorted(rows) for n, rows in self.office.world().records.items()}
        self.office.sample = sorted(self.office.tokens)


def tokens_of(value: Any) -> Iterable[str]:
    """Return what of a value cannot stand anywhere else by chance."""
    if isinstance(value, str):
        if value.startswith("zq") or "zq" in value[:12]:
            yield value[value.index("zq") :][:8]
        elif value.startswith(("+86138", "+86571")):
            yield value.removeprefix("+86")
    elif isinstance(value, Sequence):
        for each in value:
            yield from tokens_of(each)
