"""Log-ins, sessions, settings, files and sequences are kept as told, and end when they should."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from formwright.clock import FixedClock
from formwright.definitions.model import Sequence
from formwright.store.problems import UniqueViolation
from formwright.store.sequences import write
from formwright.store.store import Store


def test_a_log_in_name_is_unique_in_any_case(store: Store) -> None:
    with store.transaction() as tx:
        tx.users.put_credential(1, "Ann", "hash")
        with pytest.raises(UniqueViolation) as caught:
            tx.users.put_credential(2, " ann ", "hash")
        assert caught.value.clashes[0].holder == 1
        tx.users.put_credential(2, "bob", "hash")
        tx.users.put_credential(1, "anna", "other", must_change=True)
    with store.transaction(write=False) as tx:
        found = tx.users.credential("ANNA")
        assert found is not None
        assert (found.user, found.password_hash, found.must_change) == (1, "other", True)
        assert tx.users.credential("ann") is None
        assert [credential.login for credential in tx.users.credentials()] == ["anna", "bob"]


def test_a_session_ends_when_it_expires_is_revoked_or_its_user_is_shut_out(
    store: Store, clock: FixedClock
) -> None:
    def open_sessions() -> list[bool]:
        with store.transaction(write=False) as tx:
            return [tx.users.session(token) is not None for token in tokens]

    with store.transaction() as tx:
        tx.users.put_credential(1, "ann", "hash")
        tx.users.put_credential(2, "bob", "hash")
        opened = [
            tx.users.open_session(1, lifetime=timedelta(hours=1)),
            tx.users.open_session(1, lifetime=timedelta(days=7)),
            tx.users.open_session(2, lifetime=timedelta(days=7), values={"a": 1}),
        ]
    tokens = [token for token, _ in opened]
    assert open_sessions() == [True, True, True]
    clock.instant += timedelta(hours=2)
    assert open_sessions() == [False, True, True]
    with store.transaction() as tx:
        tx.users.revoke(opened[1][1].token_hash)
    assert open_sessions() == [False, False, True]
    with store.transaction() as tx:
        found = tx.users.session(tokens[2])
        assert found is not None
        assert (found.user, dict(found.values)) == (2, {"a": 1})
        tx.users.set_active(2, active=False)
    assert open_sessions() == [False, False, False]
    with store.transaction(write=False) as tx:
        assert tx.users.session("no such token") is None


def test_a_new_password_ends_every_session(store: Store) -> None:
    with store.transaction() as tx:
        tx.users.put_credential(1, "ann", "hash")
        token, _ = tx.users.open_session(1, lifetime=timedelta(hours=1))
        tx.users.set_password(1, "new")
        assert tx.users.session(token) is None


def test_roles_are_exactly_those_given_last(store: Store) -> None:
    with store.transaction() as tx:
        tx.users.set_roles(1, ["core.admin", "crm.rep"], by=None)
        tx.users.set_roles(1, ["crm.rep", "crm.manager"], by=1)
        assert tx.users.roles(1) == {"crm.rep", "crm.manager"}
        assert tx.users.roles_of_all() == {1: frozenset({"crm.rep", "crm.manager"})}
        tx.users.set_roles(1, [], by=1)
        assert tx.users.roles(1) == frozenset()


def test_failures_are_counted_since_the_last_success_and_by_address(
    store: Store, clock: FixedClock
) -> None:
    def note(login: str, address: str, *, succeeded: bool) -> None:
        clock.instant += timedelta(seconds=1)
        with store.transaction() as tx:
            tx.attempts.note(login, address, succeeded=succeeded)

    start = clock.instant
    note("ann", "1.1.1.1", succeeded=False)
    note("Ann", "1.1.1.1", succeeded=False)
    note("bob", "1.1.1.1", succeeded=False)
    with store.transaction(write=False) as tx:
        assert tx.attempts.failures(login="ann", address="1.1.1.1", since=start) == (2, 3)
        assert tx.attempts.failures(login="ann", address="2.2.2.2", since=clock.instant) == (0, 0)
    note("ann", "2.2.2.2", succeeded=True)
    with store.transaction(write=False) as tx:
        assert tx.attempts.failures(login="ann", address="1.1.1.1", since=start) == (0, 3)


def test_settings_keep_values_of_every_shape(store: Store) -> None:
    with store.transaction() as tx:
        for name, value in {"crm.a": "text", "crm.b": 3, "crm.c": ["x"], "crm.d": False}.items():
            tx.setting_values.put(name, value, by=1)
        tx.setting_values.put("crm.a", "changed", by=1)
        tx.setting_values.put("crm.b", None, by=1)
        assert tx.setting_values.all() == {"crm.a": "changed", "crm.c": ["x"], "crm.d": False}


def test_a_file_is_claimed_once_and_swept_when_nobody_claims_it(
    store: Store, clock: FixedClock
) -> None:
    with store.transaction() as tx:
        mine = tx.files.add("aa", "a.pdf", "application/pdf", 10, by=1)
        other = tx.files.add("bb", "b.pdf", "application/pdf", 20, by=2)
        assert tx.files.claim([mine.id, other.id], "t.customer", 5, "contract", by=1) == {mine.id}
        assert tx.files.claim([mine.id], "t.customer", 6, "contract", by=1) == set()
        assert tx.files.claim([mine.id], "t.customer", 5, "contract", by=3) == {mine.id}
    clock.instant += timedelta(days=2)
    with store.transaction() as tx:
        assert tx.files.sweep(clock.instant - timedelta(days=1)) == {"bb"}
        assert (tx.files.find(other.id), tx.files.total()) == (None, 10)
        found = tx.files.find(mine.id)
        assert found is not None
        assert (found.record, found.attribute) == (5, "contract")


def test_counters_begin_again_with_their_period_and_run_apart(store: Store) -> None:
    yearly = Sequence("so", "t", "{YYYY}-{###}", reset="yearly")
    monthly = Sequence("po", "t", "{YY}{MM}{##}", reset="monthly", start=5)
    per_branch = Sequence("inv", "t", "{branch}-{#}", per="branch")
    with store.transaction() as tx:
        assert [tx.sequences.next(yearly, date(2026, 12, 31)) for _ in "12"] == [
            "2026-001",
            "2026-002",
        ]
        assert tx.sequences.next(yearly, date(2027, 1, 1)) == "2027-001"
        assert tx.sequences.take(monthly, date(2026, 3, 1), 3) == ["260305", "260306", "260307"]
        assert tx.sequences.next(monthly, date(2026, 4, 1)) == "260405"
        assert [
            tx.sequences.draw(per_branch, {"branch": branch}) for branch in ("A", "B", "A")
        ] == ["A-1", "B-1", "A-2"]


def test_a_counter_outgrows_its_width() -> None:
    assert write("{##}", 1234, date(2026, 1, 1), {}) == "1234"
