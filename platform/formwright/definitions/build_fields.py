"""Fields without their expressions: types, options, limits, and what they point to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from babel.numbers import list_currencies

from formwright.definitions.building import CORE, USER, Building, EntityDraft, humanise
from formwright.definitions.model import BUILT_IN_FIELDS, Field, Option, Setting
from formwright.definitions.parts import Part
from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.fieldtypes import patterns
from formwright.fieldtypes.base import FieldType, ValueProblem
from formwright.texts import Label, say

# Attributes that are taken as they are written: name in the file -> name in the model.
_PLAIN = {
    "required": "required", "readOnly": "read_only", "writeOnly": "write_only", "immutable": "immutable",
    "on_hide": "on_hide", "stored": "stored", "unique": "unique", "indexed": "indexed", "searchable": "searchable",
    "filterable": "filterable", "sortable": "sortable", "sensitive": "sensitive", "mask": "mask", "track": "track",
    "copied": "copied", "hidden": "hidden", "timeline": "timeline", "public": "public", "widget": "widget",
    "counts_for_completeness": "counts_for_completeness", "deprecated": "deprecated", "minLength": "min_length",
    "maxLength": "max_length", "minItems": "min_items", "maxItems": "max_items",
    "allow_other": "allow_other", "inverse": "inverse", "on_delete": "on_delete", "quick_create": "quick_create",
    "currency": "currency", "currency_from": "currency_from", "default_region": "default_region", "line": "line",
    "regions": "regions", "multiple": "multiple", "rows": "rows",
}  # fmt: skip
_LISTS = ("was", "suggestions", "accept", "synonyms", "examples")
_NUMBERS = {
    "minimum": "minimum", "maximum": "maximum", "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum", "multipleOf": "multiple_of",
}  # fmt: skip
_SCALED = frozenset({"decimal", "money", "percent", "formula"})
_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_MAX_SCALE = 8
_PAIRS = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))


class FieldBuilder:
    """Makes fields from their parts."""

    def __init__(self, building: Building) -> None:
        self._building = building
        self.option_sets: dict[str, tuple[Option, ...]] = {}

    def draft(self, part: Part, entity: EntityDraft) -> None:
        """Add the field of ``part`` to ``entity``, without its expressions."""
        key = part.key
        if key in BUILT_IN_FIELDS:
            message = say("'%(name)s' is a column that every record has already", name=key)
            self._building.problem(part.location, "FW205", message)
            return
        if key in entity.fields:
            where = entity.parts[key].location
            message = say(
                "'%(entity)s' has a field '%(name)s' already, at %(place)s",
                entity=entity.name,
                name=key,
                place=where,
            )
            self._building.problem(part.location, "FW205", message)
            return
        entity.parts[key] = part
        entity.fields[key] = self.field(part, entity.name)

    def field(self, part: Part, entity: str) -> Field:
        """Return the field of ``part``."""
        kind = self._building.type_of(part.text("type"))
        written: dict[str, Any] = {
            name: part.get(word) for word, name in _PLAIN.items() if word in part
        }
        written |= {name: tuple(part.get(name)) for name in _LISTS if name in part}
        written |= {
            name: Decimal(part.get(word)) for word, name in _NUMBERS.items() if word in part
        }
        found = Field(
            key=part.key,
            entity=entity,
            type=kind,
            title=self._building.label(part, "title", humanise(part.key)),
            description=self._building.label(part, "description"),
            placeholder=self._building.label(part, "placeholder"),
            options=self._options(part),
            scale=self._scale(part, kind),
            **written,
        )
        found = self._with_targets(found, part)
        self._check_limits(part)
        return found

    def _with_targets(self, found: Field, part: Part) -> Field:
        """Return the field with the names in it resolved."""
        building, package = self._building, part.package
        changes: dict[str, Any] = {}
        if "max_size" in part:
            changes["max_size"] = _bytes(part.text("max_size"))
        if "pattern" in part:
            changes["pattern"] = self._pattern(part)
        if "option_set" in part:
            name = building.find(
                "option_set", part.text("option_set"), package, part.at("option_set")
            )
            if name is None:
                building.broken.add(part.key)  # its values cannot be judged
            changes |= {"option_set": name or "", "options": self.option_sets.get(name or "", ())}
        if "sequence" in part:
            changes["sequence"] = (
                building.find("sequence", part.text("sequence"), package, part.at("sequence")) or ""
            )
        if found.type.name == "user":
            changes["target"] = self._user(part)
        for name in ("to", "of"):
            if name in part:
                target = building.find("entity", part.text(name), package, part.at(name))
                changes["target"] = target or ""
                if target is None:
                    building.broken.add(part.key)  # nor can anything that goes through it
        if found.type.name in {"choice", "choices"}:
            self._check_choice(part)
        if "currency" in part and part.text("currency") not in list_currencies():
            message = say("there is no currency '%(name)s'", name=part.text("currency"))
            building.problem(part.at("currency"), "FW102", message)
        return replace(found, **changes)

    def _user(self, part: Part) -> str:
        """Return the entity of the people who log in, which the core brings."""
        if CORE not in self._building.packages:
            message = say("the package '%(key)s' is required and not there", key=CORE)
            self._building.problem(part.at("type"), "FW203", message)
        return USER

    def _check_choice(self, part: Part) -> None:
        given = [name for name in ("options", "option_set") if name in part]
        if len(given) == 2:
            message = say(
                "'%(one)s' and '%(other)s' cannot both be given", one=given[0], other=given[1]
            )
            self._building.problem(part.at("option_set"), "FW109", message)
        elif not given:
            message = say(
                "a field of type '%(type)s' needs 'options' or 'option_set'", type=part.text("type")
            )
            self._building.problem(part.location, "FW104", message, ("options", "option_set"))

    def _check_limits(self, part: Part) -> None:
        for low, high in _PAIRS:
            if low in part and high in part and part.get(low) > part.get(high):
                message = say("'%(low)s' is larger than '%(high)s'", low=low, high=high)
                self._building.problem(part.at(low), "FW109", message)
        for name in ("minLength", "maxLength", "minItems", "maxItems", "rows", "multipleOf"):
            if name in part and part.get(name) < (1 if name == "rows" else 0):
                self._building.problem(
                    part.at(name), "FW106", say("the value must be at least %(limit)s", limit=0)
                )
        if "multipleOf" in part and part.get("multipleOf") == 0:
            self._building.problem(
                part.at("multipleOf"),
                "FW106",
                say("the value must be larger than %(limit)s", limit=0),
            )

    def _scale(self, part: Part, kind: FieldType) -> int:
        scale = part.get("scale")
        if scale is None:
            whole = part.text("returns") in {"integer", "rating"}
            return 2 if kind.name in _SCALED and not whole else 0
        if not 0 <= scale <= _MAX_SCALE:
            message = say("the value must be between %(low)s and %(high)s", low=0, high=_MAX_SCALE)
            self._building.problem(part.at("scale"), "FW106", message)
            return 2
        return int(scale)

    def _pattern(self, part: Part) -> str | None:
        problem = patterns.pattern_problem(part.text("pattern"))
        if problem is not None:
            self._building.problem(part.at("pattern"), "FW111", problem)
            return None
        return part.text("pattern")

    # --- options --------------------------------------------------------------------------------------------

    def _options(self, part: Part, short: str = "") -> tuple[Option, ...]:
        """Return the options listed in ``part``; ``short`` is the path before their values in translations."""
        seen: dict[str, Option] = {}
        for index, (written, item) in enumerate(part.items("options", "value")):
            option = self._option(written, item, ".".join(item.path[:-2]) if short else "")
            if option.value in seen:
                message = say("the option '%(value)s' is given twice", value=option.value)
                self._building.problem(part.at_item("options", index), "FW205", message)
            seen.setdefault(option.value, option)
        return tuple(seen.values())

    def _option(self, written: Any, item: Part, short: str) -> Option:
        value = str(item.get("value")) if isinstance(written, dict) else str(written)
        path = ".".join(item.path)
        more = (path, f"{short}.{value}", f"{short}.{value}.title") if short else (path,)
        title = self._building.text(
            item.package, f"{path}.title", item.text("title") or value, *more
        )
        return Option(
            value=value,
            title=title,
            color=item.text("color"),
            icon=item.text("icon"),
            description=self._building.label(item, "description"),
            group=item.text("group"),
            deprecated=item.get("deprecated", False),
            was=tuple(item.get("was", ())),
        )

    def add_option_sets(self) -> None:
        """Read all shared lists of choices."""
        for name, part in self._building.all_of("option_set"):
            self._building.label(part, "title", humanise(part.key))
            self.option_sets[name] = self._options(part, short="yes")

    # --- settings, values -----------------------------------------------------------------------------------

    def add_settings(self) -> None:
        """Read the settings of all packages; their names are shared, so that ``settings.x`` is one thing."""
        settings = self._building.settings
        for package in self._building.packages.values():
            for part in package.root.parts("settings"):
                if part.key in settings:
                    message = say(
                        "there is a setting '%(name)s' in '%(package)s' already",
                        name=part.key,
                        package=settings[part.key].package,
                    )
                    self._building.problem(part.location, "FW205", message)
                    continue
                found = self.field(part, "@settings")
                settings[part.key] = Setting(part.key, package.key, self.with_default(found, part))

    def with_default(self, found: Field, part: Part) -> Field:
        """Return the field with its default, as a value of its type; the examples are judged likewise."""
        if "examples" in part:
            good = [
                self.value(found, value, part, "examples", index)
                for index, value in enumerate(part.get("examples"))
            ]
            found = replace(found, examples=tuple(value for value in good if value is not None))
        if "default" not in part:
            return found
        return replace(found, default=self.value(found, part.get("default"), part, "default"))

    def value(
        self, found: Field, value: Any, part: Part, name: str, index: int | None = None
    ) -> Any:
        """Return ``value`` as the type of the field takes it; None, with a problem, when it does not."""
        if self._building.is_broken(found.key):
            return None
        place = part.at(name) if index is None else part.at_item(name, index)
        try:
            accepted = found.type.accept(found, value)
            wrong = None if accepted is None else found.type.check(found, accepted)
        except ValueProblem as problem:
            wrong = problem.text
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            wrong = say("it is no value of this type")
        if wrong is None:
            return accepted
        message = say(
            "'%(value)s' does not fit the field '%(name)s': %(reason)s",
            value=_shown(value),
            name=found.key,
            reason=wrong,
        )
        self._building.problem(place, "FW110", message)
        return None

    def returned_kind(self, found: Field, part: Part) -> Kind | None:
        """Return the kind that ``returns`` promises for a formula, or None when it is left to the expression."""
        if "returns" not in part:
            return None
        kind = self._building.type_of(part.text("returns"))
        if kind.virtual or kind.name in {"formula", "sequence"}:
            message = say("an expression cannot return the type '%(type)s'", type=kind.name)
            self._building.problem(part.at("returns"), "FW102", message)
            return None
        if kind.name == "money" and not (found.currency or found.currency_from):
            return kinds.money("")  # that of the amounts it is made of
        return kind.kind(found)


def backlink(key: str, entity: str, reference: Field, kind: FieldType, title: Label) -> Field:
    """Return the list of records that refer to an entity through ``reference``."""
    return Field(
        key=key, entity=entity, type=kind, title=title, target=reference.entity, via=reference.key
    )


def totals(found: Field, part: Part, building: Building) -> Mapping[str, str]:
    """Return the totals under the columns of a subform, each of a field that its rows have."""
    given = part.part("totals")
    child = building.entities.get(found.target)
    if child is None:
        return MappingProxyType({})
    good = {}
    for key, how in given.data.items():
        column = child.fields.get(key)
        if column is None:
            message = say("'%(name)s' is no field of '%(entity)s'", name=key, entity=child.name)
            building.unknown(given.place.of_key(key), message, key, child.fields)
        elif (
            how in {"sum", "avg"}
            and column.type.name != "formula"
            and column.kind.base not in kinds.MONEY_LIKE
        ):
            message = say("'%(name)s' is no number, it has no %(total)s", name=key, total=how)
            building.problem(given.place.of_key(key), "FW109", message)
        else:
            good[key] = how
    return MappingProxyType(good)


def _bytes(size: str) -> int:
    number = size.rstrip("BKMG ")
    return int(number) * _UNITS[size[len(number) :].strip()]


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"
