"""Tables in files: CSV in any usual encoding, XLSX and ODS, opened by a child process that cannot hurt this one."""

from __future__ import annotations

import hashlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from formwright.errors import FormwrightError
from formwright.texts import Text, say

_CHILD = Path(__file__).with_name("child.py")


class Unreadable(FormwrightError):
    """The file cannot be read as a table; the text says why."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the person says about the file; empty means: find out."""

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child may use. A file needs a fraction of it; a hostile one ends the child, never this process."""

    memory: int = 1 << 30  # bytes of address space
    cpu: int = 120  # seconds of processor time
    silence: float = 90.0  # seconds without a row
    columns: int = 1_000
    members: int = 1_000  # of an archive
    unpacked: int = 500 << 20  # bytes that an archive may unpack to
    ratio: int = 200  # times its packed size


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows that are not blank, each with its number in the file (the first line is 1)."""

    numbers: list[int]
    rows: list[list[str]]
    #: Part of the file that has been read, from 0 to 1.
    progress: float


@dataclass(frozen=True, slots=True)
class Head:
    """What was found out about the file before its first row."""

    format: str  # csv | spreadsheet
    encoding: str
    delimiter: str
    sheets: tuple[str, ...]
    sheet: str
    header: tuple[str, ...]
    header_row: int


class Table:
    """An open file: its head, and its rows in chunks, read as they are asked for."""

    def __init__(self, path: Path, options: ReadOptions, limits: Limits, chunk: int) -> None:
        self._limits = limits
        order = {"path": str(path), "chunk": chunk, **asdict(options), **asdict(limits)}
        # Isolated: nothing of the environment decides what the child imports.
        self._child = subprocess.Popen(  # noqa: S603 -- our own script, and arguments as a list
            [sys.executable, "-I", str(_CHILD), json.dumps(order)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        try:
            self.head = _head(self._frame()["head"])
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Chunk]:
        while "end" not in (frame := self._frame()):
            yield Chunk(frame["numbers"], frame["rows"], frame["progress"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whether or not everything was read."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _frame(self) -> dict[str, Any]:
        length = int.from_bytes(self._bytes(4), "big")
        frame: dict[str, Any] = orjson.loads(self._bytes(length))
        if "error" in frame:
            raise Unreadable(_sentence(frame["error"], frame["params"]))
        return frame

    def _bytes(self, count: int) -> bytes:
        """Return the next ``count`` bytes of the child, or raise when it died or fell silent."""
        if self._child.stdout is None:
            raise AssertionError("the child has a standard output")
        number = self._child.stdout.fileno()
        deadline = time.monotonic() + self._limits.silence
        parts: list[bytes] = []
        while count:
            ready, _, _ = select.select([number], [], [], max(deadline - time.monotonic(), 0))
            part = os.read(number, min(count, 1 << 20)) if ready else b""
            if not part:
                raise Unreadable(_BROKE_OFF)
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def open_table(
    path: Path,
    options: ReadOptions | None = None,
    *,
    limits: Limits | None = None,
    chunk: int = 1_000,
) -> Table:
    """Open the table in ``path``; ``chunk`` is the number of rows that come at once.

    Raises Unreadable, then and while reading.
    """
    if not path.is_file():
        raise Unreadable(say("There is no file %(path)s.", path=str(path)))
    options = options or ReadOptions()
    if len(options.delimiter) > 1:
        raise Unreadable(say("The delimiter has to be one character."))
    return Table(path.resolve(), options, limits or Limits(), chunk)


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of the file's content, by which a repeated import is known."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _head(found: dict[str, Any]) -> Head:
    return Head(
        format=found["format"],
        encoding=found["encoding"],
        delimiter=found["delimiter"],
        sheets=tuple(found["sheets"]),
        sheet=found["sheet"],
        header=tuple(found["header"]),
        header_row=found["header_row"],
    )


_BROKE_OFF = say(
    "The file cannot be read: it asks for far more memory or time than a table of its size needs. "
    "It may be damaged, or made to do harm."
)


def _sentence(code: str, params: dict[str, Any]) -> Text:
    sentences = {
        "empty": say("The file holds no table: there is no row of column titles."),
        "encoding": say(
            "The file is not text in one of these encodings: %(tried)s. Name the right one with --encoding.",
            **params,
        ),
        "unknown_encoding": say("There is no encoding '%(name)s'.", **params),
        "csv": say("The text around line %(row)s is no table: %(detail)s.", **params),
        "sheet": say("There is no sheet '%(name)s'; the file has %(names)s.", **params),
        "password": say("The file is protected by a password; save it without one first."),
        "broken": say("The file is damaged, or is no spreadsheet: %(detail)s.", **params),
        "too_wide": say("The sheet has %(count)s columns; at most %(limit)s are read.", **params),
    }
    return sentences.get(code, _BROKE_OFF)
