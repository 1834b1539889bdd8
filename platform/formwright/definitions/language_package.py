"""The language, part one: what a package says about itself, its settings, choices, numbers and rows."""

from __future__ import annotations

from formwright.definitions.shapes import (
    ANY,
    BOOL,
    COLOR,
    COND,
    FIELDTYPE,
    INT,
    KEY,
    LOCALE,
    PATH,
    RANGE,
    SEMVER,
    STR,
    TEXT,
    Construct,
    Enum,
    ListOf,
    MapOf,
    Obj,
    Ref,
    may,
    needed,
)  # fmt: skip

OPTIONS = ListOf(Obj("option", short="value"))

PACKAGE = Construct(
    "package",
    "The manifest: who the package is and what it needs. Every package has exactly one.",
    "清单：说明本包是什么、依赖什么。每个包有且只有一个。",
    (
        needed("key", KEY, "The name that all other names of the package begin with, as in `crm.customer`; it never changes.", "本包的标识，包内所有名称都以它开头，如 `crm.customer`；一经发布不再改变。"),
        needed("title", TEXT, "The name people see in the gallery.", "在应用库中显示的名称。"),
        may("description", TEXT, "", "What the package is for, in one paragraph.", "用一段话说明本包的用途。"),
        needed("version", SEMVER, "Its version, three numbers: a breaking change of the data raises the first.", "版本号，由三个数字组成；数据模型有不兼容的变化时第一个数字加一。"),
        may("platform", RANGE, "*", "The versions of Formwright it runs on; others refuse it.", "可以运行的 Formwright 版本范围，超出范围则拒绝安装。"),
        may("requires", MapOf(RANGE), "{}", "The packages it builds upon, each with a range of versions.", "所依赖的包及其版本范围。"),
        may("license", STR, "", "The licence, as an SPDX identifier.", "许可证的 SPDX 标识。"),
        may("authors", ListOf(STR), "[]", "Who wrote it.", "作者。"),
        may("categories", ListOf(STR), "[]", "Words to find it by in the gallery.", "在应用库中用于筛选的分类。"),
        may("home", Ref("app"), "", "The app that opens first.", "首先打开的应用。"),
        may("default_locale", LOCALE, "en", "The language in which the texts of the files are written.", "文件中各文本所用的语言。"),
        may("changelog", MapOf(TEXT, keys="version"), "{}", "What is new, by version; shown before an upgrade.", "各版本的变化，升级前显示。"),
        may("icon", STR, "", "The name of its icon.", "图标名称。"),
    ),
    later=("optional", "managed", "uninstall", "screenshots", "conflicts"),
    example='''package:
  key: workshop
  title: Workshop
  version: 1.0.0
  requires: {core: ">=1.0"}
''',
)  # fmt: skip

SETTING = Construct(
    "setting",
    "A question to the administrator; expressions read the answer as `settings.<key>`.",
    "向管理员提出的一个问题，表达式中以 `settings.<键>` 读取其答案。",
    (
        needed("type", FIELDTYPE, "A field type that holds one plain value.", "保存单个简单值的字段类型。"),
        may("title", TEXT, "the key", "The question.", "问题的文字。"),
        may("description", TEXT, "", "What the answer changes.", "说明答案的作用。"),
        may("options", OPTIONS, "", "The answers to choose from, for `choice` and `choices`.", "可选的答案，用于 `choice` 与 `choices`。"),
        may("default", ANY, "", "The answer until somebody gives another one.", "在有人作答之前所用的值。"),
    ),
    later=("secret",),
    example='''settings:
  big_order: {type: decimal, title: An order is large from, default: 50000}
''',
)  # fmt: skip

OPTION_SET = Construct(
    "option_set",
    "A list of choices that several fields share.",
    "多个字段共用的选项列表。",
    (
        may("title", TEXT, "the key", "What the list is called.", "列表的名称。"),
        needed("options", OPTIONS, "The choices, in the order in which they are offered.", "各选项，按显示顺序排列。"),
    ),
    later=("extensible",),
    example='''option_sets:
  urgency:
    options: [low, {value: high, title: High, color: red}]
''',
)  # fmt: skip

OPTION = Construct(
    "option",
    "One choice. Where value and title are the same word, the word alone is enough.",
    "一个选项。值与标题相同时只写这个词即可。",
    (
        needed("value", STR, "What is stored; it never changes.", "存储的值，一经使用不再改变。"),
        may("title", TEXT, "the value", "What people see.", "显示给人看的文字。"),
        may("color", COLOR, "", "A colour beside the text: a name of the palette or `#rrggbb`.", "文字旁的颜色：调色板中的名称或 `#rrggbb`。"),
        may("icon", STR, "", "An icon beside the text.", "文字旁的图标。"),
        may("description", TEXT, "", "What the choice means.", "选项的含义。"),
        may("group", STR, "", "The heading under which it is listed.", "所属的分组标题。"),
        may("when", COND, "true", "It is offered only while this holds.", "仅当条件成立时才提供该选项。"),
        may("deprecated", BOOL, "false", "Old records keep it, new ones are not offered it.", "旧记录仍可保留，新记录不再提供。"),
        may("was", ListOf(STR), "[]", "Values it had before; they are read as this one.", "曾用的值，读取时视为本选项。"),
    ),
)  # fmt: skip

SEQUENCE = Construct(
    "sequence",
    "Business numbers that count up, such as invoice numbers.",
    "递增的业务编号，例如发票号。",
    (
        needed("pattern", STR, "How a number looks: `{YYYY} {YY} {MM} {DD}` are parts of the date, `{####}` is the counter with at least so many digits, and `{field}` is the text of a field.", "编号的样式：`{YYYY} {YY} {MM} {DD}` 为日期部分，`{####}` 为至少相应位数的计数，`{field}` 为某字段的文字。"),
        may("reset", Enum(("never", "yearly", "monthly", "daily")), "never", "When the counter begins anew.", "计数何时重新开始。"),
        may("per", PATH, "", "A field: each of its values has a counter of its own.", "某个字段：其每个值各有一个计数。"),
        may("gap_free", BOOL, "false", "No number is ever left out; records that take one are then saved one after another.", "编号不留空缺；取号的记录将依次保存。"),
        may("start", INT, "1", "The first number.", "起始号码。"),
    ),
    example='''sequences:
  job_no: {pattern: "J-{YYYY}-{####}", reset: yearly}
''',
)  # fmt: skip

DATASET = Construct(
    "dataset",
    "Rows that come with a package: `data.seed` belongs to it and is upgraded with it, `data.demo` is there to try it out and can be removed.",
    "随包提供的数据行：`data.seed` 属于本包并随之升级，`data.demo` 供试用，可以删除。",
    (
        needed("entity", Ref("entity"), "What the rows are.", "数据行所属的实体。"),
        needed("key_field", Ref("field"), "The field by which a second install finds the rows of the first.", "再次安装时据以找到已有数据行的字段。"),
        needed("rows", ListOf(MapOf(ANY, keys="field")), "The rows: field to value. `@set/key` is the row of another set, a value that begins with `=` is an expression worked out at install.", "各行：字段与值。`@集合/键` 指另一集合的行；以 `=` 开头的值是在安装时计算的表达式。"),
    ),
    example='''data:
  demo:
    machines:
      entity: machine
      key_field: name
      rows: [{name: Lathe 3, bought_on: "=DATEADD(today, -400, 'day')"}]
''',
)  # fmt: skip
