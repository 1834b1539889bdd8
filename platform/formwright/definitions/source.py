"""The files of a definition: read once, as text, into plain data with the place of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from formwright.definitions.json_text import parse_json
from formwright.definitions.limits import MAX_BYTES
from formwright.definitions.places import Place, Source
from formwright.definitions.yaml_text import parse_yaml
from formwright.errors import Location, Problem
from formwright.texts import say

#: File name endings that are read as definitions.
SUFFIXES = (".yaml", ".yml", ".json")

# Control characters, line ends that only some editors see, marks that turn the direction of text around (so that a
# reviewer reads something else than the machine), halves of surrogate pairs, and non-characters.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one file and where it stands."""

    file: str
    data: dict[str, Any]
    place: Place

    @property
    def digest(self) -> bytes:
        """What the text and its notation come down to: equal for files that hold the same."""
        notation = "json" if self.file.endswith(".json") else "yaml"
        return sha256(f"{notation}\n{self.place.source.text}".encode()).digest()


def read_file(path: Path, shown: str, problems: list[Problem]) -> str | None:
    """Return the text of a file that is shown to people as ``shown``; note a problem when it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problems.append(
            Problem(
                Location(shown), "FW005", say("the file cannot be read: %(reason)s", reason=reason)
            )
        )
        return None
    return decode(content, shown, problems)


def decode(content: bytes, shown: str, problems: list[Problem]) -> str | None:
    """Return the text of ``content``, which must be UTF-8; a byte order mark is dropped."""
    if len(content) > MAX_BYTES:
        problems.append(
            Problem(
                Location(shown),
                "FW004",
                say("the file is larger than %(limit)s bytes", limit=MAX_BYTES),
            )
        )
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        problems.append(
            Problem(Location(shown, line, column), "FW005", say("the file is not UTF-8 text"))
        )
        return None


def parse(file: str, text: str, problems: list[Problem]) -> Document | None:
    """Return the document in ``text``; None when it is empty, or not readable and its problems are noted."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        problems.append(
            Problem(
                Location(file),
                "FW004",
                say("the file is larger than %(limit)s bytes", limit=MAX_BYTES),
            )
        )
        return None
    source = Source.of(file, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    refused = _REFUSED.search(source.text)
    if refused is not None:
        name = f"U+{ord(refused[0]):04X}"
        problems.append(
            Problem(
                source.location(refused.start()),
                "FW005",
                say("the character %(name)s is not allowed in a definition", name=name),
            )
        )
        return None
    found = parse_json(source, problems) if file.endswith(".json") else parse_yaml(source, problems)
    if found is None:
        return None
    data, place = found
    if data is None:
        return None
    if not isinstance(data, dict):
        problems.append(
            Problem(
                place.location,
                "FW006",
                say("a definition file is a map of names, such as 'entities:'"),
            )
        )
        return None
    return Document(file, data, place)
