"""The shape of the repository, where a small slip has large effects."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    ".ci",
    "apps_definitions",
    "bench",
    "docs",
    "frontend",
    "platform",
    "plugins",
    "requirements",
    "templates",
    "tests",
}
FILES = {
    ".gitattributes",
    ".gitignore",
    ".npmrc",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "hatch_build.py",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "wsgi.py",
}


def tracked() -> list[Path]:
    """Return the files of the repository; skip where it is no checkout, as in an unpacked archive."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [Path(name) for name in listed.stdout.split("\0") if name]


def test_the_top_level_is_the_agreed_one():
    paths = tracked()
    assert {path.parts[0] for path in paths if len(path.parts) > 1} <= FOLDERS
    assert {path.name for path in paths if len(path.parts) == 1} <= FILES


def test_platform_holds_formwright_alone():
    inside = {path.name for path in (ROOT / "platform").iterdir()} - {"__pycache__"}
    assert inside == {"formwright"}


def test_nothing_shadows_the_standard_library_module_platform():
    # cwd first on sys.path, as `python -m` and most servers have it
    command = "import platform; print(platform.__file__); platform.system()"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert Path(done.stdout.strip()).name == "platform.py"
    assert ROOT not in Path(done.stdout.strip()).parents
    assert not (ROOT / "tests" / "platform").exists()


def test_no_tracked_file_names_a_package_registry():
    # Spelled in pieces, so that this file passes too.
    hosts = re.compile(
        "|".join(
            [
                "registry.npm" + "js",
                "pypi" + r"\.org",
                "python" + "hosted",
                r"--(extra-)?index" + "-url",
            ]
        )
    )
    found = [
        str(path)
        for path in tracked()
        if (ROOT / path).is_file() and hosts.search(text_of(ROOT / path))
    ]
    assert found == []


def test_no_third_party_file_is_copied_into_the_repository():
    copied = re.compile(r"\.min\.(js|css)$|(^|/)(node_modules|vendor)/")
    assert [str(path) for path in tracked() if copied.search(path.as_posix())] == []


def test_the_npm_lock_has_hashes_and_no_addresses():
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert packages
    assert [name for name, about in packages.items() if "resolved" in about] == []
    assert [
        name for name, about in packages.items() if not about["integrity"].startswith("sha512-")
    ] == []


@pytest.mark.parametrize("name", ["build", "run", "dev"])
def test_every_locked_python_package_has_a_hash(name: str):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text)
    pinned = [entry for entry in entries if "==" in entry.partition("\n")[0]]
    assert pinned
    assert [entry for entry in pinned if "--hash=sha256:" not in entry] == []


def test_the_node_version_is_the_same_in_both_places():
    from formwright.assets_build import NODE_WHEEL  # noqa: PLC0415 - a broken module should fail this test alone

    assert f'"{NODE_WHEEL}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
