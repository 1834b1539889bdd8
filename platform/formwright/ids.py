"""Record ids: 63-bit numbers that grow with time, written as 13 characters of Crockford's base 32."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: number for number, character in enumerate(_ALPHABET)}
_LENGTH = 13
_RANDOM_BITS = 22
_EPOCH_MS = 1_577_836_800_000  # 2020-01-01: leaves 41 bits of milliseconds until 2089
_lock = threading.Lock()
_last = 0


def new_id() -> int:
    """Return a fresh id, larger than every earlier one of this process.

    41 bits of milliseconds come first, so that rows written together lie together; 22 random bits keep two
    processes apart within a millisecond. A run inside one millisecond counts upwards.
    """
    global _last  # noqa: PLW0603 -- the promise to grow needs the last one
    fresh = ((time.time_ns() // 1_000_000 - _EPOCH_MS) << _RANDOM_BITS) | secrets.randbits(
        _RANDOM_BITS
    )
    with _lock:
        _last = fresh if fresh > _last else _last + 1
        return _last


def format_id(number: int) -> str:
    """Return the 13 characters that stand for ``number`` in addresses and files.

    >>> format_id(0)
    '0000000000000'
    """
    characters = []
    for _ in range(_LENGTH):
        number, rest = divmod(number, 32)
        characters.append(_ALPHABET[rest])
    return "".join(reversed(characters))


def parse_id(text: str) -> int | None:
    """Return the number that ``text`` stands for, or None when it is no id.

    >>> parse_id(format_id(123456789))
    123456789
    >>> parse_id("../etc") is None
    True
    """
    if len(text) != _LENGTH:
        return None
    number = 0
    for character in text:
        digit = _VALUES.get(character)
        if digit is None:
            return None
        number = number * 32 + digit
    return number if number < 1 << 63 else None
