"""Instances with the CRM and its demo data, and browsers without a browser: Flask's test client."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from formwright.engine import accounts, packages, records
from formwright.engine.drafts import Input
from formwright.engine.runtime import Runtime
from formwright.factory import create_app, runtime_of
from formwright.plugins import manager
from formwright.settings import Settings
from formwright.store import schema
from formwright.store.audit_sealing import Safe
from formwright.store.store import Store

PASSWORD = "right-horse-battery"  # noqa: S105 -- of people who exist in tests only


def prepare(url: str, safe: Safe | None = None) -> None:
    """Install the CRM with its demo data, an administrator and two people of sales; the manager leads Ada's team."""
    store = Store.open(url, safe=safe)
    schema.upgrade(store.engine)
    runtime = Runtime(store, manager.load())
    try:
        packages.install(runtime, packages.installer(runtime.catalog), "core")
        packages.install(runtime, packages.installer(runtime.catalog), "crm", demo=True)
        people = {"ada": "core.admin", "rep": "crm.sales_rep", "boss": "crm.sales_manager"}
        with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
            ids = {
                login: accounts.add_account(
                    unit, login=login, name=login.title(), password=PASSWORD, roles=[role],
                    email=f"{login}@example.com", language="en",
                )
                for login, role in people.items()
            }  # fmt: skip
            team = records.create_in(
                unit, "core.team", Input({"name": "Ours", "lead": ids["boss"]})
            )
            moved = Input({"team": team.record.id})
            records.update_in(unit, "core.user", ids["ada"], moved, version=None)
    finally:
        store.close()


@pytest.fixture(scope="session")
def prepare_instance() -> Callable[[str], None]:
    """Return the function that installs the CRM in a database."""
    return prepare


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a SQLite instance, made once; tests work on copies."""
    home = tmp_path_factory.mktemp("prepared")
    settings = Settings(home=home)
    prepare(settings.url, Safe(settings.key_of_audit(), settings.audit_head))
    return home


def open_app(home: Path) -> Iterator[Flask]:
    """Open an application on a home that is prepared."""
    made = create_app(Settings(home=home, timezone="Asia/Shanghai", max_upload_mb=1))
    yield made
    runtime_of(made).store.close()


@pytest.fixture(scope="session")
def app(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return an application with the CRM and its demo data, for tests that only add to it."""
    home = tmp_path_factory.mktemp("shared") / "home"
    shutil.copytree(prepared_home, home)
    yield from open_app(home)


@pytest.fixture
def own_app(prepared_home: Path, tmp_path: Path) -> Iterator[Flask]:
    """Return an application of which this test may change everything."""
    home = tmp_path / "home"
    shutil.copytree(prepared_home, home)
    yield from open_app(home)


class Page:
    """An answer, read as a person reads it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.html = response.get_data().decode("utf-8", "replace")
        response.close()
        response.request.environ["wsgi.input"].close()  # a long body is a file
        self.soup = BeautifulSoup(self.html, "html.parser")

    def __contains__(self, text: str) -> bool:
        return text in unescape(self.html)

    def one(self, selector: str) -> Any:
        found = self.soup.select_one(selector)
        assert found is not None, f"{selector} is not on the page:\n{self.html[:3000]}"
        return found

    def texts(self, selector: str) -> list[str]:
        return [" ".join(each.get_text(" ").split()) for each in self.soup.select(selector)]

    def values(self, selector: str = "#record-form") -> dict[str, list[str]]:
        """Return what a browser would send for a form that nobody touched."""
        found: dict[str, list[str]] = {}
        for each in self.one(selector).select("input, select, textarea"):
            name = each.get("name")
            if not name or each.has_attr("disabled") or each.get("type") in {"file", "submit"}:
                continue
            if each.get("type") in {"checkbox", "radio"} and not each.has_attr("checked"):
                continue
            if each.name == "select":
                chosen = each.select_one("option[selected]") or each.select_one("option")
                found.setdefault(name, []).append(chosen.get("value", "") if chosen else "")
            elif each.name == "textarea":
                found.setdefault(name, []).append(each.get_text().removeprefix("\n"))
            else:
                found.setdefault(name, []).append(each.get("value", ""))
        return found


@dataclass
class Visitor:
    """Somebody at a browser without scripts."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, **options: Any) -> Page:
        return self._page(self.client.get(path, **options))

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Page:
        return self._page(
            self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **options)
        )

    def log_in(self, login: str, password: str = PASSWORD) -> Page:
        self.get("/log-in")
        page = self.post("/log-in", {"login": login, "password": password})
        if page.status == 303:
            self.get("/")
        return page

    def follow(self, page: Page) -> Page:
        assert page.status == 303, page.html[:3000]
        return self.get(page.response.headers["Location"])

    def _page(self, response: TestResponse) -> Page:
        page = Page(response)
        found = re.search(r'name="csrf-?_?token" (?:value|content)="([^"]+)"', page.html)
        if found:
            self.token = found[1]
        return page


def browser_of(app: Flask, login: str = "") -> Visitor:
    """Open a fresh browser, and log somebody in."""
    visitor = Visitor(app.test_client())
    if login:
        assert visitor.log_in(login).status == 303
    return visitor


@pytest.fixture
def open_browser() -> Callable[..., Visitor]:
    """Return the function that opens a fresh browser on an application."""
    return browser_of


@pytest.fixture
def visit(app: Flask) -> Callable[[str], Visitor]:
    """Return a function that opens a fresh browser and logs somebody in; "" for nobody."""
    return lambda login="": browser_of(app, login)


@pytest.fixture(scope="session")
def _cookies(app: Flask) -> dict[str, str]:
    return {
        login: browser_of(app, login).client.get_cookie("formwright").value
        for login in ("ada", "rep", "boss")
    }


@pytest.fixture
def known(app: Flask, _cookies: dict[str, str]) -> Callable[[str], Visitor]:
    """Return a function that opens a browser in which somebody has logged in before: that takes no time."""

    def open_browser(login: str) -> Visitor:
        visitor = Visitor(app.test_client())
        visitor.client.set_cookie("formwright", _cookies[login])
        visitor.get("/search")
        return visitor

    return open_browser


@pytest.fixture
def ada(known: Callable[[str], Visitor]) -> Visitor:
    """Return an administrator who is logged in."""
    return known("ada")


@pytest.fixture
def count_queries(app: Flask) -> Callable[[Callable[[], Any]], list[str]]:
    """Return a function that runs something and returns the statements it sent to the database."""

    def run(act: Callable[[], Any]) -> list[str]:
        sent: list[str] = []
        own = threading.get_ident()  # the audit log is sealed by a thread of its own

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if threading.get_ident() == own and not statement.startswith(
                ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")
            ):
                sent.append(statement)

        engine = runtime_of(app).store.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            act()
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return sent

    return run
