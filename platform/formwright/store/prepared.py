"""Statements made once for all questions of one shape; what a question compares with is always a parameter.

To build a statement takes longer than to run a small one. A shape is the structure of everything the statement is
made of, as SQLAlchemy's own cache knows it: two conditions have the same one when they render the same SQL and
differ in nothing but the values they bind. So neither a value nor a scope of one person can reach another: a value
comes with each question anew, and another scope is another shape.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, ClauseElement
from sqlalchemy.sql.cache_key import NO_CACHE, anon_map  # type: ignore[attr-defined] # it is not said to be public

#: How many shapes are kept; beyond, the oldest makes way.
MOST = 512
#: The parameter that says how many rows are wanted.
AT_MOST = "at_most"

Made = TypeVar("Made")


class Prepared(Generic[Made]):
    """What was made for each shape, with the places of the values in it. Threads share it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: dict[Hashable, tuple[Made, tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    def get(
        self, key: Hashable, parts: Sequence[ClauseElement], make: Callable[[], Made]
    ) -> tuple[Made, dict[str, Any]]:
        """Return what ``make`` gives for ``key`` and the structure of ``parts``, and the parameters to run it with.

        ``make`` may use ``parts`` and what follows from ``key`` alone: whatever else it used would be that of
        whoever asked first.
        """
        structure, binds = _structure(parts)
        if structure is None:
            return make(), {}
        shape = key, structure
        kept = self._kept.get(shape)
        if kept is None:
            kept = make(), tuple(bind.key for bind in binds)
            self._keep(shape, kept)
        made, names = kept
        return made, {name: bind.effective_value for name, bind in zip(names, binds, strict=True)}

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, shape: Hashable, made: tuple[Made, tuple[str, ...]]) -> None:
        with self._lock:
            if len(self._kept) >= MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[shape] = made


def _structure(
    parts: Sequence[ClauseElement],
) -> tuple[Hashable | None, list[BindParameter[Any]]]:
    """Return what stands for ``parts`` but for their values, None when one cannot be told by it; and the values.

    Taken together, so that two parts which name the same alias differ from two which name one each.
    """
    seen = anon_map()
    binds: list[BindParameter[Any]] = []
    keys = tuple([part._gen_cache_key(seen, binds) for part in parts])  # noqa: SLF001 -- the structure by which SQLAlchemy keeps compiled statements
    return (None if NO_CACHE in seen else keys), binds
