"""``formwright user``: inviting, resetting and letting go from the command line."""

from __future__ import annotations

import re


def id_in(text: str) -> str:
    return re.search(r"undo-hand-over ([0-9a-z]{13})", text)[1]


def logins(shell) -> dict[str, dict]:
    return {each["login"]: each for each in shell.json("user", "list")}


def test_somebody_is_invited_by_a_link_of_the_configured_address(shell_of_each):
    shell = shell_of_each
    told = shell(
        "user", "invite", "mia", "--name", "Mia Berg", "--role", "crm.sales_rep",
        FORMWRIGHT_BASE_URL="https://crm.example.com",
    )  # fmt: skip
    assert re.search(r"^https://crm\.example\.com/invitation/[\w-]{43}$", told, re.MULTILINE)
    assert logins(shell)["mia"]["roles"] == ["crm.sales_rep"]
    again = shell("user", "invite", "mia")
    assert "/invitation/" in again
    assert "http://localhost:8000/invitation/" in shell("user", "reset-link", "mia")


def test_what_cannot_be_is_told_with_a_way_out(shell):
    assert "already" in shell("user", "invite", "admin", code=1)
    assert "sales_rep" in shell("user", "invite", "new", "--role", "crm.sales_reb", code=1)
    assert "new" not in logins(shell)
    assert "Nobody logs in as" in shell("user", "deactivate", "nobody", code=1)
    assert "last administrator" in shell("user", "deactivate", "admin", code=1)
    assert logins(shell)["admin"]["active"]
    assert "without a path" in shell(
        "user", "list", code=1, FORMWRIGHT_BASE_URL="https://crm.example.com/somewhere"
    )
    assert "such as https" in shell("user", "list", code=1, FORMWRIGHT_BASE_URL="crm.example.com")


def test_somebody_is_let_go_and_the_records_go_over_and_come_back(shell_of_each, tmp_path):
    shell = shell_of_each
    for login in ("rep", "heir"):
        shell("user", "invite", login, "--role", "crm.sales_rep")
    rows = tmp_path / "customers.csv"
    rows.write_text(
        "name,phone,owner\n" + "".join(f"Firm {n},1380000{n:04d},rep\n" for n in range(3)), "utf-8"
    )
    shell("import", "customer", rows)
    told = shell("user", "deactivate", "rep", "--to", "heir")
    assert "Handed over: Customers (3)" in told
    assert not logins(shell)["rep"]["active"]
    assert "Records that are back: 3" in shell("user", "undo-hand-over", id_in(told))
    assert "taken back" in shell("user", "undo-hand-over", id_in(told), code=1)
    shell("user", "activate", "rep")
    assert logins(shell)["rep"]["active"]
    assert "Still owned: Customers (3)" in shell("user", "deactivate", "rep")


def test_sessions_and_second_steps_end_by_name(shell):
    assert "0" in shell("user", "end-sessions", "admin")
    assert "is gone" in shell("user", "reset-two-step", "admin")
