from __future__ import annotations

import csv
from pathlib import Path

from formwright.engine.imports.rejects import RowFile


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_no_file_is_made_without_rows(tmp_path: Path) -> None:
    RowFile(tmp_path / "e.csv", ["a"]).write([])
    assert not (tmp_path / "e.csv").exists()


def test_the_file_opens_in_a_spreadsheet_and_runs_no_formula(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "e.csv", ["#row", "姓名"])
    file.write([["2", "=cmd()"]])
    file.write([["3", "王"]])
    assert file.path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows_of(file.path) == [["#row", "姓名"], ["2", "'=cmd()"], ["3", "王"]]


def test_what_came_after_the_last_batch_is_cut_off(tmp_path: Path) -> None:
    first = RowFile(tmp_path / "e.csv", ["a"])
    first.write([["1"]])
    size = first.size
    first.write([["2"]])  # its batch was never committed
    second = RowFile(tmp_path / "e.csv", ["a"], size)
    second.write([["2"]])
    assert rows_of(second.path) == [["a"], ["1"], ["2"]]


def test_a_new_import_does_not_keep_the_rows_of_an_old_one(tmp_path: Path) -> None:
    RowFile(tmp_path / "e.csv", ["a"]).write([["1"]])
    RowFile(tmp_path / "e.csv", ["a"])
    assert not (tmp_path / "e.csv").exists()
