"""A server with the CRM on SQLite, and people at browsers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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


def prepare(settings: Settings, *shipped: str) -> None:
    """Install shipped packages with their demo data, and an administrator."""
    store = Store.open(settings.url)
    schema.upgrade(store.engine)
    runtime = Runtime(store, manager.load())
    try:
        for package in shipped:
            packages.install(runtime, packages.installer(runtime.catalog), package, demo=True)
        with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
            for login, role in {
                "ada": "core.admin",
                "boss": "core.admin",
                "rep": "crm.sales_rep",
            }.items():
                if role.split(".")[0] not in shipped:
                    continue
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


@contextmanager
def serving(settings: Settings, port: int = 0) -> Iterator[str]:
    """Serve an instance, on any free port for 0; yield the address."""
    app = create_app(settings)
    listening = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()
    runtime_of(app).store.close()


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
    prepare(settings, "core", "crm")
    with serving(settings, port) as address:
        yield address


@dataclass(frozen=True)
class Workshop:
    """A server that has no package of its own yet, and the command line beside it."""

    address: str
    home: Path

    def formwright(self, *arguments: object) -> str:
        """Run a command in a process of its own while the server goes on; return what it wrote."""
        kept = {key: value for key, value in os.environ.items() if "FORMWRIGHT_" not in key}
        done = subprocess.run(
            [sys.executable, "-m", "formwright", *map(str, arguments)],
            env={**kept, "FORMWRIGHT_HOME": str(self.home), "LANG": "C.UTF-8"},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def opened(home: Path) -> Iterator[Workshop]:
    """Serve an instance with nothing but people in it."""
    settings = Settings(home=home, timezone="Asia/Shanghai")
    prepare(settings, "core")
    with serving(settings) as address:
        yield Workshop(address, settings.home)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Serve an instance that tests put packages of their own into."""
    with opened(tmp_path_factory.mktemp("workshop")) as found:
        yield found


@pytest.fixture
def own_workshop(browser: Browser, tmp_path: Path) -> Iterator[tuple[Workshop, Desk]]:
    """Return an instance that no other test has touched, and its administrator at a browser."""
    with opened(tmp_path) as found:
        states = log_in(browser, found.address, "ada")
        with desks_at(browser, found.address, states) as sit:
            yield found, sit()


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
    return log_in(browser, server, "ada", "boss", "rep")


def log_in(browser: Browser, server: str, *logins: str) -> dict[str, Any]:
    """Log everybody in once; a log-in takes a moment, on purpose."""
    found = {}
    for login in logins:
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
    with desks_at(browser, server, _states) as sit:
        yield sit


@pytest.fixture(scope="session")
def _workshop_states(browser: Browser, workshop: Workshop) -> dict[str, Any]:
    return log_in(browser, workshop.address, "ada")


@pytest.fixture
def workbench(
    browser: Browser, workshop: Workshop, _workshop_states: dict[str, Any]
) -> Iterator[Callable[..., Desk]]:
    """Return what ``desk`` does, in the workshop."""
    with desks_at(browser, workshop.address, _workshop_states) as sit:
        yield sit


@contextmanager
def desks_at(
    browser: Browser, server: str, states: dict[str, Any]
) -> Iterator[Callable[..., Desk]]:
    """Yield a function that sits somebody down at a server; what their browsers complain about fails the test."""
    contexts: list[BrowserContext] = []
    seated: list[Desk] = []

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
            storage_state=states[login] if login else None,
        )
        context.set_default_timeout(10_000)
        cookies = {"formwright_language": language, "formwright_theme": theme}
        context.add_cookies(
            [{"name": name, "value": value, "url": server} for name, value in cookies.items()]
        )
        contexts.append(context)
        found = Desk(context.new_page(), server)
        watch(found)
        seated.append(found)
        return found

    yield sit
    for each in seated:
        assert each.unexpected() == []
    for context in contexts:
        context.close()


@pytest.fixture
def judge(axe_source: str) -> Callable[[Page], list[str]]:
    """Return a function that has axe look at a page, and says what it found."""

    def findings(page: Page) -> dict[tuple[str, str], str]:
        return {
            (each["id"], node["html"]): f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for each in page.evaluate(JUDGE, RULES)
            for node in each["nodes"]
        }  # fmt: skip

    def look(page: Page) -> list[str]:
        page.evaluate(axe_source)
        found = findings(page)
        if any(rule == "target-size" for rule, _ in found):
            # The bar at the foot of a phone lies over half of a control that the next scroll moves: ask there again.
            page.evaluate("scrollBy(0, 150)")
            again = findings(page)
            found = {key: text for key, text in found.items() if key in again}
        return list(found.values())

    return look


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Return a function that keeps a picture of a page for people to look at."""

    def keep(page: Page, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png")

    return keep
