"""The example of docs/plugin-guide.md is run as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from formwright.fieldtypes.base import FieldType
from formwright.plugins import manager
from formwright.plugins.hookspecs import Hooks

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "plugin-guide.md").read_text(encoding="utf-8")
FILES = dict(
    re.findall(
        r"^`plugins/(paint/[\w/]+\.py)`:\n\n```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL
    )
)


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / "plugins" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "plugins"


def test_the_example_loads_and_adds_what_it_says(folder):
    found = manager.load([folder], entry_points=False)
    (report,) = found.report
    assert (report.field_types, report.functions, report.validators) == (
        ("paint_colour",),
        ("BRIGHTNESS",),
        ("IS_LIGHT",),
    )


def test_the_examples_own_tests_pass(folder):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_every_hook_is_in_the_guide():
    hooks = {name for name in vars(Hooks) if name.startswith("formwright_")}
    assert hooks == set(re.findall(r"`(formwright_\w+)` \|", GUIDE))


def test_every_method_of_a_field_type_is_in_the_guide():
    members = {name for name in vars(FieldType) if not name.startswith("_")} - {"virtual", "many"}
    assert {name for name in members if f"`{name}" not in GUIDE} == set()
