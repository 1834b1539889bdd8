"""A small catalog to import into, written as definitions."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from formwright.definitions.load import load_sources
from formwright.definitions.model import Catalog, Entity
from formwright.fieldtypes.registry import builtin

_CORE = Path(__file__).resolve().parents[3] / "apps_definitions" / "core"
_PACKAGE = """
package: {key: shop, title: Shop, version: 1.0.0}
entities:
  client:
    title: Client
    title_plural: Clients
    display: "{{ name }}"
    key_fields: [code]
    fields:
      code: {type: text, title: Code, unique: true}
      name: {type: text, title: Client name, required: true, maxLength: 60, synonyms: [公司名称, 单位]}
      phone: {type: phone, title: Mobile, unique: true, synonyms: [手机, 手机号码]}
      since: {type: date, title: Customer since}
      called_at: {type: datetime, title: Last call}
      amount: {type: money, title: Amount, currency: CNY}
      grade:
        type: choice
        title: Grade
        options: [{value: a, title: Best}, {value: b, title: Good}]
      address: {type: address, title: Address, regions: cn}
      parent_client: {type: reference, title: Parent, to: client}
      active: {type: boolean, title: Active}
      contract: {type: file, title: Contract}
      discount: {type: percent, title: Discount}
      ratio: {type: decimal, title: Ratio, scale: 4}
      doubled: {type: formula, title: Doubled, returns: money, compute: amount + amount}
translations:
  zh-CN:
    entities.client.fields.name.title: 客户名称
    entities.client.fields.since.title: 合作日期
"""


@lru_cache(maxsize=1)
def _catalog() -> Catalog:
    files = {
        f"core/{path.relative_to(_CORE)}": path.read_text("utf-8") for path in _CORE.rglob("*.yaml")
    }
    return load_sources({**files, "shop/package.yaml": _PACKAGE}, builtin())


@pytest.fixture
def catalog() -> Catalog:
    return _catalog()


@pytest.fixture
def client(catalog: Catalog) -> Entity:
    return catalog.entities["shop.client"]
