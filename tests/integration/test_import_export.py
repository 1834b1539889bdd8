"""What goes out comes back as it was, and nothing on the way runs as a formula."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from formwright.engine.imports.cells import quote

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "'=1+1",
    '=HYPERLINK("http://x")',
    "plain",
    "a,b;c",
    'say "hi"',
    "'tis",
    "007",
    "1e5",
    "true",
    "2024-03-05",
]


def export(shell, *arguments: object) -> str:
    return shell("export", "customer", *arguments)


def snapshot(shell) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in export(shell, "--format", "jsonl").splitlines()]
    for record in found:
        for key in ("id", "created_at", "updated_at", "code"):
            record.pop(key, None)
    return sorted(found, key=lambda record: json.dumps(record, sort_keys=True))


@pytest.fixture
def filled(shell, tmp_path: Path):
    """An instance with customers that use every kind of field."""
    shell("user", "add", "liqiang", "--name", "李强", "--role", "crm.sales_rep")
    rows = [
        {
            "name": text, "email": f"n{number}@example.com", "kind": "person" if number % 2 else "company",
            "phone": f"{13800138000 + number}" if number % 3 else "+49 30 901820", "landline": "",
            "birthday": "1990-02-03" if number % 2 else "", "tags": "a;b", "interests": "service;price",
            "owner": "liqiang", "address": "广东省深圳市南山区科技路1号", "do_not_disturb": "是" if number % 2 else "",
            "needs": f"line 1\nline 2 {text}", "website": "example.com", "source": "exhibition",
        }
        for number, text in enumerate(HOSTILE)
    ]  # fmt: skip
    rows[0]["phone"] = "13700137000"
    for number, row in enumerate(rows):
        if row["phone"].startswith("+49"):
            row["phone"] = f"{13600136000 + number}"
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "name": quote(row["name"])})
    shell("import", "customer", path)
    return shell


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_imported_elsewhere_is_the_same(filled, tmp_path: Path, kind: str) -> None:
    before = snapshot(filled)
    assert {record["name"] for record in before} >= set(HOSTILE) - {"\t=1"}
    path = tmp_path / f"out.{kind}"
    export(filled, "--output", path)
    other = type(filled)(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    other("init")
    other("install", "crm")
    other("user", "add", "liqiang", "--name", "李强", "--role", "crm.sales_rep")
    other("import", "customer", path)
    assert snapshot(other) == before


def test_an_export_imported_again_by_id_changes_nothing(filled, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    export(filled, "--output", path)
    counts = filled.json("import", "customer", path, "--match-on", "id", "--mode", "update")[
        "counts"
    ]
    assert (counts["unchanged"], counts["updated"], counts["bad"]) == (len(HOSTILE), 0, 0)


def test_no_text_of_an_export_runs_as_a_formula(filled, tmp_path: Path) -> None:
    export(filled, "--output", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell and cell[0] in "=+-@\t\r＝＋－＠"] == []
    export(filled, "--output", tmp_path / "out.xlsx")
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)


def test_chosen_fields_stand_in_the_order_asked_for(filled) -> None:
    lines = export(filled, "--fields", "phone,name").splitlines()
    assert lines[0] == "phone,name"


def test_titles_are_in_the_language_of_the_terminal(filled) -> None:
    assert filled(
        "export", "customer", "--titles", "--fields", "name,phone", LANG="zh_CN.UTF-8"
    ).startswith("客户名称,手机")


def test_an_unknown_field_offers_the_nearest(filled) -> None:
    assert "did you mean phone" in filled("export", "customer", "--fields", "phon", code=1)


def test_rights_hold_for_whoever_exports(filled) -> None:
    assert "right" in filled("export", "customer", "--as", "liqiang", code=1)


def test_a_failed_export_leaves_the_old_file(filled, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    filled("export", "customer", "--fields", "nonsense", "--output", path, code=1)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.glob(".export-*")] == []
