"""Revealing, sharing and handing over through the pages, without scripts, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from formwright.engine import accounts, packages
from formwright.factory import create_app, runtime_of
from formwright.settings import Settings

DESK = """
package: {key: desk, title: Desk, version: 1.0.0}
entities:
  client:
    title: Client
    title_plural: Clients
    ownership: {owner_field: owner}
    default_view: clients
    search_fields: [name]
    fields:
      name: {type: text, title: Name, required: true, searchable: true}
      phone: {type: phone, title: Phone, mask: last4}
      owner: {type: user, title: Owner, indexed: true}
views:
  clients: {entity: client, title: Clients, columns: [name, phone, owner]}
roles: {rep: {title: Rep}, reader: {title: Reader}}
grants:
  rep_own: {role: rep, entity: client, actions: [read, create, update, share, transfer, reveal], scope: own}
  rep_pool: {role: rep, entity: client, actions: [read, assign], scope: pool}
  reader_all: {role: reader, entity: client, actions: [read]}
"""
PEOPLE = {"ann": "rep", "bob": "rep", "rita": "reader"}
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "dd"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request, prepare_instance, tmp_path):
    """Return an application with a package of this test's own and three people."""
    if request.param == "sqlite":
        app = request.getfixturevalue("own_app")
    else:
        url = request.getfixturevalue("empty_postgres")
        prepare_instance(url)
        app = create_app(Settings(home=tmp_path / "pg", database_url=url, timezone="Asia/Shanghai"))
    folder = Path(tmp_path / "desk")
    folder.mkdir()
    (folder / "package.yaml").write_text(DESK, "utf-8")
    runtime = runtime_of(app)
    packages.apply_folder(runtime, packages.installer(runtime.catalog), folder)
    with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
        for login, role in PEOPLE.items():
            accounts.add_account(
                unit, login=login, name=login.title(), password="right-horse-battery",  # noqa: S106
                roles=["core.member", f"desk.{role}"], email=f"{login}@example.com", language="en",
            )  # fmt: skip
    yield app
    runtime_of(app).store.close()


@pytest.fixture
def sit(desk, open_browser):
    found = {}

    def at(login):
        if login not in found:
            found[login] = open_browser(desk, login)
        return found[login]

    return at


def arrive(visitor, answer):
    """Go where an answer leads, to its end."""
    page = visitor.follow(answer)
    return arrive(visitor, page) if page.status == 303 else page


def add(visitor, name, **typed):
    form = visitor.get("/records/desk.client/new")
    values = form.values() | {"f-name": [name], "f-phone": ["13800138001"]}
    values |= {f"f-{key}": [value] for key, value in typed.items()}
    answer = visitor.post("/records/desk.client/new", values)
    assert answer.status == 303, answer.html[:2000]
    return answer.response.headers["Location"]


def test_a_record_is_revealed_shared_handed_over_and_taken_back(sit):
    ann, bob = sit("ann"), sit("bob")
    path = add(ann, "Anna Works", **{"owner~text": "Ann"})
    page = ann.get(path)
    # reveal: the button sends a form; htmx gets the value alone
    button = page.one(".reveal button")
    assert button.get_text() == "Show in full: Phone"
    assert "13800138001" not in page.html
    shown = ann.post(page.one(".reveal")["action"])
    assert shown.texts("p.revealed") == ["13800138001"]
    part = ann.post(page.one(".reveal")["action"], headers=HTMX)
    assert part.html.strip().startswith("<span")
    assert "13800138001" in part
    assert "13800138001" not in ann.get("/views/desk.clients")
    assert ann.post(f"{path}/reveal/name").status == 404
    rita = sit("rita")
    assert not rita.get(path).soup.select(".reveal")
    assert rita.post(f"{path}/reveal/phone").status == 404
    # share: by name, without scripts
    assert bob.get(path).status == 404
    assert bob.get(f"{path}/share").status == 404
    assert not rita.get(path).soup.select(f"a[href='{path}/share']")
    sharing = ann.get(ann.get(path).one(f"a[href='{path}/share']")["href"])
    assert sharing.texts("h1") == ["Share “Anna Works”"]
    empty = ann.post(f"{path}/share", {"level": "read"})
    assert empty.status == 422
    assert empty.one("#who")["aria-describedby"] == "who-error"
    refused = ann.post(f"{path}/share", {"who~text": "Ada", "level": "read"})
    assert refused.status == 422
    assert "has no role that works with “Clients”" in refused
    done = arrive(ann, ann.post(f"{path}/share", {"who~text": "bob", "level": "edit"}))
    assert done.texts(".shares b") == ["Bob"]
    assert "may read and change it" in done.texts(".shares li")[0]
    assert bob.get(path).texts("h1") == ["Anna Works"]
    assert bob.get(f"{path}/edit").status == 200
    assert "Shared with Bob" in bob.get(path).one("#timeline").get_text(" ")
    assert bob.get(f"{path}/share").status == 404, "it is shared with him, not his to share"
    arrive(ann, ann.post(f"{path}/unshare", {"who": done.one(".shares [name=who]")["value"]}))
    assert bob.get(path).status == 404
    # hand over
    form = ann.get(ann.get(path).one("a[href*=hand-over]")["href"])
    assert form.texts("h1") == ["Hand over “Anna Works”"]
    number = form.one("form [name=id]")["value"]
    assert ann.post("/records/desk.client/hand-over", {"id": number}).status == 422
    moved = arrive(
        ann, ann.post("/records/desk.client/hand-over", {"id": number, "to~text": "Bob"})
    )
    assert "1 record handed over" in moved
    assert ann.get(path).status == 404
    assert "in a hand-over" in bob.get(path).one("#timeline").get_text(" ")
    arrive(ann, ann.post(moved.one(".toast form")["action"]))
    assert bob.get(path).status == 404
    assert ann.get(path).status == 200


def test_the_pool_is_claimed_from_and_a_page_of_a_list_is_handed_over(sit):
    ann, bob = sit("ann"), sit("bob")
    mine = add(ann, "Mine", **{"owner~text": "Ann"})
    other = add(ann, "Other", **{"owner~text": "Ann"})
    assert ann.get(mine).soup.select("[action$='/claim']") == []
    number = mine.rsplit("/", 1)[1]
    arrive(ann, ann.post("/records/desk.client/hand-over", {"id": number, "_do": "pool"}))
    pool = bob.get(mine)
    assert pool.texts("[action$='/claim'] button") == ["Claim"]
    claimed = arrive(bob, bob.post(pool.one("[action$='/claim']")["action"]))
    assert claimed.texts("h1") == ["Mine"]
    assert "Bob" in claimed.texts(".facts")[0]
    late = ann.post(f"{mine}/claim")
    assert (late.status, late.texts("h1")) == (200, ["0 records handed over"])
    page = ann.get("/views/desk.clients")
    boxes = page.soup.select("tbody input[type=checkbox][form=bulk]")
    assert [box.parent.get_text(strip=True) for box in boxes] == ["Select Other"]
    chosen = [boxes[0]["value"], number]
    form = ann.get(f"{page.one('#bulk')['action']}?id={chosen[0]}&id={chosen[1]}&id=nonsense")
    assert form.texts("h1") == ["Hand over “Other”"]
    result = ann.post("/records/desk.client/hand-over", {"id": chosen, "to~text": "bob"})
    assert result.texts("h1") == ["1 record handed over"]
    assert result.texts("#skipped-title") == ["1 record stayed as it was"]
    assert "you may not see it" in result.texts(".named li")[0]
    assert bob.get(other).status == 200
    back = arrive(ann, ann.post(result.one("[action$='/undo']")["action"]))
    assert "1 record handed over" in back
    assert ann.get(other).status == 200
    rita = sit("rita")
    assert not rita.get("/views/desk.clients").soup.select("#bulk, .select")
    assert rita.get("/records/desk.client/hand-over").status == 403
    assert rita.post("/records/desk.client/hand-over", {"id": number, "_do": "pool"}).status == 200
    assert bob.get(mine).status == 200, "nothing happened"


def test_the_lists_to_choose_from_show_no_more_than_one_may_see(sit):
    ann = sit("ann")
    path = add(ann, "Anna Works", **{"owner~text": "Ann"})
    assert "Bob" in ann.post(f"{path}/share/pick", {"_q": "bo"}).texts("[role=option] b")
    assert "Bob" in ann.post("/records/desk.client/hand-over/pick", {"_q": "bo"}).texts("b")
    rita = sit("rita")
    assert rita.post(f"{path}/share/pick", {"_q": "bo"}).status == 404
    assert rita.post("/records/desk.client/hand-over/pick", {"_q": "bo"}).status == 403


def test_the_pages_are_chinese_for_who_reads_chinese(sit):
    ann = sit("ann")
    path = add(ann, "安娜工厂", **{"owner~text": "Ann"})
    ann.client.set_cookie("formwright_language", "zh-CN")
    assert ann.get(f"{path}/share").texts("h1") == ["共享“安娜工厂”"]
    number = path.rsplit("/", 1)[1]
    page = ann.get(f"/records/desk.client/hand-over?id={number}")
    assert page.texts("h1") == ["移交“安娜工厂”"]
    assert ann.get(path).texts(".reveal button") == ["完整显示 : Phone"]
