"""The process that opens an untrusted table: it limits itself, reads one file and writes its rows to standard output.

It runs as a script and imports nothing of the platform: it starts in a few milliseconds, and a file that breaks a
parser breaks only this process. ``reading`` starts it and gives the limits; every frame it writes is a length of four
bytes and a JSON object.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import importlib.util
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.parsers import expat

import orjson

_DELIMITERS = (",", "\t", ";", "|", "\uff0c")
_SAMPLE = 64 * 1024
_BLOCK = 1 << 20
_LONGEST_CELL = 1 << 20
_HEADER_WITHIN = 10
#: Behind the last row.
_NO_PLACE = (1 << 31, 0)


class Refused(Exception):
    """The file cannot be read; ``code`` is one of the sentences of ``reading``."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def main() -> int:
    """Read the file named in the one argument, a JSON object, and write frames until it ends."""
    order = json.loads(sys.argv[1])
    limit(order["memory"], order["cpu"])
    try:
        read(order)
    except Refused as refused:
        send({"error": refused.code, "params": refused.params})
        return 1
    except MemoryError:
        send({"error": "too_big", "params": {}})
        return 1
    return 0


def limit(memory: int, cpu: int) -> None:
    """Cap this process: address space and processor time; no files may be written, no programs started."""
    try:
        import resource  # noqa: PLC0415 -- POSIX only
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    if sys.platform != "darwin":  # macOS reserves more than it uses, and refuses
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def read(order: dict[str, Any]) -> None:
    """Send one head frame, the rows in chunks, and an end frame."""
    path = Path(order["path"])
    open_it = _spreadsheet if is_spreadsheet(path) else _text
    head, rows = open_it(path, order)
    header_row, header, rest = split_header(rows)
    send({"head": {**head, "header": header, "header_row": header_row}})
    _send_rows(header_row, len(header), rest, order["chunk"])


def is_spreadsheet(path: Path) -> bool:
    """Return whether the first bytes are those of a zip (XLSX, ODS) or of an old Excel file."""
    with path.open("rb") as file:
        start = file.read(8)
    return start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def split_header(
    rows: Iterator[tuple[float, list[str]]],
) -> tuple[int, list[str], Iterator[tuple[float, list[str]]]]:
    """Return the number of the header's row, its cells, and the rows after it.

    A title in a single cell above the real header is passed over: the header is the first row with two cells
    among the first ones, or the first row with any.
    """
    seen: list[tuple[float, list[str]]] = []
    for row in rows:
        seen.append(row)
        if sum(1 for cell in row[1] if cell.strip()) > 1 or len(seen) >= _HEADER_WITHIN:
            break
    filled = [[bool(cell.strip()) for cell in cells] for _, cells in seen]
    best = next((at for at, marks in enumerate(filled) if sum(marks) > 1), None)
    if best is None:
        best = next((at for at, marks in enumerate(filled) if any(marks)), None)
    if best is None:
        raise Refused("empty")
    header = [cell.strip() for cell in seen[best][1]]
    while header and not header[-1]:
        header.pop()
    return best + 1, header, _chain(seen[best + 1 :], rows)


def _chain(first: Iterable[Any], then: Iterable[Any]) -> Iterator[Any]:
    yield from first
    yield from then


def _send_rows(
    header_row: int, width: int, rows: Iterator[tuple[float, list[str]]], size: int
) -> None:
    """Send the rows that are not blank, each with its number in the file; pad and cut to the header's width.

    Filled cells beyond the header stay, so that the row can be refused: something has shifted in it.
    """
    numbers: list[int] = []
    chunk: list[list[str]] = []
    progress = 0.0
    number = header_row
    for progress, cells in rows:
        number += 1
        length = len(cells)
        if length > width:
            while length > width and not cells[length - 1].strip():
                length -= 1
            del cells[length:]
        elif length < width:
            cells.extend([""] * (width - length))
        if not any(cells) or not any(map(str.strip, cells)):
            continue
        numbers.append(number)
        chunk.append(cells)
        if len(chunk) >= size:
            send({"numbers": numbers, "rows": chunk, "progress": progress})
            numbers, chunk = [], []
    if chunk:
        send({"numbers": numbers, "rows": chunk, "progress": progress})
    send({"end": number})


def send(frame: dict[str, Any]) -> None:
    """Write one frame."""
    body = orjson.dumps(frame)
    out = sys.stdout.buffer
    out.write(len(body).to_bytes(4, "big"))
    out.write(body)
    out.flush()


# ---- delimited text ----------------------------------------------------------------------------------------


def _text(
    path: Path, order: dict[str, Any]
) -> tuple[dict[str, Any], Iterator[tuple[float, list[str]]]]:
    encoding = detect_encoding(path, order["encoding"])
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE)
    delimiter = order["delimiter"] or sniff(sample)
    head: dict[str, Any] = {
        "format": "csv",
        "encoding": encoding,
        "delimiter": delimiter,
        "sheets": [],
        "sheet": "",
    }
    return head, _csv_rows(path, encoding, delimiter)


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[float, list[str]]]:
    csv.field_size_limit(_LONGEST_CELL)
    size = max(path.stat().st_size, 1)
    with path.open("rb") as raw:
        text = io.TextIOWrapper(raw, encoding=encoding, newline="")
        reader = csv.reader(text, delimiter=delimiter, skipinitialspace=False)
        try:
            for cells in reader:
                yield raw.tell() / size, cells
        except csv.Error as error:
            raise Refused("csv", row=reader.line_num, detail=str(error)) from None


def detect_encoding(path: Path, wanted: str) -> str:
    """Return the encoding in which the whole file can be read; ``wanted`` is the only candidate if it is given."""
    with path.open("rb") as file:
        start = file.read(4096)
    if wanted:
        candidates = [_codec(wanted, start)]
    elif start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif start.count(0) * 5 > len(start):
        candidates = ["utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        if readable(path, encoding):
            return encoding
    raise Refused("encoding", tried=", ".join(candidates))


def _codec(wanted: str, start: bytes) -> str:
    try:
        name = codecs.lookup(wanted).name
    except LookupError:
        raise Refused("unknown_encoding", name=wanted) from None
    if name == "utf-8" and start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    # The older names of the Chinese encodings are parts of GB18030, and files rarely keep to the part.
    return "gb18030" if name in {"gbk", "gb2312", "cp936"} else name


def readable(path: Path, encoding: str) -> bool:
    """Return whether every byte of the file makes sense in ``encoding``."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except (UnicodeDecodeError, UnicodeError):
            return False
    return True


def sniff(sample: str) -> str:
    """Return the delimiter that cuts most of the first lines into the same number of cells, and into the most."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter)][:50]
        except csv.Error:
            continue
        widths = [width for width in (widths[:-1] or widths) if width]
        usual = max(set(widths), key=widths.count, default=0)
        if usual < 2:
            continue
        score = (round(widths.count(usual) / len(widths), 1), usual)
        if score > best_score:
            best, best_score = delimiter, score
    return best


# ---- spreadsheets ------------------------------------------------------------------------------------------


def _spreadsheet(
    path: Path, order: dict[str, Any]
) -> tuple[dict[str, Any], Iterator[tuple[float, list[str]]]]:
    import python_calamine as calamine  # noqa: PLC0415 -- a text file does not need it

    check_zip(path, order)
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        names = list(book.sheet_names)
        wanted = order["sheet"] or next(iter(names), "")
        if wanted not in names:
            raise Refused("sheet", name=wanted, names=", ".join(names))
        sheet = book.get_sheet_by_name(wanted)
    except calamine.PasswordError:
        raise Refused("password") from None
    except (calamine.CalamineError, ValueError, OSError) as error:
        raise Refused("broken", detail=str(error)) from None
    if sheet.total_width > order["columns"]:
        raise Refused("too_wide", count=sheet.total_width, limit=order["columns"])
    head: dict[str, Any] = {
        "format": "spreadsheet",
        "encoding": "",
        "delimiter": "",
        "sheets": names,
        "sheet": wanted,
    }
    return head, _sheet_rows(sheet, _percent_cells(path, wanted))


def _sheet_rows(
    sheet: Any, percents: Iterator[tuple[int, int]]
) -> Iterator[tuple[float, list[str]]]:
    height = max(sheet.total_height, 1)
    first = sheet.start[1] if sheet.start else 0
    row, column = next(percents, _NO_PLACE)
    for at, cells in enumerate(sheet.iter_rows()):
        while row <= at:
            place = column - first
            if row == at and 0 <= place < len(cells) and type(cells[place]) is float:
                cells[place] = percent_text(cells[place])
            row, column = next(percents, _NO_PLACE)
        yield at / height, [cell if type(cell) is str else cell_text(cell) for cell in cells]


def _percent_cells(path: Path, sheet: str) -> Iterator[tuple[int, int]]:
    """Yield the places that ``percents`` finds. Isolated, this process finds the module only by its file."""
    file = Path(__file__).with_name("percents.py")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(str(file))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        yield from module.percent_cells(path, sheet)
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError) as e:
        raise Refused("broken", detail=str(e)) from None


def check_zip(path: Path, order: dict[str, Any]) -> None:
    """Refuse an archive that would unpack to more than any real table, before unpacking it."""
    if not zipfile.is_zipfile(path):
        return  # the old binary formats are no archives
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Refused("broken", detail=str(error)) from None
    unpacked = sum(member.file_size for member in members)
    packed = max(sum(member.compress_size for member in members), 1)
    if (
        len(members) > order["members"]
        or unpacked > order["unpacked"]
        or unpacked / packed > order["ratio"]
    ):
        raise Refused("bomb")


def cell_text(cell: object) -> str:
    """Return a typed cell of a spreadsheet as the text that somebody would have typed."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case int():
            return str(cell)
        case float():
            return _number_text(cell)
        case dt.datetime():
            midnight = cell.time() == dt.time()
            return cell.date().isoformat() if midnight else cell.isoformat(" ", "seconds")
        case dt.date():
            return cell.isoformat()
        case dt.time():
            return cell.isoformat("seconds")
        case dt.timedelta():
            return str(cell)
        case _:
            return str(cell)


@lru_cache(maxsize=4096)
def percent_text(number: float) -> str:
    """Return the number as a spreadsheet shows it in per cent.

    >>> percent_text(0.2), percent_text(0.07), percent_text(0.125), percent_text(1.0)
    ('20%', '7%', '12.5%', '100%')
    """
    return f"{Decimal(_number_text(number)).scaleb(2).normalize():f}%"


def _number_text(number: float) -> str:
    """Return the number as a spreadsheet shows it: 15 digits, which hides the noise of binary fractions."""
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    text = f"{number:.15g}"
    return f"{number:.15f}".rstrip("0").rstrip(".") if "e" in text and abs(number) < 1 else text


if __name__ == "__main__":
    sys.exit(main())
