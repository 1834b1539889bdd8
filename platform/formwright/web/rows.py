"""What the buttons of a row do, and what happens to rows pasted from a spreadsheet."""

from __future__ import annotations

import secrets

from werkzeug.datastructures import MultiDict

from formwright.engine.runtime import Unit
from formwright.web import forms, uploads
from formwright.web.controls import Control
from formwright.web.forms import Row, Sent

_MOST_PASTED = 500


def fresh_key() -> str:
    """Return the key of a row that is not stored yet."""
    return "n" + secrets.token_hex(5)


def apply(unit: Unit, sent: Sent, action: str, subform: str, data: MultiDict[str, str]) -> str:  # noqa: ARG001
    """Do ``add-lines``, ``remove-lines-<row>`` and the like; return the id of the input to go on with, or ""."""
    rows = sent.rows.setdefault(subform, [])
    verb, _, rest = action.partition("-")
    key = rest.removeprefix(f"{subform}-") if rest != subform else ""
    place = next((number for number, row in enumerate(rows) if row.key == key), -1)
    match verb:
        case "add":
            rows.append(_row(sent, subform))
            return _first(rows[-1])
        case "copy" if place >= 0:
            rows.insert(place + 1, _row(sent, subform, rows[place]))
            return _first(rows[place + 1])
        case "remove" if place >= 0:
            del rows[place]
            return _first(rows[min(place, len(rows) - 1)]) if rows else ""
        case "up" if place > 0:
            rows[place - 1], rows[place] = rows[place], rows[place - 1]
        case "down" if 0 <= place < len(rows) - 1:
            rows[place + 1], rows[place] = rows[place], rows[place + 1]
        case "paste" if place >= 0:
            return _paste(sent, subform, rows, place, data)
        case _:
            pass
    return ""


def _row(sent: Sent, subform: str, like: Row | None = None) -> Row:
    """Return a new row, with the texts of another one where it is a copy."""
    key = fresh_key()
    data: MultiDict[str, str] = MultiDict()
    if like is not None:
        for name, control in like.controls.items():
            # A file belongs to one record: a copy starts without it.
            if (
                control.sent
                and control.definition.copied
                and not uploads.has_files(control.definition)
            ):
                data.setlist(f"{forms.PREFIX}{subform}-{key}-{name}", list(control.texts))
    return Row(key, forms.bind_row(sent.plan, subform, key, data))


def _first(row: Row) -> str:
    """Return the id of the first input of a row that can be typed in."""
    return next((str(c.id) for c in row.controls.values() if c.definition.writable), "")


def _paste(sent: Sent, subform: str, rows: list[Row], place: int, data: MultiDict[str, str]) -> str:
    """Put the cells of a spreadsheet into rows, from one cell on to the right and down."""
    columns = [c for c in sent.plan.subforms[subform].columns if c.writable]
    start = next((number for number, c in enumerate(columns) if c.key == data.get("_column")), 0)
    lines = [
        line.split("\t")
        for line in data.get("_paste", "").replace("\r\n", "\n").strip("\n").split("\n")
    ]
    for offset, cells in enumerate(lines[:_MOST_PASTED]):
        if place + offset >= len(rows):
            rows.append(_row(sent, subform))
        row = rows[place + offset]
        for column, cell in zip(columns[start:], cells, strict=False):
            _put(row.controls[column.key], cell.strip())
    return _first(rows[min(place + len(lines), len(rows)) - 1])


def _put(control: Control, text: str) -> None:
    control.sent = True
    if control.definition.target:
        control.search, control.texts = text, ("",)
    else:
        control.texts = (text,)
