"""What an expression is worked out against: the record, the time, the user, and the way to other records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from formwright.errors import FormwrightError
from formwright.expressions import calendar, limits
from formwright.expressions.kinds import Value
from formwright.expressions.tree import Span
from formwright.texts import Text, say


class EvaluationError(FormwrightError):
    """An expression that has no result for these values, such as a division by zero; ``name`` identifies the case."""

    def __init__(self, text: Text, span: Span, name: str) -> None:
        super().__init__(text)
        self.span = span
        self.name = name


class BudgetExceeded(FormwrightError):
    """An expression that takes more steps than it was given, or goes through too many items."""


class Row(Protocol):
    """A record as expressions see it."""

    @property
    def entity(self) -> str:
        """The qualified name of its entity."""
        ...

    @property
    def id(self) -> int | None:
        """Its id, None for one that is not stored yet."""
        ...

    def get(self, name: str, /) -> Any:
        """Return the value of a field or built-in name; None when there is none."""
        ...


class RowSource(Protocol):
    """The way from one record to others."""

    def row(self, entity: str, id: int) -> Row | None:  # noqa: A002 -- the word everywhere else
        """Return a record, or None when it is gone."""
        ...

    def related(self, row: Row, field: str) -> Sequence[Row]:
        """Return the records of a backlink, a subform or a references field."""
        ...


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A record made of given values."""

    entity: str
    id: int | None
    values: Mapping[str, Any] = field(default_factory=dict)

    def get(self, name: str, /) -> Any:
        """Return the value of a field, or None."""
        return self.id if name == "id" else self.values.get(name)


class NoRows:
    """A source without other records."""

    def row(self, entity: str, id: int) -> Row | None:  # noqa: A002, ARG002 -- see RowSource
        """Return None."""
        return None

    def related(self, row: Row, field: str) -> Sequence[Row]:  # noqa: ARG002 -- see RowSource
        """Return nothing."""
        return ()


#: What a root can be: a record, a mapping such as the settings, or a plain value.
Root: TypeAlias = Row | Value
_NO_ROOTS: Mapping[str, Any] = MappingProxyType({})
_NO_RECORD = ValueRow("", None)


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything an expression may look at. ``timezone`` decides what day it is."""

    record: Row
    now: datetime
    timezone: str = "UTC"
    roots: Mapping[str, Any] = field(default_factory=lambda: _NO_ROOTS)
    source: RowSource = field(default_factory=NoRows)
    budget: int = limits.STEPS

    @classmethod
    def without_record(cls, now: datetime, **more: Any) -> Environment:
        """Return an environment for an expression that reads no field."""
        return cls(_NO_RECORD, now, **more)


class Frame:
    """One evaluation under way."""

    __slots__ = ("_today", "_zone", "environment", "item", "record", "steps")

    def __init__(self, environment: Environment, steps: int) -> None:
        self.environment = environment
        self.record = environment.record
        self.item: Any = None
        self.steps = environment.budget - steps
        self._zone: ZoneInfo | None = None
        self._today: date | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the environment."""
        if self._zone is None:
            self._zone = ZoneInfo(self.environment.timezone)
        return self._zone

    @property
    def now(self) -> datetime:
        """The instant it is."""
        return self.environment.now

    @property
    def today(self) -> date:
        """The day it is, where the environment is."""
        if self._today is None:
            self._today = calendar.day_of(self.environment.now, self.zone)
        return self._today

    @property
    def roles(self) -> Sequence[str]:
        """The roles of the user."""
        user = self.environment.roots.get("me")
        return () if user is None or isinstance(user, int) else user.get("roles") or ()

    def charge(self, steps: int) -> None:
        """Take steps off the budget; raise BudgetExceeded when it is used up."""
        self.steps -= steps
        if self.steps < 0:
            raise BudgetExceeded(say("the expression takes too many steps"))
