"""Every sentence a person reads exists in Chinese too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "platform/formwright/translations/zh-CN.po"
PLACE = re.compile(r"%\((\w+)\)[sd]")
#: How sentences are marked: say("…"), say_many("one", "many", …), _("…").
KEYWORDS = {"say": None, "say_many": (1, 2), "ngettext": (1, 2), "_": None}


def in_python() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "platform/formwright").rglob("*.py")):
        for line, message, _, _ in extract_from_file("python", path, keywords=KEYWORDS):
            for text in message if isinstance(message, tuple) else (message,):
                yield f"{path.relative_to(ROOT)}:{line}", text
                break  # the plural form is no key of its own


def in_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for line, _, message, _ in babel_extract(
                file, ["_", "ngettext"], [], {"trimmed": "true", "silent": "false"}
            ):
                text = message[0] if isinstance(message, tuple) else message
                yield f"{path.relative_to(ROOT)}:{line}", text


@pytest.fixture(scope="module")
def chinese() -> dict[str, str]:
    with CATALOG.open("rb") as file:
        catalog = read_po(file, locale="zh_CN")
    found = {}
    for entry in catalog:
        if entry.id:
            key = entry.id if isinstance(entry.id, str) else entry.id[0]
            found[key] = entry.string if isinstance(entry.string, str) else entry.string[0]
    return found


def test_every_sentence_has_a_chinese_wording(chinese):
    missing = sorted(
        {
            f"{place}: {text!r}"
            for place, text in (*in_python(), *in_templates())
            if not chinese.get(text)
        }
    )
    assert not missing, f"{len(missing)} sentences:\n" + "\n".join(missing)


def test_places_in_a_sentence_are_kept_in_chinese(chinese):
    wrong = [
        text
        for text, wording in chinese.items()
        if wording and set(PLACE.findall(wording)) - set(PLACE.findall(text)) - {"count"}
    ]
    assert not wrong


def test_no_wording_stands_for_a_sentence_that_is_gone(chinese):
    used = {text for _, text in (*in_python(), *in_templates())}
    gone = sorted(set(chinese) - used)
    assert not gone, f"{len(gone)} wordings:\n" + "\n".join(gone)
