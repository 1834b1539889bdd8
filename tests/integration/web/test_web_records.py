"""A person without scripts works with records: creates, reads, edits, deletes, restores."""

from __future__ import annotations

import itertools
import re

import pytest

_numbers = itertools.count(1)


def fresh_phone() -> str:
    return f"1391{next(_numbers):07d}"


def new_customer(visitor, **typed):
    """Create a customer through its form and return the page that follows."""
    page = visitor.get("/records/crm.customer/new")
    values = page.values() | {"f-name": ["北京液压"], "f-phone": [fresh_phone()]}
    values |= {f"f-{key}": [text] for key, text in typed.items()}
    return visitor.post("/records/crm.customer/new", values)


def saved_path(page) -> str:
    assert page.status == 303, page.texts("#summary li") or page.html[:2000]
    return page.response.headers["Location"]


def described(page) -> list[str]:
    return [each.get("value") for each in page.soup.select("input[name$=-description]")]


def without_tokens(html: str) -> str:
    return re.sub(r'(value|content)="[^"]{20,}"|/records/[^"]*', "", html)


def facts(page) -> dict[str, str]:
    return {
        fact.dt.get_text(strip=True): " ".join(fact.dd.get_text(" ").split())
        for fact in page.soup.select(".fact")
    }


def test_a_phone_typed_in_any_way_is_shown_with_eleven_digits(ada):
    path = saved_path(new_customer(ada, name="手机", phone="+86 138-0013-8000"))
    assert facts(ada.get(path))["Mobile"] == "13800138000"


def test_what_is_missing_is_said_at_its_place_and_nothing_typed_is_lost(ada):
    page = new_customer(ada, name="", phone="12", email="no address", remark="kept <b>text</b>")
    assert page.status == 422
    wrong = page.texts("#summary li")
    assert len(wrong) == 3
    assert any(each.startswith("Customer name:") for each in wrong)
    assert page.one("#f-phone")["value"] == "12"
    assert page.one("#f-phone")["aria-invalid"] == "true"
    assert "f-phone-error" in page.one("#f-phone")["aria-describedby"]
    assert page.one("#f-phone-error").get_text(strip=True)
    assert page.one("#f-email")["value"] == "no address"
    assert page.one("#f-remark").get_text().strip() == "kept <b>text</b>"
    for link in page.soup.select("#summary a"):
        assert page.soup.select_one(link["href"]) is not None


def test_the_form_is_in_the_readers_language(ada):
    ada.client.set_cookie("formwright_language", "zh-CN")
    page = new_customer(ada, name="")
    assert page.one("html")["lang"] == "zh-CN"
    assert "客户名称" in page.texts("#summary li")[0]
    assert re.search(r"[a-z]{4}", page.texts("#summary")[0]) is None


def test_sending_a_form_twice_makes_one_record(ada):
    page = ada.get("/records/crm.customer/new")
    values = page.values() | {"f-name": ["Twice"], "f-phone": [fresh_phone()]}
    first = ada.post("/records/crm.customer/new", values)
    second = ada.post("/records/crm.customer/new", values)
    assert saved_path(first) == saved_path(second)
    assert ada.get("/views/crm.customers?q=Twice").texts("#results .title") == ["Twice"]


def test_the_key_of_a_new_record_cannot_be_chosen(ada):
    page = ada.get("/records/crm.customer/new")
    values = page.values() | {
        "f-name": ["Forged"],
        "f-phone": [fresh_phone()],
        "_key": ["WzE3LDEsImNybS5jdXN0b21lciJd.x"],
    }
    assert (
        saved_path(ada.post("/records/crm.customer/new", values))
        != "/records/crm.customer/000000000000h"
    )


def test_an_edit_changes_what_was_changed_and_history_tells_it(ada):
    path = saved_path(new_customer(ada, name="Before"))
    form = ada.get(f"{path}/edit")
    assert form.one("#f-name")["value"] == "Before"
    done = ada.post(f"{path}/edit", form.values() | {"f-name": ["After"]})
    assert saved_path(done) == path
    page = ada.get(path)
    assert page.texts("h1") == ["After"]
    entry = page.texts(".timeline > li")[0]
    assert "Ada changed" in entry
    assert "Customer name" in entry
    assert page.texts(".timeline del")[0] == "Before"
    assert page.texts(".timeline ins")[0] == "After"


def test_saving_without_a_change_says_so(ada):
    path = saved_path(new_customer(ada))
    ada.get(path)
    ada.post(f"{path}/edit", ada.get(f"{path}/edit").values())
    assert ada.get(path).texts(".toast span") == ["Nothing was changed"]


def test_two_people_saving_see_both_versions_and_lose_nothing(ada, known):
    boss = known("boss")
    path = saved_path(new_customer(ada, name="Base", contact_name="Li", wechat="base"))
    mine, theirs = ada.get(f"{path}/edit").values(), boss.get(f"{path}/edit").values()
    saved_path(boss.post(f"{path}/edit", theirs | {"f-name": ["Theirs"], "f-wechat": ["theirs"]}))
    page = ada.post(f"{path}/edit", mine | {"f-name": ["Mine"], "f-contact_name": ["Wang"]})
    assert page.status == 409
    shown = {
        each.legend.get_text(strip=True): [
            s.get_text(strip=True) for s in each.select(".side > span:last-child")
        ]
        for each in page.soup.select("fieldset")
    }
    assert shown == {
        "Customer name": ["Mine", "Theirs"],
        "WeChat": ["base", "theirs"],
        "Contact name": ["Wang", "Li"],
    }
    chosen = {
        each["name"]: each["value"] for each in page.soup.select("input[type=radio][checked]")
    }
    assert chosen == {"_keep-name": "mine", "_keep-wechat": "theirs", "_keep-contact_name": "mine"}
    saved_path(ada.post(f"{path}/edit", page.values()))
    final = facts(ada.get(path))
    assert (final["Customer name"], final["WeChat"], final["Contact name"]) == (
        "Mine",
        "theirs",
        "Wang",
    )


def test_a_deleted_record_is_undone_from_the_message_or_restored_from_the_trash(ada):
    path = saved_path(new_customer(ada, name="Gone for a while"))
    listed = ada.follow(ada.follow(ada.post(f"{path}/delete")))
    assert "in the trash" in listed.texts(".toast span")[0]
    assert ada.get(path).status == 404
    undo = listed.one(".toast form")["action"]
    assert ada.follow(ada.post(undo)).texts("h1") == ["Gone for a while"]
    ada.post(f"{path}/delete")
    trash = ada.get("/records/crm.customer/trash")
    row = next(
        each for each in trash.soup.select("tbody tr") if "Gone for a while" in each.get_text()
    )
    assert ada.follow(ada.post(row.form["action"])).texts("h1") == ["Gone for a while"]


def test_a_record_that_others_refer_to_is_not_deleted_and_says_why(ada):
    order = ada.get("/views/crm.orders").one("#results .title")["href"]
    customer = ada.get(order).one("dd a[href^='/records/crm.customer/']")["href"]
    page = ada.follow(ada.post(f"{customer}/delete"))
    assert page.status == 200
    assert "Orders" in page.texts(".toast span")[0]


def test_an_order_with_three_lines_has_the_right_total(ada):
    customer = saved_path(new_customer(ada, name="Buyer of three")).rsplit("/", 1)[-1]
    products = [
        row.select_one(".title")["href"].rsplit("/", 1)[-1]
        for row in ada.get("/views/crm.products").soup.select("tbody tr")
    ]
    page = ada.get(f"/records/crm.order/new?f-customer={customer}")
    assert page.one("#f-customer")["value"] == "Buyer of three"
    for _ in range(3):
        page = ada.post("/records/crm.order/new", page.values() | {"_do": "add-lines"})
        assert page.status == 200
    keys = [key for key in page.values()["f-lines"] if key]
    assert len(keys) == 3
    typed = page.values()
    for key, (qty, price) in zip(keys, (("2", "10"), ("3", "0.35"), ("1", "1,000.5")), strict=True):
        typed |= {
            f"f-lines-{key}-product": [products[0]],
            f"f-lines-{key}-qty": [qty],
            f"f-lines-{key}-price": [price],
            f"f-lines-{key}-tax_rate": ["0"],
        }
    path = saved_path(ada.post("/records/crm.order/new", typed))
    shown = ada.get(path)
    assert "1,021.55" in facts(shown)["Total"]
    assert len(shown.soup.select(".rows tbody tr")) == 3


def test_rows_are_removed_copied_and_moved_without_scripts(ada):
    page = ada.get("/records/crm.order/new")
    for _ in range(2):
        page = ada.post("/records/crm.order/new", page.values() | {"_do": "add-lines"})
    first, second = (key for key in page.values()["f-lines"] if key)
    page = ada.post(
        "/records/crm.order/new",
        page.values() | {f"f-lines-{first}-description": ["one"], "_do": f"copy-lines-{first}"},
    )
    assert described(page) == ["one", "one", ""]
    page = ada.post("/records/crm.order/new", page.values() | {"_do": f"up-lines-{second}"})
    assert described(page) == ["one", "", "one"]
    page = ada.post("/records/crm.order/new", page.values() | {"_do": f"remove-lines-{first}"})
    assert described(page) == ["", "one"]


def test_a_reference_typed_by_name_is_found_without_scripts(ada):
    saved_path(new_customer(ada, name="Unmistakable Ltd"))
    page = ada.get("/records/crm.contact/new")
    typed = page.values() | {
        "f-name": ["Chen"],
        "f-customer~text": ["unmistakable"],
        "f-phone": [fresh_phone()],
    }
    shown = ada.get(saved_path(ada.post("/records/crm.contact/new", typed)))
    assert facts(shown)["Customer"] == "Unmistakable Ltd"


def test_a_name_that_fits_several_records_is_asked_back(ada):
    saved_path(new_customer(ada, name="Twin One"))
    wanted = saved_path(new_customer(ada, name="Twin Two")).rsplit("/", 1)[-1]
    page = ada.get("/records/crm.contact/new")
    asked = ada.post(
        "/records/crm.contact/new",
        page.values()
        | {"f-name": ["Chen"], "f-customer~text": ["Twin"], "f-phone": [fresh_phone()]},
    )
    assert asked.status == 422
    offered = {
        option.get_text().split(" — ")[0]: option["value"]
        for option in asked.soup.select("select[name=f-customer] option")
    }
    assert {"Twin One", "Twin Two"} <= set(offered)
    done = ada.post("/records/crm.contact/new", asked.values() | {"f-customer": [wanted]})
    assert facts(ada.get(saved_path(done)))["Customer"] == "Twin Two"


def test_a_conditional_field_comes_in_two_steps_without_scripts(ada):
    page = ada.get("/records/crm.customer/new")
    assert page.one("#w-f-referred_by").has_attr("hidden")
    assert page.one("#f-referred_by").has_attr("disabled")
    again = ada.post(
        "/records/crm.customer/new",
        page.values() | {"f-source": ["referral"], "f-name": ["typed"], "_do": "refresh"},
    )
    assert again.status == 200
    assert not again.one("#w-f-referred_by").has_attr("hidden")
    assert again.one("#f-name")["value"] == "typed"
    assert again.soup.select("#summary") == []


def test_save_and_new_opens_the_next_form(ada):
    page = ada.get("/records/crm.product/new")
    values = page.values() | {
        "f-name": ["Valve"],
        "f-code": ["V-1"],
        "f-list_price": ["5"],
        "_then": ["new"],
    }
    done = ada.post("/records/crm.product/new", values)
    assert saved_path(done) == "/records/crm.product/new"
    assert ada.follow(done).texts(".toast span") == ["Product saved"]


def test_adding_from_a_related_list_brings_the_record_along_and_leads_back(ada):
    path = saved_path(new_customer(ada, name="With contacts"))
    page = ada.get(f"{path}?tab=contacts")
    add = page.one(".related header a")["href"]
    form = ada.get(add)
    assert form.one("#f-customer")["value"] == "With contacts"
    done = ada.post(
        "/records/crm.contact/new", form.values() | {"f-name": ["Sun"], "f-phone": [fresh_phone()]}
    )
    assert saved_path(done) == f"{path}?tab=contacts"
    assert "Sun" in ada.follow(done).texts(".related .title")[0]


def test_a_copy_starts_with_the_values_of_another_record(ada):
    path = saved_path(
        new_customer(ada, name="Original", wechat="wx", address="广东深圳南山区科技路1号")
    )
    copy = ada.get(f"/records/crm.customer/new?copy={path.rsplit('/', 1)[-1]}")
    assert copy.one("#f-name")["value"] == "Original"
    assert copy.one("#f-wechat")["value"] == "wx"
    assert copy.one("#f-address-city option[selected]")["value"] == "深圳市"


@pytest.mark.parametrize(
    "path",
    [
        "/records/crm.customer/0000000000000",
        "/records/crm.customer/nonsense",
        "/records/crm.customer/../../etc/passwd",
        "/records/crm.nothing/new",
        "/records/crm.nothing/0000000000000",
        "/views/crm.nothing",
        "/trash/x",
        "/files/0000000000000/x",
    ],
)
def test_what_is_not_there_is_a_page_with_a_way_out(ada, path):
    page = ada.get(path)
    assert page.status in {404, 405}
    assert page.soup.select(".problem a.primary")


def test_a_record_of_somebody_else_is_answered_like_one_that_is_not_there(ada, known):
    path = saved_path(new_customer(ada, name="Ada's own"))
    rep = known("rep")
    hidden, missing = rep.get(path), rep.get("/records/crm.customer/0000000000000")
    assert (hidden.status, missing.status) == (404, 404)
    assert without_tokens(hidden.html) == without_tokens(missing.html)
    for action in (f"{path}/edit", f"{path}/delete"):
        assert rep.post(action, {"f-name": "stolen"}).status == 404
    assert ada.get(path).texts("h1") == ["Ada's own"]


def test_a_failure_shows_a_number_that_the_log_has_and_no_traceback(app, ada, monkeypatch, caplog):
    monkeypatch.setitem(app.view_functions, "home.show", lambda: 1 / 0)
    page = ada.get("/")
    assert page.status == 500
    assert "Traceback" not in page.html
    assert "ZeroDivisionError" not in page.html
    reference = re.search(r"Reference: ([0-9A-F]{8})", page.html)
    assert reference is not None
    assert caplog.records[-1].facts["reference"] == reference[1]
