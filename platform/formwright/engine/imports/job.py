"""One import as it was asked for: the file, the columns, what to do about rows that are known already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from formwright.definitions.model import Action, Entity, Field
from formwright.engine.imports.mapping import (
    ColumnMap,
    MappingRefused,
    fold,
    match_columns,
    resolve_field,
)
from formwright.engine.imports.merging import Mode
from formwright.engine.imports.reading import Head, ReadOptions, fingerprint, open_table
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Unit

_NO_COLUMNS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the person asked for."""

    read: ReadOptions = field(default_factory=ReadOptions)
    #: Column title -> field key, where the guess is wrong.
    columns: Mapping[str, str] = field(default_factory=lambda: _NO_COLUMNS)
    match_on: tuple[str, ...] = ()
    mode: Mode | None = None
    #: How 03/04/2024 is meant: dmy, mdy, or "" for not said.
    date_order: str = ""
    #: Rows in one transaction.
    batch: int = 2_000
    #: Where bad rows go; None is beside the file.
    errors: Path | None = None
    #: Import the same file once more.
    again: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """An import that is ready to run."""

    path: Path
    entity: Entity
    head: Head
    mapping: ColumnMap
    mode: Mode
    match_on: tuple[Field, ...]
    #: Position of the column with record ids, when rows are matched by them.
    id_position: int | None
    options: ImportOptions
    #: Stands for this file, read this way into this entity: running it twice is the same import.
    key: str

    @property
    def errors_file(self) -> Path:
        """Where bad rows go."""
        return self.options.errors or self.path.with_name(self.path.name + ".errors.csv")

    @property
    def merged_file(self) -> Path:
        """Where rows go that were merged into others."""
        return self.errors_file.with_name(self.path.name + ".merged.csv")


def prepare(unit: Unit, entity_name: str, path: Path, options: ImportOptions) -> Job:
    """Look at the file and settle how it is read; nothing is written.

    Raises Unreadable, MappingRefused, Forbidden, UnknownName.
    """
    entity = unit.entity(entity_name)
    mode = _mode(options)
    _require_rights(unit, entity, mode)
    if entity.kind == "child":
        raise MappingRefused(
            say("%(entity)s only exists as rows of another record.", entity=entity.title)
        )
    with open_table(path, options.read) as table:
        head = table.head
    by_id = tuple(options.match_on) == ("id",)
    match_on = () if by_id else tuple(resolve_field(entity, name) for name in options.match_on)
    mapping = match_columns(entity, head.header, options.columns)
    _require_columns(mapping, match_on, mode)
    id_position = _id_position(head) if by_id else None
    key = _key(path, entity, mapping, mode, match_on, options)
    return Job(path, entity, head, mapping, mode, match_on, id_position, options, key)


def _mode(options: ImportOptions) -> Mode:
    mode = options.mode or (Mode.KEEP_LATEST if options.match_on else Mode.INSERT)
    if options.match_on and mode is Mode.INSERT:
        raise MappingRefused(say("--match-on needs a mode that looks for known records."))
    if not options.match_on and mode is not Mode.INSERT:
        raise MappingRefused(
            say("The mode %(mode)s needs --match-on: by what are records known?", mode=mode.value)
        )
    return mode


def _require_rights(unit: Unit, entity: Entity, mode: Mode) -> None:
    unit.access.require(Action.IMPORT, entity.name)
    unit.access.require(Action.CREATE, entity.name)
    if mode in {Mode.KEEP_LATEST, Mode.UPDATE}:
        unit.access.require(Action.UPDATE, entity.name)


def _require_columns(mapping: ColumnMap, match_on: Sequence[Field], mode: Mode) -> None:
    mapped = {column.field.key for column in mapping.columns}
    for wanted in match_on:
        if wanted.key not in mapped:
            raise MappingRefused(
                say(
                    "No column of the file goes into %(field)s, by which rows are matched.",
                    field=wanted.title,
                )
            )
    if mapping.missing and mode is Mode.INSERT:
        first = mapping.missing[0]
        raise MappingRefused(
            say(
                "No column of the file goes into %(field)s, which is required. "
                "Name one with --map 'Column=%(key)s'.",
                field=first.title,
                key=first.key,
            )
        )


def _id_position(head: Head) -> int:
    for position, title in enumerate(head.header):
        if fold(title) == "id":
            return position
    raise MappingRefused(say("The file has no column 'id'."))


def _key(
    path: Path,
    entity: Entity,
    mapping: ColumnMap,
    mode: Mode,
    match_on: Sequence[Field],
    options: ImportOptions,
) -> str:
    """Return the hash of everything that decides what the import does; not of how large its batches are."""
    said = {
        "file": fingerprint(path),
        "entity": entity.name,
        "columns": [[c.position, c.field.key, c.part] for c in mapping.columns],
        "mode": mode.value,
        "match_on": [wanted.key for wanted in match_on] or list(options.match_on),
        "date_order": options.date_order,
        "read": asdict(options.read),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
