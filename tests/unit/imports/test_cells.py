from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from formwright.definitions.model import Entity
from formwright.engine.drafts import Typed
from formwright.engine.imports.cells import (
    AMBIGUOUS,
    RowValues,
    begin_rows,
    column_readers,
    quote,
    unquote,
)
from formwright.engine.imports.mapping import match_columns
from formwright.texts import Reader

READER = Reader("zh-CN", "Asia/Shanghai")


def read(entity: Entity, header: list[str], *rows: list[str], order: str = "") -> list[RowValues]:
    mapping = match_columns(entity, header)
    found = begin_rows(range(2, len(rows) + 2), list(rows), len(header))
    for reader in column_readers(mapping, READER, order):
        reader.read(found)
    return found


def value(entity: Entity, header: str, cell: str, order: str = "") -> Any:
    return read(entity, [header], [cell], order=order)[0].values.get(
        match_columns(entity, [header]).columns[0].field.key
    )


@pytest.mark.parametrize(
    "cell",
    [
        "13800138000",
        "+86 138-0013-8000",
        "0086 13800138000",
        "１３８００１３８０００",
        "138 0013 8000",
        "'+8613800138000",
    ],
)
def test_every_spelling_of_a_phone_is_one_number(client: Entity, cell: str) -> None:
    assert value(client, "手机", cell) == "+8613800138000"


@pytest.mark.parametrize(
    "cell",
    [
        "2024/3/5",
        "2024年3月5日",
        "20240305",
        "5-Mar-2024",
        "45356",
        "2024-03-05",
        "２０２４．３．５",
    ],
)
def test_every_spelling_of_a_date_is_one_day(client: Entity, cell: str) -> None:
    assert value(client, "合作日期", cell) == date(2024, 3, 5)


@pytest.mark.parametrize("cell", ["10万", "100000", "100,000.00", "¥100,000", "１０万元"])
def test_every_spelling_of_an_amount_is_one_number(client: Entity, cell: str) -> None:
    assert value(client, "amount", cell) == Decimal(100_000)


def test_an_option_is_found_by_value_and_title(client: Entity) -> None:
    rows = read(client, ["grade"], ["a"], ["Best"], ["best"], ["Good"])
    assert [row.values["grade"] for row in rows] == ["a", "a", "a", "b"]


def test_a_wrong_cell_is_refused_at_its_field_and_kept_as_typed(client: Entity) -> None:
    row = read(client, ["name", "手机"], ["Li", "1380013800"])[0]
    assert [violation.field for violation in row.violations] == ["phone"]
    assert row.values == {"name": "Li", "phone": Typed(("1380013800",))}


def test_a_wrong_text_that_comes_again_is_refused_again(client: Entity) -> None:
    rows = read(client, ["合作日期"], ["2024-02-30"], ["2024-02-30"])
    assert [len(row.violations) for row in rows] == [1, 1]


def test_a_date_with_two_meanings_is_refused_until_the_order_is_said(client: Entity) -> None:
    row = read(client, ["合作日期"], ["03/04/2024"])[0]
    assert [violation.message for violation in row.violations] == [AMBIGUOUS]
    assert value(client, "合作日期", "03/04/2024", "dmy") == date(2024, 4, 3)
    assert value(client, "合作日期", "03/04/2024", "mdy") == date(2024, 3, 4)


def test_a_date_with_one_meaning_needs_no_order(client: Entity) -> None:
    assert value(client, "合作日期", "31/12/2024") == date(2024, 12, 31)


def test_blank_cells_give_no_value(client: Entity) -> None:
    assert read(client, ["name", "手机", "合作日期"], ["Li", "", "  "])[0].values == {"name": "Li"}


def test_a_shifted_row_is_refused(client: Entity) -> None:
    assert len(read(client, ["name"], ["Li", "more"])[0].violations) == 1


def test_an_address_is_put_together_from_its_columns(client: Entity) -> None:
    row = read(client, ["省", "市", "address"], ["广东", "深圳", "科技路1号"])[0]
    assert row.values["address"] == {"province": "广东省", "city": "深圳市", "detail": "科技路1号"}


def test_a_whole_address_beside_its_parts_is_not_doubled(client: Entity) -> None:
    row = read(
        client, ["省", "市", "address"], ["广东省", "深圳市", "广东省深圳市南山区科技路1号"]
    )[0]
    assert row.values["address"] == {
        "province": "广东省",
        "city": "深圳市",
        "district": "南山区",
        "detail": "科技路1号",
    }


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "＝1", "'=1+1", "''@", "plain", "'tis", "", "a=b"]
)
def test_the_guard_against_formulas_comes_off_again(text: str) -> None:
    assert unquote(quote(text)) == text


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠1"]
)
def test_a_text_that_looks_like_a_formula_is_guarded(text: str) -> None:
    assert quote(text) == "'" + text


@pytest.mark.parametrize(
    ("cell", "discount", "ratio"),
    [("20%", "20", "0.2"), ("0.5%", "0.5", "0.005"), ("20", "20", "20")],
)
def test_a_percentage_is_a_part_of_a_hundred_or_of_one(
    client: Entity, cell: str, discount: str, ratio: str
) -> None:
    assert value(client, "Discount", cell) == Decimal(discount)
    assert value(client, "Ratio", cell) == Decimal(ratio)
