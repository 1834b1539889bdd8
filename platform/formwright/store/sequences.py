"""Business numbers: counters that survive races, written as the sequence's pattern says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from formwright.definitions.model import Sequence
from formwright.store import tables
from formwright.store.unit import Unit

_PLACE = re.compile(r"\{(#+|[A-Za-z_][A-Za-z0-9_.]*)\}")
_PERIODS = {"never": "", "yearly": "%Y", "monthly": "%Y-%m", "daily": "%Y-%m-%d"}


class Sequences:
    """The counters of a workspace."""

    def __init__(self, unit: Unit) -> None:
        """Work inside ``unit``."""
        self._unit = unit

    def draw(self, sequence: Sequence, values: Mapping[str, Any]) -> str:
        """Return the next business number of ``sequence`` for a record with ``values``, on the site's day."""
        return self.draw_many(sequence, [values])[0]

    def draw_many(self, sequence: Sequence, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return a number for each of ``records``, in order, asking the database once for each counter."""
        wanted = {sequence.per, *_PLACE.findall(sequence.pattern)}
        texts = [
            {key: str(values[key]) for key in wanted & values.keys() if values[key] is not None}
            for values in records
        ]
        groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for place, named in enumerate(texts):
            groups.setdefault(tuple(sorted(named.items())), []).append(place)
        drawn = [""] * len(texts)
        for places in groups.values():
            numbers = self.take(sequence, self._unit.today, len(places), texts[places[0]])
            for place, number in zip(places, numbers, strict=True):
                drawn[place] = number
        return drawn

    def next(self, sequence: Sequence, day: date, values: Mapping[str, str] | None = None) -> str:
        """Return the next business number of ``sequence`` on ``day`` (the site's day, not UTC's).

        ``values`` are texts for the fields that the pattern or ``per`` names. The counter row is locked
        until the transaction ends, so that a number that was not used is given to the next one.
        """
        return self.take(sequence, day, 1, values)[0]

    def take(
        self, sequence: Sequence, day: date, count: int, values: Mapping[str, str] | None = None
    ) -> list[str]:
        """Return ``count`` numbers that follow on each other."""
        texts = values or {}
        period = day.strftime(_PERIODS[sequence.reset])
        last = _advance(
            self._unit.connection, self._key(sequence, period, texts), count, sequence.start
        )
        return [
            write(sequence.pattern, number, day, texts)
            for number in range(last - count + 1, last + 1)
        ]

    def _key(self, sequence: Sequence, period: str, values: Mapping[str, str]) -> dict[str, Any]:
        return {
            "workspace_id": self._unit.workspace,
            "sequence": sequence.name,
            "period": period,
            "per": values.get(sequence.per, "") if sequence.per else "",
        }


def write(pattern: str, number: int, day: date, values: Mapping[str, str]) -> str:
    """Return a business number: ``{#####}`` is the counter, at least as wide as its marks.

    >>> write("SO-{YYYY}-{####}", 7, date(2026, 3, 1), {})
    'SO-2026-0007'
    """
    dated = {
        "YYYY": f"{day.year:04d}",
        "YY": f"{day.year % 100:02d}",
        "MM": f"{day.month:02d}",
        "DD": f"{day.day:02d}",
    }

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        if name.startswith("#"):
            return str(number).zfill(len(name))
        return dated.get(name) or values.get(name, "")

    return _PLACE.sub(fill, pattern)


def _advance(connection: Connection, key: Mapping[str, Any], count: int, start: int) -> int:
    """Move a counter on in one statement, and return the last number taken."""
    asked = {f"of_{name}": value for name, value in key.items()}
    asked |= {"first": start + count - 1, "count": count}
    return int(connection.execute(_advancing(connection.dialect.name), asked).scalar_one())


@cache
def _advancing(name: str) -> postgresql.Insert | sqlite.Insert:
    dialect = postgresql if name == "postgresql" else sqlite
    counter = tables.sequence_counter
    statement: postgresql.Insert | sqlite.Insert = (
        dialect.insert(counter)
        .values({each: bindparam(f"of_{each}") for each in _COUNTER} | {"last": bindparam("first")})
        .on_conflict_do_update(
            index_elements=[counter.c[each] for each in _COUNTER],
            set_={"last": counter.c.last + bindparam("count", type_=counter.c.last.type)},
        )
        .returning(counter.c.last)
    )
    return statement


_COUNTER = ("workspace_id", "sequence", "period", "per")
