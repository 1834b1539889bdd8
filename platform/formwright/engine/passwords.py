"""Passwords: how they are kept, and which ones are refused."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from formwright.texts import Text, say

SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 1_024
#: What zxcvbn looks at; what comes after it can only make a password harder to guess.
_JUDGED = 72
#: Below ten to the eighth guesses; zxcvbn calls it the limit to what resists guessing at a log-in page.
_GUESSABLE = 3
#: Shorter parts of a name are in many words by chance.
_SHORTEST_PART = 3


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password that ``password_problem`` has nothing against."""
    return _hasher().hash(password)


def is_password(hashed: str, password: str) -> bool:
    """Return whether ``password`` is the one that was hashed. Takes as long for a wrong one as for a right one."""
    if len(password) > _LONGEST_PASSWORD:
        return False
    try:
        return _hasher().verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(hashed: str) -> bool:
    """Return whether the hash was made with weaker settings than today's."""
    return _hasher().check_needs_rehash(hashed)


def password_problem(
    password: str, login: str = "", *, name: str = "", email: str = ""
) -> Text | None:
    """Return what is wrong with a new password, or None. Length counts; no signs are demanded.

    ``login``, ``name`` and ``email`` are those of the person: no part of them may be in it.
    """
    if len(password) < SHORTEST_PASSWORD:
        return say("Use at least %(count)s characters.", count=SHORTEST_PASSWORD)
    if len(password) > _LONGEST_PASSWORD:
        return say("Use at most %(count)s characters.", count=_LONGEST_PASSWORD)
    folded = password.casefold()
    if any(part in folded for part in _parts(login)):
        return say("The password must not contain the log-in name.")
    if any(part in folded for part in _parts(name, email.partition("@")[0])):
        return say("The password must not contain your name or e-mail address.")
    if _is_guessable(password):
        return say(
            "This password is easy to guess: it is, or nearly is, one that many people have used. "
            "Take several words that have nothing to do with each other."
        )
    return None


def fresh_password() -> str:
    """Return a random password that can be read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def _parts(*names: str) -> Iterable[str]:
    """Yield the names, and the words they consist of, as far as they are long enough to be told from chance."""
    for name in names:
        folded = name.casefold().strip()
        for part in {folded, *re.split(r"[\W_]+", folded)}:
            if len(part) >= _SHORTEST_PART or (part and not part.isascii() and len(part) > 1):
                yield part


def _is_guessable(password: str) -> bool:
    """Return whether the password, or what it is made of, stands on the lists that are tried first."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 -- its lists take a while to read, and few requests need them

    return bool(zxcvbn(password[:_JUDGED])["score"] < _GUESSABLE)
