"""The built scripts, styles and icons: their addresses from the manifest, served for ever and compressed."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, request, send_from_directory, url_for
from markupsafe import Markup

from formwright.errors import FormwrightError
from formwright.paths import ASSETS
from formwright.texts import say
from formwright.web.current import public

blueprint = Blueprint("assets", __name__, url_prefix="/assets")
#: The icon shown where a definition names one that the sprite does not have.
_SPARE_ICON = "table"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".map": "application/json",
}


class Assets:
    """The manifest of one build; read again when a new build replaces it."""

    def __init__(self, folder: Path = ASSETS) -> None:
        self._folder = folder
        self._stamp = 0
        self._files: dict[str, str] = {}
        self._icons: frozenset[str] = frozenset()
        self.refresh()

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._folder

    def refresh(self) -> None:
        """Read the manifest if it changed since the last time."""
        path = self._folder / "manifest.json"
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            raise FormwrightError(say("the assets are not built; run `make assets`")) from None
        if stamp == self._stamp:
            return
        manifest: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        self._files = {name: str(entry["file"]) for name, entry in manifest.items()}
        sprite = (self._folder / self._files["icons.svg"]).read_text(encoding="utf-8")
        self._icons = frozenset(re.findall(r'<symbol id="([^"]+)"', sprite))
        self._stamp = stamp
        icon.cache_clear()

    def file(self, name: str) -> str:
        """Return the current file name of the asset ``name``."""
        return self._files[name]

    def has_icon(self, name: str) -> bool:
        """Tell whether the sprite has an icon of that name."""
        return name in self._icons

    def is_served(self, file: str) -> bool:
        """Tell whether ``file`` is one that the manifest names, or its source map."""
        return file.removesuffix(".map") in self._files.values()


def assets() -> Assets:
    """Return the assets of the application that handles this request."""
    found: Assets = current_app.extensions["formwright_assets"]
    return found


def asset_url(name: str) -> str:
    """Return the address of the asset ``name``; it changes with every change of the file."""
    return url_for("assets.serve", file=assets().file(name))


@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> Markup:
    """Return the drawing of an icon of the sprite; it says nothing to screen readers."""
    found = name if assets().has_icon(name) else _SPARE_ICON
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        f"icon {css}".strip(), asset_url("icons.svg"), found
    )


@blueprint.get("/<file>")
@public
def serve(file: str) -> Response:
    """Send one file of the build, compressed ahead of time where the browser takes that."""
    known = assets()
    if not known.is_served(file):
        abort(404)
    packed = f"{file}.gz"
    compress = request.accept_encodings["gzip"] > 0 and (known.folder / packed).is_file()
    response = send_from_directory(
        known.folder,
        packed if compress else file,
        mimetype=_TYPES.get(Path(file).suffix),
        conditional=True,
    )
    if compress:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    # The name holds a fingerprint of the content: a changed file has another address.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
