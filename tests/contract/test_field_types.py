"""What every registered field type promises, the plugins' ones too."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from formwright import ids
from formwright.expressions import kinds
from formwright.fieldtypes import spelling
from formwright.fieldtypes.base import Example, Slot
from formwright.fieldtypes.registry import MissingFieldType
from formwright.plugins import manager
from formwright.plugins.testing import PlainField, PlainOption, broken_promises, broken_value
from formwright.texts import LANGUAGES, Label, Reader

ROOT = Path(__file__).parents[2]
TYPES = manager.load([ROOT / "plugins"], entry_points=False).registry
OPERATORS = frozenset(
    [
        "eq",
        "ne",
        "lt",
        "lte",
        "gt",
        "gte",
        "in",
        "not_in",
        "between",
        "contains",
        "starts_with",
        "ends_with",
        "matches",
        "empty",
        "not_empty",
        "within",
        "changed",
        "any",
        "all",
        "none",
    ]
)
OPTIONS = (
    PlainOption("a", Label("Key account", {"zh-CN": "重点客户"})),
    PlainOption("b", Label("IT, internet", {"zh-CN": "IT、互联网"}), was=("internet",)),
    PlainOption("c", Label("Other", {"zh-CN": "其他"}), deprecated=True),
)
CHOICE = PlainField(options=OPTIONS)
CHINA = PlainField(regions="cn")
LANDLINE = PlainField(line="landline")
SEVERAL = PlainField(multiple=True)


def formula(kind, scale=2):
    return PlainField(returns=kind, scale=scale, computed=True)


#: Fields whose options change what a type does, with examples of their own.
VARIANTS = [
    ("choice", CHOICE, [Example("a", "a"), Example("KEY ACCOUNT", "a"), Example("重点客户", "a"),
                        Example("internet", "b"), Example("其他", "c"), Example("nothing", wrong=True)]),
    ("choice", PlainField(options=OPTIONS, allow_other=True), [Example("Something  else", "Something else")]),
    ("choices", CHOICE, [Example("重点客户、IT、互联网", ("a", "b")), Example("IT, internet; a", ("a", "b")),
                         Example("internet，a，a", ("a", "b")), Example("a, x", wrong=True)]),
    ("phone", LANDLINE, [Example("010-12345678", "+861012345678"), Example("(0755) 8888 8888", "+8675588888888"),
                         Example("010-12345678-801", "+861012345678;ext=801"),
                         Example("0755-88888888 转 801", "+8675588888888;ext=801"),
                         Example("4008108888", "+864008108888"), Example("13800138000", wrong=True),
                         Example("12345678", wrong=True)]),
    ("phone", PlainField(line="any", default_region="US"),
     [Example("(650) 253-0000", "+16502530000"), Example("+8613800138000", "+8613800138000")]),
    ("address", CHINA, [
        Example("广东省深圳市南山区科技路1号",
                {"province": "广东省", "city": "深圳市", "district": "南山区", "detail": "科技路1号"}),
        Example("火星", {"detail": "火星"}),
        Example('{"province": "广东省", "city": "杭州市"}', wrong=True),
        Example('{"province": "广东", "city": "深圳", "district": "南山"}',
                {"province": "广东省", "city": "深圳市", "district": "南山区"})]),
    ("user", SEVERAL, [Example(ids.format_id(7) + " " + ids.format_id(8), (7, 8))]),
    ("formula", formula(kinds.NUMBER), [Example("1,234.5", TYPES["decimal"].parse(PlainField(), "1234.5", Reader()))]),
    ("formula", formula(kinds.BOOLEAN), [Example("是", value=True)]),
    ("formula", formula(kinds.DATE), [Example("2024/3/5", date(2024, 3, 5))]),
    ("formula", formula(kinds.list_of(kinds.TEXT)), [Example("a, b", ("a", "b"))]),
]  # fmt: skip


@pytest.mark.parametrize("field_type", TYPES, ids=lambda each: each.name)
def test_every_type_keeps_its_promises_for_its_own_examples(field_type):
    assert broken_promises(field_type) == []


@pytest.mark.parametrize(
    ("name", "field", "examples"), VARIANTS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_type_keeps_its_promises_where_options_change_it(name, field, examples):
    assert broken_promises(TYPES[name], field, examples) == []


@pytest.mark.parametrize("field_type", TYPES, ids=lambda each: each.name)
def test_every_type_says_what_it_is(field_type):
    assert field_type.widget
    assert set(field_type.operators) <= OPERATORS
    assert isinstance(field_type.slot, Slot)
    assert field_type.kind(PlainField()).base in kinds.Base
    assert field_type.examples


@pytest.mark.parametrize(
    "field_type", [each for each in TYPES if not each.virtual], ids=lambda each: each.name
)
@pytest.mark.parametrize("blank", ["", "   ", "\t\n", "\u3000"])
def test_blank_text_means_no_value(field_type, blank):
    nothing = False if field_type.name == "boolean" else None
    assert field_type.parse(PlainField(), blank, Reader()) == nothing
    assert field_type.parse_many(PlainField(), [], Reader()) == nothing


# -- any value, not examples only -----------------------------------------------------------------------------

LINES = st.text().map(spelling.one_line).filter(bool)
RECORD_IDS = st.integers(0, 2**63 - 1)
NUMBERS = st.decimals(places=2, min_value=-(10**15), max_value=10**15).map(
    lambda number: number + 0
)
ASCII_WORDS = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
FILES = st.lists(
    st.fixed_dictionaries({"id": RECORD_IDS, "name": LINES.map(lambda name: name.replace("/", "_").replace("\\", "_")),
                           "size": st.integers(0, 10**6), "type": st.just("image/png")}),
    min_size=1, max_size=3, unique_by=lambda file: file["id"],
).map(tuple)  # fmt: skip
EXAMPLE_NUMBERS = [
    phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    if region != "CN" and (number := phonenumbers.example_number_for_type(region, kind)) is not None
]
CHINESE_NUMBERS = st.one_of(
    st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(
        r"\+86(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{7}(;ext=[1-9][0-9]{0,4})?", fullmatch=True
    ),
    st.from_regex(r"\+86400[0-9]{7}", fullmatch=True),
)
PARTS = st.dictionaries(
    st.sampled_from(["province", "city", "district", "detail"]), LINES.map(lambda text: text[:60].strip()),
    min_size=1,
)  # fmt: skip
#: A day away from both ends, so that every zone can show them.
MOMENTS = st.builds(
    datetime.combine,
    st.dates(date(1000, 1, 3), date(9999, 12, 30)),
    st.times(),
    tzinfo=st.just(UTC),
)


@st.composite
def addresses(draw) -> dict[str, str]:
    parts = draw(PARTS)
    if draw(st.booleans()):
        parts["postcode"] = draw(st.from_regex(r"[0-9]{6}", fullmatch=True))
    if draw(st.booleans()):
        parts["country"] = draw(st.sampled_from(["CN", "DE", "US"]))
    return parts


def strategies() -> Iterator[tuple[str, PlainField, st.SearchStrategy]]:
    plain = PlainField()
    yield "text", plain, LINES
    yield "sequence", plain, LINES
    yield "long_text", plain, st.text().map(spelling.many_lines).filter(bool)
    cleaned = st.text().map(lambda text: TYPES["rich_text"].parse(plain, text, Reader()))
    yield "rich_text", plain, cleaned.filter(bool)
    yield "integer", plain, st.integers(-(10**18) + 1, 10**18 - 1)
    yield "rating", plain, st.integers(0, 5)
    for name in ("decimal", "money", "percent"):
        yield name, plain, NUMBERS
    yield (
        "money",
        PlainField(currency="JPY", scale=0),
        st.decimals(places=0, min_value=-(10**9), max_value=10**9),
    )
    yield "boolean", plain, st.booleans()
    yield "date", plain, st.dates(min_value=date(1000, 1, 1))
    yield "time", plain, st.times().map(lambda time: time.replace(microsecond=0))
    yield (
        "datetime",
        plain,
        MOMENTS,
    )
    yield (
        "email",
        plain,
        st.builds(
            "{}@{}.{}".format, ASCII_WORDS, ASCII_WORDS, st.sampled_from(["com", "cn", "中国"])
        ),
    )
    yield "phone", PlainField(line="any"), CHINESE_NUMBERS
    yield "phone", PlainField(line="any"), st.sampled_from(EXAMPLE_NUMBERS)
    yield (
        "phone",
        PlainField(line="any", default_region="US"),
        st.sampled_from([*EXAMPLE_NUMBERS, "+8613800138000"]),
    )
    yield "url", plain, st.builds("https://{}.com/{}".format, ASCII_WORDS, ASCII_WORDS)
    yield "choice", CHOICE, st.sampled_from(["a", "b", "c"])
    yield (
        "choices",
        CHOICE,
        st.sets(st.sampled_from(["a", "b", "c"]), min_size=1).map(lambda some: tuple(sorted(some))),
    )
    yield "tags", plain, st.lists(ASCII_WORDS, min_size=1, unique=True).map(tuple)
    for name, field in (
        ("reference", plain),
        ("user", plain),
        ("formula", formula(kinds.reference("a.b"))),
    ):
        yield name, field, RECORD_IDS
    for name, field in (("references", plain), ("user", SEVERAL)):
        yield name, field, st.lists(RECORD_IDS, min_size=1, unique=True).map(tuple)
    for name in ("file", "image"):
        yield name, SEVERAL, FILES
    for field in (plain, CHINA):
        yield (
            "address",
            field,
            addresses().map(lambda parts, field=field: TYPES["address"].accept(field, parts)),
        )


STRATEGIES = list(strategies())


def test_no_built_in_type_with_values_is_left_out():
    left_out = {
        each.name
        for each in TYPES
        if not each.virtual and TYPES.provider(each.name) == "formwright"
    }
    assert left_out - {name for name, _, _ in STRATEGIES} == set()


@pytest.mark.parametrize("case", STRATEGIES, ids=lambda case: case[0])
@given(
    data=st.data(),
    language=st.sampled_from(LANGUAGES),
    zone=st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]),
)
def test_any_value_survives_being_typed_and_stored(case, data, language, zone):
    name, field, values = case
    value = data.draw(values)
    reader = Reader(language, zone)
    if isinstance(value, datetime):
        assume(
            value.astimezone(reader.zone).fold == 0
        )  # of two equal local times the earlier is meant
    field = (
        dataclasses.replace(field, max_length=10**6, max_size=10**9) if name != "address" else field
    )
    assert list(broken_value(TYPES[name], field, value, reader)) == []


@given(text=st.text())
@pytest.mark.parametrize("field_type", TYPES, ids=lambda each: each.name)
def test_no_text_breaks_a_type(field_type, text):
    for field in (PlainField(line="any"), CHOICE, CHINA):
        assert broken_promises(field_type, field, [Example(text, wrong=True)]) in (
            [],
            refused_or_taken(text),
        )


def refused_or_taken(text: str) -> list[str]:
    """Return what is said of a text that may be refused as well as taken."""
    return [f"{text!r} ({language}): is not refused" for language in LANGUAGES]


def test_times_are_kept_to_the_second():
    assert TYPES["time"].accept(PlainField(), clock(9, 30, 15, 999)) == clock(9, 30, 15)


@pytest.mark.parametrize("stored", ["91350100M000100Y43", 17, ["a", {"b": True}], {"x": None}])
def test_a_lost_type_keeps_its_values_readable_and_unchanged(stored):
    missing = MissingFieldType("uscc", "cn_business")
    value = missing.from_stored(PlainField(), stored)
    assert isinstance(value, str)
    assert missing.format(PlainField(), value, Reader()) == value
    assert missing.to_stored(PlainField(), value) == stored
    assert missing.accept(PlainField(), value) is value
