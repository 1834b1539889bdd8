"""The JSON Schema 2020-12 of definition files: published for editors, and what judges every file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, assert_never

from formwright.definitions.language import CONSTRUCTS, DATA, FILE
from formwright.definitions.scalars import KEYS, SCHEMAS
from formwright.definitions.shapes import (
    Attribute,
    Construct,
    Enum,
    FieldList,
    ListOf,
    MapOf,
    Obj,
    Ref,
    Scalar,
    Shape,
)
from formwright.fieldtypes.base import FieldType
from formwright.fieldtypes.registry import builtin

#: The address by which the schema is known; nothing is ever fetched from it.
SCHEMA_ID = "urn:formwright:definition:1"

#: What a field of a type cannot do without.
NEEDED_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "reference": ("to",),
    "references": ("to",),
    "backlink": ("from",),
    "subform": ("of",),
    "formula": ("compute",),
    "sequence": ("sequence",),
}


class TypeWord(NamedTuple):
    """A field type as far as the schema knows it."""

    name: str
    attributes: frozenset[str]


def json_schema(
    types: Iterable[FieldType | TypeWord] | None = None, *, lost_types: bool = False
) -> dict[str, Any]:
    """Return the schema of one file of a package, for the given field types (the built-in ones when None).

    With ``lost_types`` a field may have a type that nobody knows: a published revision must stay readable
    when a plugin is gone.
    """
    known = sorted(builtin() if types is None else types, key=lambda kind: kind.name)
    maker = _Maker(known, lost_types=lost_types)
    definitions = {
        name: maker.construct(found) for name, found in CONSTRUCTS.items() if name != "field"
    }
    definitions["field"] = maker.field(CONSTRUCTS["field"])
    definitions["data"] = maker.construct(DATA)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Formwright definition",
        **maker.construct(FILE),
        "$defs": definitions,
    }


class _Maker:
    """Turns the attribute tables into schemas."""

    def __init__(self, types: list[FieldType | TypeWord], *, lost_types: bool) -> None:
        self._types = types
        self._lost_types = lost_types

    def construct(self, construct: Construct) -> dict[str, Any]:
        return self._object(construct, construct.attributes)

    def field(self, construct: Construct) -> dict[str, Any]:
        """Return the schema of a field, with the attributes that only some types take tied to these types."""
        schema = self.construct(construct)
        if self._lost_types:
            return schema
        owners = {
            attribute.name: self._takers(attribute.name)
            for attribute in construct.attributes
            if attribute.own
        }
        schema["dependentSchemas"] = {
            name: {"properties": {"type": {"enum": takers}}}
            for name, takers in owners.items()
            if takers
        }
        # One question first: most fields are of a type that needs nothing more.
        schema["if"] = {
            "required": ["type"],
            "properties": {"type": {"enum": list(NEEDED_BY_TYPE)}},
        }
        schema["then"] = {
            "allOf": [
                {
                    "if": {"properties": {"type": {"const": name}}},
                    "then": {"required": list(needed)},
                }
                for name, needed in NEEDED_BY_TYPE.items()
            ]
        }
        return schema

    def _takers(self, attribute: str) -> list[str]:
        return [kind.name for kind in self._types if attribute in kind.attributes]

    def _object(self, construct: Construct, attributes: Iterable[Attribute]) -> dict[str, Any]:
        listed = tuple(attributes)
        return {
            "type": "object",
            "description": construct.en,
            "properties": {attribute.name: self._described(attribute) for attribute in listed},
            "required": [attribute.name for attribute in listed if attribute.required],
            "additionalProperties": False,
        }

    def _described(self, attribute: Attribute) -> dict[str, Any]:
        return {"description": attribute.en, **self.shape(attribute.shape)}

    def shape(self, shape: Shape) -> dict[str, Any]:
        match shape:
            case Scalar("fieldtype"):
                return self._field_type()
            case Scalar(name):
                return {"$comment": name, **SCHEMAS[name]}
            case Enum(values):
                return {"enum": list(values)}
            case Ref(construct):
                return {"type": "string", "$comment": f"name of: {construct}", "maxLength": 200}
            case Obj(construct, short):
                return self._reference(construct, short)
            case ListOf(item):
                return {"type": "array", "items": self.shape(item), "maxItems": 10_000}
            case MapOf(item, keys):
                names = {"propertyNames": {"$comment": keys, **KEYS[keys]}} if keys in KEYS else {}
                return {"type": "object", "additionalProperties": self.shape(item), **names}
            case FieldList():
                return {
                    "type": ["array", "object"],
                    "items": {"type": "string"},
                    "additionalProperties": {"$ref": "#/$defs/node"},
                }
            case _:
                assert_never(shape)

    def _field_type(self) -> dict[str, Any]:
        if self._lost_types:
            return {"$comment": "fieldtype", "type": "string"}
        return {"$comment": "fieldtype", "enum": [kind.name for kind in self._types]}

    def _reference(self, construct: str, short: str) -> dict[str, Any]:
        if not short:
            return {"$ref": f"#/$defs/{construct}"}
        plain = ["string", "integer", "object"] if construct == "option" else ["string", "object"]
        return {**self.construct(CONSTRUCTS[construct]), "type": plain}
