"""Record documents judged by JSON Schema: the last look before a record is stored, and the schema others may use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from formwright.definitions.judge import validator_for
from formwright.definitions.model import Entity
from formwright.engine.drafts import Violation
from formwright.texts import say


def json_schema(entity: Entity) -> Mapping[str, Any]:
    """Return the JSON Schema 2020-12 of the stored documents of ``entity``, put together by the field types.

    What is computed, or may be missing because a condition hides it, is not required.
    """
    fields = [field for field in entity.fields.values() if not field.type.virtual]
    required = [
        field.key
        for field in fields
        if field.required and field.writable and field.visible_when is None and not field.type.many
    ]
    return MappingProxyType(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": str(entity.title),
            "type": "object",
            "properties": {field.key: dict(field.type.json_schema(field)) for field in fields},
            "required": required,
            "additionalProperties": False,
        }
    )


class DocumentJudge:
    """Judges the documents of one entity; the validator is made once."""

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self._properties = {
            key: validator_for(schema) for key, schema in json_schema(entity)["properties"].items()
        }

    def violations(self, document: Mapping[str, Any], before: Mapping[str, Any]) -> list[Violation]:
        """Return what does not fit in those parts of ``document`` that differ from ``before``.

        Field types say the same in kinder words before; what is found here would otherwise have been stored.
        """
        found = []
        for key, value in document.items():
            validator = self._properties.get(key)
            if validator is None or before.get(key) == value:
                continue
            error = next(validator.iter_errors(value), None)
            if error is not None:
                found.append(
                    Violation(say("The value does not fit: %(reason)s", reason=error.message), key)
                )
        return found
