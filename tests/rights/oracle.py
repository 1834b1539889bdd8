"""What everybody may see and do, worked out a second time: from the YAML as it is written, without a line of the gate.

Slow and plain on purpose. Conditions are evaluated by cel-python over dicts; nothing here imports formwright.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import celpy
import yaml

HIDDEN, MASKED, CLEAR = "hidden", "masked", "clear"
USER = "core.user"
LINKS = {"reference", "references", "user", "backlink", "subform"}
#: What a share lets people do, by its level.
SHARED = {
    "read": {"read", "edit"},
    "print": {"read", "edit"},
    "comment": {"read", "edit"},
    "update": {"edit"},
}
#: What an action on a row asks of the record that the row belongs to.
OF_PARENT = {"create": "update", "delete": "update", "restore": "update"}
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|[A-Za-z_][A-Za-z_0-9.]*(?!\s*\()\b")
#: ``ISBLANK(x)`` and ``x == null``: CEL compares nothing with null but null.
_EMPTY = re.compile(r"ISBLANK\(([\w.]+)\)|\b([A-Za-z_][\w.]*) == null\b")
#: An instant: ``today`` and ``now``, some time before or after, the beginning of a day or a year.
_MOMENT = re.compile(
    r"(?P<at>DATETIME\()?(?:DATEADD\((?P<start>today|now), (?P<count>-?\d+), '(?P<unit>\w+)'\)"
    r"|(?P<year>TRUNC\(today, 'year'\))|\b(?P<plain>today|now)\b)(?(at)\))"
)
_CEL = celpy.Environment()


@dataclass(frozen=True)
class Who:
    """A principal: the record id of the user (None: nobody has logged in), and the roles that were given."""

    name: str
    id: int | None
    roles: tuple[str, ...] = ()


@dataclass
class World:
    """Every record as a dict, with ``id``, ``created_at``, ``created_by`` and, for rows, ``parent``."""

    now: datetime
    records: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    #: Entity, record, kind of the grantee, grantee, level.
    shares: set[tuple[str, int, str, int, str]] = field(default_factory=set)


class Oracle:
    """Rights as docs/reference/access.md describes them."""

    def __init__(self, packages: Sequence[Path], world: World) -> None:
        self.world = world
        self.entities: dict[str, Any] = {}
        self.roles: dict[str, Any] = {}
        self.grants: list[dict[str, Any]] = []
        self.guards: list[dict[str, Any]] = []
        self.views: dict[str, Any] = {}
        self._known: dict[Any, Any] = {}
        self._programs: dict[str, Any] = {}
        for folder in packages:
            self._read(folder)
        for name, entity in self.entities.items():
            for key, each in entity["fields"].items():
                if each["type"] == "subform":
                    self.entities[self.full_name(each["of"], name)]["parent"] = (name, key)
        for name, entity in self.entities.items():
            for key, each in list(entity["fields"].items()):
                if inverse := each.get("inverse"):
                    backlink = {"type": "backlink", "from": f"{name}.{key}"}
                    self.entities[self.target(name, key)]["fields"][inverse] = backlink

    def forget(self) -> None:
        """Forget what was worked out: the world has changed."""
        self._known.clear()

    # --- reading what is written ------------------------------------------------------------------------------

    def _read(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*.yaml")):
            found = yaml.safe_load(path.read_text("utf-8"))
            if path.relative_to(folder).parts[0] in {"demo", "translations"} or not found:
                continue
            for kind in ("entities", "roles", "views"):
                for key, each in (found.get(kind) or {}).items():
                    getattr(self, kind)[f"{folder.name}.{key}"] = each
            for kind in ("grants", "guards"):
                for each in (found.get(kind) or {}).values():
                    each["entity"] = self.full_name(each["entity"], f"{folder.name}.")
                    getattr(self, kind).append({**each, "package": folder.name})

    @staticmethod
    def full_name(name: str, beside: str) -> str:
        """Return the full name of an entity that ``beside`` calls ``name``."""
        return name if "." in name else f"{beside.partition('.')[0]}.{name}"

    def full_role(self, name: str, package: str) -> str:
        """Return the full name of a role: of the same package, else of the core."""
        if "." in name:
            return name
        return name_ if (name_ := f"{package}.{name}") in self.roles else f"core.{name}"

    def roles_of(self, who: Who) -> frozenset[str]:
        """Return the roles of somebody with everything that they inherit."""
        found: set[str] = set()
        waiting = list(who.roles)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                package = name.partition(".")[0]
                waiting += [
                    self.full_role(r, package) for r in self.roles[name].get("inherits", ())
                ]
        return frozenset(found)

    def target(self, entity: str, key: str) -> str:
        """Return the entity that a field leads to, "" for fields that lead nowhere."""
        each = self.entities[entity]["fields"].get(key, {})
        match each.get("type"):
            case "user":
                return USER
            case "reference" | "references":
                return self.full_name(each["to"], entity)
            case "subform":
                return self.full_name(each["of"], entity)
            case "backlink":
                return self.behind(entity, key)[0]
            case _:
                return ""

    def behind(self, entity: str, key: str) -> tuple[str, str]:
        """Return the entity behind a backlink and the field by which it refers."""
        named, _, via = self.entities[entity]["fields"][key]["from"].rpartition(".")
        return self.full_name(named, entity), via

    # --- people -----------------------------------------------------------------------------------------------

    def teams(self, who: Who) -> set[int]:
        """Return the teams that somebody is in."""
        user = self.world.records[USER].get(who.id or 0, {})
        return {t for t in (user.get("team"), *(user.get("more_teams") or ())) if t is not None}

    def led_people(self, who: Who) -> list[int]:
        """Return the people in the teams that somebody leads, and in all teams below these."""
        teams = self.world.records["core.team"]
        led = {t for t, each in teams.items() if each.get("lead") == who.id and who.id is not None}
        while below := {t for t, e in teams.items() if e.get("parent_team") in led} - led:
            led |= below
        people = self.world.records[USER]
        return [p for p in people if self.teams(Who("", p)) & led]

    # --- conditions -------------------------------------------------------------------------------------------

    def holds(self, text: Any, who: Who, entity: str, row: Mapping[str, Any]) -> bool:
        """Return whether a condition holds; what is empty makes it false."""
        if text in (None, True, "true", "all"):
            return True
        owner = self.entities[entity].get("ownership", {})
        words = {
            "own": "{o} == me",
            "shared": "{o} == me || me in {c}" if "collaborators_field" in owner else "{o} == me",
            "team": "{o} == me || {o} in me.led_people",
            "pool": "{o} == null",
        }
        if text in words:
            field_, helpers = owner["owner_field"], owner.get("collaborators_field")
            text = words[text].format(o=field_, c=helpers)
        text = _MOMENT.sub(lambda m: f'timestamp("{self._moment(m)}")', text)
        values = {}
        text = re.sub(r"([\w.]+) != null", r"!(\1 == null)", text)
        for name in _EMPTY.findall(text):
            empty = self._value(name[0] or name[1], who, entity, row) in (None, "", [])
            text = _EMPTY.sub(str(empty).lower(), text, count=1)
        for name in _NAMES.findall(text):
            if not name.startswith(("'", '"')):
                values[name.replace(".", "__")] = self._value(name, who, entity, row)
        text = _NAMES.sub(lambda m: m[0].replace(".", "__") if m[0][0] not in "'\"" else m[0], text)
        program = self._programs.get(text) or _CEL.program(_CEL.compile(text))
        self._programs[text] = program
        try:
            return bool(program.evaluate({k: celpy.json_to_cel(v) for k, v in values.items()}))
        except celpy.CELEvalError:
            return False

    def _moment(self, found: re.Match[str]) -> str:
        """Return an instant that a condition works out; days begin at midnight in Shanghai where DATETIME says so."""
        now = self.world.now
        day = datetime(now.year, now.month, now.day, tzinfo=UTC)
        if found["year"]:
            return day.replace(month=1, day=1).isoformat()
        start = found["start"] or found["plain"]
        moment = now if start == "now" else day
        if found["unit"]:
            moment += timedelta(**{f"{found['unit']}s": int(found["count"])})
        return (moment - timedelta(hours=8) if found["at"] else moment).isoformat()

    def _value(self, name: str, who: Who, entity: str, row: Mapping[str, Any]) -> Any:
        if name == "me":
            return who.id
        if name == "me.led_people":
            return self.led_people(who)
        head, _, rest = name.partition(".")
        if rest:
            target = self.target(entity, head)
            record = self.world.records[target].get(row.get(head) or 0)
            return None if record is None else self._value(rest, who, target, record)
        value = row.get(head)
        if isinstance(value, datetime):
            return value.replace(tzinfo=value.tzinfo or UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        if self.entities[entity]["fields"].get(head, {}).get("type") == "boolean":
            return bool(value)
        return list(value) if isinstance(value, tuple) else value

    # --- records ----------------------------------------------------------------------------------------------

    def granted(self, who: Who, action: str, entity: str) -> list[dict[str, Any]]:
        """Return the grants in force that let somebody do ``action`` on some records."""
        roles, today = self.roles_of(who), self.world.now.date()
        return [
            grant
            for grant in self.grants
            if grant["entity"] == entity
            and action in grant["actions"]
            and self.full_role(grant["role"], grant["package"]) in roles
            and ("until" not in grant or date.fromisoformat(str(grant["until"])) >= today)
        ]

    def reaching(self, who: Who, action: str, entity: str, number: int) -> list[dict[str, Any]]:
        """Return the grants that reach a record, by themselves or because it is shared."""
        key = (who, action, entity, number)
        if key not in self._known:
            row = self.world.records[entity][number]
            shared = self._is_shared(who, action, entity, number)
            self._known[key] = [
                grant
                for grant in self.granted(who, action, entity)
                if self._reaches(grant, who, entity, row)
                or (shared and {"scope", "via", "states"} & grant.keys())
            ]
        return self._known[key]  # type: ignore[no-any-return]

    def _reaches(
        self, grant: Mapping[str, Any], who: Who, entity: str, row: Mapping[str, Any]
    ) -> bool:
        state = self.entities[entity].get("state_field", "")
        if "states" in grant and row.get(state) not in grant["states"]:
            return False
        if via := grant.get("via"):
            target = row.get(via)
            if target is None or not self.may(who, "read", self.target(entity, via), target):
                return False
        return self.holds(grant.get("scope"), who, entity, row)

    def _is_shared(self, who: Who, action: str, entity: str, number: int) -> bool:
        with_whom = {("user", who.id), *(("team", team) for team in self.teams(who))}
        return any(
            (where, record) == (entity, number)
            and (kind, grantee) in with_whom
            and level in SHARED.get(action, ())
            for where, record, kind, grantee, level in self.world.shares
        )

    def may(self, who: Who, action: str, entity: str, number: int) -> bool:
        """Return whether somebody may do ``action`` on a record."""
        row = self.world.records[entity].get(number)
        if row is None:
            return False
        if not self.granted(who, action, entity):
            if action == "read" and entity == USER and who.id is not None:
                return True  # everybody who is logged in knows the others by name
            if "parent" not in self.entities[entity]:
                return False
            parent, subform = self.entities[entity]["parent"]
            above = OF_PARENT.get(action, action)
            return self.may(who, above, parent, row["parent"]) and (
                action != "read" or self.level(who, parent, row["parent"], subform) == CLEAR
            )
        roles = self.roles_of(who)
        for guard in self.guards:
            exempt = {self.full_role(role, guard["package"]) for role in guard.get("exempt", ())}
            applies = guard["entity"] == entity and action in guard.get("actions", [action])
            if applies and not exempt & roles and not self.holds(guard["scope"], who, entity, row):
                return False
        return bool(self.reaching(who, action, entity, number))

    # --- fields -----------------------------------------------------------------------------------------------

    def level(self, who: Who, entity: str, number: int, key: str) -> str:
        """Return how much somebody may read of a field of a record."""
        cell = (who, entity, number, key)
        if cell not in self._known:
            self._known[cell] = self._level(*cell)
        return self._known[cell]  # type: ignore[no-any-return]

    def _level(self, who: Who, entity: str, number: int, key: str) -> str:
        if not self.may(who, "read", entity, number):
            return HIDDEN
        if key not in (fields := self.entities[entity]["fields"]):
            return CLEAR  # what every record has
        row = self.world.records[entity][number]
        for path in self.reads(fields[key]):
            if not self._sees(who, entity, row, path):
                return HIDDEN
        if not self.granted(who, "read", entity):
            return CLEAR if entity != USER or key == "name" else HIDDEN
        found = {
            self.of_grant(grant, fields, key)
            for grant in self.reaching(who, "read", entity, number)
        }
        return next(level for level in (CLEAR, MASKED, HIDDEN) if level in found)

    @staticmethod
    def of_grant(grant: Mapping[str, Any], fields: Mapping[str, Any], key: str) -> str:
        """Return how much of a field one grant opens."""
        said = grant.get("fields", {})
        if key in said.get("hide", ()) or key not in (
            fields if _all(said, "read") else said["read"]
        ):
            return HIDDEN
        if key in said.get("mask", ()):
            return MASKED
        own = fields[key].get("mask", "none") != "none"
        clear = said.get("clear", ())
        return MASKED if own and clear != "*" and key not in clear else CLEAR

    @staticmethod
    def reads(each: Mapping[str, Any]) -> Iterator[list[str]]:
        """Yield the paths that a computed field reads."""
        for name in _NAMES.findall(str(each.get("compute", ""))):
            if name[0] not in "'\"" and name not in {"true", "false", "null", "in", "today", "now"}:
                yield name.split(".")

    def _sees(self, who: Who, entity: str, row: Mapping[str, Any], path: Sequence[str]) -> bool:
        """Return whether all that lies on ``path`` is open."""
        head, rest = path[0], path[1:]
        if head == "parent":
            above = self.entities[entity]["parent"][0]
            return not rest or self._sees(
                who, above, self.world.records[above][row["parent"]], rest
            )
        if self.level(who, entity, row["id"], head) != CLEAR:
            return False
        target = self.target(entity, head)
        if not target or not rest:
            return True
        if self.entities[entity]["fields"][head]["type"] == "subform":
            behind = [r for r in self.world.records[target].values() if r["parent"] == row["id"]]
        elif row.get(head) is None:
            return True
        else:
            behind = [self.world.records[target][row[head]]]
        return all(
            self.may(who, "read", target, other["id"]) and self._sees(who, target, other, rest)
            for other in behind
        )

    def may_write(self, who: Who, action: str, entity: str, number: int, key: str) -> bool:
        """Return whether somebody may give a field of a record another value by ``action``."""
        fields = self.entities[entity]["fields"]
        for grant in self.reaching(who, action, entity, number):
            said = grant.get("fields", {})
            readable = {k for k in fields if self.of_grant(grant, fields, k) != HIDDEN}
            written = said.get("write", readable)
            if (written == "*" or key in written) and key not in said.get("except", ()):
                return True
        return False


def _all(said: Mapping[str, Any], name: str) -> bool:
    return said.get(name, "*") == "*"
