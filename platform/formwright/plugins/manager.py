"""Finding plugins, taking in what they add, and telling what came of it. A broken plugin stops nothing."""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from formwright.expressions.builtin import builtin as builtin_functions
from formwright.expressions.functions import Function, Functions
from formwright.expressions.kinds import BOOLEAN
from formwright.fieldtypes.base import FieldType
from formwright.fieldtypes.registry import FieldTypeRefused, Registry
from formwright.fieldtypes.registry import builtin as builtin_field_types
from formwright.plugins.hookspecs import PROJECT, Hooks
from formwright.texts import Text, say

#: Installed packages announce their plugin module in this group of entry points.
ENTRY_POINTS = "formwright.plugins"
_FILE = "plugin.py"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FUNCTION = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PluginReport:
    """What came of one plugin: what it added, or why it was left out."""

    name: str
    #: The file, or the distribution that an entry point belongs to.
    source: str
    field_types: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    validators: tuple[str, ...] = ()
    problem: Text | None = None

    @property
    def works(self) -> bool:
        """True when all that it brings is in use."""
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Plugins:
    """The field types and functions of the platform and of every plugin that works."""

    registry: Registry
    functions: Functions
    #: Functions that plugins offer as checks; they are among ``functions`` as well.
    validators: Mapping[str, Function]
    report: tuple[PluginReport, ...]

    @property
    def broken(self) -> tuple[PluginReport, ...]:
        """The plugins that were left out."""
        return tuple(each for each in self.report if not each.works)


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    source: str
    load: Callable[[], ModuleType]


@dataclass(frozen=True, slots=True)
class _Additions:
    field_types: Sequence[FieldType]
    functions: Sequence[Function]
    validators: Sequence[Function]


class _Broken(Exception):
    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def load(folders: Iterable[Path] = (), *, entry_points: bool = True) -> Plugins:
    """Load every plugin of ``folders`` (each holds ``<name>/plugin.py``) and of the installed packages.

    They come in order of their names, so that the same plugins give the same result everywhere. One that cannot
    be imported, or adds something that is taken, is left out as a whole, logged, and named in the report.
    """
    registry, functions = builtin_field_types(), builtin_functions()
    validators: dict[str, Function] = {}
    report = []
    seen: dict[str, str] = {}
    for found in _find(folders, entry_points=entry_points):
        try:
            _check_name(found, seen)
            additions = _read(found)
            _check(additions, registry, functions)
        except _Broken as broken:
            _log.error("plugin %s (%s) is left out: %s", found.name, found.source, broken)
            report.append(PluginReport(found.name, found.source, problem=broken.text))
            continue
        seen[found.name] = found.source
        _take_in(additions, found.name, registry, functions, validators)
        report.append(
            PluginReport(
                found.name,
                found.source,
                tuple(each.name for each in additions.field_types),
                tuple(each.name for each in additions.functions),
                tuple(each.name for each in additions.validators),
            )
        )
    return Plugins(registry, functions, validators, tuple(report))


def _find(folders: Iterable[Path], *, entry_points: bool) -> Iterator[_Found]:
    found = [_in_folder(file) for folder in folders for file in sorted(folder.glob(f"*/{_FILE}"))]
    if entry_points:
        found += [_at_entry_point(point) for point in metadata.entry_points(group=ENTRY_POINTS)]
    yield from sorted(found, key=lambda each: (each.name, each.source))


def _in_folder(file: Path) -> _Found:
    name = file.parent.name
    return _Found(name, str(file), lambda: _import_file(name, file))


def _at_entry_point(point: metadata.EntryPoint) -> _Found:
    source = f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
    return _Found(point.name, source, point.load)


def _import_file(name: str, file: Path) -> ModuleType:
    module_name = f"formwright_plugin_{name}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise ImportError(str(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickling look their module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module


def _check_name(found: _Found, seen: Mapping[str, str]) -> None:
    if not _NAME.fullmatch(found.name):
        raise _Broken(
            say(
                "'%(name)s' is no name for a plugin: use small letters, digits and _",
                name=found.name,
            )
        )
    if found.name in seen:
        raise _Broken(
            say("a plugin of this name was already loaded from %(source)s", source=seen[found.name])
        )


def _read(found: _Found) -> _Additions:
    """Import the plugin and call its hooks; raise _Broken for whatever goes wrong."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    try:
        manager.register(found.load(), name=found.name)
        _check_hook_names(manager)
        return _Additions(
            _added(manager.hook.formwright_field_types()),
            _added(manager.hook.formwright_functions()),
            _added(manager.hook.formwright_validators()),
        )
    except _Broken:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        raise _Broken(
            say(
                "it raised %(kind)s: %(message)s",
                kind=type(error).__name__,
                message=str(error)[:500],
            )
        ) from error


def _check_hook_names(manager: pluggy.PluginManager) -> None:
    """Raise _Broken for an implementation of a hook that does not exist: it would never be called."""
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise _Broken(
            say("it has a hook that does not exist: %(message)s", message=str(error))
        ) from error


def _added(results: Sequence[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(item for result in results for item in result)


def _check(additions: _Additions, registry: Registry, functions: Functions) -> None:
    """Raise _Broken unless everything can be added: a plugin is taken in as a whole or not at all."""
    trial = Registry()
    for field_type in additions.field_types:
        if not isinstance(field_type, FieldType):
            raise _Broken(say("%(thing)s is no field type", thing=repr(field_type)))
        try:
            trial.add(field_type, "plugin")
        except FieldTypeRefused as refused:
            raise _Broken(refused.text) from refused
        if field_type.name in registry:
            raise _Broken(
                say(
                    "the field type '%(name)s' is already provided by %(first)s",
                    name=field_type.name,
                    first=registry.provider(field_type.name),
                )
            )
    names: set[str] = set()
    for function in (*additions.functions, *additions.validators):
        _check_function(function, functions, names)
    for validator in additions.validators:
        if validator.result != BOOLEAN:
            raise _Broken(say("the check %(name)s must give true or false", name=validator.name))


def _check_function(function: Function, functions: Functions, names: set[str]) -> None:
    if not isinstance(function, Function):
        raise _Broken(say("%(thing)s is no function for expressions", thing=repr(function)))
    if not _FUNCTION.fullmatch(function.name):
        raise _Broken(
            say(
                "'%(name)s' is no name for a function: use capitals, digits and _",
                name=function.name,
            )
        )
    if function.name in names or functions.find(function.name) is not None:
        raise _Broken(say("there is a function %(name)s already", name=function.name))
    if function.evaluate is None:
        raise _Broken(say("the function %(name)s has nothing to call", name=function.name))
    names.add(function.name)


def _take_in(
    additions: _Additions,
    plugin: str,
    registry: Registry,
    functions: Functions,
    validators: dict[str, Function],
) -> None:
    for field_type in additions.field_types:
        registry.add(field_type, plugin)
    for function in (*additions.functions, *additions.validators):
        functions.add(function)
    validators.update((function.name, function) for function in additions.validators)
