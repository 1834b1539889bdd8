"""The wall around the browser: cookies, tokens, origins, headers, hosts, redirects. Each with a control."""

from __future__ import annotations

import hashlib
import io
import shutil
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Blueprint, Flask, request, request_started
from PIL import Image

from formwright import factory
from formwright.factory import create_app, runtime_of
from formwright.settings import Settings
from formwright.store.audit import EntryFilter
from formwright.store.database import sqlite_module
from formwright.web import access
from formwright.web.security import local_path

TLS = "https://crm.example.com"
PICTURE = io.BytesIO()
Image.new("RGB", (4, 4)).save(PICTURE, "PNG")


@pytest.fixture
def https_app(prepared_home, tmp_path):
    """Return an application as it stands behind a proxy that speaks HTTPS."""
    home = tmp_path / "home"
    shutil.copytree(prepared_home, home)
    hosts = ("crm.example.com",)
    made = create_app(Settings(home=home, secure_cookies=True, trusted_hosts=hosts, proxy_hops=1))
    yield made
    runtime_of(made).store.close()


def paths_of(app: Flask, method: str) -> dict[str, str]:
    """Return endpoint -> path, with something in the place of each variable."""
    found = {}
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or set()):
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<path:{name}>", "x").replace(f"<{name}>", "x")
            found[rule.endpoint] = path
    return found


def content(app: Flask) -> str:
    """Return a hash of everything the database holds, but for when sessions were used."""
    with sqlite_module().connect(runtime_of(app).store.engine.url.database) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if name not in {"session", "audit_seal"} and not name.startswith(("search", "sqlite"))
        ]
        found = hashlib.sha256()
        for name in sorted(names):
            columns = "id" if name == "audit" else "*"  # its entries get their place by themselves
            for row in connection.execute(f"SELECT {columns} FROM {name}"):  # noqa: S608 -- our own tables
                found.update(repr(row).encode())
    connection.close()
    return found.hexdigest()


# --- cookies


def test_every_cookie_over_https_is_bound_to_this_host(https_app):
    browser = https_app.test_client()
    token = _token(browser.get("/log-in", base_url=TLS))
    said = {"csrf_token": token, "next": "/"}
    sent = [browser.get("/log-in", base_url=TLS)]
    for path, more in (
        ("/log-in", {"login": "ada", "password": "right-horse-battery"}),
        ("/theme", {"theme": "dark"}),
        ("/language/en", {}),
        ("/log-out", {}),
    ):
        sent.append(
            browser.post(path, data={**said, **more}, base_url=TLS, headers={"Origin": TLS})
        )
        said["csrf_token"] = _token(browser.get("/password", base_url=TLS, follow_redirects=True))
    cookies = [cookie for answer in sent for cookie in answer.headers.getlist("Set-Cookie")]
    assert len(cookies) >= 4
    for cookie in cookies:
        assert cookie.startswith("__Host-"), cookie
        assert "; Secure" in cookie
        assert "Path=/" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie
        assert "HttpOnly" in cookie or cookie.startswith("__Host-formwright_theme")
    assert 'data-theme-cookie="__Host-formwright_theme"' in _home(https_app)


def test_the_control_without_https_the_prefix_would_keep_the_cookie_out(visit):
    answer = visit("").get("/log-in").response
    assert answer.headers["Set-Cookie"].startswith("formwright=")
    assert "Strict-Transport-Security" not in answer.headers


def test_https_is_remembered_by_the_browser(https_app):
    answer = https_app.test_client().get("/log-in", base_url=TLS)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def _token(answer: Any) -> str:
    return str(answer.text.partition('name="csrf_token" value="')[2].partition('"')[0])


def _home(app: Flask) -> str:
    browser = app.test_client()
    token = _token(browser.get("/log-in", base_url=TLS))
    said = {"login": "ada", "password": "right-horse-battery", "csrf_token": token}
    browser.post("/log-in", data=said, base_url=TLS, headers={"Origin": TLS})
    return browser.get("/", base_url=TLS).text


# --- hosts


@pytest.mark.parametrize(
    "host", ["evil.example", "crm.example.com.evil.example", "crm.example.com@evil.example", "127.0.0.1", "a b"]
)  # fmt: skip
def test_another_host_is_refused_before_anything_happens(https_app, host):
    for path in ("/log-in", "/", "/healthz"):
        answer = https_app.test_client().get(
            path, headers={"Host": host, "Referer": f"https://{host}/x"}, base_url=TLS
        )
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert host not in answer.text
    # The control: our own host is let in, also with its port.
    for known in ("crm.example.com", "crm.example.com:443"):
        answer = https_app.test_client().get("/healthz", headers={"Host": known}, base_url=TLS)
        assert answer.status_code == 200


def test_a_host_that_only_the_proxy_could_say_is_checked_as_well(https_app):
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert (
        https_app.test_client().get("/log-in", headers=forwarded, base_url=TLS).status_code == 400
    )


# --- writing requests


@pytest.mark.parametrize(
    ("headers", "with_token", "refused"),
    [
        ({}, False, True),
        ({"Origin": "https://evil.example"}, True, True),
        ({"Origin": "null"}, True, True),
        ({"Origin": "http://localhost.evil.example"}, True, True),
        ({"Origin": "https://localhost"}, True, True),
        ({"Sec-Fetch-Site": "cross-site"}, True, True),
        ({"Sec-Fetch-Site": "same-site"}, True, True),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, True, False),
        ({}, True, False),
    ],
)
def test_every_writing_request_needs_the_token_and_our_own_origin(
    own_app, open_browser, headers, with_token, refused
):
    ada = open_browser(own_app, "ada")
    before = content(own_app)
    for endpoint, path in paths_of(own_app, "POST").items():
        if not refused and endpoint in {
            "auth.log_out",
            "auth.log_in",
            "audit.export",
            "audit.verify",
        }:
            continue
        token = ada.token if with_token else ""
        answer = ada.client.post(path, data={"csrf_token": token}, headers=headers)
        assert (answer.status_code in {400, 403}) is (
            refused or endpoint in {"files.upload", "rich_text.preview"}
        ), endpoint
        answer.close()
    if refused:
        assert content(own_app) == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_kind_does_not_get_around_the_token(ada, kind):
    body = '{"csrf_token": "' + ada.token + '", "theme": "dark"}'
    answer = ada.client.post("/theme", data=body, content_type=kind)
    assert answer.status_code in {400, 403}


def test_the_token_of_a_session_is_worth_nothing_after_it_and_in_another(own_app, open_browser):
    ada, rep = open_browser(own_app, "ada"), open_browser(own_app, "rep")
    assert (
        ada.client.post("/theme", data={"theme": "dark", "csrf_token": rep.token}).status_code
        == 400
    )
    old = ada.token
    ada.post("/log-out")
    ada.log_in("ada")
    assert ada.client.post("/theme", data={"theme": "dark", "csrf_token": old}).status_code == 400
    assert (
        ada.client.post("/theme", data={"theme": "dark", "csrf_token": ada.token}).status_code
        == 303
    )


def test_no_reading_request_changes_anything(own_app, open_browser):
    ada = open_browser(own_app, "ada")
    record = ada.get("/views/crm.customers").one("#results .title")["href"]
    paths = {
        *paths_of(own_app, "GET").values(),
        record,
        f"{record}/edit",
        f"{record}/history",
        "/audit?from=",
    }
    before = content(own_app)
    for path in paths:
        ada.get(path)
        ada.client.head(path).close()
    assert content(own_app) == before
    ada.post("/language/en")  # the control: the hash does see what is written
    ada.post("/language/zh-CN")
    assert content(own_app) != before


def test_another_site_can_lead_here_but_not_load_our_pages_as_parts_of_its_own(ada):
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert ada.get("/", headers={**foreign, "Sec-Fetch-Mode": "navigate"}).status == 200
    for mode in ("no-cors", "cors", "websocket", ""):
        assert ada.get("/", headers={**foreign, "Sec-Fetch-Mode": mode}).status == 403
    assert (
        ada.get("/", headers={"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}).status
        == 200
    )


# --- what answers say


def test_the_policy_knows_no_exception_for_script_or_style(ada):
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in ada.get("/").response.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & {
        word for words in policy.values() for word in words.split()
    }


def test_nothing_personal_is_kept_by_a_cache(ada):
    stored = ada.post(
        "/files",
        {"file": (io.BytesIO(PICTURE.getvalue()), "a.png")},
        content_type="multipart/form-data",
    ).response.json
    record = ada.get("/views/crm.customers").one("#results .title")["href"]
    for path in (
        "/",
        "/views/crm.customers",
        record,
        "/search?q=a",
        "/password",
        "/x",
        stored["url"],
        "/audit",
    ):
        headers = ada.get(path).response.headers
        assert headers["Cache-Control"] == "no-store", path
        assert "Cookie" in headers["Vary"], path
    picture = ada.get(stored["url"] + "?as=picture").response
    assert picture.headers["Cache-Control"] == "private, no-cache"
    again = ada.get(
        stored["url"] + "?as=picture", headers={"If-None-Match": picture.headers["ETag"]}
    )
    assert again.status == 304
    # The control: what is the same for everybody is kept, and does not vary.
    style = ada.get(ada.get("/").one("link[rel=stylesheet]")["href"]).response
    assert "immutable" in style.headers["Cache-Control"]
    assert "Cookie" not in style.headers.get("Vary", "")


def test_a_picture_that_the_browser_kept_is_not_shown_to_somebody_else(ada, known):
    stored = ada.post(
        "/files",
        {"file": (io.BytesIO(PICTURE.getvalue()), "b.png")},
        content_type="multipart/form-data",
    ).response.json
    path = stored["url"] + "?as=picture"
    tag = ada.get(path).response.headers["ETag"]
    assert known("rep").get(path, headers={"If-None-Match": tag}).status == 404


def test_logging_out_empties_what_the_browser_kept(visit):
    assert visit("ada").post("/log-out").response.headers["Clear-Site-Data"] == '"cache", "storage"'


# --- redirects

_ELSEWHERE = [
    scheme + host
    for host in ("evil.example", "evil.example/x", "user@evil.example", "[::1]", "127.0.0.1:1")
    for scheme in ("https://", "http://", "//", "///", "////", "/\\", "\\/", "\\\\", "/\t/", "/\n/", "/\r\n/",
                   "\t//", " //", "https:", "https:/", "http:\\\\", "HTTPS://", "/\\/", "//\\", "ftp://", "/\x00/",
                   "/\x7f/", "data:text/html,", "javascript:", "JaVaScRiPt:", "vbscript:", "blob:", "file:///",
                   "\u2028//", "?", "#", "", "..//", ".//", "@", ";//")
]  # fmt: skip


@pytest.mark.parametrize("path", ["/log-in", "/theme", "/language/en"])
def test_no_way_of_writing_another_address_is_followed(own_app, open_browser, path):
    somebody = open_browser(own_app)  # its own, for so many failures keep everybody else out
    for target in _ELSEWHERE:
        somebody.client.delete_cookie("formwright")
        somebody.get("/log-in")
        said = {"login": "", "theme": "dark", "next": target}
        answer = somebody.post(path, said)
        if answer.status == 303:
            where = answer.response.headers["Location"]
            assert where == "/" or (where[0] == "/" and where[1] not in "/\\"), (target, where)
        else:
            assert answer.one("[name=next]")["value"] == "/", target


def test_the_control_an_address_of_ours_is_followed(visit):
    somebody = visit("")
    somebody.get("/log-in")
    answer = somebody.post("/theme", {"theme": "dark", "next": "/views/crm.customers?q=%2F%2Fa"})
    assert answer.response.headers["Location"] == "/views/crm.customers?q=%2F%2Fa"


def test_a_path_is_never_made_an_address_by_the_browser():
    for target in _ELSEWHERE:
        found = local_path(target, "/")
        assert found[0] == "/"
        assert found[1:2] not in {"/", "\\"}
        assert not set(found) & set("\t\n\r\\\0\x7f")


# --- who may ask


def test_the_server_does_not_start_while_a_view_says_nobody_may_ask(monkeypatch, tmp_path):
    class Careless:
        blueprint = Blueprint("careless", __name__)

    @Careless.blueprint.get("/careless")
    def view() -> str:
        return "x"

    monkeypatch.setattr(factory, "_BLUEPRINTS", (*factory._BLUEPRINTS, Careless))  # noqa: SLF001
    with pytest.raises(access.UndeclaredAccess, match=r"careless\.view"):
        create_app(Settings(home=tmp_path))
    # The control: once it is declared, the same server starts.
    access.access("login")(view)
    made = create_app(Settings(home=tmp_path))
    assert access.rule_of(made, "careless.view") == "login"
    runtime_of(made).store.close()


@pytest.mark.parametrize("rule", ["", "everybody", "role:", "Public"])
def test_a_rule_that_means_nothing_is_refused(rule):
    with pytest.raises(access.UndeclaredAccess):
        access.access(rule)


#: What is open to everybody, on purpose. A new line here is a decision.
_PUBLIC = {
    "assets.serve", "auth.enter_code", "auth.log_in", "auth.log_out", "auth.show", "auth.show_code", "health.healthz",
    "invitations.accept", "invitations.show", "language.switch", "language.switch_theme", "passkeys.begin_log_in",
    "passkeys.log_in",
}  # fmt: skip


def test_what_is_open_to_everybody_is_a_list_that_somebody_has_read(app):
    found = {name for name in app.view_functions if access.rule_of(app, name) == access.PUBLIC}
    assert found == _PUBLIC


_TRICKS = (
    "{}", "/{}", "//{}", "{}/", "{}//", "{};/log-in", "{};x=/assets/app.css", "{}?x=/log-in", "{}?/assets/", "{}#/log-in",
    "/log-in/..{}", "/assets/..{}", "/assets/%2e%2e{}", "/.{}", "/%2e{}", "/%2f{}", "{}%00", "{}%20", "{}.css", "{}%2f..%2flog-in",
    "/healthz{}", "/assets{}", "{}/log-in", "/%252e%252e{}",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_spelling_of_a_path_gets_past_the_log_in(app, visit, method):
    reached: list[str | None] = []

    def note(_app: Flask) -> None:
        reached.append(request.endpoint)

    with request_started.connected_to(note, app):
        _try_all_spellings(app, visit(""), method, reached)
    if method == "GET":
        assert {"home.show", "audit.show", "files.download"} <= set(reached)


def _try_all_spellings(app: Flask, nobody: Any, method: str, reached: list[str | None]) -> None:
    nobody.get("/log-in")
    closed = [
        path
        for endpoint, path in {**paths_of(app, "GET"), **paths_of(app, "POST")}.items()
        if endpoint not in _PUBLIC
    ]
    for path in closed:
        for trick in _TRICKS:
            asked = trick.format(path)
            path_info, _, query = asked.partition("#")[0].partition("?")
            # As the server hands it over: the test client would take the second of two slashes for a host.
            exactly = {"PATH_INFO": unquote(path_info), "QUERY_STRING": query}
            answer = nobody.client.open(
                method=method, headers={"X-CSRFToken": nobody.token}, environ_overrides=exactly
            )
            where = answer.headers.get("Location", "/log-in")
            answer.close()
            if reached[-1] in _PUBLIC:  # "/" and "/log-in" make "//log-in", which is the log-in
                continue
            if (
                answer.status_code == 308
            ):  # the router tidies slashes; where it leads is asked as well
                assert where.startswith(("http://localhost/", "/"))
                continue
            if method == "OPTIONS" and answer.status_code == 200:
                assert answer.get_data() == b""
                continue
            assert answer.status_code in {303, 400, 404, 405}, (method, asked)
            assert where.startswith("/log-in"), (method, asked, where)


def test_the_control_somebody_who_is_logged_in_gets_in(ada):
    for path in ("/", "/views/crm.customers", "/search"):
        assert ada.get(path).status == 200


def test_a_forwarded_address_that_no_proxy_of_ours_has_set_is_not_believed(own_app, open_browser):
    visitor = open_browser(own_app)
    visitor.get("/log-in")
    visitor.post(
        "/log-in", {"login": "ada", "password": "wrong"}, headers={"X-Forwarded-For": "192.0.2.77"}
    )
    with runtime_of(own_app).store.transaction(write=False) as tx:
        newest = tx.audit.page(EntryFilter(), limit=1)[0][0]
    assert newest.address == "127.0.0.1"
