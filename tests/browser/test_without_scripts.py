"""Everything works without JavaScript, in a step or two more."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_order_is_entered_without_scripts(desk):
    sitting = desk(scripts=False)
    sitting.expected = ("422",)
    page = sitting.open("/records/crm.customer/new")
    page.fill("#f-name", "Plain Buyer Ltd")
    page.fill("#f-phone", "13577770000")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_have_text("Plain Buyer Ltd")
    page.goto(page.url.split("/records")[0] + "/records/crm.order/new")
    page.fill("#f-customer", "plain buyer")
    page.get_by_role("button", name="Add row").click()
    expect(page.locator("#f-customer")).to_have_value("Plain Buyer Ltd")
    page.locator("[role=combobox][name*=product]").fill("a")
    page.locator("input[name$=-qty]").fill("2")
    page.locator("input[name$=-price]").fill("12.5")
    page.get_by_role("button", name="Save", exact=True).click()
    options = page.locator("select[name$=-product] option")
    page.locator("select[name$=-product]").select_option(index=1)
    assert options.count() > 1
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".rows tbody tr")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("Saved")


def test_lists_records_menus_and_trash_are_links_and_forms(desk):
    page = desk(scripts=False).open("/views/crm.customers")
    page.fill("#list-search", "照明")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#results .title").first).to_contain_text("照明")
    page.locator("#results .title").first.click()
    page.get_by_role("link", name="Contacts").last.click()
    expect(page.locator(".related")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    expect(page.locator("#f-name")).to_be_visible()
    page.get_by_role("link", name="Customers", exact=True).first.click()
    page.get_by_role("link", name="Trash").click()
    expect(page.locator("h1")).to_contain_text("Trash")
