"""Axe has nothing to say, nothing is wider than the screen, and the keyboard is enough."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PHONE, DESKTOP = (390, 844), (1440, 900)


def pages(page, server: str):
    """Yield the name of each kind of page, open and quiet."""
    for name, path in {
        "home": "/",
        "list": "/views/crm.customers",
        "empty": "/views/crm.customers?q=zzzz",
        "new": "/records/crm.customer/new",
        "trash": "/records/crm.customer/trash",
        "search": "/search?q=a",
        "missing": "/records/crm.customer/0000000000000",
    }.items():
        page.goto(server + path)
        page.wait_for_load_state("networkidle")
        yield name
    page.goto(server + "/views/crm.customers?sort=name")
    page.goto(server + page.locator("#results .title").first.get_attribute("href"))
    page.wait_for_load_state("networkidle")
    yield "record"
    page.goto(server + "/records/crm.order/new")
    page.locator("[data-row-add]").click()
    page.locator("#rows-lines tr").wait_for()
    yield "order"
    page.get_by_role("button", name=re.compile("^(Save|保存)$")).click()
    page.locator("#summary").wait_for()
    yield "errors"


@pytest.mark.parametrize(
    ("language", "theme", "size"),
    [
        ("en", "light", DESKTOP),
        ("zh-CN", "dark", DESKTOP),
        ("zh-CN", "light", PHONE),
        ("en", "dark", PHONE),
    ],
)
def test_axe_finds_nothing_and_nothing_sticks_out(desk, judge, shoot, language, theme, size):
    sitting = desk(language=language, theme=theme, size=size)
    sitting.expected = ("422", "404")
    wrong = {}
    for name in pages(sitting.page, sitting.server):
        # As tall as the page: what a bar at the bottom covers for the moment is no fault.
        height = sitting.page.evaluate("document.documentElement.scrollHeight")
        sitting.page.set_viewport_size({"width": size[0], "height": max(height, size[1])})
        shoot(sitting.page, f"{name}-{language}-{theme}-{size[0]}")
        found = judge(sitting.page)
        if sitting.page.evaluate("document.documentElement.scrollWidth") > size[0]:
            found.append("wider than the screen")
        if found:
            wrong[name] = found
        sitting.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert wrong == {}


def test_the_log_in_page_is_for_everybody(desk, judge, shoot):
    for theme in ("light", "dark"):
        page = desk("", theme=theme).open("/log-in")
        shoot(page, f"log-in-{theme}")
        assert judge(page) == []


def test_the_palette_and_menus_are_for_everybody(desk, judge, shoot):
    page = desk().open("/views/crm.customers")
    page.keyboard.press("Control+k")
    page.locator("#palette-list [role=option]").first.wait_for()
    shoot(page, "palette")
    assert judge(page) == []
    page.keyboard.press("Escape")
    page.locator(".bar summary").last.click()
    shoot(page, "menu")
    assert judge(page) == []


def test_pages_reflow_at_320_pixels(desk):
    sitting = desk(size=(320, 640))
    sitting.expected = ("422", "404")
    wide = {}
    for name in pages(sitting.page, sitting.server):
        width = sitting.page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide[name] = width
    assert wide == {}


def test_a_phone_opens_the_menu_and_finds_its_way(desk, shoot):
    page = desk(size=PHONE).open("/")
    page.locator(".tabbar button").click()
    expect(page.locator("#nav")).to_be_visible()
    shoot(page, "menu-phone")
    page.locator("#nav").get_by_role("link", name="Contacts").click()
    expect(page.locator("h1")).to_have_text("Contacts")
    expect(page.locator("#nav")).to_be_hidden()


def test_a_record_is_created_with_the_keyboard_alone(desk):
    page = desk().open("/views/crm.products")
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("New Product")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "f-code":
            break
    page.keyboard.type("KEY-1")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "f-name":
            break
    page.keyboard.type("Typed by keys")
    page.locator("#f-list_price").focus()
    page.keyboard.type("12.5")
    page.keyboard.press("Control+s")
    expect(page.locator("h1")).to_have_text("Typed by keys")


def test_the_skip_link_comes_first(desk):
    page = desk().open("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
