"""The language, part two: entities, their fields, rules and constraints."""

from __future__ import annotations

from formwright.definitions.language_package import OPTIONS
from formwright.definitions.shapes import (
    ANY,
    BOOL,
    COLOR,
    COND,
    CURRENCY,
    DURATION,
    EXPR,
    FIELDTYPE,
    INT,
    KEY,
    NUM,
    PATH,
    REGEX,
    REGION,
    SIZE,
    STR,
    TEXT,
    TMPL,
    Construct,
    Enum,
    ListOf,
    MapOf,
    Obj,
    Ref,
    may,
    needed,
    own,
)  # fmt: skip

ENTITY = Construct(
    "entity",
    "A kind of record. Every entity has `id`, `created_at`, `created_by`, `updated_at`, `updated_by` and `version` without asking for them.",
    "一类记录。每个实体自动具有 `id`、`created_at`、`created_by`、`updated_at`、`updated_by` 和 `version`。",
    (
        may("title", TEXT, "the key", "What one record is called.", "单条记录的名称。"),
        may("title_plural", TEXT, "the title", "What many of them are called.", "多条记录的名称。"),
        may("description", TEXT, "", "What such a record stands for.", "说明此类记录代表什么。"),
        may("icon", STR, "", "The name of its icon.", "图标名称。"),
        may("color", COLOR, "", "The colour of its icon.", "图标颜色。"),
        may("kind", Enum(("record", "child"), ("singleton", "link")), "record", "`child` rows live in a subform of one other entity and are deleted with it.", "`child` 为子表行，只存在于另一实体的子表中并随其删除。"),
        may("display", TMPL, "the first text field", "How one record is named wherever it is mentioned.", "在任何提及之处如何称呼一条记录。"),
        may("search_fields", ListOf(PATH), "the searchable fields", "The fields in which pickers and the search box look.", "选择器与搜索框所查找的字段。"),
        may("key_fields", ListOf(Ref("field")), "[]", "The fields by which people and files recognise a record; imports find records by them.", "人与文件据以识别记录的字段，导入时以此查找。"),
        needed("fields", MapOf(Obj("field")), "Its attributes; their order is the order of the generated form.", "各字段；其顺序即自动生成表单的顺序。"),
        may("constraints", MapOf(Obj("constraint")), "{}", "Uniqueness and limits that the store itself holds.", "由存储层保证的唯一性与数量限制。"),
        may("rules", MapOf(Obj("rule")), "{}", "Checks over the whole record.", "针对整条记录的校验。"),
        may("ownership", Obj("ownership"), "", "Who a record belongs to.", "记录归属于谁。"),
        may("state_field", Ref("field"), "", "The choice field that tells in which state a record is; grants can be limited to states.", "表示记录所处状态的单选字段；许可可限定状态。"),
        may("track", Obj("track"), "", "What is kept of the past.", "保留哪些历史。"),
        may("retention", Obj("retention"), "", "How long what was deleted can come back.", "已删除的记录可在多长时间内恢复。"),
        may("default_view", Ref("view"), "the view marked `default`, or the first", "The list that opens first.", "首先打开的列表。"),
        may("default_form", Ref("form"), "the first", "The form that a record is read and edited in.", "用于查看与编辑记录的表单。"),
        may("deprecated", BOOL, "false", "Records stay readable, and no menu offers it.", "记录仍可读取，但菜单不再提供。"),
        may("was", ListOf(KEY), "[]", "Keys it had before.", "曾用的键。"),
    ),
    later=("workflow", "tree", "comments", "attachments", "activities", "match_rules", "api", "copy", "ordered", "archive"),
    example='''entities:
  machine:
    title: Machine
    title_plural: Machines
    display: "{{ code }} {{ name }}"
    fields:
      code: {type: text, title: Code, required: true, unique: true, maxLength: 20}
      name: {type: text, title: Name, required: true, searchable: true}
''',
)  # fmt: skip

EXTEND = Construct(
    "extend",
    "Adds to an entity of a required package. What is added belongs to the adding package and leaves with it.",
    "向所依赖的包的实体添加内容。所添加的内容属于添加者，并随其离开。",
    (
        may("fields", MapOf(Obj("field")), "{}", "Fields to add.", "要添加的字段。"),
        may("rules", MapOf(Obj("rule")), "{}", "Rules to add.", "要添加的规则。"),
        may("constraints", MapOf(Obj("constraint")), "{}", "Constraints to add.", "要添加的约束。"),
    ),
    example='''extend:
  core.user:
    fields:
      workshop: {type: text, title: Workshop}
''',
)  # fmt: skip

OWNERSHIP = Construct(
    "ownership", "Who a record belongs to.", "记录归属于谁。",
    (
        may("owner_field", Ref("field"), "created_by", "The user field that names the owner.", "表示负责人的用户字段。"),
        may("collaborators_field", Ref("field"), "", "The field with the people who work on the record beside its owner; the scope `shared` looks at it.", "与负责人一同处理记录的人员字段；范围 `shared` 以此判断。"),
    ),
    later=("team_field",),
)  # fmt: skip

TRACK = Construct(
    "track", "What is kept of the past.", "保留哪些历史。",
    (may("history", BOOL, "true", "Every change of every field is kept, before and after.", "保留每个字段每次变更的前后值。"),),
    later=("views",),
)  # fmt: skip

RETENTION = Construct(
    "retention", "How long what was deleted can come back.", "已删除的记录可在多长时间内恢复。",
    (may("trash", DURATION, "P30D", "Days for which a deleted record can be restored.", "已删除的记录可恢复的天数。"),),
    later=("anonymise_after", "delete_after"),
)  # fmt: skip

_TO = own("to", Ref("entity"), "", "The entity that is referred to.", "所引用的实体。")

FIELD = Construct(
    "field",
    "One attribute of an entity. The first table holds what every field can have, the second what only some types take.",
    "实体的一个属性。第一张表为所有字段通用的属性，第二张表为部分类型专有的属性。",
    (
        needed("type", FIELDTYPE, "The field type: it converts, checks and shows the values.", "字段类型，负责值的转换、检查与显示。"),
        may("title", TEXT, "the key", "The label.", "字段名称。"),
        may("description", TEXT, "", "Help under the input.", "输入框下方的说明。"),
        may("placeholder", TEXT, "", "A hint inside the empty input.", "空输入框中的提示。"),
        may("required", BOOL, "false", "A record cannot be saved without it, while the field is visible.", "字段可见时必须填写才能保存。"),
        may("required_when", COND, "", "It is required while this holds.", "条件成立时必填。"),
        may("visible_when", COND, "true", "It is shown only while this holds; a field that is not shown is never required.", "条件成立时才显示；未显示的字段不会要求必填。"),
        may("readonly_when", COND, "false", "It cannot be changed while this holds.", "条件成立时不可修改。"),
        may("readOnly", BOOL, "false", "People never change it; the system does.", "人员不可修改，由系统设置。"),
        may("writeOnly", BOOL, "false", "It can be set, and is never sent out.", "可以设置，但从不对外输出。"),
        may("immutable", BOOL, "false", "It can be set once.", "只能设置一次。"),
        may("on_hide", Enum(("keep", "clear", "reject")), "keep", "What saving does with the value while the field is not shown: keep it, clear it, or refuse the record.", "字段未显示时保存如何处理其值：保留、清除或拒绝整条记录。"),
        may("default", ANY, "", "The value of a new record.", "新记录的初始值。"),
        may("default_from", EXPR, "", "An expression that gives the value of a new record.", "计算新记录初始值的表达式。"),
        may("compute", EXPR, "", "An expression that always gives the value; nobody types it.", "始终由该表达式得出的值，无需输入。"),
        may("stored", BOOL, "true", "A computed value is kept with the record; false: it is worked out each time it is read.", "计算结果随记录保存；为 false 时每次读取时计算。"),
        may("fill_from", Obj("fill"), "", "A value to copy when a related record is chosen; it can be changed afterwards.", "选择关联记录时复制的值，之后仍可修改。"),
        may("unique", BOOL, "false", "No two records may have the same value; case and accents do not count.", "任何两条记录的值不得相同，忽略大小写与重音。"),
        may("indexed", BOOL, "false", "Lists filter and sort by it often.", "列表常按此字段筛选与排序。"),
        may("searchable", BOOL, "false", "The search box finds records by it.", "搜索框可按此字段查找记录。"),
        may("filterable", BOOL, "true", "Lists offer a filter for it.", "列表中可按此字段筛选。"),
        may("sortable", BOOL, "true", "Lists can be sorted by it.", "列表可按此字段排序。"),
        may("sensitive", Enum(("none", "personal", "secret")), "none", "Whether it holds personal data or a secret.", "是否包含个人信息或机密。"),
        may("mask", Enum(("none", "last4", "initials", "domain", "all")), "none", "What is shown of it unless a grant says otherwise.", "除许可另有规定外显示的部分。"),
        may("track", BOOL, "true", "Its changes are kept in the history.", "其变更记入历史。"),
        may("copied", BOOL, "true", "Duplicating a record takes it along.", "复制记录时一并复制。"),
        may("hidden", BOOL, "false", "No generated form or list shows it; rules, filters and exports reach it.", "自动生成的表单与列表不显示；规则、筛选与导出仍可使用。"),
        may("timeline", BOOL, "false", "Its changes show in the story of the record.", "其变更显示在记录的动态中。"),
        may("counts_for_completeness", BOOL, "false", "It counts when the completeness of a record is measured.", "计入记录的完整度。"),
        may("public", BOOL, "false", "A form for people without an account may show it.", "可出现在无需账号的公开表单中。"),
        may("widget", STR, "the type's", "Another input, by name.", "改用的输入控件名称。"),
        may("rules", MapOf(Obj("rule")), "{}", "Checks of this field.", "针对本字段的校验。"),
        may("examples", ListOf(ANY), "[]", "Values as they typically look; used in help and tests.", "典型的示例值，用于说明与测试。"),
        may("synonyms", ListOf(STR), "[]", "Other titles under which an import finds the column.", "导入时可识别的其他列标题。"),
        may("deprecated", BOOL, "false", "New forms leave it out; old values stay readable.", "新表单不再显示，旧值仍可读取。"),
        may("was", ListOf(KEY), "[]", "Keys it had before.", "曾用的键。"),
        own("minimum", NUM, "", "The smallest value.", "最小值。"),
        own("maximum", NUM, "", "The largest value.", "最大值。"),
        own("exclusiveMinimum", NUM, "", "The value must be larger than this.", "值必须大于此数。"),
        own("exclusiveMaximum", NUM, "", "The value must be smaller than this.", "值必须小于此数。"),
        own("multipleOf", NUM, "", "The value must be a multiple of this.", "值必须是此数的倍数。"),
        own("minLength", INT, "", "The fewest characters.", "最少字符数。"),
        own("maxLength", INT, "", "The most characters; 255 for `text`.", "最多字符数；`text` 默认为 255。"),
        own("pattern", REGEX, "", "A regular expression that the text must match; without look-around and back-references.", "文本须匹配的正则表达式，不支持环视与反向引用。"),
        own("minItems", INT, "", "The fewest values or rows.", "最少的值或行数。"),
        own("maxItems", INT, "", "The most values or rows.", "最多的值或行数。"),
        own("options", OPTIONS, "", "The choices.", "可选项。"),
        own("option_set", Ref("option_set"), "", "The shared list that the choices come from.", "选项来自的共用列表。"),
        own("suggestions", ListOf(STR), "[]", "Words offered while typing.", "输入时提示的词。"),
        own("allow_other", BOOL, "false", "A value outside the choices is accepted too.", "也接受选项之外的值。"),
        _TO,
        own("filter", COND, "true", "Which records may be picked; `this` is the record being edited.", "可选择哪些记录；`this` 指正在编辑的记录。"),
        own("inverse", KEY, "", "The key under which the other entity gets a list of the records that refer to it.", "在对方实体上生成的反向列表的键。"),
        own("on_delete", Enum(("restrict", "set_null", "cascade")), "restrict", "What happens when the record referred to is deleted: it is refused, the reference is emptied, or this record is deleted too.", "被引用的记录删除时：拒绝、清空引用或一并删除。"),
        own("quick_create", BOOL, "false", "The picker offers to create a missing record.", "选择器中可直接新建缺少的记录。"),
        own("from", PATH, "", "The reference whose other side this is, as `entity.field`.", "本列表所对应的引用字段，写作 `实体.字段`。"),
        own("of", Ref("entity"), "", "The child entity whose rows these are.", "子表行所属的子实体。"),
        own("totals", MapOf(Enum(("sum", "avg", "min", "max", "count")), keys="field"), "{}", "Figures under the columns of the rows: field to kind of total.", "子表各列下方的合计：字段与合计方式。"),
        own("currency", CURRENCY, "", "The currency of all amounts, as an ISO 4217 code.", "所有金额的币种，ISO 4217 代码。"),
        own("currency_from", PATH, "", "The field that holds the currency of the amount.", "存放币种的字段。"),
        own("scale", INT, "2", "Digits behind the decimal point.", "小数位数。"),
        own("default_region", REGION, "", "The country of telephone numbers that are written without one.", "未写国家代码的电话号码所属国家。"),
        own("line", Enum(("mobile", "landline", "any")), "mobile", "The kind of telephone.", "电话类型。"),
        own("regions", Enum(("cn",)), "", "`cn` offers province, city and district of China; otherwise they are typed.", "`cn` 提供中国省市区选择；否则手工输入。"),
        own("returns", FIELDTYPE, "inferred", "The field type of the result, where the expression alone leaves it open.", "结果的字段类型，表达式无法确定时填写。"),
        own("sequence", Ref("sequence"), "", "The sequence that gives the numbers.", "提供编号的序列。"),
        own("multiple", BOOL, "false", "Several values can be given.", "可填多个值。"),
        own("accept", ListOf(STR), "any", "The kinds of file that are taken, by name ending.", "可接受的文件类型，按扩展名。"),
        own("max_size", SIZE, "25MB", "The largest file, such as `500KB` or `20MB`.", "文件大小上限，如 `500KB` 或 `20MB`。"),
        own("rows", INT, "4", "Lines that the input shows.", "输入框显示的行数。"),
    ),
    later=("uniqueItems", "translatable", "format", "group", "over", "aggregate", "where", "order", "prompt", "inputs", "review", "encrypted", "display", "options_from", "symbologies", "hint"),
    example='''fields:
  bought_on: {type: date, title: Bought on}
  warranty_until:
    type: date
    title: Warranty until
    visible_when: "bought_on != null"
    required_when: "bought_on != null"
''',
)  # fmt: skip

FILL = Construct(
    "fill", "A value that is copied when a related record is chosen.", "选择关联记录时复制的值。",
    (
        needed("value", EXPR, "What is copied, such as `product.price`.", "要复制的内容，如 `product.price`。"),
        may("when", Enum(("empty", "changed", "always")), "changed", "Copy only into an empty field, each time another record is chosen, or at every save.", "仅在为空时、每次更换关联记录时、或每次保存时复制。"),
    ),
)  # fmt: skip

CONSTRAINT = Construct(
    "constraint",
    "A limit over several records, held by the store itself, whoever writes.",
    "跨记录的限制，由存储层保证，与写入方式无关。",
    (
        may("type", Enum(("unique",), ("max_rows", "exclude")), "unique", "What is limited.", "限制的种类。"),
        needed("fields", ListOf(Ref("field")), "The fields that together must be unique.", "组合起来必须唯一的字段。"),
        may("where", COND, "true", "It counts only records for which this holds.", "仅限于满足该条件的记录。"),
        may("ignore_case", BOOL, "true", "Upper and lower case are the same.", "忽略大小写。"),
        may("message", TEXT, "generated", "What is said when it is violated.", "违反时的提示。"),
    ),
    later=("limit",),
    example='''constraints:
  one_name_per_customer: {fields: [customer, name], message: This customer already has such a contact.}
''',
)  # fmt: skip

RULE = Construct(
    "rule",
    "A check that the server makes for everyone who writes: form, import, API.",
    "服务器对所有写入方式（表单、导入、接口）执行的校验。",
    (
        may("when", COND, "true", "It is checked only while this holds.", "仅当条件成立时校验。"),
        needed("assert", COND, "What must not be false. Null passes: use `required` for what must be there.", "不得为假的条件。空值视为通过：必填请用 `required`。"),
        needed("message", TEXT, "What is said when it fails.", "未通过时的提示。"),
        may("level", Enum(("error", "warning")), "error", "A warning can be confirmed, an error cannot.", "警告可以确认后继续，错误不可以。"),
        may("at", PATH, "the field, or the whole record", "The field beside which the message stands.", "提示所在的字段。"),
        may("skip_for", ListOf(Enum(("import", "api", "automation"))), "[]", "Writers that are let through.", "不受此校验的写入方式。"),
    ),
    example='''rules:
  end_after_begin:
    assert: "ends_on >= starts_on"
    message: The end lies before the beginning.
    at: ends_on
''',
)  # fmt: skip
