"""Everything a plugin can add. A plugin implements the hooks it needs, marked with ``hookimpl``."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from formwright.expressions.functions import Function
from formwright.fieldtypes.base import FieldType

#: The name under which pluggy knows the hooks, and entry points are grouped as ``formwright.plugins``.
PROJECT = "formwright"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The hooks. A hook of another name in a plugin is reported and the plugin is left out."""

    @hookspec
    def formwright_field_types(self) -> Iterable[FieldType]:
        """Return field types, usable in definitions as ``type: <name>``."""
        return ()

    @hookspec
    def formwright_functions(self) -> Iterable[Function]:
        """Return functions for expressions; each must be pure: the same arguments give the same result."""
        return ()

    @hookspec
    def formwright_validators(self) -> Iterable[Function]:
        """Return checks: functions that give true or false, offered where a rule says what must hold."""
        return ()
