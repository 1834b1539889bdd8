"""Pages without the frame of the application: for somebody who is on the way in."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from formwright.texts import Text
from formwright.web import current
from formwright.web.language import theme
from formwright.web.shell import PRODUCT, Switch, languages


@dataclass(frozen=True, slots=True)
class AlonePage:
    """What every page of this kind shows."""

    product: str
    language: str
    theme: str
    here: str
    languages: tuple[Switch, ...]
    wrong: str


def frame(
    here: str, wrong: Text | None = None
) -> tuple[str, str, str, str, tuple[Switch, ...], str]:
    """Return the fields of ``AlonePage``; ``here`` is where a change of language leads after a post."""
    language = current.language()
    back = request.full_path.rstrip("?") if request.method == "GET" else here
    said = wrong.in_language(language) if wrong is not None else ""
    return PRODUCT, language, theme(), back, languages(), said
