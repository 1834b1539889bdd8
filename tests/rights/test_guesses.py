"""Guessing at what is hidden: the answer to a right guess is the answer to a wrong one, a thousand times over."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from formwright.definitions.model import Sort
from formwright.engine import reading, records, views
from formwright.engine.drafts import Input, Rejected, Typed
from formwright.engine.imports import running, trial
from formwright.engine.imports.job import ImportOptions
from formwright.engine.imports.merging import Mode
from formwright.ids import format_id
from rights.matrix import TOKEN
from rights.oracle import CLEAR
from rights.world import Office

#: Who guesses, at which field of which entity, through which view.
HIDDEN = [
    ("support", "desk.client", "secret", "desk.clients"),
    ("finance", "desk.client", "secret", "desk.clients"),
    ("market", "crm.customer", "phone", "crm.customers"),
    ("rep", "crm.product", "cost", "crm.products"),
]
Answer = Callable[[Any, str], Any]


def guesses(office: Office, entity: str, key: str, tries: int) -> list[str]:
    """Return guesses, every other one right."""
    chance = random.Random(7)  # noqa: S311 -- the same every time
    right = [str(value) for value in office.values(entity, key)]
    wrong = [f"zq{chance.randrange(90000, 99999)}x" for _ in right]
    return [chance.choice(right if turn % 2 else wrong) for turn in range(tries)]


def by_filter(view: str, key: str) -> Answer:
    return lambda unit, guess: views.list_view(unit, view, views.ListState(filters={key: guess}))


def by_search(view: str, _key: str) -> Answer:
    return lambda unit, guess: views.list_view(unit, view, views.ListState(search=guess))


def by_search_of_all(_view: str, _key: str) -> Answer:
    return reading.search_all


@pytest.mark.parametrize("way", [by_filter, by_search, by_search_of_all])
@pytest.mark.parametrize(("person", "entity", "key", "view"), HIDDEN)
def test_a_question_answers_every_guess_alike(
    office: Office,
    request,
    way: Callable[[str, str], Answer],
    person: str,
    entity: str,
    key: str,
    view: str,
) -> None:
    tries = 1_000 if request.config.getoption("--full") else 40
    ask = way(view, key)
    answers = set()
    with office.runtime.unit(office.people[person]) as unit:
        for guess in guesses(office, entity, key, tries):
            shown = ask(unit, guess)
            is_list = isinstance(shown, views.ListPage)
            answers.add(repr((shown.rows, shown.count) if is_list else shown))
    assert len(answers) == 1, "the answer depends on the guess"


@pytest.mark.parametrize(("person", "entity", "key", "view"), HIDDEN)
def test_the_order_by_a_hidden_field_is_that_by_a_field_that_does_not_exist(
    office: Office,
    person: str,
    entity: str,  # noqa: ARG001 -- of HIDDEN
    key: str,
    view: str,
) -> None:
    with office.runtime.unit(office.people[person]) as unit:
        found = {
            tuple(row.id for row in views.list_view(unit, view, views.ListState(sort=(sort,))).rows)
            for sort in (Sort(key), Sort(key, descending=True), Sort("nothing"))
        }
    assert len(found) == 1


@pytest.mark.parametrize(("person", "key"), [("finance", "secret"), ("finance", "phone")])
def test_saving_answers_every_guess_like_an_unknown_field(
    office: Office, request, person: str, key: str
) -> None:
    tries = 1_000 if request.config.getoption("--full") else 60
    number, answers = office.ids["desk.client"][0], set()
    for guess in guesses(office, "desk.client", key, tries):
        outcome = records.update(
            office.runtime, office.people[person], "desk.client", number,
            Input({key: Typed((guess,))}, confirmed=True), version=None,
        )  # fmt: skip
        assert isinstance(outcome, Rejected)
        answers.add(repr([(v.field, str(v.message)) for v in outcome.draft.violations]))
    assert answers == {repr([("", f"There is no field '{key}' here.")])}


def file_of(path: Path, rows: list[tuple[str, str]], key: str) -> Path:
    lines = [f"id,{key}", *(f"{number},{text}" for number, text in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_an_import_answers_every_guess_alike(office: Office, request, tmp_path: Path) -> None:
    """One row for each guess, every other one right; rows for records that have the value are no better off."""
    tries = 1_000 if request.config.getoption("--full") else 24
    world = office.world().records["desk.client"]
    numbers = office.ids["desk.client"][:6]
    reasons = set()
    for turn in range(-(-tries // len(numbers))):
        rows = [
            (format_id(n), world[n]["secret"] if (turn + at) % 2 else f"zq{90000 + turn}x")
            for at, n in enumerate(numbers)
        ]
        path = file_of(tmp_path / "guess.csv", rows, "secret")
        options = ImportOptions(
            match_on=("id",), mode=Mode.UPDATE, errors=tmp_path / "errors.csv", again=True
        )
        report = running.run(office.runtime, office.people["finance"], "desk.client", path, options)
        assert (report.counts.bad, report.counts.unchanged) == (len(numbers), 0)
        reasons |= report.reasons.keys()
    assert len(reasons) == 1


def test_a_trial_of_an_import_shows_nothing_that_is_hidden(
    office: Office, oracle, tmp_path: Path
) -> None:
    rows = [(format_id(n), "new name") for n in office.ids["desk.client"]]
    path = file_of(tmp_path / "names.csv", rows, "name")
    options = ImportOptions(match_on=("id",), mode=Mode.UPDATE, errors=tmp_path / "errors.csv")
    found = trial.try_out(office.runtime, office.people["finance"], "desk.client", path, options)
    assert found.counts.updated == 6, "all but the one that a guard holds"
    who = office.who("finance")
    shown = set(TOKEN.findall(repr(found)))
    hidden = {
        token
        for token, (entity, number, key) in office.tokens.items()
        if entity == "desk.client" and oracle.level(who, entity, number, key) != CLEAR
    }
    assert hidden
    assert not shown & hidden


def test_imports_change_what_may_be_changed_and_nothing_else(
    office: Office, oracle, tmp_path: Path
) -> None:
    """Last of all, for it changes records: each person imports a new name for every client."""
    before = office.world().records["desk.client"]
    taken: dict[str, set[int]] = {}
    for person in ("finance", "market", "rep", "support", "admin"):
        who = office.who(person)
        rows = [(format_id(n), f"by {person} {n}") for n in before]
        path = file_of(tmp_path / f"{person}.csv", rows, "name")
        options = ImportOptions(
            match_on=("id",), mode=Mode.UPDATE, errors=tmp_path / f"{person}.errors"
        )
        may = {
            n
            for n in before
            if oracle.granted(who, "import", "desk.client")
            and oracle.may(who, "read", "desk.client", n)
            and oracle.may(who, "update", "desk.client", n)
            and oracle.may_write(who, "update", "desk.client", n, "name")
        }
        try:
            running.run(office.runtime, office.people[person], "desk.client", path, options)
        except Exception:  # noqa: BLE001 -- who may not import at all is told so before the first row
            taken[person] = set()
        after = office.world().records["desk.client"]
        taken[person] = {n for n in before if after[n]["name"] == f"by {person} {n}"}
        assert taken[person] == may, person
    assert taken["finance"]
    assert not taken["rep"]
