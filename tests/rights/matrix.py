"""Holds everything that a channel shows against the oracle, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rights.channels import CHANNELS, Shown, whole
from rights.oracle import CLEAR, HIDDEN, MASKED, USER, Oracle, Who
from rights.world import Office, tokens_of

TOKEN = re.compile(r"zq\d{5}x|138\d{8}|571876\d{5}")
_FIELD = re.compile(r"{{ *([a-z_.]+)")
PARTLY = "partly"
#: Channels that write values in a way of their own; all others write them as lists do.
OWN = {"list", "page", "export", "gate"}


@dataclass
class Verdict:
    """How many checks there were, and what was shown or kept that should not have been."""

    checks: int = 0
    leaks: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        """Take over what another one found."""
        self.checks += other.checks
        self.leaks += other.leaks
        self.refusals += other.refusals


def _cells(places: Iterable[Shown]) -> dict[tuple[str, int, str], str]:
    return {cell: text for shown in places for cell, text in shown.cells.items()}


class Matrix:
    """Principals x channels x records x fields."""

    def __init__(self, office: Office, oracle: Oracle) -> None:
        self.office = office
        self.oracle = oracle
        self._cells: dict[str, list[tuple[str, int, str]]] = {}
        for name, rows in oracle.world.records.items():
            for number, row in rows.items():
                for key, value in row.items():
                    for token in tokens_of(value):
                        self._cells.setdefault(token, []).append((name, number, key))
        system = replace(office.system, reader=office.people["admin"].reader)
        #: What somebody sees from whom nothing is kept, by channel: in each place, and for each cell.
        self._places: dict[str, dict[Any, Shown]] = {}
        self._truth: dict[str, dict[tuple[str, int, str], str]] = {}
        with office.runtime.unit(system) as unit:
            lists = _cells(whole(unit, office))
            for name, show in CHANNELS.items():
                places = (
                    {shown.context: shown for shown in show(unit, office)} if name in OWN else {}
                )
                self._places[name] = places
                self._truth[name] = _cells(places.values()) if name in OWN else lists
            self._truth["list"] = lists

    def run(self, people: Iterable[str] = (), channels: Iterable[str] = ()) -> Verdict:
        """Let people look through channels, all of them without names."""
        verdict = Verdict()
        for person in people or self.office.people:
            who = self.office.who(person)
            for name in channels or CHANNELS:
                with self.office.runtime.unit(self.office.people[person]) as unit:
                    for shown in CHANNELS[name](unit, self.office):
                        verdict.add(self.judge(name, who, shown))
        return verdict

    def judge(self, name: str, who: Who, shown: Shown) -> Verdict:
        """Compare one answer with the oracle."""
        found, at = Verdict(), f"{who.name} {shown.context}"
        self._judge_rows(found, at, who, shown)
        for cell in self._expected_cells(name, shown):
            text, truth = shown.cells.get(cell, ""), self._truth[name].get(cell, "")
            level = self.level(who, *cell)
            # What cannot be named stands in an export under its id; names are searched for below.
            if level != PARTLY or name != "export":
                self._judge_cell(found, f"{at} {cell}", level, text, truth)
        for token in set(TOKEN.findall(shown.blob.lower())):
            found.checks += 1
            if not self.allows(who, token):
                found.leaks.append(f"{at}: {token} of {self._cells.get(token)}")
        return found

    def allows(self, who: Who, token: str) -> bool:
        """Return whether somebody may read some cell in which a token stands; one that nobody stored is no secret."""
        cells = self._cells.get(token, [])
        return not cells or any(self.oracle.level(who, *cell) == CLEAR for cell in cells)

    # --- cells ------------------------------------------------------------------------------------------------

    def _expected_cells(self, name: str, shown: Shown) -> Iterable[tuple[str, int, str]]:
        place = self._places[name].get(shown.context)
        there = {(shown.entity, number) for number in shown.ids}
        beside = () if place is None else place.cells
        return {c for c in beside if c[0] != shown.entity or c[:2] in there} | shown.cells.keys()

    @staticmethod
    def _judge_cell(found: Verdict, at: str, level: str, text: str, truth: str) -> None:
        found.checks += 1
        if level == CLEAR and text != truth:
            found.refusals.append(f"{at}: {text!r} for {truth!r}")
        elif level == MASKED and truth:
            if text == truth or not text:
                (found.leaks if text else found.refusals).append(f"{at}: {text!r} masked")
        elif level == HIDDEN and text:
            found.leaks.append(f"{at}: {text!r} hidden")
        elif level == PARTLY and text == truth:
            found.leaks.append(f"{at}: {text!r} partly")

    def level(self, who: Who, entity: str, number: int, path: str) -> str:
        """Return how much somebody may read of what a path leads to."""
        head, _, rest = path.partition(".")
        level = self.oracle.level(who, entity, number, head)
        target = self.oracle.target(entity, head)
        if not target:
            return level
        if level != CLEAR:
            return HIDDEN
        value = self.oracle.world.records[entity][number].get(head)
        numbers = value if isinstance(value, tuple) else () if value is None else (value,)
        if rest:
            if not numbers:
                return CLEAR
            seen = self.oracle.may(who, "read", target, numbers[0])
            return self.level(who, target, numbers[0], rest) if seen else HIDDEN
        return CLEAR if all(self._is_named(who, target, n) for n in numbers) else PARTLY

    def _is_named(self, who: Who, entity: str, number: int) -> bool:
        """Return whether somebody may read a record's whole title."""
        paths = _FIELD.findall(self.oracle.entities[entity]["display"])
        return self.oracle.may(who, "read", entity, number) and all(
            self.level(who, entity, number, path) == CLEAR for path in paths
        )

    # --- rows -------------------------------------------------------------------------------------------------

    def _judge_rows(self, found: Verdict, at: str, who: Who, shown: Shown) -> None:
        may = self.oracle.may
        expected = self._expected(who, shown)
        for number in self.oracle.world.records[shown.entity]:
            found.checks += 1
            if number in shown.ids and not may(who, "read", shown.entity, number):
                found.leaks.append(f"{at}: sees {number}")
            elif expected is None:
                continue
            elif number in shown.ids and number not in expected:
                found.leaks.append(f"{at}: {number} answers a question about what is hidden")
            elif number in expected and number not in shown.ids and shown.context[0] != "counted":
                found.refusals.append(f"{at}: misses {number}")
        if shown.count is not None and expected is not None and not shown.refused:
            found.checks += 1
            if shown.count != len(expected):
                found.leaks.append(f"{at}: counts {shown.count} for {len(expected)}")
        if shown.context[0] == "sort" and not shown.refused:
            self._judge_order(found, at, who, shown)

    def _expected(self, who: Who, shown: Shown) -> set[int] | None:
        """Return the records that a place has to show; None where the oracle knows only what it must not."""
        entity, oracle = shown.entity, self.oracle
        seen = {n for n in oracle.world.records[entity] if oracle.may(who, "read", entity, n)}
        match shown.context:
            case ("list" | "sort", view, *_):
                return self._in_view(who, view, seen)
            case ("filter", view, key, value):
                return self._filtered(who, entity, key, value, self._in_view(who, view, seen))
            case ("page", _):
                return seen if "parent" not in oracle.entities[entity] else set()
            case ("gate" | "get_many" | "inside", _):
                return seen
            case ("export", _):
                return {n for n in seen if oracle.may(who, "export", entity, n)}
            case ("related" | "counted", name, number, key):
                return self._behind(who, name, number, key, seen)
            case ("picker", name, key):
                if not oracle.granted(who, "read", name) and not oracle.granted(
                    who, "create", name
                ):
                    return set()
                plain = "filter" not in oracle.entities[name]["fields"].get(key, {"filter": ""})
                return (
                    seen
                    if plain and entity != USER and oracle.granted(who, "create", name)
                    else None
                )
            case ("search" | "search_all" | "picker_search", _, token):
                return {
                    n
                    for n in seen
                    if n in shown.ids
                    and any(
                        c[:2] == (entity, n) and oracle.level(who, *c) == CLEAR
                        for c in self._cells[token]
                    )
                } | self._found(who, shown, token)
            case _:
                return None

    def _found(self, who: Who, shown: Shown, token: str) -> set[int]:
        """Return the record that a search of a whole list must find: the one in which the token may be read."""
        entity, number, key = self.office.tokens[token]
        written = self.oracle.entities[entity]["fields"]
        found = (
            shown.context[0] == "picker_search"
            and entity == shown.entity
            and key in self.oracle.entities[entity].get("search_fields", ())
            and written[key].get("searchable")
            and self.oracle.level(who, entity, number, key) == CLEAR
        )
        return {number} if found else set()

    def _in_view(self, who: Who, view: str, seen: set[int]) -> set[int]:
        definition = self.oracle.views[view]
        entity = self.oracle.full_name(definition["entity"], view)
        roles = {
            self.oracle.full_role(r, view.partition(".")[0]) for r in definition.get("roles", ())
        }
        if (roles and not roles & self.oracle.roles_of(who)) or not self.oracle.granted(
            who, "read", entity
        ):
            return set()
        condition = definition.get("filter")
        return {
            n for n in seen if self.oracle.holds(condition, who, entity, self.lens(who, entity, n))
        }

    def lens(self, who: Who, entity: str, number: int) -> dict[str, Any]:
        """Return a record as somebody sees it: what is not open is empty."""
        row: Mapping[str, Any] = self.oracle.world.records[entity][number]
        return {
            k: v if self.oracle.level(who, entity, number, k) == CLEAR else None
            for k, v in row.items()
        }

    def _filtered(self, who: Who, entity: str, key: str, value: Any, rows: set[int]) -> set[int]:
        """Return those of some rows that have a value; where the field is closed on all of them there is no such filter."""
        kept = {n for n in rows if self.lens(who, entity, n).get(key) == value}
        return kept if self._knows(who, entity, key) else rows

    def _knows(self, who: Who, entity: str, key: str) -> bool:
        """Return whether some grant opens a field at all."""
        fields = self.oracle.entities[entity]["fields"]
        return any(
            self.oracle.of_grant(grant, fields, key) == CLEAR
            for grant in self.oracle.granted(who, "read", entity)
        )

    def _behind(self, who: Who, entity: str, number: int, key: str, seen: set[int]) -> set[int]:
        oracle = self.oracle
        definition = oracle.entities[entity]["fields"].get(key)
        if definition is None or oracle.level(who, entity, number, key) != CLEAR:
            return set()
        target, via = oracle.behind(entity, key)
        rows = oracle.world.records[target]
        return {
            n
            for n in seen
            if rows[n].get(via) == number and oracle.level(who, target, n, via) == CLEAR
        }

    def _judge_order(self, found: Verdict, at: str, who: Who, shown: Shown) -> None:
        """What is hidden must stand together, in an order that has nothing to do with its values."""
        key = shown.context[2]
        if not self._knows(who, shown.entity, key):
            return
        each = self.oracle.entities[shown.entity]["fields"][key]
        if each["type"] not in {"text", "integer", "date", "money", "phone", "email"} or each.get(
            "compute"
        ):
            return
        values = [self.lens(who, shown.entity, n)[key] for n in shown.ids]
        known = [v for v in values if v is not None]
        found.checks += 1
        empty = [n for n, v in zip(shown.ids, values, strict=True) if v is None]
        ends = values[: len(known)] == known or values[len(values) - len(known) :] == known
        if not ends or empty not in (sorted(empty), sorted(empty, reverse=True)):
            found.leaks.append(f"{at}: the order tells of {values}")
