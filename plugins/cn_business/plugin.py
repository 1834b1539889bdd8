"""Codes and amounts of Chinese business: Unified Social Credit Code, amounts in capital numerals, identity numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from formwright.expressions.functions import Function, Parameter
from formwright.expressions.kinds import BOOLEAN, TEXT, Base
from formwright.fieldtypes.base import Example, FieldLike, ValueProblem
from formwright.fieldtypes.spelling import squeeze
from formwright.fieldtypes.text import TextType
from formwright.plugins.hookspecs import hookimpl
from formwright.plugins.wording import wording
from formwright.texts import Reader, Text

# -- Unified Social Credit Code (GB 32100-2015) -------------------------------------------------------------

#: The code's 31 characters: digits, and capitals without I, O, S, V, Z.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SHAPE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def check_character(code: str) -> str:
    """Return the last character that the first 17 of ``code`` call for.

    >>> check_character("91350100M000100Y4")
    '3'
    """
    total = sum(
        _ALPHABET.index(character) * weight
        for character, weight in zip(code, _WEIGHTS, strict=True)
    )
    return _ALPHABET[-total % 31]


class UsccType(TextType):
    """A Unified Social Credit Code: 18 characters, the last one checks the others."""

    name = "uscc"
    attributes: ClassVar[frozenset[str]] = frozenset()
    operators: ClassVar[tuple[str, ...]] = (
        "eq",
        "ne",
        "contains",
        "starts_with",
        "in",
        "not_in",
        "empty",
        "not_empty",
    )
    examples: ClassVar[tuple[Example, ...]] = (
        Example("91350100M000100Y43", "91350100M000100Y43"),
        Example(" 91350100 m000100y43 ", "91350100M000100Y43"),
        Example("９１３５０１００Ｍ０００１００Ｙ４３", "91350100M000100Y43"),
        Example("", None),
        Example("91350100M000100Y44", wrong=True),
        Example("91350100M000100Y4", wrong=True),
        Example("91350100I000100Y43", wrong=True),
    )

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the code in capitals, without spaces or dashes."""
        code = squeeze(typed).replace(" ", "").replace("-", "").upper()
        if not code:
            return None
        problem = self._problem(code)
        if problem is not None:
            raise ValueProblem(problem)
        return code

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return what is wrong with a code that was not typed."""
        return self._problem(value)

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return the code."""
        return str(value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of the code; it knows nothing of the check character."""
        return {"type": "string", "pattern": f"^{_SHAPE.pattern}$"}

    def _problem(self, code: str) -> Text | None:
        if len(code) != 18:
            return wording(
                "A Unified Social Credit Code has 18 characters; this one has %(count)s.",
                chinese="统一社会信用代码为 18 位，当前为 %(count)s 位。",
                count=len(code),
            )
        if not _SHAPE.fullmatch(code):
            return wording(
                "A Unified Social Credit Code has digits and capitals other than I, O, S, V and Z.",
                chinese="统一社会信用代码由数字和大写字母组成，不含 I、O、S、V、Z。",
            )
        if check_character(code[:17]) != code[17]:
            return wording(
                "This Unified Social Credit Code has a typing mistake: its last character does not fit the others.",
                chinese="统一社会信用代码有误：校验位与前 17 位不符。",
            )
        return None


# -- amounts in capital numerals ------------------------------------------------------------------------------

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_LIMIT = Decimal(10) ** 16


def cny_uppercase(amount: Decimal) -> str | None:
    """Return an amount in yuan as cheques and invoices have it, rounded to the fen; None beyond 16 digits.

    >>> cny_uppercase(Decimal("1234.50")), cny_uppercase(Decimal("100200.05")), cny_uppercase(Decimal(0))
    ('壹仟贰佰叁拾肆元伍角', '壹拾万零贰佰元零伍分', '零元整')
    """
    amount = amount.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
    if abs(amount) >= _LIMIT:
        return None
    yuan, cents = divmod(int(abs(amount) * 100), 100)
    words = (_whole(yuan) + "元" if yuan else "") + _cents(cents, behind_yuan=yuan > 0)
    return ("负" if amount < 0 else "") + (words or "零元整")


def _cents(cents: int, *, behind_yuan: bool) -> str:
    jiao, fen = divmod(cents, 10)
    if not cents:
        return "整" if behind_yuan else ""
    gap = "零" if behind_yuan and not jiao else ""
    return gap + (_DIGITS[jiao] + "角" if jiao else "") + (_DIGITS[fen] + "分" if fen else "")


def _whole(number: int) -> str:
    """Return a whole number in capital numerals: 万 and 亿 behind groups of four digits, gaps as one 零."""
    for size, unit in ((10**8, "亿"), (10**4, "万")):
        high, low = divmod(number, size)
        if high:
            return _whole(high) + unit + _behind(low, size)
    words, zero = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if zero else "") + _DIGITS[digit] + _PLACES[place]
        zero = bool(words) and not digit
    return words


def _behind(low: int, size: int) -> str:
    """Return what follows 万 or 亿; 零 stands where the next digit is missing."""
    if not low:
        return ""
    return ("零" if low < size // 10 else "") + _whole(low)


# -- identity numbers (GB 11643-1999) -------------------------------------------------------------------------

_ID_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
_ID_WEIGHTS = tuple(pow(2, place, 11) for place in range(17, 0, -1))


def valid_cn_id(text: str) -> bool:
    """Tell whether ``text`` is an 18-character identity number: a real day of birth, and the check fits.

    >>> valid_cn_id("11010519491231002X"), valid_cn_id("110105194912310021")
    (True, False)
    """
    number = text.strip().upper()
    if not _ID_SHAPE.fullmatch(number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17]


# -- what the plugin adds -------------------------------------------------------------------------------------


@hookimpl
def formwright_field_types() -> list[UsccType]:
    """Return the Unified Social Credit Code."""
    return [UsccType()]


@hookimpl
def formwright_functions() -> list[Function]:
    """Return amounts in capital numerals."""
    return [
        Function(
            name="CNY_UPPERCASE",
            group="china",
            doc=wording(
                "Writes an amount in yuan in capital numerals, as on invoices and cheques.",
                chinese="把人民币金额写成大写，用于发票和支票。",
            ),
            parameters=(Parameter("amount", (Base.MONEY, Base.NUMBER)),),
            result=TEXT,
            evaluate=cny_uppercase,
            examples=(("CNY_UPPERCASE(1234.5)", "壹仟贰佰叁拾肆元伍角"),),
        )
    ]


@hookimpl
def formwright_validators() -> list[Function]:
    """Return the check of identity numbers."""
    return [
        Function(
            name="VALID_CN_ID",
            group="china",
            doc=wording(
                "Tells whether a text is a valid identity number of 18 characters.",
                chinese="判断文本是否为有效的 18 位居民身份证号码。",
            ),
            parameters=(Parameter("text", (Base.TEXT,)),),
            result=BOOLEAN,
            evaluate=valid_cn_id,
            examples=(("VALID_CN_ID('11010519491231002X')", "true"),),
        )
    ]
