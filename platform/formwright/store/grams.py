"""Text as a search sees it: folded, and cut into short overlapping pieces that stand for it in the index."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable
from itertools import pairwise

_RUN = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[0-9]{3,}")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[-‐‑–()]+(?=[0-9])")
_PHONE = re.compile(r"\+?[0-9][0-9\s()\-‐‑–]{5,24}")
_CHINA = re.compile(r"(?:\+|00)?86(1[0-9]{10})")
_DIGIT_PLANE = 0xE000 << 16
_MASK = 0xFFFFFFFF
_WORDS = 8
_LONGEST = 100
_NINE = ord("9")


def fold(text: str) -> str:
    """Return ``text`` without what a search ignores: case, width, accents, hyphens inside numbers.

    >>> fold("Ｃafé 138-0013-8000")
    'cafe 13800138000'
    """
    if not text.isascii() and not unicodedata.is_normalized("NFKD", text):
        apart = unicodedata.normalize("NFKD", text)
        text = unicodedata.normalize(
            "NFC", "".join(mark for mark in apart if not unicodedata.combining(mark))
        )
    text = text.casefold()
    if text.isalnum():
        return text
    return _BETWEEN_DIGITS.sub("", text) if _BETWEEN_DIGITS.search(text) else text


def words(query: str) -> tuple[str, ...]:
    """Return the folded words that all must be found; a telephone number is one word, however it is spaced.

    >>> words("张三  Smith"), words("+86 138 0013 8000")
    (('张三', 'smith'), ('13800138000',))
    """
    folded = fold(query[:_LONGEST].replace("\x00", " "))
    if _PHONE.fullmatch(folded.strip()):
        digits = re.sub(r"[^0-9]", "", folded)
        chinese = _CHINA.fullmatch(digits)
        return (chinese[1] if chinese else digits,)
    return tuple(dict.fromkeys(folded.split()))[:_WORDS]


def grams(folded: str, salt: int) -> set[int]:
    """Return the pieces of a folded text as 32-bit numbers: three digits, or two characters that are not both digits.

    Pieces do not reach over other characters, so that every piece of a part of a text is one of the text.
    Two digits would tell too little: of a hundred pairs, a telephone number has ten. ``salt`` keeps the pieces
    of different entities apart.
    """
    runs = _RUN.findall(folded)
    pieces = {
        (((first << 16) ^ second) & _MASK) ^ salt
        for run in runs
        for first, second in pairwise(run.encode() if run.isascii() else map(ord, run))
        if first > _NINE or second > _NINE
    }
    for run in runs:
        for digits in _DIGITS.findall(run):
            pieces.update(
                [(_DIGIT_PLANE + int(digits[at : at + 3])) ^ salt for at in range(len(digits) - 2)]
            )
    return pieces


def salt(workspace: int, entity_id: int) -> int:
    """Return the number that marks the pieces of an entity."""
    return (workspace * 0x85EBCA6B + entity_id * 0x9E3779B1) & _MASK


def signed(pieces: Iterable[int]) -> list[int]:
    """Return pieces as PostgreSQL's 32-bit integers."""
    return array("i", array("I", pieces).tobytes()).tolist()


def spelled(pieces: Iterable[int]) -> str:
    """Return pieces as words of eight letters for SQLite's full-text index."""
    return array("I", pieces).tobytes().hex(" ", 4)
