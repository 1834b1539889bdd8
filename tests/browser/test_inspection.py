"""The package that the administrator's guide writes by hand: checked, applied and used while the server runs."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "inspection"
DESKTOP, PHONE = (1280, 800), (390, 844)


@dataclass(frozen=True)
class Words:
    """What stands on the pages, in one language."""

    save: str
    app: str
    new_equipment: str
    required: str
    future: str
    failed: str
    score: str
    measures: str


WORDS = {
    "en": Words("Save", "Inspections", "New Piece of equipment", "This field is required.",
                "An inspection cannot lie in the future.", "Failed", "Score", "What is done about it"),
    "zh-CN": Words("保存", "巡检", "新建设备", "此项必填。", "巡检日期不能晚于今天。", "不合格数", "合格率", "处理措施"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("written") / "inspection"
    shutil.copytree(EXAMPLE, found)
    return found


@pytest.fixture
def _applied(workshop, folder) -> None:
    workshop.formwright("apply", folder)


def save(page: Page, words: Words) -> None:
    page.get_by_role("button", name=words.save, exact=True).click()


def fact(page: Page, title: str) -> Locator:
    return page.locator(".fact", has=page.locator("dt", has_text=re.compile(f"^{title}$"))).locator(
        "dd"
    )


def choose(page: Page, selector: str, text: str) -> None:
    """Type in a reference's input and take the first match."""
    page.fill(selector, text)
    page.locator(f"{selector} ~ [role=listbox] [role=option][data-value]").first.wait_for()
    page.press(selector, "Enter")
    expect(page.locator(f"{selector} + input[type=hidden]")).not_to_have_value("")


def fill_row(page: Page, number: int, what: str, result: str) -> None:
    """Fill in a row of the subform, which may be there already."""
    rows = page.locator("#rows-items tr")
    if rows.count() <= number:
        page.locator("[data-row-add]").click()
    expect(rows).to_have_count(number + 1)
    rows.nth(number).locator("input[name$=-what]").fill(what)
    choose_result(rows.nth(number), result)


def choose_result(row: Locator, result: str) -> None:
    row.locator("select[name$=-result]").select_option(result)


def fits(page: Page) -> bool:
    """Tell whether nothing makes the page wider than the screen."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def test_a_package_is_checked_applied_and_there_without_a_restart(own_workshop, folder):
    workshop, desk = own_workshop
    page = desk.open("/")
    expect(page.get_by_role("link", name="Inspections").first).to_have_count(0)
    workshop.formwright("check", folder)
    assert "Equipment inspection" in workshop.formwright("plan", folder)
    page.reload()
    expect(page.get_by_role("link", name="Inspections").first).to_have_count(0)
    workshop.formwright("apply", folder)
    page.reload()
    expect(page.get_by_role("link", name="Inspections").first).to_be_visible()


@pytest.mark.usefixtures("_applied")
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_equipment_is_inspected_with_every_mistake_first(workbench, judge, shoot, language, size):
    words = WORDS[language]
    desk = workbench(language=language, size=size)
    desk.expected = ("422",)
    name = f"{language}-{size[0]}"
    page = desk.open("/records/inspection.equipment/new")
    expect(page.locator("h1")).to_have_text(words.new_equipment)
    page.fill("#f-code", name)
    save(page, words)
    for wrong in ("name", "kind"):
        expect(page.locator(f"#f-{wrong}-error")).to_have_text(words.required)
    expect(page.locator("#f-code")).to_have_value(name)
    page.fill("#f-name", "Feed pump")
    page.check("#f-kind-1")
    save(page, words)
    expect(page.locator("h1")).to_have_text(f"{name} Feed pump")

    desk.open("/records/inspection.inspection/new")
    choose(page, "#f-equipment", name)
    expect(page.locator("#f-measures")).to_be_hidden()
    page.fill("#f-inspected_on", "2999-01-01")
    fill_row(page, 0, "Seal", "ok")
    fill_row(page, 1, "Belt", "fail")
    expect(page.locator("#f-measures")).to_be_visible()
    expect(page.locator("#f-score")).to_contain_text("50")
    save(page, words)
    expect(page.locator("#f-inspected_on-error")).to_have_text(words.future)
    expect(page.locator("#f-measures-error")).to_have_text(words.required)
    row = page.locator("#rows-items tr").nth(1)
    expect(row).to_contain_text(words.required)  # why it failed
    expect(row.locator("input[name$=-what]")).to_have_value("Belt")
    assert judge(page) == []
    shoot(page, f"inspection-wrong-{name}")
    page.fill("#f-inspected_on", "2026-03-02")
    page.fill("#f-measures", "New belt")
    row.locator("input[name$=-reason]").fill("Torn")
    save(page, words)
    expect(page.locator("h1")).to_have_text(re.compile(r"^I-\d{4}-\d{4}$"))
    expect(fact(page, words.failed)).to_have_text("1")
    expect(fact(page, words.measures)).to_have_text("New belt")
    expect(page.locator(".rows tbody")).to_contain_text("Torn")
    expect(fact(page, words.score)).to_contain_text("50")
    assert fits(page)
    assert judge(page) == []
    shoot(page, f"inspection-{name}")

    page.goto(page.url.split("?")[0] + "/edit")
    choose_result(page.locator("#rows-items tr").nth(1), "ok")
    expect(page.locator("#f-measures")).to_be_hidden()
    expect(page.locator("#f-score")).to_contain_text("100")
    save(page, words)
    expect(fact(page, words.score)).to_contain_text("100")
    expect(fact(page, words.measures)).to_have_count(0)
    expect(page.locator(".rows tbody tr")).to_have_count(2)
    expect(page.locator(".rows tbody")).not_to_contain_text("Torn")
