from __future__ import annotations

from datetime import UTC, datetime

from formwright.engine.drafts import Violation
from formwright.engine.imports.cells import RowValues
from formwright.engine.imports.merging import Candidate, Gathering, Mode, Repeats
from formwright.texts import say


def row(number: int, day: str = "", **values: str) -> RowValues:
    return RowValues(number, [day], dict(values))


def date_of(found: RowValues) -> datetime | None:
    return datetime.fromisoformat(found.cells[0]).replace(tzinfo=UTC) if found.cells[0] else None


def gather(mode: Mode, *rows: RowValues, key: str = "phone") -> list[Candidate]:
    repeats = Repeats()
    for each in rows:
        if each.values.get(key):
            repeats.add(each.values[key], each.number)
    return Gathering(repeats.by_row(), mode, date_of).feed(rows)


def test_the_newest_row_stays_and_takes_what_it_lacks_from_the_older_ones() -> None:
    [found] = gather(
        Mode.KEEP_LATEST,
        row(2, "2024-01-01", phone="1", name="old", city="Oslo", fax="7"),
        row(3, "2024-03-01", phone="1", name="newest"),
        row(4, "2024-02-01", phone="1", name="middle", city="Rome"),
    )
    assert found.row.number == 3
    assert found.row.values == {"phone": "1", "name": "newest", "city": "Rome", "fax": "7"}
    assert [older.number for older in found.older] == [4, 2]


def test_without_a_date_the_later_row_stays() -> None:
    [found] = gather(Mode.KEEP_LATEST, row(2, phone="1", name="a"), row(3, phone="1", name="b"))
    assert (found.row.number, found.row.values["name"]) == (3, "b")


def test_a_row_with_a_date_is_newer_than_one_without() -> None:
    [found] = gather(Mode.KEEP_LATEST, row(2, "2024-01-01", phone="1"), row(3, phone="1"))
    assert found.row.number == 2


def test_update_lets_the_later_row_win_whatever_its_date() -> None:
    [found] = gather(
        Mode.UPDATE,
        row(2, "2024-09-01", phone="1", name="a"),
        row(3, "2024-01-01", phone="1", name="b"),
    )
    assert found.row.values["name"] == "b"


def test_skip_lets_the_first_row_stay_as_it_is() -> None:
    [found] = gather(
        Mode.SKIP, row(2, phone="1", name="a"), row(3, phone="1", name="b", city="Rome")
    )
    assert found.row.values == {"phone": "1", "name": "a"}


def test_rows_without_a_key_stay_apart() -> None:
    assert len(gather(Mode.KEEP_LATEST, row(2, name="a"), row(3, name="a"))) == 2


def test_a_bad_row_takes_no_part_in_its_group() -> None:
    bad = row(3, phone="1", name="bad")
    bad.violations.append(Violation(say("wrong"), "name"))
    found = gather(Mode.KEEP_LATEST, row(2, phone="1", name="good"), bad)
    assert sorted((each.row.number, len(each.older)) for each in found) == [(2, 0), (3, 0)]


def test_a_group_is_held_until_its_last_row_comes() -> None:
    repeats = Repeats()
    for number in (2, 9):
        repeats.add("1", number)
    gathering = Gathering(repeats.by_row(), Mode.KEEP_LATEST, date_of)
    assert gathering.feed([row(2, phone="1", name="a"), row(3, phone="2")])[0].row.number == 3
    [found] = gathering.feed([row(9, phone="1")])
    assert (found.row.number, found.row.values["name"]) == (9, "a")
