"""Where things stand: the text of a file, and the place of every key and value in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from formwright.errors import Location

#: One step into data: a key of a map, or an index of a list.
Step: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, with the offsets at which its lines begin."""

    file: str
    text: str
    starts: tuple[int, ...] = ()

    @classmethod
    def of(cls, file: str, text: str) -> Source:
        """Return the source of ``text``, its lines counted."""
        starts = [0]
        position = text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = text.find("\n", position + 1)
        return cls(file, text, tuple(starts))

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column that count from 1."""
        return self.starts[line - 1] + column - 1

    def location(self, offset: int) -> Location:
        """Return the line and column of ``offset``."""
        line = bisect_right(self.starts, offset)
        return Location(self.file, line, offset - self.starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Return the text of one line, which counts from 1, without its end."""
        end = self.starts[number] - 1 if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end]


@dataclass(slots=True)
class Place:
    """Where a value stands, and where everything in it does.

    ``keys`` has line and column of each key of a map; ``parts`` the places of what a map or list holds.
    """

    source: Source
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    parts: dict[Step, Place] = field(default_factory=dict)
    #: Maps that were put together from several files know the file of each key.
    key_sources: dict[str, Source] = field(default_factory=dict)

    @classmethod
    def leaf(cls, source: Source, line: int, column: int) -> Place:
        """Return the place of a scalar, which holds nothing; most places are such, so they share their tables."""
        return cls(source, line, column, _NO_KEYS, _NO_PARTS, _NO_SOURCES)

    @property
    def location(self) -> Location:
        """The place of the value itself."""
        return Location(self.source.file, self.line, self.column)

    def of_key(self, key: str) -> Location:
        """Return the place of ``key``, or of the whole value when it has no such key."""
        mark = self.keys.get(key)
        if mark is None:
            return self.location
        return Location(self.key_sources.get(key, self.source).file, *mark)

    def of_part(self, step: Step) -> Location:
        """Return the place of the value at ``step``, or of the whole value when there is none."""
        part = self.parts.get(step)
        return part.location if part is not None else self.location

    def find(self, path: Iterable[Step]) -> Place:
        """Return the place that ``path`` leads to, as far as it can be followed."""
        place = self
        for step in path:
            part = place.parts.get(step)
            if part is None:
                return place
            place = part
        return place

    def inside(self, value: str, offset: int) -> Location:
        """Return the place of character ``offset`` of the text ``value`` that stands here.

        Exact where the text is written as it reads: plain, in quotes without escapes, or as a literal block.
        Otherwise the place where the text begins.
        """
        source = self.source
        start = source.offset(self.line, self.column)
        if source.text.startswith(value, start):
            return source.location(start + offset)
        if source.text[start : start + 1] in {"'", '"'} and source.text.startswith(
            value, start + 1
        ):
            return source.location(start + 1 + offset)
        return self._inside_block(value, offset) or self.location

    def _inside_block(self, value: str, offset: int) -> Location | None:
        """Return the place inside a literal block, whose lines stand below the ``|`` with one indentation."""
        before = value[:offset]
        number = self.line + 1 + before.count("\n")
        if number > len(self.source.starts):
            return None
        wanted = value.split("\n")[before.count("\n")]
        written = self.source.line(number)
        indent = len(written) - len(written.lstrip(" "))
        if written[indent:].rstrip() != wanted.strip():
            return None
        return Location(self.source.file, number, indent + offset - (before.rfind("\n") + 1) + 1)


_NO_KEYS: dict[str, tuple[int, int]] = {}
_NO_PARTS: dict[Step, Place] = {}
_NO_SOURCES: dict[str, Source] = {}
