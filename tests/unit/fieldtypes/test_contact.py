import pytest

from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.registry import builtin
from formwright.plugins.testing import PlainField
from formwright.texts import Reader

TYPES = builtin()
PHONE, EMAIL, URL = TYPES["phone"], TYPES["email"], TYPES["url"]
MOBILE, LANDLINE, ANY = PlainField(), PlainField(line="landline"), PlainField(line="any")
CHINESE, ENGLISH = Reader("zh-CN"), Reader("en")


def refusal(typed, field=MOBILE, of=PHONE):
    with pytest.raises(ValueProblem) as caught:
        of.parse(field, typed, ENGLISH)
    return caught.value.text


@pytest.mark.parametrize(
    "typed",
    ["13800138000", "+86 138-0013-8000", "0086 13800138000", "138 0013 8000", "138-0013-8000", "138.0013.8000",
     "１３８００１３８０００", "＋８６　１３８－００１３－８０００", "(+86) 138 0013 8000", "+86 (0) 13800138000",
     "[138]00138000", "8613800138000", "013800138000", "手机：13800138000", "Tel: 138 0013 8000", "13800138000.0",
     "138\u20110013\u20118000", "138\u00a00013\u00a08000", "\u202d13800138000\u202c", "\ufeff13800138000"],
)  # fmt: skip
def test_a_chinese_mobile_is_stored_in_e164_and_shown_with_11_digits(typed):
    number = PHONE.parse(MOBILE, typed, CHINESE)
    assert number == "+8613800138000"
    assert PHONE.format(MOBILE, number, CHINESE) == "13800138000"
    assert PHONE.format_input(MOBILE, number, ENGLISH) == "13800138000"
    assert PHONE.canonical(MOBILE, number) == "13800138000"


def test_a_mobile_with_a_digit_missing_is_refused_in_both_languages():
    text = refusal("1380013800")
    assert str(text) == "A mobile number has 11 digits; this one has 10."
    assert text.in_language("zh-CN") == "手机号应为 11 位数字，当前为 10 位。"


@pytest.mark.parametrize("typed", ["138001380000", "12345678901", "+8612345678901"])
def test_a_mobile_of_a_form_that_does_not_exist_is_refused(typed):
    assert "obile number" in str(refusal(typed))


def test_a_landline_does_not_go_into_a_mobile_field_nor_the_other_way_round():
    assert (
        str(refusal("010-12345678"))
        == "This is a landline number. It belongs into the field for landlines."
    )
    assert "座机" in refusal("010-12345678").in_language("zh-CN")
    assert "belongs into the field for mobile numbers" in str(refusal("13800138000", LANDLINE))
    assert PHONE.check(MOBILE, "+861012345678") is not None
    assert PHONE.parse(ANY, "010-12345678", CHINESE) == "+861012345678"


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("010-12345678", "+861012345678", "010-12345678"),
        ("(010) 1234 5678", "+861012345678", "010-12345678"),
        ("+86 10 12345678", "+861012345678", "010-12345678"),
        ("+86 (0755) 8888 8888", "+8675588888888", "0755-88888888"),
        ("0755-8888888", "+867558888888", "0755-8888888"),
        ("021 5888 8888 ext. 12", "+862158888888;ext=12", "021-58888888 ext. 12"),
        ("02158888888转12", "+862158888888;ext=12", "021-58888888 ext. 12"),
        ("021-58888888-12", "+862158888888;ext=12", "021-58888888 ext. 12"),
        ("021-58888888 x12", "+862158888888;ext=12", "021-58888888 ext. 12"),
        ("400-810-8888", "+864008108888", "400-810-8888"),
    ],
)
def test_a_landline_keeps_its_area_code_and_extension(typed, stored, shown):
    assert PHONE.parse(LANDLINE, typed, ENGLISH) == stored
    assert PHONE.format(LANDLINE, stored, ENGLISH) == shown


def test_an_extension_is_named_in_the_readers_language():
    assert PHONE.format(LANDLINE, "+862158888888;ext=12", CHINESE) == "021-58888888 转 12"


def test_a_local_number_asks_for_its_area_code():
    assert str(refusal("88888888", LANDLINE)) == "Add the area code, like 010-88888888."


@pytest.mark.parametrize(
    ("typed", "region", "stored", "shown"),
    [
        ("+1 650 253 0000", "CN", "+16502530000", "+1 650-253-0000"),
        ("001 650 253 0000", "CN", "+16502530000", "+1 650-253-0000"),
        ("(650) 253-0000", "US", "+16502530000", "(650) 253-0000"),
        ("+44 7911 123456", "CN", "+447911123456", "+44 7911 123456"),
        ("+852 9123 4567", "CN", "+85291234567", "+852 9123 4567"),
        ("13800138000", "US", "+13800138000", "(380) 013-8000"),
        ("+86 13800138000", "US", "+8613800138000", "+86 138 0013 8000"),
    ],
)
def test_numbers_of_other_countries_follow_their_own_rules(typed, region, stored, shown):
    reader = Reader("en", region=region)
    number = PHONE.parse(ANY, typed, reader)
    assert number == stored
    assert PHONE.parse(ANY, PHONE.format_input(ANY, number, reader), reader) == number
    assert PHONE.format(ANY, number, reader) == shown


def test_a_field_can_belong_to_another_region_than_its_reader():
    field = PlainField(line="any", default_region="US")
    assert PHONE.parse(field, "650 253 0000", CHINESE) == "+16502530000"


@pytest.mark.parametrize(
    "typed", ["call me", "1", "+", "++86 138", "138001380ab", "95588", "1" * 400, "+999 1234 5678"]
)
def test_what_is_no_number_is_refused(typed):
    assert str(refusal(typed, ANY))


def test_a_search_finds_a_phone_by_the_digits_people_know():
    assert PHONE.search_text(MOBILE, "+8613800138000") == "13800138000"
    assert PHONE.search_text(ANY, "+861012345678;ext=8") == "01012345678"
    assert PHONE.search_text(ANY, "+16502530000") == "+16502530000"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Li.Wei@Example.COM", "li.wei@example.com"), (" ＬＩ＠ｅｘａｍｐｌｅ．ｃｏｍ", "li@example.com"),
        ("li@example。com", "li@example.com"), ("li+tag@sub.example.co", "li+tag@sub.example.co"),
        ("mailto:li@example.com", "li@example.com"), ("用户@例子.公司", "用户@例子.公司"),
        ("li@münchen.de", "li@münchen.de"),
    ],
)  # fmt: skip
def test_an_address_is_folded_to_one_spelling(typed, stored):
    assert EMAIL.parse(MOBILE, typed, ENGLISH) == stored


@pytest.mark.parametrize(
    "typed",
    ["li", "li@", "@example.com", "li@example", "li@@example.com", "li wei@example.com", "li@exa mple.com",
     "li@-example.com", "li@example..com", "a@b.c<script>", "Li <li@example.com>", "li@例子", "x" * 65 + "@example.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed):
    assert "is not an e-mail address" in str(refusal(typed, of=EMAIL))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("example.com", "https://example.com"), ("//example.com/a", "https://example.com/a"),
        ("HTTP://Example.COM/Path?Q=1#F", "http://example.com/Path?Q=1#F"),
        ("localhost:5000/x", "https://localhost:5000/x"), ("http://[::1]:80/", "http://[::1]:80/"),
        ("mailto:a@b.cn", "mailto:a@b.cn"), ("TEL:+8610", "tel:+8610"), ("例子.中国", "https://例子.中国"),
    ],
)  # fmt: skip
def test_a_link_gets_the_scheme_it_lacks(typed, stored):
    assert URL.parse(MOBILE, typed, ENGLISH) == stored


@pytest.mark.parametrize(
    "typed",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "ftp://example.com", "file:///etc",
     "https://", "https://user:pass@example.com", "https://exa mple.com", "https://example.com/\"onclick=",
     "https://example.com/<b>", "nothing", "https:\\\\example.com", "http://example..com", "https://example.com:99999"],
)  # fmt: skip
def test_a_link_that_could_do_harm_or_leads_nowhere_is_refused(typed):
    assert str(refusal(typed, of=URL))
