"""Who is let in, for how long, and what a browser is told on every answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from formwright.clock import FixedClock
from formwright.engine import accounts, packages
from formwright.factory import runtime_of
from formwright.store.users import Users
from formwright.web import entering


def test_a_page_without_log_in_leads_to_the_log_in_and_back(visit):
    nobody = visit("")
    page = nobody.get("/views/crm.customers?q=a")
    assert page.status == 303
    assert page.response.headers["Location"] == "/log-in?next=/views/crm.customers%3Fq%3Da"
    asked = nobody.follow(page)
    done = nobody.post(
        "/log-in",
        {
            "login": "ada",
            "password": "right-horse-battery",
            "next": asked.one("[name=next]")["value"],
        },
    )
    assert done.response.headers["Location"] == "/views/crm.customers?q=a"


def test_every_page_but_a_few_asks_for_a_log_in(app, visit):
    nobody = visit("")
    # An invitation that nobody has made is told to be good no longer.
    open_to_all = {"/log-in": 200, "/healthz": 200, "/invitation/x": 410}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.rule.startswith("/assets"):
            continue
        path = rule.rule
        for name in rule.arguments:
            converter = "path:" if f"<path:{name}>" in path else ""
            path = path.replace(f"<{converter}{name}>", "x")
        status = nobody.get(path).status
        assert status == open_to_all.get(path, 303), path


@pytest.mark.parametrize("login", ["ada", "ADA", " ada ", "ada@example.com"])
def test_a_person_logs_in_by_name_or_by_e_mail(visit, login):
    assert visit("").log_in(login).status == 303


@pytest.mark.parametrize("login", ["ada", "nobody", "ada@example.com", ""])
def test_a_wrong_password_says_the_same_for_every_name(visit, login):
    page = visit("").log_in(login, "wrong-password")
    assert page.status == 422
    assert page.texts("[role=alert]") == ["The name or the password is not right."]


def test_after_five_failures_a_name_has_to_wait_even_with_the_right_password(own_app, open_browser):
    somebody = open_browser(own_app)
    for _ in range(entering.PER_NAME):
        assert somebody.log_in("ada", "wrong-password").status == 422
    assert somebody.log_in("ada").status == 429
    assert open_browser(own_app).log_in("rep").status == 303


def test_failures_count_for_a_person_however_the_name_is_spelled(own_app, open_browser):
    somebody = open_browser(own_app)
    for login in ("rep", "ＲＥＰ", "rep@example.com", "ｒep@ｅxample.com", "r\u200bep"):
        assert somebody.log_in(login, "wrong-password").status == 422
    for login in ("rep", "rep@example.com", "ｒｅｐ@example.com"):
        assert somebody.log_in(login).status == 429


@pytest.mark.parametrize("login", ["nobody\0", "\0", "\0@\0", "ﷺ" * 200])
def test_a_name_with_signs_that_nobody_types_is_no_failure_of_ours(visit, login):
    assert visit("").log_in(login, "wrong-password").status == 422


def test_the_cookie_changes_at_log_in_and_is_out_of_reach_of_scripts(visit):
    somebody = visit("")
    before = somebody.get("/log-in").response.headers["Set-Cookie"]
    after = somebody.log_in("ada").response.headers["Set-Cookie"]
    assert before.split(";")[0] != after.split(";")[0]
    assert "HttpOnly" in after
    assert "SameSite=Lax" in after


def test_logging_out_ends_the_session_in_the_database_too(app, visit):
    ada = visit("ada")
    old = ada.client.get_cookie("formwright").value
    assert ada.post("/log-out").status == 303
    thief = app.test_client()
    thief.set_cookie("formwright", old)
    assert thief.get("/").status_code == 303


def test_a_revoked_session_is_refused_on_the_next_request(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    with runtime_of(own_app).store.transaction(write=True) as tx:
        credential = tx.users.credential("ada")
        assert credential is not None
        tx.users.revoke_all(credential.user)
    assert ada.get("/").status == 303


def test_a_session_that_was_not_used_for_too_long_ends(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    store = runtime_of(own_app).store
    store.clock = FixedClock(store.clock.now() + timedelta(hours=9))
    assert ada.get("/").status == 303


def test_a_form_without_the_token_or_with_anothers_is_refused(known, ada):
    rep = known("rep")
    path = "/records/crm.customer/new"
    assert ada.client.post(path, data={"f-name": "x"}).status_code in {400, 403}
    assert ada.client.post(path, data={"f-name": "x", "csrf_token": rep.token}).status_code in {
        400,
        403,
    }


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_a_form_that_another_site_sent_is_refused_in_spite_of_the_token(ada, headers):
    assert ada.post("/log-out", headers=headers).status == 403
    assert ada.get("/").status == 200


def test_every_answer_carries_the_headers(ada):
    for path in ("/", "/log-in", "/nothing-here", "/assets/app.css"):
        headers = ada.get(path).response.headers
        assert "script-src 'self'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_an_asset_is_kept_for_ever_and_sent_compressed(ada):
    href = ada.get("/").one("link[rel=stylesheet]")["href"]
    with ada.client.get(href, headers={"Accept-Encoding": "gzip"}) as response:
        response.get_data()
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.mimetype == "text/css"
    assert "Set-Cookie" not in response.headers


def test_a_page_is_sent_compressed(ada):
    response = ada.client.get("/views/crm.customers", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert int(response.headers["Content-Length"]) < 12_000


def test_no_page_has_script_or_style_inside(ada):
    for path in ("/", "/views/crm.customers", "/records/crm.order/new", "/log-in"):
        page = ada.get(path)
        assert page.soup.select("[style], style, script:not([src])") == []
        assert [
            a for tag in page.soup.find_all() for a in tag.attrs if a.startswith(("on", "hx-on"))
        ] == []


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "x",
        "",
    ],
)
def test_after_log_in_nobody_is_sent_to_another_site(visit, target):
    somebody = visit("")
    somebody.get("/log-in")
    page = somebody.post(
        "/log-in", {"login": "ada", "password": "right-horse-battery", "next": target}
    )
    assert page.response.headers["Location"] == "/"


def test_the_language_is_the_browsers_until_somebody_chooses(visit):
    nobody = visit("")
    assert (
        nobody.get("/log-in", headers={"Accept-Language": "zh-TW,zh;q=0.8"}).one("html")["lang"]
        == "zh-CN"
    )
    assert nobody.get("/log-in", headers={"Accept-Language": "fr"}).one("html")["lang"] == "en"
    nobody.post("/language/zh-CN", {"next": "/log-in"})
    assert nobody.get("/log-in").one("html")["lang"] == "zh-CN"


def test_a_chosen_language_is_kept_with_the_account(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    ada.post("/language/zh-CN", {"next": "/"})
    assert ada.get("/").one("html")["lang"] == "zh-CN"
    assert "客户" in open_browser(own_app, "ada").get("/")


def test_a_person_who_never_chose_a_language_gets_the_browsers(own_app, open_browser):
    runtime = runtime_of(own_app)
    with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
        accounts.add_account(
            unit,
            login="eve",
            name="Eve",
            password="right-horse-battery",  # noqa: S106 -- of a test
            roles=["core.admin"],
        )
    eve = open_browser(own_app, "eve")
    assert eve.get("/", headers={"Accept-Language": "zh-CN"}).one("html")["lang"] == "zh-CN"
    assert eve.get("/", headers={"Accept-Language": "en"}).one("html")["lang"] == "en"


def test_the_health_page_says_nothing_but_ok(visit):
    page = visit("").get("/healthz")
    assert (page.status, page.response.json) == (200, {"status": "ok"})


def change(visitor, old: str, new: str, again: str | None = None):
    visitor.get("/password")
    return visitor.post(
        "/password", {"old": old, "new": new, "again": new if again is None else again}
    )


def test_a_changed_password_ends_every_other_session(own_app, open_browser):
    here, elsewhere = open_browser(own_app, "ada"), open_browser(own_app, "ada")
    assert change(here, "right-horse-battery", "another-long-one").status == 303
    assert here.get("/").status == 200
    assert elsewhere.get("/").status == 303
    assert open_browser(own_app).log_in("ada").status == 422
    assert open_browser(own_app).log_in("ada", "another-long-one").status == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", "another-long-one", None, "The old password is not right."),
        ("right-horse-battery", "short", None, "Use at least 10 characters."),
        (
            "right-horse-battery",
            "another-long-one",
            "typo",
            "The two new passwords are not the same.",
        ),
    ],
)
def test_a_new_password_is_judged(ada, old, new, again, said):
    page = change(ada, old, new, again)
    assert (page.status, page.texts("[role=alert]")) == (422, [said])


def test_who_must_change_the_password_does_so_first(own_app, open_browser):
    rep = open_browser(own_app, "rep")
    with runtime_of(own_app).store.transaction(write=True) as tx:
        credential = tx.users.credential("rep")
        assert credential is not None
        tx.users.put_credential(credential.user, "rep", credential.password_hash, must_change=True)
    assert rep.get("/views/crm.customers").response.headers["Location"] == "/password"
    change(rep, "right-horse-battery", "another-long-one")
    assert rep.get("/views/crm.customers").status == 200


def last_seen(app, login: str):
    with runtime_of(app).store.transaction(write=False) as tx:
        credential = tx.users.credential(login)
        assert credential is not None
        return tx.users.sessions_of(credential.user)[0].seen_at


def test_the_use_of_a_session_is_noted_once_the_answer_is_sent(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    store = runtime_of(own_app).store
    before = last_seen(own_app, "ada")
    store.clock = FixedClock(store.clock.now() + timedelta(minutes=5))
    runtime_of(own_app).clock = store.clock
    assert ada.get("/").status == 200
    assert last_seen(own_app, "ada") - before > timedelta(minutes=4)


def test_a_page_is_good_though_the_use_of_the_session_cannot_be_noted(
    own_app, open_browser, monkeypatch
):
    ada = open_browser(own_app, "ada")
    store = runtime_of(own_app).store
    store.clock = FixedClock(store.clock.now() + timedelta(minutes=5))
    monkeypatch.setattr(Users, "touch", lambda *_: 1 / 0)
    assert ada.get("/").status == 200
