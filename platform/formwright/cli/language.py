"""In which language the command line speaks: that of the terminal, or the one set for the platform."""

from __future__ import annotations

import os
from functools import lru_cache

from formwright.texts import Text, best_language, say


@lru_cache(maxsize=1)
def language() -> str:
    """Return the language of this process, from FORMWRIGHT_LANGUAGE or the locale of the terminal."""
    names = ("FORMWRIGHT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return best_language(next((value for name in names if (value := os.environ.get(name))), None))


def tell(text: Text) -> str:
    """Return ``text`` in the language of this process."""
    return text.in_language(language())


def _(message: str, /, **params: object) -> str:
    """Return ``message``, which is marked for translation, in the language of this process."""
    return tell(say(message, **params))
