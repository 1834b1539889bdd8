"""The language, part three: forms, views, menus, and who may do what."""

from __future__ import annotations

from formwright.definitions.shapes import (
    BOOL,
    COLOR,
    COND,
    EXPR,
    INT,
    KEY,
    PATH,
    SORT,
    STR,
    TEXT,
    Construct,
    Enum,
    FieldList,
    ListOf,
    MapOf,
    Obj,
    Ref,
    may,
    needed,
)  # fmt: skip

_ROLES = may("roles", ListOf(Ref("role")), "all", "The roles it is for.", "适用的角色。")

FORM = Construct(
    "form",
    "A way to enter or read one record. An entity can have any number; without one it gets a form with all its fields.",
    "录入或查看一条记录的方式。实体可有任意多个表单；未定义时自动生成包含全部字段的表单。",
    (
        needed("entity", Ref("entity"), "What it shows.", "所属实体。"),
        may("title", TEXT, "the entity's", "Its heading.", "标题。"),
        may("purpose", ListOf(Enum(("create", "edit", "view", "quick"), ("public", "wizard", "bulk"))), "[create, edit, view]", "What it is for; `quick` is the short form of a picker.", "用途；`quick` 为选择器中的简短表单。"),
        may("when", COND, "true", "The records it is for: the first form whose `when` and `roles` fit is used.", "适用于哪些记录：使用第一个 `when` 与 `roles` 都符合的表单。"),
        _ROLES,
        may("layout", MapOf(Obj("node")), "all fields", "Its parts, in order.", "各部分，按顺序排列。"),
        may("submit_title", TEXT, "Save", "The text of the button.", "按钮文字。"),
    ),
    later=("steps", "autosave", "on_open"),
    example='''forms:
  machine_form:
    entity: machine
    layout:
      facts: {type: section, title: Facts, columns: 2, fields: [code, name]}
''',
)  # fmt: skip

NODE = Construct(
    "node",
    "A part of a form. A node without a type is the field of its key.",
    "表单的一个部分。未写类型时即为与其键同名的字段。",
    (
        may("type", Enum(("tab", "section", "row", "field", "subform", "related", "text", "divider"), ("button", "document")), "field, or section when it holds others", "What it is.", "部分的类型。"),
        may("title", TEXT, "", "Its heading, or another label for a field.", "标题，或字段的另一名称。"),
        may("description", TEXT, "", "Help below the heading.", "标题下的说明。"),
        may("fields", FieldList(), "", "Fields inside it: the short form of `items`.", "其中的字段，`items` 的简写。"),
        may("items", MapOf(Obj("node")), "{}", "The parts inside it.", "其中的各部分。"),
        may("columns", INT, "1", "One to four columns; narrow screens have one.", "一至四列；窄屏为一列。"),
        may("width", INT, "all", "Columns it takes.", "所占列数。"),
        may("visible_when", COND, "true", "It is shown only while this holds.", "条件成立时才显示。"),
        may("readonly_when", COND, "false", "Nothing inside can be changed while this holds.", "条件成立时其中内容均不可修改。"),
        may("required", BOOL, "the field's", "In this form the field must be given.", "在本表单中必填。"),
        may("collapsible", BOOL, "false", "It can be folded.", "可以折叠。"),
        may("collapsed_when", COND, "false", "It is folded at first while this holds.", "条件成立时初始为折叠。"),
        may("badge", EXPR, "", "A figure on a tab.", "标签页上的数字。"),
        may("widget", STR, "the field's", "Another input, by name.", "改用的输入控件名称。"),
        may("default_from", EXPR, "the field's", "The value of a new record in this form.", "在本表单中新记录的初始值。"),
        may("columns_shown", ListOf(Ref("field")), "all", "The columns of a subform.", "子表显示的列。"),
        may("path", PATH, "", "The backlink whose records a `related` part lists.", "`related` 部分所列记录的反向列表字段。"),
        may("view", Ref("view"), "", "The view that a `related` part uses.", "`related` 部分所用的视图。"),
        may("text", TEXT, "", "The words of a `text` part.", "`text` 部分的文字。"),
    ),
    later=("inline", "paste", "action"),
)  # fmt: skip

VIEW = Construct(
    "view",
    "A list of records: which, in what order, with what columns.",
    "记录列表：显示哪些记录、如何排序、有哪些列。",
    (
        needed("entity", Ref("entity"), "What it lists.", "所属实体。"),
        may("type", Enum(("list",), ("kanban", "calendar", "timeline", "gallery", "map", "tree", "pivot")), "list", "How it looks.", "显示形式。"),
        needed("title", TEXT, "Its heading.", "标题。"),
        may("default", BOOL, "false", "It opens first.", "首先打开。"),
        may("filter", COND, "true", "Which records it shows, of those the reader may see.", "在读者有权查看的记录中显示哪些。"),
        may("sort", ListOf(SORT), "[]", "Fields to sort by; `-` in front turns the order around.", "排序字段；前加 `-` 表示倒序。"),
        may("columns", ListOf(Obj("column", short="field")), "the main fields", "Its columns.", "各列。"),
        may("quick_filters", ListOf(Obj("quick_filter", short="field")), "[]", "Filters at one click: a field, or a condition with a title.", "一键筛选：字段，或带标题的条件。"),
        may("search", ListOf(PATH), "the entity's", "The fields its search box looks in.", "搜索框查找的字段。"),
        may("row_style", ListOf(Obj("style")), "[]", "Marks on rows.", "行的标记。"),
        may("page_size", INT, "50", "Rows of a page.", "每页行数。"),
        _ROLES,
        may("empty_text", TEXT, "", "What is said while there is nothing to list.", "没有记录时显示的文字。"),
    ),
    later=("group_by", "inline_edit", "bulk_actions", "personal_copies", "column_field", "card", "column_totals", "limits", "start", "end", "feed", "location"),
    example='''views:
  machines:
    entity: machine
    title: All machines
    sort: [code]
    columns: [code, name]
    quick_filters: [{title: Under warranty, filter: "warranty_until >= today"}]
''',
)  # fmt: skip

COLUMN = Construct(
    "column",
    "A column of a list. The path of a field alone is enough.",
    "列表的一列。只写字段路径即可。",
    (
        needed("field", PATH, "A field, or one of a referenced record (`customer.name`).", "字段，或所引用记录的字段（`customer.name`）。"),
        may("title", TEXT, "the field's", "Its heading.", "列标题。"),
        may("format", STR, "the field's", "Another way to show the value.", "另一种显示方式。"),
        may("aggregate", Enum(("sum", "avg", "min", "max", "count", "filled", "empty")), "", "A figure below the column.", "列下方的统计。"),
        may("style", ListOf(Obj("style")), "[]", "Marks on its cells.", "单元格的标记。"),
    ),
    later=("width",),
)  # fmt: skip

QUICK_FILTER = Construct(
    "quick_filter",
    "A filter at one click. The key of a field alone offers that field's values.",
    "一键筛选。只写字段键时按该字段的值筛选。",
    (
        may("key", KEY, "filter_1, filter_2, …", "Its name in translations and addresses.", "在译文与网址中的名称。"),
        may("title", TEXT, "the field's", "What stands on it.", "显示的文字。"),
        may("filter", COND, "", "The condition it adds.", "所加的条件。"),
        may("field", Ref("field"), "", "The field whose values it offers.", "提供其值的字段。"),
    ),
)  # fmt: skip

STYLE = Construct(
    "style",
    "A mark on a row or cell. Colour never stands alone.",
    "行或单元格的标记。颜色从不单独使用。",
    (
        needed("when", COND, "It is shown while this holds.", "条件成立时显示。"),
        may("color", COLOR, "", "Its colour.", "颜色。"),
        may("icon", STR, "", "Its icon.", "图标。"),
        may("text", TEXT, "", "Its words, read out by screen readers.", "说明文字，供读屏软件朗读。"),
    ),
)  # fmt: skip

APP = Construct(
    "app",
    "What a role sees as one product: a menu.",
    "某些角色眼中的一个产品：一份菜单。",
    (
        needed("title", TEXT, "Its name.", "名称。"),
        may("icon", STR, "", "Its icon.", "图标。"),
        _ROLES,
        needed("menu", ListOf(Obj("menu_item")), "What stands in the menu, in order.", "菜单内容，按顺序排列。"),
    ),
    example='''apps:
  workshop:
    title: Workshop
    roles: [mechanic]
    menu: [{entity: machine}, {group: Lists, items: [{view: machines}]}]
''',
)  # fmt: skip

MENU_ITEM = Construct(
    "menu_item",
    "A link to a view or to an entity, or a group of links.",
    "指向视图或实体的链接，或一组链接。",
    (
        may("view", Ref("view"), "", "The view it opens.", "打开的视图。"),
        may("entity", Ref("entity"), "", "The entity whose default view it opens.", "打开其默认视图的实体。"),
        may("group", TEXT, "", "The heading of a group.", "分组的标题。"),
        may("key", KEY, "group_1, group_2, …", "The name of a group in translations.", "分组在译文中的名称。"),
        may("title", TEXT, "the view's or entity's", "Another text for the link.", "链接的另一文字。"),
        may("icon", STR, "the entity's", "Its icon.", "图标。"),
        may("items", ListOf(Obj("menu_item")), "[]", "The links of a group.", "分组中的链接。"),
    ),
    later=("dashboard", "page", "report", "action", "url"),
)  # fmt: skip

ROLE = Construct(
    "role",
    "A bundle of grants that people are given.",
    "授予人员的一组权限。",
    (
        needed("title", TEXT, "Its name.", "名称。"),
        may("description", TEXT, "", "Who has it, and for what.", "授予谁、作何用。"),
        may("inherits", ListOf(Ref("role")), "[]", "Roles whose grants it has too.", "同时具有其权限的角色。"),
        may("two_factor", BOOL, "false", "Whether whoever has it must log in with a second step.", "拥有此角色的人是否必须使用两步登录。"),
    ),
    later=("members",),
    example='''roles:
  mechanic: {title: Mechanic}
  foreman: {title: Foreman, inherits: [mechanic]}
''',
)  # fmt: skip

GRANT = Construct(
    "grant",
    "A permission. Nothing is allowed until a grant allows it; grants add up.",
    "一项许可。未经许可一概不允许；许可可以累加。",
    (
        needed("role", Ref("role"), "Who is allowed.", "许可给谁。"),
        needed("entity", Ref("entity"), "On which kind of record.", "针对哪类记录。"),
        needed("actions", ListOf(Enum((
            "read", "create", "update", "delete", "restore", "purge", "share", "assign", "comment", "print",
            "export", "import", "bulk", "merge", "force_state", "unmask", "configure",
        ))), "What they may do.", "允许的操作。"),
        may("scope", COND, "true", "On which records: it becomes part of every query, so that lists, counts, pickers and exports agree. A created or changed record must lie within it afterwards too.", "针对哪些记录：条件并入每个查询，使列表、计数、选择器与导出一致。新建或修改后的记录也须满足。"),
    ),
    later=("fields", "states", "until", "via", "scope_after"),
    example='''grants:
  mechanic_reads: {role: mechanic, entity: machine, actions: [read]}
  mechanic_own_jobs: {role: mechanic, entity: job, actions: [read, create, update], scope: "owner == me"}
''',
)  # fmt: skip
