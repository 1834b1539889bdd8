"""What all builders share: the packages, the names in them, the problems found, texts and expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from formwright.definitions.collect import PackageSource
from formwright.definitions.limits import MAX_HINTS
from formwright.definitions.model import Field, Setting
from formwright.definitions.parts import Part
from formwright.errors import Location, Problem
from formwright.expressions import kinds
from formwright.expressions.kinds import Kind
from formwright.expressions.syntax import ExpressionError
from formwright.fieldtypes.base import FieldType
from formwright.fieldtypes.registry import Registry
from formwright.suggest import closest
from formwright.texts import Label, Text, say

#: The package that every other one can use without asking: users, and what belongs to the platform itself.
CORE = "core"
USER = "core.user"
TEAM = "core.team"

#: The columns every record has, as expressions see them; ``id`` is the record itself.
BUILT_IN_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "created_at": kinds.DATETIME,
        "created_by": kinds.reference(USER),
        "updated_at": kinds.DATETIME,
        "updated_by": kinds.reference(USER),
        "version": kinds.NUMBER,
    }
)
# Where the things of a construct stand in a file.
_SECTIONS = {
    "entity": "entities", "form": "forms", "view": "views", "app": "apps", "role": "roles",
    "option_set": "option_sets", "sequence": "sequences",
}  # fmt: skip


@dataclass(slots=True)
class EntityDraft:
    """An entity while its fields are put together."""

    name: str
    package: str
    part: Part
    fields: dict[str, Field] = field(default_factory=dict)
    #: Where each field is written.
    parts: dict[str, Part] = field(default_factory=dict)
    #: What other packages add to it.
    extensions: list[Part] = field(default_factory=list)
    kind: str = "record"
    parent: str = ""
    parent_field: str = ""


class Building:
    """The work on one set of packages: everything that is known so far."""

    def __init__(
        self, packages: Mapping[str, PackageSource], registry: Registry, *, lost_types: bool
    ) -> None:
        self.packages = packages
        self.registry = registry
        self.lost_types = lost_types
        self.problems: list[Problem] = []
        #: What is in force and cannot be worked out any more, since a plugin is missing.
        self.lost: list[Problem] = []
        #: Tells whether a computed field is among that; set once formulas can be looked at, where that may be.
        self.is_lost: Callable[[str, str], bool] | None = None
        self._hints = 0
        #: Keys of parts that cannot be used and of which that was said already.
        self.broken: set[str] = {name for package in packages.values() for name in package.broken}
        self.entities: dict[str, EntityDraft] = {}
        self.settings: dict[str, Setting] = {}
        self._names = {construct: self._index(section) for construct, section in _SECTIONS.items()}
        self._former_entities = {
            f"{part.package}.{key}": name
            for name, part in self._names["entity"].items()
            for key in part.get("was", ())
        }
        self._translations = {key: _by_path(package.root) for key, package in packages.items()}
        #: Works out the kind of a formula that is asked for before its turn; set while kinds are found out.
        self.infer: Callable[[str, str], None] | None = None
        #: The paths of all texts, by package.
        self.text_paths: dict[str, dict[str, None]] = {key: {} for key in packages}

    def _index(self, section: str) -> dict[str, Part]:
        return {
            f"{package.key}.{part.key}": part
            for package in self.packages.values()
            for part in package.root.parts(section)
        }

    # --- problems -------------------------------------------------------------------------------------------

    def problem(
        self,
        place: Location,
        code: str,
        message: Text,
        expected: Iterable[str] = (),
        suggestion: str | None = None,
    ) -> None:
        """Note something wrong."""
        self.problems.append(Problem(place, code, message, tuple(expected), suggestion))

    def unknown(self, place: Location, message: Text, name: str, candidates: Iterable[str]) -> None:
        """Note a name that nothing has, unless what it names was refused before."""
        if name.rpartition(".")[2] in self.broken or name in self.broken:
            return
        listed = tuple(candidates)
        self.problem(place, "FW201", message, listed, self.hint(name, listed))

    def hint(self, name: str, candidates: Iterable[str]) -> str | None:
        """Return the nearest right name, for the first wrong ones."""
        self._hints += 1
        return closest(name, candidates) if self._hints <= MAX_HINTS else None

    def is_broken(self, key: str) -> bool:
        """Return whether the part of that key was refused, so that nothing more need be said about it."""
        return key in self.broken

    # --- names ----------------------------------------------------------------------------------------------

    def all_of(self, construct: str) -> Iterator[tuple[str, Part]]:
        """Yield the qualified name and the part of everything of a construct, in order."""
        yield from self._names[construct].items()

    def part_of(self, construct: str, name: str) -> Part:
        """Return the part of a qualified name."""
        return self._names[construct][name]

    def requirements(self, package: str) -> list[str]:
        """Return the packages whose names ``package`` may use, itself first."""
        own = self.packages.get(package)
        needed = list(own.root.part("package").get("requires", {})) if own else []
        extra = [CORE] if CORE in self.packages else []
        return list(dict.fromkeys([package, *needed, *extra]))

    def find(self, construct: str, name: str, package: str, place: Location) -> str | None:
        """Return the qualified name that ``name`` stands for in ``package``; None, with a problem, when there is none.

        A bare name is looked up in the own package, then in those it requires, where it must be unambiguous. A former
        key of an entity stands for the entity, so that what other packages say about it holds on.
        """
        known = self._names[construct]
        former = self._former_entities if construct == "entity" else {}
        found = self._among(known, name, package) or self._among(former, name, package)
        if len(found) == 1:
            return former.get(found[0], found[0])
        if found:
            message = say("'%(name)s' could be any of several, say which", name=name)
            self.problem(place, "FW202", message, found)
            return None
        self._no_such(construct, name, package, place)
        return None

    def _among(self, known: Mapping[str, object], name: str, package: str) -> list[str]:
        """Return the qualified names among ``known`` that ``name`` may stand for in ``package``."""
        visible = self.requirements(package)
        if "." in name:
            return [name] if name in known and name.partition(".")[0] in visible else []
        if f"{package}.{name}" in known:
            return [f"{package}.{name}"]
        return [f"{other}.{name}" for other in visible[1:] if f"{other}.{name}" in known]

    def _no_such(self, construct: str, name: str, package: str, place: Location) -> None:
        owner = name.partition(".")[0]
        if "." in name and name in self._names[construct]:
            message = say(
                "'%(name)s' belongs to the package '%(package)s', which is not among 'requires'",
                name=name,
                package=owner,
            )
            self.problem(place, "FW203", message)
            return
        own = [
            full.partition(".")[2]
            for full in self._names[construct]
            if full.startswith(f"{package}.")
        ]
        others = [
            full
            for full in self._names[construct]
            if full.partition(".")[0] in self.requirements(package)[1:]
        ]
        messages = {
            "entity": say("there is no entity '%(name)s'", name=name),
            "form": say("there is no form '%(name)s'", name=name),
            "view": say("there is no view '%(name)s'", name=name),
            "app": say("there is no app '%(name)s'", name=name),
            "role": say("there is no role '%(name)s'", name=name),
            "option_set": say("there is no option set '%(name)s'", name=name),
            "sequence": say("there is no sequence '%(name)s'", name=name),
        }
        self.unknown(place, messages[construct], name, [*own, *others])

    def field(self, entity: str, key: str, place: Location) -> Field | None:
        """Return the field of an entity; None, with a problem, when there is none."""
        draft = self.entities[entity]
        found = draft.fields.get(key)
        if found is None:
            message = say("'%(name)s' is no field of '%(entity)s'", name=key, entity=entity)
            self.unknown(place, message, key, draft.fields)
        return found

    # --- texts ----------------------------------------------------------------------------------------------

    def label(self, part: Part, name: str, default: str = "", *, path: str = "") -> Label:
        """Return the text under ``name`` with its translations; ``default`` when it is not given."""
        own = path or ".".join((*part.path, name))
        return self.text(part.package, own, part.text(name) if name in part else default)

    def text(self, package: str, path: str, default: str, *more: str) -> Label:
        """Return the text at ``path`` of a package; ``more`` are other paths that mean the same text."""
        paths = (path, *more)
        self.text_paths[package].update(dict.fromkeys(paths))
        translations = self._translations[package]
        found = next((translations[each] for each in paths if each in translations), None)
        return Label(default, MappingProxyType(found)) if found else Label(default)

    def type_of(self, name: str) -> FieldType:
        """Return a field type; the schema has made sure that it exists, unless lost ones are let through."""
        return self.registry.get_or_missing(name) if self.lost_types else self.registry[name]

    # --- what expressions see -------------------------------------------------------------------------------

    def set_field(self, entity: str, changed: Field) -> None:
        """Take over a field that was worked out further."""
        self.entities[entity].fields[changed.key] = changed


class CatalogSchema:
    """The names and kinds that expressions may use (``expressions.check.Schema``)."""

    def __init__(self, building: Building) -> None:
        self._building = building

    def member(self, entity: str, name: str) -> Kind | None:
        """Return the kind of a field, a built-in column, a setting or a property of the user."""
        if entity == "@settings":
            setting = self._building.settings.get(name)
            return setting.field.kind if setting else None
        if entity == "@me":
            return _ME.get(name) or self.member(USER, name)
        draft = self._building.entities.get(entity)
        if draft is None:
            return None
        found = draft.fields.get(name)
        if found is not None and self._building.is_lost and self._building.is_lost(entity, name):
            raise ExpressionError(say("the field '%(name)s' has no value", name=name), (0, 0))
        if (
            found is not None
            and found.type.name == "formula"
            and found.returns is None
            and self._building.infer
        ):
            self._building.infer(entity, name)
            found = draft.fields[name]
        if found is not None:
            return found.kind
        return kinds.reference(entity) if name == "id" else BUILT_IN_KINDS.get(name)

    def member_names(self, entity: str) -> Iterable[str]:
        """Return every name that ``member`` knows."""
        if entity == "@settings":
            return list(self._building.settings)
        if entity == "@me":
            return [*_ME, *self.member_names(USER)]
        draft = self._building.entities.get(entity)
        return [*(draft.fields if draft else ()), "id", *BUILT_IN_KINDS]


_ME: Mapping[str, Kind] = MappingProxyType(
    {
        "roles": kinds.list_of(kinds.TEXT),
        # the teams somebody is in; those he leads with all below them; everybody in the latter
        "teams": kinds.list_of(kinds.reference(TEAM)),
        "led_teams": kinds.list_of(kinds.reference(TEAM)),
        "led_people": kinds.list_of(kinds.reference(USER)),
    }
)


def humanise(key: str) -> str:
    """Return a key as words.

    >>> humanise("follow_up")
    'Follow up'
    """
    return key.replace("_", " ").strip().capitalize()


def _by_path(root: Part) -> dict[str, dict[str, str]]:
    """Return the translations of a package: path -> locale -> wording."""
    found: dict[str, dict[str, str]] = {}
    for locale in root.parts("translations"):
        for path, wording in locale.data.items():
            found.setdefault(path, {})[locale.key] = wording
    return found
