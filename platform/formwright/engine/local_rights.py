"""What an installation changes about rights: the package ``local``, beside the others, kept through their upgrades."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from formwright.definitions.model import Catalog, Grant
from formwright.definitions.overlays import LOCAL
from formwright.definitions.source import parse
from formwright.engine import packages
from formwright.engine.actor import Actor
from formwright.engine.matrix import LOOKS_AFTER_RIGHTS, require
from formwright.engine.packages import Plan, Published
from formwright.engine.rights import grants_for
from formwright.errors import Conflict, DefinitionErrors, FormwrightError
from formwright.texts import say

if TYPE_CHECKING:
    from formwright.engine.runtime import Runtime, Unit

#: The file with them, as a revision keeps it.
FILE = f"{LOCAL}/rights.yaml"


class CannotChange(FormwrightError):
    """These rights cannot be put in force; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text that was judged to be right, and what it would change."""

    text: str
    plan: Plan


def text_of(unit: Unit) -> str:
    """Return the text in force; where there is none yet, one that changes nothing."""
    require(unit)
    files = _local_files(unit, unit.catalog.revision)
    if FILE not in files and files:
        return "schema_version: 1\n"  # the package has a manifest in another file
    return files.get(FILE) or _written(_empty(unit.catalog))


def _local_files(unit: Unit, revision: int) -> dict[str, str]:
    """Return all files of the package ``local``: a folder that was applied may have more than the one written here."""
    files: Mapping[str, str] = unit.tx.revisions.files(revision)
    return {path: text for path, text in files.items() if path.startswith(f"{LOCAL}/")}


def _empty(catalog: Catalog) -> dict[str, Any]:
    """Return a package that builds upon every other one, so that it can name what they define."""
    others = [key for key in catalog.packages if key != LOCAL]
    return {
        "package": {
            "key": LOCAL,
            "title": "Local changes",
            "version": "1.0.0",
            "requires": dict.fromkeys(others, "*"),
        },
        "translations": {"zh-CN": {"package.title": "本地更改"}},
    }


def _read(catalog: Catalog, text: str) -> Any:
    """Return the text as data that remembers its comments; what is there and cannot be read is not written over."""
    problems: list[Any] = []
    parse(FILE, text, problems)
    if problems:
        raise DefinitionErrors(problems)
    try:
        data = YAML().load(text)
    except MarkedYAMLError as error:
        raise CannotChange(say("The local changes cannot be read: correct their text first.")) from error  # fmt: skip
    if "package" in data:
        required = data["package"].setdefault("requires", {})
        for key in catalog.packages:
            if key != LOCAL:
                required.setdefault(key, "*")
    return data


def _written(data: Any) -> str:
    yaml = YAML()
    yaml.allow_unicode = True
    yaml.width = 110
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def with_grant_changed(unit: Unit, name: str, attributes: Mapping[str, Any]) -> str:
    """Return the text with what is different about a grant; without attributes it is as its package has it."""
    data = _read(unit.catalog, text_of(unit))
    if name.partition(".")[0] == LOCAL:
        _put(data, ("grants",), name.partition(".")[2], attributes)
    else:
        _put(data, ("overlay", "grants"), name, attributes)
    return _written(data)


def with_grant_added(unit: Unit, key: str, attributes: Mapping[str, Any]) -> str:
    """Return the text with one grant more."""
    data = _read(unit.catalog, text_of(unit))
    if key in (data.get("grants") or {}):
        raise CannotChange(say("There is a grant '%(key)s' already; choose another key.", key=key))
    _put(data, ("grants",), key, attributes)
    return _written(data)


def _put(data: Any, path: tuple[str, ...], key: str, attributes: Mapping[str, Any]) -> None:
    """Set or, without attributes, remove an entry of a map, and the maps that are empty then."""
    holders = [data]
    for step in path:
        if not isinstance(holders[-1].get(step), dict):
            holders[-1][step] = {}
        holders.append(holders[-1][step])
    if attributes:
        holders[-1][key] = dict(attributes)
    else:
        holders[-1].pop(key, None)
    for step, holder in zip(reversed(path), reversed(holders[:-1]), strict=True):
        if not holder[step]:
            del holder[step]


def changes_of(unit: Unit, name: str) -> dict[str, Any]:
    """Return what is different about a grant, as it is written; {} for one that is as its package has it."""
    data = _read(unit.catalog, text_of(unit))
    if name.partition(".")[0] == LOCAL:
        found = (data.get("grants") or {}).get(name.partition(".")[2])
    else:
        found = ((data.get("overlay") or {}).get("grants") or {}).get(name)
    return dict(found or {})


def as_packaged(unit: Unit, name: str) -> Grant | None:
    """Return a grant as its package has it, without the local changes."""
    if name.partition(".")[0] == LOCAL:
        return grant_of(unit.catalog, name)
    files: Mapping[str, str] = unit.tx.revisions.files(unit.catalog.revision)
    others = {path: text for path, text in files.items() if not path.startswith(f"{LOCAL}/")}
    return grant_of(unit.runtime.load(others, lost_types=True), name)


def grant_of(catalog: Catalog, name: str) -> Grant | None:
    """Return a grant by its name, also one that is switched off."""
    return next((g for g in (*catalog.grants, *catalog.disabled) if g.name == name), None)


def propose(unit: Unit, text: str) -> Proposal:
    """Judge a text and return what it would change; raises DefinitionErrors with every problem in it, with its place."""
    require(unit)
    plan, catalog, _ = packages.plan(unit, _local_files(unit, unit.catalog.revision) | {FILE: text})
    _require_somebody(unit, catalog)
    return Proposal(text, plan)


def _require_somebody(unit: Unit, catalog: Catalog) -> None:
    """Refuse what would leave nobody who can put it right again."""
    gone = {each.user for each in unit.tx.users.credentials() if not each.active}
    for user, given in unit.tx.users.roles_of_all().items():
        actor = Actor(user, "", "", catalog.roles_of(given))
        if user not in gone and grants_for(catalog, actor, *LOOKS_AFTER_RIGHTS, unit.access.day):
            return
    raise CannotChange(say("Nobody would be left who may change rights."))


def publish(runtime: Runtime, actor: Actor, text: str, *, seen: int, note: str = "") -> Published:
    """Put a text in force as a revision; Conflict when the local changes are others than in revision ``seen``."""
    with runtime.unit(actor) as unit:
        propose(unit, text)
        files = _local_files(unit, unit.catalog.revision)
        if unit.catalog.revision != seen and _local_files(unit, seen) != files:
            raise Conflict(
                say("Somebody else has changed rights in the meantime. Begin anew from theirs."),
                unit.catalog.revision,
            )
    return packages.publish(runtime, actor, files | {FILE: text}, note)
