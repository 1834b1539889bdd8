"""Which cells of an XLSX sheet are shown as a percentage: the library that reads the values does not tell.

Part of the child process (see ``child``), within its limits; imports nothing of the platform. A workbook without a
percent format costs a look at its styles; any other one is gone through a second time, as a stream.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import IO, TypeAlias
from xml.parsers import expat

#: Row and column, counted from 0.
Place: TypeAlias = tuple[int, int]
Attributes: TypeAlias = dict[str, str]
Start: TypeAlias = Callable[[str, Attributes], None]

_BLOCK = 1 << 20
_BUILT_IN = frozenset({"9", "10"})
#: What in a number format is shown as it stands, or says how: "…", \x, _x, *x, [Red].
_WORDS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>")
_ROW_OR_CELL = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_ROW_NUMBER = re.compile(rb"""\br=["'](\d{1,7})["']""")
_STYLE = re.compile(rb"""\bs=["'](\d+)["']""")


def percent_cells(path: Path, sheet: str) -> Iterator[Place]:
    """Yield the places of the cells of ``sheet`` that are shown as a percentage, row by row."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if "xl/workbook.xml" not in names or "xl/styles.xml" not in names:
            return  # another kind of spreadsheet
        styles = _percent_styles(archive)
        part = _part_of(archive, sheet) if styles else ""
        if part not in names:
            return
        with archive.open(part) as file:
            yield from _places(file, styles)


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[bytes]:
    """Return the numbers of the cell styles that show a percentage."""
    formats = set(_BUILT_IN)
    styles: list[str] = []
    inside = [""]

    def start(name: str, attributes: Attributes) -> None:
        if name == "numFmt" and "%" in _WORDS.sub("", attributes.get("formatCode", "")):
            formats.add(attributes.get("numFmtId", ""))
        elif name == "xf" and inside[-1] == "cellXfs":
            styles.append(attributes.get("numFmtId", "0"))
        inside.append(name)

    _read(archive, "xl/styles.xml", start, inside.pop)
    return frozenset(str(at).encode() for at, number in enumerate(styles) if number in formats)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the file inside the archive that holds a sheet, "" when there is none."""
    relations: dict[str, str] = {}
    wanted = [""]

    def start_relation(name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            relations[attributes.get("Id", "")] = attributes.get("Target", "")

    def start_sheet(name: str, attributes: Attributes) -> None:
        if name == "sheet" and attributes.get("name") == sheet:
            wanted[0] = attributes.get("id", "")

    _read(archive, "xl/_rels/workbook.xml.rels", start_relation)
    _read(archive, "xl/workbook.xml", start_sheet)
    target = relations.get(wanted[0], "")
    return target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)


def _read(
    archive: zipfile.ZipFile, part: str, start: Start, end: Callable[[], object] = str
) -> None:
    """Go through a small part of the workbook; names come without their prefixes."""
    parser = expat.ParserCreate()

    def bare(name: str) -> str:
        return name.rpartition(":")[2]

    parser.StartElementHandler = lambda name, attributes: start(
        bare(name), {bare(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda _name: end()
    with archive.open(part) as file:
        parser.ParseFile(file)


def _places(file: IO[bytes], styles: frozenset[bytes]) -> Iterator[Place]:
    """Yield where cells of some styles stand."""
    blocks = _tags(file)
    first = next(blocks, b"")
    cell = _CELL.search(first)
    told = cell is not None and _REFERENCE.search(cell[1]) is not None
    find = _told if told else _counted
    yield from find(chain([first], blocks), styles)


def _told(blocks: Iterable[bytes], styles: frozenset[bytes]) -> Iterator[Place]:
    """Yield the places of cells that say where they are, as nearly all writers have it."""
    style = rb"""s=["'](?:%b)["']""" % b"|".join(sorted(styles))
    marked = re.compile(
        style
    )  # a pattern that begins with plain letters is found ten times as fast
    usual = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})" ' + style)
    any_order = re.compile(rb"<(?:\w+:)?c\b(?=[^<>]*\s" + style + rb")([^<>]*)>")
    for block in blocks:
        found = usual.findall(block)
        if len(found) != len(marked.findall(block)):  # rows have styles too, and order is free
            places = (_REFERENCE.search(rest) for rest in any_order.findall(block))
            found = [place.groups() for place in places if place is not None]
        for letters, number in found:
            yield int(number) - 1, _column(letters)


def _counted(blocks: Iterable[bytes], styles: frozenset[bytes]) -> Iterator[Place]:
    """Yield the places of cells that follow one another without a word."""
    row = column = -1
    for block in blocks:
        for match in _ROW_OR_CELL.finditer(block):
            if match[1] == b"row":
                number = _ROW_NUMBER.search(match[2])
                row, column = (int(number[1]) - 1 if number else row + 1), -1
                continue
            place, style = _REFERENCE.search(match[2]), _STYLE.search(match[2])
            column = _column(place[1]) if place else column + 1
            if style is not None and style[1] in styles:
                yield row, column


def _tags(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the file in blocks that cut no tag in two."""
    rest = b""
    while block := file.read(_BLOCK):
        rest += block
        cut = rest.rfind(b"<")
        if cut > 0:
            yield rest[:cut]
            rest = rest[cut:]
        elif cut < 0 or len(rest) > _BLOCK:
            rest = b""  # no tag of a sheet is as long
    yield rest


@cache
def _column(letters: bytes) -> int:
    """Return the number of a column.

    >>> _column(b"A"), _column(b"Z"), _column(b"AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
