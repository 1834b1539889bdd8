"""Every link between our own documents leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")]
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path):
    broken = []
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        path, _, _anchor = target.partition("#")
        if (
            path
            and "://" not in path
            and not path.startswith("mailto:")
            and not (document.parent / path).exists()
        ):
            broken.append(target)
    assert broken == []
