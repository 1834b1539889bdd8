"""Make the tables that a customer would bring: real sizes, real mess, and the counts that an import must arrive at.

    python -m bench.generate --customers 100000 --follow-ups 50000 --seed 1 --format xlsx --output data/

The same seed gives the same rows. ``expected.json`` beside the files says for each file how many rows it has, which
of them have an error and in which field, and which repeat an earlier customer's phone.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DUPLICATES = 0.03
ERRORS = 0.01
_TODAY = dt.date(2025, 6, 30)
_EXCEL_EPOCH = dt.date(1899, 12, 30)

CUSTOMER_COLUMNS = (
    "客户名称", "客户性质", "联系人", "职位", "手机号码", "邮箱", "省", "市", "详细地址", "行业", "规模", "客户来源",
    "生日", "标签", "备注", "更新日期",
)  # fmt: skip
FOLLOW_UP_COLUMNS = (
    "客户名称",
    "跟进时间",
    "跟进方式",
    "跟进内容",
    "结果",
    "时长(分钟)",
    "下次跟进时间",
)
OPPORTUNITY_COLUMNS = ("商机名称", "客户名称", "商机金额", "预计成交日期", "销售阶段")

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建国文辉鹏宇浩凯欣怡婷雪琳晨曦"
_LATIN_FIRST = (
    "Anna",
    "John",
    "Maria",
    "Peter",
    "Sofía",
    "Jürgen",
    "Zoë",
    "Michael",
    "Linda",
    "Søren",
    "Chloé",
    "Ivan",
)
_LATIN_LAST = (
    "Smith",
    "Müller",
    "García",
    "O'Brien",
    "Rossi",
    "Nguyen",
    "Kowalski",
    "Andersson",
    "Dubois",
    "Brown",
)
_WORDS = "华辰鑫盛恒泰东方海天金龙长江新世纪中联宏图瑞丰永兴博远科达振安康德信诚广源通顺捷"
_TRADES = (
    "机械",
    "电子",
    "贸易",
    "信息技术",
    "建材",
    "食品",
    "纺织",
    "物流",
    "医疗器械",
    "化工",
    "汽车配件",
    "环保设备",
)
_FORMS = ("有限公司", "股份有限公司", "集团有限公司", "（中国）有限公司", "有限责任公司")
_LATIN_FIRMS = (
    "Trading",
    "Industries",
    "Machinery",
    "Systems",
    "Foods",
    "Textiles",
    "Logistics",
    "Instruments",
)
_POSITIONS = (
    "采购经理",
    "总经理",
    "采购主管",
    "技术总监",
    "财务",
    "Purchasing manager",
    "CEO",
    "",
    "",
    "",
)
_PLACES = (
    ("北京市", "北京市", "海淀区中关村大街"), ("上海市", "上海市", "浦东新区世纪大道"),
    ("广东省", "深圳市", "南山区科技园路"), ("广东省", "广州市", "天河区体育西路"),
    ("浙江省", "杭州市", "西湖区文三路"), ("江苏省", "苏州市", "工业园区星湖街"),
    ("四川省", "成都市", "高新区天府大道"), ("山东省", "青岛市", "市南区香港中路"),
)  # fmt: skip
_INDUSTRIES = ("制造", "信息技术", "批发零售", "建筑", "教育", "金融", "Manufacturing", "c", "", "")
_SIZES = ("1-19人", "20-99人", "100-499人", "500-999人", "")
_SOURCES = ("展会", "转介绍(推荐)", "来电", "官网表单", "老客户", "Exhibition", "其他", "")
_TAGS = ("重点", "老客户;华东", "代理商", "VIP, 长期", "", "", "", "")
_METHODS = ("电话", "拜访", "微信", "邮件", "Phone", "会议")
_OUTCOMES = ("有意向", "需继续跟进", "未接通", "Interested", "已完成", "")
_NOTES = (
    "谈了下半年的采购计划",
    "对价格有异议，需要重新报价",
    "约定下周到厂参观",
    "样品已寄出，等反馈",
    "Asked for a new offer",
)
_STAGES = ("初步接触", "Discovery", "discovery")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PREFIXES = (
    "130",
    "131",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "158",
    "159",
    "176",
    "177",
    "186",
    "188",
    "199",
)
_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


@dataclass(slots=True)
class Expected:
    """What an import of one file has to arrive at."""

    file: str = ""
    rows: int = 0
    #: Row number in the file (the titles are row 1) -> key of the field that is wrong.
    bad: dict[int, str] = field(default_factory=dict)
    #: Row number of a repeated customer -> row number of the first with the same phone.
    duplicates: dict[int, int] = field(default_factory=dict)
    #: Some cells with what they mean: (row, field key, value as stored).
    samples: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def records(self) -> int:
        """How many records there are after an import that merges by phone."""
        return self.rows - len(self.bad) - len(self.duplicates)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as written to ``expected.json``."""
        return {
            "file": self.file,
            "rows": self.rows,
            "records": self.records,
            "bad": self.bad,
            "duplicates": self.duplicates,
            "samples": self.samples,
        }


@dataclass(slots=True)
class Generator:
    """The rows of one customer's tables; ask for customers first, the others refer to them."""

    seed: int = 1
    names: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)

    def customers(self, count: int, expected: Expected) -> Iterator[list[str]]:
        """Yield ``count`` rows of customers; what is wrong or repeated with them goes into ``expected``."""
        random_ = random.Random(f"{self.seed}-customers")  # noqa: S311 -- the same numbers every time are the point
        good: list[tuple[int, list[str], str]] = []
        errors, doubles = _picks(random_, count)
        expected.rows = count
        for index in range(count):
            number = index + 2
            if index in doubles and good:
                first, row, phone = good[random_.randrange(len(good))]
                expected.duplicates[number] = first
                yield self._repeated(random_, row, phone)
                continue
            phone = phone_number(index)
            row, day = self._customer(random_, index, phone)
            if index in errors:
                expected.bad[number] = _spoil_customer(random_, row)
            else:
                self.names.append(row[0])
                self.phones.append(phone)
                if len(good) < 20_000:
                    good.append((number, row, phone))
                if len(expected.samples) < 600:
                    expected.samples.append((number, "phone", "+86" + phone))
                    if day:
                        expected.samples.append((number, "birthday", day.isoformat()))
            yield row

    def _customer(
        self, random_: random.Random, index: int, phone: str
    ) -> tuple[list[str], dt.date | None]:
        company = random_.random() < 0.85
        person = person_name(random_)
        name = company_name(random_, index) if company else f"{person} {index}"
        province, city, street = random_.choice(_PLACES)
        day = None if company else _TODAY - dt.timedelta(random_.randrange(7_000, 25_000))
        row = [
            name,
            random_.choice(("企业客户", "Company", "company"))
            if company
            else random_.choice(("个人客户", "person")),
            person,
            random_.choice(_POSITIONS),
            spell_phone(random_, phone),
            f"{phone}@example.cn" if random_.random() < 0.6 else "",
            province,
            city,
            f"{street}{random_.randrange(1, 999)}号",
            random_.choice(_INDUSTRIES),
            random_.choice(_SIZES) if company else "",
            random_.choice(_SOURCES),
            spell_date(random_, day) if day else "",
            random_.choice(_TAGS),
            f"旧系统编号 {index}" if random_.random() < 0.3 else "",
            spell_date(random_, _TODAY - dt.timedelta(random_.randrange(30, 900))),
        ]
        return row, day

    def _repeated(self, random_: random.Random, first: Sequence[str], phone: str) -> list[str]:
        row = list(first)
        row[4] = spell_phone(random_, phone)
        row[3] = random_.choice(("采购总监", ""))
        row[9] = random_.choice(("", row[9]))
        row[14] = "重复录入"
        row[15] = spell_date(random_, _TODAY - dt.timedelta(random_.randrange(0, 1_000)))
        return row

    def follow_ups(self, count: int, expected: Expected) -> Iterator[list[str]]:
        """Yield ``count`` follow-ups of the good customers, found by name or by phone."""
        random_ = random.Random(f"{self.seed}-follow-ups")  # noqa: S311 -- the same numbers every time are the point
        errors, _ = _picks(random_, count)
        expected.rows = count
        for index in range(count):
            at = random_.randrange(len(self.names))
            day = _TODAY - dt.timedelta(random_.randrange(0, 700))
            clock = f"{random_.randrange(8, 19):02}:{random_.randrange(0, 60):02}"
            row = [
                self.names[at] if random_.random() < 0.9 else spell_phone(random_, self.phones[at]),
                f"{spell_date(random_, day, number=False)} {clock}",
                random_.choice(_METHODS),
                f"{random_.choice(_NOTES)}（{index}）",
                random_.choice(_OUTCOMES),
                random_.choice(("15", "30", "45", "60", "")),
                spell_date(random_, day + dt.timedelta(14)) if random_.random() < 0.5 else "",
            ]
            if index in errors:
                expected.bad[index + 2] = _spoil_follow_up(random_, row)
            yield row

    def opportunities(self, count: int, expected: Expected) -> Iterator[list[str]]:
        """Yield ``count`` opportunities with amounts in every spelling."""
        random_ = random.Random(f"{self.seed}-opportunities")  # noqa: S311 -- the same numbers every time are the point
        errors, _ = _picks(random_, count)
        expected.rows = count
        for index in range(count):
            amount = random_.randrange(1, 5_000) * 1_000
            row = [
                f"{random_.choice(_TRADES)}采购 {index}",
                self.names[random_.randrange(len(self.names))],
                spell_amount(random_, amount),
                spell_date(random_, _TODAY + dt.timedelta(random_.randrange(1, 300))),
                random_.choice(_STAGES),
            ]
            if index in errors:
                row[2] = random_.choice(("面议", "10 boxes", "-5"))
                expected.bad[index + 2] = "amount"
            elif len(expected.samples) < 300:
                expected.samples.append((index + 2, "amount", f"{amount}.00"))
            yield row


def phone_number(index: int) -> str:
    """Return the mobile number of customer ``index``; no two share one below a hundred million."""
    return _PREFIXES[index % len(_PREFIXES)] + f"{(index * 48_271 + 12_345_678) % 100_000_000:08}"


def spell_phone(random_: random.Random, phone: str) -> str:
    """Return ``phone`` as one of many people would write it."""
    a, b, c = phone[:3], phone[3:7], phone[7:]
    match random_.randrange(12):
        case 0:
            return f"+86 {a}-{b}-{c}"
        case 1:
            return f"0086 {phone}"
        case 2:
            return phone.translate(_WIDE)
        case 3:
            return f"{a} {b} {c}"
        case 4:
            return f"{a}-{b}-{c}"
        case 5:
            return f"+86-{phone}"
        case 6:
            return f"(+86){phone}"
        case 7:
            return f"86{phone}"
        case 8:
            return f" {phone}\u00a0"
        case _:
            return phone


def spell_date(random_: random.Random, day: dt.date, *, number: bool = True) -> str:
    """Return ``day`` as one of many people would write it; ``number`` allows a spreadsheet's day number."""
    match random_.randrange(9 if number else 7):
        case 0:
            return f"{day.year}/{day.month}/{day.day}"
        case 1:
            return f"{day.year}年{day.month}月{day.day}日"
        case 2:
            return f"{day:%Y%m%d}"
        case 3:
            return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"
        case 4:
            return f"{day.year}.{day.month:02}.{day.day:02}"
        case 5:
            return f"{day:%Y-%m-%d}".translate(_WIDE)
        case 7:
            return str((day - _EXCEL_EPOCH).days)
        case _:
            return day.isoformat()


def spell_amount(random_: random.Random, amount: int) -> str:
    """Return ``amount`` as one of many people would write it."""
    match random_.randrange(8):
        case 0:
            return f"{amount / 10_000:g}万"
        case 1:
            return f"{amount / 10_000:g}万元"
        case 2:
            return f"{amount:,}.00"
        case 3:
            return f"¥{amount:,}"
        case 4:
            return str(amount).translate(_WIDE)
        case 5:
            return f"￥{amount}元"
        case 6:
            return f"{amount} CNY"
        case _:
            return str(amount)


def person_name(random_: random.Random) -> str:
    """Return a Chinese or a Latin name."""
    if random_.random() < 0.12:
        return f"{random_.choice(_LATIN_FIRST)} {random_.choice(_LATIN_LAST)}"
    return random_.choice(_SURNAMES) + "".join(
        random_.choice(_GIVEN) for _ in range(random_.choice((1, 2, 2)))
    )


def company_name(random_: random.Random, index: int) -> str:
    """Return a company's name that nobody else has: ``index`` is a part of it."""
    if random_.random() < 0.1:
        return f"{random_.choice(_LATIN_LAST)} {random_.choice(_LATIN_FIRMS)} {index} Ltd."
    place = random_.choice(_PLACES)[1].removesuffix("市")
    mark = "".join(_WORDS[(index // len(_WORDS) ** power) % len(_WORDS)] for power in range(4))
    return f"{place}{mark}{random_.choice(_TRADES)}{random_.choice(_FORMS)}"


def _picks(random_: random.Random, count: int) -> tuple[set[int], set[int]]:
    """Return which rows get an error and which repeat an earlier one; the two do not meet."""
    errors = set(random_.sample(range(count), round(count * ERRORS)))
    rest = [index for index in range(10, count) if index not in errors]
    return errors, set(random_.sample(rest, min(round(count * DUPLICATES), len(rest))))


def _spoil_customer(random_: random.Random, row: list[str]) -> str:
    match random_.randrange(5):
        case 0:
            row[4] = row[4].strip()[-1:] + "380013800"
            return "phone"
        case 1:
            row[12] = random_.choice(("2024-02-30", "1990/13/1", "昨天"))
            return "birthday"
        case 2:
            row[11] = "火星"
            return "source"
        case 3:
            row[0] = ""
            return "name"
        case _:
            row[5] = "nobody@@example"
            return "email"


def _spoil_follow_up(random_: random.Random, row: list[str]) -> str:
    match random_.randrange(4):
        case 0:
            row[0] = "查无此公司"
            return "customer"
        case 1:
            row[1] = "2024-02-30 10:00"
            return "followed_at"
        case 2:
            row[2] = "心灵感应"
            return "method"
        case _:
            row[3] = ""
            return "content"


def write_table(
    path: Path, header: Sequence[str], rows: Iterator[list[str]], encoding: str
) -> None:
    """Write rows as CSV in ``encoding`` or, by the file's ending, as XLSX; every cell as text."""
    if path.suffix == ".xlsx":
        _write_workbook(path, header, rows)
        return
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _write_workbook(path: Path, header: Sequence[str], rows: Iterator[list[str]]) -> None:
    import xlsxwriter  # noqa: PLC0415 -- CSV does without

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        for column, title in enumerate(header):
            sheet.write_string(0, column, title)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                # Plain digits become numbers, as they do when somebody types them into a spreadsheet.
                if cell.isascii() and cell.isdigit() and len(cell) < 15 and cell[0] != "0":
                    sheet.write_number(number, column, int(cell))
                elif cell:
                    sheet.write_string(number, column, cell)


def generate(
    folder: Path,
    *,
    customers: int = 100_000,
    follow_ups: int = 50_000,
    opportunities: int = 0,
    seed: int = 1,
    format: str = "csv",  # noqa: A002 -- the word of the command line
    encoding: str = "utf-8",
) -> dict[str, Expected]:
    """Write the files and ``expected.json`` into ``folder``; return the expectations by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = Generator(seed)
    tables = {
        "customers": (CUSTOMER_COLUMNS, generator.customers, customers),
        "follow_ups": (FOLLOW_UP_COLUMNS, generator.follow_ups, follow_ups),
        "opportunities": (OPPORTUNITY_COLUMNS, generator.opportunities, opportunities),
    }
    found = {}
    for kind, (header, rows, count) in tables.items():
        if not count:
            continue
        expected = Expected(f"{kind}.{format}")
        write_table(folder / expected.file, header, rows(count, expected), encoding)
        found[kind] = expected
    body = {kind: expected.as_json() for kind, expected in found.items()}
    (folder / "expected.json").write_text(
        json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.generate", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--follow-ups", type=int, default=50_000)
    parser.add_argument("--opportunities", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    parser.add_argument(
        "--encoding", choices=("utf-8", "utf-8-sig", "gb18030", "utf-16"), default="utf-8"
    )
    parser.add_argument("--output", type=Path, default=Path("generated"))
    options = vars(parser.parse_args(arguments))
    for kind, expected in generate(options.pop("output"), **options).items():
        sys.stdout.write(
            f"{kind}: {expected.file}, {expected.rows} rows, {len(expected.bad)} with an error, "
            f"{len(expected.duplicates)} repeated\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
