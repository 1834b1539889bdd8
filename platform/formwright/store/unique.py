"""Unique fields and constraints, held by a primary key, so that no race gets past them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from formwright.definitions.model import Constraint, Entity, Field
from formwright.store import tables
from formwright.store.problems import Clash, UniqueViolation
from formwright.store.unit import Unit

_LONGEST = 200
_SEPARATOR = "\x1f"
# As the driver takes it: the check of a single value is over sooner than a statement is prepared.
_HOLDER_SQLITE = (
    "SELECT record_id FROM unique_value WHERE workspace_id = ? AND entity_id = ? "
    'AND "constraint" = ? AND value = ?'
)
_HOLDER_POSTGRES = _HOLDER_SQLITE.replace("?", "%s")


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that at most one record of the entity may have."""

    constraint: str
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A unique field or constraint, ready to be worked with. ``name`` is its key in the table."""

    name: str
    key: str
    fields: tuple[Field, ...]
    constraint: Constraint | None = None

    def value(self, values: Mapping[str, Any]) -> str | None:
        """Return the text to compare by, or None when a part is empty: empty values never clash."""
        parts = []
        for field in self.fields:
            value = values.get(field.key)
            if value is None or value == "":
                return None
            ignore_case = self.constraint is None or self.constraint.ignore_case
            parts.append(
                field.type.compare_key(field, value)
                if ignore_case
                else str(field.type.to_stored(field, value))
            )
        text = _SEPARATOR.join(parts)
        return text if len(text) <= _LONGEST else "#" + hashlib.sha256(text.encode()).hexdigest()


def rules(entity: Entity) -> tuple[Rule, ...]:
    """Return everything that must be unique in ``entity``."""
    fields = [Rule(key, key, (field,)) for key, field in entity.fields.items() if field.unique]
    several = [
        Rule(f"/{key}", key, tuple(entity.fields[name] for name in constraint.fields), constraint)
        for key, constraint in entity.constraints.items()
        if constraint.type == "unique"
    ]
    return (*fields, *several)


class UniqueValues:
    """The unique values of a workspace's records."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit
        self._rules: dict[str, tuple[Rule, ...]] = {}

    def rules(self, entity: str) -> tuple[Rule, ...]:
        """Return everything that must be unique in ``entity``."""
        if entity not in self._rules:
            self._rules[entity] = rules(self._unit.shape.entity(entity))
        return self._rules[entity]

    def claims(self, entity: str, record_id: int, values: Mapping[str, Any]) -> list[Claim]:
        """Return what a record with ``values`` claims for itself."""
        claims = []
        for rule in self.rules(entity):
            value = rule.value(values)
            if value is None:
                continue
            where = rule.constraint.where if rule.constraint is not None else None
            if where is None or self._unit.holds(where, entity, record_id, values):
                claims.append(Claim(rule.name, value))
        return claims

    def find(self, entity: str, key: str, value: Any) -> int | None:
        """Return the record that holds ``value`` of the unique field ``key``, or None."""
        field = self._unit.shape.entity(entity).fields[key]
        text = Rule(key, key, (field,)).value({key: value})
        return self._holder(entity, key, text) if text is not None else None

    def take(self, entity: str, record_id: int, claims: Sequence[Claim]) -> None:
        """Claim values for a record; raise UniqueViolation, with nothing claimed, when others hold any."""
        if not claims:
            return
        column = tables.unique_value.c
        rows = [self._row(entity, record_id, claim) for claim in sorted(claims, key=_order)]
        statement = self._insert()
        if len(rows) > 1:  # as one statement, which is compiled anew each time
            statement = statement.values(rows)
        statement = statement.on_conflict_do_nothing()
        found = self._unit.connection.execute(
            statement.returning(column.constraint, column.value), rows[0] if len(rows) == 1 else {}
        )
        taken = {Claim(*row) for row in found}
        if len(taken) == len(claims):
            return
        wanted = [claim for claim in claims if claim not in taken]
        self.release(entity, record_id, taken)
        holders = self.holders(entity, wanted)
        raise UniqueViolation(entity, self.clashes(entity, holders))

    def change(
        self, entity: str, record_id: int, before: Sequence[Claim], after: Sequence[Claim]
    ) -> None:
        """Claim what is new and let go of what is no longer needed."""
        self.take(entity, record_id, [claim for claim in after if claim not in before])
        self.release(entity, record_id, [claim for claim in before if claim not in after])

    def release(self, entity: str, record_id: int, claims: Iterable[Claim]) -> None:
        """Let go of some values of a record."""
        pairs = [(claim.constraint, claim.value) for claim in claims]
        if pairs:
            column = tables.unique_value.c
            self._unit.connection.execute(
                delete(tables.unique_value).where(
                    column.workspace_id == self._unit.workspace,
                    column.entity_id == self._unit.shape.place(entity).id,
                    tuple_(column.constraint, column.value).in_(pairs),
                    column.record_id == record_id,
                )
            )

    def release_records(
        self, entity: str, records: Iterable[tuple[int, Mapping[str, Any]]]
    ) -> None:
        """Let go of everything that some records, (id, values) each, hold."""
        if self.rules(entity):
            for record_id, values in records:
                self.release(entity, record_id, self.claims(entity, record_id, values))

    def holders(self, entity: str, claims: Iterable[Claim]) -> dict[Claim, int]:
        """Return which record holds which of the claims."""
        column = tables.unique_value.c
        pairs = [(claim.constraint, claim.value) for claim in claims]
        if not pairs:
            return {}
        if len(pairs) == 1:
            holder = self._holder(entity, *pairs[0])
            return {Claim(*pairs[0]): holder} if holder is not None else {}
        found = self._unit.connection.execute(
            select(column.constraint, column.value, column.record_id).where(
                column.workspace_id == self._unit.workspace,
                column.entity_id == self._unit.shape.place(entity).id,
                tuple_(column.constraint, column.value).in_(pairs),
            )
        )
        return {Claim(constraint, value): holder for constraint, value, holder in found}

    def clashes(self, entity: str, holders: Mapping[Claim, int]) -> list[Clash]:
        """Return the clashes that ``holders`` mean for somebody else's record."""
        by_name = {rule.name: rule for rule in self.rules(entity)}
        found = []
        for claim, holder in holders.items():
            rule = by_name[claim.constraint]
            found.append(Clash(rule.key, tuple(field.key for field in rule.fields), holder))
        return found

    def _holder(self, entity: str, constraint: str, value: str) -> int | None:
        found: int | None = self._unit.connection.exec_driver_sql(
            _HOLDER_POSTGRES if self._unit.is_postgres else _HOLDER_SQLITE,
            (self._unit.workspace, self._unit.shape.place(entity).id, constraint, value),
        ).scalar()
        return found

    def _row(self, entity: str, record_id: int, claim: Claim) -> dict[str, Any]:
        return {
            "workspace_id": self._unit.workspace,
            "entity_id": self._unit.shape.place(entity).id,
            "constraint": claim.constraint,
            "value": claim.value,
            "record_id": record_id,
        }

    def _insert(self) -> postgresql.Insert | sqlite.Insert:
        if self._unit.is_postgres:
            return postgresql.insert(tables.unique_value)
        return sqlite.insert(tables.unique_value)


def _order(claim: Claim) -> tuple[str, str]:
    return claim.constraint, claim.value
