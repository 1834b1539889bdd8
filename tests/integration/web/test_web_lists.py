"""Lists: what the address asks for is what is shown, and the address says all of it."""

from __future__ import annotations

import pytest


def titles(page) -> list[str]:
    return page.texts("#results .title")


def test_a_list_says_how_many_there_are_and_what_one_can_do(ada):
    page = ada.get("/views/crm.customers")
    assert page.status == 200
    assert page.texts("h1") == ["Customers"]
    assert page.texts(".pager [role=status]")[0].endswith("records")
    assert page.one("a[data-key=n]")["href"] == "/records/crm.customer/new"
    assert page.texts(".tabs [aria-current]") == ["All customers"]


def test_a_search_finds_two_chinese_characters_and_keeps_to_them(ada):
    page = ada.get("/views/crm.customers?q=照明")
    assert titles(page)
    assert all("照明" in title for title in titles(page))
    assert page.one("#list-search")["value"] == "照明"


def test_a_click_on_a_column_sorts_by_it_and_another_turns_it_round(ada):
    upward = ada.get("/views/crm.products?sort=code")
    assert upward.one("th[aria-sort=ascending]").get_text(strip=True) == "Code"
    downward = ada.get(upward.one("th[aria-sort=ascending] a")["href"])
    assert downward.one("th[aria-sort=descending]").get_text(strip=True) == "Code"
    column = [th.get_text(strip=True) for th in upward.soup.select("th")].index("Code") + 1
    up, down = (page.texts(f"tbody td:nth-child({column})") for page in (upward, downward))
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)


def test_next_and_previous_lead_through_all_records_once(ada, app):
    found = app.extensions["formwright"].catalog.views["crm.customers"]
    page = ada.get("/views/crm.customers?sort=created_at")
    first = titles(page)
    assert len(first) == found.page_size
    second = ada.get(page.one("a[rel=next]")["href"])
    assert not set(second.texts("tbody tr td:nth-child(2)")) & set(
        page.texts("tbody tr td:nth-child(2)")
    )
    assert titles(ada.get(second.one("a[rel=prev]")["href"])) == first


def test_a_quick_filter_narrows_and_can_be_cleared(ada):
    page = ada.get("/views/crm.customers?f-type=lost&q=zzzz")
    assert titles(page) == []
    assert page.texts(".empty h2") == ["Nothing matches"]
    assert page.one(".empty a")["href"] == "/views/crm.customers"
    lost = ada.get("/views/crm.customers?f-type=lost")
    assert set(lost.texts("tbody td:nth-child(3)")) == {"Lost customer"}
    assert lost.one("#filter-type option[selected]")["value"] == "lost"


def test_only_what_is_asked_for_comes_back_to_htmx(ada):
    headers = {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "HX-Target": "div#results",
        "HX-Source": "form#filters",
    }
    part = ada.get("/views/crm.customers?q=a", headers=headers)
    assert part.html.lstrip().startswith('<div id="results"')
    boosted = ada.get(
        "/views/crm.customers",
        headers={"HX-Request": "true", "HX-Boosted": "true", "HX-Request-Type": "full"},
    )
    assert boosted.soup.select("html main#main")
    assert "HX-Request" in part.response.headers["Vary"]


def test_a_member_of_sales_sees_the_own_customers_only(ada, known):
    everybody = ada.get("/views/crm.customers").texts(".pager [role=status]")
    own = known("rep").get("/views/crm.customers")
    assert own.texts(".pager [role=status]") != everybody


def test_an_empty_list_says_what_belongs_there(known):
    page = known("rep").get("/views/crm.my_customers")
    assert "You look after no customer yet." in page
    assert page.one(".empty a.primary")["href"] == "/records/crm.customer/new"


@pytest.mark.parametrize(
    "query",
    [
        "sort=password_hash", "sort=--x", "sort=name%3Bdrop", "f-nothing=1", "f-type=%27%3B--", "after=garbage",
        "before=%00", "q=%00", "q=" + "x" * 5000, "q=%25%27%22", "after=" + "A" * 3000,
    ],
)  # fmt: skip
def test_nonsense_in_the_address_never_breaks_a_list(ada, query):
    assert ada.get(f"/views/crm.customers?{query}").status in {200, 400, 422}


def test_search_over_everything_finds_by_phone_and_groups_by_entity(ada):
    phone = ada.get("/views/crm.customers").one("tbody a[href^='tel:']").get_text()
    page = ada.get(f"/search?q={phone}")
    assert any(title.startswith("Customers") for title in page.texts(".section-title"))
    palette = ada.get(f"/search/palette?q={phone}")
    assert palette.soup.select("[role=option][href^='/records/crm.customer/']")


def test_the_palette_offers_places_and_new_records(ada):
    page = ada.get("/search/palette?q=contact")
    links = {each["href"] for each in page.soup.select("[role=option]")}
    assert {"/views/crm.contacts", "/records/crm.contact/new"} <= links


def test_the_first_page_shows_apps_and_the_records_one_worked_on(ada):
    page = ada.get("/")
    assert "Customers" in page.texts(".cards b")
    form = ada.get("/records/crm.product/new")
    ada.post(
        "/records/crm.product/new",
        form.values() | {"f-name": ["Recent thing"], "f-code": ["R-1"], "f-list_price": ["1"]},
    )
    assert ada.get("/").texts(".recent a")[0].startswith("Recent thing")
