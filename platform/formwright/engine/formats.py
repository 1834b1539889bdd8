"""Values as a person reads them, references included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from formwright.definitions.model import Field
from formwright.texts import Reader, say

#: Shown in place of a record that the reader may not see, and of one that is gone.
RESTRICTED = say("(not visible to you)")


@dataclass(slots=True)
class Titles:
    """The names of records that values refer to, by (entity, id); a record that is missing here is restricted."""

    known: dict[tuple[str, int], str] = field(default_factory=dict)

    def of(self, entity: str, record_id: int, reader: Reader) -> str:
        """Return the title of a record, or the words that stand for one the reader may not see."""
        title = self.known.get((entity, record_id))
        return RESTRICTED.in_language(reader.language) if title is None else title

    def readable(self, entity: str, record_id: int) -> bool:
        """Return whether the reader may open the record."""
        return (entity, record_id) in self.known


def show(field_: Field, value: Any, reader: Reader, titles: Titles) -> str:
    """Return the text of ``value`` in the reader's language; "" for nothing."""
    if value is None or value == ():
        return ""
    if field_.target and not field_.type.virtual:
        ids = value if isinstance(value, tuple) else (value,)
        return ", ".join(titles.of(field_.target, number, reader) for number in ids)
    return field_.type.format(field_, value, reader)


def references_in(field_: Field, value: Any) -> tuple[int, ...]:
    """Return the record ids that a value of ``field_`` refers to."""
    if value is None or not field_.target or field_.type.virtual:
        return ()
    return value if isinstance(value, tuple) else (value,)


def show_all(
    fields: Mapping[str, Field], values: Mapping[str, Any], reader: Reader, titles: Titles
) -> dict[str, str]:
    """Return the texts of several fields by key."""
    return {key: show(field_, values.get(key), reader, titles) for key, field_ in fields.items()}
