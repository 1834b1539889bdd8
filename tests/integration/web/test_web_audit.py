"""The audit log in the browser: what people do leaves an entry, administrators read it, nobody else does."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from formwright.engine.audit import Event
from formwright.factory import runtime_of
from formwright.ids import parse_id
from formwright.store.audit import EntryFilter
from formwright.store.database import sqlite_module

PAYLOAD = "=HYPERLINK(1)"


def entries(app: Any, **wanted: Any) -> list[Any]:
    with runtime_of(app).store.transaction(write=False) as tx:
        return list(tx.audit.stream(EntryFilter(**wanted)))


def last(app: Any, event: Event) -> Any:
    return entries(app, events=(event.value,))[-1]


def user_of(app: Any, login: str) -> int:
    with runtime_of(app).store.transaction(write=False) as tx:
        return tx.users.credential(login).user


def test_log_in_refusal_and_log_out_are_noted_with_who_and_from_where(own_app, open_browser):
    rep = user_of(own_app, "rep")
    visitor = open_browser(own_app)
    visitor.log_in("rep", "not the password")
    refused = last(own_app, Event.LOG_IN_FAILED)
    assert (refused.actor, refused.record, refused.address) == (None, rep, "127.0.0.1")
    visitor.log_in("somebody who is not there")
    assert last(own_app, Event.LOG_IN_FAILED).record is None
    visitor.log_in("rep")
    opened = last(own_app, Event.LOG_IN)
    assert (opened.actor, opened.record, opened.channel) == (rep, rep, "web")
    visitor.post("/log-out")
    assert last(own_app, Event.LOG_OUT).actor == rep
    # What was typed is not copied: people type passwords into the field for the name.
    assert "somebody who" not in str(entries(own_app))


def test_deleting_and_restoring_are_noted_in_their_own_transaction(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    path = ada.get("/views/crm.tasks").one("#results .title")["href"]
    number = parse_id(path.rsplit("/", 1)[1])
    ada.post(f"{path}/delete")
    noted = last(own_app, Event.RECORD_DELETED)
    assert (noted.entity, noted.record, noted.actor) == (
        "crm.task",
        number,
        user_of(own_app, "ada"),
    )
    ada.post(f"/trash/{noted.details['deletion']}/restore")
    assert last(own_app, Event.RECORD_RESTORED).record == number


def test_a_deletion_that_is_refused_leaves_no_entry(own_app, open_browser):
    before = entries(own_app, events=(Event.RECORD_DELETED.value,))
    path = open_browser(own_app, "ada").get("/views/crm.tasks").one("#results .title")["href"]
    other = path.replace("crm.task", "core.user")
    assert open_browser(own_app, "rep").post(f"{other}/delete").status in {403, 404}
    assert entries(own_app, events=(Event.RECORD_DELETED.value,)) == before


def test_a_password_and_a_deactivation_are_noted(own_app, open_browser):
    rep = open_browser(own_app, "rep")
    from_ = user_of(own_app, "rep")
    word = "another-battery-horse"
    rep.post("/password", {"old": "right-horse-battery", "new": word, "again": word})
    assert last(own_app, Event.PASSWORD_CHANGED).actor == from_
    ada = open_browser(own_app, "ada")
    path = next(
        row["href"] for row in ada.get("/views/core.users").soup.select("#results .title")
        if row.get_text(strip=True) == "Rep"
    )  # fmt: skip
    form = ada.get(f"{path}/edit").values()
    form["f-active"] = ["false"]
    assert ada.post(f"{path}/edit", form).status == 303
    noted = last(own_app, Event.USER_DEACTIVATED)
    assert (noted.record, noted.actor) == (from_, user_of(own_app, "ada"))


def test_only_an_administrator_reads_the_log(own_app, open_browser):
    for method, path in (
        ("get", "/audit"),
        ("post", "/audit/verify"),
        ("post", "/audit/export"),
    ):
        nobody = open_browser(own_app)
        nobody.get("/log-in")
        assert getattr(nobody, method)(path).status == 303
        rep = open_browser(own_app, "rep")
        assert getattr(rep, method)(path).status == 404
        ada = open_browser(own_app, "ada")
        assert getattr(ada, method)(path).status == 200
    assert "/audit" not in open_browser(own_app, "rep").get("/").html
    assert 'href="/audit"' in open_browser(own_app, "ada").get("/").html


def test_the_log_is_filtered_and_an_entry_opens_to_everything_about_it(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    open_browser(own_app).log_in("rep", "wrong")
    page = ada.get("/audit", query_string={"kind": "log_in_failed"})
    assert page.texts(".audit summary b") == ["Log-in refused"]
    assert "Rep" in page.one(".audit summary").get_text()
    assert "127.0.0.1" in page.texts(".audit dd")
    page = ada.get("/audit", query_string={"who": "ada"})
    assert set(page.texts(".audit summary .muted")) == {"Ada"}
    link = page.one(".audit dl + p a[href*=request]")["href"]
    assert len(ada.get(link).texts(".audit summary")) == 1
    everything = ada.get("/audit", query_string={"from": ""})
    assert "Definitions put in force" in everything.texts(".audit summary b")
    assert ada.get("/audit", query_string={"to": "2020-01-01"}).texts(".audit summary") == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("who", "nobody-of-that-name", "Nobody logs in as"),
        ("record", "17", "is no id of a record"),
        ("from", "yesterday", "is no day"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named_and_kept(ada, name, value, said):
    page = ada.get("/audit", query_string={name: value})
    assert said in page.one("[role=alert]").get_text()
    assert page.one(f".audit-filter [name={name}]")["value"] == value


def test_older_entries_follow_without_a_gap(own_app, open_browser):
    with runtime_of(own_app).store.transaction() as tx:
        for number in range(120):
            tx.audit.append("exported", actor=None, channel="cli", details={"records": number})
    ada = open_browser(own_app, "ada")
    path, seen = "/audit?kind=exported&from=", []
    while path:
        page = ada.get(path)
        seen += page.texts(".audit dd:last-child")
        link = page.soup.select_one("[rel=next]")
        path = link["href"] if link else ""
    assert seen == [str(number) for number in reversed(range(120))]


def test_the_button_verifies_and_names_what_somebody_changed_by_hand(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    assert "nothing was changed" in ada.post("/audit/verify").one("#verified").get_text()
    store = runtime_of(own_app).store
    with sqlite_module().connect(store.engine.url.database) as by_hand:
        by_hand.execute("DROP TRIGGER audit_update_guard")
        by_hand.execute("UPDATE audit SET address = '192.0.2.9' WHERE sequence = 2")
    by_hand.close()
    page = ada.post("/audit/verify")
    assert "Entry 2 was changed" in page.one("#findings").get_text()
    assert page.soup.select("#verified") == []


def test_the_export_is_safe_in_a_spreadsheet_and_is_noted(own_app, open_browser):
    with runtime_of(own_app).store.transaction() as tx:
        tx.audit.append("exported", actor=None, channel="web", address=PAYLOAD, request="+1+1")
    ada = open_browser(own_app, "ada")
    answer = ada.post("/audit/export", {"kind": "exported", "from": ""})
    assert answer.response.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.html.removeprefix("\ufeff"))))
    assert [(row["address"], row["request"]) for row in rows] == [("'" + PAYLOAD, "'+1+1")]
    noted = last(own_app, Event.AUDIT_EXPORTED)
    assert noted.actor == user_of(own_app, "ada")
    assert ada.post("/audit/export", {"who": "nobody-there"}).status == 422


def test_the_log_costs_eight_statements_at_most(ada, count_queries):
    ada.get("/audit")
    sent = count_queries(lambda: ada.get("/audit", query_string={"who": "ada"}))
    assert len(sent) <= 8, "\n".join(sent)


def test_the_page_is_there_in_chinese(known):
    ada = known("ada")
    ada.client.set_cookie("formwright_language", "zh-CN")
    page = ada.get("/audit")
    assert page.one("h1").get_text() == "审计日志"
    assert "登录" in page.texts(".audit summary b")
