"""The words around the tables of the reference, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from formwright.definitions.shapes import Enum, FieldList, ListOf, MapOf, Obj, Ref, Scalar, Shape


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the reference and the constructs on it."""

    name: str
    en: str
    zh: str
    constructs: tuple[str, ...]


PAGES: tuple[Page, ...] = (
    Page(
        "packages",
        "Packages",
        "包",
        ("package", "setting", "option_set", "option", "sequence", "data", "dataset"),
    ),
    Page(
        "entities",
        "Entities",
        "实体",
        ("entity", "extend", "constraint", "rule", "ownership", "track", "retention"),
    ),
    Page("forms", "Forms", "表单", ("form", "node")),
    Page(
        "views",
        "Lists and menus",
        "列表与菜单",
        ("view", "column", "quick_filter", "style", "app", "menu_item"),
    ),
    Page(
        "access",
        "Roles and grants",
        "角色与许可",
        ("role", "grant", "grant_fields", "guard", "overlay", "grant_overlay"),
    ),
)

WORDS: Mapping[str, tuple[str, str]] = {
    "reference": ("Reference of the definition language", "定义语言参考"),
    "index_intro": (
        "These pages are made from the code by `python -m formwright.definitions.reference`. `formwright check PATH` judges a package by the same tables.",
        "这些页面由 `python -m formwright.definitions.reference` 根据代码生成。`formwright check 路径` 按同样的规定检查一个包。",
    ),
    "file": ("What a file may hold", "文件可包含的内容"),
    "fields": ("Fields and field types", "字段与字段类型"),
    "expressions": ("Functions of expressions", "表达式函数"),
    "problems": ("Problems and their codes", "错误代码"),
    "schema": ("JSON Schema for editors", "供编辑器使用的 JSON Schema"),
    "attribute": ("attribute", "属性"),
    "value": ("value", "取值"),
    "default": ("default", "默认"),
    "meaning": ("meaning", "含义"),
    "required": ("required", "必填"),
    "example": ("Example", "示例"),
    "later": ("Not in this version", "本版本暂无"),
    "colors": ("Names of colours", "颜色名称"),
    "common": ("Attributes of every field", "所有字段通用的属性"),
    "own": ("Attributes of some types", "部分类型专有的属性"),
    "types": ("Field types", "字段类型"),
    "takes": ("Own attributes (needed ones in bold)", "专有属性（粗体为必填）"),
    "operators": ("Operators of filters", "筛选运算符"),
    "typed": ("Understood when typed or imported", "输入或导入时可识别"),
    "function": ("function", "函数"),
    "examples": ("examples", "示例"),
    "code": ("code", "代码"),
    "way_out": ("way out", "解决办法"),
    "problems_intro": (
        "A problem is printed as `file:line:column: code message`; editors and terminals turn the place into a link. All problems of all files are reported at once.",
        "错误按 `文件:行:列: 代码 说明` 的格式输出，编辑器与终端可直接跳转。所有文件的所有错误一次报告。",
    ),
    "expressions_intro": (
        "Names are fields of the record; `a.b` follows a reference, `me` is the user, `settings.x` a setting, `parent` the record a row belongs to, `this` the record itself. `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `&&`, `||`, `!`, `+`, `-`, `*`, `/`, `%` and `condition ? a : b` are written as in CEL.",
        "名称指记录的字段；`a.b` 沿引用取值，`me` 为当前用户，`settings.x` 为设置，`parent` 为子表行所属的记录，`this` 为记录本身。运算符 `==`、`!=`、`<`、`<=`、`>`、`>=`、`in`、`&&`、`||`、`!`、`+`、`-`、`*`、`/`、`%` 与 `条件 ? a : b` 的写法与 CEL 相同。",
    ),
    "group_logic": ("Logic", "逻辑"),
    "group_text": ("Text", "文本"),
    "group_numbers": ("Numbers", "数字"),
    "group_dates": ("Dates", "日期"),
    "group_lists": ("Rows and lists", "行与列表"),
    "group_record": ("Records and people", "记录与人员"),
}

_SCALARS: Mapping[str, tuple[str, str]] = {
    "text": ("text, translatable", "文本，可翻译"),
    "str": ("text", "文本"),
    "key": ("key", "键"),
    "bool": ("`true` or `false`", "`true` 或 `false`"),
    "int": ("whole number", "整数"),
    "num": ("number", "数字"),
    "any": ("value", "值"),
    "semver": ("version", "版本号"),
    "range": ("range of versions", "版本范围"),
    "locale": ("language", "语言"),
    "color": ("colour", "颜色"),
    "cond": ("condition", "条件"),
    "expr": ("expression", "表达式"),
    "tmpl": ("text template", "文本模板"),
    "path": ("path", "路径"),
    "sort": ("path, `-` in front turns around", "路径，前加 `-` 为倒序"),
    "duration": ("days, like `P30D`", "天数，如 `P30D`"),
    "day": ("day, like `2027-12-31`", "日期，如 `2027-12-31`"),
    "fieldset": ("`*` or a list of fields", "`*` 或字段列表"),
    "size": ("size, like `20MB`", "大小，如 `20MB`"),
    "regex": ("regular expression", "正则表达式"),
    "currency": ("ISO 4217 code", "ISO 4217 代码"),
    "region": ("ISO 3166 code", "ISO 3166 代码"),
    "fieldtype": ("[field type](fields.md)", "[字段类型](fields.md)"),
}


def shape_words(shape: Shape, language: str) -> str:
    """Return what values of a shape look like, for a table cell."""
    chosen = 0 if language == "en" else 1
    match shape:
        case Scalar(name):
            return _SCALARS[name][chosen]
        case Enum(values):
            return " · ".join(f"`{value}`" for value in values)
        case Ref(construct):
            return f"name of a {construct}" if chosen == 0 else f"{construct} 的名称"
        case Obj(construct, short):
            link = f"[{construct}]({_page_of(construct)}.md#{construct})"
            return link if not short else f"{link} · `{short}`"
        case ListOf(item):
            return (
                f"list of {shape_words(item, language)}",
                f"列表：{shape_words(item, language)}",
            )[chosen]
        case MapOf(item):
            return (
                f"map of {shape_words(item, language)}",
                f"映射：{shape_words(item, language)}",
            )[chosen]
        case FieldList():
            return (
                "list of field keys, or map of [node](forms.md#node)",
                "字段键的列表，或 [node](forms.md#node) 的映射",
            )[chosen]
        case _:
            assert_never(shape)


def _page_of(construct: str) -> str:
    return next((page.name for page in PAGES if construct in page.constructs), "fields")
