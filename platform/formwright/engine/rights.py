"""What the grants of an actor's roles add up to, before any record is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from formwright.definitions.model import Action, Catalog, Grant
from formwright.engine.actor import Actor

_NONE: Mapping[str, str] = MappingProxyType({})
#: Actions that are about values: what grants of these say about fields counts.
_WRITING = frozenset({Action.CREATE, Action.UPDATE, Action.IMPORT})


@dataclass(frozen=True, slots=True)
class Levels:
    """What somebody may do with the fields of a record."""

    hidden: frozenset[str] = frozenset()
    masks: Mapping[str, str] = field(default_factory=lambda: _NONE)
    locked: frozenset[str] = frozenset()

    @property
    def unlimited(self) -> bool:
        """True when every field is open."""
        return not (self.hidden or self.masks or self.locked)

    def is_clear(self, key: str) -> bool:
        """Return whether a field can be read in full."""
        return key not in self.hidden and key not in self.masks


OPEN = Levels()


def united(levels: Sequence[Levels]) -> Levels:
    """Return what several grants that all apply give together: for each field the most that one of them gives."""
    if not levels:
        return OPEN
    if len(levels) == 1:
        return levels[0]
    hidden = frozenset[str].intersection(*(each.hidden for each in levels))
    masks = {
        key: mask
        for each in reversed(levels)
        for key, mask in each.masks.items()
        if not any(other.is_clear(key) for other in levels)
    }
    locked = frozenset[str].intersection(*(each.locked for each in levels))
    return Levels(hidden, MappingProxyType(masks), locked)


def stricter(levels: Levels, limit: Levels) -> Levels:
    """Return what both leave open: for each field the less that one of them gives."""
    hidden = levels.hidden | limit.hidden
    masks = {
        key: mask for key, mask in {**levels.masks, **limit.masks}.items() if key not in hidden
    }
    masks |= {key: "all" for key in masks if _differ(levels.masks.get(key), limit.masks.get(key))}
    return Levels(hidden, MappingProxyType(masks), levels.locked | limit.locked)


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


@dataclass(frozen=True, slots=True)
class Profile:
    """Grants that say the same about fields. Without ``limited`` ones among them they reach every record."""

    levels: Levels
    grants: tuple[Grant, ...]

    @property
    def everywhere(self) -> bool:
        """True when it reaches every record."""
        return any(not grant.limited for grant in self.grants)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an actor may do with the records of an entity by one action: the profiles that add something."""

    profiles: tuple[Profile, ...] = ()

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Every grant that counts."""
        return tuple(grant for profile in self.profiles for grant in profile.grants)

    @property
    def everywhere(self) -> bool:
        """True when every record is within reach."""
        return any(profile.everywhere for profile in self.profiles)

    @property
    def most(self) -> Levels:
        """The fields that are open on at least some record."""
        return united([profile.levels for profile in self.profiles])

    def within(self, other: Standing) -> Standing:
        """Return what is left to somebody through whose eyes another looks, who stands as ``other``.

        Only what the other one may do with every record counts: where that depends on the record, nothing is left.
        """
        base = [profile.levels for profile in other.profiles if profile.everywhere]
        if not base:
            return Standing()
        limit = united(base)
        return Standing(
            tuple(
                replace(profile, levels=stricter(profile.levels, limit))
                for profile in self.profiles
            )
        )

    def of(self, matching: Sequence[int]) -> Levels:
        """Return what is open on a record that the profiles of these numbers reach; without any, nothing that differs."""
        if matching:
            return united([self.profiles[number].levels for number in matching])
        every = [profile.levels for profile in self.profiles]
        return Levels(
            frozenset[str]().union(*(each.hidden | each.masks.keys() for each in every)),
            locked=frozenset[str]().union(*(each.locked for each in every)),
        )


def grants_for(
    catalog: Catalog, actor: Actor, action: Action, entity: str, day: date
) -> list[Grant]:
    """Return the grants in force on ``day`` that let ``actor`` do ``action`` on some records of ``entity``."""
    return [
        grant
        for grant in catalog.grants_by.get((entity, action), ())
        if grant.role in actor.roles and (grant.until is None or grant.until >= day)
    ]


def standing(catalog: Catalog, actor: Actor, action: Action, entity: str, day: date) -> Standing:
    """Return what the actor's grants add up to, with those left out that add nothing."""
    by_levels: dict[tuple[Any, ...], list[Grant]] = {}
    for grant in grants_for(catalog, actor, action, entity, day):
        by_levels.setdefault(_mark(grant, action), []).append(grant)
    profiles = [Profile(_levels(grants[0], action), tuple(grants)) for grants in by_levels.values()]
    everywhere = [profile for profile in profiles if profile.everywhere]
    if not everywhere:
        return Standing(tuple(profiles))
    base = Profile(
        united([profile.levels for profile in everywhere]),
        tuple(grant for profile in everywhere for grant in profile.grants if not grant.limited),
    )
    adding = [
        profile
        for profile in profiles
        if not profile.everywhere and united([base.levels, profile.levels]) != base.levels
    ]
    return Standing((base, *adding))


def _levels(grant: Grant, action: Action) -> Levels:
    if action is Action.READ:
        return Levels(grant.hidden, grant.masks)
    return Levels(locked=grant.locked) if action in _WRITING else OPEN


def _mark(grant: Grant, action: Action) -> tuple[Any, ...]:
    levels = _levels(grant, action)
    return (levels.hidden, tuple(sorted(levels.masks.items())), levels.locked)
