import pytest

from formwright.expressions import kinds
from formwright.expressions.kinds import Base, Kind
from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.choice import offered
from formwright.fieldtypes.registry import builtin
from formwright.plugins.testing import PlainField, PlainOption
from formwright.texts import Label, Reader

TYPES = builtin()
OPTIONS = (
    PlainOption("active", Label("Active", {"zh-CN": "活跃"}), was=("live",)),
    PlainOption("lost", Label("Lost", {"zh-CN": "流失"})),
    PlainOption("old", Label("Lost, won back", {"zh-CN": "流失、已挽回"}), deprecated=True),
    PlainOption("live", Label("Broadcast", {"zh-CN": "直播"})),
)
FIELD = PlainField(options=OPTIONS)
OPEN = PlainField(options=OPTIONS, allow_other=True)
CHINESE, ENGLISH = Reader("zh-CN"), Reader("en")
CHOICE, CHOICES, TAGS, BOOLEAN = (TYPES[name] for name in ("choice", "choices", "tags", "boolean"))


@pytest.mark.parametrize("typed", ["lost", "Lost", "LOST", " lost ", "流失", "ｌｏｓｔ"])
@pytest.mark.parametrize("reader", [CHINESE, ENGLISH])
def test_an_option_is_known_by_value_and_by_title_in_every_language(typed, reader):
    assert CHOICE.parse(FIELD, typed, reader) == "lost"


def test_a_value_wins_over_a_former_value_of_another_option():
    assert CHOICE.parse(FIELD, "live", ENGLISH) == "live"


def test_an_unknown_option_is_refused_with_the_nearest_title_in_the_readers_language():
    with pytest.raises(ValueProblem) as caught:
        CHOICE.parse(FIELD, "活跃度", CHINESE)
    assert str(caught.value.text) == "“活跃度” is not one of the options. Did you mean “Active”?"
    assert caught.value.text.in_language("zh-CN") == "“活跃度”不是可选的值。是不是“活跃”？"


def test_an_option_like_no_other_is_refused_with_what_is_offered():
    with pytest.raises(ValueProblem) as caught:
        CHOICE.parse(FIELD, "xyzzy", CHINESE)
    assert caught.value.text.in_language("zh-CN") == "“xyzzy”不是可选的值。可选：活跃、流失、直播。"


def test_other_values_are_taken_where_the_field_allows_them():
    assert CHOICE.parse(OPEN, " Something  else ", ENGLISH) == "Something else"
    assert CHOICE.check(OPEN, "Something else") is None
    assert CHOICE.check(FIELD, "Something else") is not None


def test_a_deprecated_option_stays_good_but_is_offered_to_its_holders_only():
    assert CHOICE.check(FIELD, "old") is None
    assert [option.value for option in offered(FIELD)] == ["active", "lost", "live"]
    assert [option.value for option in offered(FIELD, "old")] == ["active", "lost", "old", "live"]
    assert [option.value for option in offered(FIELD, ("old", "lost"))] == [
        "active",
        "lost",
        "old",
        "live",
    ]


def test_a_value_without_an_option_is_shown_as_it_is():
    assert CHOICE.format(FIELD, "gone", ENGLISH) == "gone"
    assert CHOICE.format(FIELD, "lost", CHINESE) == "流失"


def test_the_schema_names_every_value_with_its_title():
    schema = CHOICE.json_schema(FIELD)
    assert schema["oneOf"][0] == {"const": "active", "title": "Active"}
    assert "oneOf" not in CHOICE.json_schema(OPEN)


def test_expressions_know_which_values_there_can_be():
    assert CHOICE.kind(FIELD) == Kind(Base.TEXT, choices=("active", "lost", "old", "live"))
    assert CHOICE.kind(OPEN) == kinds.TEXT


def test_lists_of_options_that_look_alike_are_not_mixed_up():
    for number in range(50):
        field = PlainField(options=(PlainOption(f"v{number}", Label("Same title")),))
        assert CHOICE.parse(field, "Same title", ENGLISH) == f"v{number}"


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("lost, active", ("active", "lost")), ("流失；活跃", ("active", "lost")), ("流失、活跃", ("active", "lost")),
        ("流失、已挽回、活跃", ("active", "old")), ("Lost, won back; Lost", ("lost", "old")),
        ("lost,,lost", ("lost",)), (" , ", None),
    ],
)  # fmt: skip
def test_several_options_are_read_even_where_a_title_has_a_comma(typed, values):
    assert CHOICES.parse(FIELD, typed, ENGLISH) == values


def test_ticked_boxes_are_not_split():
    assert CHOICES.parse_many(FIELD, ["Lost, won back", "active", ""], ENGLISH) == ("active", "old")


def test_how_many_may_be_chosen_is_checked():
    field = PlainField(options=OPTIONS, min_items=2, max_items=2)
    assert CHOICES.check(field, ("active", "lost")) is None
    assert str(CHOICES.check(field, ("active",))) == "Choose at least 2."
    assert str(CHOICES.check(field, ("active", "lost", "old"))) == "Choose at most 2."


@pytest.mark.parametrize(
    "typed",
    [
        "VIP,华南",
        "VIP，华南",
        "VIP、华南",
        "VIP;华南",
        "VIP；华南",
        "VIP\n华南",
        " VIP ,, 华南,vip",
    ],
)
def test_tags_are_parted_by_any_separator_and_kept_once(typed):
    assert TAGS.parse(PlainField(), typed, CHINESE) == ("VIP", "华南")


def test_a_tag_takes_the_spelling_of_its_suggestion():
    assert TAGS.parse(PlainField(suggestions=("VIP",)), "vip", ENGLISH) == ("VIP",)


def test_tags_and_options_take_no_numbers():
    for field_type in (TAGS, CHOICES):
        with pytest.raises(ValueProblem):
            field_type.accept(FIELD, [1])
    with pytest.raises(ValueProblem):
        CHOICE.accept(FIELD, 1)


@pytest.mark.parametrize("typed", ["是", "true", "YES", "1", "✓", "on", "对", "１", "1.0"])
def test_yes_in_many_words(typed):
    assert BOOLEAN.parse(PlainField(), typed, ENGLISH) is True


@pytest.mark.parametrize("typed", ["否", "false", "No", "0", "×", "off", "", "  "])
def test_no_in_many_words(typed):
    assert BOOLEAN.parse(PlainField(), typed, ENGLISH) is False


def test_a_check_box_that_sends_nothing_means_no():
    assert BOOLEAN.parse_many(PlainField(), [], ENGLISH) is False
    assert BOOLEAN.parse_many(PlainField(), ["", "on"], ENGLISH) is True


def test_yes_and_no_are_shown_in_the_readers_language():
    assert [BOOLEAN.format(PlainField(), value, CHINESE) for value in (True, False)] == ["是", "否"]


def test_a_boolean_is_never_empty():
    assert BOOLEAN.accept(PlainField(), None) is False
