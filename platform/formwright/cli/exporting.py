"""``formwright export``: the records of an entity into a file."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from formwright.cli.instance import acting, entity_name, open_instance
from formwright.cli.language import _
from formwright.cli.output import progress

if TYPE_CHECKING:
    from formwright.engine.exports import ExportColumn, Writer

_FORMATS = ("csv", "xlsx", "jsonl")


@click.command(
    help=_("Write the records of an entity to a file, in the spelling that an import reads back.")
)
@click.argument("entity")
@click.option(
    "--format", "kind", type=click.Choice(_FORMATS), help=_("By default from the file's ending.")
)
@click.option(
    "--fields", default="", help=_("Keys of the fields to write, with commas; all without it.")
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help=_("The file; standard output without it."),
)
@click.option("--titles", is_flag=True, help=_("Name columns by title instead of by key."))
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "utf-8-sig", "gb18030"]),
    help=_("Of a CSV file; with a byte order mark by default, so that Excel knows it."),
)
@click.option("--as", "login", default="", help=_("Log-in of the person as whom to work."))
def export(
    entity: str,
    kind: str | None,
    fields: str,
    output: Path | None,
    encoding: str | None,
    login: str,
    *,
    titles: bool,
) -> None:
    """Export an entity."""
    from formwright.engine import exports  # noqa: PLC0415 -- keeps `--help` quick

    kind = kind or _kind_of(output)
    keys = [key.strip() for key in fields.split(",") if key.strip()]
    with open_instance() as runtime:
        actor = acting(runtime, login)
        name = entity_name(runtime, entity)
        with runtime.unit(actor, write=True) as unit:
            definition = unit.entity(name)
            columns = exports.columns_of(unit, definition, keys, titles=titles)
            total = exports.count(unit, definition)
            exports.note_export(unit, definition, columns, kind, total)
        with runtime.unit(actor) as unit, target(output) as path:
            definition = unit.entity(name)
            columns = exports.columns_of(unit, definition, keys, titles=titles)
            written = 0
            with progress(_("Exporting"), quiet=output is None) as advance, path.open("wb") as file:
                writer = _writer(kind, columns, file, path, encoding or _encoding(output))
                for row in exports.rows_of(unit, definition, columns):
                    writer.write(row)
                    written += 1
                    if written % 1_000 == 0:
                        advance(written / max(total, 1), str(written))
                writer.close()
    if output is not None:
        click.echo(
            _("%(count)s records are in %(file)s.", count=written, file=str(output)), err=True
        )


def _kind_of(output: Path | None) -> str:
    ending = output.suffix.lower().lstrip(".") if output is not None else ""
    return ending if ending in _FORMATS else "csv"


def _encoding(output: Path | None) -> str:
    return "utf-8" if output is None else "utf-8-sig"


def _writer(
    kind: str, columns: list[ExportColumn], file: IO[bytes], path: Path, encoding: str
) -> Writer:
    from formwright.engine import exports  # noqa: PLC0415 -- keeps `--help` quick

    if kind == "xlsx":
        return exports.XlsxWriter(columns, path)
    if kind == "jsonl":
        return exports.JsonWriter(columns, file)
    return exports.CsvWriter(columns, file, encoding)


class target:  # noqa: N801 -- reads as a verb in `with`
    """A file to write into that takes the place of ``output`` only when it is whole."""

    def __init__(self, output: Path | None) -> None:
        self._output = output

    def __enter__(self) -> Path:
        folder = self._output.parent if self._output is not None else None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".export-", delete=False) as file:
            self._path = Path(file.name)
        return self._path

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is not None:
            self._path.unlink(missing_ok=True)
        elif self._output is not None:
            self._path.chmod(0o644)
            self._path.replace(self._output)
        else:
            with self._path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            self._path.unlink()
