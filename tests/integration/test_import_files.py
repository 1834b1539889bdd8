"""Files of a real customer on their way in, on both databases: small, with all their mess."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS, FOLLOW_UPS = 1_000, 500


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_generate", ROOT / "bench" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def generator() -> ModuleType:
    return load_generator()


@pytest.fixture(scope="session")
def csv_files(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv")
    generator.generate(
        folder, customers=CUSTOMERS, follow_ups=FOLLOW_UPS, opportunities=200, encoding="gb18030"
    )
    return folder


@pytest.fixture(scope="session")
def xlsx_files(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xlsx")
    generator.generate(folder, customers=CUSTOMERS, follow_ups=FOLLOW_UPS, format="xlsx", seed=2)
    return folder


def records(shell, entity: str, fields: str) -> list[dict[str, Any]]:
    said = shell("export", entity, "--format", "jsonl", "--fields", fields)
    return [json.loads(line) for line in said.splitlines()]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def bad_rows(path: Path) -> dict[int, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {int(row[0]): row[-1] for row in list(csv.reader(file))[1:]}


def check_customers(shell, folder: Path, ending: str) -> None:
    expected = json.loads((folder / "expected.json").read_text())["customers"]
    report = shell.json(
        "import",
        "customer",
        folder / f"customers.{ending}",
        "--match-on",
        "phone",
        "--errors",
        shell.home / "bad.csv",
        code=1,
    )
    counts = report["counts"]
    assert counts["rows"] == expected["rows"] == CUSTOMERS
    assert counts["created"] == expected["records"]
    assert counts["merged"] == len(expected["duplicates"])
    assert counts["bad"] == len(expected["bad"])
    assert sum(counts.values()) == 2 * counts["rows"]
    assert set(bad_rows(shell.home / "bad.csv")) == {int(row) for row in expected["bad"]}
    found = records(shell, "customer", "phone,birthday")
    assert len(found) == expected["records"]
    phones = {each.get("phone") for each in found}
    assert {value for _row, key, value in expected["samples"] if key == "phone"} <= {
        "+86" + phone for phone in phones if phone
    }


def test_customers_in_gb18030_arrive_with_counts_in_equal_to_counts_out(
    shell_of_each, csv_files: Path
) -> None:
    check_customers(shell_of_each, csv_files, "csv")
    follow_ups = csv_files / "follow_ups.csv"
    expected = json.loads((csv_files / "expected.json").read_text())
    report = shell_of_each.json(
        "import", "follow_up", follow_ups, "--errors", shell_of_each.home / "bad2.csv", code=1
    )
    assert report["counts"]["created"] == FOLLOW_UPS - len(expected["follow_ups"]["bad"])
    assert set(bad_rows(shell_of_each.home / "bad2.csv")) == {
        int(row) for row in expected["follow_ups"]["bad"]
    }
    assert all("customer" in each for each in records(shell_of_each, "follow_up", "customer"))


def test_customers_from_a_workbook_arrive_too(shell, xlsx_files: Path) -> None:
    check_customers(shell, xlsx_files, "xlsx")


def test_every_spelling_of_an_amount_and_of_a_day_is_stored_as_what_it_means(
    shell, csv_files: Path
) -> None:
    shell(
        "import",
        "customer",
        csv_files / "customers.csv",
        "--match-on",
        "phone",
        "--errors",
        shell.home / "b.csv",
        code=1,
    )
    expected = json.loads((csv_files / "expected.json").read_text())
    shell(
        "import",
        "opportunity",
        csv_files / "opportunities.csv",
        "--errors",
        shell.home / "c.csv",
        code=1,
    )
    amounts = {each["amount"] for each in records(shell, "opportunity", "amount")}
    assert {float(value) for _row, _key, value in expected["opportunities"]["samples"]} <= amounts
    days = {each.get("birthday") for each in records(shell, "customer", "birthday")}
    wanted = {value for _row, key, value in expected["customers"]["samples"] if key == "birthday"}
    assert wanted
    assert wanted <= days


def test_a_trial_writes_nothing_and_says_what_would_be(shell_of_each, csv_files: Path) -> None:
    found = shell_of_each.json(
        "import",
        "customer",
        csv_files / "customers.csv",
        "--match-on",
        "phone",
        "--trial",
        "--rows",
        200,
        code=1,
    )
    assert found["counts"]["rows"] == 200
    columns = {each["title"]: each for each in found["columns"]}
    assert all(each["good"] + each["empty"] + each["wrong"] == 200 for each in columns.values())
    assert sum(each["wrong"] for each in columns.values()) == len(found["bad"])
    assert len(found["records"]) == 20
    assert found["records"][0]["values"]["Customer no."]
    assert records(shell_of_each, "customer", "id") == []
    assert not list(csv_files.glob("*.errors.csv"))


H07 = """客户名称,手机,更新日期,职位,备注
老记录,138 0013 8000,2024-01-01,采购,第一行
最新记录,+86-13800138000,2024-06-01,,
中间记录,13800138000,2024-03-01,经理,
"""


def test_three_rows_with_one_phone_become_the_newest_filled_from_the_older(
    shell_of_each, tmp_path: Path
) -> None:
    path = write(tmp_path / "h07.csv", H07)
    report = shell_of_each.json("import", "customer", path, "--match-on", "phone")
    assert (report["counts"]["created"], report["counts"]["merged"]) == (1, 2)
    assert sorted(map(tuple, (each.values() for each in report["merged"]))) == [(2, 3), (4, 3)]
    assert records(shell_of_each, "customer", "name,phone,position,remark") == [
        {"name": "最新记录", "phone": "13800138000", "position": "经理", "remark": "第一行"}
    ]
    merged = bad_rows(tmp_path / "h07.csv.merged.csv")
    assert merged == {2: "3", 4: "3"}


def test_a_later_file_updates_what_an_earlier_one_brought(shell_of_each, tmp_path: Path) -> None:
    shell_of_each(
        "import",
        "customer",
        write(tmp_path / "a.csv", "name,phone,position\n甲,13800138000,经理\n乙,13900139000,\n"),
        "--match-on",
        "phone",
    )
    second = write(
        tmp_path / "b.csv", "name,phone,position\n甲公司,138 0013 8000,\n丙,13700137000,\n"
    )
    counts = shell_of_each.json("import", "customer", second, "--match-on", "phone")["counts"]
    assert (counts["created"], counts["updated"]) == (1, 1)
    names = {
        each["phone"]: (each["name"], each.get("position"))
        for each in records(shell_of_each, "customer", "name,phone,position")
    }
    assert names["13800138000"] == ("甲公司", "经理")


def test_what_somebody_changed_since_is_not_overwritten_by_an_older_row(
    shell, tmp_path: Path
) -> None:
    """Somebody's own work is newer than the file's date; only what is empty is filled."""
    shell("install", "crm", "--demo")
    [first] = [
        each for each in records(shell, "customer", "id,name,phone,website") if each.get("phone")
    ][:1]
    path = write(
        tmp_path / "old.csv",
        f"name,phone,website,更新日期\nOther name,{first['phone']},example.org,2001-01-01\n",
    )
    shell("import", "customer", path, "--match-on", "phone")
    [after] = [
        each for each in records(shell, "customer", "id,name,website") if each["id"] == first["id"]
    ]
    assert after["name"] == first["name"]
    assert after["website"] == first.get("website", "https://example.org")


def test_known_records_are_skipped_when_asked(shell, tmp_path: Path) -> None:
    shell("import", "customer", write(tmp_path / "a.csv", "name,phone\n甲,13800138000\n"))
    counts = shell.json(
        "import",
        "customer",
        write(tmp_path / "b.csv", "name,phone\n乙,13800138000\n丙,13700137000\n"),
        "--match-on",
        "phone",
        "--mode",
        "skip",
    )["counts"]
    assert (counts["created"], counts["skipped"]) == (1, 1)
    assert {each["name"] for each in records(shell, "customer", "name")} == {"甲", "丙"}


def test_a_value_that_must_be_unique_is_refused_at_its_column(
    shell_of_each, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", "客户名称,手机\n甲,13800138000\n乙,138-0013-8000\n")
    counts = shell_of_each.json("import", "customer", path, code=1)["counts"]
    assert (counts["created"], counts["bad"]) == (1, 1)
    assert "手机" in bad_rows(tmp_path / "a.csv.errors.csv")[3]


def test_each_bad_row_comes_back_with_every_reason_and_can_be_imported_once_mended(
    shell_of_each, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "a.csv",
        "客户名称,手机,生日,客户性质\n,1380013800,2024-02-30,个人客户\n好,13800138000,,\n",
    )
    shell_of_each("import", "customer", path, code=1)
    errors = tmp_path / "a.csv.errors.csv"
    reason = bad_rows(errors)[2]
    assert "客户名称" in reason
    assert "手机 “1380013800”" in reason
    assert "生日 “2024-02-30”" in reason
    mended = errors.read_text("utf-8-sig").replace(
        "2,,1380013800,2024-02-30", "2,王五,13900139000,1990-02-28"
    )
    counts = shell_of_each.json("import", "customer", write(tmp_path / "b.csv", mended))["counts"]
    assert counts["created"] == 1


def test_a_date_with_two_meanings_is_asked_about_once_for_the_file(shell, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "name,phone,kind,birthday\n甲,13800138000,person,03/04/1990\n乙,13900139000,person,1990-04-03\n",
    )
    assert "--date-order dmy" in shell("import", "customer", path, "--trial", code=1)
    assert shell.json("import", "customer", path, code=1)["counts"]["bad"] == 1
    assert (
        shell.json("import", "customer", path, "--date-order", "dmy", "--match-on", "phone")[
            "counts"
        ]["created"]
        == 1
    )
    assert [each["birthday"] for each in records(shell, "customer", "birthday")] == [
        "1990-04-03",
        "1990-04-03",
    ]


def test_an_import_that_is_done_is_not_done_again_unless_asked(
    shell_of_each, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.csv", "name,email\n甲,a@example.com\n")
    assert shell_of_each.json("import", "customer", path)["repeated"] is False
    assert shell_of_each.json("import", "customer", path)["repeated"] is True
    assert len(records(shell_of_each, "customer", "id")) == 1
    shell_of_each("import", "customer", path, "--again")
    assert len(records(shell_of_each, "customer", "id")) == 2


def test_a_parent_that_is_not_there_or_not_one_is_named(shell, tmp_path: Path) -> None:
    shell(
        "import",
        "customer",
        write(
            tmp_path / "a.csv", "name,email\n甲,a@example.com\n甲,b@example.com\n乙,c@example.com\n"
        ),
    )
    path = write(
        tmp_path / "b.csv",
        "客户名称,跟进方式,沟通内容\n甲,电话,两个同名\n丁,电话,没有此人\n乙,电话,正好一个\n",
    )
    assert shell.json("import", "follow_up", path, code=1)["counts"]["created"] == 1
    reasons = bad_rows(tmp_path / "b.csv.errors.csv")
    assert "Several records" in reasons[2]
    assert "no such record" in reasons[3]


def test_people_are_found_by_log_in_and_by_name(shell, tmp_path: Path) -> None:
    shell("user", "add", "liqiang", "--name", "李强", "--role", "crm.sales_rep")
    shell(
        "import",
        "customer",
        write(
            tmp_path / "a.csv",
            "name,email,负责人\n甲,a@example.com,李强\n乙,b@example.com,liqiang\n丙,c@example.com,LiQiang2\n",
        ),
        code=1,
    )
    assert [each["owner"] for each in records(shell, "customer", "owner")] == ["liqiang", "liqiang"]


def test_rights_hold_for_whoever_imports(shell, tmp_path: Path) -> None:
    shell("user", "add", "liqiang", "--role", "crm.sales_rep")
    path = write(tmp_path / "a.csv", "name,email\n甲,a@example.com\n")
    assert "right" in shell("import", "customer", path, "--as", "liqiang", code=1)
    assert records(shell, "customer", "id") == []
    assert "liqian'" in shell("import", "customer", path, "--as", "liqian", code=1)


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        ("name,手机,mobile\n甲,1,2\n", [], "both go into"),
        ("手机\n13800138000\n", [], "required"),
        ("name\n甲\n", ["--match-on", "phone"], "by which rows are matched"),
        ("name\n甲\n", ["--mode", "update"], "--match-on"),
        ("name\n甲\n", ["--match-on", "fone"], "did you mean phone"),
        ("name\n甲\n", ["--encoding", "klingon"], "klingon"),
        ("", [], "no row of column titles"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_its_first_row(
    shell, tmp_path: Path, content: str, arguments: list[str], sentence: str
) -> None:
    path = write(tmp_path / "a.csv", content)
    assert sentence in shell("import", "customer", path, *arguments, code=1)
    assert records(shell, "customer", "id") == []


def test_history_says_that_the_record_came_from_a_file(shell_of_each, tmp_path: Path) -> None:
    from formwright.cli.instance import open_instance, system  # noqa: PLC0415 -- only here
    from formwright.settings import load  # noqa: PLC0415

    shell_of_each("import", "customer", write(tmp_path / "a.csv", "name,email\n甲,a@example.com\n"))
    settings = load(shell_of_each.environment())
    with open_instance(settings) as runtime, runtime.unit(system(runtime)) as unit:
        [record] = unit.tx.records.get_many(
            "crm.customer", [int_id(records(shell_of_each, "customer", "id")[0]["id"])]
        )
        [change] = unit.tx.history.of("crm.customer", record.id)
    assert (change.channel, change.operation, change.changes["name"][1]) == (
        "import",
        "create",
        "甲",
    )
    assert record.created_by is not None


def int_id(text: str) -> int:
    from formwright.ids import parse_id  # noqa: PLC0415 -- only here

    found = parse_id(text)
    assert found is not None
    return found


def test_a_column_of_files_is_named_in_trial_and_run_and_touches_no_file(
    shell_of_each, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "package.yaml").write_text(
        "package: {key: papers, title: Papers, version: 1.0.0}\n"
        "entities:\n  paper:\n    key_fields: [name]\n    fields:\n"
        "      name: {type: text, unique: true}\n      scan: {type: file, title: Scan}\n"
        "grants: {all: {role: core.admin, entity: paper, actions: [read, create, update, import, export]}}\n",
        "utf-8",
    )
    shell = shell_of_each
    shell("apply", folder)
    value = '[{"id": "1", "name": "a.pdf", "size": 1, "type": "application/pdf"}]'
    path = write(tmp_path / "papers.csv", 'name,Scan\nA,"{}"\n'.format(value.replace('"', '""')))
    for options in (["--trial"], []):
        found = shell.json("import", "papers.paper", path, *options)
        assert found["counts"]["created"] == 1
        assert [each["title"] for each in found["left_out"]] == ["Scan"]
        assert "add them at the record" in found["left_out"][0]["reason"]
    assert records(shell, "papers.paper", "name,scan") == [{"name": "A"}]
    said = shell("import", "papers.paper", path, "--map", "Scan=scan", "--again", code=1)
    assert "Nothing can be imported into Scan" in said
    assert "The column 'Scan' is left out" in shell(
        "import", "papers.paper", path, "--again", code=1
    )  # the name is taken by now
