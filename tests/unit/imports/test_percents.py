"""Percentages of a workbook arrive as they are shown, whoever wrote the file."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from formwright.engine.imports.reading import ReadOptions, Unreadable, open_table

FORMATS = ["0%", "0.00%", "0.0 %", '[Red]-0.0%;0.0%;"-"', '0.0"%"', "0.00", "General"]
SHOWN = ["20%", "20%", "20%", "20%", "0.2", "0.2", "0.2"]


def rows_of(path: Path, sheet: str = "") -> list[list[str]]:
    with open_table(path, ReadOptions(sheet=sheet)) as table:
        return [list(table.head.header), *(row for part in table for row in part.rows)]


def write(path: Path, row: int = 0, column: int = 0, count: int = 1) -> Path:
    """Write a sheet whose columns have FORMATS, with 0.2 in every cell, behind another one without any."""
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Other").write_row(0, 0, ["a", 0.2])
        sheet = book.add_worksheet("Rates")
        for at, name in enumerate(FORMATS):
            sheet.write(row, column + at, f"f{at}")
            for line in range(1, count + 1):
                sheet.write(row + line, column + at, 0.2, book.add_format({"num_format": name}))
    return path


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 2), (0, 30)])
def test_a_percentage_arrives_as_it_is_shown(tmp_path: Path, row: int, column: int) -> None:
    path = write(tmp_path / "a.xlsx", row, column)
    assert rows_of(path, "Rates")[1] == SHOWN
    assert rows_of(path, "Other") == [["a", "0.2"]]


def test_every_row_is_looked_at_in_a_long_sheet(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", count=6_000)  # several blocks
    rows = rows_of(path, "Rates")[1:]
    assert len(rows) == 6_000
    assert all(row == SHOWN for row in rows)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.07, "7%"),
        (1, "100%"),
        (-0.125, "-12.5%"),
        (0.1 + 0.2, "30%"),
        ("much", "much"),
        (0, "0%"),
    ],
)
def test_the_noise_of_binary_fractions_is_hidden(tmp_path: Path, value: object, shown: str) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["a", "b"])
    sheet.append([value, value])
    sheet["B2"].number_format = "0.0%"
    book.save(path)
    assert rows_of(path)[1][1] == shown


def without_places(text: str) -> str:
    return re.sub(r'(<(?:c|row)) r="\w+"', r"\1", text)


def in_another_order(text: str) -> str:
    return re.sub(r'<c r="(\w+)" s="(\d+)"', r"<c s='\2' r='\1'", text)


def with_a_prefix(text: str) -> str:
    text = re.sub(r"<(/?)(\w)", r"<\1x:\2", text.partition("?>")[2])
    return text.replace("xmlns=", "xmlns:x=", 1)


@pytest.mark.parametrize("change", [without_places, in_another_order, with_a_prefix])
def test_other_ways_to_write_the_same_sheet(tmp_path: Path, change: Callable[[str], str]) -> None:
    path, other = write(tmp_path / "a.xlsx", count=3), tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "xl/worksheets/sheet2.xml":
                changed = change(text.decode()).encode()
                assert changed != text
                text = changed
            new.writestr(name, text)
    assert rows_of(other, "Rates")[1:] == [SHOWN] * 3


def test_styles_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    path, other = write(tmp_path / "a.xlsx"), tmp_path / "b.xlsx"
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = (
        f'<!DOCTYPE x [<!ENTITY e0 "%">{levels}]><styleSheet><numFmts>&e11;</numFmts></styleSheet>'
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, bomb if name == "xl/styles.xml" else old.read(name))
    with pytest.raises(Unreadable):
        rows_of(other, "Rates")
