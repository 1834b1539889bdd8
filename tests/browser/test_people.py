"""The ways in, in a browser: an invitation, the second step, a passkey, and the sessions they leave."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
PASSWORD = "copper-lantern-marsh"  # noqa: S105 -- of people who exist in tests only


def invite(page: Page, login: str, name: str) -> str:
    """Add somebody by the form and return the link of the invitation."""
    page.fill("#f-name", name)
    page.fill("#f-login", login)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Log-in, roles and sessions").click()
    page.get_by_role("button", name="Link of invitation").click()
    return page.locator("#link").input_value()


def log_in(page: Page, server: str, login: str) -> None:
    page.goto(server + "/log-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def code(secret: str, *, after: str = "") -> str:
    """Return the code of now; one that was used already is followed by that of the next half minute."""
    generator = pyotp.TOTP(secret)
    while (found := generator.now()) == after:
        time.sleep(1)
    return found


@pytest.fixture
def newcomer(desk):
    """Return a function that lets a new person in by invitation, and returns the browser and its address."""

    def make(login: str, name: str):
        admin = desk("ada").open("/records/core.user/new")
        link = invite(admin, login, name)
        guest = desk("")
        guest.page.goto(link)
        expect(guest.page.locator("h1")).to_have_text("Set your password")
        guest.page.fill("#new", PASSWORD)
        guest.page.fill("#again", PASSWORD)
        guest.page.get_by_role("button", name="Set password").click()
        expect(guest.page.get_by_role("status")).to_contain_text("Your password is set")
        return guest, link.partition("/invitation/")[0]

    return make


def test_somebody_comes_in_by_invitation_sets_the_second_step_up_and_logs_in_with_it(
    newcomer, judge, shoot
):
    guest, server = newcomer("totp.person", "Tora Otp")
    page = guest.page
    log_in(page, server, "totp.person")
    expect(page.locator("h1")).to_contain_text("Tora")
    page.goto(server + "/account/two-step")
    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".qr svg")).to_be_visible()
    assert judge(page) == []
    shoot(page, "two-step")
    secret = page.locator(".key").inner_text().replace(" ", "")
    first = code(secret)
    page.fill("#code", first)
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("h1")).to_contain_text("Tora")
    page.goto(server + "/account")
    assert judge(page) == []
    shoot(page, "account")
    page.locator("summary[title='Tora Otp']").click()
    page.get_by_role("button", name="Log out").click()
    log_in(page, server, "totp.person")
    expect(page.locator("h1")).to_have_text("Second step")
    guest.expected = ("422",)
    page.fill("#code", first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The code is not right")
    page.fill("#code", recovery)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Tora")


def test_a_passkey_is_added_lets_its_owner_in_and_is_taken_away(newcomer, judge, shoot):
    guest, server = newcomer("key.person", "Kea Passkey")
    page = guest.page
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    log_in(page, server, "key.person")
    page.goto(server + "/account")
    guest.expected = ("422",)
    page.fill("#passkey-name", "Blue key")
    page.fill("#passkey-password", "wrong-password")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("form.passkey [role=alert]")).to_contain_text("password is not right")
    page.fill("#passkey-password", PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("cell", name="Blue key", exact=True)).to_be_visible()
    assert judge(page) == []
    shoot(page, "passkeys")
    stored = devices.send("WebAuthn.getCredentials", {"authenticatorId": added["authenticatorId"]})[
        "credentials"
    ]
    assert [each["rpId"] for each in stored] == ["localhost"]
    page.locator("summary[title='Kea Passkey']").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.locator("h1")).to_contain_text("Kea")
    page.goto(server + "/account")
    expect(page.get_by_role("row", name=re.compile("Blue key"))).to_contain_text("just now")
    page.get_by_role("button", name="Remove Blue key").click()
    expect(page.get_by_role("cell", name="Blue key", exact=True)).to_have_count(0)
    page.locator("summary[title='Kea Passkey']").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.locator("form.passkey [role=alert]")).to_contain_text("not known here")
    page.goto(server + "/account")
    expect(page.locator("h1")).to_have_text("Welcome back")


def test_somebody_ends_the_session_of_another_device(newcomer, desk):
    guest, server = newcomer("two.devices", "Tove Device")
    page = guest.page
    log_in(page, server, "two.devices")
    other = desk("").page
    log_in(other, server, "two.devices")
    expect(other.locator("h1")).to_contain_text("Tove")
    page.goto(server + "/account")
    expect(page.locator("#sessions-title ~ .table-wrap tbody tr")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^End .* on ")).click()
    expect(page.locator(".toast")).to_contain_text("The session has ended")
    other.goto(server + "/account")
    expect(other.locator("h1")).to_have_text("Welcome back")


def test_an_administrator_lets_somebody_go_in_one_dialog(newcomer, desk, judge, shoot):
    guest, server = newcomer("leaving.person", "Lea Ving")
    log_in(guest.page, server, "leaving.person")
    expect(guest.page.locator("h1")).to_contain_text("Lea")
    admin = desk("ada").open("/views/core.users?q=leaving.person")
    admin.locator("#results .title").first.click()
    admin.get_by_role("link", name="Log-in, roles and sessions").click()
    assert judge(admin) == []
    shoot(admin, "person")
    admin.get_by_role("link", name="Deactivate…").click()
    assert judge(admin) == []
    shoot(admin, "leaving")
    admin.get_by_role("button", name="Deactivate", exact=True).click()
    expect(admin.locator("main")).to_contain_text("Not active: cannot log in")
    guest.page.goto(server + "/account")
    expect(guest.page.locator("h1")).to_have_text("Welcome back")
