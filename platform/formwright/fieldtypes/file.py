"""Field types for uploads: file, image."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from formwright import ids
from formwright.expressions import kinds
from formwright.expressions.kinds import Base, Kind
from formwright.fieldtypes.base import Example, FieldLike, FieldType, ValueProblem
from formwright.fieldtypes.several import count_problem, enumerate_words
from formwright.fieldtypes.spelling import one_line
from formwright.texts import Reader, Text, say

#: The pictures that are decoded here; everything else is only handed out for download.
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_NAME_LENGTH = 255
_PARTS: Mapping[str, type] = {"id": int, "name": str, "size": int, "type": str}
_FILE_KIND = Kind(
    Base.OBJECT, members={"name": kinds.TEXT, "size": kinds.NUMBER, "type": kinds.TEXT}
)
_EXAMPLE_ID = 123_456_789
_EXAMPLE = ({"id": _EXAMPLE_ID, "name": "报价.pdf", "size": 20_480, "type": "application/pdf"},)
_PICTURE = ({"id": _EXAMPLE_ID, "name": "photo.jpg", "size": 20_480, "type": "image/jpeg"},)


def _typed(files: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(
        [{**item, "id": ids.format_id(item["id"])} for item in files], ensure_ascii=False
    )


class FileType(FieldType):
    """Uploaded files: for each its id in the file store, name, size in bytes and media type.

    A text or a document only names files. Whether they exist, and that name, size and type are those of the
    upload, is looked up in the file store by whoever saves the record.
    """

    name = "file"
    attributes = frozenset({"multiple", "accept", "max_size", "minItems", "maxItems"})
    widget = "file"
    operators: ClassVar[tuple[str, ...]] = ("empty", "not_empty")
    many = True
    examples: ClassVar[tuple[Example, ...]] = (
        Example(_typed(_EXAMPLE), _EXAMPLE),
        Example("", None),
        Example("report.pdf", wrong=True),
        Example('[{"id": 1}]', wrong=True),
    )

    def kind(self, field: FieldLike) -> Kind:
        """Return a list of files with their name, size and media type."""
        return kinds.list_of(_FILE_KIND)

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the files that a JSON list describes, ids written as in addresses."""
        return self.parse_many(field, [typed], reader)

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the files of all texts, each once; a text is one file or a list of them."""
        found: dict[int, dict[str, Any]] = {}
        for text in typed:
            for item in _read_json(text):
                file = _read_file(item)
                found.setdefault(file["id"], file)
        return tuple(found.values()) or None

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the names of the files."""
        return enumerate_words([item["name"] for item in value], reader)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return the JSON list that ``parse`` reads."""
        return _typed(value)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the files of a list of objects, or of a text."""
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        if not isinstance(value, list | tuple):
            _refuse()
        return tuple(_read_file(item) for item in value) or None

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for too many files, one that is too large, or one of a kind not wanted."""
        if len(value) > 1 and not field.multiple:
            return say("Choose one file only.")
        for item in value:
            if item["size"] > field.max_size:
                return say(
                    "“%(name)s” is larger than %(limit)s.",
                    name=item["name"],
                    limit=show_size(field.max_size),
                )
            if not self.is_accepted(field, item["name"], item["type"]):
                return self._unwanted(field, item["name"])
        return count_problem(field, len(value))

    def is_accepted(self, field: FieldLike, name: str, media_type: str) -> bool:
        """Return True when the field takes a file of this name and media type."""
        return not field.accept or any(_fits(pattern, name, media_type) for pattern in field.accept)

    def to_stored(self, field: FieldLike, value: Any) -> Any:
        """Return a list of objects."""
        return [dict(item) for item in value]

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return a tuple of objects."""
        return tuple(stored)

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return the names."""
        return " ".join(item["name"] for item in value)

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of a list of files."""
        limit: dict[str, Any] = {} if field.multiple else {"maxItems": 1}
        return {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer", "minimum": 0},
                    "name": {"type": "string", "minLength": 1, "maxLength": _NAME_LENGTH},
                    "size": {"type": "integer", "minimum": 0, "maximum": field.max_size},
                    "type": {"type": "string"},
                },
                "required": list(_PARTS),
                "additionalProperties": False,
            },
            **limit,
        }

    def _unwanted(self, field: FieldLike, name: str) -> Text:
        return say(
            "“%(name)s” is not of a kind this field takes: %(kinds)s.",
            name=name,
            kinds=", ".join(field.accept),
        )


class ImageType(FileType):
    """Uploaded pictures that a browser can show: PNG, JPEG, WebP, GIF."""

    name = "image"
    widget = "image"
    examples: ClassVar[tuple[Example, ...]] = (
        Example(_typed(_PICTURE), _PICTURE),
        Example("", None),
        Example(_typed(_EXAMPLE), wrong=True),
    )

    def is_accepted(self, field: FieldLike, name: str, media_type: str) -> bool:
        """Return True for a picture that the field takes."""
        return media_type in IMAGE_TYPES and super().is_accepted(field, name, media_type)

    def _unwanted(self, field: FieldLike, name: str) -> Text:
        return say("“%(name)s” is not a picture: PNG, JPEG, WebP or GIF.", name=name)


def show_size(size: int) -> str:
    """Return a number of bytes for people.

    >>> show_size(25 * 1024 * 1024), show_size(900)
    ('25 MB', '900 B')
    """
    amount, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):  # noqa: B007 -- the unit it stops at is the answer
        if amount < 1024:
            break
        amount /= 1024
    return (
        f"{amount:.0f} {unit}"
        if amount >= 10 or unit == "B"
        else f"{amount:.1f} {unit}".replace(".0 ", " ")
    )


def _fits(pattern: str, name: str, media_type: str) -> bool:
    """Return True when ``.pdf``, ``image/*`` or ``application/pdf`` describes the file."""
    if pattern.startswith("."):
        return name.lower().endswith(pattern.lower())
    if pattern.endswith("/*"):
        return media_type.startswith(pattern[:-1])
    return media_type == pattern


def _read_json(text: str) -> list[Any]:
    if not text.strip():
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        _refuse()
    return found if isinstance(found, list) else [found]


def _read_file(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping) or set(item) != set(_PARTS):
        _refuse()
    file = {**item, "id": ids.parse_id(item["id"]) if isinstance(item["id"], str) else item["id"]}
    if any(
        not isinstance(file[key], kind) or isinstance(file[key], bool)
        for key, kind in _PARTS.items()
    ):
        _refuse()
    name = one_line(file["name"]).replace("/", "_").replace("\\", "_")[:_NAME_LENGTH]
    if not name or file["id"] < 0 or file["size"] < 0:
        _refuse()
    return {"id": file["id"], "name": name, "size": file["size"], "type": file["type"]}


def _refuse() -> NoReturn:
    raise ValueProblem(say("Choose a file."))
