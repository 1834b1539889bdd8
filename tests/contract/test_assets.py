"""The assets: what the manifest promises is on disk, and a page stays light."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path

import pytest

from formwright import assets_build

ROOT = Path(__file__).parents[2]
DIST = ROOT / assets_build.OUT
#: Bytes after gzip; a page of staff loads all of these once.
CEILINGS = {"app.js": 30_000, "app.css": 16_000, "icons.svg": 6_000}


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, object]]:
    path = DIST / "manifest.json"
    assert path.is_file(), "the assets are not built: make assets"
    loaded: dict[str, dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_the_manifest_tells_the_truth(manifest):
    for entry in manifest.values():
        content = (DIST / entry["file"]).read_bytes()
        packed = (DIST / f"{entry['file']}.gz").read_bytes()
        assert entry["bytes"] == len(content)
        assert entry["gz"] == len(packed)
        assert gzip.decompress(packed) == content
        assert (
            entry["sri"] == "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
        )
        assert all((DIST / name).is_file() for name in entry["imports"])


def test_nothing_old_is_left_beside_the_current_files(manifest):
    current = {entry["file"] for entry in manifest.values()}
    served = {path.name for path in DIST.iterdir() if path.suffix in {".js", ".css", ".svg"}}
    assert served == current


@pytest.mark.parametrize("name", CEILINGS)
def test_a_page_stays_light(manifest, name):
    assert manifest[name]["gz"] <= CEILINGS[name]


def test_every_shipped_package_has_its_notice():
    notices = (DIST / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    for package in ("htmx.org", "@iconify-json/tabler"):
        assert package in notices


def test_a_changed_source_makes_the_assets_stale(tmp_path):
    for name in ("package.json", "package-lock.json", ".npmrc"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "frontend").mkdir()
    source = tmp_path / "frontend" / "app.css"
    source.write_text("a {}")
    out = tmp_path / assets_build.OUT
    out.mkdir(parents=True)
    (out / "manifest.json").write_text("{}")
    (out / ".stamp").write_text(assets_build.digest(tmp_path))
    assert assets_build.is_fresh(tmp_path)
    source.write_text("b {}")
    assert not assets_build.is_fresh(tmp_path)
    source.rename(source.with_name("other.css"))
    source.with_name("other.css").write_text("a {}")
    assert not assets_build.is_fresh(tmp_path)
