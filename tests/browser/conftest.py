"""A server with the CRM on SQLite, and people at browsers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from formwright.engine import accounts, packages
from formwright.engine.runtime import Runtime
from formwright.factory import create_app, runtime_of
from formwright.plugins import manager
from formwright.settings import Settings
from formwright.store import schema
from formwright.store.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PASSWORD = "right-horse-battery"  # noqa: S105 -- of people who exist in tests only
#: Screenshots for people to look at; the folder is not part of the repository.
SHOTS = Path(__file__).parents[2] / "test-results" / "screens"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
JUDGE = "async (rules) => (await axe.run(document, {runOnly: rules})).violations"


def prepare(settings: Settings) -> None:
    """Install the CRM with its demo data, and an administrator."""
    store = Store.open(settings.url)
    schema.upgrade(store.engine)
    runtime = Runtime(store, manager.load())
    try:
        for package in ("core", "crm"):
            packages.install(runtime, packages.installer(runtime.catalog), package, demo=True)
        with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
            for login, role in {
                "ada": "core.admin",
                "boss": "core.admin",
                "rep": "crm.sales_rep",
            }.items():
                accounts.add_account(
                    unit,
                    login=login,
                    name=login.title(),
                    password=PASSWORD,
                    roles=[role],
                    language="en",
                )
    finally:
        store.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the CRM as long as the browser tests run; return the address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Links and passkeys are made for a name: a browser makes none for an address of numbers.
    settings = Settings(
        home=tmp_path_factory.mktemp("served"),
        timezone="Asia/Shanghai",
        base_url=f"http://localhost:{port}",
    )
    prepare(settings)
    app = create_app(settings)
    serving = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()
    runtime_of(app).store.close()


@dataclass
class Desk:
    """Somebody at a browser; what the browser complains about is kept, and must be nothing."""

    page: Page
    server: str
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def open(self, path: str) -> Page:
        self.page.goto(self.server + path)
        return self.page

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(part in text for part in self.expected)]


def watch(desk: Desk) -> None:
    """Keep every error of scripts, of the console, and of the content security policy."""
    desk.page.on("pageerror", lambda error: desk.complaints.append(f"error: {error}"))
    desk.page.on(
        "console",
        lambda message: (
            desk.complaints.append(f"{message.type}: {message.text}")
            if message.type in {"error", "warning"}
            else None
        ),
    )


@pytest.fixture(scope="session")
def _states(browser: Browser, server: str) -> dict[str, Any]:
    """Log everybody in once; a log-in takes a moment, on purpose."""
    found = {}
    for login in ("ada", "boss", "rep"):
        context = browser.new_context()
        page = context.new_page()
        page.goto(server + "/log-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        page.wait_for_url(server + "/")
        found[login] = context.storage_state()
        context.close()
    return found


@pytest.fixture
def desk(browser: Browser, server: str, _states: dict[str, Any]) -> Iterator[Callable[..., Desk]]:
    """Return a function that sits somebody down at a fresh browser, logged in unless ``login`` is ""."""
    contexts: list[BrowserContext] = []
    desks: list[Desk] = []

    def sit(
        login: str = "ada",
        *,
        language: str = "en",
        theme: str = "light",
        size: tuple[int, int] = (1280, 800),
        scripts: bool = True,
    ) -> Desk:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="en-GB" if language == "en" else "zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=scripts,
            has_touch=size[0] < 600,
            device_scale_factor=2 if size[0] < 600 else 1,
            storage_state=_states[login] if login else None,
        )
        context.set_default_timeout(10_000)
        cookies = {"formwright_language": language, "formwright_theme": theme}
        context.add_cookies(
            [{"name": name, "value": value, "url": server} for name, value in cookies.items()]
        )
        contexts.append(context)
        found = Desk(context.new_page(), server)
        watch(found)
        desks.append(found)
        return found

    yield sit
    for each in desks:
        assert each.unexpected() == []
    for context in contexts:
        context.close()


@pytest.fixture
def judge(axe_source: str) -> Callable[[Page], list[str]]:
    """Return a function that has axe look at a page, and says what it found."""

    def look(page: Page) -> list[str]:
        page.evaluate(axe_source)
        found = page.evaluate(JUDGE, RULES)
        return [
            f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for each in found
            for node in each["nodes"][:3]
        ]

    return look


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Return a function that keeps a picture of a page for people to look at."""

    def keep(page: Page, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png")

    return keep
