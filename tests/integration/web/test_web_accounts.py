"""What an administrator changes in a user record decides who is let in, at once."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from formwright.engine import accounts, packages
from formwright.engine.visits import visit
from formwright.factory import runtime_of


def user_path(visitor, login: str) -> str:
    return visitor.get(f"/views/core.users?q={login}").one("#results .title")["href"]


def change(visitor, path: str, **typed: list[str]):
    values = visitor.get(f"{path}/edit").values()
    page = visitor.post(f"{path}/edit", values | {f"f-{key}": v for key, v in typed.items()})
    assert page.status == 303, page.texts("#summary li")
    return page


@pytest.fixture
def admin(own_app, open_browser):
    return open_browser(own_app, "ada")


def test_somebody_who_is_made_inactive_is_out_and_stays_out_until_made_active(
    own_app, open_browser, admin
):
    rep = open_browser(own_app, "rep")
    path = user_path(admin, "rep")
    change(admin, path, active=[""])
    assert rep.get("/").status == 303
    assert open_browser(own_app).log_in("rep").status == 422
    with runtime_of(own_app).store.transaction(write=False) as tx:
        credential = tx.users.credential("rep")
        assert credential is not None
        assert not tx.users.sessions_of(credential.user)
    change(admin, path, active=["", "true"])
    assert open_browser(own_app).log_in("rep").status == 303
    assert rep.get("/").status == 303


def test_somebody_with_another_log_in_name_logs_in_under_that_one_only(
    own_app, open_browser, admin
):
    rep = open_browser(own_app, "rep")
    change(admin, user_path(admin, "rep"), login=["renamed"])
    assert rep.get("/").status == 303
    assert open_browser(own_app).log_in("rep").status == 422
    assert open_browser(own_app).log_in("renamed").status == 303


def test_a_change_that_is_no_matter_for_logging_in_leaves_sessions_open(
    own_app, open_browser, admin
):
    rep = open_browser(own_app, "rep")
    change(admin, user_path(admin, "rep"), job_title=["Engineer"])
    assert rep.get("/").status == 200


def test_the_log_in_name_of_somebody_in_the_trash_is_refused_at_its_field(admin):
    path = user_path(admin, "rep")
    assert admin.post(f"{path}/delete").status == 303
    path = user_path(admin, "boss")
    values = admin.get(f"{path}/edit").values()
    page = admin.post(f"{path}/edit", values | {"f-login": ["rep"]})
    assert page.status == 422
    assert "Log-in" in page.texts("#summary li")[0]


def test_a_password_for_somebody_who_is_not_active_lets_nobody_in(own_app, open_browser, admin):
    path = user_path(admin, "rep")
    change(admin, path, active=[""])
    runtime = runtime_of(own_app)
    with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
        credential = unit.tx.users.credential("rep")
        assert credential is not None
        accounts.give_access(unit, credential.user, "rep", "right-horse-battery", ["crm.sales_rep"])
    assert open_browser(own_app).log_in("rep").status == 422


def test_a_time_zone_is_one_that_there_is(own_app, admin):
    field = runtime_of(own_app).catalog.entities["core.user"].fields["timezone"]
    offered = {option.value for option in field.options}
    assert {"Asia/Shanghai", "Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"} <= offered
    assert offered <= available_timezones()
    path = user_path(admin, "rep")
    values = admin.get(f"{path}/edit").values()
    page = admin.post(f"{path}/edit", values | {"f-timezone": ["Mars/Phobos"]})
    assert page.status == 422
    change(admin, path, timezone=["Europe/Berlin"])


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../../etc/passwd", "Asia"])
def test_somebody_with_a_time_zone_that_nobody_knows_sees_the_times_of_the_site(
    own_app, open_browser, zone
):
    rep = open_browser(own_app, "rep")
    runtime = runtime_of(own_app)
    with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
        credential = unit.tx.users.credential("rep")
        assert credential is not None
        record = unit.tx.records.get_many("core.user", [credential.user])[0]
        values = {**record.values, "timezone": zone}
        unit.tx.records.change(record, values, by=None, channel="data")
    assert rep.get("/").status == 200
    token = rep.client.get_cookie("formwright").value
    with runtime.store.transaction(write=False) as tx:
        found = visit(runtime, tx, token)
    assert found is not None
    assert found.actor.reader.timezone == "Asia/Shanghai"
