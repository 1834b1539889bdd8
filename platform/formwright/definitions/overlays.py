"""What an installation changes in packages of others: laid over their parts before these are built."""

from __future__ import annotations

from formwright.definitions.building import Building
from formwright.definitions.parts import Part
from formwright.definitions.places import Place
from formwright.texts import say

#: The package of an installation's own additions and changes.
LOCAL = "local"
_OWN = frozenset({"enabled", "note"})


class Overlay:
    """The changes to grants, by the qualified name of the grant."""

    def __init__(self, building: Building) -> None:
        """Collect them; one outside of the package ``local``, or to a grant that nothing has, is a problem."""
        self._grants: dict[str, Part] = {}
        known = [
            f"{package.key}.{part.key}"
            for package in building.packages.values()
            for part in package.root.parts("grants")
        ]
        for package in building.packages.values():
            for part in package.root.part("overlay").parts("grants"):
                if package.key != LOCAL:
                    message = say("'overlay' belongs into the package 'local'")
                    building.problem(part.location, "FW206", message)
                elif part.key not in known:
                    message = say(
                        "there is no grant '%(name)s' to change; where its package has dropped it, remove the change",
                        name=part.key,
                    )
                    building.unknown(part.location, message, part.key, known)
                else:
                    self._grants[part.key] = part

    def is_enabled(self, name: str) -> bool:
        """Return whether a grant is in force here."""
        part = self._grants.get(name)
        return part is None or part.get("enabled", True) is True

    def changed(self, name: str) -> frozenset[str]:
        """Return the attributes of a grant that are different here."""
        part = self._grants.get(name)
        return frozenset(key for key in part.data if key in part) if part else frozenset()

    def laid_over(self, part: Part, name: str) -> Part:
        """Return a grant's part with the attributes that are different here, each with the place it is written at."""
        found = self._grants.get(name)
        if found is None:
            return part
        given = [key for key in found.data if key in found and key not in _OWN]
        below, above = part.place, found.place
        sources = {key: above.key_sources.get(key, above.source) for key in given}
        place = Place(
            below.source,
            below.line,
            below.column,
            below.keys | {key: above.keys[key] for key in given},
            below.parts | {key: above.parts[key] for key in given},
            dict.fromkeys(below.keys, below.source) | below.key_sources | sources,
        )
        data = part.data | {key: found.data[key] for key in given}
        return Part(data, place, part.path, part.package, part.key, found.location)
