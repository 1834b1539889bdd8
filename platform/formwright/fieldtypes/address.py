"""Field type for postal addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from formwright.expressions import kinds
from formwright.expressions.kinds import Base, Kind
from formwright.fieldtypes import divisions
from formwright.fieldtypes.base import Example, FieldLike, FieldType, ValueProblem
from formwright.fieldtypes.spelling import comparable, narrow, one_line
from formwright.texts import Reader, Text, say

#: The parts, in the order in which a form sends them.
PARTS = ("country", "province", "city", "district", "detail", "postcode")
_LIMITS = {"country": 2, "postcode": 12, "detail": 255}
_LONGEST_PART = 60
_POSTCODE = re.compile(r"(?:^|[\s,])([0-9]{6})(?:$|[\s,])")
_COUNTRY_PREFIX = re.compile(r"^(?:中国|中华人民共和国|China\b)[\s,]*", re.IGNORECASE)
_KIND = Kind(Base.OBJECT, members=dict.fromkeys(PARTS, kinds.TEXT))


class AddressType(FieldType):
    """A postal address in parts; with ``regions: cn`` province, city and district are China's own."""

    name = "address"
    attributes = frozenset({"regions"})
    widget = "address"
    operators: ClassVar[tuple[str, ...]] = ("contains", "empty", "not_empty")
    examples: ClassVar[tuple[Example, ...]] = (
        Example("科技路1号", {"detail": "科技路1号"}),
        Example('{"country": "DE", "city": "Berlin", "detail": "Hauptstr. 5"}',
                {"country": "DE", "city": "Berlin", "detail": "Hauptstr. 5"}),
        Example("  ", None),
        Example('{"planet": "Mars"}', wrong=True),
    )  # fmt: skip

    def kind(self, field: FieldLike) -> Kind:
        """Return an object of texts: ``address.city``."""
        return _KIND

    def parse(self, field: FieldLike, typed: str, reader: Reader) -> Any:
        """Return the parts found in a line; what is no known place stays in ``detail``."""
        text = one_line(typed)
        if text.startswith("{"):
            return self._parts(field, _read_json(text))
        if field.regions != "cn":
            return self._parts(field, {"detail": text})
        return self._parts(field, read_chinese(text))

    def parse_many(self, field: FieldLike, typed: Sequence[str], reader: Reader) -> Any:
        """Return the address of a form that sends one text for each of ``PARTS``, in that order."""
        if len(typed) != len(PARTS):
            return super().parse_many(field, typed, reader)
        return self._parts(field, dict(zip(PARTS, typed, strict=True)))

    def format(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return one line: from large to small in Chinese, from small to large in English."""
        if reader.language.startswith("zh"):
            return _chinese_line(value, reader)
        return _western_line(value, reader)

    def format_input(self, field: FieldLike, value: Any, reader: Reader) -> str:
        """Return one line where that says it all, else the parts as JSON."""
        line = " ".join(
            filter(None, ("".join(_places(value)) + value.get("detail", ""), value.get("postcode")))
        )
        if self._reads_as(field, line, value):
            return line
        return json.dumps(value, ensure_ascii=False)

    def accept(self, field: FieldLike, value: Any) -> Any:
        """Return the parts of an object, or of a text."""
        if isinstance(value, str):
            return self.parse(field, value, Reader())
        if not isinstance(value, Mapping):
            raise ValueProblem(say("Enter an address."))
        return self._parts(field, value)

    def check(self, field: FieldLike, value: Any) -> Text | None:
        """Return a sentence for a part that is too long, or a place that is not where it is said to be."""
        for part, text in value.items():
            limit = _LIMITS.get(part, _LONGEST_PART)
            if len(text) > limit:
                return say(
                    "Enter at most %(limit)s characters; these are %(count)s.",
                    limit=limit,
                    count=len(text),
                )
        if field.regions != "cn" or value.get("country", "CN") != "CN":
            return None
        return _place_problem(value)

    def from_stored(self, field: FieldLike, stored: Any) -> Any:
        """Return the parts."""
        return dict(stored)

    def compare_key(self, field: FieldLike, value: Any) -> str:
        """Return all parts with case, width and accents ignored."""
        return comparable("\n".join(value.get(part, "") for part in PARTS)).replace(" ", "")

    def search_text(self, field: FieldLike, value: Any) -> str:
        """Return the places and the street."""
        return " ".join(("".join(_places(value)), value.get("detail", "")))

    def json_schema(self, field: FieldLike) -> Mapping[str, Any]:
        """Return the JSON Schema of the parts."""
        return {
            "type": "object",
            "properties": {
                part: {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": _LIMITS.get(part, _LONGEST_PART),
                }
                for part in PARTS
            },
            "additionalProperties": False,
        }

    def _parts(self, field: FieldLike, given: Mapping[str, Any]) -> dict[str, str] | None:
        """Return the parts that are not blank, places with their full names; None when all are blank."""
        if not set(given) <= set(PARTS) or not all(
            isinstance(text, str) for text in given.values()
        ):
            raise ValueProblem(say("Enter an address."))
        parts = {part: one_line(given.get(part, "")) for part in PARTS}
        parts["country"] = narrow(parts["country"]).upper()
        parts["postcode"] = narrow(parts["postcode"]).upper()
        found = {part: text for part, text in parts.items() if text}
        if field.regions == "cn" and found.get("country", "CN") == "CN":
            _complete(found)
        return found or None

    def _reads_as(self, field: FieldLike, line: str, value: Any) -> bool:
        try:
            return bool(self.parse(field, line, Reader()) == value)
        except ValueProblem:
            return False


def read_chinese(text: str) -> dict[str, str]:
    """Return the parts of an address written in one line.

    >>> read_chinese("广东深圳南山区科技路1号")
    {'province': '广东省', 'city': '深圳市', 'district': '南山区', 'detail': '科技路1号'}
    """
    parts: dict[str, str] = {}
    rest = _COUNTRY_PREFIX.sub("", text)
    postcode = _POSTCODE.search(rest)
    if postcode:
        rest = (rest[: postcode.start()] + " " + rest[postcode.end() :]).strip(" ,，")
    province, rest = _take_province(rest)
    if province is not None:
        parts["province"] = province.name
        rest = _take_city(province, rest, parts)
    parts["detail"] = rest.strip(" ,，")
    if postcode:
        parts["postcode"] = postcode[1]
    return {part: found for part, found in parts.items() if found}


def _take_province(text: str) -> tuple[divisions.Division | None, str]:
    """Return the province a line starts with, or the one whose city it starts with (深圳市南山区)."""
    province, rest = divisions.china().take(text)
    if province is not None:
        return province, rest.lstrip(" ,，")
    for candidate in divisions.china().parts.values():
        if any(
            text.startswith(name)
            for name in candidate.parts
            if name.endswith(("市", "州", "盟", "地区"))
        ):
            return candidate, text
    return None, text


def _take_city(province: divisions.Division, text: str, parts: dict[str, str]) -> str:
    if province.name in divisions.MUNICIPALITIES:
        city, rest = province.parts[province.name], text.removeprefix(province.name).lstrip(" ,，")
    else:
        found, rest = province.take(text)
        if found is None:
            return text
        city = found
    parts["city"] = city.name
    district, rest = city.take(rest.lstrip(" ,，"))
    if district is not None:
        parts["district"] = district.name
    return rest.lstrip(" ,，")


def _complete(parts: dict[str, str]) -> None:
    """Give known places their full names: 广东 -> 广东省; a municipality is its own city."""
    province = divisions.china().find(parts.get("province", ""))
    if province is None:
        return
    parts["province"] = province.name
    if province.name in divisions.MUNICIPALITIES and "district" in parts:
        parts.setdefault("city", province.name)
    city = province.find(parts.get("city", ""))
    if city is None:
        return
    parts["city"] = city.name
    district = city.find(parts.get("district", ""))
    if district is not None:
        parts["district"] = district.name


def _place_problem(value: Mapping[str, str]) -> Text | None:
    """Return a sentence for the first place that is not in the one above it."""
    above = divisions.china()
    for part in ("province", "city", "district"):
        name = value.get(part)
        if name is None:
            return None
        if not above.parts:
            return None  # nothing is known below: 东莞市 has no districts, the list has none for Hong Kong
        found = above.parts.get(name)
        if found is None:
            near = next((part for part in above.parts if part[:2] == name[:2]), None)
            if near is not None:
                return say(
                    "“%(name)s” is not in %(above)s. Did you mean “%(near)s”?",
                    name=name,
                    above=above.name,
                    near=near,
                )
            return say("“%(name)s” is not in %(above)s.", name=name, above=above.name)
        above = found
    return None


def _places(value: Mapping[str, str]) -> list[str]:
    """Return province, city and district; a municipality once."""
    return list(
        dict.fromkeys(filter(None, (value.get(part) for part in ("province", "city", "district"))))
    )


def _country(value: Mapping[str, str], reader: Reader) -> str:
    code = value.get("country", "")
    return "" if code in ("", "CN") else str(reader.locale.territories.get(code, code))


def _chinese_line(value: Mapping[str, str], reader: Reader) -> str:
    places = _places(value)
    gap = " " if any(place.isascii() for place in places) else ""
    line = gap.join(filter(None, (_country(value, reader), *places, value.get("detail"))))
    return f"{line} {value['postcode']}".strip() if "postcode" in value else line


def _western_line(value: Mapping[str, str], reader: Reader) -> str:
    province = value.get("province", "")
    city = value.get("city", "")
    parts = [
        value.get("detail", ""),
        value.get("district", ""),
        divisions.ENGLISH.get(city, city) if city == province else city,
        "" if city == province else divisions.ENGLISH.get(province, province),
    ]
    parts[-1] = f"{parts[-1]} {value.get('postcode', '')}".strip()
    return ", ".join(filter(None, (*parts, _country(value, reader))))


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueProblem(say("Enter an address."))
    return found
