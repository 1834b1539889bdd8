"""Every text in the database is a token; every answer of the application is searched for those of others."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from formwright.factory import create_app, runtime_of
from formwright.ids import format_id
from formwright.settings import Settings
from rights.matrix import TOKEN
from rights.oracle import CLEAR, Oracle
from rights.world import PEOPLE, Office, tokens_of
from rights.world import office as open_office

SHORT = ("support", "market", "guest", "finance", "anonymous")
#: Parts of pages that scripts ask for are asked for as they do.
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
LINK = re.compile(r'(?:href|src|hx-get)="(/[^"#]*)"')


@dataclass
class Site:
    """The application on a seeded database, and the oracle over it."""

    app: Flask
    office: Office
    oracle: Oracle
    cells: dict[str, list[tuple[str, int, str]]]

    def browser(self, person: str) -> FlaskClient:
        """Return a browser in which somebody is logged in."""
        client = self.app.test_client()
        user = self.office.people[person].id
        if user is not None:
            with runtime_of(self.app).store.transaction(write=True) as tx:
                token, _ = tx.users.open_session(user, lifetime=timedelta(hours=1))
            client.set_cookie("formwright", token)
        return client


@pytest.fixture(scope="module")
def site(installed_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("canaries")
    url = f"sqlite:///{home / 'formwright.db'}"
    shutil.copy(installed_sqlite, home / "formwright.db")
    with open_office(url) as seeded:
        pass
    app = create_app(Settings(home=home, database_url=url, timezone="Asia/Shanghai", language="en"))
    office = Office(runtime_of(app), seeded.clock, seeded.people, seeded.ids, seeded.tokens)
    oracle = office.oracle()
    cells: dict[str, list[tuple[str, int, str]]] = {}
    for name, rows in oracle.world.records.items():
        for number, row in rows.items():
            for key, value in row.items():
                for token in tokens_of(value):
                    cells.setdefault(token, []).append((name, number, key))
    yield Site(app, office, oracle, cells)
    runtime_of(app).store.close()


def beginnings(site: Site, turn: int, *, full: bool) -> Iterator[str]:
    """Yield addresses that a crawl begins with: also those that no page of the person's leads to."""
    yield from ("/", "/search", "/search/palette", "/account", "/audit", "/explain", "/rights")
    yield from ("/rights/local", "/rights/new")
    with site.office.runtime.unit(site.office.system) as unit:
        views, entities = list(unit.catalog.views), list(unit.catalog.entities.values())
    for view in views:
        yield f"/views/{view}"
    for token in sorted(site.cells)[turn :: 4 if full else 40]:
        yield f"/search?q={token}"
        yield f"/search/palette?q={token}"
    for entity in entities:
        yield from (
            f"/records/{entity.name}{rest}" for rest in ("", "/new", "/trash", "/hand-over")
        )
        for number in site.office.ids.get(entity.name, ())[:: 1 if full else 3]:
            place = f"/records/{entity.name}/{format_id(number)}"
            yield from (place, *(f"{place}/{part}" for part in ("edit", "history", "share")))
            asked = f"entity={entity.name}&record={format_id(number)}"
            yield from (f"/explain?{asked}", f"/explain/who?{asked}")
            for key, field in entity.fields.items():
                if field.type.name == "backlink":
                    yield f"{place}/related/{key}"
    for number in site.office.ids["core.user"][:: 1 if full else 5]:
        yield from (
            f"/people/{format_id(number)}{rest}" for rest in ("", "/deactivate", "/hand-over")
        )


def crawl(site: Site, person: str, turn: int, *, full: bool) -> tuple[int, int, list[str]]:
    """Ask for everything as one person; return the number of answers and tokens, and what leaked."""
    who, browser = site.office.who(person), site.browser(person)
    waiting = list(dict.fromkeys(beginnings(site, turn, full=full)))
    known, found, answers, seen = set(waiting), [], 0, 0
    limit = len(waiting) + (600 if full else 60)
    while waiting and answers < limit:
        path = waiting.pop(0)
        for headers in ({}, PARTIAL) if answers % (1 if full else 4) == 0 else ({},):
            answer = browser.get(path, headers=headers)
            assert answer.status_code < 500, path
            text = unescape(answer.get_data(as_text=True))
            answers += 1
            asked = set(TOKEN.findall(path))
            for token in set(TOKEN.findall(text.lower())) - asked:
                seen += 1
                if not any(
                    site.oracle.level(who, *cell) == CLEAR for cell in site.cells.get(token, ())
                ):
                    found.append(f"{person} {path}: {token} of {site.cells.get(token)}")
            for link in LINK.findall(text):
                if link not in known and not link.startswith("/assets/"):
                    known.add(link)
                    waiting.append(link)
    return answers, seen, found


@pytest.mark.parametrize("person", SHORT)
def test_no_answer_holds_what_is_hidden(site: Site, person: str) -> None:
    answers, seen, leaks = crawl(site, person, SHORT.index(person), full=False)
    assert leaks == []
    assert answers > 150
    assert seen > 100 or person == "anonymous"


@pytest.mark.slow
@pytest.mark.parametrize("person", [*PEOPLE, "anonymous"])
def test_no_answer_holds_what_is_hidden_in_full(site: Site, person: str) -> None:
    answers, _, leaks = crawl(site, person, 0, full=True)
    assert leaks == []
    assert answers > 1_000


def test_with_the_fields_open_the_crawl_finds_canaries(site: Site, monkeypatch) -> None:
    """The control."""
    from formwright.engine.sight import EntitySight  # noqa: PLC0415 -- of this mutation alone

    monkeypatch.setattr(EntitySight, "redacted", lambda _, record: record)
    assert crawl(site, "support", 0, full=False)[2]
