"""The pages of ``docs/reference``, made from the code: ``python -m formwright.definitions.reference``.

A test holds the committed pages to what this module makes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from formwright.definitions.codes import CODES
from formwright.definitions.language import COLORS, CONSTRUCTS, DATA, FILE, LATER_TYPES
from formwright.definitions.language_types import TYPE_WORDS
from formwright.definitions.reference_words import PAGES, WORDS, Page, shape_words
from formwright.definitions.schema import NEEDED_BY_TYPE, json_schema
from formwright.definitions.shapes import Attribute, Construct
from formwright.expressions.builtin import BUILTIN
from formwright.expressions.functions import Function
from formwright.fieldtypes.base import FieldType
from formwright.fieldtypes.registry import builtin

#: The languages of the pages, with the folder of each.
FOLDERS: Mapping[str, str] = {"en": "", "zh-CN": "zh-CN/"}
SCHEMA_FILE = "definition.schema.json"


def pages() -> dict[str, str]:
    """Return every file of the reference: path below ``docs/reference`` -> text."""
    made: dict[str, str] = {}
    for language, folder in FOLDERS.items():
        for page in PAGES:
            made[f"{folder}{page.name}.md"] = _finish(_page(page, language))
        made[f"{folder}fields.md"] = _finish(_fields(language))
        made[f"{folder}expressions.md"] = _finish(_expressions(language))
        made[f"{folder}problems.md"] = _finish(_problems(language))
        made[f"{folder}README.md"] = _finish(_index(language))
    made[SCHEMA_FILE] = json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
    return made


def _word(key: str, language: str) -> str:
    return WORDS[key][0 if language == "en" else 1]


def _meaning(owner: Construct | Attribute, language: str) -> str:
    return owner.en if language == "en" else owner.zh


def _finish(lines: Iterator[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _index(language: str) -> Iterator[str]:
    yield f"# {_word('reference', language)}"
    yield ""
    yield _word("index_intro", language)
    yield ""
    for page in PAGES:
        yield f"- [{_title(page, language)}]({page.name}.md): {', '.join(f'`{name}`' for name in page.constructs)}"
    for name in ("fields", "expressions", "problems"):
        yield f"- [{_word(name, language)}]({name}.md)"
    schema = SCHEMA_FILE if language == "en" else f"../{SCHEMA_FILE}"
    yield f"- [{_word('schema', language)}]({schema})"
    yield ""
    yield f"## {_word('file', language)}"
    yield ""
    yield _meaning(FILE, language)
    yield ""
    yield from _table(FILE.attributes, language)
    yield ""
    yield from _later(FILE.later, language)


def _title(page: Page, language: str) -> str:
    return page.en if language == "en" else page.zh


def _page(page: Page, language: str) -> Iterator[str]:
    yield f"# {_title(page, language)}"
    yield ""
    for name in page.constructs:
        yield from _construct(DATA if name == "data" else CONSTRUCTS[name], language)
    if page.name == "entities":
        yield f"{_word('colors', language)}: {', '.join(f'`{color}`' for color in COLORS)}."


def _construct(construct: Construct, language: str) -> Iterator[str]:
    yield f"## {construct.name}"
    yield ""
    yield _meaning(construct, language)
    yield ""
    yield from _table(construct.attributes, language)
    yield ""
    yield from _later(construct.later, language)
    yield from _example(construct, language)


def _example(construct: Construct, language: str) -> Iterator[str]:
    if construct.example:
        yield f"{_word('example', language)}:"
        yield ""
        yield "```yaml"
        yield construct.example.rstrip("\n")
        yield "```"
        yield ""


def _later(names: Sequence[str], language: str) -> Iterator[str]:
    if names:
        yield f"{_word('later', language)}: {', '.join(f'`{name}`' for name in names)}."
        yield ""


def _table(attributes: Sequence[Attribute], language: str) -> Iterator[str]:
    heads = ("attribute", "value", "default", "meaning")
    yield "| " + " | ".join(_word(head, language) for head in heads) + " |"
    yield "| --- " * len(heads) + "|"
    for attribute in attributes:
        default = (
            f"**{_word('required', language)}**" if attribute.required else _default(attribute)
        )
        value = shape_words(attribute.shape, language)
        yield f"| `{attribute.name}` | {value} | {default} | {_cell(_meaning(attribute, language))} |"


def _default(attribute: Attribute) -> str:
    words = attribute.default
    if not words:
        return ""
    return words if words.startswith("the ") or " " in words else f"`{words}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- field types --------------------------------------------------------------------------------------------


def _fields(language: str) -> Iterator[str]:
    field = CONSTRUCTS["field"]
    yield f"# {_word('fields', language)}"
    yield ""
    yield _meaning(field, language)
    yield ""
    yield f"## {_word('common', language)}"
    yield ""
    yield from _table([attribute for attribute in field.attributes if not attribute.own], language)
    yield ""
    yield from _later(field.later, language)
    yield from _example(field, language)
    yield f"## {_word('own', language)}"
    yield ""
    yield from _table([attribute for attribute in field.attributes if attribute.own], language)
    yield ""
    yield f"## {_word('types', language)}"
    yield ""
    for kind in builtin():
        yield from _type(kind, language)
    yield from _later(LATER_TYPES, language)
    yield from _construct(CONSTRUCTS["fill"], language)


def _type(kind: FieldType, language: str) -> Iterator[str]:
    yield f"### {kind.name}"
    yield ""
    yield TYPE_WORDS[kind.name][0 if language == "en" else 1]
    yield ""
    own = [name for name in CONSTRUCTS["field"].names if name in kind.attributes]
    if own:
        needed = NEEDED_BY_TYPE.get(kind.name, ())
        shown = (f"**`{name}`**" if name in needed else f"`{name}`" for name in own)
        yield f"{_word('takes', language)}: {', '.join(shown)}."
        yield ""
    yield f"{_word('operators', language)}: {', '.join(f'`{operator}`' for operator in kind.operators)}."
    yield ""
    good = [
        example
        for example in kind.examples
        if example.typed.strip() and example.value is not None and not example.wrong
    ]
    if good:
        shown_examples = (f"`{_visible(example.typed)}`" for example in good)
        yield f"{_word('typed', language)}: {', '.join(shown_examples)}."
        yield ""


def _visible(typed: str) -> str:
    text = " ".join(typed.split())
    return text if len(text) <= 60 else text[:59] + "…"


# --- expressions and problems -------------------------------------------------------------------------------


def _expressions(language: str) -> Iterator[str]:
    yield f"# {_word('expressions', language)}"
    yield ""
    yield _word("expressions_intro", language)
    yield ""
    groups: dict[str, list[Function]] = {}
    for function in BUILTIN:
        groups.setdefault(function.group, []).append(function)
    for group, functions in groups.items():
        yield f"## {_word(f'group_{group}', language)}"
        yield ""
        yield (
            "| "
            + " | ".join(_word(head, language) for head in ("function", "meaning", "examples"))
            + " |"
        )
        yield "| --- | --- | --- |"
        for function in functions:
            examples = ", ".join(
                f"`{_cell(text)}` → `{_cell(result)}`" for text, result in function.examples
            )
            yield f"| `{_cell(function.signature)}` | {_cell(function.doc.in_language(language))} | {examples} |"
        yield ""


def _problems(language: str) -> Iterator[str]:
    yield f"# {_word('problems', language)}"
    yield ""
    yield _word("problems_intro", language)
    yield ""
    yield "| " + " | ".join(_word(head, language) for head in ("code", "meaning", "way_out")) + " |"
    yield "| --- | --- | --- |"
    for code in CODES:
        meaning, way_out = (code.en, code.out_en) if language == "en" else (code.zh, code.out_zh)
        yield f"| {code.code} | {_cell(meaning)} | {_cell(way_out)} |"


def write(folder: Path) -> list[Path]:
    """Write all pages below ``folder`` and return those that changed."""
    changed = []
    for name, text in pages().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def main() -> None:
    """Write the pages into the folder given, or into ``docs/reference`` here."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference")
    for path in write(folder):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
