"""The controls: with one of its protections taken out of the gate, the smallest part of the matrix has to notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import true

from formwright.engine import exports, gate, sight, views
from formwright.engine.access import Access
from formwright.engine.gate import Gate
from formwright.engine.sight import EntitySight
from rights.matrix import Matrix
from rights.world import Office

Patch = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module")
def office(office_on_sqlite: Office) -> Office:
    return office_on_sqlite


@pytest.fixture(scope="module")
def matrix(office, oracle) -> Matrix:
    office.sample = [
        token
        for token, (entity, _, key) in sorted(office.tokens.items())
        if entity in {"desk.client", "crm.customer", "desk.letter"}
        and key in {"name", "title", "phone", "secret", "copied"}
    ]
    return Matrix(office, oracle)


def always(place: Any, name: str, value: Any) -> Patch:
    """Return the mutation that has a function answer the same whatever it is asked."""
    return lambda patch: patch.setattr(place, name, lambda *_, **__: value)


def no_row_scope(patch: pytest.MonkeyPatch) -> None:
    """Take the row predicate out of every reading of many: the lens of lists, counts, pickers and exports."""
    patch.setattr(EntitySight, "scope", lambda *_: [])


def no_grant_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "limits", lambda *_: {})


def find_without_conditions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gate, "_conditions", lambda *_: [])


def across_without_scope(patch: pytest.MonkeyPatch) -> None:
    real = gate.get_across

    def every(tx: Any, wanted: Any, scopes: Any, marks: Any) -> Any:
        return real(tx, wanted, dict.fromkeys(scopes, ()), marks)

    patch.setattr(gate, "get_across", every)


def no_marks(patch: pytest.MonkeyPatch) -> None:
    """Every profile reaches every record: the most that any grant opens is open everywhere."""
    patch.setattr(EntitySight, "levels", lambda self, _: self.most)


def no_redaction(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EntitySight, "redacted", lambda _, record: record)


def no_masks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        sight, "mask_of", lambda field, value, _, reader: field.type.format(field, value, reader)
    )


def no_inputs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EntitySight, "_inputs", lambda *_: [])


def columns_open(patch: pytest.MonkeyPatch) -> None:
    """Filters, orders and conditions look at the columns as they are stored."""
    patch.setattr(EntitySight, "shown", lambda *_: [])


def via_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "_via", lambda *_: true())


def states_ignored(patch: pytest.MonkeyPatch) -> None:
    real = Access.limits

    def stateless(self: Access, grant: Any, row: Any) -> Any:
        return {key: each for key, each in real(self, grant, row).items() if key != "states"}

    patch.setattr(Access, "limits", stateless)


def shares_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "shared", lambda *_: None)


def shares_of_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "shared", lambda *_: true())


def until_ignored(patch: pytest.MonkeyPatch) -> None:
    from datetime import date  # noqa: PLC0415 -- of this mutation alone

    patch.setattr(Access, "day", property(lambda _: date(2000, 1, 1)))


def rows_without_parent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "_without_grants", lambda *_: [])


def export_without_right(patch: pytest.MonkeyPatch) -> None:
    real = exports._query  # noqa: SLF001 -- a mutation of it
    patch.setattr(exports, "_query", lambda *given: replace(real(*given), actions=()))


def related_without_reach(patch: pytest.MonkeyPatch) -> None:
    from formwright.engine import reading  # noqa: PLC0415 -- of this mutation alone

    patch.setattr(reading, "_is_open", lambda *_: True)


def search_without_sieve(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gate, "_sieve", lambda *_: None)


def history_unguarded(patch: pytest.MonkeyPatch) -> None:
    from formwright.engine import reading  # noqa: PLC0415 -- of this mutation alone

    real = reading._history_entry  # noqa: SLF001 -- a mutation of it

    def open_entry(unit: Any, record: Any, change: Any, titles: Any) -> Any:
        return real(unit, replace(record, withheld=frozenset()), change, titles)

    patch.setattr(reading, "_history_entry", open_entry)


def view_roles_ignored(patch: pytest.MonkeyPatch) -> None:
    real = views.list_view

    def for_all(unit: Any, name: str, state: Any) -> Any:
        roles = unit.actor.roles | unit.view(name).roles
        unit.actor = replace(unit.actor, roles=roles)
        return real(unit, name, state)

    patch.setattr(views, "list_view", for_all)


def titles_unguarded(patch: pytest.MonkeyPatch) -> None:
    from formwright.engine.runtime import Unit  # noqa: PLC0415 -- of this mutation alone

    real = Unit.title

    def whole(self: Any, row: Any) -> str:
        found = self.tx.records.find(row.entity, row.id) if row.id else None
        return real(self, self.lookup.wrap(found) if found else row)

    patch.setattr(Unit, "title", whole)


#: Mutation, the person who must then see too much (or too little), and the channel on which.
READING: dict[str, tuple[Patch, str, str]] = {
    "row predicate out of lists": (no_row_scope, "rep", "list"),
    "row predicate out of filters": (no_row_scope, "rep", "filter"),
    "row predicate out of orders": (no_row_scope, "rep", "sort"),
    "row predicate out of search": (no_row_scope, "rep", "search"),
    "row predicate out of the search across all": (no_row_scope, "rep", "search_all"),
    "row predicate out of pickers": (no_row_scope, "rep", "picker"),
    "row predicate out of pickers that search": (no_row_scope, "rep", "picker_search"),
    "row predicate out of related lists": (no_row_scope, "rep", "related"),
    "row predicate out of exports": (no_row_scope, "boss", "export"),
    "row predicate out of find": (find_without_conditions, "rep", "page"),
    "row predicate out of counts beside a record": (no_row_scope, "rep", "page"),
    "row predicate out of inside": (always(Gate, "inside", frozenset()), "rep", "gate"),
    "row predicate out of expansion": (across_without_scope, "rep", "gate"),
    "scope of grants": (no_grant_condition, "rep", "list"),
    "via": (via_ignored, "rep", "gate"),
    "states": (states_ignored, "market", "gate"),
    "until": (until_ignored, "market", "gate"),
    "shares": (shares_ignored, "guest", "gate"),
    "with whom something is shared": (shares_of_everybody, "other", "gate"),
    "rows of a subform": (always(Gate, "_conditions", []), "market", "page"),
    "marks": (no_marks, "rep", "list"),
    "marks on a page": (no_marks, "rep", "page"),
    "marks in exports": (no_marks, "both", "export"),
    "fields out of lists": (no_redaction, "support", "list"),
    "fields out of pages": (no_redaction, "support", "page"),
    "fields out of search": (no_redaction, "support", "search"),
    "fields out of pickers": (no_redaction, "support", "picker"),
    "fields out of exports": (no_redaction, "support", "export"),
    "fields out of related lists": (no_redaction, "both", "related"),
    "masks": (no_masks, "support", "list"),
    "masks in exports": (no_masks, "support", "export"),
    "inputs of computed fields": (no_inputs, "support", "list"),
    "inputs of computed fields in files": (no_inputs, "both", "export"),
    "fields out of filters": (columns_open, "rep", "filter"),
    "fields out of orders": (columns_open, "rep", "sort"),
    "fields out of conditions": (columns_open, "market", "list"),
    "fields out of search hits": (search_without_sieve, "rep", "search"),
    "fields out of history": (history_unguarded, "support", "page"),
    "fields out of titles": (titles_unguarded, "support", "picker"),
    "right to export": (export_without_right, "rep", "export"),
    "the field behind a backlink": (related_without_reach, "finance", "related"),
    "roles of views": (view_roles_ignored, "other", "list"),
}
#: Mutations that nothing shows, with the reason why they are harmless.
SURVIVORS: dict[str, tuple[str, Patch, str, str]] = {
    "masks in pickers": (
        "a picker shows nothing at all of what is masked",
        no_masks, "support", "picker",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READING)
def test_a_mutation_of_reading_is_noticed(matrix: Matrix, monkeypatch, name: str) -> None:
    mutate, person, channel = READING[name]
    mutate(monkeypatch)
    verdict = matrix.run([person], [channel])
    assert verdict.leaks or verdict.refusals


@pytest.mark.parametrize("name", SURVIVORS)
def test_a_survivor_has_a_reason(matrix: Matrix, monkeypatch, name: str) -> None:
    reason, mutate, person, channel = SURVIVORS[name]
    mutate(monkeypatch)
    verdict = matrix.run([person], [channel])
    assert not verdict.leaks, reason


@pytest.mark.parametrize("channel", sorted({channel for _, _, channel in READING.values()}))
def test_without_a_mutation_nothing_is_noticed(matrix: Matrix, channel: str) -> None:
    people = {person for _, person, where in READING.values() if where == channel}
    verdict = matrix.run(sorted(people), [channel])
    assert not verdict.leaks
    assert not verdict.refusals
