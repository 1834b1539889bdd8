"""Build hook: the assets, the shipped packages, the templates and the plugins belong in the package."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Folders beside platform/ that an installed package carries along.
TREES = ("apps_definitions", "plugins", "templates")
#: Never in a package, even where someone left them in one of those folders.
UNWANTED = ("__pycache__", ".env", ".git", ".DS_Store", "tests")


class AssetsHook(BuildHookInterface[Any]):
    """Build the assets when they are out of date, and say what else goes into the wheel."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node only when there is something to build: it is by far the largest download."""
        return [self._assets().NODE_WHEEL] if self._is_needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the assets; add the folders to a wheel, but not to an editable installation, which reads the checkout."""
        root = Path(self.root)
        if self._is_needed():
            self._assets().run(root, self.app.display_info)
        if version != "editable":
            build_data["force_include"].update(self._bundled(root))

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002 - the signature is hatchling's
        """Remove the assets."""
        shutil.rmtree(Path(self.root) / self._assets().OUT, ignore_errors=True)

    def _is_needed(self) -> bool:
        mode = os.environ.get("FORMWRIGHT_ASSETS", "auto")
        if mode not in {"auto", "force", "skip"}:
            raise ValueError(f"FORMWRIGHT_ASSETS is {mode!r}; expected auto, force or skip")
        return mode == "force" or (mode == "auto" and not self._assets().is_fresh(Path(self.root)))

    def _assets(self) -> ModuleType:
        # By path: the package itself is not installed yet, and importing it would want Flask.
        path = Path(self.root) / "platform" / "formwright" / "assets_build.py"
        spec = importlib.util.spec_from_file_location("formwright_assets_build", path)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @staticmethod
    def _bundled(root: Path) -> dict[str, str]:
        # File by file, because a whole folder would be taken with whatever git ignores in it.
        found = {}
        for tree in TREES:
            for file in sorted((root / tree).rglob("*")):
                inside = file.relative_to(root)
                if file.is_file() and not set(inside.parts).intersection(UNWANTED):
                    found[str(file)] = f"formwright/_bundled/{inside.as_posix()}"
        return found
