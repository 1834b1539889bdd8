"""Signs and codes of currencies beside an amount."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale
from babel.numbers import get_currency_symbol, list_currencies

_FRONT = re.compile(r"[^0-9.]+")
_BACK = re.compile(r"[^0-9.]+$")
#: What people write besides the signs and codes that Babel knows.
_COMMON = {
    "RMB": "CNY", "人民币": "CNY", "元": "CNY", "元整": "CNY", "圆": "CNY", "块": "CNY", "块钱": "CNY",
    "美元": "USD", "美金": "USD", "港元": "HKD", "港币": "HKD", "欧元": "EUR", "日元": "JPY", "英镑": "GBP",
}  # fmt: skip


def take_currency(text: str) -> tuple[str, frozenset[str] | None]:
    """Split signs and codes of a currency off ``text``; return the rest and the codes they may stand for.

    None stands for no sign at all, an empty set for two that contradict each other.

    >>> take_currency("¥1,234.50")[0], sorted(take_currency("CN¥5")[1])
    ('1,234.50', ['CNY'])
    """
    if text.startswith("(") and text.endswith(")"):
        rest, found = take_currency(text[1:-1].strip())
        return f"({rest})", found
    minus = "-" if text[:1] in ("-", "−") else ""
    text = text[len(minus) :].strip()
    text, front = _take_front(text)
    text, back = _take_back(text)
    found = front & back if front is not None and back is not None else front or back
    return minus + text, found


def _take_front(text: str) -> tuple[str, frozenset[str] | None]:
    run = _FRONT.match(text)
    for end in range(run.end() if run else 0, 0, -1):
        found = _signs().get(text[:end].strip().upper())
        if found:
            return text[end:].strip(), found
    return text, None


def _take_back(text: str) -> tuple[str, frozenset[str] | None]:
    run = _BACK.search(text)
    for start in range(run.start() if run else len(text), len(text)):
        found = _signs().get(text[start:].strip().upper())
        if found:
            return text[:start].strip(), found
    return text, None


@lru_cache(maxsize=1)
def _signs() -> dict[str, frozenset[str]]:
    """Return every sign and code in capitals with the currencies it stands for; ``$`` stands for all dollars."""
    meanings: dict[str, set[str]] = {sign: {currency} for sign, currency in _COMMON.items()}
    meanings["¥"] = {"CNY", "JPY"}
    meanings["$"] = set()
    for currency in list_currencies():
        meanings.setdefault(currency, set()).add(currency)
        for locale in (Locale("en"), Locale("zh")):
            sign = get_currency_symbol(currency, locale).upper()
            if not (sign.isalpha() if len(sign) > 1 else sign.isalnum()):
                meanings.setdefault(sign, set()).add(currency)
            if sign.endswith("$"):
                meanings["$"].add(currency)
    return {sign: frozenset(currencies) for sign, currencies in meanings.items()}
