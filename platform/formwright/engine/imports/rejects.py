"""The files an import gives back: rows it could not take, and rows it merged away."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from formwright.engine.imports.cells import quote

_BOM = "\ufeff".encode()


class RowFile:
    """A CSV file that grows batch by batch; it is made with its first row.

    ``size`` is noted with each batch in the database. Started again after a crash, the file is cut back to the size
    of the last batch that was kept, so that no row stands in it twice.
    """

    def __init__(self, path: Path, header: Sequence[str], size: int = 0) -> None:
        self.path = path
        self.size = size
        self._header = header
        if path.exists():
            os.truncate(path, min(size, path.stat().st_size)) if size else path.unlink()

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Append rows and see to it that they are on disk."""
        text = io.StringIO()
        writer = csv.writer(text)
        count = 0
        for row in rows:
            if not self.size and not count:
                writer.writerow([quote(title) for title in self._header])
            writer.writerow([quote(cell) for cell in row])
            count += 1
        if not count:
            return
        with self.path.open("ab") as file:
            # The mark tells spreadsheets that this is UTF-8.
            file.write((b"" if self.size else _BOM) + text.getvalue().encode())
            file.flush()
            os.fsync(file.fileno())
            self.size = file.tell()
