"""What is taken away is gone with the very next request, whichever server process answers it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from formwright import paths
from formwright.engine import records
from formwright.engine.drafts import Input
from formwright.engine.runtime import Runtime
from formwright.ids import format_id
from formwright.plugins import manager
from formwright.store.store import Store
from integration.conftest import Shell
from rights.world import PEOPLE, Office
from rights.world import office as open_office

PROCESSES = 4


@dataclass
class Servers:
    """Four server processes on one database."""

    ports: list[int]
    office: Office

    def log_in(self, person: str) -> str:
        """Open a session; return its cookie."""
        user = self.office.people[person].id
        with self.office.runtime.store.transaction(write=True) as tx:
            token, _ = tx.users.open_session(user or 0, lifetime=timedelta(hours=1))
        return token

    def ask(self, cookie: str, path: str) -> list[int]:
        """Return what each process answers."""
        found = []
        for port in self.ports:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path, headers={"Cookie": f"formwright={cookie}"})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            found.append(answer.status)
        return found


@contextmanager
def serving(shell: Shell, folder: Path) -> Iterator[list[int]]:
    """Start the processes, all at once, and yield their ports."""
    running: list[subprocess.Popen[str]] = []
    with ExitStack() as stack:
        for number in range(PROCESSES):
            errors = stack.enter_context((folder / f"{number}.log").open("w"))
            process = subprocess.Popen(
                [sys.executable, "-m", "formwright", "serve", "--port", "0", "--workers", "1"],
                env=shell.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=errors, text=True, start_new_session=True,
            )  # fmt: skip
            stack.callback(end, process)
            running.append(process)
        yield [port_of(process) for process in running]


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    address = re.search(r"http://[\d.]+:(\d+)/", process.stdout.readline())
    assert address is not None, "it did not start"
    return int(address[1])


def end(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(scope="module")
def servers(installed_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    home = tmp_path_factory.mktemp("revocation")
    url = f"sqlite:///{home / 'formwright.db'}"
    shutil.copy(installed_sqlite, home / "formwright.db")
    with open_office(url) as seeded:
        pass
    shell = Shell(home, url)
    shell("init")
    store = Store.open(url)
    runtime = Runtime(store, manager.load([paths.tree("plugins")]))
    office = Office(runtime, seeded.clock, seeded.people, seeded.ids, seeded.tokens)
    try:
        with serving(shell, home) as ports:
            yield Servers(ports, office)
    finally:
        store.close()


def customer(office: Office, number: int) -> str:
    return f"/records/crm.customer/{format_id(office.ids['crm.customer'][number])}"


#: Takes something away; returns what gives it back.
Taking = Callable[[Office, str], Callable[[], None]]


def a_role(office: Office, _cookie: str) -> Callable[[], None]:
    user = office.people["rep"].id or 0

    def put(roles: tuple[str, ...]) -> None:
        with office.runtime.store.transaction(write=True) as tx:
            tx.users.set_roles(user, roles, by=None)

    put(())
    return lambda: put(PEOPLE["rep"])


def a_team(office: Office, _cookie: str) -> Callable[[], None]:
    user, team = office.people["rep"].id or 0, office.people["rep"].teams[0]

    def put(value: int | None) -> None:
        given = Input({"team": value}, confirmed=True)
        records.update(office.runtime, office.system, "core.user", user, given, version=None)

    put(None)
    return lambda: put(team)


def a_session(office: Office, cookie: str) -> Callable[[], None]:
    with office.runtime.store.transaction(write=True) as tx:
        opened = tx.users.session(cookie)
        assert opened is not None
        tx.users.revoke(opened.token_hash)
    return lambda: None


def a_share(office: Office, _cookie: str) -> Callable[[], None]:
    number, guest = office.ids["crm.customer"][1], office.people["guest"].id or 0
    with office.runtime.unit(office.system, write=True) as unit:
        assert unit.tx.shares.remove("crm.customer", number, "user", guest)

    def put() -> None:
        with office.runtime.unit(office.system, write=True) as unit:
            unit.tx.shares.put("crm.customer", number, "user", guest, "read", by=None)

    return put


def a_user(office: Office, _cookie: str) -> Callable[[], None]:
    user = office.people["rep"].id or 0

    def put(*, active: bool) -> None:
        given = Input({"active": active}, confirmed=True)
        records.update(office.runtime, office.system, "core.user", user, given, version=None)

    put(active=False)
    return lambda: put(active=True)


@pytest.mark.parametrize(
    ("taking", "person", "number", "denied"),
    [
        (a_role, "rep", 0, 404),
        (a_team, "boss", 0, 404),
        (a_session, "rep", 0, 303),
        (a_share, "guest", 1, 404),
        (a_user, "rep", 0, 303),
    ],
)
def test_what_is_taken_away_is_gone_with_the_next_request(
    servers: Servers, request, taking: Taking, person: str, number: int, denied: int
) -> None:
    trials = 50 if request.config.getoption("--full") else 4
    path, late = customer(servers.office, number), 0
    for _ in range(trials):
        cookie = servers.log_in(person)
        assert servers.ask(cookie, path) == [200] * PROCESSES, "it was open before"
        give_back = taking(servers.office, cookie)
        late += sum(status != denied for status in servers.ask(cookie, path))
        give_back()
    assert late == 0, f"{late} late of {trials * PROCESSES}"
