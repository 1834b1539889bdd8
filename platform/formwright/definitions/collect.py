"""The files of one package, put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from formwright.definitions.judge import Path, chain
from formwright.definitions.parts import Part
from formwright.definitions.places import Place, Source
from formwright.definitions.shapes import MapOf, Obj
from formwright.definitions.source import Document
from formwright.errors import Location, Problem
from formwright.texts import say

# How deep the maps under a top-level name are put together: "translations", "data" and "overlay" are maps of maps.
_DEPTHS = {"translations": 2, "data": 2, "overlay": 2, "package": 0, "schema_version": 0}
# In these, a wrong attribute is left out; in anything else the whole part is, since little of it can be right.
_TOLERANT = frozenset({"entity", "extend", "form", "view", "app", "role", "option_set", "dataset"})


@dataclass(slots=True)
class PackageSource:
    """All data of one package, checked by the schema, and the names in it that cannot be used."""

    folder: str
    root: Part
    broken: set[str]

    @property
    def key(self) -> str:
        """The key of the package."""
        return self.root.package


def prune(document: Document, paths: Iterable[Path]) -> set[str] | None:
    """Take what the schema refused out of ``document``, so that the rest can be checked further.

    Return the keys of the parts that are gone, about which nothing more is said; None when nothing is left that
    could be checked.
    """
    broken: set[str] = set()
    for path in paths:
        target = _to_remove(path)
        if target is None:
            return None
        broken.add(str(target[-1]))
        _remove(document, target)
    return broken


def _to_remove(path: Path) -> Path | None:
    """Return the path of the smallest part that can be left out with the value at ``path``."""
    entry: Path = ()
    tolerant = False
    required = False
    holder: object = Obj("file")
    for depth, (shape, owner) in enumerate(chain(path), start=1):
        if isinstance(holder, MapOf) and isinstance(shape, Obj):
            entry, tolerant, required = path[:depth], shape.construct in _TOLERANT, False
        elif owner is not None and depth == len(entry) + 1:
            attribute = owner.get(str(path[depth - 1]))
            required = attribute is not None and attribute.required
        holder = shape
    if not entry:
        return path[:1] if path and path[0] != "package" else None
    if tolerant and not required and len(path) > len(entry):
        return path[: len(entry) + 1]
    return entry


def _remove(document: Document, path: Path) -> None:
    data: Any = document.data
    for step in path[:-1]:
        if not isinstance(data, dict) or step not in data:
            return
        data = data[step]
    if isinstance(data, dict):
        data.pop(path[-1], None)


def merge(
    folder: str, documents: Iterable[Document], broken: set[str], problems: list[Problem]
) -> PackageSource | None:
    """Return the package whose files are ``documents``; None, with a problem, when they hold no manifest."""
    data: dict[str, Any] = {}
    place: Place | None = None
    first = ""
    for document in documents:
        first = first or document.file
        if place is None:
            place = Place(Source.of(document.file, ""), 1, 1)
        _merge_map(data, place, document.data, document.place, problems, depth=0)
    manifest = data.get("package")
    if place is None or not isinstance(manifest, dict) or "key" not in manifest:
        where = Location(first or folder)
        message = say(
            "the folder '%(folder)s' has no 'package:' with a key, title and version", folder=folder
        )
        problems.append(Problem(where, "FW104", message, ("package",)))
        return None
    return PackageSource(folder, Part(data, place, (), str(manifest["key"])), broken)


def _merge_map(
    data: dict[str, Any],
    place: Place,
    more: dict[str, Any],
    more_place: Place,
    problems: list[Problem],
    depth: int,
) -> None:
    """Add the keys of ``more`` to ``data``; the same key twice is a problem, unless both are maps to put together."""
    for key, value in more.items():
        known = data.get(key)
        if key not in data:
            data[key] = dict(value) if isinstance(value, dict) else value
            place.parts[key] = (
                _copy(more_place.parts[key]) if isinstance(value, dict) else more_place.parts[key]
            )
            place.keys[key] = more_place.keys[key]
            place.key_sources[key] = more_place.key_sources.get(key, more_place.source)
        elif isinstance(known, dict) and isinstance(value, dict) and _depth(key, depth) > 0:
            _merge_map(
                known, place.parts[key], value, more_place.parts[key], problems, _depth(key, depth)
            )
        elif key != "schema_version":
            where = place.of_key(key)
            message = say(
                "key '%(key)s' given twice, the first is at %(place)s", key=key, place=where
            )
            problems.append(Problem(more_place.of_key(key), "FW002", message))


def _depth(key: str, depth: int) -> int:
    """Return how many more levels below ``key`` are put together; ``depth`` is what its own map allows, 0 at the top."""
    return _DEPTHS.get(key, 1) if depth == 0 else depth - 1


def _copy(place: Place) -> Place:
    """Return a place whose tables can be added to without touching those of the file."""
    return Place(
        place.source,
        place.line,
        place.column,
        dict(place.keys),
        dict(place.parts),
        dict(place.key_sources),
    )
