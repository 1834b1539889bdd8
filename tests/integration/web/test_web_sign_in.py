"""The ways in besides a password: invitations, the second step; and the sessions that they open."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest

from formwright.clock import FixedClock
from formwright.engine import accounts, packages
from formwright.factory import runtime_of
from formwright.settings import Settings
from formwright.web import entering

PASSWORD = "right-horse-battery"  # noqa: S105 -- of people who exist in tests only
FRESH = "copper-lantern-marsh"


@pytest.fixture
def store(own_app):
    runtime = runtime_of(own_app)
    runtime.clock = runtime.store.clock = FixedClock(runtime.store.clock.now())
    return runtime.store


@pytest.fixture
def admin(own_app, open_browser):
    return open_browser(own_app, "ada")


def account_of(visitor, login: str) -> str:
    record = visitor.get(f"/views/core.users?q={login}").one("#results .title")["href"]
    return visitor.get(record).one("#account-title ~ p a")["href"]


def user_of(store, login: str) -> int:
    with store.transaction(write=False) as tx:
        return tx.users.credential(login).user


def new_person(own_app, login: str, name: str) -> None:
    runtime = runtime_of(own_app)
    with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
        accounts.add_person(unit, login=login, name=name)


def link_of(page) -> str:
    return page.one("#link")["value"]


def path_of(link: str) -> str:
    return re.sub(r"^https?://[^/]+", "", link)


# --- invitations


def test_somebody_invited_sets_a_password_once_and_logs_in(own_app, admin, open_browser):
    new_person(own_app, "mia", "Mia Berg")
    account = account_of(admin, "mia")
    assert "Never invited" in admin.get(account)
    link = link_of(admin.post(f"{account}/link"))
    assert "Invited, has set no password yet" in admin.get(account)
    mia = open_browser(own_app)
    assert mia.log_in("mia", FRESH).status == 422
    page = mia.get(path_of(link))
    assert page.response.headers["Referrer-Policy"] == "no-referrer"
    assert "Mia Berg" in page
    assert mia.post(path_of(link), {"new": FRESH, "again": "other-one-entirely"}).status == 422
    assert mia.post(path_of(link), {"new": "mia-berg-mia", "again": "mia-berg-mia"}).status == 422
    done = mia.post(path_of(link), {"new": FRESH, "again": FRESH})
    assert done.status == 303
    assert "Your password is set" in mia.follow(done)
    assert mia.get(path_of(link)).status == 410
    assert mia.post(path_of(link), {"new": PASSWORD, "again": PASSWORD}).status == 410
    assert mia.log_in("mia", PASSWORD).status == 422
    assert mia.log_in("mia", FRESH).status == 303


def test_a_used_an_old_and_an_invented_link_answer_alike(own_app, admin, store, open_browser):
    new_person(own_app, "mia", "Mia Berg")
    account = account_of(admin, "mia")
    first = path_of(link_of(admin.post(f"{account}/link")))
    second = path_of(link_of(admin.post(f"{account}/link")))
    store.clock.instant += timedelta(hours=73)
    nobody = open_browser(own_app)

    def told(path: str) -> tuple[int, str]:
        page = nobody.get(path)
        return page.status, re.sub(r"/invitation/[^\"]+|csrf_token[^>]+", "", page.html)

    answers = [told(path) for path in (first, second, "/invitation/" + "x" * 43)]
    assert answers[0][0] == 410
    assert answers[0] == answers[1] == answers[2]


def test_an_invitation_lasts_three_days_and_a_reset_half_an_hour(
    own_app, admin, store, open_browser
):
    new_person(own_app, "mia", "Mia Berg")
    invitation = path_of(link_of(admin.post(f"{account_of(admin, 'mia')}/link")))
    reset = path_of(link_of(admin.post(f"{account_of(admin, 'rep')}/link")))
    nobody = open_browser(own_app)
    assert [nobody.get(path).status for path in (invitation, reset)] == [200, 200]
    store.clock.instant += timedelta(minutes=31)
    assert [nobody.get(path).status for path in (invitation, reset)] == [200, 410]


def test_a_link_is_made_of_the_configured_address_whatever_the_request_says(own_app, admin):
    visitor = type(admin)
    account = account_of(admin, "rep")
    token = admin.client.get_cookie("formwright").value
    lies = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "Origin": "http://evil.example",
        "Cookie": f"formwright={token}",  # by hand: a browser keeps it for localhost
    }
    liar = visitor(own_app.test_client(use_cookies=False), admin.token)
    link = link_of(liar.post(f"{account}/link", headers=lies))
    assert link.startswith(own_app.extensions["formwright_settings"].address + "/invitation/")
    assert "evil" not in link


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 422), ("cross-site", 403), ("same-site", 403), (None, 403)]
)
def test_a_form_on_a_page_without_referrer_is_taken_from_our_own_page_only(
    own_app, admin, open_browser, site, status
):
    link = path_of(link_of(admin.post(f"{account_of(admin, 'rep')}/link")))
    rep = open_browser(own_app)
    rep.get(link)
    headers = {"Origin": "null"} | ({"Sec-Fetch-Site": site} if site else {})
    assert rep.post(link, {"new": "short", "again": "short"}, headers=headers).status == status


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://localhost:8000"),
        ({"host": "0.0.0.0", "port": 9000}, "http://localhost:9000"),  # noqa: S104 -- a setting
        ({"base_url": "https://crm.example.com"}, "https://crm.example.com"),
    ],
)
def test_the_address_is_the_one_that_is_set(given, address):
    assert Settings(**given).address == address


def test_a_reset_ends_every_session_and_outlives_no_other_change(own_app, admin, open_browser):
    account = account_of(admin, "rep")
    rep = open_browser(own_app, "rep")
    link = path_of(link_of(admin.post(f"{account}/link")))
    assert rep.get("/").status == 200
    assert open_browser(own_app).post(link, {"new": FRESH, "again": FRESH}).status in {400, 403}
    nobody = open_browser(own_app)
    nobody.get(link)
    assert nobody.post(link, {"new": FRESH, "again": FRESH}).status == 303
    assert rep.get("/").status == 303
    rep.log_in("rep", FRESH)
    link = path_of(link_of(admin.post(f"{account}/link")))
    change = {"old": FRESH, "new": PASSWORD, "again": PASSWORD}
    assert rep.post("/password", change).status == 303
    assert nobody.get(link).status == 410


# --- the second step


def set_up(visitor, store) -> tuple[str, list[str]]:
    """Set two-step log-in up; return the secret and the recovery codes."""
    assert visitor.post("/account/two-step").status == 303
    page = visitor.get("/account/two-step")
    assert page.one("svg path")["d"]
    assert "style=" not in page.html
    secret = page.one(".key").get_text().replace(" ", "")
    assert visitor.post("/account/two-step/confirm", {"code": "000000"}).status == 422
    page = visitor.post("/account/two-step/confirm", {"code": code(secret, store)})
    assert page.status == 200, page.html
    return secret, page.texts(".codes code")


def code(secret: str, store) -> str:
    return pyotp.TOTP(secret).at(store.clock.now())


def test_after_the_password_a_code_is_asked_for_and_each_is_good_once(own_app, store, open_browser):
    rep = open_browser(own_app, "rep")
    secret, recovery = set_up(rep, store)
    assert len(set(recovery)) == 10
    assert rep.get("/").status == 200
    other = open_browser(own_app)
    asked = other.log_in("rep")
    assert asked.response.headers["Location"].startswith("/log-in/code")
    assert other.get("/").status == 303
    other.get("/log-in/code")
    # The code that confirmed the set-up is used up.
    assert other.post("/log-in/code", {"code": code(secret, store)}).status == 422
    store.clock.instant += timedelta(seconds=60)
    right = code(secret, store)
    assert other.post("/log-in/code", {"code": f" {right[:3]} {right[3:]}"}).status == 303
    assert other.get("/").status == 200
    third = open_browser(own_app)
    third.log_in("rep")
    third.get("/log-in/code")
    assert third.post("/log-in/code", {"code": right}).status == 422
    assert third.post("/log-in/code", {"code": recovery[0].upper()}).status == 303
    assert third.get("/").status == 200
    fourth = open_browser(own_app)
    fourth.log_in("rep")
    fourth.get("/log-in/code")
    assert fourth.post("/log-in/code", {"code": recovery[0]}).status == 422
    assert "9 recovery codes are left" in rep.get("/account")


def test_codes_cannot_be_tried_without_end_although_the_password_is_right(
    own_app, store, open_browser
):
    secret, _ = set_up(open_browser(own_app, "rep"), store)
    store.clock.instant += timedelta(seconds=60)
    thief = open_browser(own_app)
    statuses = []
    for _ in range(entering.PER_NAME + 1):
        if thief.log_in("rep").status != 303:
            break
        thief.get("/log-in/code")
        statuses.append(thief.post("/log-in/code", {"code": "123456"}).status)
    assert statuses == [422] * entering.PER_NAME
    assert thief.log_in("rep").status == 429
    store.clock.instant += entering.WINDOW + timedelta(seconds=1)
    thief.log_in("rep")
    thief.get("/log-in/code")
    assert thief.post("/log-in/code", {"code": code(secret, store)}).status == 303


def test_between_the_steps_there_is_no_session_and_only_little_time(own_app, store, open_browser):
    secret, _ = set_up(open_browser(own_app, "rep"), store)
    store.clock.instant += timedelta(seconds=60)
    other = open_browser(own_app)
    other.log_in("rep")
    other.get("/log-in/code")
    token = other.client.get_cookie("formwright").value
    with store.transaction(write=False) as tx:
        assert tx.users.session(token) is None
    store.clock.instant += timedelta(minutes=11)
    assert (
        other.post("/log-in/code", {"code": code(secret, store)}).response.headers["Location"]
        == "/log-in"
    )
    assert other.get("/").status == 303


def test_turning_it_off_asks_for_the_password(own_app, store, open_browser):
    rep = open_browser(own_app, "rep")
    set_up(rep, store)
    rep.get("/account/two-step")
    assert rep.post("/account/two-step/off", {"password": "wrong-password"}).status == 422
    assert open_browser(own_app).log_in("rep").response.headers["Location"] != "/"
    page = rep.post("/account/two-step/codes", {"password": PASSWORD})
    assert len(page.texts(".codes code")) == 10
    assert rep.post("/account/two-step/off", {"password": PASSWORD}).status == 303
    assert open_browser(own_app).log_in("rep").response.headers["Location"] == "/"


def test_the_secret_lies_encrypted_and_is_worth_nothing_with_another_persons_id(
    own_app, store, open_browser
):
    secret, _ = set_up(open_browser(own_app, "rep"), store)
    vault = own_app.extensions["formwright_vault"]
    rep, boss = user_of(store, "rep"), user_of(store, "boss")
    with store.transaction(write=False) as tx:
        sealed = tx.second_steps.two_factor(rep).secret
        workspace = tx.workspace
    assert secret not in sealed
    assert vault.open(sealed, f"two_factor|{workspace}|{rep}") == secret
    with pytest.raises(Exception, match="cannot be read"):
        vault.open(sealed, f"two_factor|{workspace}|{boss}")
    home = own_app.extensions["formwright_settings"].home
    assert (home / "data_key").stat().st_mode & 0o077 == 0


def test_whoever_has_a_role_that_demands_it_sets_it_up_before_anything_else(
    own_app, store, open_browser
):
    runtime = runtime_of(own_app)
    with store.transaction(write=False) as tx:
        files = dict(tx.revisions.files(tx.revisions.newest_number()))
    name = next(each for each in files if each.endswith("crm/roles.yaml"))
    assert "sales_manager:\n" in files[name]
    files[name] = files[name].replace(
        "  sales_manager:\n", "  sales_manager:\n    two_factor: true\n"
    )
    boss, rep = open_browser(own_app, "boss"), open_browser(own_app, "rep")
    assert boss.get("/").status == 200
    packages.publish(runtime, packages.installer(runtime.catalog), files)
    assert boss.get("/").response.headers["Location"] == "/account/two-step"
    for path in ("/views/crm.customers", "/account", "/password"):
        assert boss.get(path).response.headers["Location"] == "/account/two-step"
    assert rep.get("/").status == 200
    boss.get("/account/two-step")
    set_up(boss, store)
    assert boss.get("/").status == 200
    assert boss.post("/account/two-step/off", {"password": PASSWORD}).status == 403


def test_an_administrator_resets_the_second_step_of_somebody_who_lost_the_phone(
    own_app, admin, store, open_browser
):
    rep = open_browser(own_app, "rep")
    set_up(rep, store)
    assert admin.post(f"{account_of(admin, 'rep')}/two-step").status == 303
    assert rep.get("/").status == 303
    assert open_browser(own_app).log_in("rep").response.headers["Location"] == "/"


# --- sessions


def test_somebody_sees_where_he_is_logged_in_and_ends_what_he_does_not_know(own_app, open_browser):
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
    mine, lost = open_browser(own_app, "rep"), open_browser(own_app)
    lost.get("/log-in")
    lost.post("/log-in", {"login": "rep", "password": PASSWORD}, headers={"User-Agent": agent})
    page = mine.get("/account")
    assert len(page.soup.select("table tbody tr")) == 2
    assert "Firefox on Linux" in page
    assert "127.0.0.1" in page
    boss = open_browser(own_app, "boss")
    key = page.one("table form [name=session]")["value"]
    boss.get("/account")
    assert boss.post("/account/sessions/end", {"session": key}).status == 303
    assert lost.get("/").status == 200
    assert mine.post("/account/sessions/end", {"session": key}).status == 303
    assert lost.get("/").status == 303
    assert mine.get("/").status == 200


def test_all_other_sessions_end_at_once(own_app, open_browser):
    mine, *others = (open_browser(own_app, "rep") for _ in range(3))
    mine.get("/account")
    assert mine.post("/account/sessions/end-others").status == 303
    assert [each.get("/").status for each in (mine, *others)] == [200, 303, 303]


def test_the_session_is_another_after_each_log_in_and_change_of_password(
    own_app, store, open_browser
):
    rep = open_browser(own_app, "rep")

    def token() -> str:
        return rep.client.get_cookie("formwright").value

    def is_good(old: str) -> bool:
        thief = own_app.test_client()
        thief.set_cookie("formwright", old)
        return thief.get("/").status_code == 200

    first = token()
    assert is_good(first)
    # Logged in a second time over the open session: the first is not left behind.
    assert rep.post("/log-in", {"login": "rep", "password": PASSWORD}).status == 303
    second = token()
    assert (is_good(first), is_good(second)) == (False, True)
    rep.get("/password")
    change = {"old": PASSWORD, "new": FRESH, "again": FRESH}
    assert rep.post("/password", change).status == 303
    third = token()
    assert (is_good(second), is_good(third)) == (False, True)
    rep.get("/account")
    set_up(rep, store)
    assert (is_good(third), is_good(token())) == (False, True)


def test_a_session_ends_after_eight_idle_hours_and_after_seven_days_in_any_case(
    own_app, store, open_browser
):
    idle, busy = open_browser(own_app, "rep"), open_browser(own_app, "boss")
    start = store.clock.now()
    while store.clock.now() - start < timedelta(days=6, hours=23):
        store.clock.instant += timedelta(hours=7)
        assert busy.get("/").status == (
            200 if store.clock.now() - start < timedelta(days=7) else 303
        )
    assert idle.get("/").status == 303
    store.clock.instant = start + timedelta(days=7, seconds=1)
    assert busy.get("/").status == 303
