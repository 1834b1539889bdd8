"""The values of a record that was read, worked out when they are asked for: a list shows few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

#: Splits a document into typed values and what updates have to keep; see ``Codec.split``.
Split = Callable[[Mapping[str, Any]], tuple[dict[str, Any], dict[str, Any]]]
#: Returns the typed value of one key of a document; KeyError for what is no field.
ReadOne = Callable[[str, Mapping[str, Any]], Any]


class Values(Mapping[str, Any]):
    """Every stored field of a record by key; empty ones are None, or False.

    Equal to a dict of the same values. Made from the document as the database gives it, text or already parsed.
    """

    __slots__ = ("_document", "_kept", "_read", "_read_one", "_source", "_split")

    def __init__(self, source: str | Mapping[str, Any], read_one: ReadOne, split: Split) -> None:
        self._source = source
        self._document: Mapping[str, Any] | None = None
        self._read: dict[str, Any] = {}
        self._kept: Mapping[str, Any] | None = None
        self._read_one = read_one
        self._split = split

    def __getitem__(self, key: str) -> Any:
        read = self._read
        if key in read:
            return read[key]
        if self._kept is not None:
            raise KeyError(key)
        value = read[key] = self._read_one(key, self._parsed())
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, ``default`` for what is no field."""
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        self._all()
        return iter(self._read)

    def __len__(self) -> int:
        self._all()
        return len(self._read)

    def __contains__(self, key: object) -> bool:
        self._all()
        return key in self._read

    def __repr__(self) -> str:
        return repr(dict(self))

    @property
    def kept(self) -> Mapping[str, Any]:
        """What the document holds beyond these values; updates write it back as it is."""
        return self._all()

    def _parsed(self) -> Mapping[str, Any]:
        if self._document is None:
            source = self._source
            self._document = orjson.loads(source) if isinstance(source, str) else source
        return self._document

    def _all(self) -> Mapping[str, Any]:
        if self._kept is None:
            self._read, self._kept = self._split(self._parsed())
        return self._kept


class Kept(Mapping[str, Any]):
    """What a document holds beyond its fields; known once somebody asks."""

    __slots__ = ("_values",)

    def __init__(self, values: Values) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self._values.kept[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values.kept)

    def __len__(self) -> int:
        return len(self._values.kept)


class Withheld(Mapping[str, Any]):
    """The values of a record with some of them kept back: they are None, as if they were empty."""

    __slots__ = ("_back", "_values")

    def __init__(self, values: Mapping[str, Any], back: frozenset[str]) -> None:
        self._values = values
        self._back = back

    def __getitem__(self, key: str) -> Any:
        return None if key in self._back else self._values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, ``default`` for what is no field."""
        return None if key in self._back else self._values.get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
