from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from formwright.engine.imports.reading import Limits, ReadOptions, Unreadable, open_table

ROWS = [
    ["客户名称", "手机", "备注"],
    ["张三", "138 0013 8000", '多行\n备注, "是"'],
    ["李四", "", "x;y|z"],
]


def rows_of(
    path: Path, options: ReadOptions | None = None, chunk: int = 1_000
) -> list[tuple[int, list[str]]]:
    with open_table(path, options, chunk=chunk) as table:
        return [row for part in table for row in zip(part.numbers, part.rows, strict=True)]


def write_csv(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in ROWS]
    path.write_text("\r\n".join(lines) + "\r\n", encoding=encoding, newline="")
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_encoding_and_delimiter_are_found_out(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = write_csv(tmp_path / "a.csv", encoding, delimiter)
    with open_table(path) as table:
        assert list(table.head.header) == ROWS[0]
        assert [row for part in table for row in part.rows] == ROWS[1:]


def test_the_old_names_of_the_chinese_encoding_mean_the_whole_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称,备注\n\U00020000,镕\n", encoding="gb18030")  # neither is in GB2312
    assert rows_of(path, ReadOptions(encoding="gb2312")) == [(2, ["\U00020000", "镕"])]


def test_a_wrong_encoding_is_refused_by_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "gb18030")
    with pytest.raises(Unreadable, match="utf-8"):
        rows_of(path, ReadOptions(encoding="utf-8"))
    with pytest.raises(Unreadable, match="'klingon'"):
        rows_of(path, ReadOptions(encoding="klingon"))


def test_bytes_of_no_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name,note\nx,\xff\xff\x80\n")
    with pytest.raises(Unreadable, match="--encoding"):
        rows_of(path)


def test_row_numbers_are_those_of_the_file_and_blank_rows_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n\n,\n3\n")
    assert rows_of(path) == [(2, ["1", "2"]), (5, ["3", ""])]


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("All our customers\n\na,b\n1,2\n")
    assert rows_of(path) == [(4, ["1", "2"])]


def test_cells_beyond_the_header_stay_so_that_the_row_can_be_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2,,\n1,2,3\n")
    assert rows_of(path) == [(2, ["1", "2"]), (3, ["1", "2", "3"])]


def test_typed_cells_of_a_workbook_become_what_somebody_would_have_typed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("First")
        book.add_worksheet("Second").write_row(0, 0, ["x", "y"])
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["phone", "number", "flag", "day", "excel_day"])
        sheet.write_row(1, 0, [13800138000, 0.1 + 0.2, True])
        sheet.write_number(1, 3, 45356, day)
        sheet.write_number(1, 4, 45356)
    assert rows_of(path) == [(2, ["13800138000", "0.3", "true", "2024-03-05", "45356"])]
    with open_table(path, ReadOptions(sheet="Second")) as table:
        assert table.head.header == ("x", "y")
    with pytest.raises(Unreadable, match="First, Second"):
        rows_of(path, ReadOptions(sheet="Third"))


def test_chunks_have_the_size_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,2\n" * 25)
    with open_table(path, chunk=10) as table:
        assert [len(part.numbers) for part in table] == [10, 10, 5]


def test_a_workbook_that_asks_for_half_a_terabyte_ends_the_child_only(tmp_path: Path) -> None:
    path = tmp_path / "sparse.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "b")
    with pytest.raises(Unreadable, match="far more memory or time"):
        rows_of(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (50 << 20))
    with pytest.raises(Unreadable, match="far more memory or time"):
        rows_of(path)


def test_a_child_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "slow.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(Unreadable, match="far more memory or time"):
        open_table(path, limits=Limits(silence=0.0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no row of column titles"),
        (b"\n\n,,\n", "no row of column titles"),
        (b"PK\x03\x04 not really", "damaged"),
        (b'a,b\n1,"' + b"x" * 2_000_000, "line 2"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=message):
        rows_of(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"nothing\.csv"):
        open_table(tmp_path / "nothing.csv")
