"""Versions of packages and ranges of them."""

from __future__ import annotations

import re
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]

_PART = re.compile(r"(>=|<=|>|<|=|\^|~)? ?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?")


def parse_version(text: str) -> Version:
    """Return the three numbers of a version; what follows ``-`` or ``+`` does not count.

    >>> parse_version("1.2.0-beta")
    (1, 2, 0)
    """
    numbers = re.split(r"[-+]", text, maxsplit=1)[0].split(".")
    first, second, third = (int(number) for number in (*numbers, "0", "0")[:3])
    return first, second, third


def fits(version: str, wanted: str) -> bool:
    """Return whether ``version`` lies in the range ``wanted``.

    ``^1.2`` is everything from 1.2 that does not break, ``~1.2`` everything from 1.2 below 1.3; a bare ``1.2``
    is what begins with it. Parts behind commas or spaces must all hold.

    >>> [fits("1.4.0", wanted) for wanted in ("*", "^1.2", ">=1.0,<2", "~1.2", "1.4", "=1.4.1")]
    [True, True, True, False, True, False]
    """
    if wanted.strip() == "*":
        return True
    have = parse_version(version)
    return all(_holds(have, part) for part in _PART.finditer(wanted))


def _holds(have: Version, part: re.Match[str]) -> bool:
    operator, first, second, third = part.groups()
    low: Version = (int(first), int(second or 0), int(third or 0))
    match operator:
        case ">=":
            return have >= low
        case ">":
            return have > low
        case "<=":
            return have <= low
        case "<":
            return have < low
        case "^":
            return low <= have < _next(low, 0 if low[0] else 1 if low[1] else 2)
        case "~":
            return low <= have < _next(low, 1 if second else 0)
        case _:
            given = 2 if third else 1 if second else 0
            return low <= have < _next(low, given)


def _next(version: Version, place: int) -> Version:
    numbers = [number if index < place else 0 for index, number in enumerate(version)]
    numbers[place] = version[place] + 1
    return numbers[0], numbers[1], numbers[2]
