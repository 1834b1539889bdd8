"""Text as a search sees it: folded, and cut into short overlapping pieces that stand for it in the index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

_RUN = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[0-9]{3,}")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[-‐‑–()]+(?=[0-9])")
_PHONE = re.compile(r"\+?[0-9][0-9\s()\-‐‑–]{5,24}")
_CHINA = re.compile(r"(?:\+|00)?86(1[0-9]{10})")
_DIGIT_PLANE = 0xE000 << 16
_MASK = 0xFFFFFFFF
_NINE = ord("9")
_WORDS = 8
_LONGEST = 100


def fold(text: str) -> str:
    """Return ``text`` without what a search ignores: case, width, accents, hyphens inside numbers.

    >>> fold("Ｃafé 138-0013-8000")
    'cafe 13800138000'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = unicodedata.normalize(
            "NFC", "".join(mark for mark in text if not unicodedata.combining(mark))
        )
    return _BETWEEN_DIGITS.sub("", text.casefold())


def words(query: str) -> tuple[str, ...]:
    """Return the folded words that all must be found; a telephone number is one word, however it is spaced.

    >>> words("张三  Smith"), words("+86 138 0013 8000")
    (('张三', 'smith'), ('13800138000',))
    """
    folded = fold(query[:_LONGEST])
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
    found: set[int] = set()
    for run in _RUN.findall(folded):
        if not (run.isascii() and run.isdigit()):
            codes = [ord(character) for character in run]
            found.update(
                (((first << 16) ^ second) & _MASK) ^ salt
                for first, second in pairwise(codes)
                if first > _NINE or second > _NINE
            )
        for digits in _DIGITS.findall(run):
            found.update(
                (_DIGIT_PLANE + int(digits[at : at + 3])) ^ salt for at in range(len(digits) - 2)
            )
    return found


def salt(workspace: int, entity_id: int) -> int:
    """Return the number that marks the pieces of an entity."""
    return (workspace * 0x85EBCA6B + entity_id * 0x9E3779B1) & _MASK


def signed(pieces: Iterable[int]) -> list[int]:
    """Return pieces as PostgreSQL's 32-bit integers."""
    return [piece - 0x100000000 if piece >= 0x80000000 else piece for piece in pieces]


def spelled(pieces: Iterable[int]) -> str:
    """Return pieces as words for SQLite's full-text index."""
    return " ".join([f"{piece:x}" for piece in pieces])
