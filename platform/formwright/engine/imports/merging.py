"""Rows of one file that are about the same thing: which of them stays, and what it takes over from the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from formwright.engine.imports.cells import RowValues


class Mode(StrEnum):
    """What happens to a row whose match fields are known already, from the file or from the database."""

    #: Nothing is looked up: every row is new.
    INSERT = "insert"
    #: The newest stays; what is empty in it is filled from the older ones.
    KEEP_LATEST = "keep_latest"
    #: Filled cells of the later row replace what is there.
    UPDATE = "update"
    #: What is there stays as it is.
    SKIP = "skip"


@dataclass(slots=True)
class Group:
    """The rows with one key, by number, in file order."""

    numbers: list[int]

    @property
    def last(self) -> int:
        """The number of the last row: with it the group is complete."""
        return self.numbers[-1]


class Repeats:
    """Finds the groups of a file in one pass; only rows that share a key cost memory afterwards."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._by_key: dict[str, Group] = {}

    def add(self, key: str, number: int) -> None:
        """Note a row with the given key."""
        first = self._first.setdefault(key, number)
        if first == number:
            return
        group = self._by_key.get(key)
        if group is None:
            group = self._by_key[key] = Group([first])
        group.numbers.append(number)

    def by_row(self) -> dict[int, Group]:
        """Return the group of each row that has one, and forget everything else."""
        self._first.clear()
        groups = {number: group for group in self._by_key.values() for number in group.numbers}
        self._by_key = {}
        return groups


@dataclass(slots=True)
class Candidate:
    """A row that is to become one record, with the rows that were merged into it, newest first."""

    row: RowValues
    older: list[RowValues] = field(default_factory=list)
    #: The file's own date of change of the row that stayed.
    changed_at: datetime | None = None


class Gathering:
    """Turns rows into candidates; rows of a group are held until its last one has come."""

    def __init__(
        self,
        groups: dict[int, Group],
        mode: Mode,
        date_of: Callable[[RowValues], datetime | None],
    ) -> None:
        self._groups = groups
        self._mode = mode
        self._date_of = date_of
        self._held: dict[int, list[RowValues]] = {}

    def feed(self, rows: Iterable[RowValues]) -> list[Candidate]:
        """Return the candidates that ``rows`` complete, in file order of their last row.

        A row in which something is wrong takes no part in a group; it comes back alone.
        """
        candidates = []
        for row in rows:
            group = self._groups.get(row.number)
            if group is None or row.violations:
                candidates.append(Candidate(row, [], self._date_of(row)))
            else:
                self._held.setdefault(group.last, []).append(row)
            if group and row.number == group.last:
                candidates += self._merge(self._held.pop(group.last, []))
        return candidates

    def _merge(self, members: list[RowValues]) -> list[Candidate]:
        """Return the one candidate that good rows of a group make, or none without good rows."""
        if not members:
            return []
        winner, *older = self._rank(members)
        if self._mode is not Mode.SKIP:
            winner.values = fill_up(winner.values, [row.values for row in older])
        return [Candidate(winner, older, self._date_of(winner))]

    def _rank(self, members: list[RowValues]) -> list[RowValues]:
        """Order members so that the one that stays comes first."""
        match self._mode:
            case Mode.SKIP:
                return members
            case Mode.KEEP_LATEST:

                def newest(row: RowValues) -> tuple[float, int]:
                    at = self._date_of(row)
                    return (at.timestamp() if at else float("-inf"), row.number)

                return sorted(members, key=newest, reverse=True)
            case _:
                return members[::-1]


def fill_up(values: dict[str, Any], older: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return ``values`` with what they lack taken from ``older``, the first that has it."""
    filled = dict(values)
    for other in older:
        for key, value in other.items():
            filled.setdefault(key, value)
    return filled
