"""A part of checked definition data: the value, its place in the file, and its path within the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from formwright.definitions.places import Place, Step
from formwright.errors import Location

_NOTHING: dict[str, Any] = {}


class Part:
    """A map of definition data with everything that is needed to speak about it.

    The data has passed the schema; what is asked for has the shape that the attribute tables say.
    """

    __slots__ = ("data", "key", "location", "package", "path", "place")

    def __init__(
        self,
        data: Any,
        place: Place,
        path: tuple[str, ...],
        package: str,
        key: str = "",
        location: Location | None = None,
    ) -> None:
        self.data: dict[str, Any] = data if isinstance(data, dict) else _NOTHING
        self.place = place
        self.path = path
        self.package = package
        self.key = key
        #: Where it is named: its key, or its beginning when it stands in a list.
        self.location = location or place.location

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of ``name``."""
        found = self.data.get(name)
        return default if found is None else found

    def text(self, name: str, default: str = "") -> str:
        """Return the text of ``name``."""
        return str(self.data.get(name, default))

    def at(self, name: str) -> Location:
        """Return the place of the value of ``name``, or of the part itself when it is not given."""
        return self.place.of_part(name) if name in self.data else self.location

    def at_item(self, name: str, index: int) -> Location:
        """Return the place of an item of the list ``name``."""
        return self.place.find((name,)).of_part(index)

    def part(self, name: str) -> Part:
        """Return the map under ``name``; an empty one when it is not given."""
        place = self.place.parts.get(name, self.place)
        return Part(
            self.data.get(name),
            place,
            (*self.path, name),
            self.package,
            name,
            self.place.of_key(name),
        )

    def parts(self, name: str) -> Iterator[Part]:
        """Yield the maps of the keyed map ``name``, in order."""
        holder = self.part(name)
        for key in holder.data:
            yield holder.part(key)

    def items(self, name: str, step: str = "") -> Iterator[tuple[Any, Part]]:
        """Yield the items of the list ``name``: the value as written, and it as a part when it is a map.

        ``step`` is the attribute whose value names the item in translation paths; the position does otherwise.
        """
        place = self.place.find((name,))
        for index, value in enumerate(self.get(name, [])):
            word = value.get(step) if isinstance(value, dict) else value
            own = str(word) if step and word is not None else str(index + 1)
            yield value, self._item(value, place, index, (*self.path, name, own))

    def _item(self, value: Any, place: Place, index: Step, path: tuple[str, ...]) -> Part:
        return Part(value, place.parts.get(index, place), path, self.package, path[-1])
