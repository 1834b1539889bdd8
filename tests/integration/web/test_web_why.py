"""Why a button is off, why somebody sees something or not, and looking through somebody else's eyes."""

from __future__ import annotations

import pytest

from formwright.definitions.model import Action
from formwright.engine import packages, records
from formwright.engine.drafts import Accepted, Input, Typed
from formwright.factory import runtime_of
from formwright.ids import format_id, new_id
from formwright.store.audit import EntryFilter
from formwright.web import access


def ids_of(app, entity, **values):
    """Return the ids of the records with some values, as they stand in addresses."""
    with runtime_of(app).unit(packages.installer(runtime_of(app).catalog)) as unit:
        from formwright.engine.gate import Query  # noqa: PLC0415

        found = unit.gate.read(Query(entity, limit=200)).records
        return [
            format_id(each.id)
            for each in found
            if all(each.values[key] == value for key, value in values.items())
        ]


def person(app, login):
    return ids_of(app, "core.user", login=login)[0]


@pytest.fixture
def foreign(app):
    """A customer that the rep does not own."""
    return ids_of(app, "crm.customer")[0]


def ask(visitor, **asked):
    return visitor.get("/explain?" + "&".join(f"{key}={value}" for key, value in asked.items()))


def test_the_page_says_why_a_rep_does_not_see_a_customer(app, ada, foreign):
    page = ask(ada, person=person(app, "rep"), action="read", entity="crm.customer", record=foreign)
    assert page.status == 200
    verdict = page.texts(".verdict h2")[0]
    assert verdict.startswith("Rep may not see Customer “")
    assert any(
        "crm.rep_customers does not reach it: only where Owner is Rep." in text
        for text in page.texts(".verdict li")
    )
    assert any("Owner here: " in text for text in page.texts(".verdict li"))
    assert "does not hold: only where Owner is Rep" in page.texts(".tree .tree li")[0]
    assert page.one("#person")["value"] == "Rep"
    assert page.one("#entity option[selected]")["value"] == "crm.customer"


def test_the_page_speaks_chinese(app, known, foreign):
    ada = known("ada")
    ada.client.set_cookie("formwright_language", "zh-CN")
    page = ask(ada, person=person(app, "rep"), action="read", entity="crm.customer", record=foreign)
    assert page.texts(".verdict h2")[0].startswith("Rep 不能查看 客户“")
    assert any("仅限 负责人 为 Rep" in text for text in page.texts(".verdict li"))


def test_without_scripts_a_record_is_named_by_typing(app, ada, foreign):
    with runtime_of(app).unit(packages.installer(runtime_of(app).catalog)) as unit:
        code = unit.gate.find(Action.READ, "crm.customer", int_of(foreign)).values["code"]
    page = ada.get(f"/explain?person~text=rep&action=read&entity=crm.customer&record~text={code}")
    assert page.one("input[name=record]")["value"] == foreign
    assert page.texts(".verdict h2")[0].startswith("Rep may not see")
    page = ada.get("/explain?person~text=nobody-like-this&action=read&entity=crm.customer")
    assert page.texts("#person-wrong") == ["No record is called “nobody-like-this”."]
    assert page.soup.select(".verdict") == []
    page = ada.get("/explain?person~text=rep&action=read&entity=crm.customer&record~text=a")
    assert len(page.soup.select("#record option")) > 2, "several fit: one is chosen from a list"


def int_of(text):
    from formwright.ids import parse_id  # noqa: PLC0415

    return parse_id(text)


def test_others_ask_about_themselves_alone_and_learn_of_nothing_hidden(app, known, foreign):
    rep = known("rep")
    about_ada = ask(rep, person=person(app, "ada"), action="read", entity="crm.customer")
    assert about_ada.texts(".verdict h2") == [
        "Rep may see Customer in some cases; it depends on the record."
    ]
    assert about_ada.soup.select("#person") == []
    told = [
        ask(rep, action="read", entity="crm.customer", record=number).texts("#answer")
        for number in (foreign, format_id(new_id()))
    ]
    assert told[0] == told[1] == ["There is no such record, or you may not see it."]
    for path in (f"/explain/who?entity=crm.customer&record={foreign}",):
        assert rep.get(path).status == 403
    assert rep.post("/seeing-as", {"person": person(app, "boss")}).status == 403


def test_the_typeahead_of_people_and_records_keeps_to_what_is_seen(known, ada, foreign):
    title = ada.get(f"/records/crm.customer/{foreign}").texts("h1")[0]
    assert title in ada.post("/explain/pick/crm.customer", {"_q": title})
    assert title not in known("rep").post("/explain/pick/crm.customer", {"_q": title})
    assert known("rep").post("/explain/pick/nothing", {"_q": "a"}).status == 404
    assert "Rep" in ada.post("/explain/pick/core.user", {"_q": "rep"})


def owned_by(app, login):
    """Return the id of a new customer of a person's."""
    runtime = runtime_of(app)
    with runtime.unit(packages.installer(runtime.catalog)) as unit:
        owner = runtime.actor(unit.tx, int_of(person(app, login)))
    given = Input({"name": Typed(("Ours to see",)), "phone": Typed(("13800139901",))})
    outcome = records.create(runtime, owner, "crm.customer", given)
    assert isinstance(outcome, Accepted)
    return format_id(outcome.record.id)


def test_who_sees_a_record_and_by_which_right(app, ada):
    """The manager leads Ada's team, and the rep is in none."""
    shown = ada.get(f"/records/crm.customer/{owned_by(app, 'ada')}")
    link = shown.one(".menu-list a[href^='/explain/who']")["href"]
    page = ada.get(link)
    rows = {row.split(" ")[0]: row for row in page.texts("tbody tr")}
    assert "crm.manager_customers (Sales manager)" in rows["Boss"]
    assert "see, edit, delete" in rows["Boss"]
    assert "Rep" not in rows
    assert page.one("tbody a")["href"].startswith("/explain?person=")


def test_a_refused_button_says_why_on_a_record_that_is_seen(app, known, ada):
    rep = known("rep")
    product = ids_of(app, "crm.product")[0]
    page = rep.get(f"/records/crm.product/{product}")
    refused = {each.split(" ")[0]: each for each in page.texts(".refused")}
    assert "None of your roles lets you edit Products." in refused["Edit"]
    assert "None of your roles lets you delete Products." in refused["Delete"]
    assert ada.get(f"/records/crm.product/{product}").soup.select(".refused") == []
    listed = rep.get("/views/crm.products")
    assert listed.texts(".head .refused p") == ["None of your roles lets you create Products."]


def test_nothing_is_said_about_a_record_out_of_sight(known, foreign):
    rep = known("rep")
    pages = [
        rep.get(f"/records/crm.customer/{number}") for number in (foreign, format_id(new_id()))
    ]
    assert [page.status for page in pages] == [404, 404]
    assert all(page.soup.select(".refused") == [] for page in pages)
    assert len({page.texts("#main")[0] for page in pages}) == 1


# --- somebody else's eyes -------------------------------------------------------------------------------------------


@pytest.fixture
def looking(own_app, open_browser):
    """An administrator who looks through the rep's eyes."""
    ada = open_browser(own_app, "ada")
    begun = ada.post("/seeing-as", {"person": person(own_app, "rep")})
    assert begun.status == 303
    ada.get("/")
    return ada


def test_an_administrator_sees_what_another_sees_and_no_more(own_app, open_browser, looking):
    foreign = ids_of(own_app, "crm.customer")[0]
    page = looking.get("/views/crm.customers")
    assert "Ada, you see this as Rep does." in page.texts(".seeing")[0]
    rep = open_browser(own_app, "rep")
    assert page.texts("tbody tr") == rep.get("/views/crm.customers").texts("tbody tr")
    missing = looking.get(f"/records/crm.customer/{foreign}")
    assert missing.status == 404
    assert missing.soup.select(".seeing"), "the banner is on pages of errors too"
    assert (
        looking.get(
            f"/explain?person={person(own_app, 'boss')}&action=read&entity=crm.customer"
        ).soup.select("#person")
        == []
    )


def test_nothing_can_be_changed_through_the_eyes_of_another(own_app, looking):
    before = ids_of(own_app, "crm.customer")
    for rule in own_app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if not methods or rule.endpoint in {"seeing.end", "auth.log_out", "views.pick"}:
            continue
        path = rule.rule
        for name in rule.arguments:
            for kind in ("", "path:", "int:"):
                path = path.replace(f"<{kind}{name}>", "x")
        page = looking.post(path, {"person": person(own_app, "boss")})
        if str(access.rule_of(own_app, rule.endpoint)).startswith(access.ROLE):
            assert page.status == 404, path  # not even there for the person looked through
            continue
        assert page.status == 403, path
        assert "nothing can be changed" in page, path
    assert ids_of(own_app, "crm.customer") == before
    assert looking.get("/").soup.select(".seeing")


def test_the_engine_refuses_to_write_as_well(own_app):
    from dataclasses import replace  # noqa: PLC0415

    from formwright.engine.actor import Actor  # noqa: PLC0415
    from formwright.errors import OnlyLooking  # noqa: PLC0415

    runtime = runtime_of(own_app)
    actor = packages.installer(runtime.catalog)
    with runtime.unit(actor, write=True):
        pass
    looked_at = replace(actor, seen_by=Actor(1, "ada", "Ada", frozenset()))
    with pytest.raises(OnlyLooking), runtime.unit(looked_at, write=True):
        pass


def test_it_ends_and_both_are_written_down(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    number = person(own_app, "rep")
    button = ada.get(f"/records/core.user/{number}").one("form[action='/seeing-as'] [name=person]")
    ada.post("/seeing-as", {"person": button["value"]})
    ended = ada.post("/seeing-as/end")
    assert ended.response.headers["Location"] == f"/records/core.user/{number}"
    page = ada.follow(ended)
    assert page.soup.select(".seeing") == []
    with runtime_of(own_app).store.transaction(write=False) as tx:
        noted = [
            (entry.event, entry.actor, entry.record)
            for entry in tx.audit.stream(EntryFilter())
            if entry.event.startswith("see_as")
        ]
    mine, theirs = int_of(person(own_app, "ada")), int_of(number)
    assert noted == [("see_as_begun", mine, theirs), ("see_as_ended", mine, theirs)]


@pytest.mark.parametrize("path", ["/account", "/account/two-step"])
def test_how_the_other_logs_in_stays_private(own_app, open_browser, looking, path):
    assert looking.get(path).status == 403
    assert open_browser(own_app, "rep").get(path).status != 403, "control: open to the person"


def test_the_right_to_look_ends_with_the_next_request(own_app, looking):
    ada = int_of(person(own_app, "ada"))
    with runtime_of(own_app).store.transaction(write=True) as tx:
        tx.users.set_roles(ada, ["crm.sales_rep"], by=None)
    page = looking.get("/")
    assert page.soup.select(".seeing") == []
    assert (
        looking.get(f"/records/core.user/{person(own_app, 'ada')}").soup.select(
            "form[action='/seeing-as']"
        )
        == []
    )


def test_nobody_looks_through_eyes_that_see_more_or_are_closed(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    assert ada.post("/seeing-as", {"person": person(own_app, "ada")}).status == 422
    assert ada.post("/seeing-as", {"person": format_id(new_id())}).status == 404
    assert ada.post("/seeing-as", {"person": "x"}).status == 404
    runtime = runtime_of(own_app)
    from formwright.engine import records  # noqa: PLC0415
    from formwright.engine.drafts import Input  # noqa: PLC0415

    rep = int_of(person(own_app, "rep"))
    installer = packages.installer(runtime.catalog)
    records.update(runtime, installer, "core.user", rep, Input({"active": False}), version=None)
    page = ada.post("/seeing-as", {"person": person(own_app, "rep")})
    assert page.status == 422
    assert "Rep cannot log in" in page
