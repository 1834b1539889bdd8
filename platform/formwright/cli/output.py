"""What commands write: sentences, tables, JSON, and progress of long work."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import click

#: Called with the part that is done, from 0 to 1, and a few words.
Advance: TypeAlias = Callable[[float, str], None]

_SECONDS = 5.0
_WIDE = frozenset("WF")


def say_line(line: str = "") -> None:
    """Write a line to standard output."""
    click.echo(line)


def write_json(value: Any) -> None:
    """Write ``value`` as JSON; anything unknown becomes its text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def write_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write columns that line up, also where Chinese stands beside Latin letters."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(_width(row[at]) for row in cells) for at in range(len(header))]
    for row in cells:
        padded = (
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415 -- only for texts that need it

    return sum(2 if unicodedata.east_asian_width(letter) in _WIDE else 1 for letter in text)


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Advance]:
    """Show how far long work is: a bar on a terminal, otherwise a line every few seconds, on standard error."""
    if quiet:
        yield lambda _part, _words: None
    elif sys.stderr.isatty():
        with _bar(title) as advance:
            yield advance
    else:
        yield _lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Advance]:
    from rich import progress as bars  # noqa: PLC0415 -- slow to import, and only needed here
    from rich.console import Console  # noqa: PLC0415

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TextColumn("{task.fields[words]}"),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0, words="")
        yield lambda part, words: bar.update(task, completed=part, words=words)


def _lines(title: str) -> Advance:
    last = time.monotonic()

    def advance(part: float, words: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS:
            last = time.monotonic()
            click.echo(f"{title}: {part:.0%} {words}", err=True)

    return advance
