"""The audit log: entries are written with what they record, the database refuses to change them, tampering shows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from formwright import ids
from formwright.clock import FixedClock
from formwright.store import audit_sealing, schema, tables
from formwright.store.audit import EntryFilter
from formwright.store.audit_chain import ANCHOR, SEAL, Wrong, code_of, content_of, digest_of, verify
from formwright.store.audit_sealing import Safe
from formwright.store.database import WRITE
from formwright.store.store import Store

audit, seal = tables.audit, tables.audit_seal
KEY = b"the key of a log that exists in tests only"
ROUNDS, ROUND = 6, 10
TABLES = ("audit", "audit_seal")


@pytest.fixture
def open_log(database_url: str, clock: FixedClock, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def open_one(key: bytes = KEY) -> Store:
        safe = Safe(key, tmp_path / "audit_head")
        opened.append(Store.open(database_url, clock=clock, safe=safe))
        return opened[-1]

    schema.upgrade(open_one().engine)
    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def log(open_log: Callable[[], Store], clock: FixedClock) -> Store:
    """Return a store with a log of some sealed rounds."""
    store = open_log()
    fill(store, clock)
    return store


def chances(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- the same tamperings every time


def fill(store: Store, clock: FixedClock, rounds: int = ROUNDS, entries: int = ROUND) -> None:
    chance = chances(7)
    for _ in range(rounds):
        for _ in range(entries):
            write(store, clock, chance)
        store.sealer.seal()
        clock.instant += timedelta(minutes=1)


def write(store: Store, clock: FixedClock, chance: random.Random) -> None:
    clock.instant += timedelta(milliseconds=chance.randrange(1, 900))
    with store.transaction() as tx:
        tx.audit.append(
            chance.choice(["log_in", "export", "record_deleted"]),
            actor=chance.choice([None, 11, 12]),
            channel="form",
            entity=chance.choice(["", "t.customer"]),
            record=chance.choice([None, 5, 6]),
            details={"count": chance.randrange(100), "标题": "值"},
            request=f"{chance.randrange(1 << 32):08x}",
            address=chance.choice(["192.0.2.1", "192.0.2.2"]),
        )


@contextmanager
def unguarded(store: Store) -> Iterator[Connection]:
    """Work as somebody who has taken the guards of the database off, and take it all back at the end."""
    with store.engine.connect().execution_options(**{WRITE: True}) as connection:
        begun = connection.begin()
        if store.dialect == "postgresql":
            for table in TABLES:
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        else:
            for table in TABLES:
                for event in ("insert", "update", "delete"):
                    connection.exec_driver_sql(f"DROP TRIGGER {table}_{event}_guard")
        try:
            yield connection
        finally:
            begun.rollback()


def prune(store: Store, older_than: datetime) -> Any:
    with store.begin() as connection:
        return store.sealer.prune(connection, older_than)


def look(store: Store, connection: Connection) -> Any:
    return verify(
        audit_sealing.sealed_rows(connection, 1),
        audit_sealing.seals_of(connection, 1),
        key=store.sealer.safe.key,
        workspace=1,
        head=store.sealer._kept(),  # noqa: SLF001 -- the copy outside, as a verification reads it
    )


# --- tamperings: each returns the place that has to be named

LAST = ROUNDS * ROUND


def edit(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Change any column of any entry."""
    place = chance.randrange(1, LAST + 1)
    now = connection.execute(select(audit).where(audit.c.sequence == place)).one()._asdict()
    column = chance.choice([name for name in now if name not in {"workspace_id", "sequence"}])
    before = now[column]
    values: dict[str, Any] = {
        "id": ids.new_id(),
        "at": now["at"] + timedelta(microseconds=chance.choice([-1, 1, 10**6])),
        "details": '{"count": 101}',
        "mac": f"{chance.getrandbits(256):064x}",
        "digest": f"{chance.getrandbits(256):064x}",
    }
    number = column in {"actor", "on_behalf_of", "record"}
    fresh = values.get(column, 99 if number else f"{before}x")
    connection.execute(update(audit).where(audit.c.sequence == place).values({column: fresh}))
    # An entry whose digest alone is changed is found there or at the one behind it.
    return place, place + (column == "digest")


def remove(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Remove entries from the middle."""
    first = chance.randrange(1, LAST - 4)
    last = first + chance.randrange(4)
    connection.execute(delete(audit).where(audit.c.sequence.between(first, last)))
    return first, last


def put_in(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Invent an entry and move the later ones up, with a chain that fits."""
    place = chance.randrange(1, LAST + 1)
    row = connection.execute(select(audit).where(audit.c.sequence == place)).one()._asdict()
    move(connection, place, 1)
    row |= {"id": ids.new_id(), "event": "log_out", "sequence": place}
    row["mac"] = code_of(b"a guess", content_of(tuple(row.values())))
    connection.execute(insert(audit), row)
    chain_anew(connection, place)
    return place, place


def swap(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Exchange the places of two entries."""
    one, other = sorted(chance.sample(range(1, LAST + 1), 2))
    first, second = (
        connection.scalar(select(audit.c.id).where(audit.c.sequence == place))
        for place in (one, other)
    )
    connection.execute(update(audit).where(audit.c.id == first).values(sequence=-1))
    connection.execute(update(audit).where(audit.c.id == second).values(sequence=one))
    connection.execute(update(audit).where(audit.c.id == first).values(sequence=other))
    return one, other


def cut(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Cut the end off, and the seals that knew of it."""
    first = chance.randrange(1, LAST + 1)
    connection.execute(delete(audit).where(audit.c.sequence >= first))
    connection.execute(delete(seal).where(seal.c.sequence >= first))
    return first - ROUND, LAST


def chain_again(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Remove an entry and make numbers, chain and digests of the seals anew, without the key."""
    place = chance.randrange(1, LAST)
    connection.execute(delete(audit).where(audit.c.sequence == place))
    move(connection, place + 1, -1)
    digests = chain_anew(connection, place)
    if chance.random() < 0.5:
        for number in range(ROUND, LAST, ROUND):
            if number >= place:
                connection.execute(
                    update(seal).where(seal.c.sequence == number).values(digest=digests[number])
                )
    return place - ROUND, LAST


def forge_anchor(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Remove the beginning under an anchor that was made without the key."""
    place = chance.randrange(1, LAST)
    digest = connection.scalar(select(audit.c.digest).where(audit.c.sequence == place))
    connection.execute(delete(audit).where(audit.c.sequence <= place))
    connection.execute(delete(seal).where(seal.c.sequence <= place))
    made = {"workspace_id": 1, "sequence": place, "kind": ANCHOR, "previous": 0, "digest": digest}
    made |= {"at": datetime(2026, 3, 1, tzinfo=UTC), "mac": f"{chance.getrandbits(256):064x}"}
    connection.execute(insert(seal), made)
    return place, place


def unseal(connection: Connection, chance: random.Random) -> tuple[int, int]:
    """Remove a seal."""
    number = chance.randrange(1, ROUNDS) * ROUND
    connection.execute(delete(seal).where(seal.c.sequence == number))
    return number - ROUND + 1, number


def move(connection: Connection, first: int, by: int) -> None:
    """Give the entries from ``first`` on other numbers, by a detour: no two may have the same meanwhile."""
    place = audit.c.sequence
    connection.execute(update(audit).where(place >= first).values(sequence=-(place + by)))
    connection.execute(update(audit).where(place < 0).values(sequence=-place))


def chain_anew(connection: Connection, first: int) -> dict[int, str]:
    before = connection.scalar(select(audit.c.digest).where(audit.c.sequence == first - 1)) or ""
    digests = {}
    rows = connection.execute(
        select(*audit_sealing.COLUMNS).where(audit.c.sequence >= first).order_by(audit.c.sequence)
    ).all()
    for row in rows:
        before = digest_of(before, row.sequence, row.mac, content_of(row))
        digests[row.sequence] = before
        connection.execute(
            update(audit).where(audit.c.sequence == row.sequence).values(digest=before)
        )
    return digests


TAMPERINGS = (edit, edit, edit, remove, put_in, swap, cut, chain_again, forge_anchor, unseal)


def test_every_one_of_a_thousand_tamperings_is_found_and_its_place_named(
    log: Store, request: pytest.FixtureRequest
) -> None:
    full = request.config.getoption("--full")
    # The functions are the same on both databases; what is stored and read is asked of each.
    times = {"sqlite": 10_000 if full else 1_000, "postgresql": 2_000 if full else 150}[log.dialect]
    chance = chances(20260301)
    with unguarded(log) as connection:
        assert look(log, connection).findings == []
        for number in range(times):
            tamper = chance.choice(TAMPERINGS)
            savepoint = connection.begin_nested()
            first, last = tamper(connection, chance)
            found = look(log, connection).findings
            savepoint.rollback()
            assert found, (number, tamper.__name__, first, last)
            told = found[0]
            assert told.first <= last, (number, tamper.__name__, told)
            assert told.last >= first, (number, tamper.__name__, told)
        assert look(log, connection).findings == []


def test_an_untouched_log_passes_and_says_how_far(log: Store) -> None:
    report = log.sealer.verify()
    assert (report.findings, report.rows, report.first, report.last) == ([], LAST, 1, LAST)
    assert report.has_head
    assert report.sealed_at is not None


def test_another_key_does_not_know_the_log(log: Store, open_log: Callable[..., Store]) -> None:
    assert log.sealer.verify().findings == []
    found = open_log(b"another key of thirty-two letters").sealer.verify()
    assert {each.wrong for each in found.findings} >= {Wrong.CHANGED, Wrong.FORGED}


@pytest.mark.parametrize(
    "order",
    [
        "UPDATE audit SET details = '{}' WHERE sequence = 3",
        "UPDATE audit SET sequence = 900 WHERE sequence = 3",
        "UPDATE audit SET sequence = NULL WHERE sequence = 3",
        "DELETE FROM audit WHERE sequence = 3",
        "DELETE FROM audit",
        "UPDATE audit_seal SET digest = 'x'",
        "DELETE FROM audit_seal",
        "INSERT INTO audit SELECT * FROM (SELECT * FROM audit WHERE sequence = 3) AS copied",
    ],
)
def test_the_database_refuses_to_change_what_is_written(log: Store, order: str) -> None:
    with pytest.raises(DBAPIError, match="audit log cannot be changed"), log.begin() as connection:
        connection.exec_driver_sql(order)
    assert log.sealer.verify().findings == []


def test_an_entry_that_is_not_sealed_yet_cannot_be_changed_or_removed_either(
    log: Store, clock: FixedClock
) -> None:
    write(log, clock, chances(1))
    for order in (
        "UPDATE audit SET event = 'x' WHERE sequence IS NULL",
        "UPDATE audit SET event = 'x', sequence = 61, digest = 'd' WHERE sequence IS NULL",
        "DELETE FROM audit WHERE sequence IS NULL",
    ):
        with pytest.raises(DBAPIError, match="cannot be changed"), log.begin() as connection:
            connection.exec_driver_sql(order)


def test_what_removes_whole_tables_or_replaces_rows_is_refused(log: Store) -> None:
    orders = {
        "postgresql": ["TRUNCATE audit", "TRUNCATE audit_seal"],
        "sqlite": [
            "REPLACE INTO audit SELECT * FROM audit WHERE sequence = 3",
            "REPLACE INTO audit_seal SELECT * FROM audit_seal WHERE sequence = 10",
        ],
    }
    for order in orders[log.dialect]:
        with pytest.raises(DBAPIError, match="cannot be changed"), log.begin() as connection:
            connection.exec_driver_sql(order)


def test_an_entry_goes_when_what_it_records_is_undone(log: Store) -> None:
    def fail() -> None:
        with log.transaction() as tx:
            tx.audit.append("export", actor=None, channel="form")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert log.sealer.verify().rows == LAST


def test_old_entries_go_in_whole_rounds_and_the_rest_still_passes(
    log: Store, clock: FixedClock
) -> None:
    with log.transaction(write=False) as tx:
        seals = audit_sealing.seals_of(tx.connection, 1)
    count, anchor = prune(log, seals[2].at + timedelta(seconds=1))
    assert count == 3 * ROUND
    assert anchor is not None
    report = log.sealer.verify()
    assert (report.findings, report.first, report.rows) == ([], 3 * ROUND + 1, LAST - 3 * ROUND)
    # and once more, so that an anchor replaces an anchor
    assert prune(log, seals[3].at + timedelta(seconds=1))[0] == ROUND
    fill(log, clock, rounds=1)
    assert log.sealer.verify().findings == []
    with log.transaction(write=False) as tx:
        kinds = [each.kind for each in audit_sealing.seals_of(tx.connection, 1)]
    assert kinds == [ANCHOR, SEAL, SEAL, SEAL]


def test_everything_old_can_go_and_what_comes_after_continues_the_numbers(
    log: Store, clock: FixedClock
) -> None:
    assert prune(log, clock.now() + timedelta(days=1))[0] == LAST
    assert log.sealer.verify().findings == []
    fill(log, clock, rounds=1)
    report = log.sealer.verify()
    assert (report.findings, report.first) == ([], LAST + 1)


def test_an_end_that_was_cut_shows_also_after_the_log_has_grown_again(
    log: Store, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    if log.dialect == "postgresql":
        guards = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in TABLES]
    else:
        guards = [f"DROP TRIGGER {table}_delete_guard" for table in TABLES]
    with log.begin() as connection:
        for order in (
            *guards,
            "DELETE FROM audit WHERE sequence > 50",
            "DELETE FROM audit_seal WHERE sequence > 50",
        ):
            connection.exec_driver_sql(order)
    assert [each.wrong for each in log.sealer.verify().findings] == [Wrong.CUT]
    fill(log, clock, rounds=2)
    assert [each.wrong for each in log.sealer.verify().findings] == [Wrong.HEAD]
    assert "does not continue the seal" in caplog.text


def test_a_head_outside_that_was_changed_shows(log: Store, tmp_path: Path) -> None:
    (tmp_path / "audit_head").write_text("{}", encoding="utf-8")
    assert [each.wrong for each in log.sealer.verify().findings] == [Wrong.HEAD]
    (tmp_path / "audit_head").unlink()
    report = log.sealer.verify()
    assert (report.findings, report.has_head) == ([], False)


def test_what_is_committed_later_gets_a_later_place(log: Store, open_log: Any) -> None:
    if log.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    other = open_log()
    with log.transaction() as tx:
        early = tx.audit.append("export", actor=1, channel="form")
        with other.transaction() as second:
            late = second.audit.append("export", actor=2, channel="form")
        other.sealer.seal()
    log.sealer.seal()
    with log.transaction(write=False) as tx:
        places = {entry.id: entry.sequence for entry in tx.audit.stream(EntryFilter())}
    assert (places[late], places[early]) == (LAST + 1, LAST + 2)
    assert log.sealer.verify().findings == []


def test_entries_are_sealed_by_themselves_soon_after_the_commit(
    log: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.sealer.close()
    monkeypatch.setattr(audit_sealing, "DELAY", 0.05)
    write(log, clock, chances(1))
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with log.transaction(write=False) as tx:
            left = tx.connection.scalar(select(func.count()).where(audit.c.sequence.is_(None)))
        if not left:
            return
        time.sleep(0.05)
    pytest.fail("nobody sealed the entry")


def test_entries_are_found_by_who_what_record_kind_time_address_and_request(log: Store) -> None:
    with log.transaction(write=False) as tx:
        everything = list(tx.audit.stream(EntryFilter()))
        some = everything[17]
        for wanted, holds in (
            (EntryFilter(actor=11), lambda e: e.actor == 11),
            (EntryFilter(events=("export", "log_in")), lambda e: e.event in {"export", "log_in"}),
            (EntryFilter(entity="t.customer"), lambda e: e.entity == "t.customer"),
            (EntryFilter(record=5), lambda e: e.record == 5),
            (EntryFilter(address="192.0.2.1"), lambda e: e.address == "192.0.2.1"),
            (EntryFilter(request=some.request), lambda e: e.request == some.request),
            (EntryFilter(since=some.at), lambda e: e.at >= some.at),
            (EntryFilter(until=some.at), lambda e: e.at < some.at),
        ):
            found = list(tx.audit.stream(wanted))
            assert found == [each for each in everything if holds(each)]
            assert 0 < len(found) < len(everything)


def test_pages_go_from_new_to_old_without_gap_or_repeat(log: Store) -> None:
    with log.transaction(write=False) as tx:
        everything = list(tx.audit.stream(EntryFilter()))
        seen, token = tx.audit.page(EntryFilter(), limit=7)
        while token:
            more, token = tx.audit.page(EntryFilter(), older_than=token, limit=7)
            seen += more
        assert seen == everything[::-1]
        assert tx.audit.page(EntryFilter(), older_than="nonsense", limit=7)[0] == everything[:-8:-1]


@pytest.mark.slow
def test_a_hundred_thousand_entries_are_verified_in_a_second_of_the_processor(
    open_log: Callable[[], Store], clock: FixedClock
) -> None:
    store = open_log()
    rows = 200_000
    content = (None, "form", "export", "t.customer", 5, '{"count":17}', "0123456789abcdef", "::1")
    names = [column.name for column in audit_sealing.COLUMNS]
    written = []
    for _ in range(rows):
        values = (1, ids.new_id(), clock.now(), 7, *content)
        written.append(dict(zip(names, (*values, code_of(KEY, content_of(values))), strict=False)))
    with store.transaction() as tx:
        tx.connection.execute(insert(audit), written)
    store.sealer.seal()
    took = []
    for _ in range(
        3
    ):  # and not by the clock on the wall: the machine may be busy with something else
        begun = time.process_time()
        report = store.sealer.verify()
        took.append(time.process_time() - begun)
        assert (report.findings, report.rows) == ([], rows)
    assert rows / min(took) >= 100_000
