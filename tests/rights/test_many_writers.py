"""Many people write the same records at once, through forms and imports: nothing that was accepted is lost."""

from __future__ import annotations

import re
import shutil
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from formwright.engine.imports import running
from formwright.engine.imports.job import ImportOptions
from formwright.engine.imports.merging import Mode
from formwright.factory import create_app, runtime_of
from formwright.ids import format_id
from formwright.settings import Settings
from rights.world import Office, stored
from rights.world import office as open_office

ENTITY = "desk.client"


def filled(html: str) -> dict[str, list[str]]:
    """Return what a browser would send for the form of a record that nobody has touched."""
    found: dict[str, list[str]] = {}
    for each in BeautifulSoup(html, "html.parser").select(
        "#record-form input, #record-form select, #record-form textarea"
    ):
        name = each.get("name")
        if not name or each.has_attr("disabled") or each.get("type") in {"file", "submit"}:
            continue
        if each.get("type") in {"checkbox", "radio"} and not each.has_attr("checked"):
            continue
        if each.name == "select":
            value = [o.get("value", "") for o in each.select("option[selected]")]
        else:
            value = [each.get_text() if each.name == "textarea" else each.get("value", "")]
        found.setdefault(name, []).extend(value)
    return found


def add_one(client: FlaskClient, number: int, meet: threading.Barrier | None) -> int:
    """Read a form, wait until all have read it, add one to what it says and send it; return the answer."""
    path = f"/records/{ENTITY}/{format_id(number)}/edit"
    html = client.get(path).get_data(as_text=True)
    form = filled(html)
    token = re.search(r'name="csrf-?_?token" (?:value|content)="([^"]+)"', html)
    assert token is not None
    credit = int(re.sub(r"\D", "", form["f-credit"][0]))
    if meet is not None:
        meet.wait(timeout=120)
    sent = {**form, "csrf_token": token[1], "f-credit": str(credit + 1)}
    return client.post(path, data=sent).status_code


@pytest.mark.parametrize(
    ("clients", "count"), [(8, 3), pytest.param(50, 20, marks=pytest.mark.slow)]
)
def test_nothing_that_was_accepted_is_lost(
    installed_sqlite: Path, tmp_path: Path, clients: int, count: int
) -> None:
    url = f"sqlite:///{tmp_path / 'formwright.db'}"
    shutil.copy(installed_sqlite, tmp_path / "formwright.db")
    with open_office(url) as seeded:
        pass
    app = create_app(Settings(home=tmp_path, database_url=url, timezone="Asia/Shanghai"))
    runtime = runtime_of(app)
    office = Office(runtime, seeded.clock, seeded.people, seeded.ids, seeded.tokens)
    admin = office.people["admin"]
    with runtime.unit(office.system, write=True) as unit:
        for number in range(len(office.ids[ENTITY]), count):
            values = {"name": f"More {number}", "credit": 100}
            office.ids[ENTITY].append(
                unit.tx.records.insert(ENTITY, values, by=None, channel="data").id
            )
    numbers = office.ids[ENTITY][:count]
    before = office.world().records[ENTITY]
    answers: dict[int, Counter[int]] = {number: Counter() for number in numbers}
    imported: list[int] = []
    failures: list[BaseException] = []
    meet = threading.Barrier(clients)

    def write() -> None:
        try:
            client = app.test_client()
            with runtime.store.transaction(write=True) as tx:
                token, _ = tx.users.open_session(admin.id or 0, lifetime=timedelta(hours=1))
            client.set_cookie("formwright", token)
            for number in numbers:
                said = add_one(client, number, meet)
                answers[number][said] += 1
                if said == 409:  # as people do: read again what is there now, once
                    answers[number][add_one(client, number, None)] += 1
        except BaseException as error:  # noqa: BLE001 -- told by the test's own thread
            failures.append(error)
            meet.abort()

    def bring_in() -> None:
        try:
            for turn in range(5):
                path = tmp_path / f"names-{turn}.csv"
                rows = "".join(f"{format_id(n)},Imported {turn} {n}\n" for n in numbers)
                path.write_text(f"id,name\n{rows}", "utf-8")
                options = ImportOptions(match_on=("id",), mode=Mode.UPDATE)
                imported.append(running.run(runtime, admin, ENTITY, path, options).counts.updated)
        except BaseException as error:  # noqa: BLE001 -- told by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(clients)]
    threads.append(threading.Thread(target=bring_in))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with runtime.unit(office.system) as unit:
        after = {record.id: record for record in stored(unit, ENTITY)}
    assert imported == [count] * 5
    for number in numbers:
        accepted, conflicts = answers[number][303], answers[number][409]
        assert accepted + conflicts == answers[number].total() >= clients, answers[number]
        assert conflicts, "they all met at the form"
        assert after[number].values["credit"] == before[number]["credit"] + accepted, (
            "a lost update"
        )
        assert after[number].version == before[number]["version"] + accepted + 5
        assert after[number].values["name"] == f"Imported 4 {number}"
    assert sum(each[303] for each in answers.values()) >= count
    runtime.store.close()
