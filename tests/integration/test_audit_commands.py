"""``formwright audit`` on both databases, and what the commands leave in the log."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import time_machine
from sqlalchemy import create_engine

from formwright.store.database import normal_url


def events(shell, **asked: str) -> list[dict]:
    options = [part for name, value in asked.items() for part in (f"--{name}", value)]
    return json.loads(shell("audit", "list", *options, "--limit", 1000, "--json"))


def customers(folder: Path, count: int = 3) -> Path:
    path = folder / "customers.csv"
    lines = [f"Customer {number},1381234{number:04d}" for number in range(count)]
    path.write_text("\n".join(["name,phone", *lines]), encoding="utf-8")
    return path


def damage(shell, order: str) -> None:
    """Change the log as somebody who owns the database can."""
    engine = create_engine(normal_url(shell.url))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        else:
            connection.exec_driver_sql("DROP TRIGGER audit_update_guard")
            connection.exec_driver_sql("DROP TRIGGER audit_delete_guard")
        connection.exec_driver_sql(order)
    engine.dispose()


def fresh(shell) -> None:
    """Forget what the fixture installed under a key that nobody keeps."""
    engine = create_engine(normal_url(shell.url))
    with engine.begin() as connection:
        for table in ("audit", "audit_seal"):
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 -- one of two names
                connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
            else:
                name = f"{table}_delete_guard"
                guard = connection.exec_driver_sql(
                    "SELECT sql FROM sqlite_schema WHERE name = ?", (name,)
                ).scalar_one()
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 -- one of two names
                connection.exec_driver_sql(guard)
    engine.dispose()
    (shell.home / "audit_head").unlink(missing_ok=True)


def test_an_import_an_export_and_an_account_leave_entries_that_pass(shell_of_each, tmp_path):
    shell = shell_of_each
    fresh(shell)
    shell("import", "customer", customers(tmp_path))
    shell("export", "customer", "-o", tmp_path / "out.csv", "--fields", "name")
    shell("user", "add", "eve", "--role", "crm.sales_rep")
    shell("user", "passwd", "eve")
    found = {entry["event"]: entry for entry in events(shell)}
    assert found["import_finished"]["details"]["created"] == 3
    assert found["import_begun"]["entity"] == "crm.customer"
    assert found["exported"]["details"] == {"columns": ["name"], "format": "csv", "records": 3}
    assert found["exported"]["login"] == "admin"
    assert found["roles_changed"]["details"] == {"given": ["crm.sales_rep"], "taken": []}
    assert {"user_added", "password_changed"} <= set(found)
    assert all(entry["channel"] == "cli" for entry in found.values())
    assert all(entry["sequence"] for entry in found.values())  # sealed as the command ended
    answer = shell.json("audit", "verify")
    assert (answer["intact"], answer["compared_with_head"]) == (True, True)
    assert answer["entries"] == len(events(shell))


def test_definitions_that_are_put_in_force_are_noted_once(shell, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "package.yaml").write_text(
        "schema_version: 1\npackage: {key: own, title: Own, version: 1.0.0}\n", encoding="utf-8"
    )
    before = len(events(shell, event="definitions_applied"))
    shell("apply", folder, "--note", "first")
    shell("apply", folder)
    found = events(shell, event="definitions_applied")
    assert len(found) == before + 1
    assert found[0]["details"]["packages"] == ["own"]
    assert found[0]["details"]["note"] == "first"


def test_a_change_by_hand_is_named_and_makes_the_command_fail(shell_of_each):
    shell = shell_of_each
    fresh(shell)
    shell("user", "passwd", "admin")
    assert "as it was written" in shell("audit", "verify")
    damage(shell, "UPDATE audit SET details = '{}' || ' ' WHERE sequence = 1")
    assert "Entry 1 was changed" in shell("audit", "verify", code=1)
    answer = json.loads(shell("audit", "verify", "--json", code=1).partition("\n\n")[0])
    assert [(each["kind"], each["first"]) for each in answer["findings"]] == [("changed", 1)]
    assert "第 1 条被改动过" in shell("audit", "verify", code=1, LANG="zh_CN.UTF-8")
    assert "does not pass" in shell("audit", "prune", "--days", 1, code=1)


def test_a_cut_end_is_found_by_the_seal_in_the_home_folder(shell_of_each):
    shell = shell_of_each
    fresh(shell)
    shell("user", "passwd", "admin")
    damage(shell, "DELETE FROM audit")
    engine = create_engine(normal_url(shell.url))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE audit_seal DISABLE TRIGGER ALL")
        else:
            connection.exec_driver_sql("DROP TRIGGER audit_seal_delete_guard")
        connection.exec_driver_sql("DELETE FROM audit_seal")
    engine.dispose()
    assert "its end was cut off" in shell("audit", "verify", code=1)
    (shell.home / "audit_head").unlink()  # the control: without the copy nobody could know
    assert "as it was written" in shell("audit", "verify")


def test_pruning_removes_what_is_old_notes_it_and_the_rest_passes(shell_of_each):
    shell = shell_of_each
    fresh(shell)
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)):
        shell("user", "passwd", "admin")
    shell("user", "passwd", "admin")
    assert shell.json("audit", "prune", "--days", 36_500) == {"removed": 0}
    assert shell.json("audit", "prune", "--days", 30) == {"removed": 1}
    noted = events(shell)[0]
    assert (noted["event"], noted["details"]["count"]) == ("audit_pruned", 1)
    answer = shell.json("audit", "verify")
    assert (answer["intact"], answer["first"], answer["entries"]) == (True, 2, 2)


def test_the_list_is_filtered_and_says_what_it_cannot_use(shell, tmp_path):
    shell("import", "customer", customers(tmp_path))
    assert {each["event"] for each in events(shell, event="import_begun")} == {"import_begun"}
    assert {each["entity"] for each in events(shell, entity="customer")} == {"crm.customer"}
    assert {each["login"] for each in events(shell, who="admin")} == {"admin"}
    assert events(shell, until="2020-01-01") == []
    assert "Did you mean 'import_begun'?" in shell(
        "audit", "list", "--event", "import_begin", code=2
    )
    assert "Nobody logs in as 'x'" in shell("audit", "list", "--who", "x", code=2)
    assert "import_begun" in shell("audit", "list")


def test_the_log_is_exported_as_csv_and_lines_and_that_is_noted(shell, tmp_path):
    shell("audit", "export", "-o", tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]["event"] == "audit_exported"  # it is in itself: nothing leaves without a trace
    assert [int(row["sequence"]) for row in rows[:-1]] == list(range(1, len(rows)))
    lines = shell("audit", "export", "--format", "jsonl").splitlines()
    assert [json.loads(line)["event"] for line in lines][-2:] == ["audit_exported"] * 2
