"""The frozen objects that definitions become; past this package nobody sees a dict of metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from formwright.errors import Problem
from formwright.expressions.check import Checked
from formwright.expressions.kinds import Kind
from formwright.expressions.templates import Template
from formwright.fieldtypes.base import FieldType
from formwright.fieldtypes.registry import MissingFormula
from formwright.texts import Label

_EMPTY: Mapping[str, Any] = MappingProxyType({})

#: Columns every record has without being asked; not allowed as field keys.
BUILT_IN_FIELDS = (
    "id",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "version",
    "deleted_at",
)


#: The role of work that the platform itself does, such as installing; no person can be given it.
SYSTEM = "core.system"


class Action(StrEnum):
    """What a grant can allow on an entity."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    PURGE = "purge"
    SHARE = "share"
    #: Give a record without an owner one; hand an owned record to somebody else.
    ASSIGN = "assign"
    TRANSFER = "transfer"
    COMMENT = "comment"
    PRINT = "print"
    EXPORT = "export"
    IMPORT = "import"
    BULK = "bulk"
    MERGE = "merge"
    #: See one masked value in full; each time is noted.
    REVEAL = "reveal"
    FORCE_STATE = "force_state"
    CONFIGURE = "configure"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. ``was`` are former values, read as this one."""

    value: str
    title: Label
    color: str = ""
    icon: str = ""
    description: Label = Label("")
    group: str = ""
    when: Checked | None = None
    deprecated: bool = False
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A validation: ``assertion`` must not be false where ``when`` holds."""

    key: str
    assertion: Checked
    message: Label
    when: Checked | None = None
    level: str = "error"  # error | warning
    at: str = ""  # field key the message belongs to; "" for the record
    skip_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fill:
    """Copy of a value when a reference is chosen; stays editable."""

    value: Checked
    when: str = "changed"  # empty | changed | always
    #: The own reference fields that ``value`` reads through: choosing one of them triggers the copy.
    triggers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute of an entity. Names are those of LANGUAGE.md 4.3, camelCase written in snake_case."""

    key: str
    entity: str  # qualified name of the entity
    type: FieldType
    title: Label
    description: Label = Label("")
    placeholder: Label = Label("")
    required: bool = False
    required_when: Checked | None = None
    visible_when: Checked | None = None
    readonly_when: Checked | None = None
    read_only: bool = False
    write_only: bool = False
    immutable: bool = False
    on_hide: str = "keep"  # keep | clear | reject
    default: Any = None  # a value of the field's type, already accepted
    default_from: Checked | None = None
    compute: Checked | None = None
    stored: bool = True
    fill_from: Fill | None = None
    unique: bool = False
    indexed: bool = False
    searchable: bool = False
    filterable: bool = True
    sortable: bool = True
    sensitive: str = "none"  # none | personal | secret
    mask: str = "none"
    track: bool = True
    copied: bool = True
    hidden: bool = False
    timeline: bool = False
    counts_for_completeness: bool = False
    public: bool = False
    widget: str = ""  # "" = the type's own
    rules: tuple[Rule, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: Decimal | None = None
    exclusive_maximum: Decimal | None = None
    multiple_of: Decimal | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False
    examples: tuple[Any, ...] = ()
    deprecated: bool = False
    was: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    option_set: str = ""  # qualified name, when the options come from one
    suggestions: tuple[str, ...] = ()
    allow_other: bool = False
    target: str = (
        ""  # reference(s), user, subform, backlink: qualified name of the entity on the other side
    )
    via: str = ""  # backlink: key of the reference field there
    filter: Checked | None = (
        None  # reference: which records may be picked; `this` is the record being edited
    )
    inverse: str = ""
    on_delete: str = "restrict"  # restrict | set_null | cascade
    quick_create: bool = False
    totals: Mapping[str, str] = field(
        default_factory=lambda: _EMPTY
    )  # subform: field key -> sum | avg | min | max | count
    currency: str = ""  # money: ISO 4217 code when it is fixed
    currency_from: str = (
        ""  # money: path of the field that holds the code ("currency", "parent.currency")
    )
    scale: int = 0
    default_region: str = ""
    line: str = "mobile"  # phone: mobile | landline | any
    regions: str = ""  # address: "cn" or ""
    returns: Kind | None = None  # formula
    sequence: str = ""  # qualified name
    multiple: bool = False
    accept: tuple[str, ...] = ()
    max_size: int = 25 * 1024 * 1024  # bytes
    rows: int = 4  # long_text
    #: Words under which an import finds the column, besides key and titles.
    synonyms: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The kind of its values in expressions."""
        return self.type.kind(self)

    @property
    def lost(self) -> bool:
        """True when what computes it is missing."""
        return isinstance(self.type, MissingFormula) or bool(self.compute and self.compute.lost)

    @property
    def computed(self) -> bool:
        """True when nobody types it: formula, or any field with ``compute``."""
        return self.compute is not None

    @property
    def writable(self) -> bool:
        """True when a person may ever give it a value."""
        drawn = bool(self.sequence)
        return not (
            drawn or self.read_only or self.computed or (self.type.virtual and not self.is_subform)
        )

    @property
    def is_subform(self) -> bool:
        """True for the rows of a child entity."""
        return self.type.name == "subform"

    @property
    def is_reference(self) -> bool:
        """True when the value is the id of one other record (reference, single user)."""
        return bool(self.target) and self.type.slot == "r" and not self.multiple


@dataclass(frozen=True, slots=True)
class Constraint:
    """Uniqueness over several fields, or a limit of rows, held by the store."""

    key: str
    type: str  # unique | max_rows
    fields: tuple[str, ...]
    where: Checked | None = None
    ignore_case: bool = True
    limit: int | None = None
    message: Label = Label("")


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of record."""

    key: str
    package: str
    title: Label
    title_plural: Label
    display: Template
    fields: Mapping[str, Field]  # in file order
    description: Label = Label("")
    icon: str = ""
    color: str = ""
    kind: str = "record"  # record | child | singleton | link
    parent: str = ""  # child: qualified name of the entity it belongs to
    parent_field: str = ""  # child: key of the subform there
    search_fields: tuple[str, ...] = ()
    key_fields: tuple[str, ...] = ()
    constraints: Mapping[str, Constraint] = field(default_factory=lambda: _EMPTY)
    rules: tuple[Rule, ...] = ()
    owner_field: str = ""  # "" = created_by
    collaborators_field: str = ""
    state_field: str = ""
    history: bool = True
    default_view: str = ""
    default_form: str = ""
    trash_days: int = 30
    deprecated: bool = False
    was: tuple[str, ...] = ()
    #: Computed fields in the order in which they must be worked out.
    compute_order: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The qualified name, ``package.key``."""
        return f"{self.package}.{self.key}"


class NodeType(StrEnum):
    """The parts a form layout is made of."""

    TAB = "tab"
    SECTION = "section"
    ROW = "row"
    FIELD = "field"
    SUBFORM = "subform"
    RELATED = "related"
    TEXT = "text"
    DIVIDER = "divider"


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a form layout."""

    key: str
    type: NodeType
    title: Label = Label("")
    description: Label = Label("")
    items: tuple[Node, ...] = ()
    field: str = ""  # field and subform nodes: the field key
    columns: int = 1
    width: int = 0  # columns taken; 0 = all
    visible_when: Checked | None = None
    readonly_when: Checked | None = None
    required: bool = False
    collapsible: bool = False
    collapsed_when: Checked | None = None
    badge: Checked | None = None
    widget: str = ""
    default_from: Checked | None = None
    columns_shown: tuple[str, ...] = ()
    path: str = ""  # related: key of a backlink
    view: str = ""
    text: Label = Label("")


@dataclass(frozen=True, slots=True)
class Form:
    """A way to enter or read a record."""

    key: str
    package: str
    entity: str  # qualified
    title: Label
    layout: tuple[Node, ...]
    purpose: frozenset[str] = frozenset({"create", "edit", "view"})
    when: Checked | None = None
    roles: frozenset[str] = frozenset()  # qualified; empty = all
    submit_title: Label = Label("")

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.package}.{self.key}"


@dataclass(frozen=True, slots=True)
class Style:
    """A mark on a cell or row while ``when`` holds."""

    when: Checked
    color: str = ""
    icon: str = ""
    text: Label = Label("")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list view; ``path`` is a field key or goes through one reference (``customer.name``)."""

    path: str
    title: Label
    format: str = ""
    aggregate: str = ""
    style: tuple[Style, ...] = ()


@dataclass(frozen=True, slots=True)
class QuickFilter:
    """A one-click filter: a condition, or (``field`` set) a choice among a field's values."""

    key: str
    title: Label
    condition: Checked | None = None
    field: str = ""


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key; ``path`` is a field key, a built-in column, or goes through one reference."""

    path: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A saved way to look at many records."""

    key: str
    package: str
    entity: str  # qualified
    title: Label
    type: str = "list"
    default: bool = False
    filter: Checked | None = None
    sort: tuple[Sort, ...] = ()
    columns: tuple[Column, ...] = ()
    quick_filters: tuple[QuickFilter, ...] = ()
    search: tuple[str, ...] = ()
    row_style: tuple[Style, ...] = ()
    page_size: int = 50
    roles: frozenset[str] = frozenset()  # qualified; empty = all
    empty_text: Label = Label("")

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.package}.{self.key}"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A link to a view or an entity's default view, or a titled group of such."""

    title: Label
    view: str = ""  # qualified
    entity: str = ""  # qualified
    icon: str = ""
    items: tuple[MenuItem, ...] = ()


@dataclass(frozen=True, slots=True)
class App:
    """What a role sees as one product: a menu."""

    key: str
    package: str
    title: Label
    menu: tuple[MenuItem, ...]
    icon: str = ""
    roles: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.package}.{self.key}"


@dataclass(frozen=True, slots=True)
class Role:
    """A bundle of grants; ``inherits`` are qualified names, resolved transitively in ``Catalog.roles_of``."""

    key: str
    package: str
    title: Label
    description: Label = Label("")
    inherits: tuple[str, ...] = ()
    two_factor: bool = False  # whoever has it must log in with a second step

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.package}.{self.key}"


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission: ``role`` may do ``actions`` on the records of ``entity`` that ``scope`` selects (None = all)."""

    key: str
    package: str
    role: str  # qualified
    entity: str  # qualified
    actions: frozenset[Action]
    scope: Checked | None = None
    via: str = ""  # a reference field: only records whose record there the actor may read
    states: frozenset[str] = frozenset()  # values of the entity's state field; empty = all
    until: date | None = None  # the last day on which it holds
    hidden: frozenset[str] = frozenset()  # fields it does not let anybody read
    masks: Mapping[str, str] = field(default_factory=lambda: _EMPTY)  # field key -> last4, ...
    locked: frozenset[str] = frozenset()  # fields it does not let anybody write
    description: Label = Label("")  # who may do what, for whoever is refused
    scope_word: str = ""  # the word that stands for the scope, when it is written as one
    overlaid: frozenset[str] = frozenset()  # attributes that this installation has changed

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.package}.{self.key}"

    @property
    def limited(self) -> bool:
        """True when it does not reach every record of its entity."""
        return self.scope is not None or bool(self.via) or bool(self.states)


@dataclass(frozen=True, slots=True)
class Guard:
    """A limit over all grants: outside of ``scope`` nobody may do ``actions``, but for roles that are exempt."""

    key: str
    package: str
    entity: str  # qualified
    scope: Checked
    actions: frozenset[Action] = frozenset(Action)
    exempt: frozenset[str] = frozenset()  # qualified roles
    message: Label = Label("")
    description: Label = Label("")  # what it protects, for whoever looks after rights

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.package}.{self.key}"


@dataclass(frozen=True, slots=True)
class Setting:
    """A question of the package, read as ``settings.<key>``; ``value`` is the default until an admin changes it."""

    key: str
    package: str
    field: Field
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Business numbers. ``pattern`` holds ``{YYYY} {YY} {MM} {DD} {#####} {field}``."""

    key: str
    package: str
    pattern: str
    reset: str = "never"  # never | yearly | monthly | daily
    per: str = ""
    gap_free: bool = False
    start: int = 1

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.package}.{self.key}"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows that come with a package. A value ``@set/key`` refers to another row, ``=expr`` is computed at install."""

    key: str
    package: str
    entity: str  # qualified
    key_field: str
    rows: tuple[Mapping[str, Any], ...]
    demo: bool = False
    #: (entity, field key, text behind the "=") -> what is worked out at install.
    computed: Mapping[tuple[str, str, str], Checked] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, slots=True)
class Package:
    """The manifest of one package."""

    key: str
    title: Label
    version: str
    description: Label = Label("")
    requires: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    license: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    home: str = ""  # qualified app
    default_locale: str = "en"
    changelog: Mapping[str, Label] = field(default_factory=lambda: _EMPTY)
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that is defined, of all installed packages, by qualified name (``crm.customer``).

    Immutable; a new revision is a new catalog. ``revision`` is 0 for definitions that are not published.
    """

    packages: Mapping[str, Package]
    entities: Mapping[str, Entity]
    forms: Mapping[str, Form]
    views: Mapping[str, View]
    apps: Mapping[str, App]
    roles: Mapping[str, Role]
    grants: tuple[Grant, ...]
    settings: Mapping[str, Setting]
    sequences: Mapping[str, Sequence]
    datasets: tuple[Dataset, ...]
    guards: tuple[Guard, ...] = ()
    #: Grants that this installation has switched off.
    disabled: tuple[Grant, ...] = ()
    #: Entities that any grant names, also one that is switched off: a child among them no longer follows its parent.
    granted: frozenset[str] = frozenset()
    revision: int = 0
    #: (entity, action) -> grants, made once.
    grants_by: Mapping[tuple[str, Action], tuple[Grant, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    #: entity -> the (entity, field) pairs whose reference(s) point to it.
    referrers: Mapping[str, tuple[tuple[str, str], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    #: What is in force and cannot be worked out, since a plugin is missing.
    lost: tuple[Problem, ...] = ()

    def roles_of(self, names: Iterable[str]) -> frozenset[str]:
        """Return the roles called ``names`` with all that they inherit, over any number of steps."""
        found: set[str] = set()
        open_names = [name for name in names if name in self.roles]
        while open_names:
            name = open_names.pop()
            if name not in found:
                found.add(name)
                open_names += self.roles[name].inherits
        return frozenset(found)
