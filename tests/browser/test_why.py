"""The page that explains rights, and looking through somebody else's eyes, at a browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PHONE, DESKTOP = (390, 844), (1280, 800)


@pytest.mark.parametrize(
    ("language", "size", "asked", "told"),
    [
        ("en", DESKTOP, "Why?", "Rep may not see Customer"),
        ("zh-CN", PHONE, "为什么？", "Rep 不能查看 客户"),
    ],
)
def test_a_question_is_asked_with_the_keyboard_and_answered_in_words(
    desk, judge, shoot, language, size, asked, told
):
    sitting = desk(language=language, size=size)
    page = sitting.open("/explain?action=read&entity=crm.customer")
    expect(page.locator("h1")).to_have_text(asked)
    for field, words in (("#person", "rep"), ("#record", "a")):
        page.locator(field).focus()
        page.keyboard.type(words)
        page.locator(f"{field}-list [role=option]").first.wait_for()
        page.keyboard.press("Enter")
        expect(page.locator(f"{field}-list")).to_be_hidden()
        expect(page.locator(f"input[name={field[1:]}]")).to_have_value(re.compile("^[0-9a-z]{13}$"))
    page.locator("#question button[type=submit]").click()
    expect(page.locator(".verdict").first).to_contain_text(told)
    asked_for = parse_qs(urlsplit(page.url).query)
    assert {"person", "action", "entity", "record"} <= set(asked_for), "the address is the question"
    again = desk(language=language, size=size).open(page.url.removeprefix(sitting.server))
    expect(again.locator(".verdict").first).to_contain_text(told)
    shoot(page, f"why-{language}-{size[0]}")
    assert judge(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_choice_of_another_kind_of_record_brings_its_fields(desk):
    page = desk().open("/explain")
    expect(page.locator("#field")).to_have_count(0)
    page.locator("#entity").select_option("crm.customer")
    expect(page.locator("#field option[value=phone]")).to_have_count(1)
    page.locator("#entity").select_option("crm.product")
    expect(page.locator("#field option[value=phone]")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_an_administrator_looks_through_the_eyes_of_a_rep_and_back(desk, judge, shoot, size):
    sitting = desk("boss", size=size)
    sitting.expected = ("403",)
    page = sitting.open("/views/core.users?q=rep")
    page.goto(sitting.server + page.locator("#results a.title").first.get_attribute("href"))
    page.locator(".record-head details.menu > summary").last.click()
    page.get_by_role("button", name="See as this user").click()
    banner = page.locator(".seeing")
    expect(banner).to_contain_text("Boss, you see this as Rep does.")
    page.goto(sitting.server + "/records/crm.customer/new")
    page.get_by_label("Customer name").fill("Nothing comes of this")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#toasts")).to_contain_text("nothing can be changed")
    page.goto(sitting.server + "/views/crm.products")
    refused = page.locator(".head .refused > summary")
    refused.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".head .refused p")).to_be_visible()
    shoot(page, f"seeing-{size[0]}")
    assert judge(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    banner.get_by_role("button", name="End").click()
    expect(banner).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Rep")


def test_who_sees_a_record_is_for_everybody(desk, judge, shoot):
    for size in (DESKTOP, PHONE):
        sitting = desk(size=size)
        page = sitting.open("/views/crm.customers?sort=name")
        page.goto(sitting.server + page.locator("#results a.title").first.get_attribute("href"))
        page.locator(".record-head details.menu > summary").last.click()
        page.get_by_role("link", name="Who can see this?").click()
        expect(page.locator("tbody")).to_contain_text("Ada")
        shoot(page, f"who-{size[0]}")
        assert judge(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
