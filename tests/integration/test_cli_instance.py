"""The command line as an operator meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from formwright import __version__

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "inspection"


def test_init_makes_a_database_and_one_administrator_and_may_be_repeated(empty_shell) -> None:
    said = empty_shell("init")
    assert "Administrator: admin" in said
    assert "Password: " in said
    assert "Password" not in empty_shell("init")
    assert [each["login"] for each in empty_shell.json("user", "list")] == ["admin"]


def test_the_home_folder_is_closed_to_others(empty_shell) -> None:
    empty_shell("init")
    assert empty_shell.home.stat().st_mode & 0o077 == 0


def test_a_command_on_an_instance_that_is_not_ready_says_what_to_do(empty_shell) -> None:
    assert "formwright init" in empty_shell("packages", code=1)


def test_doctor_finds_nothing_wrong_with_a_fresh_instance(shell) -> None:
    found = shell.json("doctor")
    assert [each for each in found if each["level"] == "bad"] == []
    assert {"schema", "package core", "package crm", "plugin cn_business"} <= {
        each["name"] for each in found
    }


def test_doctor_names_a_key_that_others_can_read(shell) -> None:
    shell.home.chmod(0o755)
    key = shell.home / "secret_key"
    key.write_text("k" * 48)
    key.chmod(0o644)
    bad = [each for each in shell.json("doctor", code=1) if each["level"] == "bad"]
    assert [(each["name"], "chmod 600" in each["advice"]) for each in bad] == [("secret_key", True)]


def test_version_and_help_need_no_instance(empty_shell) -> None:
    assert empty_shell.json("version")["formwright"] == __version__
    assert "import" in empty_shell("--help")
    assert not empty_shell.home.exists()


def test_the_list_of_commands_comes_fast(empty_shell) -> None:
    def seconds() -> float:
        started = os.times()
        empty_shell.process("--help")
        ended = os.times()
        return (
            ended.children_user
            + ended.children_system
            - started.children_user
            - started.children_system
        )

    assert min(seconds() for _ in range(3)) < 0.5  # of processor time: a busy machine is no defect


def test_messages_are_in_the_language_of_the_terminal(empty_shell) -> None:
    assert "导入" in empty_shell.process("--help", LANG="zh_CN.UTF-8")
    assert "没有命令" in empty_shell("imprt", code=2, LANG="zh_CN.UTF-8")
    assert "没有命令" in empty_shell("imprt", code=2, FORMWRIGHT_LANGUAGE="zh-CN")


def test_wrong_use_names_the_nearest_word_and_ends_with_2(empty_shell) -> None:
    assert "Did you mean 'import'?" in empty_shell("imprt", code=2)


def test_an_unknown_setting_is_refused(empty_shell) -> None:
    assert "FORMWRIGHT_PORTT" in empty_shell("packages", code=1, FORMWRIGHT_PORTT="1")


def test_a_database_that_does_not_answer_is_told_in_a_sentence(empty_shell) -> None:
    said = empty_shell(
        "user", "list", code=1, FORMWRIGHT_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"
    )
    assert "cannot be reached" in said


def test_users_are_added_listed_and_given_passwords(shell, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse battery\n")
    shell(
        "user",
        "add",
        "li.qiang",
        "--name",
        "李强",
        "--role",
        "crm.sales_rep",
        "--password-file",
        secret,
    )
    [found] = [each for each in shell.json("user", "list") if each["login"] == "li.qiang"]
    assert (found["name"], found["roles"], found["active"]) == ("李强", ["crm.sales_rep"], True)
    assert "Password: " in shell("user", "passwd", "li.qiang")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["Li Qiang"], "login|log-in|Log-in"),
        (["lq", "--role", "crm.sales_repp"], "did you mean crm.sales_rep"),
        (["lq", "--email", "nowhere"], "e-mail"),
    ],
)
def test_a_user_that_cannot_be_made_is_refused_with_the_reason(
    shell, arguments: list[str], reason: str
) -> None:
    said = shell("user", "add", *arguments, code=1)
    assert any(word in said for word in reason.split("|"))
    assert [each["login"] for each in shell.json("user", "list")] == ["admin"]


def test_a_short_password_is_refused(shell, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("short")
    assert "at least 10" in shell("user", "passwd", "admin", "--password-file", secret, code=1)


def test_a_package_is_checked_planned_applied_and_then_nothing_would_change(shell) -> None:
    assert "No mistakes" in shell("check", EXAMPLE)
    assert shell.json("plan", EXAMPLE)["changes"]
    shell("apply", EXAMPLE)
    assert "inspection" in {each["package"] for each in shell.json("packages") if each["installed"]}
    planned = shell.json("plan", EXAMPLE)
    assert planned["same_files"]
    revision = shell.json("apply", EXAMPLE)["revision"]
    assert shell.json("apply", EXAMPLE)["revision"] == revision


def test_a_mistake_has_its_place_and_changes_nothing(shell, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "package.yaml").write_text(
        "package: {key: wrong, title: Wrong, version: 1.0.0}\n"
        "entities:\n  thing:\n    title: Thing\n    title_plural: Things\n"
        "    display: '{{ name }}'\n    fields:\n      name: {type: txt, title: Name}\n"
    )
    [problem] = shell.json("check", folder, code=1)["problems"]
    assert (problem["line"], problem["suggestion"]) == (8, "text")
    before = shell.json("packages")
    assert "package.yaml:8:" in shell("apply", folder, code=1)
    assert shell.json("packages") == before


def test_installing_twice_changes_nothing(shell) -> None:
    revision = shell("install", "crm")
    assert shell("install", "crm") == revision


def test_the_schema_is_json_schema(empty_shell) -> None:
    assert json.loads(empty_shell("schema"))["$schema"].endswith("2020-12/schema")


def test_demo_prepares_people_and_data_once(empty_shell) -> None:
    first = empty_shell("demo", "--no-serve")
    assert "wangmin" in first
    password = (empty_shell.home / "demo_password").read_text().strip()
    assert password in first
    customers = empty_shell("export", "customer", "--fields", "id").splitlines()
    assert len(customers) > 10
    assert password in empty_shell("demo", "--no-serve")
    assert empty_shell("export", "customer", "--fields", "id").splitlines() == customers


SHOUTING = '''
"""Shouting."""
from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import TEXT, Base
from formwright.plugins.hookspecs import hookimpl
from formwright.plugins.wording import wording


@hookimpl
def formwright_functions():
    words = wording("Shouts.", chinese="大写。")
    return [Function("SHOUT", "plugin", words, (Parameter("text", (Base.TEXT,)),), TEXT, str.upper)]
'''


def test_doctor_names_what_uses_a_function_whose_plugin_is_gone(shell, tmp_path) -> None:
    plugin = shell.home / "plugins" / "shouting" / "plugin.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(SHOUTING, "utf-8")
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "package.yaml").write_text(
        "package: {key: notes, title: Notes, version: 1.0.0}\n"
        "entities:\n  note:\n    fields:\n      text: {type: text}\n"
        "      loud: {type: text, compute: SHOUT(text)}\n",
        "utf-8",
    )
    shell("apply", folder)
    assert [each for each in shell.json("doctor") if each["level"] == "bad"] == []
    plugin.unlink()
    (bad,) = [each for each in shell.json("doctor", code=1) if each["level"] == "bad"]
    assert (bad["name"], bad["found"]) == ("definitions", "notes/package.yaml:6:35")
    assert "the function SHOUT is missing" in bad["advice"]
    assert "there is no function 'SHOUT'" in shell("check", folder, code=1)
