"""The plug is pulled: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sqlalchemy import Engine, func, select

from formwright.store import tables
from formwright.store.database import make_engine

PASSWORD = "right-horse-battery"  # noqa: S105 -- of people who exist in tests only
SAVERS = 30


# ---- an import


def customers(path: Path, rows: int) -> Path:
    lines = ["name,phone,email"]
    lines += [f"客户{n},{13900000000 + n},c{n}@example.com" for n in range(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def start(shell, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "formwright", *map(str, arguments)],
        env=shell.environment(),
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        **options,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """Take away the process and everything it has started, without a word."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def wait_until(condition: Any, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def batches(engine: Engine) -> list[Mapping[str, Any]]:
    with engine.connect() as connection:
        column = tables.import_batch.c
        return list(connection.scalars(select(column.summary).order_by(column.number)))


def test_an_import_killed_in_the_middle_is_whole_up_to_its_last_batch_and_goes_on(
    shell_of_each, tmp_path: Path
) -> None:
    path = customers(tmp_path / "customers.csv", 1_500)
    engine = make_engine(shell_of_each.url)
    process = start(shell_of_each, "import", "customer", path, "--batch", 50)
    wait_until(lambda: len(batches(engine)) >= 3 or process.poll() is not None)
    kill(process)
    done = batches(engine)
    assert 3 <= len(done) < 30, "it was killed too late to prove anything"
    assert count_of(engine, "crm.customer") == done[-1]["counts"]["created"] == 50 * len(done)
    nothing_is_half_there(engine)
    report = shell_of_each.json("import", "customer", path)
    assert report["resumed"]
    assert report["counts"]["created"] == 1_500
    assert count_of(engine, "crm.customer") == 1_500
    nothing_is_half_there(engine)
    engine.dispose()


# ---- saves


class Browser:
    """As much of a browser as it takes to log in and to send forms."""

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, form: list[tuple[str, str]] | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection(*self._place, timeout=30)
        body = urllib.parse.urlencode(form) if form is not None else None
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://{self._place[0]}:{self._place[1]}",
            }
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        for value in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = value.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return answer.status, text

    def log_in(self) -> None:
        fields = self.fields("/log-in")
        fields |= {"login": "admin", "password": PASSWORD}
        status, text = self.ask("POST", "/log-in", list(fields.items()))
        assert status == 303, text

    def fields(self, path: str) -> dict[str, str]:
        """Return the names and values of the form that is sent to ``path``."""
        status, text = self.ask("GET", path)
        assert status == 200, text
        [form] = BeautifulSoup(text, "html.parser").find_all("form", action=path)
        found = form.find_all(["input", "textarea"])
        return {each["name"]: each.get("value") or "" for each in found if each.get("name")}

    def save(self, entity: str, values: Mapping[str, str], more: list[tuple[str, str]]) -> int:
        path = f"/records/{entity}/new"
        fields = {name: value for name, value in self.fields(path).items() if "lines" not in name}
        fields |= {f"f-{key}": value for key, value in values.items()}
        return self.ask("POST", path, [*fields.items(), *more])[0]


@contextlib.contextmanager
def serving(shell, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    log = (tmp_path / "server.log").open("w")
    process = start(
        shell, "serve", "--port", "0", "--workers", "2", stdout=subprocess.PIPE, stderr=log
    )
    try:
        assert process.stdout is not None
        address = re.search(r"http://([\d.]+):(\d+)/", process.stdout.readline())
        assert address is not None, (tmp_path / "server.log").read_text()
        yield process, address[1], int(address[2])
    finally:
        kill(process)
        log.close()


def lines_of(product: str) -> list[tuple[str, str]]:
    sent = []
    for number in (1, 2, 3):
        sent.append(("f-lines", f"new{number}"))
        for key, value in {"product": product, "qty": str(number), "price": "10"}.items():
            sent.append((f"f-lines-new{number}-{key}", value))
    return sent


def test_saves_killed_in_the_middle_lose_nothing_that_was_acknowledged(
    shell_of_each, tmp_path: Path
) -> None:
    shell = shell_of_each
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD)
    shell("user", "passwd", "admin", "--password-file", secret)
    shell("import", "customer", customers(tmp_path / "a.csv", 1))
    product = tmp_path / "p.csv"
    product.write_text("code,name,list_price\nP1,Pump,10\n")
    shell("import", "product", product)
    customer_id, product_id = (id_of(shell, entity) for entity in ("customer", "product"))
    acknowledged: list[tuple[str, str]] = []
    failures: list[BaseException] = []
    over, door = threading.Event(), threading.Lock()

    def save_on(number: int, host: str, port: int) -> None:
        browser = Browser(host, port)
        try:
            with door:  # thirty at once from one address would be guessing
                browser.log_in()
            for turn in range(1_000):
                mark = f"{number}-{turn}"
                if over.is_set():
                    return
                if number % 2:
                    values = {"name": mark, "phone": f"{13700000000 + number * 1_000 + turn}"}
                    status = browser.save("crm.customer", values, [])
                    kept = "crm.customer", mark
                else:
                    status = browser.save(
                        "crm.order", {"customer": customer_id, "remark": mark}, lines_of(product_id)
                    )
                    kept = "crm.order", mark
                assert status == 303
                acknowledged.append(kept)
        except (OSError, http.client.HTTPException):
            if not over.is_set():
                failures.append(sys.exception())  # type: ignore[arg-type]
        except AssertionError as error:
            failures.append(error)

    with serving(shell, tmp_path) as (process, host, port):
        savers = [
            threading.Thread(target=save_on, args=(number, host, port)) for number in range(SAVERS)
        ]
        for saver in savers:
            saver.start()
        wait_until(lambda: len(acknowledged) >= 60 or failures)
        over.set()
        kill(process)
        for saver in savers:
            saver.join()
    assert failures == []
    engine = make_engine(shell.url)
    nothing_is_half_there(engine)
    there = {("crm.customer", name) for name in values_of(shell, "customer", "name")}
    there |= {("crm.order", remark) for remark in values_of(shell, "order", "remark")}
    assert set(acknowledged) - there == set()
    assert count_of(engine, "crm.order_line") == 3 * count_of(engine, "crm.order")
    engine.dispose()


def id_of(shell, entity: str) -> str:
    return str(values_of(shell, entity, "id")[0])


def values_of(shell, entity: str, key: str) -> list[Any]:
    said = shell("export", entity, "--format", "jsonl", "--fields", key)
    return [json.loads(line).get(key) for line in said.splitlines()]


# ---- what must hold whenever the plug is pulled


def entity_ids(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return dict(
            map(tuple, connection.execute(select(tables.entity.c.name, tables.entity.c.id)))
        )


def count_of(engine: Engine, entity: str) -> int:
    record = tables.record.c
    with engine.connect() as connection:
        return connection.execute(
            select(func.count()).where(record.entity_id == entity_ids(engine)[entity])
        ).scalar_one()


def nothing_is_half_there(engine: Engine) -> None:
    """Each record has one entry of its making, holds its unique values and no others, and has its parent."""
    record, history, unique = tables.record.c, tables.history.c, tables.unique_value.c
    names = entity_ids(engine)
    with engine.connect() as connection:
        records = {
            (entity, number): (version, parent)
            for entity, number, version, parent in connection.execute(
                select(record.entity_id, record.id, record.version, record.parent_id)
            )
        }
        made = Counter(
            (entity, number)
            for entity, number in connection.execute(
                select(history.entity_id, history.record_id).where(history.operation == "create")
            )
        )
        entries = Counter(
            (entity, number)
            for entity, number in connection.execute(select(history.entity_id, history.record_id))
        )
        holders = {
            (entity, number)
            for entity, number in connection.execute(select(unique.entity_id, unique.record_id))
        }
        column = connection.execute(
            select(tables.slot.c.column).where(
                tables.slot.c.entity_id == names["crm.customer"], tables.slot.c.attribute == "phone"
            )
        ).scalar_one()
        phones = connection.execute(
            select(record.id).where(
                record.entity_id == names["crm.customer"], record[column].is_not(None)
            )
        ).all()
        claimed = connection.execute(
            select(func.count()).where(
                unique.entity_id == names["crm.customer"], unique.constraint == "phone"
            )
        ).scalar_one()
    with_history = {key for key in records if key in made}
    assert with_history == set(made), "history of records that are not there"
    assert all(made[key] == 1 for key in with_history)
    assert all(entries[key] == records[key][0] for key in with_history), (
        "a version without its entry"
    )
    assert holders <= set(records), "unique values held by nobody"
    assert claimed == len(phones), "a phone that is not held, or held twice"
    numbers = {number for _entity, number in records}
    assert all(parent is None or parent in numbers for _version, parent in records.values())
    imported = {key for key in records if key[0] in {names["crm.customer"], names["crm.order"]}}
    assert imported <= set(made), "a record without history"
