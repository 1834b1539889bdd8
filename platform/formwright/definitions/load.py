"""Folders of packages, or the texts of their files, to a catalog; or to every problem in them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from formwright import __version__
from formwright.definitions import versions
from formwright.definitions.build import build
from formwright.definitions.building import CORE
from formwright.definitions.collect import PackageSource, merge, prune
from formwright.definitions.judge import Judge
from formwright.definitions.model import Catalog
from formwright.definitions.source import SUFFIXES, Document, parse, read_file
from formwright.errors import DefinitionErrors, Location, Problem
from formwright.expressions.builtin import BUILTIN
from formwright.expressions.functions import Functions
from formwright.fieldtypes.registry import Registry
from formwright.suggest import closest
from formwright.texts import say

#: The texts of one package's files, by the path that is shown to people.
Files: TypeAlias = Mapping[str, str]


def load_packages(
    folders: Sequence[Path],
    registry: Registry,
    *,
    functions: Functions = BUILTIN,
    lost_types: bool = False,
) -> Catalog:
    """Return the catalog of the packages in ``folders``; raise DefinitionErrors with every problem of every file."""
    problems: list[Problem] = []
    packages = {str(folder): read_folder(folder, problems) for folder in folders}
    return _load(packages, registry, functions, problems, lost_types=lost_types)


def load_sources(
    files: Files, registry: Registry, *, functions: Functions = BUILTIN, lost_types: bool = False
) -> Catalog:
    """Return the catalog of packages whose files are given as texts: ``{"crm/package.yaml": "..."}``.

    The first part of each path names the package's folder. With ``lost_types``, for definitions that are in force
    already, a field type that is no longer there gets a stand-in instead of being a problem.
    """
    packages: dict[str, dict[str, str]] = {}
    for path in sorted(files):
        packages.setdefault(path.partition("/")[0] if "/" in path else "", {})[path] = files[path]
    return _load(packages, registry, functions, [], lost_types=lost_types)


def find_packages(home: Path) -> list[Path]:
    """Return the folders below ``home`` that hold a package, by name."""
    if not home.is_dir():
        return []
    return sorted(
        folder for folder in home.iterdir() if folder.is_dir() and _has_definitions(folder)
    )


def read_folder(folder: Path, problems: list[Problem]) -> dict[str, str]:
    """Return the texts of the definition files below ``folder``, sorted; note what cannot be read."""
    if not folder.is_dir():
        problems.append(Problem(Location(str(folder)), "FW005", say("there is no such folder")))
        return {}
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES and path.is_file() and not _is_hidden(path, folder):
            text = read_file(path, str(path), problems)
            if text is not None:
                found[str(path)] = text
    return found


def _has_definitions(folder: Path) -> bool:
    return not folder.name.startswith(".") and any(
        path.suffix in SUFFIXES for path in folder.iterdir()
    )


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _load(
    packages: Mapping[str, Files],
    registry: Registry,
    functions: Functions,
    problems: list[Problem],
    *,
    lost_types: bool,
) -> Catalog:
    judge = Judge(registry, lost_types=lost_types)
    sources = [_read_package(folder, files, judge, problems) for folder, files in packages.items()]
    readable = not any(
        problem.code.startswith("FW00") and problem.code != "FW002" for problem in problems
    )
    found = [source for source in sources if source is not None]
    ordered = _ordered(found, problems) if readable and len(found) == len(sources) else None
    if ordered is None:
        raise DefinitionErrors(problems)
    catalog, more = build(ordered, registry, functions, lost_types=lost_types)
    problems += more
    if problems:
        raise DefinitionErrors(_unique(problems))
    return catalog


def _read_package(
    folder: str, files: Files, judge: Judge, problems: list[Problem]
) -> PackageSource | None:
    """Return the data of one package, without what the schema refuses; None when too little of it is left."""
    documents: list[Document] = []
    broken: set[str] = set()
    usable = True
    for path, text in files.items():
        before = len(problems)
        document = parse(path, text, problems)
        if document is None:
            usable = usable and len(problems) == before  # an empty file is no harm
            continue
        wrong = judge.problems(document)
        problems += [problem for _, problem in wrong]
        if wrong:
            removed = prune(document, [place for place, _ in wrong])
            usable = usable and removed is not None and judge.accepts(document)
            broken |= removed or set()
        documents.append(document)
    if not usable:
        return None
    return merge(folder, documents, broken, problems)


def _ordered(
    sources: Iterable[PackageSource], problems: list[Problem]
) -> dict[str, PackageSource] | None:
    """Return the packages so that each comes after those it requires; None, with problems, when that cannot be."""
    by_key: dict[str, PackageSource] = {}
    for source in sources:
        if source.key in by_key:
            message = say(
                "there is a package '%(key)s' already, in %(place)s",
                key=source.key,
                place=by_key[source.key].folder,
            )
            problems.append(Problem(source.root.part("package").at("key"), "FW205", message))
        by_key.setdefault(source.key, source)
    met = [_requirements_met(source, by_key, problems) for source in by_key.values()]
    if not all(met):
        return None
    ordered: dict[str, PackageSource] = {}
    added = [_add(source, by_key, ordered, [], problems) for source in by_key.values()]
    return ordered if all(added) else None


def _requirements_met(
    source: PackageSource, packages: Mapping[str, PackageSource], problems: list[Problem]
) -> bool:
    manifest = source.root.part("package")
    needed = manifest.part("requires")
    before = len(problems)
    for key, wanted in needed.data.items():
        there = packages.get(key)
        if there is None:
            message = say("the package '%(key)s' is required and not there", key=key)
            problems.append(
                Problem(
                    needed.place.of_key(key),
                    "FW203",
                    message,
                    tuple(sorted(packages)),
                    closest(key, packages),
                )
            )
            continue
        version = there.root.part("package").text("version")
        if not versions.fits(version, wanted):
            message = say(
                "'%(key)s' is there in version %(version)s, required is %(wanted)s",
                key=key,
                version=version,
                wanted=wanted,
            )
            problems.append(Problem(needed.at(key), "FW203", message))
    platform = manifest.text("platform", "*")
    if not versions.fits(__version__, platform):
        message = say(
            "the package is for Formwright %(wanted)s, and this is %(version)s",
            wanted=platform,
            version=__version__,
        )
        problems.append(Problem(manifest.at("platform"), "FW203", message))
    return len(problems) == before


def _add(
    source: PackageSource,
    packages: Mapping[str, PackageSource],
    ordered: dict[str, PackageSource],
    above: list[str],
    problems: list[Problem],
) -> bool:
    """Add a package to ``ordered`` behind those it requires; a circle is a problem."""
    if source.key in ordered:
        return True
    if source.key in above:
        cycle = " → ".join([*above[above.index(source.key) :], source.key])
        message = say("the packages require each other: %(cycle)s", cycle=cycle)
        problems.append(Problem(source.root.part("package").at("requires"), "FW204", message))
        return False
    needed = list(source.root.part("package").get("requires", {}))
    if source.key != CORE and CORE in packages:
        needed.insert(0, CORE)
    if not all(
        _add(packages[key], packages, ordered, [*above, source.key], problems) for key in needed
    ):
        return False
    ordered[source.key] = source
    return True


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems, each once."""
    seen: dict[tuple[Location, str, str], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.location, problem.code, str(problem.message)), problem)
    return list(seen.values())
