from __future__ import annotations

import pytest

from formwright.definitions.model import Entity
from formwright.engine.imports.mapping import MappingRefused, match_columns


def matched(entity: Entity, *header: str, **wanted: str) -> dict[str, str]:
    mapping = match_columns(entity, header, wanted)
    return {c.title: c.field.key + (f".{c.part}" if c.part else "") for c in mapping.columns}


@pytest.mark.parametrize(
    "title",
    [
        "name",
        "NAME",
        "Client name",
        " client  NAME* ",
        "客户名称",
        "客户名称（必填）",
        "客户 名称：",
        "公司名称",
        "ｎａｍｅ",
    ],
)
def test_a_column_is_found_by_key_title_and_synonym_in_any_case_and_width(
    client: Entity, title: str
) -> None:
    assert matched(client, title) == {title: "name"}


def test_an_unknown_column_is_reported_with_the_nearest_field(client: Entity) -> None:
    mapping = match_columns(client, ["name", "grad", "xyzzy"])
    assert [(each.title, each.nearest and each.nearest.key) for each in mapping.unmatched] == [
        ("grad", "grade"),
        ("xyzzy", None),
    ]


def test_two_columns_for_one_field_are_refused_by_name(client: Entity) -> None:
    with pytest.raises(MappingRefused, match=r"'手机' and 'Mobile' both go into Mobile"):
        match_columns(client, ["name", "手机", "Mobile"])


def test_a_column_left_out_by_hand_no_longer_clashes(client: Entity) -> None:
    assert matched(client, "name", "手机", "Mobile", Mobile="") == {"name": "name", "手机": "phone"}


def test_a_column_can_be_put_into_a_field_by_hand(client: Entity) -> None:
    assert matched(client, "name", "x1", x1="Amount") == {"name": "name", "x1": "amount"}


def test_a_wrong_field_name_by_hand_offers_the_nearest(client: Entity) -> None:
    with pytest.raises(MappingRefused, match="did you mean amount"):
        match_columns(client, ["name", "x1"], {"x1": "amuont"})


def test_a_wrong_column_name_by_hand_lists_the_columns(client: Entity) -> None:
    with pytest.raises(MappingRefused, match=r"no column 'nam'.*name, x1"):
        match_columns(client, ["name", "x1"], {"nam": "name"})


def test_parts_of_the_only_address_are_found(client: Entity) -> None:
    assert matched(client, "name", "省", "city", "邮编") == {
        "name": "name", "省": "address.province", "city": "address.city", "邮编": "address.postcode",
    }  # fmt: skip


def test_the_date_of_change_is_noticed_and_not_stored(client: Entity) -> None:
    mapping = match_columns(client, ["name", "更新日期"])
    assert mapping.updated == 1
    assert [column.title for column in mapping.columns] == ["name"]


def test_columns_the_platform_fills_are_left_out(client: Entity) -> None:
    mapping = match_columns(client, ["id", "name", "doubled", "created_at", "#行号", "#reason"])
    assert [column.title for column in mapping.columns] == ["name"]
    assert [(each.title, str(each.reason)) for each in mapping.left_out] == [
        ("doubled", "The platform fills this field itself.")
    ]
    assert mapping.unmatched == ()


def test_a_column_of_files_is_left_out_and_says_why(client: Entity) -> None:
    mapping = match_columns(client, ["name", "Contract"])
    assert [column.title for column in mapping.columns] == ["name"]
    (left_out,) = mapping.left_out
    assert (left_out.title, "add them at the record" in str(left_out.reason)) == ("Contract", True)


@pytest.mark.parametrize(
    ("key", "said"), [("contract", "names of files"), ("Doubled", "fills this field itself")]
)
def test_what_cannot_be_imported_cannot_be_named_as_a_target(
    client: Entity, key: str, said: str
) -> None:
    with pytest.raises(MappingRefused, match=said):
        match_columns(client, ["name", "x"], {"x": key})


def test_required_fields_without_a_column_are_named(client: Entity) -> None:
    assert [field.key for field in match_columns(client, ["phone"]).missing] == ["name"]


def test_a_file_without_any_known_column_is_refused_with_its_columns(client: Entity) -> None:
    with pytest.raises(MappingRefused, match="a, b"):
        match_columns(client, ["a", "b"])
