"""Which entities and fields of new definitions are those of the old ones under another key; ``was`` tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from formwright.definitions.model import Catalog, Entity, Field

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Renames:
    """New names and the old ones, of what is in both definitions."""

    #: Qualified name -> the qualified name it had.
    entities: Mapping[str, str] = field(default_factory=lambda: _NONE)
    #: New qualified name of the entity -> key of the field -> the key it had.
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return bool(self.entities or self.fields)

    def old_entity(self, name: str) -> str:
        """Return what the entity was called before."""
        return self.entities.get(name, name)

    def old_field(self, entity: str, key: str) -> str:
        """Return the key that the field of the entity, by its new name, had before."""
        return self.fields.get(entity, _NONE).get(key, key)

    def new_entity(self, name: str) -> str:
        """Return what the entity of an old name is called now."""
        return next((new for new, old in self.entities.items() if old == name), name)

    def carried(self, entity: Entity, name: str) -> Entity:
        """Return the old ``entity`` with the names that it, its fields and its relations have under ``name``."""
        package, _, key = name.partition(".")
        former = {old: new for new, old in self.fields.get(name, _NONE).items()}

        def now(old: str) -> str:
            return former.get(old, old)

        fields = {
            now(old): replace(
                each,
                key=now(old),
                entity=name,
                target=self.new_entity(each.target),
                currency_from=now(each.currency_from),
            )
            for old, each in entity.fields.items()
        }
        constraints = {
            each.key: replace(each, fields=tuple(map(now, each.fields)))
            for each in entity.constraints.values()
        }
        return replace(
            entity,
            key=key,
            package=package,
            fields=MappingProxyType(fields),
            parent=self.new_entity(entity.parent),
            constraints=MappingProxyType(constraints),
            key_fields=tuple(map(now, entity.key_fields)),
            search_fields=tuple(map(now, entity.search_fields)),
            owner_field=now(entity.owner_field),
            collaborators_field=now(entity.collaborators_field),
            state_field=now(entity.state_field),
        )


def renames(old: Catalog | None, new: Catalog) -> Renames:
    """Return what keeps its records and values although it has another key in ``new``.

    Only what is in force under a former key is renamed; a former key from before that says nothing any more.
    """
    if old is None:
        return Renames()
    entities, fields = {}, {}
    for name, entity in new.entities.items():
        former = [f"{entity.package}.{key}" for key in entity.was]
        before = name if name in old.entities else _latest(former, old.entities, new.entities)
        if before is None:
            continue
        if before != name:
            entities[name] = before
        found = _fields(old.entities[before].fields, entity.fields)
        if found:
            fields[name] = found
    return Renames(entities, fields)


def _fields(old: Mapping[str, Field], new: Mapping[str, Field]) -> dict[str, str]:
    found = {}
    for key, each in new.items():
        before = _latest(each.was, old, new) if key not in old else None
        if before is not None:
            found[key] = before
    return found


def _latest(
    former: Iterable[str], old: Mapping[str, object], new: Mapping[str, object]
) -> str | None:
    """Return the last of the former names that is in force and is not used for something else from now on."""
    known = [name for name in former if name in old and name not in new]
    return known[-1] if known else None
