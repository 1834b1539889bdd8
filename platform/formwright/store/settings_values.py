"""What an administrator answered to the questions of packages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from formwright.store import tables


class SettingValues:
    """The settings of the packages of a workspace, in stored form."""

    def __init__(self, connection: Connection, workspace: int, now: datetime) -> None:
        """Work on ``connection``."""
        self._connection = connection
        self._workspace = workspace
        self._now = now

    def all(self) -> Mapping[str, Any]:
        """Return the stored value of every setting that was given one, by qualified name."""
        column = tables.setting_value.c
        rows = self._connection.execute(
            select(column.package, column.key, column.value).where(
                column.workspace_id == self._workspace
            )
        )
        return {f"{package}.{key}": wrapped["value"] for package, key, wrapped in rows}

    def put(self, name: str, value: Any, *, by: int | None) -> None:
        """Set the setting of that qualified name; None returns it to its default."""
        table = tables.setting_value
        package, _, key = name.partition(".")
        identity = {"workspace_id": self._workspace, "package": package, "key": key}
        if value is None:
            self._connection.execute(
                delete(table).where(*(table.c[name] == part for name, part in identity.items()))
            )
            return
        content = {"value": {"value": value}, "updated_at": self._now, "updated_by": by}
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        self._connection.execute(
            dialect.insert(table)
            .values(**identity, **content)
            .on_conflict_do_update(
                index_elements=[table.c[name] for name in identity], set_=content
            )
        )
