"""Which column of a file goes into which field: by key, by title in any language, by synonym."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from formwright.definitions.model import Entity, Field
from formwright.engine.attachments import WITH_FILES
from formwright.errors import FormwrightError
from formwright.suggest import closest
from formwright.texts import Label, Text, say

_NOISE = re.compile(r"[\s_*：:\-]+")
_REMARK = re.compile(r"[(\[（【].*?[)\]）】]")

#: Titles of the columns that the platform adds to the files it gives back.
ROW_TITLES = ("#row", "#行号")
REASON_TITLES = ("#reason", "#原因")
MERGED_TITLES = ("#merged into row", "#合并到行")

#: The file's own date of change: it decides which of several rows is the latest, and is not stored.
_UPDATED = (
    "updated_at",
    "updated",
    "last modified",
    "modified",
    "更新日期",
    "更新时间",
    "修改日期",
    "修改时间",
)
#: What the platform keeps by itself: such a column is left out without a word.
_KEPT = ("id", "version", "created_at", "created_by", "updated_by", "deleted_at")

#: Words for the parts of an address, beside the address itself.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "country": ("country", "国家"),
    "province": ("province", "state", "省", "省份", "所在省"),
    "city": ("city", "市", "城市", "所在市"),
    "district": ("district", "county", "区", "县", "区县", "所在区"),
    "detail": ("detail", "street", "street address", "详细地址", "街道地址", "街道"),
    "postcode": ("postcode", "zip", "zip code", "postal code", "邮编", "邮政编码"),
}


class MappingRefused(FormwrightError):
    """The columns cannot be matched to the fields as they are; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file that goes into ``field``; ``part`` names the part of an address it holds."""

    position: int
    title: str
    field: Field
    part: str = ""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A column that goes nowhere; ``nearest`` is the field whose name is closest, if one is close."""

    position: int
    title: str
    nearest: Field | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that was recognised and that an import cannot bring in, with the reason."""

    title: str
    reason: Text


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """How a file's columns are read."""

    header: tuple[str, ...]
    columns: tuple[Column, ...]
    unmatched: tuple[Unmatched, ...]
    #: Columns of computed values, of files and the like.
    left_out: tuple[LeftOut, ...]
    #: Position of the column with the file's own date of change; None without one.
    updated: int | None
    #: Required fields that no column fills and that have no default.
    missing: tuple[Field, ...]


def fold(name: str) -> str:
    """Return the form in which names are compared: no case, width, spaces or marks.

    >>> fold(" 手机（必填）* ") == fold("手机(必填)")
    True
    >>> fold("Customer Name") == fold("customer_name")
    True
    """
    return _NOISE.sub("", unicodedata.normalize("NFKC", name).casefold())


def match_columns(
    entity: Entity, header: Sequence[str], wanted: Mapping[str, str] | None = None
) -> ColumnMap:
    """Return which column goes into which field of ``entity``.

    ``wanted`` maps column titles to field keys (``address.city`` for a part) and goes before every guess; an empty
    key leaves the column out. Raises MappingRefused for a wrong name and for two columns of one field.
    """
    names = _names(entity)
    chosen = _chosen(entity, header, wanted or {})
    columns: list[Column] = []
    unmatched: list[Unmatched] = []
    left_out: list[LeftOut] = []
    updated: int | None = None
    for position, title in enumerate(header):
        if position in chosen:
            target = chosen[position]
            if target is not None:
                columns.append(Column(position, title, *target))
            continue
        folded = fold(title)
        target = names.get(folded) or names.get(fold(_REMARK.sub("", title)))
        hindrance = _hindrance(target[0]) if target is not None else None
        if hindrance is not None:
            left_out.append(LeftOut(title, hindrance))
        elif target is not None:
            columns.append(Column(position, title, *target))
        elif folded in _UPDATED_FOLDED and updated is None:
            updated = position
        elif folded not in _LEFT_OUT:
            unmatched.append(Unmatched(position, title, _nearest(title, names)))
    _refuse_doubles(columns)
    if not columns:
        raise MappingRefused(
            say(
                "None of the columns is a field of %(entity)s. The columns are: %(names)s.",
                entity=entity.title,
                names=", ".join(title for title in header if title),
            )
        )
    return ColumnMap(
        tuple(header),
        tuple(columns),
        tuple(unmatched),
        tuple(left_out),
        updated,
        _missing(entity, columns),
    )


def field_names(field: Field) -> list[str]:
    """Return every name under which a column for ``field`` is found."""
    return [field.key, *_titles(field.title), *field.synonyms, *field.was]


def resolve_field(entity: Entity, name: str) -> Field:
    """Return the field that a person means by ``name``: its key, title or a synonym; raise MappingRefused."""
    found = _names(entity).get(fold(name))
    if found is not None and not found[1]:
        return found[0]
    raise MappingRefused(_no_field(entity, name))


def _hindrance(field: Field) -> Text | None:
    """Return why a table cannot bring a value, None when it can; business numbers may come from an older system."""
    if field.type.name in WITH_FILES:
        return say("A table holds the names of files, not the files; add them at the record.")
    if field.writable or field.sequence:
        return None
    return say("The platform fills this field itself.")


def _titles(title: Label) -> list[str]:
    return [title.default, *title.translations.values()]


def _names(entity: Entity) -> dict[str, tuple[Field, str]]:
    """Return the folded names of everything a column can go into; keys win over titles, titles over synonyms."""
    names: dict[str, tuple[Field, str]] = {}
    fields = [field for field in entity.fields.values() if not field.type.virtual]
    layers: list[Iterable[tuple[str, Field]]] = [
        [(field.key, field) for field in fields],
        [(title, field) for field in fields for title in _titles(field.title)],
        [(name, field) for field in fields for name in (*field.synonyms, *field.was)],
    ]
    for layer in layers:
        for name, field in layer:
            names.setdefault(fold(name), (field, ""))
    addresses = [field for field in fields if field.type.name == "address"]
    for field in addresses:
        for part, words in _PARTS.items():
            names.setdefault(fold(f"{field.key}.{part}"), (field, part))
            if len(addresses) == 1:
                for word in words:
                    names.setdefault(fold(word), (field, part))
    names.pop("", None)
    return names


def _chosen(
    entity: Entity, header: Sequence[str], wanted: Mapping[str, str]
) -> dict[int, tuple[Field, str] | None]:
    positions = {fold(title): at for at, title in reversed(list(enumerate(header)))}
    chosen: dict[int, tuple[Field, str] | None] = {}
    for title, key in wanted.items():
        position = positions.get(fold(title))
        if position is None:
            raise MappingRefused(
                say(
                    "The file has no column '%(name)s'. Its columns are: %(names)s.",
                    name=title,
                    names=", ".join(header),
                )
            )
        chosen[position] = _target(entity, key) if key else None
    return chosen


def _target(entity: Entity, name: str) -> tuple[Field, str]:
    key, _, part = name.partition(".")
    field = entity.fields.get(key)
    if field is not None and not field.type.virtual:
        if not part or (field.type.name == "address" and part in _PARTS):
            return _refuse_hindered(field), part
    elif not part:
        return _refuse_hindered(resolve_field(entity, name)), ""
    raise MappingRefused(_no_field(entity, name))


def _refuse_hindered(field: Field) -> Field:
    hindrance = _hindrance(field)
    if hindrance is None:
        return field
    raise MappingRefused(
        say(
            "Nothing can be imported into %(field)s: %(reason)s",
            field=field.title,
            reason=hindrance,
        )
    )


def _no_field(entity: Entity, name: str) -> Text:
    near = closest(name, entity.fields)
    if near is None:
        return say("%(entity)s has no field '%(name)s'.", entity=entity.title, name=name)
    return say(
        "%(entity)s has no field '%(name)s'; did you mean %(near)s?",
        entity=entity.title,
        name=name,
        near=near,
    )


def _nearest(title: str, names: Mapping[str, tuple[Field, str]]) -> Field | None:
    near = closest(fold(title), names)
    return names[near][0] if near is not None else None


def _refuse_doubles(columns: Sequence[Column]) -> None:
    seen: dict[tuple[str, str], Column] = {}
    for column in columns:
        first = seen.setdefault((column.field.key, column.part), column)
        if first is not column:
            raise MappingRefused(
                say(
                    "The columns '%(first)s' and '%(second)s' both go into %(field)s. "
                    "Leave one out with --map '%(second)s='.",
                    first=first.title,
                    second=column.title,
                    field=column.field.title,
                )
            )


def _missing(entity: Entity, columns: Sequence[Column]) -> tuple[Field, ...]:
    filled = {column.field.key for column in columns}
    return tuple(
        field
        for field in entity.fields.values()
        if field.required
        and field.writable
        and not field.type.virtual
        and field.type.name != "boolean"
        and field.key not in filled
        and field.default is None
        and field.default_from is None
        and field.fill_from is None
    )


_UPDATED_FOLDED = frozenset(fold(name) for name in _UPDATED)
_LEFT_OUT = frozenset(
    fold(name) for name in (*_KEPT, *_UPDATED, *ROW_TITLES, *REASON_TITLES, *MERGED_TITLES, "")
)
