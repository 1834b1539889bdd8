"""Numbers as people write them, read exactly; and shown exactly, fast, as Babel would show them."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, format_decimal, format_percent

from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.spelling import squeeze
from formwright.texts import say

#: Stored numbers are 64-bit integers; 18 digits always fit.
MOST_DIGITS = 18
_LONGEST = 60

_PLAIN = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_SCIENTIFIC = re.compile(r"[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}")
#: 1,234.50 and 1 234.50 and 1'234.50
_GROUPED_POINT = re.compile(
    r"[0-9]{1,3}(?P<group>[, '’])[0-9]{3}(?:(?P=group)[0-9]{3})*(?:\.[0-9]*)?"
)
#: 1.234,50 and 1 234,50: a comma for decimals is certain only behind another sign for groups
_GROUPED_COMMA = re.compile(r"[0-9]{1,3}(?P<group>[. '’])[0-9]{3}(?:(?P=group)[0-9]{3})*,[0-9]+")
#: 1.234.567: a point that comes twice is no decimal point
_GROUPED_DOTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_BARE = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_SEPARATORS = re.compile(r"[^0-9,]")
_UNITS: dict[str, Decimal] = {
    "万亿": Decimal(10**12),
    "亿": Decimal(10**8),
    "億": Decimal(10**8),
    "千万": Decimal(10**7),
    "百万": Decimal(10**6),
    "十万": Decimal(10**5),
    "万": Decimal(10**4),
    "萬": Decimal(10**4),
    "w": Decimal(10**4),
    "千": Decimal(1000),
    "k": Decimal(1000),
    "百": Decimal(100),
}
_UNIT = re.compile("(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + ")", re.IGNORECASE)


def read_number(typed: str) -> Decimal | None:
    """Return the number that ``typed`` means, or None for blank; raise ValueProblem when it means none.

    >>> read_number("１，２３４．５０"), read_number("10万"), read_number("(3)"), read_number(" ")
    (Decimal('1234.50'), Decimal('100000'), Decimal('-3'), None)
    """
    text = typed.strip()
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    text = squeeze(text)
    if not text:
        return None
    if len(text) > _LONGEST:
        raise _refused(typed)
    sign, text = _take_sign(text)
    number = _read_amount(text, typed)
    return -number if sign < 0 and number else number


def fit(number: Decimal, scale: int) -> Decimal:
    """Return ``number`` with at most ``scale`` decimals, unchanged in value; raise ValueProblem when it has more.

    Digits are never rounded away: whoever typed them is asked.
    """
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueProblem(say("Enter a number."))
    if -exponent > scale:
        number = number.normalize()
        if -int(number.as_tuple().exponent) > scale:
            if scale == 0:
                raise ValueProblem(say("Enter a whole number, without decimals."))
            raise ValueProblem(say("Enter at most %(scale)s decimals.", scale=scale))
    _check_size(number, scale)
    return number


def rounded(number: Decimal, scale: int) -> Decimal:
    """Return ``number`` rounded half up to ``scale`` decimals: for computed results only."""
    if not number.is_finite():
        raise ValueProblem(say("Enter a number."))
    _check_size(number, scale)
    return number.quantize(Decimal(1).scaleb(-scale), rounding="ROUND_HALF_UP")


def write_number(number: Decimal | int) -> str:
    """Return ``number`` plainly: digits, a point, no needless zeros; every reader understands it.

    >>> write_number(Decimal("1234.50"))
    '1234.5'
    """
    text = format(number, "f") if isinstance(number, Decimal) else str(number)
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def shower(language: str) -> Callable[[Decimal | int], str]:
    """Return the function that shows a number in ``language``, as Babel's standard decimal pattern does."""
    return _shower(language)


def money_shower(language: str, currency: str, scale: int) -> Callable[[Decimal], str]:
    """Return the function that shows an amount of ``currency`` with ``scale`` decimals, as Babel does."""
    return _money_shower(language, currency, scale)


def percent_shower(language: str) -> Callable[[Decimal], str]:
    """Return the function that shows 20 as 20 %, as Babel does."""
    return _percent_shower(language)


def _take_sign(text: str) -> tuple[int, str]:
    """Split off a minus, a plus, or the parentheses of bookkeeping."""
    if text.startswith("(") and text.endswith(")"):
        return -1, text[1:-1].strip()
    if text[0] in "-−–":
        return -1, text[1:].strip()
    if text[0] == "+":
        return 1, text[1:].strip()
    return 1, text


def _read_amount(text: str, typed: str) -> Decimal:
    if not _UNIT.search(text):
        return _read_digits(text, typed)
    total, smallest = Decimal(0), None
    parts = _UNIT.split(text)
    if parts[-1].strip():
        raise _refused(typed)  # 3万5 is 35,000 to some and 30,005 to others
    for digits, unit in zip(parts[0::2], parts[1::2], strict=False):
        size = _UNITS[unit.lower()]
        if smallest is not None and size >= smallest:
            raise _refused(typed)
        smallest = size
        total += _read_digits(digits.strip(), typed) * size
    return total


def _read_digits(text: str, typed: str) -> Decimal:
    if _BARE.fullmatch(text) or _SCIENTIFIC.fullmatch(text):
        return Decimal(text)
    if match := _GROUPED_POINT.fullmatch(text):
        return Decimal(text.replace(match["group"], ""))
    if _GROUPED_DOTS.fullmatch(text):
        return Decimal(text.replace(".", ""))
    if _GROUPED_COMMA.fullmatch(text):
        return Decimal(_SEPARATORS.sub("", text).replace(",", "."))
    raise _refused(typed)


def _refused(typed: str) -> ValueProblem:
    shown = squeeze(typed)
    shown = shown if len(shown) <= 30 else shown[:30] + "…"
    return ValueProblem(say("“%(typed)s” is not a number. Write it like 1234.50.", typed=shown))


def _check_size(number: Decimal, scale: int) -> None:
    if number and number.adjusted() + 1 + scale > MOST_DIGITS:
        raise ValueProblem(
            say(
                "Enter a number with at most %(digits)s digits before the point.",
                digits=MOST_DIGITS - scale,
            )
        )


def _trimmed(number: Decimal | int) -> str:
    text = format(number, ",f") if isinstance(number, Decimal) else format(number, ",d")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_plain(locale: Locale) -> bool:
    """Return True when numbers of ``locale`` look as Python writes them: 1,234.5 and -1."""
    return format_decimal(Decimal("-1234567.5"), locale=locale) == "-1,234,567.5"


@lru_cache(maxsize=16)
def _shower(language: str) -> Callable[[Decimal | int], str]:
    locale = Locale.parse(language, sep="-")
    if _is_plain(locale):
        return _trimmed
    return lambda number: format_decimal(number, locale=locale, decimal_quantization=False)


@lru_cache(maxsize=512)
def _money_shower(language: str, currency: str, scale: int) -> Callable[[Decimal], str]:
    locale = Locale.parse(language, sep="-")
    pattern = f",.{scale}f"
    if not _is_plain(locale):
        digits = "0" + ("." + "0" * scale if scale else "")
        wording = locale.currency_formats["standard"].pattern.replace("0.00", digits)
        return lambda amount: format_currency(
            amount, currency, wording, locale=locale, currency_digits=False
        )
    if not currency:
        return lambda amount: format(amount, pattern)
    front, _, back = format_currency(
        1, currency, locale=locale, decimal_quantization=False
    ).partition("1")
    back = back.lstrip("0.")
    minus, _, _ = format_currency(
        -1, currency, locale=locale, decimal_quantization=False
    ).partition("1")

    def show(amount: Decimal) -> str:
        return (minus if amount < 0 else front) + format(abs(amount), pattern) + back

    return show


@lru_cache(maxsize=16)
def _percent_shower(language: str) -> Callable[[Decimal], str]:
    locale = Locale.parse(language, sep="-")
    if _is_plain(locale) and format_percent(Decimal("-0.5"), locale=locale) == "-50%":
        return lambda number: _trimmed(number) + "%"
    return lambda number: format_percent(number / 100, locale=locale, decimal_quantization=False)
