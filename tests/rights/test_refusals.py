"""Who may do what to which record, held against the oracle; and what is refused has changed nothing."""

from __future__ import annotations

import pytest

from formwright.engine import trash
from formwright.engine.revealing import reveal
from formwright.errors import FormwrightError
from rights import acting
from rights.acting import Tries
from rights.oracle import MASKED, Oracle
from rights.world import Office


@pytest.fixture
def tries(office: Office, request: pytest.FixtureRequest) -> Tries:
    """Look at the content after every tenth refusal, in full after each."""
    office.full = request.config.getoption("--full")
    return Tries(office, 1 if office.full else 10)


def assert_agrees(tries: Tries, least: int) -> None:
    assert tries.wrong == []
    assert tries.checks > least
    assert 0 < tries.hashed <= tries.refused < tries.checks


def test_changing_asks_for_the_right_to_the_record_and_to_the_field(
    office: Office, oracle: Oracle, tries: Tries
) -> None:
    acting.updates(office, oracle, tries)
    assert_agrees(tries, 500)


def test_handing_over_asks_for_more_than_changing(
    office: Office, oracle: Oracle, tries: Tries
) -> None:
    acting.handing_over(office, oracle, tries)
    assert_agrees(tries, 300)


def test_a_new_record_lies_within_the_scope_and_has_what_may_be_written(
    office: Office, oracle: Oracle, tries: Tries
) -> None:
    acting.creating(office, oracle, tries)
    assert_agrees(tries, 150)


def test_deleting_and_restoring_ask_for_their_rights(
    office: Office, oracle: Oracle, tries: Tries
) -> None:
    acting.deleting(office, oracle, tries)
    acting.restoring(office, oracle, tries)
    assert tries.wrong == []
    assert tries.checks == tries.refused > 200
    assert tries.hashed > 20


def test_a_mask_is_lifted_for_who_may(office: Office, oracle: Oracle, tries: Tries) -> None:
    """Last but one, for what is lifted is noted: masks alone, and only where revealing is granted."""
    for name, who, actor, entity, number in acting.each(office, oracle, ()):
        for key, field in oracle.entities[entity]["fields"].items():
            if not field.get("mask") or oracle.world.records[entity][number].get(key) is None:
                continue
            masked = oracle.level(who, entity, number, key) == MASKED
            expected = masked and oracle.may(who, "reveal", entity, number)
            try:
                text = reveal(office.runtime, actor, entity, number, key)
            except FormwrightError:
                text = ""
            tries.note(f"{name} reveals {entity} {number} {key}", bool(text), expected)
    assert tries.wrong == []
    assert tries.checks > 500
    assert 0 < tries.hashed <= tries.refused <= tries.checks


def test_the_trash_shows_what_may_be_restored(office: Office, oracle: Oracle) -> None:
    runtime, system = office.runtime, office.system
    for entity in ("desk.note", "crm.task", "crm.follow_up"):
        gone = {trash.delete(runtime, system, entity, n).id: n for n in office.ids[entity]}
        for name, actor in office.people.items():
            who = office.who(name)
            may = {n for n in gone.values() if oracle.may(who, "restore", entity, n)}
            with runtime.unit(actor) as unit:
                try:
                    shown = {item.id for item in trash.trash(unit, entity)}
                except FormwrightError:
                    shown = set()
            assert shown == may, (name, entity)
        for number in gone:
            trash.restore(runtime, system, number)
