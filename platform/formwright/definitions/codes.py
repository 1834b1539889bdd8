"""Every problem a definition can have: its code, what it means and the way out, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem."""

    code: str
    en: str
    zh: str
    out_en: str
    out_zh: str


CODES: tuple[Code, ...] = (
    Code("FW001", "The text is not valid YAML or JSON.", "文本不是有效的 YAML 或 JSON。", "Look just before the place: an unclosed quote or bracket, a tab, or a colon inside an unquoted text.", "查看该位置之前：未闭合的引号或括号、制表符，或未加引号的文本中含有冒号。"),
    Code("FW002", "A key is given twice.", "同一个键出现两次。", "Keep one of the two; the message says where the other is, which may be in another file.", "只保留一个；提示中说明了另一个的位置，可能在其他文件中。"),
    Code("FW003", "Anchors, aliases, tags, merge keys and directives are not part of the language.", "不支持锚点、别名、标签、合并键与指令。", "Write the value out where it is needed.", "在需要的地方直接写出该值。"),
    Code("FW004", "The file is too large, too deep, or has too many values.", "文件过大、嵌套过深或内容过多。", "Split it into several files; a package may have any number.", "拆分为多个文件；一个包可以包含任意多个文件。"),
    Code("FW005", "The file cannot be read, is not UTF-8, or contains a character that nobody can see.", "文件无法读取、不是 UTF-8 编码，或含有不可见字符。", "Save it as UTF-8 and remove the character.", "以 UTF-8 保存并删除该字符。"),
    Code("FW006", "The file does not hold exactly one map.", "文件内容不是单一的映射。", "Begin with a name such as `entities:`.", "以 `entities:` 之类的名称开头。"),
    Code("FW007", "A key or value cannot be written this way.", "键或值不能这样书写。", "Use a plain word as a key, an ordinary number as a value.", "键使用普通单词，值使用普通数字。"),
    Code("FW101", "A key that does not exist.", "不存在的键。", "Use one of the expected keys; the nearest is proposed.", "使用列出的键之一；提示中给出最接近的名称。"),
    Code("FW102", "A word that is not among the possible ones.", "不在可选范围内的词。", "Use one of the expected words.", "使用列出的词之一。"),
    Code("FW103", "A value of the wrong kind, such as a number where a text is expected.", "值的类型不对，例如应为文本却写成数字。", "Write the kind of value that is asked for; put numbers that are meant as text in quotes.", "按要求的类型书写；作为文本的数字请加引号。"),
    Code("FW104", "Something is missing.", "缺少必需的内容。", "Add what the message names.", "补充提示中指出的内容。"),
    Code("FW105", "An attribute that this field type does not take.", "该字段类型没有这个属性。", "Remove it, or choose another type.", "删除该属性或更换字段类型。"),
    Code("FW106", "A value outside its limits or not in its form.", "值超出范围或格式不对。", "Write it as the message says.", "按提示书写。"),
    Code("FW107", "A key that is not written as keys are.", "键的写法不合规定。", "Use lower-case letters a-z, digits and `_`, a letter first, at most 63 characters.", "使用小写字母、数字与下划线，以字母开头，最多 63 个字符。"),
    Code("FW108", "A part of the language that this version does not have yet.", "本版本尚不支持的语言部分。", "Leave it out; the message lists what there is.", "请删除；提示中列出了现有的内容。"),
    Code("FW109", "Attributes that contradict each other.", "相互矛盾的属性。", "Remove one of them.", "删除其中之一。"),
    Code("FW110", "A default, an example or a row has a value that does not fit its field.", "默认值、示例或数据行中的值不符合字段要求。", "Write a value that the field takes.", "填写字段可接受的值。"),
    Code("FW111", "A regular expression that cannot be used.", "无法使用的正则表达式。", "Write it without look-around and back-references.", "不要使用环视与反向引用。"),
    Code("FW201", "A name that nothing has.", "不存在的名称。", "Correct the name; the nearest is proposed.", "更正名称；提示中给出最接近的名称。"),
    Code("FW202", "A bare name that several required packages have.", "多个依赖包中都有的名称。", "Write it with its package, like `crm.customer`.", "写上包名，如 `crm.customer`。"),
    Code("FW203", "A required package is not there, or not in a fitting version.", "所依赖的包不存在或版本不符。", "Add the package, or change the range under `requires`.", "添加该包，或修改 `requires` 中的版本范围。"),
    Code("FW204", "Packages require each other in a circle.", "包之间循环依赖。", "Move what both need into a third package.", "将双方都需要的内容移到第三个包中。"),
    Code("FW205", "A name that is taken.", "名称已被占用。", "Choose another name.", "换一个名称。"),
    Code("FW206", "A name that exists and is not the kind of thing that is needed here.", "名称存在，但不是此处所需的内容。", "Name something of the kind that the message asks for.", "使用提示所要求的内容。"),
    Code("FW207", "Something that contains or inherits itself.", "自己包含或继承了自己。", "Break the circle that the message shows.", "打破提示中显示的循环。"),
    Code("FW208", "A translation of a text that does not exist.", "翻译了不存在的文本。", "Correct the path, or remove the translation.", "更正路径或删除该译文。"),
    Code("FW209", "A former key that does not tell where values come from.", "曾用的键无法说明数据的来源。", "List under `was` only keys that nothing has any more, each once; to exchange keys or move them along a chain, publish one renaming after the other.", "`was` 中只列出已不再使用的键，且每个键只列一次；互换或依次更名时，请逐次发布。"),
    Code("FW301", "An expression that cannot be read, or makes no sense.", "无法识别或没有意义的表达式。", "The place is that of the part concerned, inside the expression.", "所指位置即表达式中有问题的部分。"),
    Code("FW302", "Computed fields that are made of each other.", "计算字段循环引用。", "Break the circle that the message shows.", "打破提示中显示的循环。"),
    Code("FW303", "A stored value that would change by the mere passing of time.", "已存储的值会随时间推移而变化。", "Add `stored: false`; it is then worked out each time it is read.", "添加 `stored: false`，改为每次读取时计算。"),
    Code("FW304", "A condition that chooses records and that the database cannot work out.", "用于筛选记录的条件无法由数据库计算。", "Use what the message proposes, or move the condition into a stored computed field.", "按提示修改，或将条件移到已存储的计算字段中。"),
    Code("FW305", "A formula whose type follows over too many other formulas.", "公式的类型需经过太多其他公式才能确定。", "Say what it `returns`.", "写明 `returns`。"),
    Code("FW401", "A field or entity with records would be removed.", "将删除已有数据的字段或实体。", "Confirm, or keep it and mark it as `deprecated`.", "请确认，或保留并标记为 `deprecated`。"),
    Code("FW402", "The type of a field with values would change.", "将改变已有数据的字段类型。", "Add a new field and move the values, or confirm that they are dropped.", "新增字段并迁移数据，或确认丢弃。"),
    Code("FW403", "Choices that records use would be removed.", "将删除仍被记录使用的选项。", "Keep them as `deprecated`, or list them under `was` of another one.", "保留并标记为 `deprecated`，或列入另一选项的 `was`。"),
    Code("FW404", "A field becomes required, and old records have no value for it.", "字段变为必填，但旧记录没有值。", "Give it a `default`, or accept that old records ask for it at their next change.", "设置 `default`，或接受旧记录在下次修改时补填。"),
    Code("FW405", "A field becomes unique, and old records may have equal values.", "字段变为唯一，但旧记录可能有重复值。", "Find and merge the equal ones first.", "请先查找并合并重复记录。"),
    Code("FW406", "A limit becomes narrower, and old records may lie outside.", "限制变严，旧记录可能超出。", "Correct them first, or accept that they ask for it at their next change.", "请先更正，或接受其在下次修改时要求更正。"),
)  # fmt: skip


def find(code: str) -> Code | None:
    """Return what is known about a code."""
    return next((each for each in CODES if each.code == code), None)
