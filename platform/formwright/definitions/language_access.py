"""The language, part four: who may do what."""

from __future__ import annotations

from formwright.definitions.shapes import (
    BOOL,
    COND,
    DAY,
    FIELDSET,
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

#: What a grant can allow. `unmask` is an older word for `reveal`.
ACTIONS = (
    "read", "create", "update", "delete", "restore", "purge", "share", "assign", "transfer", "comment", "print",
    "export", "import", "bulk", "merge", "reveal", "unmask", "force_state", "configure",
)  # fmt: skip

#: What is left of a value that is masked.
MASKS = ("last4", "initials", "domain", "all")

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
        needed("actions", ListOf(Enum(ACTIONS)), "What they may do.", "允许的操作。"),
        may("scope", COND, "true", "On which records: an expression, a filter, or one of the words `all`, `own`, `shared`, `team` and `pool`. It becomes part of every query, so that lists, counts, pickers and exports agree. A created or changed record must lie within it afterwards too.", "针对哪些记录：表达式、筛选，或 `all`、`own`、`shared`、`team`、`pool` 之一。条件并入每个查询，使列表、计数、选择器与导出一致。新建或修改后的记录也须满足。"),
        may("via", Ref("field"), "", "A reference field: only records whose record there the person may read.", "引用字段：仅限其所引用的记录对该人可见的记录。"),
        may("states", ListOf(STR), "all", "Only records whose `state_field` has one of these values.", "仅限 `state_field` 取值在此列表中的记录。"),
        may("fields", Obj("grant_fields"), "all", "Which fields.", "涉及哪些字段。"),
        may("until", DAY, "", "The last day on which it holds.", "有效期的最后一天。"),
        may("description", TEXT, "", "Who may do what, in the words of the business, like *Only the owner may edit*. Whoever is refused reads it.", "用业务语言说明谁可以做什么，例如“仅负责人可以编辑”。被拒绝的人会看到这段说明。"),
    ),
    later=("scope_after",),
    example='''grants:
  mechanic_reads: {role: mechanic, entity: machine, actions: [read], fields: {hide: [price]}}
  mechanic_own_jobs: {role: mechanic, entity: job, actions: [read, create, update], scope: own, description: Only the mechanic in charge may change a job.}
  mechanic_parts: {role: mechanic, entity: part, actions: [read], via: job}
''',
)  # fmt: skip

GRANT_FIELDS = Construct(
    "grant_fields",
    "What a grant says about fields. A field that nobody may read is answered like one that does not exist.",
    "许可对字段的规定。无权读取的字段与不存在的字段一样处理。",
    (
        may("read", FIELDSET, "*", "The fields that can be read.", "可读取的字段。"),
        may("hide", ListOf(Ref("field")), "[]", "Fields that cannot be read after all.", "仍不可读取的字段。"),
        may("write", FIELDSET, "those that can be read", "The fields that can be written.", "可写入的字段。"),
        may("except", ListOf(Ref("field")), "[]", "Fields that cannot be written after all.", "仍不可写入的字段。"),
        may("mask", MapOf(Enum(MASKS), keys="key"), "the fields' own", "Fields of which only a part is shown, and how. What is masked cannot be written.", "只显示部分内容的字段及方式。被遮盖的字段不可写入。"),
        may("clear", FIELDSET, "[]", "Fields that are shown in full although they have a mask of their own.", "尽管字段自带遮盖，仍完整显示的字段。"),
    ),
)  # fmt: skip

GUARD = Construct(
    "guard",
    "A limit over all grants: what lies outside of its scope is allowed to nobody, whatever is granted.",
    "对所有许可的限制：无论授予了什么，范围之外一律不允许。",
    (
        needed("entity", Ref("entity"), "On which kind of record.", "针对哪类记录。"),
        needed("scope", COND, "The records that remain, as in a grant.", "仍可操作的记录，写法同许可。"),
        may("actions", ListOf(Enum(ACTIONS)), "all", "The actions that it limits.", "受限制的操作。"),
        may("exempt", ListOf(Ref("role")), "[]", "Roles to which it does not apply.", "不受限制的角色。"),
        may("message", TEXT, "", "Why, in the words of the business.", "用业务语言说明原因。"),
        may("description", TEXT, "", "What it protects, for whoever looks after rights.", "说明其保护的内容，供权限管理人员阅读。"),
    ),
    example='''guards:
  legal_hold: {entity: machine, scope: "!on_hold", actions: [update, delete], message: Under legal hold}
''',
)  # fmt: skip

OVERLAY = Construct(
    "overlay",
    "What an installation changes in packages of others. It stands beside them, in the package `local`, so that their next version keeps it.",
    "本地对其他包所做的更改。更改单独存放在 `local` 包中，升级其他包时予以保留。",
    (
        may("grants", MapOf(Obj("grant_overlay"), keys="name"), "{}", "Changes to grants, by their name with the package, like `crm.rep_customers`. A name that nothing has any more is a problem.", "对许可的更改，以带包名的名称为键，如 `crm.rep_customers`。名称已不存在时报错。"),
    ),
    example='''overlay:
  grants:
    workshop.mechanic_parts: {enabled: false, note: Parts have their own desk since May}
    workshop.mechanic_own_jobs: {actions: [read, update], scope: team}
''',
)  # fmt: skip

GRANT_OVERLAY = Construct(
    "grant_overlay",
    "What is different about a grant here. An attribute that is given takes the place of the grant's own, the others stay.",
    "某项许可在本地的不同之处。给出的属性取代原有属性，其余不变。",
    (
        may("enabled", BOOL, "true", "`false` switches the grant off.", "`false` 表示停用该许可。"),
        may("actions", ListOf(Enum(ACTIONS)), "the grant's", "What they may do.", "允许的操作。"),
        may("scope", COND, "the grant's", "On which records, as in a grant.", "针对哪些记录，写法同许可。"),
        may("via", Ref("field"), "the grant's", "A reference field, as in a grant.", "引用字段，写法同许可。"),
        may("states", ListOf(STR), "the grant's", "Values of the `state_field`, as in a grant.", "`state_field` 的取值，写法同许可。"),
        may("fields", Obj("grant_fields"), "the grant's", "Which fields; takes the place of all the grant says about fields.", "涉及哪些字段；取代原许可对字段的全部规定。"),
        may("until", DAY, "the grant's", "The last day on which it holds.", "有效期的最后一天。"),
        may("note", STR, "", "Why it is different here.", "更改的原因。"),
    ),
)  # fmt: skip
