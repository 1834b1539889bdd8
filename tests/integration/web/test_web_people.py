"""Looking after people on their pages: panel, roles, sessions, leaving with the records handed over."""

from __future__ import annotations

import pytest

from formwright.engine import accounts, packages
from formwright.factory import create_app, runtime_of


@pytest.fixture
def admin(own_app, open_browser):
    return open_browser(own_app, "ada")


def record_of(visitor, login: str) -> str:
    return visitor.get(f"/views/core.users?q={login}").one("#results .title")["href"]


def account_of(visitor, login: str) -> str:
    return visitor.get(record_of(visitor, login)).one("#account-title ~ p a")["href"]


def id_of(visitor, login: str) -> str:
    return record_of(visitor, login).rpartition("/")[2]


def customers_of(visitor, login: str) -> str:
    """Return the number that the dialog says a person has."""
    page = visitor.get(f"{account_of(visitor, login)}/hand-over")
    found = [text for text in page.texts("label") if text.startswith("Customers")]
    return found[0] if found else ""


def give_customers(own_app, owner: str, count: int) -> None:
    runtime = runtime_of(own_app)
    with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
        user = unit.tx.users.credential(owner).user
        for number in range(count):
            values = {"name": f"Customer {number}", "owner": user, "type": "company"}
            unit.tx.records.insert("crm.customer", values, by=user, channel="data")


def test_the_panel_and_the_pages_are_there_for_whoever_looks_after_people_only(
    own_app, admin, open_browser
):
    record, account = record_of(admin, "boss"), account_of(admin, "boss")
    assert "Can log in" in admin.get(record)
    boss = open_browser(own_app, "boss")
    assert not boss.get(record).soup.select("#account-title")
    for path in ("", "/deactivate", "/hand-over"):
        assert boss.get(account + path).status == 404
    boss.get("/")
    for path in (
        "/link",
        "/two-step",
        "/sessions",
        "/roles",
        "/activate",
        "/deactivate",
        "/hand-over",
    ):
        assert boss.post(account + path).status == 404, path
    assert admin.get(account).status == 200


def test_a_person_is_shut_out_and_the_records_go_over_in_one_dialog(own_app, admin, open_browser):
    give_customers(own_app, "rep", 12)
    rep, account = open_browser(own_app, "rep"), account_of(admin, "rep")
    boss = id_of(admin, "boss")
    page = admin.get(f"{account}/deactivate")
    assert "Customers (12)" in page
    assert "1 open session ends." in page
    done = admin.post(f"{account}/deactivate", {"to": boss})
    assert done.status == 303
    assert rep.get("/").status == 303
    assert open_browser(own_app).log_in("rep").status == 422
    page = admin.follow(done)
    assert "Not active: cannot log in" in page
    assert customers_of(admin, "rep") == ""
    assert customers_of(admin, "boss") == "Customers (12)"
    undo = page.one(".toast form")["action"]
    assert admin.post(undo).status == 303
    assert customers_of(admin, "rep") == "Customers (12)"
    assert customers_of(admin, "boss") == ""
    assert admin.post(undo).status == 404
    assert admin.post(f"{account}/activate").status == 303
    assert open_browser(own_app).log_in("rep").status == 303


def test_who_is_chosen_for_one_kind_goes_before_who_is_for_all(own_app, admin):
    give_customers(own_app, "rep", 3)
    account = account_of(admin, "rep")
    to = {"to": id_of(admin, "boss"), "to-crm.customer": id_of(admin, "ada")}
    assert admin.post(f"{account}/hand-over", to).status == 303
    assert customers_of(admin, "ada") == "Customers (3)"
    assert "Can log in" in admin.get(account)


def test_a_wrong_successor_changes_nothing_and_leaves_the_account_open(
    own_app, admin, open_browser
):
    give_customers(own_app, "rep", 3)
    account, rep = account_of(admin, "rep"), open_browser(own_app, "rep")
    page = admin.post(f"{account}/deactivate", {"to": id_of(admin, "rep")})
    assert page.status == 422
    assert "Choose somebody who is active" in page
    assert rep.get("/").status == 200
    assert customers_of(admin, "rep") == "Customers (3)"


def test_the_last_administrator_is_told_why_it_cannot_be(admin):
    account = account_of(admin, "ada")
    page = admin.post(f"{account}/deactivate")
    assert page.status == 422
    assert "last administrator" in page
    assert "last administrator" in admin.post(f"{account}/roles", {"role": ["core.member"]})
    record = record_of(admin, "ada")
    page = admin.post(f"{record}/edit", admin.get(f"{record}/edit").values() | {"f-active": [""]})
    assert page.status == 422
    assert "last administrator" in page.texts("#summary li")[0]
    assert admin.post(f"{record}/delete").status == 422
    assert admin.get("/").status == 200


def test_roles_are_given_and_taken_and_the_next_request_knows(own_app, admin, open_browser):
    account, rep = account_of(admin, "rep"), open_browser(own_app, "rep")
    assert admin.post(f"{account}/roles", {"role": ["core.member"]}).status == 303
    assert rep.get("/").status == 303
    rep = open_browser(own_app, "rep")
    assert rep.get("/views/crm.customers").status in {403, 404}
    admin.post(f"{account}/roles", {"role": ["core.member", "crm.sales_rep"]})
    rep = open_browser(own_app, "rep")
    assert rep.get("/views/crm.customers").status == 200


def test_whoever_changes_the_own_roles_goes_on_in_a_fresh_session(own_app, admin):
    runtime = runtime_of(own_app)
    old = admin.client.get_cookie("formwright").value
    account = account_of(admin, "ada")
    page = admin.post(f"{account}/roles", {"role": ["core.member", "core.admin", "crm.sales_rep"]})
    assert page.status == 303
    assert admin.get(account).status == 200
    with runtime.store.transaction(write=False) as tx:
        assert tx.users.session(old) is None


def test_an_unknown_role_is_refused_and_nothing_changes(own_app, admin, open_browser):
    account, rep = account_of(admin, "rep"), open_browser(own_app, "rep")
    page = admin.post(f"{account}/roles", {"role": ["crm.sales_reb"]})
    assert page.status == 422
    assert "sales_rep" in page
    assert rep.get("/").status == 200


def test_a_session_that_was_ended_is_refused_by_another_process_too(own_app, admin, open_browser):
    other = create_app(own_app.extensions["formwright_settings"])
    try:
        rep = open_browser(other, "rep")
        for act in ("sessions", "deactivate"):
            assert rep.get("/").status == 200
            assert admin.post(f"{account_of(admin, 'rep')}/{act}").status == 303
            assert rep.get("/").status == 303
            admin.post(f"{account_of(admin, 'rep')}/activate")
            rep.log_in("rep")
    finally:
        runtime_of(other).store.close()


def test_somebody_added_by_the_form_is_invited_from_the_panel(own_app, admin):
    values = admin.get("/records/core.user/new").values()
    values |= {"f-name": ["Mia Berg"], "f-login": ["mia"]}
    record = admin.post("/records/core.user/new", values).response.headers["Location"]
    page = admin.get(record)
    assert "Never invited" in page
    account = page.one("#account-title ~ p a")["href"]
    assert "/invitation/" in admin.post(f"{account}/link").one("#link")["value"]
    runtime = runtime_of(own_app)
    with runtime.unit(packages.installer(runtime.catalog)) as unit:
        found = {each.login: each.roles for each in accounts.accounts(unit)}
    assert found["mia"] == ("core.member",)


def test_the_new_owner_sees_what_came_as_far_as_the_role_allows(own_app, admin, open_browser):
    give_customers(own_app, "rep", 2)
    boss, rep = open_browser(own_app, "boss"), open_browser(own_app, "rep")
    done = admin.post(f"{account_of(admin, 'rep')}/hand-over", {"to": id_of(admin, "boss")})
    undo = admin.follow(done).one(".toast form")["action"]
    listed = undo.removesuffix("/undo")
    assert "Customer 1" in boss.get(listed)
    assert rep.get(listed).status == 404
    boss.get("/")
    assert boss.post(undo).status == 404
