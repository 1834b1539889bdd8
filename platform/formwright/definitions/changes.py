"""The difference of two catalogs in words, with what it means for the records that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from formwright.definitions import changes_of_fields, changes_of_others
from formwright.definitions.changes_of_fields import must_recompute, plain
from formwright.definitions.effects import Change, Effect, Kind, Touched
from formwright.definitions.model import Catalog, Constraint, Entity
from formwright.definitions.renames import Renames, renames
from formwright.texts import Text, say

__all__ = ["Change", "Changes", "Effect", "Kind", "Touched", "compare"]

#: A field: qualified entity name and key.
FieldName: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """Every difference between what is in force and what would be."""

    changes: tuple[Change, ...]
    #: Stored computed fields whose values have to be worked out again.
    recompute: tuple[FieldName, ...] = ()
    #: What has another key now; everything above goes by the new one.
    renames: Renames = field(default_factory=Renames)

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def sentences(self) -> tuple[Text, ...]:
        """The differences, one sentence each."""
        return tuple(change.text for change in self.changes)

    @property
    def needs_answer(self) -> tuple[Change, ...]:
        """Changes that old records may not satisfy."""
        return tuple(change for change in self.changes if change.effect is Effect.NEEDS_ANSWER)

    @property
    def loses_data(self) -> tuple[Change, ...]:
        """Changes after which stored values are gone or unreadable."""
        return tuple(change for change in self.changes if change.effect is Effect.LOSES_DATA)

    @property
    def to_count(self) -> tuple[FieldName, ...]:
        """The (entity, field) pairs whose records have to be counted; the field is "" for all records."""
        pairs = (
            (change.entity, change.field)
            for change in self.changes
            if change.touched is not Touched.NONE
        )
        return tuple(dict.fromkeys(pairs))

    def fields(self, kind: Kind) -> tuple[FieldName, ...]:
        """Return the fields that are added, changed or removed, those of new and of removed entities left out."""
        pairs = (
            (change.entity, change.field)
            for change in self.changes
            if change.kind is kind and change.field
        )
        return tuple(dict.fromkeys(pairs))

    def entities(self, kind: Kind) -> tuple[str, ...]:
        """Return the entities that are added, changed or removed as such."""
        names = (
            change.entity
            for change in self.changes
            if change.kind is kind and change.entity and not change.field
        )
        return tuple(dict.fromkeys(names))


def compare(old: Catalog | None, new: Catalog) -> Changes:
    """Return what would change if ``new`` took the place of ``old`` (None: nothing is there yet)."""
    before = old or _nothing()
    renamed = renames(old, new)
    changes = [
        *_packages(before, new),
        *_entities(before, new, renamed),
        *changes_of_others.others(before, new),
    ]
    return Changes(tuple(changes), tuple(_to_recompute(before, new, renamed)), renamed)


def _nothing() -> Catalog:
    empty: Mapping[str, Any] = {}
    return Catalog(empty, empty, empty, empty, empty, empty, (), empty, empty, ())


def _packages(old: Catalog, new: Catalog) -> Iterator[Change]:
    for key, package in new.packages.items():
        before = old.packages.get(key)
        if before is None:
            text = say(
                "Package “%(package)s” %(version)s is installed.",
                package=package.title,
                version=package.version,
            )
            yield Change(Kind.ADDED, text)
        elif before.version != package.version:
            text = say(
                "Package “%(package)s” goes from %(old)s to %(new)s.",
                package=package.title,
                old=before.version,
                new=package.version,
            )
            yield Change(Kind.CHANGED, text)
        elif plain(before) != plain(package):
            yield Change(
                Kind.CHANGED,
                say("The description of package “%(package)s” is changed.", package=package.title),
            )
    for key, package in old.packages.items():
        if key not in new.packages:
            yield Change(
                Kind.REMOVED, say("Package “%(package)s” is removed.", package=package.title)
            )


def _entities(old: Catalog, new: Catalog, renamed: Renames) -> Iterator[Change]:
    for name, entity in new.entities.items():
        before = old.entities.get(renamed.old_entity(name))
        if before is None:
            text = say(
                "Entity “%(entity)s” is added, with %(count)s fields.",
                entity=entity.title,
                count=len(entity.fields),
            )
            yield Change(Kind.ADDED, text, entity=name)
        else:
            if before.name != name:
                yield _entity_renamed(before, entity)
            yield from _entity(before, entity, renamed)
    for name, entity in old.entities.items():
        if renamed.new_entity(name) not in new.entities:
            text = say(
                "Entity “%(entity)s” is removed, and its records with it.", entity=entity.title
            )
            yield Change(Kind.REMOVED, text, Effect.LOSES_DATA, "FW401", name, "", Touched.ALL)


def _entity_renamed(old: Entity, new: Entity) -> Change:
    text = say(
        "Entity “%(entity)s” is renamed from %(old)s to %(new)s; its records stay.",
        entity=new.title,
        old=old.key,
        new=new.key,
    )
    return Change(Kind.RENAMED, text, entity=new.name, touched=Touched.ALL)


def _entity(before: Entity, new: Entity, renamed: Renames) -> Iterator[Change]:
    """Yield the differences between two versions of an entity."""
    old = renamed.carried(before, new.name)
    if before.name != new.name:
        # views and forms of its own have the new name in theirs
        old = replace(
            old, was=new.was, default_view=new.default_view, default_form=new.default_form
        )
    if (old.kind, old.parent) != (new.kind, new.parent):
        text = say(
            "Entity “%(entity)s” becomes of another kind or belongs to another parent.",
            entity=new.title,
        )
        yield Change(Kind.CHANGED, text, Effect.LOSES_DATA, "FW402", new.name, "", Touched.ALL)
    for key, each in new.fields.items():
        former, old_key = old.fields.get(key), renamed.old_field(new.name, key)
        if former is None:
            yield changes_of_fields.added(each, new)
            continue
        if old_key != key:
            yield changes_of_fields.renamed(old_key, each, new)
            former = replace(former, was=each.was)
        yield from changes_of_fields.changed(former, each, new)
    yield from (
        changes_of_fields.removed(each, new)
        for key, each in old.fields.items()
        if key not in new.fields
    )
    yield from _constraints(old, new)
    if _rest(old) != _rest(new):
        yield Change(
            Kind.CHANGED, say("Entity “%(entity)s” is changed.", entity=new.title), entity=new.name
        )


def _rest(entity: Entity) -> Any:
    """Return all of an entity but what is compared by itself."""
    left_out = {"fields", "constraints", "kind", "parent", "compute_order"}
    return tuple(pair for pair in plain(entity) if pair[0] not in left_out)


def _constraints(old: Entity, new: Entity) -> Iterator[Change]:
    for key, constraint in new.constraints.items():
        before = old.constraints.get(key)
        if before is not None and _limits(before) == _limits(constraint):
            continue
        text = say(
            "“%(entity)s” must be unique in %(fields)s.",
            entity=new.title,
            fields=", ".join(constraint.fields),
        )
        kind = Kind.ADDED if before is None else Kind.CHANGED
        yield Change(
            kind, text, Effect.NEEDS_ANSWER, "FW405", new.name, constraint.fields[0], Touched.FILLED
        )
    for key in old.constraints:
        if key not in new.constraints:
            text = say(
                "The constraint “%(name)s” of “%(entity)s” is removed.", name=key, entity=new.title
            )
            yield Change(Kind.REMOVED, text, entity=new.name)


def _limits(constraint: Constraint) -> Any:
    return plain(
        (
            constraint.type,
            constraint.fields,
            constraint.where,
            constraint.ignore_case,
            constraint.limit,
        )
    )


def _to_recompute(old: Catalog, new: Catalog, renamed: Renames) -> Iterator[FieldName]:
    for name, entity in new.entities.items():
        before = old.entities.get(renamed.old_entity(name))
        for key in entity.compute_order:
            if before is not None and must_recompute(
                before.fields.get(renamed.old_field(name, key)), entity.fields[key]
            ):
                yield name, key
