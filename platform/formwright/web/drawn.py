"""What inputs are drawn from: options, chosen records, uploaded files, the parts of an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from formwright.definitions.model import Option
from formwright.fieldtypes import divisions
from formwright.fieldtypes.address import PARTS
from formwright.fieldtypes.file import show_size
from formwright.ids import format_id
from formwright.texts import Reader, Text, say

_PART_TITLES: Mapping[str, Text] = {
    "country": say("Country"),
    "province": say("Province"),
    "city": say("City"),
    "district": say("District"),
    "detail": say("Street and number"),
    "postcode": say("Postcode"),
}


@dataclass(frozen=True, slots=True)
class OptionView:
    """One choice as it is drawn."""

    value: str
    title: str
    color: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A record that is chosen, or could be."""

    id: str
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RefusedView:
    """A button that is off, and why."""

    title: str
    icon: str
    why: str


@dataclass(frozen=True, slots=True)
class FileView:
    """An uploaded file as it is drawn."""

    id: str
    name: str
    size: str
    url: str
    picture: bool


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of an address; ``places`` are what can be chosen for it where ``listed``."""

    name: str
    title: str
    text: str
    listed: bool = False
    places: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    hidden: bool = False
    css: str = ""


def options_of(
    options: Sequence[Option], reader: Reader, chosen: Sequence[str] = ()
) -> list[OptionView]:
    """Return options as they are drawn."""
    return [
        OptionView(o.value, o.title.in_language(reader.language), o.color, o.value in chosen)
        for o in options
    ]


def file_view(file: Mapping[str, Any]) -> FileView:
    """Return an uploaded file as it is drawn."""
    number, name = format_id(file["id"]), str(file["name"])
    picture = str(file.get("type", "")).startswith("image/")
    return FileView(
        number, name, show_size(file["size"]), f"/files/{number}/{quote(name, safe='')}", picture
    )


def address_parts(values: Mapping[str, str], reader: Reader, *, chinese: bool) -> list[PartView]:
    """Return the parts of an address in the order in which they are sent.

    In China province, city and district are chosen one below the other; elsewhere everything is typed.
    """
    chinese = chinese and values.get("country", "CN") in {"", "CN"}
    places = _places(values) if chinese else {}
    names = {} if reader.language.startswith("zh") else divisions.ENGLISH
    return [
        PartView(
            name=part,
            title=_PART_TITLES[part].in_language(reader.language),
            text=values.get(part, ""),
            listed=part in places,
            places=places.get(part, ()),
            names=names,
            hidden=chinese and part == "country",
            css=("two" if chinese else "whole") if part == "detail" else "",
        )
        for part in PARTS
    ]


def _places(values: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return what can be chosen for each level; nothing below what is not chosen yet."""
    country = divisions.china()
    province = country.parts.get(values.get("province", ""))
    city = province.parts.get(values.get("city", "")) if province is not None else None
    return {
        "province": tuple(country.parts),
        "city": tuple(province.parts) if province is not None else (),
        "district": tuple(city.parts) if city is not None else (),
    }
