"""Templates: every one compiles, every widget exists, and the house rules for htmx 4 hold."""

from __future__ import annotations

import re

import pytest
from jinja2 import Environment, FileSystemLoader

from formwright.fieldtypes.registry import builtin
from formwright.paths import tree

ROOT = tree("templates")
NAMES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.html"))
#: What needs eval in the browser, what htmx 4 does not know any more, and what the security policy forbids.
FORBIDDEN = {
    r"\bhx-on\b": "our scripts dispatch events; hx-on needs eval",
    r"hx-vals='js:": "js: values need eval",
    r"\bhx-ext\b": "extensions are imported, not named",
    r"\bhx-trigger=\"[^\"]*\[": "trigger filters need eval",
    r"\sstyle=": "style attributes are refused by the security policy",
    r"<script(?![^>]*\ssrc=)": "scripts inside a page are refused by the security policy",
    r"\son[a-z]+=\"": "handlers inside a page are refused by the security policy",
    r"\|\s*safe\b": "only web/respond.py and web/htmx.py make Markup",
    r"hx-(target|swap|select|boost)(?!:inherited)=\"[^\"]*\"[^>]*>\s*<ul": "inheritance is said",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles(name):
    environment = Environment(loader=FileSystemLoader(ROOT), autoescape=True)
    assert environment.get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_keeps_to_the_house_rules(name):
    source = (ROOT / name).read_text(encoding="utf-8")
    found = [reason for pattern, reason in FORBIDDEN.items() if re.search(pattern, source)]
    assert found == []


def test_every_field_type_has_its_widget():
    drawn_elsewhere = {"backlink", "subform"}
    wanted = {field_type.widget for field_type in builtin()} - drawn_elsewhere
    assert wanted <= {path.stem for path in (ROOT / "widgets").glob("*.html")}


def test_a_page_has_one_heading_and_a_title():
    for name in NAMES:
        source = (ROOT / name).read_text(encoding="utf-8")
        if 'extends "base.html"' not in source:
            continue
        assert "{% block title %}" in source, name
        assert source.count("<h1") == 1 or "include" in source, name
