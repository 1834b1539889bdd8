"""The definition language as data: the one source of its schema, its checks, its problems and its reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from formwright.definitions import language_access as access
from formwright.definitions import language_entities as entities
from formwright.definitions import language_package as package
from formwright.definitions import language_screens as screens
from formwright.definitions.shapes import INT, STR, Construct, MapOf, Obj, Shape, may

_CONSTRUCTS = (
    package.PACKAGE, package.SETTING, package.OPTION_SET, package.OPTION, package.SEQUENCE,
    entities.ENTITY, entities.EXTEND, entities.FIELD, entities.FILL, entities.CONSTRAINT, entities.RULE,
    entities.OWNERSHIP, entities.TRACK, entities.RETENTION,
    screens.FORM, screens.NODE, screens.VIEW, screens.COLUMN, screens.QUICK_FILTER, screens.STYLE,
    screens.APP, screens.MENU_ITEM, access.ROLE, access.GRANT, access.GRANT_FIELDS, access.GUARD,
    access.OVERLAY, access.GRANT_OVERLAY, package.DATASET,
)  # fmt: skip

#: Every construct by name.
CONSTRUCTS: Mapping[str, Construct] = MappingProxyType(
    {construct.name: construct for construct in _CONSTRUCTS}
)

_DATASETS = MapOf(Obj("dataset"))

DATA = Construct(
    "data",
    "Rows that come with a package.",
    "随包提供的数据行。",
    (
        may("seed", _DATASETS, "{}", "Rows that belong to the package and are upgraded with it.", "属于本包、随之升级的数据行。"),
        may("demo", _DATASETS, "{}", "Rows to try the package out; installed on request, removed at one click.", "供试用的数据行，按需安装，一键删除。"),
    ),
)  # fmt: skip

#: What may stand at the top of a file. Any file of a package may hold any of them.
FILE = Construct(
    "file",
    "A package is a folder of YAML 1.2 or JSON files. Every file may hold any of these maps; they are put together, and a key that is defined twice is a problem.",
    "一个包是一个文件夹，内含 YAML 1.2 或 JSON 文件。每个文件可包含以下任何部分，读取时合并；同一个键定义两次即为错误。",
    (
        may("schema_version", INT, "1", "The version of the language; there is one so far.", "语言版本，目前只有 1。"),
        may("package", Obj("package"), "", "The manifest.", "清单。"),
        may("settings", MapOf(Obj("setting")), "{}", "Questions to the administrator.", "向管理员提出的问题。"),
        may("option_sets", MapOf(Obj("option_set")), "{}", "Shared lists of choices.", "共用的选项列表。"),
        may("sequences", MapOf(Obj("sequence")), "{}", "Business numbers.", "业务编号。"),
        may("entities", MapOf(Obj("entity")), "{}", "Kinds of record.", "记录的种类。"),
        may("extend", MapOf(Obj("extend"), keys="name"), "{}", "Additions to entities of required packages, by their name.", "对所依赖的包的实体的补充，按实体名称。"),
        may("forms", MapOf(Obj("form")), "{}", "Ways to enter one record.", "录入单条记录的方式。"),
        may("views", MapOf(Obj("view")), "{}", "Lists of records.", "记录列表。"),
        may("apps", MapOf(Obj("app")), "{}", "Menus.", "菜单。"),
        may("roles", MapOf(Obj("role")), "{}", "Bundles of grants.", "权限的集合。"),
        may("grants", MapOf(Obj("grant")), "{}", "Permissions.", "许可。"),
        may("guards", MapOf(Obj("guard")), "{}", "Limits over all permissions.", "对所有许可的限制。"),
        may("overlay", Obj("overlay"), "{}", "What this installation changes in packages of others; in the package `local` only.", "本地对其他包所做的更改，仅限 `local` 包。"),
        may("data", Obj("data"), "{}", "Rows that come with the package.", "随包提供的数据行。"),
        may("translations", MapOf(MapOf(STR, keys="path"), keys="locale"), "{}", "Texts in other languages: language, then path of the text, then wording.", "其他语言的文本：语言、文本路径、译文。"),
    ),
    later=(
        "calendars", "public_forms", "pages", "actions", "workflows", "automations", "reminders", "messages",
        "imports", "metrics", "snapshots", "reports", "dashboards", "documents", "webhooks", "inbound", "migrations",
        "tests",
    ),
)  # fmt: skip

#: Field types of the language that this version does not have.
LATER_TYPES = (
    "rich_text", "duration", "date_range", "person_name", "location", "status", "color", "json", "any_reference", "team",
    "signature", "scan", "rollup", "lookup", "secret", "generated",
)  # fmt: skip

#: Names of colours that go with text on light and dark backgrounds.
COLORS = (
    "grey", "red", "orange", "amber", "yellow", "lime", "green", "teal", "cyan", "blue", "indigo", "purple", "pink", "brown",
)  # fmt: skip


def construct(name: str) -> Construct:
    """Return the construct of that name, the parts of a file included."""
    if name == "file":
        return FILE
    return DATA if name == "data" else CONSTRUCTS[name]


def shape_of(owner: str, attribute: str) -> Shape | None:
    """Return the shape of an attribute, or None when the construct has no such."""
    found = construct(owner).get(attribute)
    return found.shape if found is not None else None
