"""A day of somebody in sales, in a browser: the things that must never break."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
_numbers = itertools.count(1)


def phone() -> str:
    return f"1381{next(_numbers):07d}"


def new_customer(page: Page, name: str, typed_phone: str = "") -> str:
    """Create a customer through the form and return the path of its page."""
    page.goto(
        page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/records/crm.customer/new"
    )
    page.fill("#f-name", name)
    page.fill("#f-phone", typed_phone or phone())
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/records/crm\.customer/[0-9a-z]{13}$"))
    return "/" + page.url.split("/", 3)[3]


def fact(page: Page, title: str):
    return page.locator(".fact", has=page.locator("dt", has_text=re.compile(f"^{title}$"))).locator(
        "dd"
    )


def choose(page: Page, selector: str, text: str) -> None:
    """Type in a reference's input and take the first match with the keyboard."""
    box = page.locator(selector)
    box.fill(text)
    page.locator(f"{selector} ~ [role=listbox] [role=option][data-value]").first.wait_for()
    box.press("Enter")
    expect(page.locator(f"{selector} + input[type=hidden]")).not_to_have_value("")


def test_somebody_logs_in_adds_a_customer_and_sees_the_phone_in_eleven_digits(desk):
    nobody = desk("")
    page = nobody.open("/")
    expect(page).to_have_title(re.compile("Log in"))
    page.fill("#login", "ada")
    page.fill("#password", "right-horse-battery")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Ada")
    page.get_by_role("link", name="Customers", exact=True).first.click()
    page.get_by_role("link", name="New Customer").first.click()
    expect(page.locator("h1")).to_have_text("New Customer")
    page.fill("#f-name", "北京液压有限公司")
    page.fill("#f-phone", "+86 138-0013-8000")
    page.locator("#f-phone").blur()
    expect(page.locator("#f-phone-echo")).to_have_text("13800138000")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_have_text("北京液压有限公司")
    expect(fact(page, "Mobile")).to_have_text("13800138000")
    expect(page.locator(".toast")).to_contain_text("Saved")


def test_a_contact_and_a_follow_up_are_added_from_the_customers_page(desk):
    page = desk().open("/")
    path = new_customer(page, "Customer with people")
    page.get_by_role("tab", name="Contacts").click()
    page.locator("#panel-contacts").get_by_role("link", name="Add").first.click()
    expect(page.locator("#f-customer")).to_have_value("Customer with people")
    page.fill("#f-name", "王小明")
    page.fill("#f-phone", phone())
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(re.escape(path) + r"\?tab=contacts"))
    expect(page.locator("#panel-contacts .title").first).to_contain_text("王小明")
    page.get_by_role("tab", name="Follow-ups").click()
    page.locator("#panel-follow_ups").get_by_role("link", name="Add").first.click()
    expect(page.locator("#f-customer")).to_have_value("Customer with people")


def test_an_order_with_three_lines_adds_up_while_it_is_typed(desk):
    page = desk().open("/")
    new_customer(page, "Buyer of three things")
    page.goto(page.url.split("/records")[0] + "/records/crm.order/new")
    choose(page, "#f-customer", "Buyer of three")
    for number, (quantity, price) in enumerate((("2", "10"), ("3", "0.35"), ("1", "1000.5")), 1):
        page.locator("[data-row-add]").click()
        expect(page.locator("#rows-lines tr")).to_have_count(number)
        row = page.locator("#rows-lines tr").nth(number - 1)
        product = row.locator("[role=combobox]")
        product.press("ArrowDown")
        row.locator("[role=option][data-value]").first.wait_for()
        product.press("ArrowDown")
        product.press("Enter")
        expect(row.locator("input[name$=-price]")).not_to_have_value("")
        row.locator("input[name$=-qty]").fill(quantity)
        row.locator("input[name$=-price]").fill(price)
        row.locator("input[name$=-tax_rate]").fill("0")
        row.locator("input[name$=-tax_rate]").blur()
    expect(page.locator("#totals-lines")).to_contain_text("1,021.55")
    expect(page.locator("#f-total")).to_contain_text("1,021.55")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(fact(page, "Total")).to_contain_text("1,021.55")
    expect(page.locator(".rows tbody tr")).to_have_count(3)


def test_rows_are_added_with_enter_moved_with_keys_copied_and_removed(desk):
    page = desk().open("/records/crm.order/new")
    page.locator("[data-row-add]").click()
    first = page.locator("#rows-lines tr").nth(0).locator("input[name$=-description]")
    first.fill("one")
    first.press("Enter")
    expect(page.locator("#rows-lines tr")).to_have_count(2)
    second = page.locator("#rows-lines tr").nth(1).locator("input[name$=-description]")
    second.fill("two")
    second.press("Alt+ArrowUp")
    described = page.locator("#rows-lines input[name$=-description]")
    expect(described.nth(0)).to_have_value("two")
    expect(described.nth(0)).to_be_focused()
    page.locator("#rows-lines tr").nth(1).hover()
    page.locator("#rows-lines tr").nth(1).locator("[data-row-do=copy]").click()
    expect(described).to_have_count(3)
    expect(described.nth(2)).to_have_value("one")
    page.locator("#rows-lines tr").nth(0).hover()
    page.locator("#rows-lines tr").nth(0).locator("[data-row-do=remove]").click()
    expect(described).to_have_count(2)
    expect(described.nth(0)).to_have_value("one")


def test_rows_are_pasted_from_a_spreadsheet(desk):
    page = desk().open("/records/crm.order/new")
    page.locator("[data-row-add]").click()
    cell = page.locator("#rows-lines input[name$=-description]")
    cell.focus()
    page.evaluate(
        """text => {
          const data = new DataTransfer(); data.setData("text/plain", text);
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        "first\t2\t10\nsecond\t3\t20.5\n",
    )
    expect(page.locator("#rows-lines tr")).to_have_count(2)
    expect(page.locator("#totals-lines")).to_contain_text("81.50")


def test_a_wrong_input_says_so_on_leaving_it_and_the_summary_leads_to_it(desk):
    sitting = desk()
    sitting.expected = ("422",)
    page = sitting.open("/records/crm.customer/new")
    page.fill("#f-phone", "12")
    page.locator("#f-phone").blur()
    expect(page.locator("#f-phone-error")).not_to_be_empty()
    expect(page.locator("#f-phone")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-name-error")).to_be_empty()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("#f-phone")).to_have_value("12")
    page.locator("#summary a", has_text="Customer name").click()
    expect(page.locator("#f-name")).to_be_focused()
    page.fill("#f-phone", phone())
    expect(page.locator("#f-phone")).not_to_have_attribute("aria-invalid", "true")
    page.fill("#f-name", "Now right")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_have_text("Now right")


def test_a_conditional_field_appears_by_choice_and_what_was_typed_stays(desk):
    page = desk().open("/records/crm.customer/new")
    page.fill("#f-name", "typed before")
    expect(page.locator("#w-f-referred_by")).to_be_hidden()
    page.select_option("#f-source", "referral")
    expect(page.locator("#w-f-referred_by")).to_be_visible()
    expect(page.locator("#f-name")).to_have_value("typed before")
    page.select_option("#f-source", "search")
    expect(page.locator("#w-f-referred_by")).to_be_hidden()


def test_a_chinese_address_is_chosen_step_by_step(desk):
    page = desk().open("/records/crm.customer/new")
    page.select_option("#f-address-province", "广东省")
    page.locator("#f-address-city option[value=深圳市]").wait_for(state="attached")
    page.select_option("#f-address-city", "深圳市")
    page.locator("#f-address-district option[value=南山区]").wait_for(state="attached")
    page.select_option("#f-address-district", "南山区")
    expect(page.locator("#f-address-province")).to_have_value("广东省")


def test_a_record_is_edited_and_history_shows_before_and_after(desk):
    page = desk().open("/")
    new_customer(page, "Old name")
    page.keyboard.press("e")
    expect(page.locator("#f-name")).to_have_value("Old name")
    page.fill("#f-name", "New name")
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_have_text("New name")
    expect(page.locator("h1")).to_be_in_viewport()
    expect(page.locator(".timeline del").first).to_have_text("Old name")
    expect(page.locator(".timeline ins").first).to_have_text("New name")


def test_two_people_save_and_the_second_chooses(desk):
    mine, theirs = desk("ada"), desk("boss")
    mine.expected = ("409",)
    path = new_customer(mine.open("/"), "Contested")
    first, second = mine.open(f"{path}/edit"), theirs.open(f"{path}/edit")
    second.fill("#f-wechat", "theirs")
    second.get_by_role("button", name="Save", exact=True).click()
    expect(second.locator("h1")).to_have_text("Contested")
    first.fill("#f-wechat", "mine")
    first.fill("#f-name", "Contested and renamed")
    first.get_by_role("button", name="Save", exact=True).click()
    expect(first.locator(".compare fieldset")).to_have_count(2)
    expect(first.locator("#summary")).to_contain_text("Boss")
    first.locator("fieldset", has_text="WeChat").get_by_label("Saved by Boss").check()
    first.get_by_role("button", name="Save this version").click()
    expect(first.locator("h1")).to_have_text("Contested and renamed")
    expect(fact(first, "WeChat")).to_have_text("theirs")


def test_a_deletion_is_undone_from_the_message(desk):
    page = desk().open("/")
    new_customer(page, "Deleted by mistake")
    page.locator(".record-head summary").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("h1")).to_have_text("Customers")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_have_text("Deleted by mistake")


def test_a_list_is_searched_filtered_and_sorted_and_back_restores_it(desk):
    page = desk().open("/views/crm.customers")
    page.fill("#list-search", "照明")
    expect(page).to_have_url(re.compile("q=%E7%85%A7%E6%98%8E"))
    expect(page.locator("#results .title").first).to_contain_text("照明")
    page.fill("#list-search", "")
    page.select_option("#filter-type", "lost")
    expect(page.locator("#results tbody tr td:nth-child(3)").first).to_have_text("Lost customer")
    page.get_by_role("link", name="Customer name").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Customer name")
    page.locator("#results .title").first.click()
    expect(page.locator(".record")).to_be_visible()
    page.go_back()
    expect(page.locator("#filter-type")).to_have_value("lost")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Customer name")


def test_the_palette_finds_a_record_by_keyboard(desk):
    page = desk().open("/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    page.keyboard.type("照明")
    page.locator("#palette-list b", has_text="照明电器").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".record")).to_be_visible()


def test_the_language_is_switched_and_stays(desk):
    page = desk("boss").open("/views/crm.customers")
    page.locator(".bar details.menu summary").last.click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("h1")).to_have_text("客户")
    page.reload()
    expect(page.locator("h1")).to_have_text("客户")


def test_leaving_with_changes_asks(desk):
    page = desk().open("/records/crm.customer/new")
    page.fill("#f-name", "half typed")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("link", name="Contacts", exact=True).first.click()
    page.wait_for_timeout(300)
    assert asked
    expect(page.locator("#f-name")).to_have_value("half typed")


def test_a_picture_is_uploaded_with_the_record(desk, tmp_path):
    from PIL import Image  # noqa: PLC0415

    Image.new("RGB", (60, 40), "teal").save(tmp_path / "logo.png")
    page = desk().open("/records/crm.customer/new")
    page.fill("#f-name", "Has a picture")
    page.fill("#f-phone", phone())
    page.locator("summary", has_text="Other").click()
    page.set_input_files("#f-logo", tmp_path / "logo.png")
    expect(page.locator("fw-upload .file a")).to_have_text("logo.png")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".pictures img")).to_be_visible()
    expect(page.locator(".pictures img")).to_have_js_property("naturalWidth", 60)
