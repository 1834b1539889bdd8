"""What comes back while somebody types: only the parts that change, and never the input in use."""

from __future__ import annotations

import pytest

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Source": "span#draft"}


def parts(page) -> dict[str, str]:
    """Return target -> content of the changes in an answer."""
    return {each["hx-target"]: each.decode_contents() for each in page.soup.select("hx-partial")}


def type_in(visitor, entity: str, changed: str, touched: str = "", **values: str):
    form = visitor.get(f"/records/{entity}/new").values()
    typed = {name.replace("__", "-"): [text] for name, text in values.items()}
    return visitor.post(
        f"/records/{entity}/draft",
        form | typed | {"_changed": changed, "_touched": touched},
        headers=HTMX,
    )


def test_leaving_an_input_judges_it_and_no_other(ada):
    changed = parts(type_in(ada, "crm.customer", "phone", **{"f-phone": "12"}))
    assert changed["#f-phone-error"].count("<span>") == 1
    assert "#f-name-error" not in changed
    assert "#w-f-phone" not in changed


def test_a_mended_input_loses_its_error(ada):
    changed = parts(type_in(ada, "crm.customer", "phone", **{"f-phone": "139 0013 9000"}))
    assert "<span>" not in changed["#f-phone-error"]
    assert changed["#f-phone-echo"] == "13900139000"


def test_a_condition_that_comes_true_brings_its_input(ada):
    changed = parts(type_in(ada, "crm.customer", "source", **{"f-source": "referral"}))
    assert "fw-combobox" in changed["#w-f-referred_by"]
    assert "hidden" not in changed["#w-f-referred_by"].split(">", 1)[0]
    nothing = parts(type_in(ada, "crm.customer", "source", **{"f-source": "search"}))
    assert "#w-f-referred_by" not in nothing


def test_a_chosen_record_fills_the_inputs_that_follow_from_it(ada):
    product = ada.get("/views/crm.products").one(".title")["href"].rsplit("/", 1)[-1]
    rows = ada.post(
        "/records/crm.order/rows/lines",
        ada.get("/records/crm.order/new").values() | {"_do": "add-lines"},
        headers=HTMX,
    )
    key = rows.one("tr[data-row]")["data-row"]
    form = ada.get("/records/crm.order/new").values()
    form |= {
        "f-lines": ["", key],
        f"f-lines-{key}-product": [product],
        f"f-lines-{key}-qty": ["2"],
        f"f-lines-{key}-price": [""],
        f"f-lines-{key}-tax_rate": [""],
    }
    changed = parts(
        ada.post(
            "/records/crm.order/draft",
            form | {"_changed": f"lines.{key}.product", "_touched": ""},
            headers=HTMX,
        )
    )
    assert 'value="' in changed[f"#w-f-lines-{key}-price"]
    assert changed[f"#f-lines-{key}-amount"] not in {"–", ""}
    assert "CN¥" in changed["#totals-lines"] or "¥" in changed["#totals-lines"]


def test_typing_in_a_row_changes_its_amount_and_the_totals(ada):
    form = ada.get("/records/crm.order/new").values()
    form |= {
        "f-lines": ["", "n1"],
        "f-lines-n1-qty": ["3"],
        "f-lines-n1-price": ["19.99"],
        "f-lines-n1-tax_rate": ["10"],
    }
    changed = parts(
        ada.post(
            "/records/crm.order/draft",
            form | {"_changed": "lines.n1.qty", "_touched": ""},
            headers=HTMX,
        )
    )
    assert "59.97" in changed["#f-lines-n1-amount"]
    assert "6.00" in changed["#f-lines-n1-tax"]
    assert "65.97" in changed["#w-f-total"]
    assert "#w-f-lines-n1-qty" not in changed


def test_a_province_brings_its_cities(ada):
    form = ada.get("/records/crm.customer/new").values()
    form["f-address"] = ["", "广东省", "", "", "", ""]
    changed = parts(
        ada.post(
            "/records/crm.customer/draft",
            form | {"_changed": "address", "_touched": ""},
            headers=HTMX,
        )
    )
    assert "深圳市" in changed["#w-f-address"]


def test_nothing_is_stored_while_somebody_types(ada):
    before = ada.get("/views/crm.customers").texts(".pager [role=status]")
    type_in(ada, "crm.customer", "name", **{"f-name": "Only typed"})
    assert ada.get("/views/crm.customers?q=Only+typed").texts(".empty h2") == ["Nothing matches"]
    assert ada.get("/views/crm.customers").texts(".pager [role=status]") == before


def test_rows_pasted_from_a_spreadsheet_become_rows(ada):
    product = ada.get("/views/crm.products").texts(".title")[0]
    form = ada.get("/records/crm.order/new").values() | {
        "f-lines": ["", "n1"],
        "f-lines-n1-product": [""],
    }
    pasted = f"{product}\tfirst\t2\t10\n\tsecond\t3\t20.5\r\n"
    page = ada.post(
        "/records/crm.order/rows/lines",
        form | {"_do": "paste-lines-n1", "_column": "product", "_paste": pasted},
        headers=HTMX,
    )
    assert [each["value"] for each in page.soup.select("input[name$=-description]")] == [
        "first",
        "second",
    ]
    assert [each["value"] for each in page.soup.select("input[name$=-qty]")] == ["2", "3"]
    assert page.one("input[name$='-product~text']")["value"] == product


def test_a_picker_finds_by_what_is_typed_and_keeps_to_its_filter(ada):
    form = ada.get("/records/crm.contact/new").values()
    found = ada.post("/records/crm.contact/pick/customer", form | {"_q": "照明"}, headers=HTMX)
    assert found.soup.select("[role=option][data-value]")
    assert all("照明" in each["data-title"] for each in found.soup.select("[role=option]"))
    customer = ada.get("/views/crm.customers?q=照明").one(".title")["href"]
    number = customer.rsplit("/", 1)[-1]
    edit = ada.get(f"{customer}/edit").values()
    parents = ada.post(
        "/records/crm.customer/pick/parent_customer", edit | {"_q": "照明"}, headers=HTMX
    )
    assert number not in {each.get("data-value") for each in parents.soup.select("[role=option]")}


@pytest.mark.parametrize(
    "path", ["nothing", "lines", "lines.x.nothing", "name", "a.b.c.d", "lines.n1.product"]
)
def test_a_picker_of_what_is_no_reference_is_not_there(ada, path):
    form = ada.get("/records/crm.order/new").values()
    page = ada.post(f"/records/crm.order/pick/{path}", form | {"_q": ""}, headers=HTMX)
    assert (
        page.status == (404 if path != "lines.n1.product" else 200)
        or page.soup.select("[role=option]") is not None
    )
    assert page.status in {200, 404}


def test_an_error_for_htmx_is_a_message_and_leaves_the_page_alone(ada):
    answer = ada.get("/records/crm.customer/0000000000000/related/contacts", headers=HTMX)
    assert answer.status == 404
    assert answer.response.headers["HX-Reswap"] == "none"
    assert "fw:toast" in answer.response.headers["HX-Trigger"]


def test_whoever_is_logged_out_meanwhile_keeps_what_is_typed(visit):
    answer = visit("").get("/views/crm.customers", headers=HTMX)
    assert answer.status == 401
    assert answer.html == ""
    assert answer.response.headers["HX-Reswap"] == "none"
