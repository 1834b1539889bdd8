"""What can go wrong, each with a place and a way out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from formwright.texts import Text, say


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a definition.

    ``code`` is ``FW`` and three digits by phase: 0 YAML, 1 schema, 2 names, 3 expressions, 4 changes.
    """

    location: Location
    code: str
    message: Text
    expected: tuple[str, ...] = ()
    suggestion: str | None = None

    def in_language(self, language: str) -> str:
        """Return the problem as printed: place, code and sentence, then what was expected and the way out."""
        lines = [f"{self.location}: {self.code} {self.message.in_language(language)}"]
        if self.expected:
            shown = self.expected[:12]
            more = ", …" if len(self.expected) > len(shown) else ""
            wording = (
                say("expected one of %(names)s") if len(shown) > 1 else say("expected %(names)s")
            )
            lines.append("  " + wording.in_language(language) % {"names": ", ".join(shown) + more})
        if self.suggestion:
            lines.append(
                "  " + say("did you mean '%(name)s'?", name=self.suggestion).in_language(language)
            )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.in_language("en")


class FormwrightError(Exception):
    """Anything this platform raises on purpose; ``text`` is safe to show to the person concerned."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


class DefinitionErrors(FormwrightError):
    """Every problem of a set of definitions, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.location))
        super().__init__(say("the definitions have %(count)s problems", count=len(self.problems)))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class SettingsError(FormwrightError):
    """A ``FORMWRIGHT_*`` variable that is unknown or has no usable value."""


class Forbidden(FormwrightError):
    """The actor may not do this. The text says nothing about data."""


class OnlyLooking(Forbidden):
    """Nothing can be changed while somebody looks through another person's eyes."""


class NotFound(FormwrightError):
    """No such record, or none that this actor may know of: the two are never told apart."""


class UnknownName(FormwrightError):
    """A name that no definition has."""


class Conflict(FormwrightError):
    """The record was changed by someone else since it was read; ``version`` is the one now stored."""

    def __init__(self, text: Text, version: int) -> None:
        super().__init__(text)
        self.version = version


class StoreUnavailable(FormwrightError):
    """The database cannot be used as it is: wrong version, unsafe settings, not initialised."""
