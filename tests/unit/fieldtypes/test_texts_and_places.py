import json

import pytest

from formwright import ids
from formwright.expressions import kinds
from formwright.fieldtypes import patterns
from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.divisions import china
from formwright.fieldtypes.registry import FieldTypeRefused, MissingFieldType, builtin
from formwright.fieldtypes.text import TextType
from formwright.plugins.testing import PlainField
from formwright.texts import Reader

TYPES = builtin()
FIELD, CHINA = PlainField(), PlainField(regions="cn")
CHINESE, ENGLISH = Reader("zh-CN"), Reader("en")
TEXT, LONG_TEXT, ADDRESS, FILE, IMAGE = (
    TYPES[name] for name in ("text", "long_text", "address", "file", "image")
)


# -- text -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Acme \t Ltd\n", "Acme Ltd"),
        ("（广州）某某，有限公司", "（广州）某某，有限公司"),
        ("Ａ公司", "Ａ公司"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("a\x00b\u200bc\u202ed", "abcd"),
        ("broken \ud83d half", "broken half"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_a_line_is_trimmed_and_composed_but_keeps_its_width(typed, stored):
    assert TEXT.parse(FIELD, typed, ENGLISH) == stored
    stored.encode()


def test_lines_are_kept_in_long_text():
    assert LONG_TEXT.parse(FIELD, "\r\n  one  \r\n\r\n two\x00 \n", ENGLISH) == "one\n\n two"


def test_length_is_checked_in_characters():
    assert TEXT.check(PlainField(max_length=3), "客户名") is None
    assert (
        str(TEXT.check(PlainField(max_length=3), "客户名称"))
        == "Enter at most 3 characters; these are 4."
    )
    assert str(TEXT.check(PlainField(min_length=2), "客")) == "Enter at least 2 characters."
    assert LONG_TEXT.check(FIELD, "x" * 100_000) is None


def test_words_are_the_same_whatever_their_case_width_or_accents():
    keys = {
        TEXT.compare_key(FIELD, text) for text in ("Café Zürich", "CAFE ZURICH", "ｃａｆé　zürich")
    }
    assert len(keys) == 1
    assert TEXT.compare_key(FIELD, "か") != TEXT.compare_key(FIELD, "が")


def test_a_pattern_is_searched_as_json_schema_does():
    field = PlainField(pattern="^[A-Z]{2}[0-9]+$")
    assert TEXT.check(field, "AB12") is None
    assert TEXT.check(field, "xAB12") is not None
    assert TEXT.check(PlainField(pattern="B1"), "AB12") is None


def test_an_evil_pattern_costs_no_time():
    assert (
        TEXT.check(PlainField(pattern="^(a+)+$", max_length=10**6), "a" * 100_000 + "!") is not None
    )


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "(", "a{2000}"])
def test_a_pattern_that_cannot_be_used_is_told_with_the_reason(pattern):
    assert patterns.pattern_problem(pattern) is not None


# -- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("广东省深圳市南山区科技路1号", ("广东省", "深圳市", "南山区", "科技路1号")),
        ("广东深圳南山科技路1号", ("广东省", "深圳市", "南山区", "科技路1号")),
        ("广东省 深圳市 南山区 科技路1号", ("广东省", "深圳市", "南山区", "科技路1号")),
        ("深圳市南山区科技路1号", ("广东省", "深圳市", "南山区", "科技路1号")),
        ("北京市朝阳区建国路8号", ("北京市", "北京市", "朝阳区", "建国路8号")),
        ("北京市北京市朝阳区建国路8号", ("北京市", "北京市", "朝阳区", "建国路8号")),
        ("吉林省吉林市昌邑区重庆路1号", ("吉林省", "吉林市", "昌邑区", "重庆路1号")),
        ("广东省东莞市南城街道1号", ("广东省", "东莞市", None, "南城街道1号")),
        ("湖北省仙桃市某路2号", ("湖北省", "仙桃市", None, "某路2号")),
        ("内蒙古呼和浩特市新城区某街3号", ("内蒙古自治区", "呼和浩特市", "新城区", "某街3号")),
        ("中国浙江省杭州市西湖区文三路", ("浙江省", "杭州市", "西湖区", "文三路")),
        ("香港特别行政区九龙某道1号", ("香港特别行政区", None, None, "九龙某道1号")),
        ("上海路15号", (None, None, None, "上海路15号")),
        ("某某大厦", (None, None, None, "某某大厦")),
    ],
)
def test_a_line_is_taken_apart_as_far_as_its_places_are_known(typed, parts):
    value = ADDRESS.parse(CHINA, typed, CHINESE)
    assert tuple(value.get(part) for part in ("province", "city", "district", "detail")) == parts


def test_a_postcode_is_found_wherever_it_stands():
    for typed in ("广东省深圳市科技路1号 518000", "518000 广东省深圳市科技路1号"):
        value = ADDRESS.parse(CHINA, typed, CHINESE)
        assert (value["postcode"], value["detail"]) == ("518000", "科技路1号")


def test_a_form_sends_the_parts_in_order():
    value = ADDRESS.parse_many(
        CHINA, ["", "广东", "深圳", "南山", " 科技路1号 ", "５１８０００"], CHINESE
    )
    assert value == {
        "province": "广东省", "city": "深圳市", "district": "南山区", "detail": "科技路1号", "postcode": "518000",
    }  # fmt: skip
    assert ADDRESS.parse_many(CHINA, [""] * 6, CHINESE) is None


def test_a_place_must_lie_where_it_is_said_to_lie():
    check = ADDRESS.check
    assert check(CHINA, {"province": "广东省", "city": "深圳市", "district": "南山区"}) is None
    assert (
        str(check(CHINA, {"province": "广东省", "city": "杭州市"})) == "“杭州市” is not in 广东省."
    )
    assert "广东省" in str(check(CHINA, {"province": "广东"}))
    assert check(CHINA, {"province": "香港特别行政区", "city": "九龙"}) is None
    assert check(CHINA, {"country": "DE", "province": "Bayern"}) is None
    assert check(FIELD, {"province": "Bayern"}) is None


def test_an_address_is_laid_out_as_the_readers_language_does():
    value = {
        "province": "广东省",
        "city": "深圳市",
        "district": "南山区",
        "detail": "科技路1号",
        "postcode": "518000",
    }
    assert ADDRESS.format(CHINA, value, CHINESE) == "广东省深圳市南山区科技路1号 518000"
    assert ADDRESS.format(CHINA, value, ENGLISH) == "科技路1号, 南山区, 深圳市, Guangdong 518000"
    abroad = {"country": "DE", "city": "Berlin", "detail": "Hauptstr. 5", "postcode": "10115"}
    assert ADDRESS.format(FIELD, abroad, ENGLISH) == "Hauptstr. 5, Berlin, 10115, Germany"
    assert ADDRESS.format(FIELD, abroad, CHINESE) == "德国 Berlin Hauptstr. 5 10115"


def test_every_province_has_an_english_name_and_three_levels():
    assert len(china().parts) == 34
    assert "海淀区" in china().parts["北京市"].parts["北京市"].parts
    assert "昌江黎族自治县" in china().parts["海南省"].parts


# -- files and links ------------------------------------------------------------------------------------------


def test_what_a_client_says_of_a_file_is_held_to_its_shape():
    good = {"id": ids.format_id(5), "name": "../etc/passwd", "size": 1, "type": "text/plain"}
    assert FILE.parse(FIELD, json.dumps(good), ENGLISH) == (
        {"id": 5, "name": ".._etc_passwd", "size": 1, "type": "text/plain"},
    )
    for bad in (
        {**good, "size": -1},
        {**good, "size": True},
        {**good, "path": "/x"},
        {**good, "name": ""},
        7,
        "x",
    ):
        with pytest.raises(ValueProblem):
            FILE.parse(FIELD, json.dumps(bad), ENGLISH)


def test_number_size_and_kind_of_files_are_limited():
    def file(name="a.pdf", size=10, kind="application/pdf"):
        return {"id": 1, "name": name, "size": size, "type": kind}

    field = PlainField(accept=(".pdf", "image/*"), max_size=100)
    assert FILE.check(field, (file(),)) is None
    assert FILE.check(field, (file("a.png", kind="image/png"),)) is None
    assert str(FILE.check(field, (file(size=101),))) == "“a.pdf” is larger than 100 B."
    assert "not of a kind" in str(
        FILE.check(field, (file("a.exe", kind="application/x-msdownload"),))
    )
    assert str(FILE.check(field, (file(), file()))) == "Choose one file only."
    assert IMAGE.check(FIELD, (file("a.svg", kind="image/svg+xml"),)) is not None


def test_one_user_is_a_reference_and_several_are_a_list():
    user = TYPES["user"]
    several = PlainField(multiple=True, target="")
    assert user.kind(PlainField(target="")) == kinds.reference("core.user")
    assert user.kind(several) == kinds.records("core.user")
    assert user.to_stored(several, (3, 4)) == [3, 4]
    assert user.json_schema(several)["type"] == "array"


@pytest.mark.parametrize("value", [-1, 2**63, True, 1.5, None])
def test_an_id_is_a_63_bit_number(value):
    with pytest.raises(ValueProblem):
        TYPES["reference"].accept(FIELD, value)


def test_rows_and_backlinks_cannot_be_typed():
    for name in ("backlink", "subform"):
        with pytest.raises(ValueProblem):
            TYPES[name].parse(FIELD, "x", ENGLISH)
        assert TYPES[name].virtual
    assert TYPES["subform"].format(FIELD, (1, 2), CHINESE) == "2 行"


# -- the registry ---------------------------------------------------------------------------------------------


class Colour(TextType):
    name = "colour"


class SecondDate(TextType):
    name = "date"


class Shouting(TextType):
    name = "LOUD"


def test_a_plugins_type_is_found_like_the_platforms_own():
    registry = builtin()
    registry.add(Colour(), "paint")
    assert registry["colour"].name == "colour"
    assert registry.provider("colour") == "paint"
    assert registry.names()[-1] == "colour"
    assert len(registry) == len(builtin()) + 1


def test_a_second_type_of_a_name_is_refused_with_both_providers():
    with pytest.raises(FieldTypeRefused, match="'date' of paint is already provided by formwright"):
        builtin().add(SecondDate(), "paint")


def test_a_name_that_definitions_could_not_use_is_refused():
    with pytest.raises(FieldTypeRefused, match="LOUD"):
        builtin().add(Shouting())


def test_two_registries_share_nothing():
    first = builtin()
    first.add(Colour())
    assert "colour" not in builtin()


def test_a_lost_type_says_which_plugin_is_missing():
    missing = builtin().get_or_missing("uscc", "cn_business")
    assert isinstance(missing, MissingFieldType)
    assert missing.name == "uscc"
    with pytest.raises(ValueProblem, match="“cn_business” with the field type “uscc” is missing"):
        missing.parse(FIELD, "x", ENGLISH)
    assert builtin().get_or_missing("date").name == "date"
