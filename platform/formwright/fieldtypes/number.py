"""Field types for numbers: integer, decimal, money, percent, rating."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes import numerals
from formwright.fieldtypes.base import Example, FieldLike, FieldType, Slot, ValueProblem
from formwright.fieldtypes.currencies import take_currency
from formwright.fieldtypes.spelling import squeeze
from formwright.texts import Reader, Text, say

_LIMITS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})


def as_decimal(value: Any) -> Decimal:
    """Return a number out of JSON or a computation exactly; raise ValueProblem for anything else.

    A binary float stands for the decimal that Python prints for it.
    """
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueProblem(say("Enter a number."))
    return Decimal(repr(value))


class DecimalType(FieldType):
    """An exact decimal number; also the base of the other number types."""

    name = "decimal"
    attributes = _LIMITS | {"scale"}
    widget = "number"
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "lt",
        "lte",
        "gt",
        "gte",
        "between",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    slot = Slot.NUMBER
    examples: ClassVar[tuple[Example, ...]] = (
        Example("1,234.50", Decimal("1234.5")),
        Example("１２３４", Decimal(1234)),
        Example("10万", Decimal(100_000)),
        Example("1.5亿", Decimal(150_000_000)),
        Example("3千", Decimal(3000)),
        Example("-0.07", Decimal("-0.07")),
        Example("(12.5)", Decimal("-12.5")),
        Example("1 234,50", Decimal("1234.5")),
        Example("", None),
        Example("1.234", wrong=True),
        Example("1,5", wrong=True),
        Example("many", wrong=True),
    )

    def scale(self, field: FieldLike) -> int:
        """Return how many decimals are kept."""
        return field.scale

    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of value for expressions."""
        return kinds.NUMBER

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the number, with no digit lost."""
        number = numerals.read_number(typed)
        return None if number is None else numerals.fit(number, field.scale)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the number with grouped digits."""
        return numerals.shower(reader.language)(value)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return plain digits."""
        return numerals.write_number(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return ``value`` as a decimal of the field's scale; only computed results are rounded to it."""
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        number = as_decimal(value)
        scale = self.scale(field)
        return numerals.rounded(number, scale) if field.computed else numerals.fit(number, scale)

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return which limit the number breaks."""
        if field.minimum is not None and value < field.minimum:
            return say("Enter %(limit)s or more.", limit=numerals.write_number(field.minimum))
        if field.maximum is not None and value > field.maximum:
            return say("Enter %(limit)s or less.", limit=numerals.write_number(field.maximum))
        if field.exclusive_minimum is not None and value <= field.exclusive_minimum:
            return say(
                "Enter more than %(limit)s.", limit=numerals.write_number(field.exclusive_minimum)
            )
        if field.exclusive_maximum is not None and value >= field.exclusive_maximum:
            return say(
                "Enter less than %(limit)s.", limit=numerals.write_number(field.exclusive_maximum)
            )
        if field.multiple_of and value % field.multiple_of:
            return say(
                "Enter a multiple of %(step)s.", step=numerals.write_number(field.multiple_of)
            )
        return None

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return the number times 10**scale, a whole number."""
        return int(value.scaleb(field.scale))

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the decimal that was stored as a whole number."""
        return Decimal(stored).scaleb(-field.scale)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return nothing: numbers are filtered, not searched."""
        return ""

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of the scaled whole number; ``x-scale`` says by how many digits."""
        scale = self.scale(field)
        schema: dict[str, Any] = {"type": "integer"}
        if scale:
            schema["x-scale"] = scale
        limits = {
            "minimum": field.minimum,
            "maximum": field.maximum,
            "exclusiveMinimum": field.exclusive_minimum,
            "exclusiveMaximum": field.exclusive_maximum,
        }
        for word, limit in limits.items():
            if limit is not None:
                schema[word] = _scaled(word, limit, scale)
        step = field.multiple_of.scaleb(scale) if field.multiple_of else None
        if step is not None and step == step.to_integral_value():
            schema["multipleOf"] = int(step)
        return schema


class IntegerType(DecimalType):
    """A whole number."""

    name = "integer"
    attributes = _LIMITS
    widget = "integer"
    examples: ClassVar[tuple[Example, ...]] = (
        Example("42", 42),
        Example("1,234", 1234),
        Example("２０", 20),
        Example("3万", 30_000),
        Example("-7", -7),
        Example("8.0", 8),
        Example("", None),
        Example("1.5", wrong=True),
        Example("abc", wrong=True),
        Example("12345678901234567890", wrong=True),
    )

    def scale(self, field: FieldLike) -> int:
        """Return 0."""
        return 0

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the whole number."""
        number = numerals.read_number(typed)
        return None if number is None else int(numerals.fit(number, 0))

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return ``value`` as an int; only computed results are rounded."""
        number = super().accept(field, value)
        return None if number is None else int(number)

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return the number itself."""
        return value

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the number itself."""
        return stored


class RatingType(IntegerType):
    """Some stars out of a maximum, five unless the field says otherwise."""

    name = "rating"
    attributes = frozenset({"maximum"})
    widget = "rating"
    examples: ClassVar[tuple[Example, ...]] = (
        Example("4", 4),
        Example("★★★", 3),
        Example("★★★★☆", 4),
        Example("", None),
        Example("6", wrong=True),
        Example("-1", wrong=True),
    )

    def highest(self, field: FieldLike) -> int:
        """Return the number of stars there are."""
        return int(field.maximum) if field.maximum is not None else 5

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the number of stars, given as a number or as stars."""
        text = typed.strip()
        if text and not text.strip("★☆"):
            return text.count("★")
        return super().parse(field, text, reader)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the stars."""
        stars = int(value)
        return "★" * stars + "☆" * (self.highest(field) - stars)

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for a number of stars that there is not."""
        highest = self.highest(field)
        if not 0 <= value <= highest:
            return say("Give 0 to %(highest)s stars.", highest=highest)
        return None

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of the number of stars."""
        return {"type": "integer", "minimum": 0, "maximum": self.highest(field)}


class PercentType(DecimalType):
    """A share of a hundred: 20 means 20 %."""

    name = "percent"
    widget = "percent"
    examples: ClassVar[tuple[Example, ...]] = (
        Example("12%", Decimal(12)),
        Example("１２．５％", Decimal("12.5")),
        Example("20", Decimal(20)),
        Example("-3 %", Decimal(-3)),
        Example("", None),
        Example("12%%", wrong=True),
        Example("half", wrong=True),
    )

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the number before the percent sign; the sign may be left out."""
        text = typed.strip()
        if text.endswith(("%", "％")):
            text = text[:-1]
        return super().parse(field, text, reader)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the number with a percent sign."""
        return numerals.percent_shower(reader.language)(value)


class MoneyType(DecimalType):
    """An exact amount; the currency is fixed, or stands in another field of the record."""

    name = "money"
    attributes = _LIMITS | {"scale", "currency", "currency_from"}
    widget = "money"
    examples: ClassVar[tuple[Example, ...]] = (
        Example("¥1,234.50", Decimal("1234.5")),
        Example("1234.5元", Decimal("1234.5")),
        Example("10万", Decimal(100_000)),
        Example("（99.90）", Decimal("-99.9")),
        Example("", None),
        Example("0.005", wrong=True),
        Example("free", wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return the kind of amounts in this field's currency."""
        return kinds.money(field.currency or f"field:{field.currency_from}")

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the amount; a currency given with it must be the field's."""
        text = typed.strip()
        if text[-1:].isdecimal() and text[0].isdecimal():
            return super().parse(field, text, reader)
        text, given = take_currency(squeeze(text))
        if given is not None and field.currency and field.currency not in given:
            raise ValueProblem(say("Enter an amount in %(currency)s.", currency=field.currency))
        if given is not None and not text:
            raise ValueProblem(say("Enter an amount."))
        return super().parse(field, text, reader)

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the amount with the sign of the field's fixed currency, if it has one."""
        return self.format_in(field, value, reader, currency_of(field))

    def format_in(self, field: FieldLike, value: Any, reader: Reader, currency: str) -> str:
        """Return the amount with the sign of ``currency``: for fields whose record holds the currency."""
        return numerals.money_shower(reader.language, currency, field.scale)(value)


def currency_of(field: FieldLike) -> str:
    """Return the currency that is the same for every record, or ""."""
    if field.currency or field.returns is None or field.returns.currency.startswith("field:"):
        return field.currency
    return field.returns.currency


def _scaled(word: str, limit: Decimal, scale: int) -> int:
    """Return a limit in stored units; one between two whole numbers moves to the nearer allowed one."""
    up = word in ("minimum", "exclusiveMaximum")
    return int(limit.scaleb(scale).to_integral_value("ROUND_CEILING" if up else "ROUND_FLOOR"))
