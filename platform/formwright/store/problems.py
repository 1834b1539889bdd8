"""What the store refuses, with what its caller needs to say why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from formwright.errors import FormwrightError
from formwright.texts import say


@dataclass(frozen=True, slots=True)
class Clash:
    """One unique field or constraint that another record already holds the value of.

    ``key`` is the field or constraint; ``fields`` are the fields the value is made of.
    """

    key: str
    fields: tuple[str, ...]
    holder: int


class UniqueViolation(FormwrightError):
    """Values that must be unique are taken; every clash of the record is named."""

    def __init__(self, entity: str, clashes: Iterable[Clash]) -> None:
        self.entity = entity
        self.clashes = tuple(clashes)
        names = ", ".join(clash.key for clash in self.clashes)
        super().__init__(say("another record already has this value of %(names)s", names=names))


@dataclass(frozen=True, slots=True)
class Referrer:
    """A reference field through which ``count`` records hold on to the one in question."""

    entity: str
    field: str
    count: int


class Restricted(FormwrightError):
    """The record cannot be deleted while others refer to it."""

    def __init__(self, referrers: Iterable[Referrer]) -> None:
        self.referrers = tuple(referrers)
        total = sum(referrer.count for referrer in self.referrers)
        super().__init__(say("%(count)s other records refer to this one", count=total))


class AlreadyStored(FormwrightError):
    """A new record was to get an id that another one has: the same form was sent twice."""

    def __init__(self, record_id: int) -> None:
        self.record_id = record_id
        super().__init__(say("this record is stored already"))


class MissingTarget(FormwrightError):
    """A reference names a record that does not exist (any more)."""

    def __init__(self, entity: str, targets: Sequence[int]) -> None:
        self.entity = entity
        self.targets = tuple(targets)
        super().__init__(say("the record referred to does not exist any more"))


class UnusableToken(FormwrightError):
    """A paging token that does not belong to this list; the list starts at its first page again."""

    def __init__(self) -> None:
        super().__init__(say("this page of the list cannot be found; start again at the first"))


class ValueTooLong(FormwrightError):
    """A text is longer than an indexed field can hold."""

    def __init__(self, field: str, limit: int) -> None:
        self.field = field
        super().__init__(say("an indexed text has at most %(limit)s characters", limit=limit))


class NumberTooLarge(FormwrightError):
    """A number has more digits than a column can hold."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(say("this number has too many digits"))
