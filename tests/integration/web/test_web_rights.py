"""The matrix of rights and changing them, through the pages and the command line."""

from __future__ import annotations

import pytest

from formwright.engine import packages
from formwright.factory import runtime_of


def boxes(page, name):
    return {each["value"] for each in page.soup.select(f"[name={name}][checked]")}


def test_the_matrix_is_a_table_that_says_each_cell_by_name(ada):
    page = ada.get("/rights")
    assert page.texts("h1") == ["Rights"]
    heads = page.texts("thead th[scope=col]")
    assert heads[0] == "Kind of record"
    assert {"Administrator", "Sales rep", "Sales manager"} <= set(heads)
    row = next(tr for tr in page.soup.select("tbody tr") if tr.th.span and tr.th.span.get_text() == "Customer")  # fmt: skip
    assert row.th["scope"] == "row"
    cell = row.select("td")[heads.index("Sales rep") - 1]
    assert cell.a.get_text() == "Details: Sales rep and “Customer”"
    assert "read: own" in " ".join(cell.get_text(" ").replace(" :", ":").split())
    inherited = page.one("tbody .inherited")
    assert "from " in inherited.get_text()
    assert ada.get("/").soup.select(".menu-list a[href='/rights']")


def test_the_matrix_is_narrowed_compared_and_opened_by_field(ada):
    page = ada.get("/rights?role=crm.sales_rep&other=core.admin&entity=crm.product")
    assert page.texts("thead th")[1:] == ["Administrator", "Sales rep"]
    assert page.texts("tbody th span:not(.vh)") == ["Product"]
    opened = ada.get(page.one("tbody th a")["href"])
    assert "Code" in opened.texts(".of-field th")
    assert "in full" in opened.texts(".of-field td")[0]
    for nonsense in ("role=%00", "entity=nothing", "fields=%27", "other=" + "x" * 3000):
        assert ada.get(f"/rights?{nonsense}").status == 200


def test_only_who_looks_after_rights_sees_them(known):
    for login in ("rep", "boss"):
        visitor = known(login)
        assert not visitor.get("/").soup.select(".menu-list a[href='/rights']")
        for path in ("/rights", "/rights/local", "/rights/grants/crm.rep_customers", "/rights/roles/crm.sales_rep/crm.customer", "/rights/new?role=crm.sales_rep&entity=crm.customer"):  # fmt: skip
            assert visitor.get(path).status == 403, path
        assert visitor.post("/rights/local", {"text": "x", "_do": "publish"}).status == 403


SHOP = """
package: {key: shop, title: Shop, version: 1.0.0}
entities:
  item:
    title: Item
    title_plural: Items
    ownership: {owner_field: owner}
    fields: {name: {type: text, title: Name}, owner: {type: user, title: Owner, indexed: true}}
  good:
    title: Good
    fields: {name: {type: text, title: Name}, code: {type: text, title: Code}, list_price: {type: integer, title: List price}}
views:
  items: {entity: item, title: Items, columns: [name, owner]}
  goods: {entity: good, title: Goods, columns: [name, code, list_price]}
roles: {clerk: {title: Clerk}}
grants:
  clerk_items: {role: clerk, entity: item, actions: [read, create, update, comment, print], scope: "owner == me"}
  clerk_goods: {role: clerk, entity: good, actions: [read, print]}
  admin_items: {role: core.admin, entity: item, actions: [read, create, update]}
"""


@pytest.fixture
def admin(own_app, open_browser, tmp_path):
    """Return an administrator of an installation with a shop, in which ``rep`` is the one clerk."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "package.yaml").write_text(SHOP, "utf-8")
    runtime = runtime_of(own_app)
    packages.apply_folder(runtime, packages.installer(runtime.catalog), folder)
    with runtime.unit(packages.installer(runtime.catalog), write=True) as unit:
        clerk = unit.tx.users.credential("rep").user
        unit.tx.users.set_roles(clerk, ["core.member", "shop.clerk"], by=None)
    ada = open_browser(own_app, "ada")
    form = ada.get("/records/shop.item/new").values()
    assert ada.post("/records/shop.item/new", form | {"f-name": ["Chair"]}).status == 303
    return ada


@pytest.fixture
def rep(admin, own_app, open_browser):  # noqa: ARG001 -- the shop has to be there first
    return open_browser(own_app, "rep")


def send(visitor, page, do, **changed):
    form = page.values(".rights-form") | {"_do": do} | changed
    return visitor.post(page.one(".rights-form")["action"], form)


def test_a_grant_is_changed_looked_at_published_and_put_back(admin, rep):
    cell = admin.get("/rights/roles/shop.clerk/shop.item")
    edit = admin.get(cell.one("a[aria-label='Change shop.clerk_items']")["href"])
    assert boxes(edit, "action") == {"read", "create", "update", "comment", "print"}
    assert edit.one("#scope option[selected]")["value"] == "condition"
    assert edit.one("#condition")["value"] == "owner == me"
    assert send(admin, edit, "publish").texts(".preview p") == ["Nobody gains or loses anything."]
    looked = send(admin, edit, "check", scope="all", action=["read"], note="spring")
    assert "1 person gains on all of “Item”" in " ".join(looked.texts(".preview li"))
    assert rep.get("/views/shop.items").texts(".pager [role=status]") == [], "nothing is done yet"
    assert rep.get("/records/shop.item/new").status == 200
    done = admin.follow(send(admin, looked, "publish"))
    assert "changed here" in done
    assert rep.get("/views/shop.items").texts(".pager [role=status]") != []
    assert rep.get("/records/shop.item/new").status == 403
    text = admin.get("/rights/local").one("#text").get_text()
    assert "shop.clerk_items:" in text
    assert "note: spring" in text
    again = admin.get("/rights/grants/shop.clerk_items")
    assert again.one("#note")["value"] == "spring"
    back = send(admin, again, "reset")
    assert "1 person gains on some of “Item” (owner == me): create" in " ".join(back.texts(".preview li"))  # fmt: skip
    admin.follow(send(admin, back, "publish"))
    assert rep.get("/records/shop.item/new").status == 200
    assert "changed here" not in admin.get("/rights/roles/shop.clerk/shop.item")


def test_a_grant_is_switched_off_and_fields_are_hidden_and_masked(admin, rep):
    edit = admin.get("/rights/grants/shop.clerk_goods")
    form = edit.values(".rights-form")
    form |= {"see-list_price": "hidden", "see-code": "last4", "_do": "check"}
    looked = admin.post("/rights/grants/shop.clerk_goods", form)
    said = " ".join(looked.texts(".preview li"))
    assert "1 person no longer sees “List price” of “Good”" in said
    assert "1 person sees only a part of “Code” of “Good” now" in said
    admin.follow(send(admin, looked, "publish"))
    assert "List price" not in rep.get("/views/shop.goods").texts("thead th")
    again = admin.get("/rights/grants/shop.clerk_goods").values(".rights-form")
    again.pop("enabled")
    looked = admin.post("/rights/grants/shop.clerk_goods", again | {"_do": "check"})
    assert "1 person loses on all of “Good”: read, print" in " ".join(looked.texts(".preview li"))  # fmt: skip
    done = admin.follow(send(admin, looked, "publish"))
    assert "switched off here" in done
    assert rep.get("/views/shop.goods").status == 403


def test_a_grant_of_our_own_is_added_and_removed(admin, rep):
    new = admin.get(admin.get("/rights/roles/shop.clerk/shop.good").one(".head-end a")["href"])
    assert rep.get("/records/shop.good/new").status == 403
    looked = send(admin, new, "check", action=["create"])
    assert "1 person gains on all of “Good”: create" in " ".join(looked.texts(".preview li"))
    done = admin.follow(send(admin, looked, "publish"))
    assert "local.clerk_good" in done
    assert rep.get("/records/shop.good/new").status == 200
    edit = admin.get("/rights/grants/local.clerk_good")
    looked = send(admin, edit, "reset")
    admin.follow(send(admin, looked, "publish"))
    assert rep.get("/records/shop.good/new").status == 403


def test_what_is_wrong_is_said_with_its_place_and_what_was_typed_stays(admin):
    edit = admin.get("/rights/grants/shop.clerk_items")
    wrong = send(admin, edit, "check", condition="ownr == me")
    assert wrong.status == 422
    assert "local/rights.yaml:" in wrong
    assert "'ownr' is not a field of 'shop.item'" in wrong
    assert wrong.one("#condition")["value"] == "ownr == me"
    none = edit.values(".rights-form")
    none.pop("action")
    assert admin.post("/rights/grants/shop.clerk_items", none | {"_do": "check"}).status == 422
    local = admin.get("/rights/local")
    typed = (
        local.one("#text").get_text().removeprefix("\n")
        + "overlay: {grants: {crm.nobody: {enabled: false}}}\n"
    )
    gone = send(admin, local, "check", text=typed)
    assert gone.status == 422
    assert "there is no grant 'crm.nobody' to change" in gone
    assert "crm.nobody" in gone.one("#text").get_text()
    assert send(admin, local, "check", text="grants: [").status == 422
    out = send(admin, local, "check", text=typed.replace("crm.nobody", "core.admin_users"))
    assert "Nobody would be left who may change rights." in out


def test_what_was_not_looked_at_is_not_published(admin, rep):
    edit = admin.get("/rights/grants/shop.clerk_items")
    looked = send(admin, edit, "check", scope="all")
    other = send(admin, looked, "publish", scope="pool")
    assert other.status == 200
    assert other.texts("#preview-title") == ["This would change"]
    assert rep.get("/views/shop.items").texts(".pager [role=status]") == []


def test_somebody_who_was_faster_is_not_written_over(admin):
    edit = admin.get("/rights/grants/shop.clerk_items")
    mine = send(admin, edit, "check", scope="all")
    theirs = send(admin, edit, "check", scope="pool")
    admin.follow(send(admin, theirs, "publish"))
    late = send(admin, mine, "publish")
    assert late.status in {200, 422}
    assert "changed here" in admin.get("/rights/roles/shop.clerk/shop.item")
    assert "scope: pool" in admin.get("/rights/local").one("#text").get_text()


def test_the_pages_are_chinese_for_who_reads_chinese(admin):
    admin.client.set_cookie("formwright_language", "zh-CN")
    page = admin.get("/rights")
    assert page.texts("h1") == ["权限"]
    assert "来自" in page.one("tbody .inherited").get_text()
    edit = admin.get("/rights/grants/shop.clerk_items")
    looked = send(admin, edit, "check", scope="all")
    assert "1 人对“Item”的权限由部分（owner == me）扩大到全部" in " ".join(
        looked.texts(".preview li")
    )


def test_the_command_line_plans_and_applies_the_same_folder(shell_of_each, tmp_path):
    folder = tmp_path / "local"
    folder.mkdir()
    text = "package: {key: local, title: Local, version: 1.0.0, requires: {crm: '*'}}\noverlay:\n  grants:\n    %s\n"
    (folder / "rights.yaml").write_text(text % "core.admin_teams: {scope: 'lead == me'}", "utf-8")
    planned = shell_of_each("plan", folder)
    assert "Rights of people: 1 person loses on “Team” outside of “lead == me, all”" in planned or (
        "Rights of people: 1 person loses on “Team” outside of “lead == me”" in planned
    )
    assert shell_of_each.json("plan", folder)["rights"]
    assert "is in force" in shell_of_each("apply", folder)
    assert shell_of_each.json("plan", folder)["rights"] == []
    (folder / "rights.yaml").write_text(text % "crm.gone: {enabled: false}", "utf-8")
    said = shell_of_each("plan", folder, code=1)
    assert "rights.yaml:4:5: FW201 there is no grant 'crm.gone' to change" in said
