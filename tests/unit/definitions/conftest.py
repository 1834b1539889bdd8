"""Small packages for the tests of definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from formwright.definitions.load import load_sources
from formwright.definitions.model import Catalog
from formwright.errors import DefinitionErrors, Problem
from formwright.fieldtypes.registry import Registry, builtin

HOME = Path(__file__).resolve().parents[2] / "homes" / "inspection" / "apps_definitions"

CORE = (HOME / "core" / "package.yaml").read_text(encoding="utf-8")
HEAD = "package: {key: shop, title: Shop, version: 1.0.0}\n"

#: Texts of a package's files, or the text of its only file without the manifest.
Texts = str | Mapping[str, str]
Load = Callable[..., Catalog]
Find = Callable[..., list[Problem]]


def sources(texts: Texts) -> dict[str, str]:
    """Return the files of a shop with ``texts``, and of the core."""
    if isinstance(texts, str):
        texts = {"shop/shop.yaml": texts}
    files = {"core/package.yaml": CORE, **texts}
    if not any("package:" in text for path, text in texts.items() if path.startswith("shop/")):
        files["shop/package.yaml"] = HEAD
    return files


@pytest.fixture(scope="session")
def registry() -> Registry:
    return builtin()


@pytest.fixture(scope="session")
def load(registry: Registry) -> Load:
    """Load a package that is right."""

    def load_texts(texts: Texts, **options: Any) -> Catalog:
        return load_sources(sources(texts), registry, **options)

    return load_texts


@pytest.fixture(scope="session")
def problems(registry: Registry) -> Find:
    """Load a package that is wrong, and return what is said about it."""

    def find_problems(texts: Texts) -> list[Problem]:
        with pytest.raises(DefinitionErrors) as caught:
            load_sources(sources(texts), registry)
        return list(caught.value.problems)

    return find_problems


@pytest.fixture(scope="session")
def place() -> Callable[[str, str], tuple[int, int]]:
    """Return line and column of the first place of a piece of a text."""

    def find_place(text: str, piece: str) -> tuple[int, int]:
        offset = text.index(piece)
        return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)

    return find_place
