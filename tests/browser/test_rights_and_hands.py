"""Rights, sharing and handing over at a browser: by keyboard, on a phone, judged by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PHONE = (390, 844)


@pytest.mark.parametrize("size", [(1280, 800), PHONE])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_pages_of_rights_are_fit_for_everybody(desk, judge, shoot, size, language):
    sitting = desk(size=size, language=language)
    for path, name in (
        ("/rights", "matrix"),
        ("/rights?role=crm.sales_rep&other=crm.sales_manager&fields=crm.customer", "matrix-fields"),
        ("/rights/roles/crm.sales_manager/crm.customer", "cell"),
        ("/rights/grants/crm.rep_customers", "grant"),
        ("/rights/local", "local"),
    ):
        page = sitting.open(path)
        shoot(page, f"rights-{name}-{language}-{size[0]}")
        assert judge(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"


def test_a_change_of_rights_is_looked_at_by_keyboard(desk, judge):
    page = desk(size=PHONE).open("/rights/grants/crm.rep_customers")
    page.locator("#scope").focus()
    page.keyboard.press("Home")
    expect(page.locator("#scope")).to_have_value("all")
    button = page.get_by_role("button", name="See what would change")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".preview")).to_contain_text("1 person gains on all of “Customer”")
    assert judge(page) == []


@pytest.mark.parametrize("size", [(1280, 800), PHONE])
def test_ticked_records_are_handed_over_and_taken_back(desk, judge, shoot, size):
    sitting = desk(size=size)
    page = sitting.open("/rights/new?role=core.admin&entity=crm.customer")
    page.get_by_label("hand over").check()
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".toast")).to_contain_text("Published")
    page = sitting.open("/views/crm.customers")
    page.locator(".select input").nth(0).check()
    page.locator(".select input").nth(1).focus()
    page.keyboard.press("Space")
    shoot(page, f"list-ticked-{size[0]}")
    assert judge(page) == []
    page.get_by_role("button", name="Hand over the selected").click()
    expect(page.locator("h1")).to_have_text("Hand over 2 records")
    page.locator("#to").press_sequentially("Boss")
    page.locator("#to-list [role=option]").first.click()
    assert judge(page) == []
    shoot(page, f"hand-over-{size[0]}")
    page.get_by_role("button", name="Hand over", exact=True).click()
    undo = page.get_by_role("button", name="Undo").first
    expect(undo).to_be_visible()
    undo.click()
    expect(page.locator(".toast").last).to_contain_text("handed over")


def test_everything_on_a_page_is_ticked_at_once(desk):
    page = desk().open("/views/crm.customers")
    page.locator("[data-all]").check()
    boxes = page.locator(".select input")
    assert boxes.count() == page.locator(".select input:checked").count() > 1
