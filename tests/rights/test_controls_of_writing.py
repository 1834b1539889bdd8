"""The controls of writing: with a check taken out, something is taken that the oracle refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from formwright.engine import records
from formwright.engine.access import Access
from formwright.engine.gate import Gate
from rights import acting
from rights.acting import Tries
from rights.oracle import Oracle
from rights.world import Office

Patch = Callable[[pytest.MonkeyPatch], None]


def no_right_to_the_record(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "limits", lambda *_: {})


def no_right_to_create(patch: pytest.MonkeyPatch) -> None:
    """Either of the two by itself survives: what the one lets pass the other refuses."""
    patch.setattr(Access, "may", lambda *_: True)
    patch.setattr(records, "_require_scope", lambda *_: None)


def no_conditions_of_hold(patch: pytest.MonkeyPatch) -> None:
    """Each by itself survives: the scope is judged before a change and once more after it."""
    patch.setattr(Gate, "_conditions", lambda *_: [])
    patch.setattr(records, "_require_scope", lambda *_: None)


#: Mutation, the person who must then be let do too much, and what he tries.
WRITING: dict[str, tuple[Patch, str, str]] = {
    "guards": (lambda patch: patch.setattr(Access, "guards", lambda *_: []), "rep", "updates"),
    "right to the record": (no_right_to_the_record, "rep", "updates"),
    "conditions of hold": (no_conditions_of_hold, "rep", "updates"),
    "fields that are locked": (
        lambda patch: patch.setattr(records, "refuse_locked", lambda *_: []),
        "finance",
        "updates",
    ),
    "fields that are closed": (
        lambda patch: patch.setattr(Gate, "seen", lambda _, record: record),
        "finance",
        "updates",
    ),
    "right to hand over": (
        lambda patch: patch.setattr(records, "_require_handing_over", lambda *_: None),
        "finance",
        "handing_over",
    ),
    "scope afterwards": (
        lambda patch: patch.setattr(records, "_require_scope", lambda *_: None),
        "rep",
        "handing_over",
    ),
    "scope of a new record": (
        lambda patch: patch.setattr(records, "_require_scope", lambda *_: None),
        "rep",
        "creating",
    ),
    "right to create": (no_right_to_create, "market", "creating"),
    "right to delete": (
        lambda patch: patch.setattr(Gate, "_conditions", lambda *_: []),
        "market",
        "deleting",
    ),
    "right to restore": (
        lambda patch: patch.setattr(Gate, "inside", lambda _self, _action, _entity, ids: set(ids)),
        "guest",
        "restoring",
    ),
}


@pytest.fixture(scope="module")
def office(office_on_sqlite: Office) -> Office:
    return office_on_sqlite


@pytest.mark.parametrize("name", WRITING)
def test_a_mutation_of_writing_is_noticed(
    office: Office, oracle: Oracle, monkeypatch, name: str
) -> None:
    mutate, person, kind = WRITING[name]
    tries = Tries(office, 1_000_000)
    mutate(monkeypatch)
    getattr(acting, kind)(office, oracle, tries, [person])
    assert tries.wrong
