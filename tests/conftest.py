"""Plumbing of the whole suite: services that may be missing, databases, the browser, and no network.

PostgreSQL and a Chromium are optional on a developer's machine. Tests that need one carry the mark ``postgres`` or
``browser``; without the service they are left out, counted, and named at the end of the run. With CI=true a missing
service fails the run at its start instead, so that a green build always means the whole suite.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.engine import URL, make_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

POSTGRES_CANDIDATES = (
    "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    "postgresql+psycopg://postgres@/postgres?host=/var/run/postgresql",
)
BROWSER_CANDIDATES = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
BROWSER_ARGUMENTS = (
    "--no-sandbox",  # containers and root have none to offer; the browser sees our own pages only
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# No deadline: a busy machine is no defect. The full run looks ten times as far.
hypothesis_settings.register_profile("default", deadline=None)
hypothesis_settings.register_profile(
    "full", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Service:
    """Something outside Python that a part of the suite needs."""

    mark: str
    title: str
    variable: str
    install: str


SERVICES = (
    Service(
        "postgres",
        "PostgreSQL",
        "FORMWRIGHT_TEST_POSTGRES_URL",
        "apt-get install postgresql, start it, and let the role postgres in from 127.0.0.1 "
        "or set FORMWRIGHT_TEST_POSTGRES_URL",
    ),
    Service(
        "browser",
        "browser",
        "FORMWRIGHT_TEST_BROWSER",
        "apt-get install chromium fonts-wqy-zenhei, or set FORMWRIGHT_TEST_BROWSER to a Chromium",
    ),
)
FOUND = pytest.StashKey[dict[str, str | None]]()
LEFT_OUT = pytest.StashKey[Counter[str]]()


# --- which services are there


def find_postgres() -> str | None:
    """Return the URL of a server that lets us in, or None."""
    wanted = os.environ.get("FORMWRIGHT_TEST_POSTGRES_URL")
    for text in [wanted] if wanted else POSTGRES_CANDIDATES:
        try:
            connect(make_url(text), connect_timeout=3).close()
        except psycopg.OperationalError:
            continue
        return text
    return None


def find_browser() -> str | None:
    """Return the path of a Chromium, or None."""
    wanted = os.environ.get("FORMWRIGHT_TEST_BROWSER")
    paths = map(shutil.which, [wanted] if wanted else BROWSER_CANDIDATES)
    return next((path for path in paths if path), None)


def connect(url: URL, **options: Any) -> psycopg.Connection:
    """Open a connection outside any transaction, as CREATE DATABASE wants it."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, **options)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        help="run the slow tests too, and ten times the generated examples",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = Counter()
    hypothesis_settings.load_profile("full" if config.getoption("--full") else "default")
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[FOUND] = worker["formwright_services"]
        return
    found = {"postgres": find_postgres(), "browser": find_browser()}
    config.stash[FOUND] = found
    missing = [service for service in SERVICES if found[service.mark] is None]
    if missing and os.environ.get("CI", "").lower() == "true":
        lines = [f"{service.title} is missing: {service.install}" for service in missing]
        raise pytest.UsageError("with CI=true nothing is left out\n" + "\n".join(lines))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker what the controller found: asking once keeps all workers of one opinion."""
    node.workerinput["formwright_services"] = node.config.stash[FOUND]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here; last of all, so that only tests asked for are counted."""
    kept, left = [], []
    for item in items:
        reason = reason_to_leave_out(config, item)
        if reason is None:
            kept.append(item)
        else:
            left.append(item)
            config.stash[LEFT_OUT][reason] += 1
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def reason_to_leave_out(config: pytest.Config, item: pytest.Item) -> str | None:
    fixtures = getattr(item, "fixturenames", ())
    for service, fixture in (("postgres", "postgres_database"), ("browser", "browser")):
        if fixture in fixtures:
            item.add_marker(service)
        if item.get_closest_marker(service) and config.stash[FOUND][service] is None:
            return service
    if item.get_closest_marker("slow") and not config.getoption("--full"):
        return "slow"
    return None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["formwright_left_out"] = dict(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the counts of a worker. Each collects the whole suite, so that they are equal, not parts."""
    counts = getattr(node, "workeroutput", {}).get("formwright_left_out", {})
    for reason, count in counts.items():
        total = node.config.stash[LEFT_OUT]
        total[reason] = max(total[reason], count)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    counts = config.stash[LEFT_OUT]
    for service in SERVICES:
        if counts[service.mark]:
            terminalreporter.write_line(
                f"left out: {counts[service.mark]} {service.title} tests; add them with: {service.install}",
                yellow=True,
            )
    if counts["slow"]:
        terminalreporter.write_line(f"for make test-full: {counts['slow']} slow tests")


# --- no network


class NetworkRefused(Exception):
    """A test tried to leave this machine."""


def is_local(address: Any) -> bool:
    """Tell whether ``address``, as a socket takes it, stays on this machine."""
    if not isinstance(address, tuple):
        return True  # the path of a unix socket
    host = str(address[0]).partition("%")[0]
    return host in {"", "localhost"} or (
        is_literal(host) and ipaddress.ip_address(host).is_loopback
    )


def is_literal(host: str) -> bool:
    """Tell whether ``host`` is an address already, so that looking it up asks nobody."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse every connection and every look-up of a name beyond this machine."""

    def refuse_remote(address: Any) -> None:
        if not is_local(address):
            raise NetworkRefused(f"tests stay on this machine; this one wants {address!r}")

    # On the class itself, so that it also holds for sockets of TLS, which derive from it.
    connect, connect_ex, send_to = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.socket.sendto,
    )
    look_up = socket.getaddrinfo

    def local_connect(self: socket.socket, address: Any) -> None:
        if not is_local(address):
            self.close()  # else the caller, who expects OSError alone, leaves it open
        refuse_remote(address)
        connect(self, address)

    def local_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_remote(address)
        return connect_ex(self, address)

    def local_send_to(self: socket.socket, data: Any, *rest: Any) -> int:
        refuse_remote(rest[-1])
        return send_to(self, data, *rest)

    def local_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not is_literal(name):
            refuse_remote((name, 0))
        return look_up(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", local_connect)
        patch.setattr(socket.socket, "connect_ex", local_connect_ex)
        patch.setattr(socket.socket, "sendto", local_send_to)
        patch.setattr(socket, "getaddrinfo", local_look_up)
        yield


# --- databases


@pytest.fixture(scope="session")
def postgres_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the SQLAlchemy URL of a database that only this worker uses, dropped at the end."""
    found = request.config.stash[FOUND]["postgres"]
    assert found is not None, "a test that wants PostgreSQL carries the mark postgres"
    server = make_url(found)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"fw_test_{worker}_{os.getpid()}"
    # template0: any number of workers may copy it at once, and it has the encoding asked for.
    with closing(connect(server)) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")  # type: ignore[arg-type]
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")  # type: ignore[arg-type]
    yield server.set(database=name).render_as_string(hide_password=False)
    with closing(connect(server)) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.fixture
def empty_postgres(postgres_database: str) -> str:
    """Return the URL of this worker's PostgreSQL database, emptied."""
    with closing(connect(make_url(postgres_database))) as connection:
        # A connection that an earlier test left open could hold a lock; the wait for it would never end.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'formwright.db'}"
    # By name, so that the SQLite half asks for no server.
    url: str = request.getfixturevalue("empty_postgres")
    return url


# --- the browser


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Start the system's Chromium once for all browser tests of a worker."""
    # Here and not above: it takes half a second that the other tests need not pay.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    path = request.config.stash[FOUND]["browser"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a fresh page with storage of its own; an uncaught error in one of our scripts fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC"
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == [], "uncaught errors in the page's scripts"


@pytest.fixture(scope="session")
def axe_source() -> str:
    """Return the source of axe-core, which judges accessibility; run it with ``page.evaluate``."""
    return (Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js").read_text(
        encoding="utf-8"
    )
