"""Uploaded files: kept below home/files by the hash of their content, entered in the store, handed to the engine."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import request
from PIL import Image, UnidentifiedImageError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from formwright.definitions.model import Field
from formwright.engine import attachments, drafting
from formwright.engine.actor import Actor
from formwright.engine.attachments import WITH_FILES, description
from formwright.engine.drafts import Input, RowInput
from formwright.engine.runtime import Unit
from formwright.errors import FormwrightError
from formwright.ids import format_id, parse_id
from formwright.store.files import StoredFile
from formwright.store.rows import StoredRecord
from formwright.texts import say
from formwright.web import current
from formwright.web.controls import Control
from formwright.web.forms import Sent

#: A picture of more is not drawn: decoded, each pixel takes four bytes and more.
MOST_PIXELS = 25_000_000
#: So many pictures are decoded at once; more wait.
_decoding = threading.BoundedSemaphore(2)
_CHUNK = 256 * 1024
_HEAD = 4096
_LONGEST_NAME = 200
#: What is shown and not only handed out; everything else keeps its name and is a download.
PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
#: The first bytes of other kinds that a form may ask for.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"ID3", "audio/mpeg"),
)
_OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_PLAIN = {
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
}
OTHER = "application/octet-stream"


class TooManyPixels(FormwrightError):
    """A picture that is small as a file and huge when it is drawn."""

    def __init__(self) -> None:
        limit = MOST_PIXELS // 1_000_000
        super().__init__(
            say("The picture has more than %(limit)s million pixels; make it smaller.", limit=limit)
        )


def folder() -> Path:
    """Return where contents are kept."""
    return current.settings().home / "files"


def path_of(sha256: str) -> Path:
    """Return the file with the content of a hash; no name of a person is ever a part of it."""
    return folder() / sha256[:2] / sha256


def keep(upload: FileStorage) -> tuple[str, int, str]:
    """Keep the content of an upload; return its hash, size and kind. Too large a one is refused on the way."""
    limit = current.settings().max_upload_mb * 1024 * 1024
    folder().mkdir(parents=True, exist_ok=True)
    part = folder() / f"part-{secrets.token_hex(8)}"
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with part.open("wb") as file:
            while chunk := upload.stream.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise RequestEntityTooLarge
                head = head or chunk[:_HEAD]
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        target = path_of(digest.hexdigest())
        target.parent.mkdir(parents=True, exist_ok=True)
        kind = kind_of(part, head, upload.filename or "")
        part.replace(target)
    finally:
        upload.close()
        part.unlink(missing_ok=True)
    return digest.hexdigest(), size, kind


def kind_of(path: Path, head: bytes, name: str) -> str:
    """Return the media type by content; a name only tells apart what looks alike from inside."""
    picture = _picture(path, head)
    if picture:
        return picture
    for mark, kind in _MARKS:
        if head.startswith(mark):
            return kind
    suffix = Path(name).suffix.lower()
    if head.startswith(b"PK\x03\x04"):
        return _OFFICE.get(suffix, "application/zip")
    return _PLAIN.get(suffix, "text/plain") if _is_text(head) else OTHER


def _picture(path: Path, head: bytes) -> str:
    if not head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")):
        return ""
    try:
        with Image.open(path, formats=tuple(PICTURES)) as image:
            if is_huge(image.size):
                raise TooManyPixels
            return PICTURES[image.format or ""]
    except (UnidentifiedImageError, OSError, ValueError, KeyError, Image.DecompressionBombError):
        return ""


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            # The last character may be cut in two.
            head[: len(head) - 4 if len(head) == _HEAD else len(head)].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def enter(upload: FileStorage, who: Actor) -> StoredFile:
    """Keep an upload and enter it in the store; a record claims it when the form is saved."""
    sha256, size, kind = keep(upload)
    with current.runtime().unit(who, write=True) as unit:
        return attachments.enter(unit, sha256, clean_name(upload.filename or ""), kind, size)


def clean_name(name: str) -> str:
    r"""Return the name of a file without folders and signs that no file name has.

    >>> clean_name("../../etc/passwd"), clean_name('C:\\\\x\\\\报价 "1".pdf'), clean_name("  ")
    ('passwd', '报价 1.pdf', 'file')
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '"<>|*?:')
    kept = kept.strip(" .")
    if len(kept) > _LONGEST_NAME:
        suffix = Path(kept).suffix[:20]
        kept = kept[: _LONGEST_NAME - len(suffix)] + suffix
    return kept or "file"


def picture_of(path: Path, largest: int = 1600) -> bytes:
    """Return a picture drawn anew as WebP: whatever else was in the file is gone.

    It is drawn once; the drawing is kept beside the content. A picture of more than ``MOST_PIXELS`` raises ValueError
    before anything of it is decoded.
    """
    drawing = path.with_name(f"{path.name}.{largest}.webp")
    if drawing.is_file():
        return drawing.read_bytes()
    with Image.open(path, formats=tuple(PICTURES)) as image:
        if is_huge(image.size):
            raise ValueError(image.size)
        with _decoding:
            drawn = _draw(image, largest)
    part = drawing.with_name(f"part-{secrets.token_hex(8)}")
    part.write_bytes(drawn)
    part.replace(drawing)
    return drawn


def is_huge(size: tuple[int, int]) -> bool:
    """Tell whether a picture would take too much memory to be drawn."""
    return size[0] * size[1] > MOST_PIXELS


def _draw(image: Image.Image, largest: int) -> bytes:
    image.draft("RGB", (largest, largest))
    image.thumbnail((largest, largest))
    out = io.BytesIO()
    image.convert("RGBA" if image.mode in {"RGBA", "LA", "P"} else "RGB").save(
        out, "WEBP", quality=82
    )
    return out.getvalue()


# --- in forms -------------------------------------------------------------------------------------------------------


def complete(
    unit: Unit, sent: Sent, record: StoredRecord | None = None, *, confirmed: bool = False
) -> Input:
    """Return the input with files in place of their ids; files chosen in the form itself are uploaded first.

    Only files that the record or its row has already, or that the actor has uploaded, are taken.
    """
    given = sent.input(confirmed=confirmed)
    before = record.values if record is not None else {}
    values = {**given.values, **_files_in(unit, sent.controls, before)}
    return replace(given, values=values, rows=_complete_rows(unit, sent, given, record))


def _complete_rows(
    unit: Unit, sent: Sent, given: Input, record: StoredRecord | None
) -> dict[str, Sequence[RowInput]]:
    """Return the rows of the input with files in place of their ids."""
    found = dict(given.rows)
    subforms = [
        key for key in found if any(has_files(column) for column in sent.plan.subforms[key].columns)
    ]
    if not subforms:
        return found
    stored = drafting.seen_rows(unit, record) if record is not None else {}
    for key in subforms:
        before = {format_id(row.id): row.values for row in stored.get(key, ())}
        found[key] = [
            replace(
                said,
                values={**said.values, **_files_in(unit, row.controls, before.get(row.key, {}))},
            )
            for said, row in zip(found[key], sent.rows[key], strict=True)
        ]
    return found


def has_files(field: Field) -> bool:
    """Tell whether the input of a field takes uploads."""
    return field.type.name in WITH_FILES


def _files_in(
    unit: Unit, controls: Mapping[str, Control], before: Mapping[str, Any]
) -> dict[str, tuple[dict[str, Any], ...] | None]:
    """Return the files of the inputs that take some, by field."""
    found = {}
    for key, control in controls.items():
        if not control.sent or not has_files(control.definition):
            continue
        wanted = [number for text in control.texts if (number := parse_id(text)) is not None]
        fresh = [
            enter(each, unit.actor)
            for each in request.files.getlist(f"{control.name}~new")
            if each.filename
        ]
        described = _described(unit, wanted, before.get(key) or ())
        found[key] = (*described, *map(description, fresh)) or None
    return found


def _described(unit: Unit, wanted: list[int], before: Any) -> tuple[dict[str, Any], ...]:
    kept = {file["id"]: file for file in before}
    known = attachments.uploaded(unit, set(wanted) - set(kept))
    found = []
    for number in dict.fromkeys(wanted):
        file = known.get(number)
        if number in kept:
            found.append(dict(kept[number]))
        elif file is not None:
            found.append(description(file))
    return tuple(found)
