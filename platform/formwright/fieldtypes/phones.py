"""Telephone numbers: every spelling in, E.164 inside, the national way out."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from formwright.fieldtypes.base import ValueProblem
from formwright.fieldtypes.spelling import squeeze
from formwright.texts import Text, say

#: What nearly every Chinese mobile number looks like; no other check is made on these.
_MOBILE = re.compile(r"(\+86|0086|86)?[ -]?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})", re.ASCII)
#: An area code without its zero, and a local number of seven or eight digits.
_LANDLINE = re.compile(r"(?:10|2[0-9]|[3-9][0-9]{2})[1-9][0-9]{6,7}")
_HOTLINE = re.compile(r"[48]00[0-9]{7}")
_EXTENSION = re.compile(
    r"[ ,;]*(?:extension|ext|分机|转|x|#|;ext=)[.: ]*([0-9]{1,7})$", re.IGNORECASE
)
#: 010-12345678-801: a third group behind a dash.
_DASHED_EXTENSION = re.compile(r"^(\(?0[0-9]{2,3}\)?[- ]?[1-9][0-9]{6,7})-([0-9]{1,6})$")
_LABEL = re.compile(r"^(?:tel|phone|mobile|电话|手机|座机)[:. ]*", re.IGNORECASE)
_NOISE = re.compile(r"[ \-.()/\[\]·–—‑]")
_DIGITS = re.compile(r"\+?[0-9]{3,17}")
_LONGEST = 60
_CHINA = "CN"


def read_phone(typed: str, region: str) -> str | None:
    """Return the number in E.164, with ``;ext=`` and an extension behind it if it has one; None for blank.

    A number without a country code is one of ``region`` (ISO 3166). Raise ValueProblem for anything else.

    >>> read_phone("(0755) 8888 8888 转 801", "CN")
    '+8675588888888;ext=801'
    """
    match = _MOBILE.fullmatch(typed)
    if match and (match[1] in ("+86", "0086") or region == _CHINA):
        return "+86" + match[2] + match[3] + match[4]
    text = squeeze(typed) if len(typed) <= 4 * _LONGEST else typed
    if not text:
        return None
    if len(text) > _LONGEST:
        raise _refused(text)
    return _read(_LABEL.sub("", text), region)


def show_phone(number: str, region: str, extension_word: str = "ext.") -> str:
    """Return the number as people of ``region`` write it: foreign ones in international form.

    >>> show_phone("+8613800138000", "CN"), show_phone("+861088888888;ext=8", "CN")
    ('13800138000', '010-88888888 ext. 8')
    """
    if region == _CHINA and len(number) == 14 and number.startswith("+861") and number[4] != "0":
        return number[3:]
    return _show(number, region, extension_word)


def is_mobile(number: str) -> bool:
    """Return True when the number can be a mobile one; where nobody can tell, it can."""
    if number.startswith("+86"):
        return _is_chinese_mobile(number[3:])
    return _type(number) != PhoneNumberType.FIXED_LINE


def is_landline(number: str) -> bool:
    """Return True when the number can be a landline."""
    if number.startswith("+86"):
        return not _is_chinese_mobile(number[3:])
    return _type(number) != PhoneNumberType.MOBILE


def line_problem(number: str, line: str) -> Text | None:
    """Return a sentence when the number is no such ``line`` (mobile, landline, any)."""
    if line == "mobile" and not is_mobile(number):
        return say("This is a landline number. It belongs into the field for landlines.")
    if line == "landline" and not is_landline(number):
        return say("This is a mobile number. It belongs into the field for mobile numbers.")
    return None


def _read(text: str, region: str) -> str:
    text, extension = _take_extension(text)
    digits = _NOISE.sub("", text)
    digits = digits.removesuffix(".0")
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not _DIGITS.fullmatch(digits):
        raise _refused(text)
    if digits.startswith("+86"):
        return _read_chinese(digits[3:].removeprefix("0"), text) + extension
    if not digits.startswith("+") and region == _CHINA:
        return _read_chinese_national(digits, text) + extension
    return _read_foreign(digits, region, text) + extension


def _take_extension(text: str) -> tuple[str, str]:
    match = _EXTENSION.search(text)
    if match:
        return text[: match.start()], ";ext=" + match[1]
    match = _DASHED_EXTENSION.match(text)
    return (match[1], ";ext=" + match[2]) if match else (re.sub(r"\.0$", "", text), "")


def _read_chinese_national(digits: str, text: str) -> str:
    """Read a number typed in China without ``+``: 86 in front is the country code where one remains behind it."""
    if digits.startswith("86") and len(digits) >= 12:
        return _read_chinese(digits[2:].removeprefix("0"), text)
    if digits.startswith("0"):
        return _read_chinese(digits[1:], text)
    if digits.startswith("1"):
        return _read_mobile(digits)
    if _HOTLINE.fullmatch(digits):
        return "+86" + digits
    if len(digits) in (7, 8):
        raise ValueProblem(say("Add the area code, like 010-%(digits)s.", digits=digits))
    raise _refused(text)


def _read_chinese(national: str, text: str) -> str:
    """Return the E.164 form of a Chinese number given without country code and trunk zero."""
    if _LANDLINE.fullmatch(national) or _HOTLINE.fullmatch(national):
        return "+86" + national
    if national.startswith("1"):
        return _read_mobile(national)
    raise _refused(text)


def _read_mobile(national: str) -> str:
    if len(national) != 11:
        raise ValueProblem(
            say("A mobile number has 11 digits; this one has %(count)s.", count=len(national))
        )
    if not _is_chinese_mobile(national):
        raise ValueProblem(say("No mobile number starts with %(digits)s.", digits=national[:3]))
    return "+86" + national


def _read_foreign(digits: str, region: str, text: str) -> str:
    try:
        number = phonenumbers.parse(digits, region or None)
    except NumberParseException:
        raise _refused(text) from None
    if not phonenumbers.is_possible_number(number):
        raise _refused(text)
    found = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # What phonenumbers reads as a Chinese number keeps to the rules above.
    return _read_chinese(found[3:], text) if found.startswith("+86") else found


def _is_chinese_mobile(national: str) -> bool:
    return len(national) == 11 and national[0] == "1" and national[1] in "3456789"


@lru_cache(maxsize=8192)
def _type(number: str) -> int:
    return phonenumbers.number_type(_parsed(number))


def _parsed(number: str) -> PhoneNumber:
    return phonenumbers.parse(number.partition(";")[0])


@lru_cache(maxsize=8192)
def _show(number: str, region: str, extension_word: str) -> str:
    plain, _, extension = number.partition(";ext=")
    tail = f" {extension_word} {extension}" if extension else ""
    if region == _CHINA and plain.startswith("+86"):
        return _show_chinese(plain[3:]) + tail
    parsed = _parsed(plain)
    home = region != "" and phonenumbers.country_code_for_region(region) == parsed.country_code
    layout = (
        PhoneNumberFormat.NATIONAL
        if home and _reads_back(parsed, region, plain)
        else PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, layout) + tail


def _reads_back(parsed: PhoneNumber, region: str, plain: str) -> bool:
    """Return True when the national form, typed in ``region``, means the same number."""
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    try:
        return _read(national, region) == plain
    except ValueProblem:
        return False


def _show_chinese(national: str) -> str:
    if _is_chinese_mobile(national):
        return national
    if _HOTLINE.fullmatch(national):
        return f"{national[:3]}-{national[3:6]}-{national[6:]}"
    area = 2 if national.startswith(("10", "2")) else 3
    return f"0{national[:area]}-{national[area:]}"


def _refused(text: str) -> ValueProblem:
    shown = text if len(text) <= 30 else text[:30] + "…"
    return ValueProblem(say("“%(typed)s” is not a telephone number.", typed=shown))
