"""What is measured: two entities, and as many rows of them as are asked for, always the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from formwright.definitions.load import load_sources, read_folder
from formwright.definitions.model import Catalog
from formwright.fieldtypes.registry import builtin

ROOT = Path(__file__).resolve().parents[1]
CUSTOMER, FOLLOW_UP = "bench.customer", "bench.follow_up"
USERS = 50
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
STAGES = ("lead", "contacted", "quoted", "negotiating", "won", "lost")
GRADES = ("A", "B", "C", "D")
SOURCES = ("web", "fair", "referral", "phone", "partner", "advert", "other")
CITIES = ("北京", "上海", "广州", "深圳", "杭州", "成都", "武汉", "西安", "南京", "重庆")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰飞鹏辉红建国志文"
_TRADES = ("科技", "贸易", "机械", "电子", "食品", "建材", "服装", "物流", "化工", "医疗")
_LATIN = (
    "Acme",
    "Globex",
    "Initech",
    "Umbra",
    "Vortex",
    "Kestrel",
    "Nimbus",
    "Orion",
    "Pioneer",
    "Zenith",
)

PACKAGE = """
schema_version: 1
package: {key: bench, title: Bench, version: 1.0.0, requires: {core: "^1.0"}}
entities:
  customer:
    title: Customer
    display: "{{ name }}"
    search_fields: [name, phone, email, contact]
    ownership: {owner_field: owner}
    fields:
      name: {type: text, title: Name, required: true, searchable: true, indexed: true, maxLength: 120}
      phone: {type: phone, title: Phone, unique: true, searchable: true}
      email: {type: email, title: Email, unique: true, searchable: true}
      contact: {type: text, title: Contact, searchable: true, maxLength: 60}
      grade: {type: text, title: Grade, indexed: true, maxLength: 10}
      stage: {type: text, title: Stage, indexed: true, maxLength: 20}
      source: {type: text, title: Source, indexed: true, maxLength: 20}
      city: {type: text, title: City, indexed: true, maxLength: 20}
      amount: {type: money, title: Amount, currency: CNY, scale: 2, indexed: true}
      visits: {type: integer, title: Visits, sortable: false}
      discount: {type: percent, title: Discount, scale: 2, sortable: false}
      active: {type: boolean, title: Active, sortable: false}
      since: {type: date, title: Since, indexed: true}
      next_at: {type: datetime, title: Next contact, indexed: true}
      notes: {type: long_text, title: Notes}
      street: {type: text, title: Street, maxLength: 120, sortable: false}
      industry: {type: text, title: Industry, maxLength: 20, sortable: false}
      tags: {type: tags, title: Tags}
      owner: {type: user, title: Owner, on_delete: set_null}
  follow_up:
    title: Follow-up
    display: "{{ text }}"
    fields:
      customer: {type: reference, to: customer, title: Customer, on_delete: cascade}
      at: {type: datetime, title: At, indexed: true}
      text: {type: text, title: Text, maxLength: 200, sortable: false}
      minutes: {type: integer, title: Minutes, sortable: false}
"""


def catalog() -> Catalog:
    """Return the definitions that are measured, with the core package."""
    core = read_folder(ROOT / "apps_definitions" / "core", [])
    files = {
        f"core/{Path(path).name}" if "/" not in path else path: text for path, text in core.items()
    }
    return load_sources({**files, "bench/package.yaml": PACKAGE}, builtin())


def users() -> list[dict[str, Any]]:
    """Return who owns the customers."""
    return [{"name": f"user {number}", "login": f"user{number}"} for number in range(USERS)]


def customers(count: int, owners: list[int]) -> Iterator[dict[str, Any]]:
    """Yield customers, nine in ten complete in what is indexed."""
    chance = random.Random(20260601)  # noqa: S311 -- the same rows every time
    for number in range(count):
        yield {
            "name": _name(chance, number),
            "phone": f"+861{chance.choice('3578')}{number:09d}",
            "email": f"{chance.choice(_LATIN).lower()}{number}@example.com",
            "contact": chance.choice(_SURNAMES)
            + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2)))),
            "grade": chance.choices(GRADES, (1, 2, 4, 8))[0],
            "stage": chance.choice(STAGES),
            "source": chance.choice(SOURCES),
            "city": chance.choice(CITIES),
            "amount": Decimal(chance.randrange(100_000_000)).scaleb(-2)
            if chance.random() < 0.9
            else None,
            "visits": chance.randrange(40),
            "discount": Decimal(chance.randrange(3000)).scaleb(-2),
            "active": chance.random() < 0.8,
            "since": date(2016, 1, 1) + timedelta(days=chance.randrange(3700)),
            "next_at": NOW + timedelta(minutes=chance.randrange(500_000))
            if chance.random() < 0.9
            else None,
            "notes": "需要样品和报价单,下周再联系。" * chance.randrange(1, 5),
            "street": f"{chance.choice(CITIES)}路{chance.randrange(999)}号",
            "industry": chance.choice(_TRADES),
            "tags": ("重点",) if chance.random() < 0.2 else None,
            "owner": chance.choice(owners),
        }


def follow_ups(count: int, customer_ids: list[int]) -> Iterator[dict[str, Any]]:
    """Yield follow-ups, spread over the customers."""
    chance = random.Random(20260602)  # noqa: S311
    for number in range(count):
        yield {
            "customer": chance.choice(customer_ids),
            "at": NOW - timedelta(minutes=chance.randrange(1_000_000)),
            "text": f"第{number}次跟进,客户希望降价",
            "minutes": chance.randrange(5, 90),
        }


def _name(chance: random.Random, number: int) -> str:
    if number % 5 == 0:
        return f"{chance.choice(_LATIN)} {chance.choice(_LATIN)} Ltd {number}"
    brand = "".join(chance.choices(_GIVEN, k=2))
    return f"{chance.choice(CITIES)}{brand}{chance.choice(_TRADES)}有限公司"
