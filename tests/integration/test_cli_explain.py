"""``formwright explain`` on both databases."""

from __future__ import annotations

import pytest


@pytest.fixture
def desk(shell_of_each, tmp_path):
    """An instance with two reps and a customer of one of them."""
    shell = shell_of_each
    for login in ("anna", "bert"):
        shell("user", "add", login, "--name", login.title(), "--role", "crm.sales_rep")
    rows = tmp_path / "customers.csv"
    rows.write_text("name,phone,owner\nWorks,13800138001,bert\n", "utf-8")
    shell("import", "customer", rows)
    return shell


def code_of(shell):
    return shell("export", "customer", "--format", "csv", "--fields", "code").split()[-1]


def test_a_customer_is_named_by_its_number_and_the_answer_is_in_words(desk):
    said = desk("explain", "anna", "read", "customer", code_of(desk))
    assert "Anna may not see Customer “Works”." in said
    assert "crm.rep_customers does not reach it: only where Owner is Anna." in said
    assert "Owner here: Bert" in said
    assert "- crm.rep_customers" in said
    assert "Bert may see Customer “Works”." in desk(
        "explain", "bert", "read", "customer", code_of(desk)
    )


def test_it_is_said_in_chinese_and_as_json(desk):
    code = code_of(desk)
    assert "Anna 不能查看 客户“Works”。" in desk(
        "explain", "anna", "read", "customer", code, LANG="zh_CN.UTF-8"
    )
    told = desk.json("explain", "anna", "read", "crm.customer", code, "--field", "phone")
    assert (told["allowed"], told["field"]["level"]) == (False, "hidden")
    assert told["roles"][0]["grants"][0]["points"][0]["holds"] is False


def test_without_a_record_the_rights_as_such_are_explained(desk):
    assert "Anna may see Customer in some cases" in desk("explain", "anna", "read", "customer")
    assert "Anna may not delete any Customer." in desk("explain", "anna", "delete", "customer")


def test_others_are_refused_and_mistakes_are_named(desk):
    refused = desk("explain", "bert", "read", "customer", "--as", "anna", code=1)
    assert "You do not have the right to do this." in refused
    assert "did you mean 'read'?" in desk("explain", "anna", "reed", "customer", code=1)
    assert "Nobody logs in as 'nobody'." in desk("explain", "nobody", "read", "customer", code=1)
    assert "No record that you see fits 'C0'." in desk(
        "explain", "anna", "read", "customer", "C0", code=1
    )
    assert "There is no field 'x' here." in desk(
        "explain", "anna", "read", "customer", "--field", "x", code=1
    )
