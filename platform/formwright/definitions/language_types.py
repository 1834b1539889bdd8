"""The built-in field types in a sentence each, for the reference. Types of plugins speak for themselves."""

from __future__ import annotations

from collections.abc import Mapping

#: Field type -> what its values are, in English and Chinese.
TYPE_WORDS: Mapping[str, tuple[str, str]] = {
    "text": ("One line of text.", "单行文本。"),
    "long_text": ("Several lines of text.", "多行文本。"),
    "rich_text": (
        "Formatted text: Markdown. HTML in it is cleaned; pictures and scripts are left out.",
        "带格式的文本：Markdown。其中的 HTML 会被净化，图片和脚本会被去掉。",
    ),
    "integer": ("A whole number.", "整数。"),
    "decimal": ("An exact decimal number.", "精确的小数。"),
    "money": (
        "An amount of money, exact, in a fixed currency or in that of another field.",
        "精确的金额，币种固定或取自其他字段。",
    ),
    "percent": ("A percentage: 20 means 20 %.", "百分比：20 表示 20%。"),
    "rating": ("A number of stars.", "星级评分。"),
    "boolean": ("Yes or no, never empty.", "是或否，从不为空。"),
    "date": ("A day.", "日期。"),
    "time": ("A time of day.", "一天中的时间。"),
    "datetime": ("A moment; shown in the reader's time zone.", "时刻，按读者的时区显示。"),
    "email": ("An e-mail address.", "电子邮箱。"),
    "phone": (
        "A telephone number; stored internationally, shown as at home.",
        "电话号码，以国际格式存储，按本地习惯显示。",
    ),
    "url": ("A web address.", "网址。"),
    "address": ("A postal address in its parts.", "分项的通讯地址。"),
    "choice": ("One of several options.", "多个选项之一。"),
    "choices": ("Any number of several options.", "任意多个选项。"),
    "tags": ("Any number of free words.", "任意多个自由标签。"),
    "reference": ("Another record.", "引用另一条记录。"),
    "references": ("Several other records.", "引用多条记录。"),
    "backlink": (
        "The records that refer to this one; it fills itself.",
        "引用本记录的记录列表，自动生成。",
    ),
    "subform": (
        "Rows of a child entity, edited and saved with this record.",
        "子实体的行，随本记录一起编辑与保存。",
    ),
    "user": ("A person with a log-in, or several.", "一位或多位用户。"),
    "file": ("A file, or several.", "一个或多个文件。"),
    "image": ("A picture, or several.", "一张或多张图片。"),
    "sequence": ("A business number that the platform gives out.", "由平台生成的业务编号。"),
    "formula": ("The result of an expression.", "表达式的计算结果。"),
}
