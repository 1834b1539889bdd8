"""The order in which computed fields are worked out, and what makes that impossible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from formwright.definitions.building import Building
from formwright.expressions.check import Checked
from formwright.texts import say

#: A field: entity and key.
Node: TypeAlias = tuple[str, str]


def note_cycle(building: Building, cycle: list[Node]) -> None:
    """Note computed fields that are made of each other, and show how."""
    first = min(range(len(cycle)), key=lambda index: cycle[index])
    turned = [*cycle[first:], *cycle[: first + 1]]
    shown = " → ".join(f"{entity}.{key}" for entity, key in turned)
    part = building.entities[turned[0][0]].parts[turned[0][1]]
    message = say("computed fields are made of each other: %(cycle)s", cycle=shown)
    building.problem(part.at("compute"), "FW302", message)
    building.broken.update(key for _, key in cycle)


class Ordering:
    """The computed fields of all entities and what each is made of."""

    def __init__(self, building: Building) -> None:
        self._building = building

    def orders(self) -> dict[str, tuple[str, ...]]:
        """Return for each entity its computed fields in the order in which they must be worked out."""
        graph = {node: set(self._inputs(node[0], checked)) for node, checked in self._nodes()}
        order = self._sorted(graph)
        self._refuse_stale(graph, order)
        found: dict[str, list[str]] = {name: [] for name in self._building.entities}
        for entity, key in order:
            found[entity].append(key)
        return {entity: tuple(keys) for entity, keys in found.items()}

    def _nodes(self) -> Iterator[tuple[Node, Checked]]:
        for draft in self._building.entities.values():
            for found in draft.fields.values():
                if found.compute is not None:
                    yield (draft.name, found.key), found.compute

    def _inputs(self, entity: str, checked: Checked) -> Iterator[Node]:
        """Yield the computed fields that a computed field is made of."""
        above = self._building.entities[entity].parent
        for path in (
            *checked.reads,
            *(path[1:] for path in checked.root_reads if path[0] == "this"),
        ):
            yield from self._along(entity, path)
            if path[:1] == ("parent",) and above:
                yield from self._along(above, path[1:])

    def _along(self, entity: str, path: Iterable[str]) -> Iterator[Node]:
        for name in path:
            draft = self._building.entities.get(entity)
            found = draft.fields.get(name) if draft else None
            if draft is None or found is None:
                return
            if found.compute is not None:
                yield draft.name, name
            entity = found.target or (found.returns.entity if found.returns else "")

    def _sorted(self, graph: Mapping[Node, set[Node]]) -> list[Node]:
        """Return the nodes so that each comes after those it is made of; note every circle."""
        open_nodes = {node: set(inputs) for node, inputs in graph.items()}
        while True:
            try:
                return list(TopologicalSorter(open_nodes).static_order())
            except CycleError as error:
                cycle: list[Node] = list(reversed(error.args[1][1:]))
                note_cycle(self._building, cycle)
                for node in cycle:
                    open_nodes[node] = set()

    def _refuse_stale(self, graph: Mapping[Node, set[Node]], order: Iterable[Node]) -> None:
        """Note stored values that would change by the mere passing of time."""
        moving: set[Node] = set()
        for node in order:
            draft = self._building.entities[node[0]]
            found = draft.fields[node[1]]
            compute = found.compute
            if compute is None or not (compute.time_dependent or graph.get(node, set()) & moving):
                continue
            moving.add(node)
            if found.stored:
                message = say(
                    "'%(name)s' changes as time passes, so it cannot be stored", name=found.key
                )
                self._building.problem(
                    draft.parts[found.key].at("compute"), "FW303", message, ("stored: false",)
                )
