"""Tries to act on records, each held against the oracle and, when it is refused, against the content of the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from formwright.engine import records, trash
from formwright.engine.actor import Actor
from formwright.engine.drafts import Input, Typed
from formwright.errors import FormwrightError
from formwright.store import tables
from formwright.store.problems import Restricted
from rights.oracle import CLEAR, Oracle, Who
from rights.world import Office

#: Tables that tell of trying, not of what was done; and the audit log with its seals.
UNCOUNTED = {"log_in_attempt", "session"}
KEPT = [
    table
    for name, table in tables.metadata.tables.items()
    if name not in UNCOUNTED and not name.startswith("audit")
]
WRITABLE = {"text", "long_text", "phone", "email"}


class _Undone(Exception):
    """Leaves a unit of work that nothing shall remain of."""


def content(office: Office) -> str:
    """Return the hash of every row of every table that is about what is stored."""
    found = hashlib.sha256()
    with office.runtime.store.engine.connect() as connection:
        for table in KEPT:
            rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            found.update("\n".join([table.name, *rows]).encode())
    return found.hexdigest()


def is_taken(office: Office, actor: Actor, act: Callable[[Any], Any]) -> bool:
    """Return whether an action is accepted; it is undone in any case."""
    try:
        with office.runtime.unit(actor, write=True) as unit:
            act(unit)
            raise _Undone  # noqa: TRY301 -- undoing is what it is for
    except _Undone:
        return True
    except (FormwrightError, records.Refused):
        return False


@contextmanager
def changed(oracle: Oracle, entity: str, number: int, row: dict[str, Any]) -> Iterator[None]:
    """Let the oracle look at a record as it would be."""
    rows = oracle.world.records[entity]
    before = rows.get(number)
    rows[number] = row
    oracle.forget()
    try:
        yield
    finally:
        if before is None:
            del rows[number]
        else:
            rows[number] = before
        oracle.forget()


class Tries:
    """Compares what is taken with the oracle, and the content after what is refused with that before."""

    def __init__(self, office: Office, every: int) -> None:
        self.office, self.every = office, every
        self.checks = self.refused = self.hashed = 0
        self.wrong: list[str] = []
        self.before = content(office)

    def note(self, at: str, taken: bool, expected: bool) -> None:
        """Note one try."""
        self.checks += 1
        if taken != expected:
            self.wrong.append(f"{at}: {'taken' if taken else 'refused'}")
        if not taken:
            self.refused += 1
            if self.refused % self.every == 0:
                self.hashed += 1
                if content(self.office) != self.before:
                    self.wrong.append(f"{at}: was refused, and something has changed")
                    self.before = content(self.office)


def each(
    office: Office, oracle: Oracle, people: Sequence[str]
) -> Iterator[tuple[str, Who, Actor, str, int]]:
    """Yield people and records."""
    for name in people or office.people:
        actor = office.people[name]
        for entity, rows in oracle.world.records.items():
            if "parent" not in oracle.entities[entity]:
                for number in rows:
                    yield name, office.who(name), actor, entity, number


def updates(office: Office, oracle: Oracle, tries: Tries, people: Sequence[str] = ()) -> None:
    """Another text: the right to change, on a field that may be read in full and written."""
    for turn, (name, who, actor, entity, number) in enumerate(each(office, oracle, people)):
        fields = oracle.entities[entity]["fields"]
        keys = [k for k, v in fields.items() if v["type"] in WRITABLE and "visible_when" not in v]
        for key in keys if office.full else keys[turn % len(keys) :: 6]:
            if (entity, key) == ("core.user", "login"):
                continue
            value = {"phone": "13900139000", "email": "new@example.com"}.get(
                fields[key]["type"], "new text"
            )
            value = "0571-87650000" if fields[key].get("line") == "landline" else value
            given = Input({key: Typed((value,))}, confirmed=True)
            taken = is_taken(
                office, actor, lambda u, e=entity, n=number, g=given: records.update_in(u, e, n, g, version=None)
            )  # fmt: skip
            expected = (
                oracle.may(who, "update", entity, number)
                and oracle.level(who, entity, number, key) == CLEAR
                and oracle.may_write(who, "update", entity, number, key)
            )
            tries.note(f"{name} updates {entity} {number} {key}", taken, expected)


def handing_over(office: Office, oracle: Oracle, tries: Tries, people: Sequence[str] = ()) -> None:
    """Another owner: the right to transfer (or to assign what nobody has), to change, and to change it afterwards."""
    for name, who, actor, entity, number in each(office, oracle, people):
        key = oracle.entities[entity].get("ownership", {}).get("owner_field")
        if not key:
            continue
        row = oracle.world.records[entity][number]
        for new in (office.people["other"].id, actor.id):
            if new is None or new == row[key]:
                continue
            action = "assign" if row[key] is None else "transfer"
            expected = (
                oracle.may(who, "update", entity, number)
                and oracle.may(who, action, entity, number)
                and oracle.level(who, entity, number, key) == CLEAR
                and oracle.may_write(who, "update", entity, number, key)
            )
            with changed(oracle, entity, number, {**row, key: new}):
                expected = (
                    expected
                    and oracle.may(who, "update", entity, number)
                    and oracle.may_write(who, "update", entity, number, key)
                )
            given = Input({key: new}, confirmed=True)
            taken = is_taken(
                office, actor, lambda u, e=entity, n=number, g=given: records.update_in(u, e, n, g, version=None)
            )  # fmt: skip
            tries.note(f"{name} gives {entity} {number} to {new}", taken, expected)


def creating(office: Office, oracle: Oracle, tries: Tries, people: Sequence[str] = ()) -> None:
    """A new record like one that is there, under another owner: it has to lie within the scope, and to be written."""
    for name, who, actor, entity, number in each(office, oracle, people):
        fields = oracle.entities[entity]["fields"]
        if entity.startswith("core.") or number not in office.ids[entity][:3]:
            continue
        if entity == "crm.order":
            continue  # takes lines; tests/integration/web/test_crm_rights.py has those
        row = oracle.world.records[entity][number]
        owner = oracle.entities[entity].get("ownership", {}).get("owner_field", "")
        given = {
            key: f"new {number}" if each_["type"] == "text" else row[key]
            for key, each_ in fields.items()
            if (each_.get("required") or key in {owner, "customer", "client", "email"})
            and each_["type"] not in {"subform", "backlink", "sequence"}
            and "compute" not in each_
        }
        given |= {"email": "new@example.com"} if "email" in given else {}
        if owner:
            given[owner] = (
                actor.id if number != office.ids[entity][0] else office.people["other"].id
            )
            given[owner] = given[owner] or office.people["rep"].id
        new = {**dict.fromkeys(fields), **_defaults(fields), **given, "id": 1, "created_by": actor.id,
               "created_at": office.clock.now(), "parent": None}  # fmt: skip
        with changed(oracle, entity, 1, new):
            reaching = oracle.reaching(who, "create", entity, 1)
            expected = oracle.may(who, "create", entity, 1) and bool(reaching)
            expected = expected and all(
                oracle.may_write(who, "create", entity, 1, key)
                for key in given
                if given[key] != _defaults(fields).get(key, object())
            )
        for key in given:
            target = oracle.target(entity, key)
            if expected and target and isinstance(given[key], int):
                expected = oracle.may(who, "read", target, given[key])
        wanted = Input(
            {k: Typed((v,)) if isinstance(v, str) else v for k, v in given.items()}, confirmed=True
        )
        taken = is_taken(office, actor, lambda u, e=entity, g=wanted: records.create_in(u, e, g))
        tries.note(f"{name} creates {entity} like {number}", taken, expected)


def _defaults(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: each_["default"] for key, each_ in fields.items() if "default" in each_}


def deleting(office: Office, oracle: Oracle, tries: Tries, people: Sequence[str] = ()) -> None:
    """Deletions that are refused."""
    runtime = office.runtime
    for name, who, actor, entity, number in each(office, oracle, people):
        if entity.startswith("core.") or number not in office.ids[entity][::2]:
            continue
        expected = oracle.may(who, "delete", entity, number)
        if not expected:
            taken = False
            try:
                gone = trash.delete(runtime, actor, entity, number)
                trash.restore(runtime, office.system, gone.id)
                taken = True
            except Restricted:
                taken = True
            except FormwrightError:
                pass
            tries.note(f"{name} deletes {entity} {number}", taken, expected)


def restoring(office: Office, oracle: Oracle, tries: Tries, people: Sequence[str] = ()) -> None:
    """Bringing back what somebody else has deleted."""
    runtime, system = office.runtime, office.system
    for entity, rows in oracle.world.records.items():
        if entity.startswith("core.") or "parent" in oracle.entities[entity]:
            continue
        number = next(iter(rows))
        try:
            gone = trash.delete(runtime, system, entity, number)
        except Restricted:
            continue
        tries.before = content(office)
        for name in people or office.people:
            who, actor = office.who(name), office.people[name]
            if oracle.may(who, "restore", entity, number):
                continue
            try:
                trash.restore(runtime, actor, gone.id)
            except FormwrightError:
                pass
            else:
                tries.note(f"{name} restores {entity} {number}", taken=True, expected=False)
                return
            tries.note(f"{name} restores {entity} {number}", taken=False, expected=False)
        trash.restore(runtime, system, gone.id)
        tries.before = content(office)
