"""Where the shipped folders are: inside the installed package, or beside the source tree of an editable install."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
#: The built scripts, styles and icons with their manifest.
ASSETS = PACKAGE / "static" / "dist"
_TREES = ("templates", "apps_definitions", "plugins")


@lru_cache(maxsize=len(_TREES))
def tree(name: str) -> Path:
    """Return the folder ``templates``, ``apps_definitions`` or ``plugins``; raise FileNotFoundError without one."""
    if name not in _TREES:
        raise ValueError(f"{name!r} is none of {', '.join(_TREES)}")
    beside = PACKAGE.parent.parent / name
    if PACKAGE.parent.name == "platform" and beside.is_dir():
        return beside
    bundled = PACKAGE / "_bundled" / name
    if bundled.is_dir():
        return bundled
    raise FileNotFoundError(f"{name}/ is neither in the package nor beside its source tree")
